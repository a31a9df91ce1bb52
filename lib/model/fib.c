/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/fib.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A trie value is an info's index, or with this bit the index of a list of aliases. */
#define VALUE_LIST (UINT32_C(1) << 25)
#define INDEX_MAX (VALUE_LIST - 1)

struct fib *fib_new(uint32_t table)
{
	_cleanup_(fib_freep) struct fib *fib = calloc(1, sizeof(*fib));
	struct fib_info *no_info = NULL;
	struct fib_aliases *no_list = NULL;

	if (!fib)
		return NULL;
	fib->table = table;
	trie_init(&fib->trie);
	if (array_push(&fib->infos, &no_info) < 0)
		return NULL;
	if (array_push(&fib->aliases, &no_list) < 0)
		return NULL;
	return take_ptr(fib);
}

void fib_free(struct fib *fib)
{
	if (!fib)
		return;
	for (size_t i = 0; i < fib->infos.count; i++)
		free(fib->infos.items[i]);
	for (size_t i = 0; i < fib->aliases.count; i++)
		free(fib->aliases.items[i]);
	array_done(&fib->infos);
	array_done(&fib->free_infos);
	array_done(&fib->aliases);
	array_done(&fib->free_aliases);
	hash_done(&fib->info_by_hash);
	trie_done(&fib->trie);
	free(fib);
}

/* --- infos: one for all routes with the same attributes -------------------------------- */

static uint64_t route_hash(const struct route_record *route)
{
	uint64_t h =
		hash_mix(route->rest ^ (uint64_t)route->table << 32 ^ route->priority);

	h = hash_mix(h ^ (uint64_t)route->nhid << 32 ^ route->prefsrc.host);
	h = hash_mix(h ^ (uint64_t)route->tos << 32 ^ (uint64_t)route->type << 24 ^
		     (uint64_t)route->scope << 16 ^ (uint64_t)route->protocol << 8 ^
		     (unsigned int)route->realm << 1 ^ (unsigned int)route->blind);
	for (size_t i = 0; i < route->leg_count; i++) {
		const struct leg *leg = &route->legs[i];

		h = hash_mix(h ^ (uint64_t)leg->oif << 32 ^ leg->gw.host);
		h = hash_mix(h ^ (uint64_t)leg->weight << 16 ^
			     (uint64_t)leg->gw_family << 8 ^ leg->onlink);
	}
	return h;
}

static bool leg_equal(const struct leg *a, const struct leg *b)
{
	return a->oif == b->oif && a->gw_family == b->gw_family &&
	       a->onlink == b->onlink && a->weight == b->weight &&
	       a->gw.host == b->gw.host;
}

static bool info_is(const struct fib_info *info, const struct route_record *route)
{
	if (info->rest != route->rest || info->table != route->table ||
		info->priority != route->priority || info->nhid != route->nhid ||
		info->prefsrc.host != route->prefsrc.host || info->tos != route->tos ||
		info->type != route->type || info->scope != route->scope ||
		info->protocol != route->protocol || info->realm != route->realm ||
		info->blind != route->blind || info->leg_count != route->leg_count)
		return false;
	for (size_t i = 0; i < route->leg_count; i++) {
		if (!leg_equal(&info->legs[i], &route->legs[i]))
			return false;
	}
	return true;
}

/* The info of a route, NULL where no route has these attributes. */
static struct fib_info *info_find(
	const struct fib *fib, const struct route_record *route, uint64_t hash)
{
	struct fib_info *info = hash_get(&fib->info_by_hash, hash);

	while (info && !info_is(info, route))
		info = info->same_hash;
	return info;
}

static struct fib_info *info_alloc(const struct route_record *route)
{
	struct fib_info *info =
		calloc(1, sizeof(*info) + route->leg_count * sizeof(struct leg));

