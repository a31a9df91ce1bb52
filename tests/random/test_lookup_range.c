/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_world.h"
#include "rpf/lookup.h"
#include "unit/fixture_run.h"

#include <stdlib.h>
#include <string.h>

/*
 * A look-up of a range is a look-up of each of its addresses: what it hands out is disjoint,
 * complete, and says the same of each.
 */
struct answer {
	uint32_t first, last;
	struct lookup_result result;
};

struct answers {
	ARRAY(struct answer) list;
};

static int take(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	const struct answer answer = { first, last, *result };
	struct answers *answers = data;

	return array_push(&answers->list, &answer);
}

static int by_first(const void *a, const void *b)
{
	uint32_t left = ((const struct answer *)a)->first;
	uint32_t right = ((const struct answer *)b)->first;

	return (left > right) - (left < right);
}

static void ck_address(const struct world *world, struct lookup_flow flow, uint32_t addr,
	const struct lookup_result *said)
{
	const struct overlay overlay = { .state = world->state };
	struct lookup_result result;

	flow.dst = ip4(addr);
	result = lookup(&overlay, &flow, NULL, 0);
	if (result.error == said->error && result.info == said->info &&
		result.rule == said->rule && result.blind == said->blind &&
		(!result.info ||
			(result.prefix.len == said->prefix.len &&
				result.prefix.addr.host == said->prefix.addr.host)))
		return;
	world_fail(world,
		"%08x (src %08x mark %u tos %u iif %d l3mdev %d): alone it ends with error %d at rule %d/%u%s, in a range with error %d at rule %d/%u%s",
		addr, flow.src.host, flow.mark, flow.tos, flow.iif, flow.l3mdev,
		result.error, result.rule ? (int)result.rule->priority : -1,
		result.info ? result.prefix.len : 99, result.blind ? ", blind" : "",
		said->error, said->rule ? (int)said->rule->priority : -1,
		said->info ? said->prefix.len : 99, said->blind ? ", blind" : "");
}

static void ck_range(const struct world *world, const struct lookup_flow *flow,
	uint32_t first, uint32_t last)
{
	const struct overlay overlay = { .state = world->state };
	struct answers answers = { 0 };
	uint64_t position = first;

	if (lookup_range(&overlay, flow, first, last, take, &answers) != 0)
		world_fail(world, "the range %08x-%08x fails", first, last);
	qsort(answers.list.items, answers.list.count, sizeof(*answers.list.items),
		by_first);
	array_each (&answers.list, const struct answer, answer) {
		uint32_t size = answer->last - answer->first;

		if (answer->first != position || answer->first > answer->last)
			world_fail(world, "%08x-%08x is handed out where %08llx is next",
				answer->first, answer->last,
				(unsigned long long)position);
		position = (uint64_t)answer->last + 1;
		for (uint32_t i = 0; i <= size && i < WORLD_SPACE; i++)
			ck_address(world, *flow, answer->first + i, &answer->result);
		ck_address(world, *flow, answer->last, &answer->result);
	}
	if (position != (uint64_t)last + 1)
		world_fail(world, "%08llx-%08x is handed out to nobody",
			(unsigned long long)position, last);
	array_done(&answers.list);
}

/* How much there is of each result, told apart by all but the prefix. */
struct part {
	struct lookup_result result;
	uint64_t by_range, by_share;
};

struct parts {
	ARRAY(struct part) list;
	bool shared; /* some came as a list's share */
};

static struct part *part_of(struct parts *parts, const struct lookup_result *result)
{
	struct part fresh = { .result = *result };

	array_each (&parts->list, struct part, part) {
		if (part->result.error == result->error &&
			part->result.info == result->info &&
			part->result.rule == result->rule &&
			part->result.blind == result->blind)
			return part;
	}
	if (array_push(&parts->list, &fresh) < 0)
		abort();
	return &parts->list.items[parts->list.count - 1];
}

static int take_range(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	part_of(data, result)->by_range += (uint64_t)last - first + 1;
	return 0;
}

static int take_share(const struct lookup_result *result, const struct fib_list *list,
	uint64_t count, void *data)
{
	struct parts *parts = data;

	parts->shared |= list != NULL;
	part_of(parts, result)->by_share += count;
	return 0;
}

/* Shares are what ranges add up to. Returns whether tables told them without a walk. */
static bool ck_shares(const struct world *world, const struct lookup_flow *flow,
	const struct prefixset *set)
{
	const struct overlay overlay = { .state = world->state };
	struct parts parts = { 0 };
	bool shared;

	array_each (&set->ranges, const struct range, range) {
		if (lookup_range(&overlay, flow, range->first, range->last, take_range,
			    &parts) != 0)
			world_fail(world, "a range fails");
	}
	if (lookup_shares(&overlay, flow, set, take_share, &parts) != 0)
		world_fail(world, "the shares fail");
	array_each (&parts.list, const struct part, part) {
		if (part->by_range != part->by_share)
			world_fail(world,
				"(src %08x mark %u tos %u iif %d) error %d at rule %d has %llu addresses by ranges and %llu by shares",
				flow->src.host, flow->mark, flow->tos, flow->iif,
				part->result.error,
				part->result.rule ? (int)part->result.rule->priority : -1,
				(unsigned long long)part->by_range,
				(unsigned long long)part->by_share);
	}
	shared = parts.shared;
	array_done(&parts.list);
	return shared;
}

