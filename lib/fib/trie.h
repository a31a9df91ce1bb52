/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ip4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Prefixes in a binary trie with path compression, which knows at any time how many addresses
 * each of them owns: those that no longer prefix below it has.
 *
 * An entry has a value. What stands in the trie is a leaf, an entry with nothing below it, or
 * a node, an entry with something below it or a fork that two others needed. A leaf is 8
 * bytes and a node 20; in a full Internet table four of five entries are leaves. They name
 * each other by reference (enum below), so that both arrays can grow and move.
 */
struct trie_leaf {
	uint32_t addr;
	uint32_t value : 26; /* never 0 */
	uint32_t len : 6;
};

struct trie_node {
	uint32_t addr;
	uint32_t value : 26; /* 0: a fork */
	uint32_t len : 6;
	uint32_t child[2]; /* where the prefix goes on with bit 0, 1; TRIE_NONE */
	uint32_t covered; /* addresses below that entries there have; of /0 modulo 2^32 */
};

#define TRIE_NONE UINT32_MAX
#define TRIE_LEAF (UINT32_C(1) << 31) /* in a reference: it is of a leaf */
#define TRIE_VALUE_MAX ((UINT32_C(1) << 26) - 1)

/*
 * A short cut for look-ups in a large trie, by an address's first 16 bits: where the path
 * continues, and the next entry around all of these addresses. The other half of the path
 * does not fit into any cache.
 */
struct trie_jump {
	uint32_t below;	     /* the first of it with 16 bits or more, or TRIE_NONE */
	uint32_t above : 26; /* the value of the longest entry of less, 0: none */
	uint32_t above_len : 6;
};

#define TRIE_JUMPS (UINT32_C(1) << 16)
#define TRIE_JUMP_FROM 4096 /* entries: half a megabyte is worth it */

/* The nodes and leaves of another trie over which one is laid: they are read where they are, and
 * copied before they change. */
struct trie_base {
	const struct trie_node *nodes;
	const struct trie_leaf *leaves;
	uint32_t node_count, leaf_count; /* a reference of less is to them */
};

struct trie {
	struct trie_jump *jumps; /* TRIE_JUMPS, or NULL */
	struct trie_node
		*nodes; /* its own: references to them begin behind those to the base's */
	struct trie_leaf *leaves;
	struct trie_base base; /* zeroes: none */
	uint32_t root;
	uint32_t spare_node,
		spare_leaf; /* lists of unused ones, through child[0] and addr */
	uint32_t used_nodes, node_capacity; /* of its own, as the next two */
	uint32_t used_leaves, leaf_capacity;
	size_t count; /* entries */
};

void trie_init(struct trie *trie);
void trie_done(struct trie *trie);

/* Makes *ret, which is not initialized, a copy of a trie, without its short cut; of one that lies
 * over another, over the same. Returns 0 or -ENOMEM; then *ret is empty. */
int trie_copy(const struct trie *from, struct trie *ret);

/*
 * Makes *ret, which is not initialized, a trie that begins as `under` is, and has its nodes and leaves
 * in common with it: a change copies those on its path, 33 at most, and nothing else. `under` must
 * outlive it and must not change meanwhile; but of one that lies over another itself a copy is
 * made. Returns 0 or -ENOMEM; then *ret is empty.
 */
int trie_lay_over(const struct trie *under, struct trie *ret);

/* The value of prefix, 0 where it has none. */
uint32_t trie_get(const struct trie *trie, struct prefix4 prefix);

/* What a change did. */
struct trie_change {
	uint32_t old;	/* the value that prefix had, 0: none */
	uint32_t above; /* the value of the next entry around it, 0: none; known where an
			   entry came or went */
	uint64_t owned; /* addresses that prefix owns, or owned: 0..2^32 */
};

/*
 * Sets the value, 1..TRIE_VALUE_MAX, of prefix; where it has one already, only with replace.
 * ret->old is what it had. Returns 0, or -ENOMEM and the trie is as it was.
 */
int trie_put(struct trie *trie, struct prefix4 prefix, uint32_t value, bool replace,
	struct trie_change *ret);

/*
 * Removes prefix if its value is `wanted` (0: whatever it is). ret->old is the value that it
 * has or had. Returns 1 if it was removed, 0 if not, or, of a trie that lies over another only,
 * -ENOMEM, and the trie is as it was.
 */
int trie_take(struct trie *trie, struct prefix4 prefix, uint32_t wanted,
	struct trie_change *ret);

#define TRIE_AHEAD 32

/*
 * Loads into the caches the paths to count addresses, at most TRIE_AHEAD, that are put or
 * taken next: all at once, as one after the other would wait for each step's memory.
 */
void trie_ahead(const struct trie *trie, const struct ip4 addrs[static 1], size_t count);

/* One entry whose prefix has the address asked for. */
struct trie_match {
	uint32_t value;
	uint8_t len;
};

/* Writes all entries around addr, the shortest prefix first; returns how many. */
size_t trie_match(
	const struct trie *trie, struct ip4 addr, struct trie_match out[static 33]);

/*
 * As trie_match(), but of the entries shorter than /16 the longest alone where there is a short
 * cut; *ret_all: these are all.
 */
size_t trie_nearest(const struct trie *trie, struct ip4 addr,
	struct trie_match out[static 33], bool *ret_all);

/* Makes the short cut, which a trie of TRIE_JUMP_FROM entries gets by itself unless it lies over
 * another. Returns 0 or -ENOMEM, and the trie is as it was. */
int trie_jump(struct trie *trie);

/* What a reference is to, which has TRIE_LEAF, or has it not. */
static inline const struct trie_leaf *trie_leaf_at(
	const struct trie *trie, uint32_t reference)
{
	uint32_t index = reference & ~TRIE_LEAF;

	if (__builtin_expect(index < trie->base.leaf_count, 0))
		return &trie->base.leaves[index];
	return &trie->leaves[index - trie->base.leaf_count];
}

static inline const struct trie_node *trie_node_at(
	const struct trie *trie, uint32_t reference)
{
	if (__builtin_expect(reference < trie->base.node_count, 0))
		return &trie->base.nodes[reference];
	return &trie->nodes[reference - trie->base.node_count];
}

/* What a reference stands for, to walk the trie from trie->root; it changes with the next
 * change. TRIE_NONE in child: nothing there; may be asked for nothing else. */
struct trie_at {
	struct prefix4 prefix;
	uint32_t value; /* 0: a fork */
	uint32_t child[2];
};

static inline struct trie_at trie_at(const struct trie *trie, uint32_t reference)
{
	if (reference & TRIE_LEAF) {
		const struct trie_leaf *leaf = trie_leaf_at(trie, reference);

		return (struct trie_at){ { { leaf->addr }, (uint8_t)leaf->len },
			leaf->value, { TRIE_NONE, TRIE_NONE } };
	} else {
		const struct trie_node *node = trie_node_at(trie, reference);

		return (struct trie_at){ { { node->addr }, (uint8_t)node->len },
			node->value, { node->child[0], node->child[1] } };
	}
}

/* Whether an entry owns any address: those below it may have them all. */
static inline bool trie_owns(const struct trie *trie, uint32_t reference)
{
	const struct trie_node *node;

	if (reference & TRIE_LEAF)
		return true;
	node = trie_node_at(trie, reference);
	if (node->child[0] == TRIE_NONE && node->child[1] == TRIE_NONE)
		return true;
	return node->covered != (uint32_t)(UINT64_C(1) << (32 - node->len));
}
