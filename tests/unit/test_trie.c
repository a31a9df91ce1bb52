/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/trie.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdio.h>
#include <string.h>

/* One instruction a row: set, remove, get, and what it says. */
static void runs(struct trie *trie, char what, const char *prefix, uint32_t value)
{
	struct prefix4 p = model_prefix(prefix);
	struct trie_change change;

	if (what == '+') {
		ck_assert_msg(trie_put(trie, p, value, true, &change) == 0,
			"%s can't be set", prefix);
	} else if (what == '-') {
		ck_assert_msg(trie_take(trie, p, 0, &change) == (value != 0),
			"removing %s goes another way", prefix);
		ck_assert_msg(change.old == value, "removing %s does not give %u", prefix,
			value);
	} else
		ck_assert_msg(trie_get(trie, p) == value, "%s is %u, not %u", prefix,
			trie_get(trie, p), value);
}

/* "8:1 24:2": length and value of all that is around addr, the shortest first. */
static void matches(const struct trie *trie, const char *addr, const char *expected)
{
	struct trie_match found[33];
	size_t count = trie_match(trie, model_ip4(addr), found);
	char text[512] = "";
	size_t length = 0;

	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
			"%s%u:%u", i ? " " : "", found[i].len, found[i].value);
	ck_assert_msg(strcmp(text, expected) == 0, "around %s is '%s', not '%s'", addr,
		text, expected);
}

START_TEST(nothing_is_in_an_empty_one)
{
	struct trie trie;

	trie_init(&trie);
	matches(&trie, "10.0.0.1", "");
	runs(&trie, '?', "default", 0);
	runs(&trie, '-', "10.0.0.0/8", 0);
	ck_assert_uint_eq(trie.count, 0);
	trie_done(&trie);
}
END_TEST

/* The four cases of trie.c, in its order. */
START_TEST(four_ways_to_meet_a_node)
{
	struct trie trie;

	trie_init(&trie);
	runs(&trie, '+', "10.0.0.0/8", 1);
	runs(&trie, '+', "10.0.0.0/8", 2); /* P is N */
	ck_assert_uint_eq(trie.count, 1);
	runs(&trie, '+', "10.1.0.0/16", 3);  /* N lies around P */
	runs(&trie, '+', "8.0.0.0/6", 4);    /* P lies around N */
	runs(&trie, '+', "192.0.2.0/24", 5); /* neither: a fork */
	ck_assert_uint_eq(trie.count, 4);
	ck_assert_uint_eq(trie.used_nodes, 3); /* 8/6, 10/8 and the fork */
	ck_assert_uint_eq(trie.used_leaves, 2);
	matches(&trie, "10.1.2.3", "6:4 8:2 16:3");
	matches(&trie, "10.2.0.0", "6:4 8:2");
	matches(&trie, "9.0.0.0", "6:4");
	matches(&trie, "192.0.2.255", "24:5");
	matches(&trie, "192.0.3.0", "");
	matches(&trie, "64.0.0.0", "");
	trie_done(&trie);
}
END_TEST

START_TEST(the_ends_of_the_address_space)
{
	struct trie trie;

	trie_init(&trie);
	runs(&trie, '+', "default", 1);
	runs(&trie, '+', "0.0.0.0/32", 2);
	runs(&trie, '+', "255.255.255.255/32", 3);
	runs(&trie, '+', "0.0.0.0/1", 4);
	runs(&trie, '+', "128.0.0.0/1", TRIE_VALUE_MAX);
	matches(&trie, "0.0.0.0", "0:1 1:4 32:2");
	matches(&trie, "0.0.0.1", "0:1 1:4");
	matches(&trie, "127.255.255.255", "0:1 1:4");
	matches(&trie, "128.0.0.0", "0:1 1:67108863");
	matches(&trie, "255.255.255.255", "0:1 1:67108863 32:3");
	runs(&trie, '-', "default", 1);
	matches(&trie, "0.0.0.0", "1:4 32:2");
	trie_done(&trie);
}
END_TEST

START_TEST(all_thirty_three_lengths_around_one_address)
{
	struct trie_match found[33];
	struct trie_change change;
	struct trie trie;

	trie_init(&trie);
	for (unsigned int i = 0; i <= 32; i++) {
		unsigned int len = i * 7 % 33; /* in a wild order */

		ck_assert_int_eq(trie_put(&trie, prefix4(ip4(0xa5a5a5a5), len), len + 1,
					 true, &change),
			0);
	}
	ck_assert_uint_eq(trie_match(&trie, ip4(0xa5a5a5a5), found), 33);
	for (unsigned int i = 0; i <= 32; i++)
		ck_assert_msg(found[i].len == i && found[i].value == i + 1,
			"place %u has length %u", i, found[i].len);
	ck_assert_uint_eq(trie_match(&trie, ip4(0xa5a5a5a4), found), 32);
	trie_done(&trie);
}
END_TEST

START_TEST(a_fork_holds_nothing_and_goes_with_its_reason)
{
	struct trie trie;

	trie_init(&trie);
	runs(&trie, '+', "10.0.0.0/24", 1);
	runs(&trie, '+', "10.0.1.0/24", 2);
	runs(&trie, '?', "10.0.0.0/23", 0); /* the fork between them */
	runs(&trie, '-', "10.0.0.0/23", 0);
	ck_assert_uint_eq(trie.used_nodes, 1);
	ck_assert_uint_eq(trie.used_leaves, 2);
	runs(&trie, '-', "10.0.0.0/24", 1);
	runs(&trie, '?', "10.0.1.0/24", 2);
	ck_assert_uint_eq(trie.count, 1);
	ck_assert_msg(trie_at(&trie, trie.root).prefix.len == 24, "the fork stayed");
	runs(&trie, '+', "10.0.0.0/24", 3); /* takes the spare nodes again */
	ck_assert_uint_eq(trie.used_nodes, 1);
	ck_assert_uint_eq(trie.used_leaves, 2);
	runs(&trie, '+', "10.0.0.0/23", 4); /* the fork gets a value of its own */
	ck_assert_uint_eq(trie.used_nodes, 1);
	ck_assert_uint_eq(trie.used_leaves, 2);
	matches(&trie, "10.0.1.9", "23:4 24:2");
	runs(&trie, '-', "10.0.0.0/23", 4); /* a node with two children becomes a fork */
	matches(&trie, "10.0.1.9", "24:2");
	matches(&trie, "10.0.0.9", "24:3");
	trie_done(&trie);
}
END_TEST