static struct lookup_flow some_flow(const struct world *world, struct chance *chance)
{
	static const uint8_t tos[] = { 0, 0x10, 0x08, 0x50 };

	return (struct lookup_flow){
		.src = ip4(world->base + chance_below(chance, WORLD_SPACE)),
		.iif = 1 + (int)chance_below(chance, 3),
		.l3mdev = chance_one_in(chance, 4) ? 6 : 0,
		.mark = chance_below(chance, 2),
		.tos = tos[chance_below(chance, ELEMENTS(tos))],
		.proto = chance_one_in(chance, 2) ? 17 : 0,
		.dport = (uint16_t)chance_below(chance, 12),
	};
}

static void ck_world(struct chance *chance, bool merged)
{
	static const uint32_t bases[] = { 0, 0x0a000000, 0x7fffff00, 0xffffff00 };
	uint32_t base = bases[chance_below(chance, ELEMENTS(bases))];
	struct world world = world_new(chance, base, merged, true);

	for (int i = 0; i < 4; i++) {
		struct lookup_flow flow = some_flow(&world, chance);
		uint32_t first = chance_below(chance, WORLD_SPACE);
		uint32_t last = first + chance_below(chance, WORLD_SPACE - first);

		ck_range(&world, &flow, base, base + WORLD_SPACE - 1);
		ck_range(&world, &flow, base + first, base + last);
		if (i == 0)
			ck_range(&world, &flow, 0, UINT32_MAX);
	}
	world_done(&world);
}

START_TEST(a_range_is_its_addresses)
{
	struct chance chance = chance_new("lookup_range");

	for (int round = 0; round < 700; round++)
		ck_world(&chance, false);
}
END_TEST

START_TEST(a_range_of_merged_tables_is_its_addresses)
{
	struct chance chance = chance_new("lookup_range, merged");

	for (int round = 0; round < 300; round++)
		ck_world(&chance, true);
}
END_TEST

/* All but some holes, which may lie in the world's space or out of it. */
static void most_of_all(
	const struct world *world, struct chance *chance, struct prefixset *ret)
{
	uint64_t position = 0;

	for (uint32_t holes = chance_below(chance, 4); holes--;) {
		uint32_t hole = chance_one_in(chance, 2)
					? world->base + chance_below(chance, WORLD_SPACE)
					: (uint32_t)chance_next(chance);

		if (hole > position &&
			prefixset_add(ret, (uint32_t)position, hole - 1) < 0)
			abort();
		if (hole >= position)
			position = (uint64_t)hole + 1 + chance_below(chance, 5);
	}
	if (position <= UINT32_MAX &&
		prefixset_add(ret, (uint32_t)position, UINT32_MAX) < 0)
		abort();
}

START_TEST(shares_are_what_ranges_add_up_to)
{
	static const uint32_t bases[] = { 0, 0x0a000000, 0x7fffff00, 0xffffff00 };
	struct chance chance = chance_new("lookup_shares");
	int shared = 0;

	for (int round = 0; round < 2000; round++) {
		struct world world = world_new(&chance,
			bases[chance_below(&chance, ELEMENTS(bases))], round & 1, true);
		struct lookup_flow flow = some_flow(&world, &chance);
		struct prefixset set = { 0 };

		most_of_all(&world, &chance, &set);
		shared += ck_shares(&world, &flow, &set);
		prefixset_done(&set);
		world_done(&world);
	}
	ck_assert_msg(shared >= 200, "only %d of 2000 worlds told shares", shared);
}
END_TEST

static int refuses(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	(void)first;
	(void)last;
	(void)result;
	return ++*(int *)data == 3 ? -7 : 0;
}

START_TEST(a_refusal_ends_the_walk_and_comes_back)
{
	struct chance chance = chance_new("lookup_range, refused");

	for (int round = 0; round < 50; round++) {
		struct world world = world_new(&chance, 0x0a000000, round & 1, false);
		const struct overlay overlay = { .state = world.state };
		struct lookup_flow flow = some_flow(&world, &chance);
		struct answers answers = { 0 };
		int calls = 0, r;

		ck_assert_int_eq(
			lookup_range(&overlay, &flow, 0, UINT32_MAX, take, &answers), 0);
		r = lookup_range(&overlay, &flow, 0, UINT32_MAX, refuses, &calls);
		if (answers.list.count >= 3 && (r != -7 || calls != 3))
			world_fail(&world, "it returns %d after %d calls", r, calls);
		array_done(&answers.list);
		world_done(&world);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_range_is_its_addresses,
		a_range_of_merged_tables_is_its_addresses,
		shares_are_what_ranges_add_up_to,
		a_refusal_ends_the_walk_and_comes_back,
	};

	return fixture_run("random lookup_range", tests, ELEMENTS(tests));
}
