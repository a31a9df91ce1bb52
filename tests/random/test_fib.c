/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/fib.h"
#include "fixture_random.h"
#include "unit/fixture_run.h"

#include <string.h>

/*
 * The oracle is one list of routes for each of a few prefixes. A route goes to the front or
 * the back of it, then the list is sorted by bubbles, which keeps equals as they stand.
 */
#define PREFIXES 6
#define MOST 64

struct item {
	uint32_t table, priority;
	uint8_t tos;
	int oif;
};

struct list {
	struct item items[MOST];
	size_t count;
};

static const struct prefix4 prefixes[PREFIXES] = {
	{ { 0 }, 0 },
	{ { 0x0a000000 }, 8 },
	{ { 0x0a000000 }, 9 },
	{ { 0x0a800000 }, 9 },
	{ { 0x0a000001 }, 32 },
	{ { 0xffffffff }, 32 },
};

/* Whether a look-up comes to a before b. */
static bool is_before(const struct item *a, const struct item *b)
{
	if (a->table != b->table)
		return a->table > b->table;
	if (a->tos != b->tos)
		return a->tos > b->tos;
	return a->priority < b->priority;
}

static bool is_key(const struct item *a, const struct item *b)
{
	return !is_before(a, b) && !is_before(b, a);
}

static void sort(struct list *list)
{
	for (size_t n = 0; n < list->count; n++) {
		for (size_t i = 1; i < list->count; i++) {
			struct item item = list->items[i];

			if (!is_before(&item, &list->items[i - 1]))
				continue;
			list->items[i] = list->items[i - 1];
			list->items[i - 1] = item;
		}
	}
}

static bool list_has(const struct list *list, const struct item *item)
{
	for (size_t i = 0; i < list->count; i++) {
		if (is_key(&list->items[i], item) && list->items[i].oif == item->oif)
			return true;
	}
	return false;
}

static void list_add(
	struct list *list, const struct item *item, enum route_position position)
{
	if (list_has(list, item))
		return;
	if (position == ROUTE_REPLACE) {
		for (size_t i = 0; i < list->count; i++) {
			if (is_key(&list->items[i], item)) {
				list->items[i] = *item;
				return;
			}
		}
	}
	if (position == ROUTE_PREPEND) {
		memmove(list->items + 1, list->items, list->count * sizeof(*item));
		list->items[0] = *item;
	} else {
		list->items[list->count] = *item;
	}
	list->count++;
	sort(list);
}

