/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/trie.h"
#include "fixture_random.h"
#include "unit/fixture_run.h"

#include <string.h>

/* The oracle: a list, searched from one end to the other. */
#define MOST 200

struct entry {
	struct prefix4 prefix;
	uint32_t value;
};

struct list {
	struct entry entries[MOST];
	size_t count;
};

static struct entry *list_find(struct list *list, struct prefix4 prefix)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->entries[i].prefix.len == prefix.len &&
			list->entries[i].prefix.addr.host == prefix.addr.host)
			return &list->entries[i];
	}
	return NULL;
}

/* Many share their first bits, so that all four cases of a meeting occur. */
static struct prefix4 some_prefix(struct chance *chance, struct list *list)
{
	uint32_t addr = (uint32_t)chance_next(chance);
	uint8_t len = (uint8_t)chance_below(chance, 33);

	if (list->count && !chance_one_in(chance, 3)) {
		struct prefix4 near =
			list->entries[chance_below(chance, (uint32_t)list->count)].prefix;

		addr = near.addr.host ^ (addr >> chance_below(chance, 32));
		if (chance_one_in(chance, 2))
			len = near.len;
	}
	return prefix4(ip4(addr), len);
}

static void ck_match(const struct trie *trie, const struct list *list, struct ip4 addr)
{
	struct trie_match found[33];
	size_t count = trie_match(trie, addr, found), expected = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entries[i];
		size_t at = 0;

		if (!prefix4_has(entry->prefix, addr))
			continue;
		expected++;
		while (at < count && found[at].len != entry->prefix.len)
			at++;
		if (at == count || found[at].value != entry->value)
			ck_abort_msg("%08x/%u is not found around %08x",
				entry->prefix.addr.host, entry->prefix.len, addr.host);
	}
	if (count != expected)
		ck_abort_msg("around %08x are %zu, not %zu", addr.host, count, expected);
	for (size_t i = 1; i < count; i++) {
		if (found[i - 1].len >= found[i].len)
			ck_abort_msg("around %08x they are out of order", addr.host);
	}
}

/* The short cut finds the same, but for shorter ones than the longest below 16 bits. */
static void ck_nearest(const struct trie *trie, struct ip4 addr)
{
	struct trie_match all[33], near[33];
	size_t count = trie_match(trie, addr, all), got, skip = 0;
	bool whole;

	got = trie_nearest(trie, addr, near, &whole);
	if (whole == (trie->jumps != NULL))
		ck_abort_msg("it says that these are all, or not");
	while (!whole && skip + 1 < count && all[skip].len < 16 && all[skip + 1].len < 16)
		skip++;
	if (got != count - skip)
		ck_abort_msg("around %08x are %zu near, not %zu", addr.host, got,
			count - skip);
	for (size_t i = 0; i < got; i++) {
		if (near[i].value != all[skip + i].value ||
			near[i].len != all[skip + i].len)
			ck_abort_msg("around %08x another is near", addr.host);
	}
}

/* Where errors live: at both ends of a prefix, beside them, and a bit flipped. */
static void ck_near(const struct trie *trie, const struct list *list,
	struct prefix4 prefix, struct chance *chance)
{
	uint32_t first = prefix4_first(prefix), last = prefix4_last(prefix);

	ck_match(trie, list, ip4(first));
	ck_match(trie, list, ip4(last));
	ck_match(trie, list, ip4(first - 1));
	ck_match(trie, list, ip4(last + 1));
	ck_match(trie, list, ip4(first ^ 1u << chance_below(chance, 32)));
	ck_match(trie, list, ip4((uint32_t)chance_next(chance)));
	ck_nearest(trie, ip4(first));
	ck_nearest(trie, ip4(last));
	ck_nearest(trie, ip4(first - 1));
	ck_nearest(trie, ip4(last + 1));
	ck_nearest(trie, ip4(first ^ 1u << chance_below(chance, 32)));
}

/* It changes nothing, and wherever the ways end, nothing else is read. */
static void look_ahead(
	const struct trie *trie, struct chance *chance, struct prefix4 next)
{
	struct ip4 addrs[TRIE_AHEAD];
	size_t count = chance_below(chance, TRIE_AHEAD + 1);

	for (size_t i = 0; i < count; i++)
		addrs[i].host = chance_one_in(chance, 2) ? next.addr.host
							 : (uint32_t)chance_next(chance);
	trie_ahead(trie, addrs, count);
}

