/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/trie.h"

#include "base/large.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * There are four cases when a prefix P meets the next node or leaf on its path, N:
 *
 *	P is N			found
 *	N lies around P		go on with the child that P's next bit names
 *	P lies around N		P becomes N's parent
 *	neither			a fork at the bits that they share gets both as children
 *
 * A leaf on P's path becomes a node when P goes below it, a node that loses its last child
 * becomes a leaf.
 *
 * The invariants: a fork has two children, a node at least one. `covered` of a node is what
 * its children have: an entry all of its addresses, a fork what it covers itself. So an entry
 * that comes or goes changes `covered` on the path up to the next entry around it, and no
 * further: that one had these addresses covered for those above it anyway.
 *
 * A trie that lies over another one begins with that one's root. What is below is never written: on
 * the way down to a change, each of its nodes is replaced by a copy of our own, so all that
 * names what changed is ours, and all beside the path stays in common.
 */

_Static_assert(sizeof(struct trie_leaf) == 8, "a million routes depend on it");
_Static_assert(sizeof(struct trie_node) == 20, "a million routes depend on it");

void trie_init(struct trie *trie)
{
	*trie = (struct trie){
		.root = TRIE_NONE,
		.spare_node = TRIE_NONE,
		.spare_leaf = TRIE_NONE,
	};
}

void trie_done(struct trie *trie)
{
	free(trie->jumps);
	large_free(trie->nodes, trie->node_capacity * sizeof(*trie->nodes));
	large_free(trie->leaves, trie->leaf_capacity * sizeof(*trie->leaves));
	trie_init(trie);
}

static bool lies_over(const struct trie *trie)
{
	return trie->base.leaf_count > 0; /* without a leaf there is no node */
}

/* bit 0 is the first; position < 32 */
static unsigned int bit(uint32_t addr, unsigned int position)
{
	return addr >> (31 - position) & 1;
}

/* how many first bits two addresses share, at most limit */
static unsigned int common_bits(uint32_t a, uint32_t b, unsigned int limit)
{
	unsigned int same = a == b ? 32 : (unsigned int)__builtin_clz(a ^ b);

	return same < limit ? same : limit;
}

/* --- room ------------------------------------------------------------------------------- */

/* Pages behind what is used are not resident until they are written: doubling is free. With those
 * of a base, references stay below TRIE_LEAF. */