	if (!info)
		return NULL;
	info->rest = route->rest;
	info->table = route->table;
	info->priority = route->priority;
	info->nhid = route->nhid;
	info->prefsrc = route->prefsrc;
	info->tos = route->tos;
	info->type = route->type;
	info->scope = route->scope;
	info->protocol = route->protocol;
	info->realm = route->realm;
	info->blind = route->blind;
	info->leg_count = (uint32_t)route->leg_count;
	for (size_t i = 0; i < route->leg_count; i++)
		info->legs[i] = route->legs[i];
	return info;
}

/* Finds or makes the info of a route, not yet counted as used. */
static int info_get(
	struct fib *fib, const struct route_record *route, struct fib_info **ret)
{
	_cleanup_(freep) struct fib_info *fresh = NULL;
	uint64_t hash = route_hash(route);
	struct fib_info *info = info_find(fib, route, hash);
	int r;

	if (info) {
		*ret = info;
		return 0;
	}
	fresh = info_alloc(route);
	if (!fresh)
		return -ENOMEM;
	fresh->hash = hash;
	fresh->same_hash = hash_get(&fib->info_by_hash, hash);
	if (!fib->free_infos.count) { /* a place of its own, to be taken right away */
		uint32_t index = (uint32_t)fib->infos.count;

		if (index > INDEX_MAX)
			return -ENOMEM;
		r = array_push(&fib->infos, &info);
		if (r >= 0)
			r = array_push(&fib->free_infos, &index);
		if (r < 0)
			return r;
	}
	r = hash_put(&fib->info_by_hash, hash, fresh);
	if (r < 0)
		return r;
	fresh->index = fib->free_infos.items[--fib->free_infos.count];
	fib->infos.items[fresh->index] = fresh;
	*ret = take_ptr(fresh);
	return 0;
}

/* Gives an info back when no route has it any more. */
static void info_put(struct fib *fib, struct fib_info *info)
{
	struct fib_info *first;

	if (info->refs)
		return;
	first = hash_get(&fib->info_by_hash, info->hash);
	if (first != info) {
		while (first->same_hash != info)
			first = first->same_hash;
		first->same_hash = info->same_hash;
	} else if (info->same_hash) {
		(void)hash_put(&fib->info_by_hash, info->hash, info->same_hash);
	} else {
		(void)hash_remove(&fib->info_by_hash, info->hash);
	}
	fib->infos.items[info->index] = NULL;
	/* without memory for the list of free places this one just stays unused */
	(void)array_push(&fib->free_infos, &info->index);
	free(info);
}

static void info_ref(struct fib *fib, uint32_t index)
{
	struct fib_info *info = fib->infos.items[index];

	info->refs++;
	fib->routes++;
	fib->realms += info->realm;
}

static void info_unref(struct fib *fib, uint32_t index)
{
	struct fib_info *info = fib->infos.items[index];

	info->refs--;
	fib->routes--;
	fib->realms -= info->realm;
	info_put(fib, info);
}

/* --- aliases: the routes of one prefix -------------------------------------------------- */

const uint32_t *fib_aliases(
	const struct fib *fib, uint32_t value, uint32_t *single, size_t *ret_count)
{
	const struct fib_aliases *list;

	if (!(value & VALUE_LIST)) {
		*single = value;
		*ret_count = value != 0;
		return single;
	}
	list = fib->aliases.items[value & INDEX_MAX];
	*ret_count = list->count;
	return list->info;
}

static void list_free(struct fib *fib, uint32_t value)
{
	uint32_t index = value & INDEX_MAX;

	free(fib->aliases.items[index]);
	fib->aliases.items[index] = NULL;
	(void)array_push(&fib->free_aliases, &index);
}

/*
 * Gives prefix the aliases of `list`, which has `count` of them: none, one (the value itself)
 * or more (a list of its own). Returns 0 or -ENOMEM; then prefix is as it was.
 */
