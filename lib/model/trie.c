/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/trie.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * There are four cases when a prefix P meets a node N on its way down:
 *
 *	P is N			the place is found
 *	N lies around P		go on with the child that P's next bit names
 *	P lies around N		P becomes N's parent
 *	neither			a fork at the bits that they share gets both as children
 *
 * The invariant: a node without a value has two children. Removal restores it by taking out
 * the node, or the fork above it, that has no reason left to be there.
 */

_Static_assert(sizeof(struct trie_node) == 16, "a million routes depend on it");

void trie_init(struct trie *trie)
{
	*trie = (struct trie){ .root = TRIE_NONE, .spare = TRIE_NONE };
}

void trie_done(struct trie *trie)
{
	free(trie->nodes);
	trie_init(trie);
}

/* bit 0 is the first; position < 32 */
static unsigned int bit(uint32_t addr, unsigned int position)
{
	return addr >> (31 - position) & 1;
}

/* how many first bits two addresses share, at most limit */
static unsigned int common(uint32_t a, uint32_t b, unsigned int limit)
{
	unsigned int same = a == b ? 32 : (unsigned int)__builtin_clz(a ^ b);

	return same < limit ? same : limit;
}

/* A prefix may need two nodes, itself and a fork: both are had before anything changes. */
static int reserve(struct trie *trie)
{
	struct trie_node *nodes;
	uint32_t capacity;

	if (trie->capacity - trie->used >= 2)
		return 0;
	if (trie->capacity > UINT32_MAX / 2)
		return -ENOMEM;
	/* pages behind `used` are not resident until they are written: doubling is free */
	capacity = trie->capacity ? trie->capacity * 2 : 16;
	nodes = realloc(trie->nodes, capacity * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	trie->nodes = nodes;
	trie->capacity = capacity;
	return 0;
}

static uint32_t node_new(struct trie *trie, struct prefix4 prefix, uint32_t value)
{
	uint32_t index = trie->spare;

	if (index != TRIE_NONE)
		trie->spare = trie->nodes[index].child[0];
	else
		index = trie->used++;
	trie->nodes[index] = (struct trie_node){
		.addr = prefix.addr.host,
		.child = { TRIE_NONE, TRIE_NONE },
		.value = value & TRIE_VALUE_MAX,
		.len = (unsigned int)prefix.len & 0x3f,
	};
	return index;
}

static void node_free(struct trie *trie, uint32_t index)
{
	trie->nodes[index].child[0] = trie->spare;
	trie->spare = index;
}

/* One descent; replace: a value that is there gives way. */
static inline int put(struct trie *trie, struct prefix4 prefix, uint32_t value,
	bool replace, uint32_t *ret_old)
{
	uint32_t addr = prefix.addr.host;
	uint32_t *slot = &trie->root;
	int r;

	assert(value > 0 && value <= TRIE_VALUE_MAX);
	r = reserve(trie);
	if (r < 0)
		return r;
	*ret_old = 0;
	while (*slot != TRIE_NONE) {
		struct trie_node *node = &trie->nodes[*slot];
		unsigned int limit = node->len < prefix.len ? node->len : prefix.len;
		unsigned int same = common(node->addr, addr, limit);
		uint32_t old = *slot;

		if (same == node->len && same == prefix.len) {
			*ret_old = node->value;
			trie->count += node->value == 0;
			if (replace || node->value == 0)
				node->value = value & TRIE_VALUE_MAX;
			return 0;
		}
		if (same == node->len) {
			slot = &node->child[bit(addr, same)];
			continue;
		}
		if (same == prefix.len) {
			*slot = node_new(trie, prefix, value);
			trie->nodes[*slot].child[bit(node->addr, same)] = old;
		} else {
			uint32_t fork = node_new(trie, prefix4(prefix.addr, same), 0);

			*slot = fork;
			trie->nodes[fork].child[bit(node->addr, same)] = old;
			trie->nodes[fork].child[bit(addr, same)] =
				node_new(trie, prefix, value);
		}
		trie->count++;
		return 0;
	}
	*slot = node_new(trie, prefix, value);
	trie->count++;
	return 0;
}

int trie_set(struct trie *trie, struct prefix4 prefix, uint32_t value)
{
	uint32_t old;

	return put(trie, prefix, value, true, &old);
}

int trie_add(struct trie *trie, struct prefix4 prefix, uint32_t value, uint32_t *ret_old)
{
	return put(trie, prefix, value, false, ret_old);
}

uint32_t trie_get(const struct trie *trie, struct prefix4 prefix)
{
	const struct trie_node *node = trie_node(trie, trie->root);

	while (node && node->len < prefix.len)
		node = trie_node(trie, node->child[bit(prefix.addr.host, node->len)]);
	if (!node || node->len != prefix.len || node->addr != prefix.addr.host)
		return 0;
	return node->value;
}

/* Takes out a node that has no value and at most one child. */
static void node_splice(struct trie *trie, uint32_t *slot)
{
	uint32_t index = *slot;
	const struct trie_node *node = &trie->nodes[index];

	if (node->value || (node->child[0] != TRIE_NONE && node->child[1] != TRIE_NONE))
		return;
	*slot = node->child[node->child[0] == TRIE_NONE];
	node_free(trie, index);
}

/* wanted 0: whatever the value is */
static inline uint32_t take(struct trie *trie, struct prefix4 prefix, uint32_t wanted)
{
	uint32_t *slot = &trie->root, *above = NULL, value;
	struct trie_node *node;

	for (;;) {
		if (*slot == TRIE_NONE)
			return 0;
		node = &trie->nodes[*slot];
		if (node->len >= prefix.len)
			break;
		above = slot;
		slot = &node->child[bit(prefix.addr.host, node->len)];
	}
	if (node->len != prefix.len || node->addr != prefix.addr.host || !node->value)
		return 0;
	value = node->value;
	if (wanted && value != wanted)
		return value;
	node->value = 0;
	trie->count--;
	node_splice(trie, slot);
	if (above)
		node_splice(trie, above);
	return value;
}

uint32_t trie_remove(struct trie *trie, struct prefix4 prefix)
{
	return take(trie, prefix, 0);
}

uint32_t trie_remove_value(struct trie *trie, struct prefix4 prefix, uint32_t value)
{
	return take(trie, prefix, value);
}

size_t trie_match(
	const struct trie *trie, struct ip4 addr, struct trie_match out[static 33])
{
	uint32_t index = trie->root;
	size_t count = 0;

	while (index != TRIE_NONE) {
		const struct trie_node *node = &trie->nodes[index];

		if ((node->addr ^ addr.host) & ip4_mask(node->len))
			break;
		if (node->value)
			out[count++] = (struct trie_match){ node->value, node->len };
		if (node->len == 32)
			break;
		index = node->child[bit(addr.host, node->len)];
	}
	return count;
}
