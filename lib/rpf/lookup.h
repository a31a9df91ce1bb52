/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/prefixset.h"
#include "rpf/lookup_flow.h"
#include "rpf/overlay.h"
#include "rpf/trace.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Looks up one flow. trace: NULL, or gets a step for each rule that is looked at, with
 * number.
 */
struct lookup_result lookup(const struct overlay *overlay, const struct lookup_flow *flow,
	struct trace *trace, int number);

/*
 * Called with ranges of destinations, both ends included, that are disjoint and together the
 * whole that was asked for, in no order; neighbours may have the same result. A negative
 * return ends the walk.
 */
typedef int (*lookup_visit)(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data);

/* Looks up all destinations first..last of a flow whose own dst is ignored. Returns 0 or
 * what visit returned. */
int lookup_range(const struct overlay *overlay, const struct lookup_flow *flow,
	uint32_t first, uint32_t last, lookup_visit visit, void *data);

/*
 * Called with how many of the destinations asked for have a result, in pieces of any size:
 * several may have the same result. list: the one in a table that owns them all, NULL where they
 * were found otherwise. result->prefix is not valid. A negative return ends the walk.
 */
typedef int (*lookup_share_visit)(const struct lookup_result *result,
	const struct fib_list *list, uint64_t count, void *data);

/*
 * As lookup_range() over all of a set, where only how much there is of each result counts.
 * Over a large table, and most of all addresses, it costs what its lists are, not its routes.
 */
int lookup_shares(const struct overlay *overlay, const struct lookup_flow *flow,
	const struct prefixset *sources, lookup_share_visit share, void *data);