static int entry_set(struct fib *fib, struct prefix4 prefix, uint32_t old,
	const uint32_t *list, size_t count)
{
	_cleanup_(freep) struct fib_aliases *copy = NULL;
	uint32_t value;
	int r;

	if (count <= 1) {
		if (count == 0)
			(void)trie_remove(&fib->trie, prefix);
		else if (trie_set(&fib->trie, prefix, list[0]) < 0)
			return -ENOMEM;
		if (old & VALUE_LIST)
			list_free(fib, old);
		return 0;
	}
	copy = malloc(sizeof(*copy) + count * sizeof(copy->info[0]));
	if (!copy)
		return -ENOMEM;
	copy->count = copy->capacity = (uint32_t)count;
	memcpy(copy->info, list, count * sizeof(copy->info[0]));
	if (old & VALUE_LIST) {
		free(fib->aliases.items[old & INDEX_MAX]);
		fib->aliases.items[old & INDEX_MAX] = take_ptr(copy);
		return 0;
	}
	if (fib->free_aliases.count) {
		value = fib->free_aliases.items[fib->free_aliases.count - 1];
	} else {
		struct fib_aliases *none = NULL;

		if (fib->aliases.count > INDEX_MAX)
			return -ENOMEM;
		value = (uint32_t)fib->aliases.count;
		r = array_push(&fib->aliases, &none);
		if (r < 0)
			return r;
		r = array_push(&fib->free_aliases, &value);
		if (r < 0)
			return r;
	}
	r = trie_set(&fib->trie, prefix, value | VALUE_LIST);
	if (r < 0)
		return r;
	fib->free_aliases.count--;
	fib->aliases.items[value] = take_ptr(copy);
	return 0;
}

/*
 * The order of aliases (fib_find_alias() in the kernel's fib_trie.c): table from high to low,
 * so local before main; tos from high to low; priority from low to high; then as they were
 * put there. Negative: a before b; 0: only their place tells.
 */
static int alias_order(const struct fib_info *a, const struct fib_info *b)
{
	if (a->table != b->table)
		return a->table > b->table ? -1 : 1;
	if (a->tos != b->tos)
		return a->tos > b->tos ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return 0;
}

/* Where equals of info begin and end in the list. */
static void find_equals(const struct fib *fib, const uint32_t *list, size_t count,
	const struct fib_info *info, size_t *ret_first, size_t *ret_end)
{
	size_t first = 0, end;

	while (first < count && alias_order(fib_info(fib, list[first]), info) < 0)
		first++;
	end = first;
	while (end < count && alias_order(fib_info(fib, list[end]), info) == 0)
		end++;
	*ret_first = first;
	*ret_end = end;
}

/* Gives prefix its list with info put in at `at`, or in place of the one there. */
static int list_change(struct fib *fib, struct prefix4 prefix, uint32_t value,
	struct fib_info *info, size_t at, bool replace)
{
	_cleanup_(freep) uint32_t *changed = NULL;
	uint32_t single, old;
	size_t count;
	const uint32_t *list = fib_aliases(fib, value, &single, &count);
	int r;

	changed = malloc((count + 1) * sizeof(*changed));
	if (!changed)
		return -ENOMEM;
	memcpy(changed, list, at * sizeof(*list));
	changed[at] = info->index;
	old = replace ? list[at] : 0;
	memcpy(changed + at + 1, list + at + replace,
		(count - at - replace) * sizeof(*list));
	r = entry_set(fib, prefix, value, changed, count + 1 - replace);
	if (r < 0)
		return r;
	info_ref(fib, info->index);
	if (old)
		info_unref(fib, old);
	return FIB_CHANGED;
}

static int insert(
	struct fib *fib, const struct route_record *route, struct fib_info *info)
{
	uint32_t value, single;
	size_t count, first, end;
	const uint32_t *list;
	int r;

	/* nearly every prefix of a full table has one route: it is put there at once */
	r = trie_add(&fib->trie, route->dst, info->index, &value);
	if (r < 0)
		return r;
	if (!value) {
		info_ref(fib, info->index);
		return FIB_CHANGED;
	}
	list = fib_aliases(fib, value, &single, &count);
	find_equals(fib, list, count, info, &first, &end);
	for (size_t i = first; i < end; i++) {
		if (list[i] == info->index)
			return FIB_SAME;
	}
	switch (route->place) {
	case ROUTE_NEW:
	case ROUTE_APPEND:
		return list_change(fib, route->dst, value, info, end, false);
	case ROUTE_PREPEND:
		return list_change(fib, route->dst, value, info, first, false);
	case ROUTE_REPLACE:
		return list_change(fib, route->dst, value, info, first, first < end);
	}
	return -EINVAL;
}

