/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "model/record.h"
#include "model/trie.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One trie of routes. Before the first change of a rule the kernel keeps the tables local and
 * main in one trie, and so do we (kernel-rpf 4.1): table is an attribute of a route.
 *
 * Routes with equal attributes share one fib_info, as in the kernel: a full Internet table
 * has a million prefixes and a handful of those. A prefix with several routes ("aliases")
 * holds them in the order in which a look-up tries them.
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
	uint32_t refs;	/* aliases that have it; not part of its identity */
	uint32_t index; /* in fib.infos, from 1 */
	uint64_t hash;
	struct fib_info *same_hash; /* another one, hardly ever there */
	struct leg legs[];
};

struct fib_aliases {
	uint32_t count, capacity;
	uint32_t info[];
};

struct fib {
	uint32_t table; /* TABLE_MAIN also for the merged trie */
	struct trie trie;
	ARRAY(struct fib_info *) infos; /* [0] unused; NULL: free */
	ARRAY(uint32_t) free_infos;
	struct hash info_by_hash;	     /* the first of each hash */
	ARRAY(struct fib_aliases *) aliases; /* lists of two and more; NULL: free */
	ARRAY(uint32_t) free_aliases;
	size_t routes;
	size_t realms; /* routes that have one */
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

/*
 * Removes every route whose info doomed() says yes to: it is asked once for each info that
 * has routes. Returns how many routes went, or -ENOMEM.
 */
long fib_remove_if(struct fib *fib,
	bool (*doomed)(const struct fib_info *info, void *data), void *data);

/* Moves the routes of one table out of a merged trie into another. Returns 0 or -ENOMEM. */
int fib_split(struct fib *merged, uint32_t table, struct fib *into);

/* The routes of a trie entry in the order of the look-up; what it points to lives until the
 * next change. A single route is written to *single. */
const uint32_t *fib_aliases(
	const struct fib *fib, uint32_t value, uint32_t *single, size_t *ret_count);

static inline const struct fib_info *fib_info(const struct fib *fib, uint32_t index)
{
	return fib->infos.items[index];
}

/* Whether two tries hold the same routes in the same order. */
bool fib_equal(const struct fib *a, const struct fib *b, struct prefix4 *ret_where);