START_TEST(removing_takes_only_what_is_there)
{
	struct trie trie;

	trie_init(&trie);
	runs(&trie, '+', "10.0.0.0/8", 1);
	runs(&trie, '-', "10.0.0.0/9", 0);
	runs(&trie, '-', "10.0.0.0/7", 0);
	runs(&trie, '-', "11.0.0.0/8", 0);
	runs(&trie, '-', "default", 0);
	runs(&trie, '?', "10.0.0.0/8", 1);
	runs(&trie, '-', "10.0.0.0/8", 1);
	runs(&trie, '-', "10.0.0.0/8", 0);
	ck_assert_uint_eq(trie.root, TRIE_NONE);
	ck_assert_uint_eq(trie.count, 0);
	trie_done(&trie);
}
END_TEST

/* What each change moves, and from whom: "PREFIX value old above owned". */
START_TEST(each_change_tells_what_it_moves)
{
	static const struct {
		char what;
		const char *prefix;
		uint32_t value, old, above;
		uint64_t owned;
	} rows[] = {
		{ '+', "10.0.0.0/8", 1, 0, 0, 1u << 24 },
		{ '+', "10.1.0.0/16", 2, 0, 1, 1u << 16 },
		{ '+', "10.1.2.0/24", 3, 0, 2, 256 },
		{ '+', "10.1.0.0/16", 4, 2, 0, (1u << 16) - 256 }, /* in its place */
		{ '+', "10.0.0.0/15", 5, 0, 1,
			1u << 16 }, /* a fork's place, half covered */
		{ '+', "default", 6, 0, 0, (UINT64_C(1) << 32) - (1u << 24) },
		{ '+', "0.0.0.0/1", 7, 0, 6, (UINT64_C(1) << 31) - (1u << 24) },
		{ '+', "128.0.0.0/1", 8, 0, 6, UINT64_C(1) << 31 },
		{ '+', "default", 9, 6, 0, 0 }, /* all of it is covered */
		{ '-', "128.0.0.0/1", 0, 8, 9, UINT64_C(1) << 31 },
		{ '-', "10.1.0.0/16", 0, 4, 5, (1u << 16) - 256 },
		{ '-', "10.1.2.0/24", 0, 3, 5, 256 },
		{ '-', "10.0.0.0/15", 0, 5, 1, 1u << 17 },
		{ '-', "0.0.0.0/1", 0, 7, 9, (UINT64_C(1) << 31) - (1u << 24) },
		{ '-', "default", 0, 9, 0, (UINT64_C(1) << 32) - (1u << 24) },
		{ '-', "10.0.0.0/8", 0, 1, 0, 1u << 24 },
	};
	struct trie trie;

	trie_init(&trie);
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct prefix4 p = model_prefix(rows[i].prefix);
		struct trie_change change;

		if (rows[i].what == '+')
			ck_assert_int_eq(
				trie_put(&trie, p, rows[i].value, true, &change), 0);
		else
			ck_assert(trie_take(&trie, p, 0, &change));
		ck_assert_msg(change.old == rows[i].old, "row %zu: the old value is %u",
			i, change.old);
		ck_assert_msg(change.owned == rows[i].owned, "row %zu: it owns %llu", i,
			(unsigned long long)change.owned);
		if (!rows[i].value || !rows[i].old)
			ck_assert_msg(change.above == rows[i].above,
				"row %zu: above is %u", i, change.above);
	}
	ck_assert_uint_eq(trie.root, TRIE_NONE);
	trie_done(&trie);
}
END_TEST

/* A value that isn't the one that is there stays, and a put without replace changes nothing. */
START_TEST(only_what_is_meant_changes)
{
	struct prefix4 p = model_prefix("10.0.0.0/8");
	struct trie_change change;
	struct trie trie;

	trie_init(&trie);
	ck_assert_int_eq(trie_put(&trie, p, 1, false, &change), 0);
	ck_assert_uint_eq(change.old, 0);
	ck_assert_int_eq(trie_put(&trie, p, 2, false, &change), 0);
	ck_assert_uint_eq(change.old, 1);
	ck_assert_uint_eq(trie_get(&trie, p), 1);
	ck_assert(!trie_take(&trie, p, 2, &change));
	ck_assert_uint_eq(change.old, 1);
	ck_assert(!trie_take(&trie, model_prefix("10.0.0.0/9"), 0, &change));
	ck_assert_uint_eq(change.old, 0);
	ck_assert(trie_take(&trie, p, 1, &change));
	trie_done(&trie);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		nothing_is_in_an_empty_one,
		four_ways_to_meet_a_node,
		the_ends_of_the_address_space,
		all_thirty_three_lengths_around_one_address,
		a_fork_holds_nothing_and_goes_with_its_reason,
		removing_takes_only_what_is_there,
		each_change_tells_what_it_moves,
		only_what_is_meant_changes,
	};

	return fixture_run("trie", tests, ELEMENTS(tests));
}