static int grow(
	void **items, size_t size, uint32_t used, uint32_t needed, uint32_t *capacity)
{
	uint32_t wanted = *capacity ? *capacity * 2 : 16;
	void *grown;

	if (*capacity - used >= needed)
		return 0;
	if (*capacity >= TRIE_LEAF / 4)
		return -ENOMEM;
	while (wanted - used < needed)
		wanted *= 2;
	grown = large_resize(*items, *capacity * size, wanted * size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*capacity = wanted;
	return 0;
}

/* A prefix needs two nodes at most (a leaf in its way turned into one, or a fork) and a leaf, and
 * over another trie copies of those of each length on its path: they are had before anything
 * changes, so that nothing moves meanwhile. */
static int reserve(struct trie *trie)
{
	int r = grow((void **)&trie->nodes, sizeof(*trie->nodes), trie->used_nodes,
		lies_over(trie) ? 33 + 2 : 2, &trie->node_capacity);

	return r < 0 ? r
		     : grow((void **)&trie->leaves, sizeof(*trie->leaves),
			       trie->used_leaves, 2, &trie->leaf_capacity);
}

/* One that is not the base's. */
static struct trie_leaf *own_leaf(struct trie *trie, uint32_t reference)
{
	return &trie->leaves[(reference & ~TRIE_LEAF) - trie->base.leaf_count];
}

static struct trie_node *own_node(struct trie *trie, uint32_t reference)
{
	return &trie->nodes[reference - trie->base.node_count];
}

static uint32_t leaf_new(struct trie *trie, struct prefix4 prefix, uint32_t value)
{
	uint32_t index = trie->spare_leaf;

	if (index != TRIE_NONE)
		trie->spare_leaf = own_leaf(trie, index)->addr;
	else
		index = trie->base.leaf_count + trie->used_leaves++;
	*own_leaf(trie, index) = (struct trie_leaf){
		.addr = prefix.addr.host,
		.value = value & TRIE_VALUE_MAX,
		.len = (unsigned int)prefix.len & 0x3f,
	};
	return index | TRIE_LEAF;
}

static void leaf_free(struct trie *trie, uint32_t reference)
{
	uint32_t index = reference & ~TRIE_LEAF;

	if (index < trie->base.leaf_count)
		return;
	own_leaf(trie, index)->addr = trie->spare_leaf;
	trie->spare_leaf = index;
}

static uint32_t node_new(struct trie *trie, struct prefix4 prefix, uint32_t value)
{
	uint32_t index = trie->spare_node;

	if (index != TRIE_NONE)
		trie->spare_node = own_node(trie, index)->child[0];
	else
		index = trie->base.node_count + trie->used_nodes++;
	*own_node(trie, index) = (struct trie_node){
		.addr = prefix.addr.host,
		.child = { TRIE_NONE, TRIE_NONE },
		.value = value & TRIE_VALUE_MAX,
		.len = (unsigned int)prefix.len & 0x3f,
	};
	return index;
}

static void node_free(struct trie *trie, uint32_t index)
{
	own_node(trie, index)->child[0] = trie->spare_node;
	trie->spare_node = index;
}

/* What *slot refers to, which may now be changed: of a base's it refers to a copy from here on. */
static struct trie_leaf *writable_leaf(struct trie *trie, uint32_t *slot)
{
	const struct trie_leaf leaf = *trie_leaf_at(trie, *slot);

	if ((*slot & ~TRIE_LEAF) < trie->base.leaf_count)
		*slot = leaf_new(trie,
			(struct prefix4){ { leaf.addr }, (uint8_t)leaf.len }, leaf.value);
	return own_leaf(trie, *slot);
}

static struct trie_node *writable_node(struct trie *trie, uint32_t *slot)
{
	const struct trie_node *node;

	if (__builtin_expect(*slot < trie->base.node_count, 0)) {
		node = &trie->base.nodes[*slot];
		*slot = node_new(trie,
			(struct prefix4){ { node->addr }, (uint8_t)node->len },
			node->value);
		*own_node(trie, *slot) = *node;
	}
	return own_node(trie, *slot);
}

static int copy_items(
	void **ret, const void *items, size_t size, uint32_t used, uint32_t *capacity)
{
	if (!used)
		return 0;
	*ret = large_resize(NULL, 0, used * size);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, items, used * size);
	*capacity = used;
	return 0;
}

int trie_copy(const struct trie *from, struct trie *ret)
{
	int r;

	*ret = *from;
	ret->jumps = NULL;
	ret->nodes = NULL;
	ret->leaves = NULL;
	ret->node_capacity = ret->leaf_capacity = 0;
	r = copy_items((void **)&ret->nodes, from->nodes, sizeof(*from->nodes),
		from->used_nodes, &ret->node_capacity);
	if (r >= 0)
		r = copy_items((void **)&ret->leaves, from->leaves, sizeof(*from->leaves),
			from->used_leaves, &ret->leaf_capacity);
	if (r < 0)
		trie_done(ret);
	return r;
}

int trie_lay_over(const struct trie *under, struct trie *ret)
{
	if (lies_over(under))
		return trie_copy(under, ret);
	trie_init(ret);
	ret->base = (struct trie_base){ .nodes = under->nodes,
		.leaves = under->leaves,
		.node_count = under->used_nodes,
		.leaf_count = under->used_leaves };
	ret->root = under->root;
	ret->count = under->count;
	return 0;
}

/* --- what is covered ------------------------------------------------------------------------ */

static uint64_t node_covered(const struct trie *trie, const struct trie_node *node);

