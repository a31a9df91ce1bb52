/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fib/fib.h"
#include "net/prefixset.h"
#include "rpf/overlay.h"
#include "rpf/trace.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * fib_lookup(): which route a flow takes. For one flow, or for a range of destinations at
 * once. In a reverse look-up the destination is the packet's source.
 */
struct lookup_flow {
	struct ip4 dst, src;
	int iif;    /* 1 (lo): the host's own traffic */
	int l3mdev; /* ifindex of a VRF, 0: none */
	uint32_t mark;
	uint8_t tos;
	uint8_t proto; /* 0 with ports 0: not dissected */
	uint16_t sport, dport;
};

#define IFINDEX_LO 1

/* Where a look-up ended. */
struct lookup_result {
	int error; /* 0: at a route that can be used; else the kernel's errno, positive */
	const struct fib_info
		*info;	       /* the route it ended at, of an error type too; or NULL */
	struct prefix4 prefix; /* that route's, valid with info */
	const struct rule
		*rule; /* the rule it ended at; NULL: none, or none is looked at */
	bool blind;    /* on its way lay something that was not understood */
};

/*
 * Looks up one flow. trace: NULL, or gets a step for each rule that is looked at, with
 * number.
 */
struct lookup_result lookup(const struct view *view, const struct lookup_flow *flow,
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
int lookup_range(const struct view *view, const struct lookup_flow *flow, uint32_t first,
	uint32_t last, lookup_visit visit, void *data);

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
int lookup_shares(const struct view *view, const struct lookup_flow *flow,
	const struct prefixset *sources, lookup_share_visit share, void *data);

/* Calls each() with the ifindex of every leg of a route until it returns true; returns
 * whether it did. Nexthop objects and groups are followed. */
bool info_any_leg(const struct view *view, const struct fib_info *info,
	bool (*each)(const struct leg *leg, void *data), void *data);

/* Whether the kernel would take this leg of a route just now (fib_lookup_good_nhc()). */
bool leg_is_usable(
	const struct view *view, const struct fib_info *info, const struct leg *leg);

/*
 * The VRF in which a flow from or to ifindex is looked up, 0 for none
 * (l3mdev_master_ifindex_rcu()).
 */
int l3mdev_of(const struct view *view, int ifindex);
