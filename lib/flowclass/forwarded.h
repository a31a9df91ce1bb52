/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "flowclass/dst_group.h"
#include "net/flow.h"

/* What is not for the host: where it leaves, and examples of it for each kind of place. */
enum way {
	WAY_OWN,       /* it is delivered here */
	WAY_FORWARDED, /* by *ret_oif */
	WAY_NOWHERE,   /* it does not get as far as the validation of its source */
	WAY_EITHER,    /* by one of several devices, which the rules tell apart */
};

/* Which way a packet goes. sieve: the rules that tell devices apart. 0 or -ENOMEM. */
int elsewhere_find(const struct view *view, const struct iface *iface,
	const struct flow *flow, const struct sieve *sieve, enum way *ret, int *ret_oif);

/* Adds places elsewhere, or marks those of the host's that are treated alike. 0 or -ENOMEM. */
int elsewhere_add(const struct view *view, const struct iface *iface,
	const struct sieve *sieve, struct places *places);