static bool list_remove(struct list *list, const struct item *item, bool any_by_oif)
{
	size_t kept = 0, before = list->count;

	for (size_t i = 0; i < before; i++) {
		bool goes = list->items[i].oif == item->oif &&
			    (any_by_oif || is_key(&list->items[i], item));

		if (!goes)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	return kept < before;
}

/* What the prefixes that hold a list own: each less those inside it, which are disjoint or
 * nested. */
static uint64_t owned_by(const struct fib *fib, const struct fib_list *wanted)
{
	uint64_t owned = 0;

	for (size_t p = 0; p < PREFIXES; p++) {
		uint32_t value = trie_get(&fib->trie, prefixes[p]);

		if (!value || fib_list(fib, value) != wanted)
			continue;
		owned += prefix4_size(prefixes[p]);
		for (size_t q = 0; q < PREFIXES; q++) {
			bool largest = q != p &&
				       prefix_covers(prefixes[p], prefixes[q]) &&
				       trie_get(&fib->trie, prefixes[q]);

			for (size_t m = 0; m < PREFIXES && largest; m++)
				largest = m == p || m == q ||
					  !prefix_covers(prefixes[p], prefixes[m]) ||
					  !prefix_covers(prefixes[m], prefixes[q]) ||
					  !trie_get(&fib->trie, prefixes[m]);
			if (largest)
				owned -= prefix4_size(prefixes[q]);
		}
	}
	return owned;
}

static void ck_lists(const struct fib *fib, const struct list *lists)
{
	size_t routes = 0, refs = 0;
	uint64_t owned = 0;

	for (size_t p = 0; p < PREFIXES; p++) {
		uint32_t value = trie_get(&fib->trie, prefixes[p]);
		const struct fib_list *list = value ? fib_list(fib, value) : NULL;
		size_t count = list ? list->count : 0;

		routes += count;
		if (count != lists[p].count)
			ck_abort_msg("prefix %zu has %zu routes, not %zu", p, count,
				lists[p].count);
		for (size_t i = 0; i < count; i++) {
			const struct fib_info *info = list->infos[i];
			const struct item *item = &lists[p].items[i];

			if (info->table != item->table || info->tos != item->tos ||
				info->priority != item->priority ||
				info->nexthops[0].oif != item->oif)
				ck_abort_msg("prefix %zu has another route at %zu", p, i);
		}
	}
	if (routes != fib->lists.routes)
		ck_abort_msg("%zu routes are counted as %zu", routes, fib->lists.routes);
	array_each (&fib->lists.all, struct fib_list *const, place) {
		const struct fib_list *list = *place;

		refs += list ? list->refs * list->count : 0;
		if (list && list->owned != owned_by(fib, list))
			ck_abort_msg("a list owns %llu, not %llu",
				(unsigned long long)owned_by(fib, list),
				(unsigned long long)list->owned);
		owned += list ? list->owned : 0;
	}
	if (refs != routes)
		ck_abort_msg("%zu routes have %zu references", routes, refs);
	if (owned != fib->owned)
		ck_abort_msg("all lists own %llu, not %llu", (unsigned long long)owned,
			(unsigned long long)fib->owned);
}

static bool leaves_by(const struct fib_info *info, void *data)
{
	return info->nexthops[0].oif == ((struct item *)data)->oif;
}

static void step(struct fib *fib, struct list *lists, struct chance *chance)
{
	size_t p = chance_below(chance, PREFIXES);
	struct item item = {
		.table = 254 + chance_below(chance, 2),
		.priority = chance_below(chance, 3),
		.tos = (uint8_t)(8 * chance_below(chance, 2)),
		.oif = 1 + (int)chance_below(chance, 5),
	};
	const struct nexthop nexthop = { .oif = item.oif, .weight = 1 };
	struct route_record route = {
		.table = item.table,
		.dst = prefixes[p],
		.tos = item.tos,
		.priority = item.priority,
		.type = ROUTE_UNICAST,
		.position = (enum route_position)chance_below(chance, 4),
		.nexthops = &nexthop,
		.nexthop_count = 1,
	};

	if (chance_one_in(chance, 50)) {
		long gone = fib_remove_related(fib, FIB_DEVICE, (uint32_t)item.oif,
			     leaves_by, &item, prefixes, chance_below(chance, PREFIXES)),
		     expected = 0;

		for (size_t i = 0; i < PREFIXES; i++) {
			expected += (long)lists[i].count;
			list_remove(&lists[i], &item, true);
			expected -= (long)lists[i].count;
		}
		ck_assert_int_eq(gone, expected);
	} else if (chance_one_in(chance, 3)) {
		int r = fib_remove(fib, &route);

		if ((r == FIB_CHANGED) != list_remove(&lists[p], &item, false))
			ck_abort_msg("removing says %d", r);
	} else {
		bool had = list_has(&lists[p], &item);
		int r = fib_add(fib, &route);

		if (r != (had ? FIB_SAME : FIB_CHANGED))
			ck_abort_msg("adding says %d", r);
		list_add(&lists[p], &item, route.position);
	}
	ck_lists(fib, lists);
}

START_TEST(fib_is_sorted_lists)
{
	struct chance chance = chance_new("fib");

	for (int round = 0; round < 20; round++) {
		_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
		struct list lists[PREFIXES] = { 0 };

		for (int i = 0; i < 1000; i++)
			step(fib, lists, &chance);
	}
}
END_TEST

/* A trie parted is as two that were never one, wherever its routes are thought to be. */
START_TEST(parting_is_exact)
{
	struct chance chance = chance_new("fib, parted");

	for (int round = 0; round < 100; round++) {
		_cleanup_(fib_freep) struct fib *merged = fib_new(TABLE_MAIN);
		_cleanup_(fib_freep) struct fib *local = fib_new(TABLE_LOCAL);
		struct list lists[PREFIXES] = { 0 }, parts[2][PREFIXES] = { 0 };

		for (int i = 0; i < 100; i++)
			step(merged, lists, &chance);
		for (size_t p = 0; p < PREFIXES; p++) {
			for (size_t i = 0; i < lists[p].count; i++) {
				struct list *part =
					&parts[lists[p].items[i].table - 254][p];

				part->items[part->count++] = lists[p].items[i];
			}
		}
		ck_assert_int_eq(fib_split(merged, TABLE_LOCAL, local, prefixes,
					 chance_below(&chance, PREFIXES + 1)),
			0);
		ck_lists(merged, parts[0]);
		ck_lists(local, parts[1]);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { fib_is_sorted_lists, parting_is_exact };

	return fixture_run("random fib", tests, ELEMENTS(tests));
}