/* What an entry, or a fork, has for those above it. */
static uint64_t node_has(const struct trie *trie, uint32_t reference)
{
	const struct trie_node *node;

	if (reference == TRIE_NONE)
		return 0;
	if (reference & TRIE_LEAF)
		return UINT64_C(1) << (32 - trie_leaf_at(trie, reference)->len);
	node = trie_node_at(trie, reference);
	return node->value ? UINT64_C(1) << (32 - node->len) : node_covered(trie, node);
}

/* All of 2^32 addresses don't fit into the node of /0: there they are added up. */
static uint64_t node_covered(const struct trie *trie, const struct trie_node *node)
{
	if (node->len)
		return node->covered;
	return node_has(trie, node->child[0]) + node_has(trie, node->child[1]);
}

/* The nodes on the path down from the last entry that was passed, that one included. */
struct path {
	uint32_t nodes[33];
	size_t count;
	uint32_t above; /* its value */
	uint8_t above_len;
	unsigned int deep; /* nodes of 16 bits or more on the whole path */
};

static void path_goes_by(
	struct path *path, const struct trie_node *node, uint32_t reference)
{
	if (node->value) {
		path->count = 0;
		path->above = node->value;
		path->above_len = (uint8_t)node->len;
	}
	path->nodes[path->count++] = reference;
	path->deep += node->len >= 16;
}

/* An entry came or went that owns as much. */
static void path_covers(struct trie *trie, const struct path *path, uint32_t amount)
{
	for (size_t i = 0; i < path->count; i++)
		own_node(trie, path->nodes[i])->covered += amount;
}

/* --- the short cut ---------------------------------------------------------------------------- */

static size_t jump_of(uint32_t addr)
{
	return addr >> 16;
}

/* An entry of 16 bits or more was added or removed: no other jump changes. */
static void jump_below(struct trie *trie, uint32_t addr)
{
	uint32_t reference = trie->root, below = TRIE_NONE;

	while (reference != TRIE_NONE) {
		struct trie_at at = trie_at(trie, reference);

		if (at.prefix.len >= 16) {
			if (jump_of(at.prefix.addr.host) == jump_of(addr))
				below = reference;
			break;
		}
		if (!prefix4_has(at.prefix, ip4(addr)))
			break;
		reference = at.child[bit(addr, at.prefix.len)];
	}
	trie->jumps[jump_of(addr)].below = below;
}

/* A shorter one has this value now, where no longer one of these is in between. */
static void jump_above(struct trie *trie, struct prefix4 prefix, uint32_t value)
{
	size_t last = jump_of(prefix4_last(prefix));

	for (size_t i = jump_of(prefix4_first(prefix)); i <= last; i++) {
		struct trie_jump *jump = &trie->jumps[i];

		if (jump->above && jump->above_len > prefix.len)
			continue;
		jump->above = value & TRIE_VALUE_MAX;
		jump->above_len = (unsigned int)prefix.len & 0x3f;
	}
}

/* It was removed: the next entry around it replaces it. */
static void jump_gone(struct trie *trie, struct prefix4 prefix, const struct path *path)
{
	size_t last = jump_of(prefix4_last(prefix));

	for (size_t i = jump_of(prefix4_first(prefix)); i <= last; i++) {
		struct trie_jump *jump = &trie->jumps[i];

		if (!jump->above || jump->above_len != prefix.len)
			continue;
		jump->above = path->above & TRIE_VALUE_MAX;
		jump->above_len = path->above_len & 0x3fu;
	}
}

/* same: what it leads to is a node that was only gone by. */
static void jump_put(struct trie *trie, struct prefix4 prefix, uint32_t value, bool same)
{
	if (!trie->jumps)
		return;
	if (prefix.len < 16)
		jump_above(trie, prefix, value);
	else if (!same)
		jump_below(trie, prefix.addr.host);
}

static void jump_take(
	struct trie *trie, struct prefix4 prefix, const struct path *path, bool same)
{
	if (!trie->jumps)
		return;
	if (prefix.len < 16)
		jump_gone(trie, prefix, path);
	else if (!same)
		jump_below(trie, prefix.addr.host);
}

