/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/fib.h"
#include "fib/fib_equal.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <string.h>

/*
 * Routes of one prefix are told by their first nexthop's device: route A is `dev if1` and so on,
 * and a list of them is written "ABC".
 */
static struct route_record route(const char *prefix, char who, struct nexthop *nexthop)
{
	*nexthop = (struct nexthop){ .oif = who - 'A' + 1, .weight = 1 };
	return (struct route_record){
		.table = TABLE_MAIN,
		.dst = model_prefix(prefix),
		.type = ROUTE_UNICAST,
		.nexthops = nexthop,
		.nexthop_count = 1,
	};
}

static void ck_aliases(const struct fib *fib, const char *prefix, const char *expected)
{
	uint32_t value = trie_get(&fib->trie, model_prefix(prefix));
	const struct fib_list *list = value ? fib_list(fib, value) : NULL;
	char text[32] = "";

	for (uint32_t i = 0; list && i < list->count; i++) {
		ck_assert_uint_lt(i, sizeof(text) - 1);
		text[i] = (char)('A' + list->infos[i]->nexthops[0].oif - 1);
	}
	ck_assert_msg(strcmp(text, expected) == 0, "%s has '%s', not '%s'", prefix, text,
		expected);
}

static size_t live_infos(const struct fib *fib)
{
	size_t live = 0;

	hash_each (&fib->lists.info_by_hash, slot) {
		for (const struct fib_info *info = slot->value; info;
			info = info->same_hash)
			live++;
	}
	return live;
}

/* docs/kernel.md 5.5: where each flag puts a route among those of its key. */
START_TEST(places_among_equals)
{
	static const struct {
		char who;
		enum route_position position;
		int changed;
		const char *then;
	} rows[] = {
		{ 'A', ROUTE_NEW, FIB_CHANGED, "A" },
		{ 'B', ROUTE_APPEND, FIB_CHANGED, "AB" },
		{ 'C', ROUTE_NEW, FIB_CHANGED, "ABC" }, /* as a dump does */
		{ 'D', ROUTE_PREPEND, FIB_CHANGED, "DABC" },
		{ 'A', ROUTE_APPEND, FIB_SAME, "DABC" }, /* exact duplicates stay put */
		{ 'C', ROUTE_PREPEND, FIB_SAME, "DABC" },
		{ 'B', ROUTE_REPLACE, FIB_SAME,
			"DABC" }, /* equal to a later one: EEXIST */
		{ 'D', ROUTE_REPLACE, FIB_SAME, "DABC" },
		{ 'E', ROUTE_REPLACE, FIB_CHANGED, "EABC" }, /* the first only */
	};
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct nexthop nexthop;
		struct route_record r = route("10.0.0.0/8", rows[i].who, &nexthop);

		r.position = rows[i].position;
		ck_assert_msg(fib_add(fib, &r) == rows[i].changed, "row %zu changes %s",
			i, rows[i].changed ? "nothing" : "something");
		ck_aliases(fib, "10.0.0.0/8", rows[i].then);
	}
	ck_assert_uint_eq(fib->lists.routes, 4);
	ck_assert_uint_eq(live_infos(fib), 4);
}
END_TEST

