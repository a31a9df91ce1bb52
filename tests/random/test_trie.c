/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab_random.h"
#include "model/trie.h"
#include "unit/lab_run.h"

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
}

/* A node without a value has two children; all used nodes are in the tree or spare. */
static size_t ck_shape(const struct trie *trie, uint32_t index, unsigned int above)
{
	const struct trie_node *node = trie_node(trie, index);
	bool whole;

	if (!node)
		return 0;
	whole = node->child[0] != TRIE_NONE && node->child[1] != TRIE_NONE;
	if (!node->value && !whole)
		ck_abort_msg("%08x/%u is a fork of one tooth", node->addr, node->len);
	if (above != 99 && node->len <= above)
		ck_abort_msg("%08x/%u lies below a /%u", node->addr, node->len, above);
	return 1 + ck_shape(trie, node->child[0], node->len) +
	       ck_shape(trie, node->child[1], node->len);
}

static void ck_nodes(const struct trie *trie, const struct list *list)
{
	size_t nodes = ck_shape(trie, trie->root, 99), spare = 0;

	for (uint32_t i = trie->spare; i != TRIE_NONE; i = trie->nodes[i].child[0])
		spare++;
	if (trie->count != list->count)
		ck_abort_msg("it counts %zu entries, not %zu", trie->count, list->count);
	if (list->count && nodes > 2 * list->count - 1)
		ck_abort_msg("%zu nodes for %zu entries", nodes, list->count);
	if (nodes + spare != trie->used)
		ck_abort_msg("%zu nodes and %zu spare ones, but %u are used", nodes,
			spare, trie->used);
}

static void step(struct trie *trie, struct list *list, struct chance *chance, bool grows)
{
	struct prefix4 prefix = some_prefix(chance, list);
	struct entry *known = list_find(list, prefix);
	uint32_t value = 1 + chance_below(chance, TRIE_VALUE_MAX);

	if (chance_one_in(chance, grows ? 4 : 2) && list->count) {
		if (!chance_one_in(chance, 4)) { /* mostly one that is there */
			prefix =
				list->entries[chance_below(chance, (uint32_t)list->count)]
					.prefix;
			known = list_find(list, prefix);
		}
		if (trie_remove(trie, prefix) != (known ? known->value : 0))
			ck_abort_msg("removing %08x/%u is wrong", prefix.addr.host,
				prefix.len);
		if (known)
			*known = list->entries[--list->count];
	} else if (known || list->count < MOST) {
		if (trie_get(trie, prefix) != (known ? known->value : 0))
			ck_abort_msg("%08x/%u has another value", prefix.addr.host,
				prefix.len);
		if (trie_set(trie, prefix, value) < 0)
			abort();
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
		struct trie trie;

		trie_init(&trie);
		for (int i = 0; i < 1000; i++)
			step(&trie, &list, &chance, i < 500);
		while (list.count) {
			list.count--;
			trie_remove(&trie, list.entries[list.count].prefix);
			ck_nodes(&trie, &list);
		}
		ck_assert_uint_eq(trie.root, TRIE_NONE);
		trie_done(&trie);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { trie_is_a_list };

	return lab_run("random trie", tests, ELEMENTS(tests));
}