int fib_add(struct fib *fib, const struct route_record *route)
{
	struct fib_info *info;
	int r = info_get(fib, route, &info);

	if (r < 0)
		return r;
	r = insert(fib, route, info);
	info_put(fib, info);
	return r;
}

/* Keeps of prefix's aliases those that keep() wants. Returns how many went, or -ENOMEM. */
static long entry_filter(struct fib *fib, struct prefix4 prefix, uint32_t value,
	bool (*goes)(const struct fib_info *info, const void *data), const void *data)
{
	_cleanup_(freep) uint32_t *buffer = NULL;
	uint32_t single, *kept, *gone;
	size_t count, kept_count = 0, gone_count = 0;
	const uint32_t *list = fib_aliases(fib, value, &single, &count);
	int r;

	buffer = malloc(2 * count * sizeof(*buffer) + 1);
	if (!buffer)
		return -ENOMEM;
	kept = buffer;
	gone = buffer + count;
	for (size_t i = 0; i < count; i++) {
		if (goes(fib_info(fib, list[i]), data))
			gone[gone_count++] = list[i];
		else
			kept[kept_count++] = list[i];
	}
	if (!gone_count)
		return 0;
	r = entry_set(fib, prefix, value, kept, kept_count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < gone_count; i++)
		info_unref(fib, gone[i]);
	return (long)gone_count;
}

static bool is_info(const struct fib_info *info, const void *data)
{
	return info == data;
}

int fib_remove(struct fib *fib, const struct route_record *route)
{
	uint32_t value;
	const struct fib_info *info = info_find(fib, route, route_hash(route));
	long gone;

	if (!info)
		return FIB_SAME;
	value = trie_remove_value(&fib->trie, route->dst, info->index);
	if (!value)
		return FIB_SAME;
	if (value == info->index) {
		info_unref(fib, value);
		return FIB_CHANGED;
	}
	gone = entry_filter(fib, route->dst, value, is_info, info);
	if (gone < 0)
		return (int)gone;
	return gone ? FIB_CHANGED : FIB_SAME;
}

/* --- many at once ------------------------------------------------------------------------ */

static bool is_marked(const struct fib_info *info, const void *data)
{
	const bool *marks = data;

	return marks[info->index];
}

/*
 * Prefixes that hold a doomed route, found before anything is removed: a removal moves nodes
 * about.
 */
struct prefixes {
	ARRAY(struct prefix4) list;
};

static bool entry_has_mark(const struct fib *fib, uint32_t value, const bool *marks)
{
	uint32_t single;
	size_t count;
	const uint32_t *list = fib_aliases(fib, value, &single, &count);

	for (size_t i = 0; i < count; i++) {
		if (marks[list[i]])
			return true;
	}
	return false;
}

/* used nodes are all those that can be reached; depth is bounded by the 33 lengths */
static int collect(
	const struct fib *fib, uint32_t index, const bool *marks, struct prefixes *out)
{
	const struct trie_node *node = trie_node(&fib->trie, index);
	int r;

	if (!node)
		return 0;
	if (node->value && entry_has_mark(fib, node->value, marks)) {
		struct prefix4 prefix = trie_prefix(node);

		r = array_push(&out->list, &prefix);
		if (r < 0)
			return r;
	}
	r = collect(fib, node->child[0], marks, out);
	if (r < 0)
		return r;
	return collect(fib, node->child[1], marks, out);
}

static long remove_marked(struct fib *fib, const bool *marks)
{
	struct prefixes prefixes = { 0 };
	long total = 0, gone = collect(fib, fib->trie.root, marks, &prefixes);

	for (size_t i = 0; gone >= 0 && i < prefixes.list.count; i++) {
		struct prefix4 prefix = prefixes.list.items[i];

		gone = entry_filter(
			fib, prefix, trie_get(&fib->trie, prefix), is_marked, marks);
		if (gone > 0)
			total += gone;
	}
	array_done(&prefixes.list);
	return gone < 0 ? gone : total;
}