/* docs/kernel.md 4.3: table high to low, tos high to low, metric low to high, then the place. */
START_TEST(order_of_aliases)
{
	static const struct {
		char who;
		uint32_t table;
		uint8_t tos;
		uint32_t priority;
		enum route_position position;
		const char *then;
	} rows[] = {
		{ 'F', TABLE_MAIN, 0, 100, ROUTE_NEW, "F" },
		{ 'E', TABLE_MAIN, 0, 0, ROUTE_NEW, "EF" },
		{ 'G', TABLE_MAIN, 0, 4000000000u, ROUTE_NEW, "EFG" },
		{ 'C', TABLE_MAIN, 8, 500, ROUTE_NEW, "CEFG" },
		{ 'B', TABLE_MAIN, 16, 1000, ROUTE_NEW, "BCEFG" },
		{ 'D', TABLE_MAIN, 8, 500, ROUTE_APPEND, "BCDEFG" },
		{ 'A', TABLE_LOCAL, 0, 9999, ROUTE_NEW, "ABCDEFG" },
		{ 'H', TABLE_MAIN, 0, 100, ROUTE_PREPEND, "ABCDEHFG" },
		{ 'I', TABLE_MAIN, 0, 100, ROUTE_REPLACE, "ABCDEIFG" },
		{ 'J', TABLE_MAIN, 0, 50, ROUTE_REPLACE,
			"ABCDEJIFG" }, /* nothing to replace */
		{ 'K', TABLE_MAIN, 16, 999, ROUTE_PREPEND, "AKBCDEJIFG" },
		{ 'L', TABLE_LOCAL, 0, 9999, ROUTE_REPLACE, "LKBCDEJIFG" },
	};
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct nexthop nexthop;
		struct route_record r = route("default", rows[i].who, &nexthop);

		r.table = rows[i].table;
		r.tos = rows[i].tos;
		r.priority = rows[i].priority;
		r.position = rows[i].position;
		ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
		ck_aliases(fib, "default", rows[i].then);
	}
}
END_TEST

START_TEST(only_the_exact_route_is_removed)
{
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
	struct nexthop nexthop;
	struct route_record r;

	for (char who = 'A'; who <= 'C'; who++) {
		r = route("10.0.0.0/8", who, &nexthop);
		ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
	}
	r = route("10.0.0.0/8", 'B', &nexthop);
	r.priority = 5;
	ck_assert_int_eq(fib_remove(fib, &r), FIB_SAME);
	r = route("10.0.0.0/9", 'B', &nexthop);
	ck_assert_int_eq(fib_remove(fib, &r), FIB_SAME);
	r = route("10.0.0.0/8", 'D', &nexthop);
	ck_assert_int_eq(fib_remove(fib, &r), FIB_SAME);
	ck_aliases(fib, "10.0.0.0/8", "ABC");
	r = route("10.0.0.0/8", 'B', &nexthop);
	ck_assert_int_eq(fib_remove(fib, &r), FIB_CHANGED);
	ck_aliases(fib, "10.0.0.0/8", "AC");
	r = route("10.0.0.0/8", 'A', &nexthop);
	ck_assert_int_eq(fib_remove(fib, &r), FIB_CHANGED);
	ck_aliases(fib, "10.0.0.0/8", "C");
	r = route("10.0.0.0/8", 'C', &nexthop);
	ck_assert_int_eq(fib_remove(fib, &r), FIB_CHANGED);
	ck_assert_int_eq(fib_remove(fib, &r), FIB_SAME);
	ck_aliases(fib, "10.0.0.0/8", "");
	ck_assert_uint_eq(fib->lists.routes, 0);
	ck_assert_uint_eq(fib->trie.count, 0);
}
END_TEST

/* each attribute alone makes another route of it */
START_TEST(every_attribute_tells_routes_apart)
{
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
	struct nexthop nexthop, other[2];
	struct route_record base = route("10.0.0.0/8", 'A', &nexthop), rows[16];
	size_t count = 0;

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		rows[i] = base;
	rows[count++].table = TABLE_LOCAL;
	rows[count++].tos = 8;
	rows[count++].scope = 253;
	rows[count++].protocol = 9;
	rows[count++].type = ROUTE_LOCAL;
	rows[count++].priority = 1;
	rows[count++].prefsrc = ip4(1);
	rows[count++].nhid = 1;
	rows[count++].realm = true;
	rows[count++].blind = true;
	rows[count++].rest = 1;
	other[0] = nexthop;
	other[1] = nexthop;
	rows[count].nexthops = other;
	rows[count++].nexthop_count = 2;
	rows[count++].nexthop_count = 0;
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(fib_add(fib, &base), FIB_CHANGED);
		ck_assert_msg(fib_remove(fib, &rows[i]) == FIB_SAME,
			"row %zu: another route is taken for it", i);
		ck_assert_msg(fib_add(fib, &rows[i]) == FIB_CHANGED,
			"row %zu is taken for the same route", i);
		ck_assert_int_eq(fib_remove(fib, &base), FIB_CHANGED);
		ck_assert_int_eq(fib_remove(fib, &rows[i]), FIB_CHANGED);
	}
	ck_assert_uint_eq(live_infos(fib), 0);
}
END_TEST