/* What an entry owns: itself, less the largest entries inside it. */
static uint64_t list_owned(const struct list *list, struct prefix4 prefix)
{
	uint64_t owned = prefix4_size(prefix);

	for (size_t i = 0; i < list->count; i++) {
		struct prefix4 inner = list->entries[i].prefix;
		bool largest = prefix_covers(prefix, inner) && inner.len > prefix.len;

		for (size_t k = 0; k < list->count && largest; k++) {
			struct prefix4 other = list->entries[k].prefix;

			largest = !(other.len > prefix.len && other.len < inner.len &&
				    prefix_covers(other, inner));
		}
		if (largest)
			owned -= prefix4_size(inner);
	}
	return owned;
}

/* The value of the next entry around a prefix. */
static uint32_t list_above(const struct list *list, struct prefix4 prefix)
{
	uint32_t value = 0;
	int longest = -1;

	for (size_t i = 0; i < list->count; i++) {
		struct prefix4 outer = list->entries[i].prefix;

		if (outer.len < prefix.len && prefix_covers(outer, prefix) &&
			outer.len > longest) {
			longest = outer.len;
			value = list->entries[i].value;
		}
	}
	return value;
}

struct shape {
	size_t nodes, leaves; /* of its own */
	size_t all;	      /* and those of a trie below it */
	uint64_t has;	      /* addresses that entries of it have */
};

/* A fork has two children, a node one at least, and knows what they have. */
static struct shape ck_shape(
	const struct trie *trie, uint32_t reference, unsigned int above)
{
	struct shape shape = { 0 }, part[2];
	struct trie_at at;

	if (reference == TRIE_NONE)
		return shape;
	at = trie_at(trie, reference);
	if (above != 99 && at.prefix.len <= above)
		ck_abort_msg("%08x/%u lies below a /%u", at.prefix.addr.host,
			at.prefix.len, above);
	for (int i = 0; i < 2; i++)
		part[i] = ck_shape(trie, at.child[i], at.prefix.len);
	shape.has = part[0].has + part[1].has;
	shape.nodes = part[0].nodes + part[1].nodes;
	shape.leaves = part[0].leaves + part[1].leaves;
	shape.all = part[0].all + part[1].all + 1;
	if (reference & TRIE_LEAF) {
		shape.leaves += (reference & ~TRIE_LEAF) >= trie->base.leaf_count;
	} else {
		bool one = at.child[0] != TRIE_NONE || at.child[1] != TRIE_NONE;
		bool two = at.child[0] != TRIE_NONE && at.child[1] != TRIE_NONE;

		shape.nodes += reference >= trie->base.node_count;
		if (at.value ? !one : !two)
			ck_abort_msg("%08x/%u lacks a child", at.prefix.addr.host,
				at.prefix.len);
		if (trie_node_at(trie, reference)->covered != (uint32_t)shape.has)
			ck_abort_msg("%08x/%u has %u covered, not %llu",
				at.prefix.addr.host, at.prefix.len,
				trie_node_at(trie, reference)->covered,
				(unsigned long long)shape.has);
	}
	if (at.value)
		shape.has = prefix4_size(at.prefix);
	return shape;
}

static void ck_nodes(const struct trie *trie, const struct list *list)
{
	struct shape shape = ck_shape(trie, trie->root, 99);
	size_t nodes = shape.nodes, leaves = shape.leaves;

	for (uint32_t i = trie->spare_node; i != TRIE_NONE;
		i = trie_node_at(trie, i)->child[0])
		nodes++;
	for (uint32_t i = trie->spare_leaf; i != TRIE_NONE;
		i = trie_leaf_at(trie, i)->addr)
		leaves++;
	if (trie->count != list->count)
		ck_abort_msg("it counts %zu entries, not %zu", trie->count, list->count);
	if (list->count && shape.all > 2 * list->count - 1)
		ck_abort_msg("%zu nodes for %zu entries", shape.all, list->count);
	if (nodes != trie->used_nodes || leaves != trie->used_leaves)
		ck_abort_msg("%zu nodes and %zu leaves, but %u and %u are used", nodes,
			leaves, trie->used_nodes, trie->used_leaves);
}

/* A change told what it moved, as the list is behind it (came) or before it (went). */
static void ck_change(const struct list *list, struct prefix4 prefix,
	const struct trie_change *change, bool moved)
{
	if (change->owned != list_owned(list, prefix))
		ck_abort_msg("%08x/%u owns %llu, not %llu", prefix.addr.host, prefix.len,
			(unsigned long long)list_owned(list, prefix),
			(unsigned long long)change->owned);
	if (moved && change->above != list_above(list, prefix))
		ck_abort_msg("around %08x/%u is another value than %u", prefix.addr.host,
			prefix.len, change->above);
}

