/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab_world.h"
#include "model/lookup.h"
#include "unit/lab_run.h"

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
	const struct view view = { .state = world->state };
	struct lookup_result result;

	flow.dst = ip4(addr);
	result = lookup(&view, &flow, NULL, 0);
	if (result.error == said->error && result.info == said->info &&
		result.rule == said->rule && result.blind == said->blind &&
		(!result.info ||
			(result.prefix.len == said->prefix.len &&
				result.prefix.addr.host == said->prefix.addr.host)))
		return;
	world_fail(world,
		"%08x (src %08x mark %u tos %u iif %d l3mdev %d): alone it ends with "
		"error %d at "
		"rule %d/%u%s, in a range with error %d at rule %d/%u%s",
		addr, flow.src.host, flow.mark, flow.tos, flow.iif, flow.l3mdev,
		result.error, result.rule ? (int)result.rule->priority : -1,
		result.info ? result.prefix.len : 99, result.blind ? ", blind" : "",
		said->error, said->rule ? (int)said->rule->priority : -1,
		said->info ? said->prefix.len : 99, said->blind ? ", blind" : "");
}

static void ck_range(const struct world *world, const struct lookup_flow *flow,
	uint32_t first, uint32_t last)
{
	const struct view view = { .state = world->state };
	struct answers answers = { 0 };
	uint64_t position = first;

	if (lookup_range(&view, flow, first, last, take, &answers) != 0)
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
		const struct view view = { .state = world.state };
		struct lookup_flow flow = some_flow(&world, &chance);
		struct answers answers = { 0 };
		int calls = 0, r;

		ck_assert_int_eq(
			lookup_range(&view, &flow, 0, UINT32_MAX, take, &answers), 0);
		r = lookup_range(&view, &flow, 0, UINT32_MAX, refuses, &calls);
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
		a_refusal_ends_the_walk_and_comes_back,
	};

	return lab_run("random lookup_range", tests, ELEMENTS(tests));
}