/* From above, so that what is longer comes later. */
static void jump_fill(struct trie *trie, uint32_t reference)
{
	struct trie_at at;

	if (reference == TRIE_NONE)
		return;
	at = trie_at(trie, reference);
	if (at.prefix.len >= 16) {
		trie->jumps[jump_of(at.prefix.addr.host)].below = reference;
		return;
	}
	if (at.value)
		jump_above(trie, at.prefix, at.value);
	jump_fill(trie, at.child[0]);
	jump_fill(trie, at.child[1]);
}

int trie_jump(struct trie *trie)
{
	if (trie->jumps)
		return 0;
	trie->jumps = malloc(TRIE_JUMPS * sizeof(*trie->jumps));
	if (!trie->jumps)
		return -ENOMEM;
	for (size_t i = 0; i < TRIE_JUMPS; i++)
		trie->jumps[i] = (struct trie_jump){ .below = TRIE_NONE };
	jump_fill(trie, trie->root);
	return 0;
}

/* --- what comes next ------------------------------------------------------------------------ */

static void prefetch_node(const struct trie *trie, uint32_t reference)
{
	if (reference & TRIE_LEAF)
		__builtin_prefetch(trie_leaf_at(trie, reference), 1);
	else
		__builtin_prefetch(trie_node_at(trie, reference), 1);
}

/* One step of each path in turn: while one waits for memory, the others ask for theirs. */
void trie_ahead(const struct trie *trie, const struct ip4 addrs[static 1], size_t count)
{
	struct {
		struct ip4 addr;
		uint32_t at;
	} paths[TRIE_AHEAD];
	size_t left = trie->root == TRIE_NONE ? 0 : count;

	for (size_t i = 0; i < left; i++) {
		paths[i].addr = addrs[i];
		paths[i].at = trie->root;
	}
	while (left) {
		size_t kept = 0;

		for (size_t i = 0; i < left; i++) {
			struct trie_at at = trie_at(trie, paths[i].at);
			uint32_t next;

			if (!prefix4_has(at.prefix, paths[i].addr) || at.prefix.len == 32)
				continue;
			next = at.child[bit(paths[i].addr.host, at.prefix.len)];
			if (next == TRIE_NONE)
				continue;
			prefetch_node(trie, next);
			paths[kept].addr = paths[i].addr;
			paths[kept++].at = next;
		}
		left = kept;
	}
}

/* --- putting -------------------------------------------------------------------------------- */

/* Puts a new entry before the node on its path, or beside it. Returns what it owns. */
static uint64_t put_before(struct trie *trie, uint32_t *slot, struct prefix4 prefix,
	uint32_t value, uint32_t addr, unsigned int same)
{
	uint32_t old = *slot, index;
	struct trie_node *node;
	uint64_t below = node_has(trie, old);

	if (same == prefix.len) {
		index = node_new(trie, prefix, value);
		node = own_node(trie, index);
		node->covered = (uint32_t)below;
		below = prefix4_size(prefix) - below;
	} else {
		index = node_new(trie, prefix4(prefix.addr, same), 0);
		node = own_node(trie, index);
		node->covered =
			(uint32_t)below; /* the new entry's follow, on the way up */
		node->child[bit(prefix.addr.host, same)] = leaf_new(trie, prefix, value);
		below = prefix4_size(prefix);
		node->covered += (uint32_t)below;
	}
	node->child[bit(addr, same)] = old;
	*slot = index;
	return below;
}

/* Puts a new entry below a leaf, which becomes a node. */
static uint64_t put_below(
	struct trie *trie, uint32_t *slot, struct prefix4 prefix, uint32_t value)
{
	const struct trie_leaf leaf = *trie_leaf_at(trie, *slot);
	uint32_t index = node_new(
		trie, (struct prefix4){ { leaf.addr }, (uint8_t)leaf.len }, leaf.value);
	struct trie_node *node = own_node(trie, index);

	leaf_free(trie, *slot);
	node->child[bit(prefix.addr.host, leaf.len)] = leaf_new(trie, prefix, value);
	node->covered = (uint32_t)prefix4_size(prefix);
	*slot = index;
	return prefix4_size(prefix);
}

