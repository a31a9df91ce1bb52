/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A state with some values of rp_filter replaced. Every look-up and verdict takes
 * an overlay, so that the code that makes a finding also tries its remedy.
 */
struct overlay_value {
	int ifindex; /* or NETCONF_ALL, NETCONF_DEFAULT */
	int rp_filter;
};

struct overlay {
	const struct state *state;
	const struct overlay_value *values; /* instead of the state's; borrowed */
	size_t value_count;
};

struct rp_filter {
	int effective, own, all;
};

/* The effective value is the greater one, whatever it is (IN_DEV_RPFILTER: IN_DEV_MAXCONF). */
struct rp_filter overlay_rp_filter(
	const struct overlay *overlay, const struct iface *iface);

/* rp_filter of default, which decides nothing but what new interfaces begin with. */
int overlay_default(const struct overlay *overlay);

/* Whether the running kernel is major.minor or later; an unknown one counts as the newest. */
bool overlay_kernel_has(
	const struct overlay *overlay, unsigned int major, unsigned int minor);

/*
 * Whether this namespace has had a rule added (or, up to 7.0, removed): then rules are walked, and
 * a filter that is off still does the full check (fib_has_custom_rules(); it is set together
 * with the unmerging of local and main, docs/kernel.md 4.1).
 */
static inline bool overlay_has_custom_rules(const struct overlay *overlay)
{
	return !overlay->state->local_main_merged;
}
