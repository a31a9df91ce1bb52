/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/fib_equal.h"

#include "fib/fib_list.h"

#include <stdlib.h>

struct walk {
	const struct fib *a, *b;
	const struct fib_list *
		*equal; /* of b, by a's index: found equal; NULL: no memory */
	struct prefix4 *from, next, *where;
	size_t *budget;
};

static bool list_equal(const struct fib_list *a, const struct fib_list *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		struct route_record route =
			fib_info_record(b->infos[i], prefix4(ip4(0), 0));

		if (!fib_info_is(a->infos[i], &route))
			return false;
	}
	return true;
}

/* Each entry of a is the same in b. */
static bool entries_in(const struct fib *a, uint32_t reference, const struct fib *b,
	struct prefix4 *ret_where)
{
	struct trie_at at;
	uint32_t there;

	if (reference == TRIE_NONE)
		return true;
	at = trie_at(&a->trie, reference);
	there = at.value ? trie_get(&b->trie, at.prefix) : 0;
	if (at.value &&
		(!there || !list_equal(fib_list(a, at.value), fib_list(b, there)))) {
		*ret_where = at.prefix;
		return false;
	}
	return entries_in(a, at.child[0], b, ret_where) &&
	       entries_in(a, at.child[1], b, ret_where);
}

/* Something differs below these two: what. */
static int differ(const struct walk *walk, uint32_t a, uint32_t b)
{
	return entries_in(walk->a, a, walk->b, walk->where) &&
			       entries_in(walk->b, b, walk->a, walk->where)
		       ? 0
		       : -1;
}

static bool values_equal(const struct walk *walk, uint32_t a, uint32_t b)
{
	const struct fib_list *left, *right;

	if (!a || !b)
		return a == b;
	left = fib_list(walk->a, a);
	right = fib_list(walk->b, b);
	if (walk->equal && walk->equal[a] == right)
		return true;
	if (!list_equal(left, right))
		return false;
	if (walk->equal)
		walk->equal[a] = right;
	return true;
}

/* In the order of the walk: an outer prefix before what it covers. */
static bool is_before(struct prefix4 a, struct prefix4 b)
{
	return a.addr.host != b.addr.host ? a.addr.host < b.addr.host : a.len < b.len;
}

/* Tries that hold the same have the same nodes, so both are walked at once. */
static int nodes_compare(struct walk *walk, uint32_t a, uint32_t b)
{
	struct trie_at left, right;
	int r;

	if (a == TRIE_NONE || b == TRIE_NONE)
		return a == b ? 0 : differ(walk, a, b);
	left = trie_at(&walk->a->trie, a);
	right = trie_at(&walk->b->trie, b);
	if (left.prefix.len != right.prefix.len ||
		left.prefix.addr.host != right.prefix.addr.host)
		return differ(walk, a, b);
	if (prefix4_last(left.prefix) < walk->from->addr.host)
		return 0;
	if (!is_before(left.prefix, *walk->from)) {
		if (!*walk->budget) {
			walk->next = left.prefix;
			return 1;
		}
		--*walk->budget;
		if (!values_equal(walk, left.value, right.value))
			return differ(walk, a, b);
	}
	r = nodes_compare(walk, left.child[0], right.child[0]);
	return r ? r : nodes_compare(walk, left.child[1], right.child[1]);
}

int fib_compare(const struct fib *a, const struct fib *b, struct prefix4 *from,
	size_t *budget, struct prefix4 *ret_where)
{
	struct walk walk = { .a = a,
		.b = b,
		.equal = calloc(a->lists.all.count + 1, sizeof(*walk.equal)),
		.from = from,
		.where = ret_where,
		.budget = budget };
	int r = nodes_compare(&walk, a->trie.root, b->trie.root);

	free(walk.equal);
	if (r > 0)
		*from = walk.next;
	return r;
}