static void put_here(struct trie *trie, uint32_t *slot, uint32_t value, bool replace,
	struct path *path, struct trie_change *change)
{
	struct trie_node *node;

	if (*slot & TRIE_LEAF) {
		const struct trie_leaf *leaf = trie_leaf_at(trie, *slot);

		change->old = leaf->value;
		change->owned = UINT64_C(1) << (32 - leaf->len);
		if (replace)
			writable_leaf(trie, slot)->value = value & TRIE_VALUE_MAX;
		return;
	}
	node = writable_node(trie, slot);
	change->old = node->value;
	change->owned = (UINT64_C(1) << (32 - node->len)) - node_covered(trie, node);
	if (node->value && !replace)
		return;
	if (!node->value) {
		trie->count++;
		change->above = path->above;
		path_covers(trie, path, (uint32_t)change->owned);
	}
	node->value = value & TRIE_VALUE_MAX;
}

static int put_node(struct trie *trie, struct prefix4 prefix, uint32_t value,
	bool replace, struct path *path, struct trie_change *ret)
{
	uint32_t addr = prefix.addr.host;
	uint32_t *slot = &trie->root;
	int r = reserve(trie);

	assert(value > 0 && value <= TRIE_VALUE_MAX);
	if (r < 0)
		return r;
	*ret = (struct trie_change){ 0 };
	while (*slot != TRIE_NONE) {
		struct trie_at at = trie_at(trie, *slot);
		unsigned int len = at.prefix.len;
		unsigned int same = common_bits(
			at.prefix.addr.host, addr, len < prefix.len ? len : prefix.len);
		struct trie_node *node;

		if (same < len) {
			ret->owned = put_before(
				trie, slot, prefix, value, at.prefix.addr.host, same);
			break;
		}
		if (len == prefix.len) {
			put_here(trie, slot, value, replace, path, ret);
			return 0;
		}
		if (*slot & TRIE_LEAF) {
			path->count = 0; /* the leaf is the next entry around it */
			path->above = at.value;
			path->above_len = at.prefix.len;
			ret->owned = put_below(trie, slot, prefix, value);
			break;
		}
		node = writable_node(trie, slot);
		path_goes_by(path, node, *slot);
		slot = &node->child[bit(addr, same)];
	}
	if (*slot == TRIE_NONE) {
		*slot = leaf_new(trie, prefix, value);
		ret->owned = prefix4_size(prefix);
	}
	trie->count++;
	ret->above = path->above;
	path_covers(trie, path, (uint32_t)ret->owned);
	return 0;
}

int trie_put(struct trie *trie, struct prefix4 prefix, uint32_t value, bool replace,
	struct trie_change *ret)
{
	struct path path = { .count = 0 };
	int r = put_node(trie, prefix, value, replace, &path, ret);

	if (r < 0)
		return r;
	if (!ret->old || (replace && prefix.len < 16))
		jump_put(trie, prefix, value, path.deep > 0);
	/* without memory for it, it is done without; so is it for the few look-ups in an overlay */
	if (trie->count >= TRIE_JUMP_FROM && !lies_over(trie))
		(void)trie_jump(trie);
	return 0;
}

uint32_t trie_get(const struct trie *trie, struct prefix4 prefix)
{
	uint32_t reference = trie->root;

	while (reference != TRIE_NONE) {
		struct trie_at at = trie_at(trie, reference);

		if (at.prefix.len >= prefix.len)
			return at.prefix.len == prefix.len &&
					       at.prefix.addr.host == prefix.addr.host
				       ? at.value
				       : 0;
		reference = at.child[bit(prefix.addr.host, at.prefix.len)];
	}
	return 0;
}

/* --- taking --------------------------------------------------------------------------------- */

