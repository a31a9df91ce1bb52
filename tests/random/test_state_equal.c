/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_random.h"

#include "state/state_apply.h"
#include "state/state_equal.h"
#include "unit/fixture_run.h"

#include <stddef.h>

/*
 * Two states hear the same, while they are compared in pieces. One of them may have a route more
 * or less, which nothing else touches: its device is its own. That is found wherever it is, and
 * nothing else is.
 */
#define TABLES 3
#define OWN_DEVICE 9

static struct record a_route(
	struct chance *chance, int oif, enum record_kind kind, struct nexthop *nexthop)
{
	unsigned int len = chance_below(chance, 9);
	struct ip4 addr = { chance_below(chance, 256) << 24 };

	*nexthop = (struct nexthop){ .oif = oif, .weight = 1 };
	return (struct record){ .kind = kind,
		.route = { .table = TABLE_MAIN - chance_below(chance, TABLES),
			.dst = prefix4(addr, len),
			.priority = chance_below(chance, 2),
			.type = ROUTE_UNICAST,
			.position = ROUTE_APPEND,
			.nexthops = nexthop,
			.nexthop_count = 1 } };
}

static void tell_both(struct state *a, struct state *b, struct chance *chance)
{
	enum record_kind kind =
		chance_one_in(chance, 3) ? RECORD_ROUTE_GONE : RECORD_ROUTE;
	struct nexthop nexthop;
	struct record record =
		a_route(chance, 1 + (int)chance_below(chance, 4), kind, &nexthop);

	ck_assert_int_ge(state_apply(a, &record), 0);
	ck_assert_int_ge(state_apply(b, &record), 0);
}

/* What the comparison should say: "" or where the route is that only one has. */
static void plant(struct state *state, struct chance *chance, char *expected)
{
	char text[PREFIX4_TEXT];
	struct nexthop nexthop;
	struct record record = a_route(chance, OWN_DEVICE, RECORD_ROUTE, &nexthop);

	ck_assert_int_eq(state_apply(state, &record), 1);
	snprintf(expected, STATE_DIFFERENCE, "table %u at %s", record.route.table,
		prefix4_format(record.route.dst, text));
}

static struct state *a_state(void)
{
	struct state *state = state_new();
	const struct record parted = { .kind = RECORD_MERGED };

	ck_assert_ptr_nonnull(state);
	ck_assert_int_ge(state_apply(state, &parted), 0);
	return state;
}

static void compare(struct chance *chance, int round)
{
	_cleanup_(state_freep) struct state *a = a_state();
	_cleanup_(state_freep) struct state *b = a_state();
	char expected[STATE_DIFFERENCE] = "", what[STATE_DIFFERENCE] = "";
	struct state_comparison comparison = { 0 };
	size_t budget = 1 + chance_below(chance, 7), pieces = 0, least;
	int r;

	for (uint32_t i = chance_below(chance, 300); i > 0; i--)
		tell_both(a, b, chance);
	least = state_routes(a) / 8 / budget /
		2; /* 8 routes a prefix at most, and some go */
	/* with few routes it may be a table that only one has */
	if (chance_one_in(chance, 2) && state_routes(a) > 100)
		plant(chance_one_in(chance, 2) ? a : b, chance, expected);
	do {
		r = state_compare(a, b, &comparison, budget, what);
		pieces++;
		for (uint32_t i = chance_below(chance, 4); i > 0; i--)
			tell_both(a, b, chance);
		ck_assert_msg(pieces < 10000, "it never ends");
	} while (r > 0);
	ck_assert_msg(r == (*expected ? -1 : 0), "round %d: %d, '%s', not '%s'", round, r,
		what, expected);
	ck_assert_str_eq(what, expected);
	if (r == 0)
		ck_assert_uint_ge(pieces, least);
	ck_assert_int_eq(state_equal(a, b, what), r == 0);
}

START_TEST(comparing_in_pieces_finds_what_differs)
{
	struct chance chance = chance_new("comparing");

	for (int round = 0; round < 300; round++)
		compare(&chance, round);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { comparing_in_pieces_finds_what_differs };

	return fixture_run("random state_equal", tests, ELEMENTS(tests));
}
