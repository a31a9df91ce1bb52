/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/hash.h"
#include "fib/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The infos and lists of a fib, each kept once.
 *
 * Routes with equal attributes share one fib_info, as in the kernel: a full Internet table
 * has a million prefixes and a handful of those. What a prefix holds, one route or several
 * ("aliases") in the order in which a look-up tries them, is a fib_list, and prefixes that
 * hold the same share that, too. So a list knows how many addresses it owns in the table: the
 * share of the sources that its routes decide on, without a walk.
 */
struct fib_info {
	uint64_t rest; /* see struct route_record */
	uint32_t table;
	uint32_t priority;
	uint32_t nhid;
	struct ip4 prefsrc;
	uint8_t tos, type, scope, protocol;
	bool realm, blind;
	uint16_t reserved; /* 0 */
	uint32_t nexthop_count;
	uint32_t refs;	       /* lists that have it; not part of its identity */
	struct fib_list *only; /* the list of it alone, NULL: there is none */
	uint64_t hash;
	struct fib_info *same_hash; /* another one, hardly ever there */
	struct nexthop nexthops[];
};

struct fib_list {
	uint64_t owned; /* addresses that its prefixes have and no longer prefix */
	uint64_t hash;
	struct fib_list *same_hash;
	uint64_t dirty; /* the fib's epoch in which its share last changed */
	uint32_t refs;	/* prefixes that hold it */
	struct prefix4
		last; /* which came to hold it last: the one, if refs is 1 and it still does */
	uint32_t index; /* in fib_lists.all, from 1: the value in the trie */
	uint32_t count;
	struct fib_info *infos[];
};

#define FIB_TOS_MASK 0x1c /* what of a packet's tos a route is compared with */

/* Lists that have something in common, see fib_lists_related(). */
struct fib_group {
	struct hash lists; /* index -> struct fib_list */
};

/* All of one fib. */
struct fib_lists {
	ARRAY(struct fib_list *) all; /* [0] unused; NULL: free */
	ARRAY(uint32_t) free;
	struct hash info_by_hash, list_by_hash; /* the first of each hash */
	struct hash groups; /* key of fib_lists_related() -> struct fib_group */
	size_t routes;
	size_t realms;	 /* routes that have one */
	size_t toses[8]; /* routes for one tos (FIB_TOS_MASK >> 2) only; [0] unused */
};

/* What lists can have in common: a nexthop on a device, a nexthop object, a preferred source. */
enum fib_relation { FIB_DEVICE, FIB_NEXTHOP, FIB_PREFSRC };

/*
 * The lists of which some route is related so (id: ifindex, nexthop id, address), NULL where
 * there are none; it lives until the next change.
 */
const struct fib_group *fib_lists_related(
	const struct fib_lists *lists, enum fib_relation relation, uint32_t id);

/* A route to dst with these attributes; its nexthops are the info's. */
struct route_record fib_info_record(const struct fib_info *info, struct prefix4 dst);

/* Whether a route has these attributes. */
bool fib_info_is(const struct fib_info *info, const struct route_record *route);

/* The info of a route, NULL where no route has these attributes. */
struct fib_info *fib_info_find(
	const struct fib_lists *lists, const struct route_record *route);

/* Finds or makes the info of a route, not yet counted as used: fib_info_put() it when no list
 * came to have it. Returns 0 or -ENOMEM. */
int fib_info_get(
	struct fib_lists *lists, const struct route_record *route, struct fib_info **ret);
void fib_info_put(struct fib_lists *lists, struct fib_info *info);

/* Finds or makes the list of these infos, not yet counted as held: fib_list_put() it when no
 * prefix came to hold it. Returns 0 or -ENOMEM. */
int fib_list_get(struct fib_lists *lists, struct fib_info *const *infos, uint32_t count,
	struct fib_list **ret);
void fib_list_put(struct fib_lists *lists, struct fib_list *list);

/* One prefix more, or less, holds the list; with the last one it goes. */
void fib_list_hold(struct fib_lists *lists, struct fib_list *list, struct prefix4 prefix);
void fib_list_release(struct fib_lists *lists, struct fib_list *list);

/* Makes *ret, which is zeroed, a copy that numbers the lists alike, none of them dirty. Returns 0 or
 * -ENOMEM; then *ret has to be freed all the same. */
int fib_lists_copy(const struct fib_lists *from, struct fib_lists *ret);

/* Frees all of them. */
void fib_lists_done(struct fib_lists *lists);
