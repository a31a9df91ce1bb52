/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "flowclass/dst_group.h"
#include "net/flow.h"

/* What is not for the host: its output device, and examples for each group. */
enum disposition {
	DISPOSITION_LOCAL,     /* it is delivered here */
	DISPOSITION_FORWARDED, /* by *ret_oif */
	DISPOSITION_NOWHERE, /* it does not get as far as the validation of its source */
	DISPOSITION_AMBIGUOUS, /* by one of several devices, which the rules distinguish */
};

/* What happens to a packet. partition: the rules that distinguish devices. *ret_default: the route
 * to its destination is a default route, or it is in an uplink's own network. 0 or -ENOMEM. */
int disposition_of(const struct overlay *overlay, const struct iface *iface,
	const struct flow *flow, const struct rule_partition *partition,
	enum disposition *ret, int *ret_oif, bool *ret_default);

/* Whether a default route leads by iface, in any table: what comes in by it may be from anywhere. */
bool forwarded_is_uplink(const struct state *state, const struct iface *iface);

/* Adds forwarded groups, or marks the local ones that are treated alike. 0 or -ENOMEM. */
int forwarded_add(const struct overlay *overlay, const struct iface *iface,
	const struct rule_partition *partition, struct dst_groups *dst_groups);
