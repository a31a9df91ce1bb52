/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "flowclass/dst_group.h"
#include "net/flow.h"

/* What is not for the host: where it leaves, and examples of it for each kind of place. */
enum disposition {
	DISPOSITION_LOCAL,     /* it is delivered here */
	DISPOSITION_FORWARDED, /* by *ret_oif */
	DISPOSITION_NOWHERE, /* it does not get as far as the validation of its source */
	DISPOSITION_AMBIGUOUS, /* by one of several devices, which the rules tell apart */
};

/* Which way a packet goes. sieve: the rules that tell devices apart. 0 or -ENOMEM. */
int disposition_of(const struct overlay *overlay, const struct iface *iface,
	const struct flow *flow, const struct rule_partition *partition,
	enum disposition *ret, int *ret_oif);

/* Adds places elsewhere, or marks those of the host's that are treated alike. 0 or -ENOMEM. */
int forwarded_add(const struct overlay *overlay, const struct iface *iface,
	const struct rule_partition *partition, struct dst_groups *dst_groups);