static void step(struct trie *trie, struct list *list, struct chance *chance, bool grows)
{
	struct prefix4 prefix = some_prefix(chance, list);
	struct entry *known = list_find(list, prefix);
	uint32_t value = 1 + chance_below(chance, TRIE_VALUE_MAX);
	struct trie_change change;

	look_ahead(trie, chance, prefix);
	if (chance_one_in(chance, grows ? 4 : 2) && list->count) {
		if (!chance_one_in(chance, 4)) { /* mostly one that is there */
			prefix =
				list->entries[chance_below(chance, (uint32_t)list->count)]
					.prefix;
			known = list_find(list, prefix);
		}
		if (trie_take(trie, prefix, 0, &change) != (known ? 1 : 0) ||
			change.old != (known ? known->value : 0))
			ck_abort_msg("removing %08x/%u is wrong", prefix.addr.host,
				prefix.len);
		if (known)
			ck_change(list, prefix, &change, true);
		if (known)
			*known = list->entries[--list->count];
	} else if (known || list->count < MOST) {
		if (trie_get(trie, prefix) != (known ? known->value : 0))
			ck_abort_msg("%08x/%u has another value", prefix.addr.host,
				prefix.len);
		if (trie_put(trie, prefix, value, true, &change) < 0)
			abort();
		ck_change(list, prefix, &change, !known);
		if (known)
			known->value = value;
		else
			list->entries[list->count++] = (struct entry){ prefix, value };
	}
	ck_near(trie, list, prefix, chance);
	ck_nodes(trie, list);
}

START_TEST(trie_is_a_list)
{
	struct chance chance = chance_new("trie");

	for (int round = 0; round < 40; round++) {
		struct list list = { .count = 0 };
		struct trie_change change;
		struct trie trie;

		trie_init(&trie);
		for (int i = 0; i < 1000; i++) {
			/* before anything, or in the middle, is the short cut made */
			if (round % 3 && i == (round % 3 - 1) * 300 &&
				trie_jump(&trie) < 0)
				abort();
			step(&trie, &list, &chance, i < 500);
		}
		while (list.count) {
			list.count--;
			trie_take(&trie, list.entries[list.count].prefix, 0, &change);
			ck_nodes(&trie, &list);
		}
		ck_assert_uint_eq(trie.root, TRIE_NONE);
		trie_done(&trie);
	}
}
END_TEST

#define LAID 3

/* Every entry of the trie below is in place, and not a byte of it is another one. */
static void ck_below(
	const struct trie *below, const struct trie *copy, const struct list *list)
{
	ck_nodes(below, list);
	if (below->used_nodes)
		ck_assert_mem_eq(below->nodes, copy->nodes,
			below->used_nodes * sizeof(*below->nodes));
	if (below->used_leaves)
		ck_assert_mem_eq(below->leaves, copy->leaves,
			below->used_leaves * sizeof(*below->leaves));
	ck_assert_uint_eq(below->root, copy->root);
}

/* Several over one, and one over another of these, are each a list of its own. */
START_TEST(laid_over_another_is_a_list_too)
{
	struct chance chance = chance_new("trie, laid over");

	for (int round = 0; round < 40; round++) {
		struct list below_list = { .count = 0 }, lists[LAID];
		struct trie below, copy, tries[LAID];

		trie_init(&below);
		for (uint32_t i = chance_below(&chance, 200); i > 0; i--)
			step(&below, &below_list, &chance, true);
		ck_assert_int_eq(trie_copy(&below, &copy), 0);
		for (int i = 0; i < LAID; i++) {
			const struct trie *under = i < LAID - 1 ? &below : &tries[0];

			ck_assert_int_eq(trie_lay_over(under, &tries[i]), 0);
			lists[i] = i < LAID - 1 ? below_list : lists[0];
			for (int k = 0; k < 150; k++)
				step(&tries[i], &lists[i], &chance, round & 1);
			ck_below(&below, &copy, &below_list);
		}
		for (int k = 0; k < 300; k++) {
			uint32_t which = 1 + chance_below(&chance, LAID - 1);

			step(&tries[which], &lists[which], &chance, false);
		}
		for (int i = LAID; i-- > 0;) {
			ck_nodes(&tries[i], &lists[i]);
			trie_done(&tries[i]);
		}
		ck_below(&below, &copy, &below_list);
		trie_done(&below);
		trie_done(&copy);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { trie_is_a_list, laid_over_another_is_a_list_too };

	return fixture_run("random trie", tests, ELEMENTS(tests));
}
