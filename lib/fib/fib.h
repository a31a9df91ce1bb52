/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "fib/fib_list.h"
#include "fib/trie.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One trie of routes. Before the first change of a rule the kernel keeps the tables local and
 * main in one trie; so does this one (docs/kernel.md 4.1): table is an attribute of a route.
 */
struct fib {
	uint32_t table; /* TABLE_MAIN also for the merged trie */
	struct trie trie;
	struct fib_lists lists;
	uint64_t owned; /* addresses that some list owns */

	/* Called once in an epoch for each list that a prefix joined or left; for a list with
	 * other than unicast routes each time, with the number of addresses that changed list.
	 * list NULL: addresses that no list owned, or owns now. NULL: not called. */
	void (*mark)(void *data, const struct fib *fib, const struct fib_list *list,
		struct prefix4 prefix, uint64_t addresses);
	void *mark_data;
	const uint64_t *epoch; /* the owner's, from 1; valid with touch */
};

/* Return NULL on lack of memory; fib_free() takes NULL. */
struct fib *fib_new(uint32_t table);

/*
 * A table that begins as base is, and changes without base. It has a copy of the lists, and shares the
 * nodes of the trie but what its changes touch (trie_lay_over()): base must outlive it and
 * must not change meanwhile. Nobody is told of its changes yet. NULL on lack of memory.
 */
struct fib *fib_fork(const struct fib *base);
void fib_free(struct fib *fib);
DEFINE_FREEP(struct fib, fib_free)

enum fib_change {
	FIB_SAME, /* it was so already */
	FIB_CHANGED,
};

/*
 * Adds a route as the kernel's fib_table_insert() would, at the position that
 * route->position names. A route that is there already stays where it is. Returns enum
 * fib_change or -ENOMEM.
 */
int fib_add(struct fib *fib, const struct route_record *route);

/* Removes the route with exactly these attributes. Returns enum fib_change or -ENOMEM. */
int fib_remove(struct fib *fib, const struct route_record *route);

/* fib_lists_related() of its lists. */
static inline const struct fib_group *fib_related(
	const struct fib *fib, enum fib_relation relation, uint32_t id)
{
	return fib_lists_related(&fib->lists, relation, id);
}

/*
 * Removes every route that is related so and for whose info doomed() returns true. doomed() is
 * called once for each list that has such a route. hint: prefixes that probably have them, so that
 * a device's few routes need no walk of the table; may be NULL. Returns how many routes were
 * removed, or -ENOMEM.
 */
long fib_remove_related(struct fib *fib, enum fib_relation relation, uint32_t id,
	bool (*doomed)(const struct fib_info *info, void *data), void *data,
	const struct prefix4 *hint, size_t hint_count);

/* Moves the routes of one table out of a merged trie into another. hint: prefixes that probably have
 * them, as for fib_remove_related(). Returns 0 or -ENOMEM. */
int fib_split(struct fib *merged, uint32_t table, struct fib *into,
	const struct prefix4 *hint, size_t hint_count);

/* The routes of a trie entry in the order of the look-up; lives until the next change. */
static inline const struct fib_list *fib_list(const struct fib *fib, uint32_t value)
{
	return fib->lists.all.items[value];
}