/* Restores the invariants of a node that lost its value or a child. */
static void settle_node(struct trie *trie, uint32_t *slot)
{
	uint32_t index = *slot;
	const struct trie_node node = *own_node(trie, index);
	uint32_t only = node.child[node.child[0] == TRIE_NONE];

	if (node.child[0] != TRIE_NONE && node.child[1] != TRIE_NONE)
		return;
	if (node.value && only != TRIE_NONE)
		return;
	/* reuses the leaf that was freed just before, or has one reserved: no memory is needed */
	*slot = node.value ? leaf_new(trie,
				     (struct prefix4){ { node.addr }, (uint8_t)node.len },
				     node.value)
			   : only;
	node_free(trie, index);
}

/* Has memory ready for taking out what is in a trie over another one; what is not in it copies
 * no path. Returns 1, or 0 where there is nothing to be taken. */
static int reserve_take(struct trie *trie, struct prefix4 prefix, uint32_t wanted,
	struct trie_change *ret)
{
	int r;

	ret->old = trie_get(trie, prefix);
	if (!ret->old || (wanted && ret->old != wanted))
		return 0;
	r = reserve(trie);
	return r < 0 ? r : 1;
}

int trie_take(struct trie *trie, struct prefix4 prefix, uint32_t wanted,
	struct trie_change *ret)
{
	uint32_t *slot = &trie->root, *parent = NULL;
	struct path path = { .count = 0 };
	struct trie_at at;
	bool same;
	int r;

	*ret = (struct trie_change){ 0 };
	r = lies_over(trie) ? reserve_take(trie, prefix, wanted, ret) : 1;
	if (r <= 0)
		return r;
	for (;;) {
		struct trie_node *node;

		if (*slot == TRIE_NONE)
			return 0;
		at = trie_at(trie, *slot);
		if (at.prefix.len >= prefix.len)
			break;
		if (*slot & TRIE_LEAF)
			return 0;
		node = writable_node(trie, slot);
		path_goes_by(&path, node, *slot);
		parent = slot;
		slot = &node->child[bit(prefix.addr.host, at.prefix.len)];
	}
	if (at.prefix.len != prefix.len || at.prefix.addr.host != prefix.addr.host)
		return 0;
	ret->old = at.value;
	if (!at.value || (wanted && at.value != wanted))
		return 0;
	ret->above = path.above;
	ret->owned = prefix4_size(prefix);
	if (*slot & TRIE_LEAF) {
		leaf_free(trie, *slot);
		*slot = TRIE_NONE;
	} else {
		struct trie_node *node = writable_node(trie, slot);

		ret->owned -= node_covered(trie, node);
		node->value = 0;
	}
	trie->count--;
	path_covers(trie, &path, (uint32_t)-ret->owned);
	/* with a leaf its parent may go as well, which then is not the first of 16 bits */
	same = path.deep > (*slot == TRIE_NONE ? 1 : 0);
	if (*slot != TRIE_NONE)
		settle_node(trie, slot);
	else if (parent)
		settle_node(trie, parent);
	jump_take(trie, prefix, &path, same);
	return 1;
}

/* Appends what is around addr from a reference down. */
static size_t match_prefixes(const struct trie *trie, uint32_t reference, struct ip4 addr,
	struct trie_match *out, size_t count)
{
	while (reference != TRIE_NONE) {
		struct trie_at at = trie_at(trie, reference);

		if (!prefix4_has(at.prefix, addr))
			break;
		if (at.value)
			out[count++] = (struct trie_match){ at.value, at.prefix.len };
		if (at.prefix.len == 32)
			break;
		reference = at.child[bit(addr.host, at.prefix.len)];
	}
	return count;
}

size_t trie_match(
	const struct trie *trie, struct ip4 addr, struct trie_match out[static 33])
{
	return match_prefixes(trie, trie->root, addr, out, 0);
}

size_t trie_nearest(const struct trie *trie, struct ip4 addr,
	struct trie_match out[static 33], bool *ret_all)
{
	const struct trie_jump *jump;
	size_t count = 0;

	*ret_all = !trie->jumps;
	if (!trie->jumps)
		return trie_match(trie, addr, out);
	jump = &trie->jumps[jump_of(addr.host)];
	if (jump->above)
		out[count++] =
			(struct trie_match){ jump->above, (uint8_t)jump->above_len };
	return match_prefixes(trie, jump->below, addr, out, count);
}
