/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "fib/trie.h"
#include "state/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One trie of routes. Before the first change of a rule the kernel keeps the tables local and
 * main in one trie, and so do we (kernel-rpf 4.1): table is an attribute of a route.
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
	uint32_t leg_count;
	uint32_t refs;	       /* lists that have it; not part of its identity */
	struct fib_list *only; /* the list of it alone, NULL: there is none */
	uint64_t hash;
	struct fib_info *same_hash; /* another one, hardly ever there */
	struct leg legs[];
};

struct fib_list {
	uint64_t owned; /* addresses that its prefixes have and no longer prefix */
	uint64_t hash;
	struct fib_list *same_hash;
	uint64_t touched; /* the fib's epoch in which its share last changed */
	uint32_t refs;	  /* prefixes that hold it */
	struct prefix4
		last; /* which came to hold it last: the one, if refs is 1 and it still does */
	uint32_t index; /* in fib.lists, from 1: the value in the trie */
	uint32_t count;
	struct fib_info *infos[];
};

#define FIB_TOS_MASK 0x1c /* what of a packet's tos a route is compared with */

/* Lists that have something in common, see fib_related(). */
struct fib_group {
	struct hash lists; /* index -> struct fib_list */
};

struct fib {
	uint32_t table; /* TABLE_MAIN also for the merged trie */
	struct trie trie;
	ARRAY(struct fib_list *) lists; /* [0] unused; NULL: free */
	ARRAY(uint32_t) free_lists;
	struct hash info_by_hash, list_by_hash; /* the first of each hash */
	struct hash groups; /* key of fib_related() -> struct fib_group */
	uint64_t owned;	    /* addresses that some list owns */
	size_t routes;
	size_t realms;	 /* routes that have one */
	size_t toses[8]; /* routes for one tos (FIB_TOS_MASK >> 2) only; [0] unused */

	/* Called for each list that a prefix came to or went from, once in an epoch: whose
	 * verdicts are they? Of other than unicast routes each time, with how many addresses that
	 * was about. list NULL: addresses that no list owned, or owns now. NULL: nobody asks. */
	void (*touch)(void *data, const struct fib *fib, const struct fib_list *list,
		struct prefix4 prefix, uint64_t addresses);
	void *touch_data;
	const uint64_t *epoch; /* the owner's, from 1; valid with touch */
};

/* Return NULL on lack of memory; fib_free() takes NULL. */
struct fib *fib_new(uint32_t table);
void fib_free(struct fib *fib);
DEFINE_FREEP(struct fib, fib_free)

enum fib_change {
	FIB_SAME, /* it was so already */
	FIB_CHANGED,
};

/*
 * Adds a route as the kernel's fib_table_insert() would, at the place that route->place says.
 * A route that is there already stays where it is. Returns enum fib_change or -ENOMEM.
 */
int fib_add(struct fib *fib, const struct route_record *route);

/* Removes the route with exactly these attributes. Returns enum fib_change or -ENOMEM. */
int fib_remove(struct fib *fib, const struct route_record *route);

/* What lists can have in common: a leg on a device, a nexthop object, a preferred source. */
enum fib_relation { FIB_DEVICE, FIB_NEXTHOP, FIB_PREFSRC };

/*
 * The lists of which some route is related so (id: ifindex, nexthop id, address), NULL where
 * there are none; it lives until the next change.
 */
const struct fib_group *fib_related(
	const struct fib *fib, enum fib_relation relation, uint32_t id);

/*
 * Removes every route whose info doomed() says yes to, of those that are related so. It is
 * asked once for each list that has such a route. hint: prefixes where these are likely to
 * be, so that a table needs no walk for a device's own few; may be NULL. Returns how many
 * routes went, or -ENOMEM.
 */
long fib_remove_related(struct fib *fib, enum fib_relation relation, uint32_t id,
	bool (*doomed)(const struct fib_info *info, void *data), void *data,
	const struct prefix4 *hint, size_t hint_count);

/* Moves the routes of one table out of a merged trie into another. Returns 0 or -ENOMEM. */
int fib_split(struct fib *merged, uint32_t table, struct fib *into);

/* The routes of a trie entry in the order of the look-up; lives until the next change. */
static inline const struct fib_list *fib_list(const struct fib *fib, uint32_t value)
{
	return fib->lists.items[value];
}