START_TEST(each_part_of_a_nexthop_tells_routes_apart)
{
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
	struct nexthop nexthop, rows[5];
	struct route_record r = route("10.0.0.0/8", 'A', &nexthop);

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		rows[i] = nexthop;
	rows[0].oif = 9;
	rows[1].gw_family = 4;
	rows[2].onlink = 1;
	rows[3].weight = 2;
	rows[4].gw = ip4(1);
	ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		r.nexthops = &rows[i];
		ck_assert_msg(
			fib_remove(fib, &r) == FIB_SAME, "leg %zu is taken for it", i);
	}
}
END_TEST

START_TEST(routes_share_infos_and_free_them)
{
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
	struct nexthop nexthop;

	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 1000; i++) {
			struct route_record r =
				route("default", i & 1 ? 'A' : 'B', &nexthop);

			r.dst = prefix4(ip4(i << 8), 24);
			r.realm = i == 0;
			ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
		}
		ck_assert_uint_eq(live_infos(fib), 3);
		ck_assert_uint_eq(fib->lists.routes, 1000);
		ck_assert_uint_eq(fib->lists.realms, 1);
		for (uint32_t i = 0; i < 1000; i++) {
			struct route_record r =
				route("default", i & 1 ? 'A' : 'B', &nexthop);

			r.dst = prefix4(ip4(i << 8), 24);
			r.realm = i == 0;
			ck_assert_int_eq(fib_remove(fib, &r), FIB_CHANGED);
		}
		ck_assert_uint_eq(live_infos(fib), 0);
		ck_assert_uint_eq(fib->lists.info_by_hash.count, 0);
		ck_assert_uint_eq(fib->lists.realms, 0);
	}
	ck_assert_msg(fib->lists.all.count <= 4, "places are not used again: %zu",
		fib->lists.all.count);
	ck_assert_uint_eq(fib->lists.groups.count, 0);
}
END_TEST

START_TEST(alias_lists_are_used_again)
{
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
	struct nexthop nexthop;

	for (int round = 0; round < 100; round++) {
		for (char who = 'A'; who <= 'D'; who++) {
			struct route_record r = route("10.0.0.0/8", who, &nexthop);

			ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
		}
		for (char who = 'D'; who >= 'A'; who--) {
			struct route_record r = route("10.0.0.0/8", who, &nexthop);

			ck_assert_int_eq(fib_remove(fib, &r), FIB_CHANGED);
		}
	}
	ck_assert_uint_le(fib->lists.all.count, 1 + 2 * 4 + 1);
	ck_assert_uint_eq(fib->lists.list_by_hash.count, 0);
}
END_TEST

static bool leaves_by(const struct fib_info *info, void *data)
{
	return info->nexthops[0].oif == *(int *)data;
}

