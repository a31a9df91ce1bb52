/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	bool both; /* it is on where both are set: up to 2.6.30 */
};

/*
 * What a kernel of this version (0: the newest) makes of the two. The effective value is the greater
 * one, whatever it is (IN_DEV_RPFILTER: IN_DEV_MAXCONF). Up to 2.6.30 it is 1 where both are not 0,
 * else 0, and there is no loose (IN_DEV_ANDCONF).
 */
struct rp_filter rp_filter_combine(uint32_t kernel, int own, int all);

/* Whether kernels up to 2.6.30 have the filter off where others have it on. */
bool rp_filter_was_off(const struct rp_filter *filter);

struct rp_filter overlay_rp_filter(
	const struct overlay *overlay, const struct iface *iface);

/* Whether 0 for an interface switches its filter off while `all` has this value. */
bool overlay_zero_is_off(const struct overlay *overlay, int all);

/* rp_filter of default, which decides nothing but what new interfaces begin with. */
int overlay_default(const struct overlay *overlay);

/* state_kernel_has() of what is judged: the kernel that runs, or another one. */
bool overlay_kernel_has(
	const struct overlay *overlay, unsigned int major, unsigned int minor);
bool overlay_kernel_has_patch(const struct overlay *overlay, unsigned int major,
	unsigned int minor, unsigned int patch);

/*
 * Whether this namespace has had a rule added (or, up to 7.0, removed): then rules are walked, and
 * a filter that is off still does the full check (fib_has_custom_rules(); it is set together
 * with the unmerging of local and main, docs/kernel.md 4.1).
 */
static inline bool overlay_has_custom_rules(const struct overlay *overlay)
{
	return !overlay->state->local_main_merged;
}