long fib_remove_if(struct fib *fib,
	bool (*doomed)(const struct fib_info *info, void *data), void *data)
{
	_cleanup_(freep) bool *marks = calloc(fib->infos.count, sizeof(*marks));
	bool any = false;

	if (!marks)
		return -ENOMEM;
	for (size_t i = 1; i < fib->infos.count; i++) {
		const struct fib_info *info = fib->infos.items[i];

		marks[i] = info && info->refs && doomed(info, data);
		any |= marks[i];
	}
	return any ? remove_marked(fib, marks) : 0;
}

static struct route_record info_record(const struct fib_info *info, struct prefix4 dst)
{
	return (struct route_record){
		.table = info->table,
		.dst = dst,
		.tos = info->tos,
		.scope = info->scope,
		.protocol = info->protocol,
		.type = info->type,
		.priority = info->priority,
		.prefsrc = info->prefsrc,
		.nhid = info->nhid,
		.realm = info->realm,
		.blind = info->blind,
		.rest = info->rest,
		.place = ROUTE_NEW,
		.legs = info->legs,
		.leg_count = info->leg_count,
	};
}

static int copy_table(
	const struct fib *from, uint32_t index, uint32_t table, struct fib *into)
{
	const struct trie_node *node = trie_node(&from->trie, index);
	uint32_t single;
	size_t count;
	const uint32_t *list;
	int r;

	if (!node)
		return 0;
	list = fib_aliases(from, node->value, &single, &count);
	for (size_t i = 0; i < count; i++) {
		const struct fib_info *info = fib_info(from, list[i]);
		struct route_record route = info_record(info, trie_prefix(node));

		if (info->table != table)
			continue;
		r = fib_add(into, &route);
		if (r < 0)
			return r;
	}
	r = copy_table(from, node->child[0], table, into);
	if (r < 0)
		return r;
	return copy_table(from, node->child[1], table, into);
}

static bool is_of_table(const struct fib_info *info, void *data)
{
	return info->table == *(uint32_t *)data;
}

int fib_split(struct fib *merged, uint32_t table, struct fib *into)
{
	long gone;
	int r = copy_table(merged, merged->trie.root, table, into);

	if (r < 0)
		return r;
	gone = fib_remove_if(merged, is_of_table, &table);
	return gone < 0 ? (int)gone : 0;
}

/* --- comparing ---------------------------------------------------------------------------- */

static bool entry_equal(
	const struct fib *a, uint32_t a_value, const struct fib *b, uint32_t b_value)
{
	uint32_t a_single, b_single;
	size_t a_count, b_count;
	const uint32_t *a_list = fib_aliases(a, a_value, &a_single, &a_count);
	const uint32_t *b_list = fib_aliases(b, b_value, &b_single, &b_count);

	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		const struct fib_info *info = fib_info(b, b_list[i]);
		struct route_record route = info_record(info, prefix4(ip4(0), 0));

		if (!info_is(fib_info(a, a_list[i]), &route))
			return false;
	}
	return true;
}

/* Each entry of a is the same in b; with equal counts that is all. */
static bool entries_in(const struct fib *a, uint32_t index, const struct fib *b,
	struct prefix4 *ret_where)
{
	const struct trie_node *node = trie_node(&a->trie, index);

	if (!node)
		return true;
	if (node->value &&
		!entry_equal(a, node->value, b, trie_get(&b->trie, trie_prefix(node)))) {
		*ret_where = trie_prefix(node);
		return false;
	}
	return entries_in(a, node->child[0], b, ret_where) &&
	       entries_in(a, node->child[1], b, ret_where);
}

bool fib_equal(const struct fib *a, const struct fib *b, struct prefix4 *ret_where)
{
	return entries_in(a, a->trie.root, b, ret_where) &&
	       entries_in(b, b->trie.root, a, ret_where);
}
