/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/ip4.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Prefixes in a binary trie with path compression. A node stands for a prefix; one with a
 * value holds an entry, one without is a fork that two entries needed. 16 bytes a node, at
 * most 2n - 1 nodes for n entries; nodes name each other by index, so that the whole is one
 * block of memory that can grow and move.
 */
struct trie_node {
	uint32_t addr;
	uint32_t child[2]; /* TRIE_NONE, or the node whose prefix goes on with bit 0, 1 */
	uint32_t value : 26; /* 0: a fork */
	uint32_t len : 6;
};

#define TRIE_NONE UINT32_MAX
#define TRIE_VALUE_MAX ((UINT32_C(1) << 26) - 1)

struct trie {
	struct trie_node *nodes;
	uint32_t root;	/* TRIE_NONE: empty */
	uint32_t spare; /* the first of a list of unused nodes, through child[0] */
	uint32_t used, capacity;
	size_t count; /* entries */
};

void trie_init(struct trie *trie);
void trie_done(struct trie *trie);

/* The value of prefix, 0 where it has none. */
uint32_t trie_get(const struct trie *trie, struct prefix4 prefix);

/* Sets the value, 1..TRIE_VALUE_MAX, of prefix. Returns 0 or -ENOMEM. */
int trie_set(struct trie *trie, struct prefix4 prefix, uint32_t value);

/* Sets the value of prefix if it has none. *ret_old is the one that it has, 0 where it was set.
 * Returns 0 or -ENOMEM. */
int trie_add(struct trie *trie, struct prefix4 prefix, uint32_t value, uint32_t *ret_old);

/* Removes prefix if this is its value. Returns the value it has or had, 0 where it has none. */
uint32_t trie_remove_value(struct trie *trie, struct prefix4 prefix, uint32_t value);

/* Removes prefix and returns the value it had, 0 where it had none. */
uint32_t trie_remove(struct trie *trie, struct prefix4 prefix);

/* One entry whose prefix has the address asked for. */
struct trie_match {
	uint32_t value;
	uint8_t len;
};

/* Writes all entries around addr, the shortest prefix first; returns how many. */
size_t trie_match(
	const struct trie *trie, struct ip4 addr, struct trie_match out[static 33]);

static inline const struct trie_node *trie_node(const struct trie *trie, uint32_t index)
{
	return index == TRIE_NONE ? NULL : &trie->nodes[index];
}

static inline struct prefix4 trie_prefix(const struct trie_node *node)
{
	return (struct prefix4){ .addr = { node->addr }, .len = node->len };
}