START_TEST(removing_by_a_question)
{
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
	struct nexthop nexthop;
	const struct prefix4 hint[] = { model_prefix("10.2.0.0/16") };
	int who = 2, nobody = 9;

	for (char c = 'A'; c <= 'C'; c++) {
		struct route_record r = route("10.0.0.0/8", c, &nexthop);

		ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
		r = route("default", c, &nexthop);
		r.priority = (uint32_t)(c - 'A');
		ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
	}
	{
		struct route_record r = route("10.2.0.0/16", 'B', &nexthop);

		ck_assert_int_eq(fib_add(fib, &r), FIB_CHANGED);
	}
	ck_assert_int_eq(
		fib_remove_related(fib, FIB_DEVICE, 9, leaves_by, &nobody, NULL, 0), 0);
	ck_assert_int_eq(
		fib_remove_related(fib, FIB_DEVICE, 2, leaves_by, &who, hint, 1), 3);
	ck_aliases(fib, "10.0.0.0/8", "AC");
	ck_aliases(fib, "default", "AC");
	ck_aliases(fib, "10.2.0.0/16", "");
	ck_assert_uint_eq(fib->lists.routes, 4);
	ck_assert_uint_eq(fib->trie.count, 2);
	ck_assert_int_eq(
		fib_remove_related(fib, FIB_DEVICE, 2, leaves_by, &who, hint, 1), 0);
}
END_TEST

START_TEST(a_merged_trie_parts)
{
	_cleanup_(fib_freep) struct fib *merged = fib_new(TABLE_MAIN);
	_cleanup_(fib_freep) struct fib *local = fib_new(TABLE_LOCAL);
	struct nexthop nexthop;

	for (char c = 'A'; c <= 'D'; c++) {
		struct route_record r = route("10.0.0.0/8", c, &nexthop);

		r.table = c < 'C' ? TABLE_LOCAL : TABLE_MAIN;
		ck_assert_int_eq(fib_add(merged, &r), FIB_CHANGED);
		r.dst = prefix4(ip4((uint32_t)c << 24), 8);
		ck_assert_int_eq(fib_add(merged, &r), FIB_CHANGED);
	}
	ck_aliases(merged, "10.0.0.0/8", "ABCD");
	ck_assert_int_eq(fib_split(merged, TABLE_LOCAL, local, NULL, 0), 0);
	ck_aliases(merged, "10.0.0.0/8", "CD");
	ck_aliases(local, "10.0.0.0/8", "AB");
	ck_aliases(local, "65.0.0.0/8", "A");
	ck_aliases(merged, "65.0.0.0/8", "");
	ck_assert_uint_eq(merged->lists.routes, 4);
	ck_assert_uint_eq(local->lists.routes, 4);
}
END_TEST

static bool is_equal(const struct fib *a, const struct fib *b, struct prefix4 *ret_where)
{
	struct prefix4 from = { 0 };
	size_t budget = SIZE_MAX;

	return fib_compare(a, b, &from, &budget, ret_where) == 0;
}

START_TEST(equal_is_routes_and_their_order)
{
	_cleanup_(fib_freep) struct fib *a = fib_new(TABLE_MAIN);
	_cleanup_(fib_freep) struct fib *b = fib_new(TABLE_MAIN);
	struct prefix4 where;
	struct nexthop nexthop;
	struct route_record r = route("10.0.0.0/8", 'A', &nexthop);

	ck_assert(is_equal(a, b, &where));
	fib_add(a, &r);
	ck_assert(!is_equal(a, b, &where));
	ck_assert(!is_equal(b, a, &where));
	ck_assert_uint_eq(where.len, 8);
	fib_add(b, &r);
	ck_assert(is_equal(a, b, &where));
	r = route("10.0.0.0/8", 'B', &nexthop);
	fib_add(a, &r);
	r.position = ROUTE_PREPEND;
	fib_add(b, &r);
	ck_assert_msg(!is_equal(a, b, &where), "AB and BA are called equal");
	r = route("10.0.0.0/8", 'A', &nexthop);
	fib_remove(a, &r);
	fib_remove(b, &r);
	ck_assert(is_equal(a, b, &where));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		places_among_equals,
		order_of_aliases,
		only_the_exact_route_is_removed,
		every_attribute_tells_routes_apart,
		each_part_of_a_nexthop_tells_routes_apart,
		routes_share_infos_and_free_them,
		alias_lists_are_used_again,
		removing_by_a_question,
		a_merged_trie_parts,
		equal_is_routes_and_their_order,
	};

	return fixture_run("fib", tests, ELEMENTS(tests));
}
