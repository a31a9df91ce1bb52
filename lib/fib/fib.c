/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/fib.h"

#include "fib/fib_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The trie's values are indices of lists, lists have infos, and both are kept once however
 * many prefixes have them. A change of a prefix finds or makes the list that it is to hold,
 * puts that into the trie, and moves what the prefix owns from one list to another: from the
 * list that the prefix held, or from that of the next prefix around it.
 */

struct fib *fib_new(uint32_t table)
{
	_cleanup_(fib_freep) struct fib *fib = calloc(1, sizeof(*fib));
	struct fib_list *none = NULL;

	if (!fib)
		return NULL;
	fib->table = table;
	trie_init(&fib->trie);
	if (array_push(&fib->lists.all, &none) < 0)
		return NULL;
	return take_ptr(fib);
}

struct fib *fib_fork(const struct fib *base)
{
	_cleanup_(fib_freep) struct fib *fib = calloc(1, sizeof(*fib));

	if (!fib)
		return NULL;
	fib->table = base->table;
	fib->owned = base->owned;
	if (trie_lay_over(&base->trie, &fib->trie) < 0 ||
		fib_lists_copy(&base->lists, &fib->lists) < 0)
		return NULL;
	return take_ptr(fib);
}

void fib_free(struct fib *fib)
{
	if (!fib)
		return;
	fib_lists_done(&fib->lists);
	trie_done(&fib->trie);
	free(fib);
}

static void mark_changed(
	struct fib *fib, struct fib_list *list, struct prefix4 prefix, uint64_t addresses)
{
	if (!fib->mark)
		return;
	if (list && list->dirty == *fib->epoch && list->infos[0]->type == ROUTE_UNICAST)
		return;
	if (list)
		list->dirty = *fib->epoch;
	fib->mark(fib->mark_data, fib, list, prefix, addresses);
}

/* Addresses of prefix go from one list to another; NULL: to or from nobody. */
static void move_share(struct fib *fib, struct prefix4 prefix, struct fib_list *from,
	struct fib_list *to, uint64_t owned)
{
	if (from)
		from->owned -= owned;
	else
		fib->owned += owned;
	if (to)
		to->owned += owned;
	else
		fib->owned -= owned;
	mark_changed(fib, from, prefix, owned);
	mark_changed(fib, to, prefix, owned);
}

/* --- what a prefix holds, changed ------------------------------------------------------------ */

/* The list that value stands for: that of the next prefix around one. */
static struct fib_list *list_at(struct fib *fib, uint32_t value)
{
	return value ? fib->lists.all.items[value] : NULL;
}

/* Gives prefix, which holds `old`, the list of infos, or with count 0 nothing. Returns 0 or
 * -ENOMEM; then prefix is as it was. */
static int entry_set(struct fib *fib, struct prefix4 prefix, struct fib_list *old,
	struct fib_info *const *infos, uint32_t count)
{
	struct trie_change change;
	struct fib_list *list;
	int r;

	if (!count) {
		r = trie_take(&fib->trie, prefix, 0, &change);
		if (r < 0)
			return r;
		move_share(fib, prefix, old, list_at(fib, change.above), change.owned);
		fib_list_release(&fib->lists, old);
		return 0;
	}
	r = fib_list_get(&fib->lists, infos, count, &list);
	if (r < 0)
		return r;
	r = trie_put(&fib->trie, prefix, list->index, true, &change);
	if (r < 0) {
		fib_list_put(&fib->lists, list);
		return r;
	}
	fib_list_hold(&fib->lists, list, prefix);
	move_share(fib, prefix, old, list, change.owned);
	fib_list_release(&fib->lists, old);
	return 0;
}

/*
 * The order of aliases (fib_find_alias() in the kernel's fib_trie.c): table from high to low,
 * so local before main; tos from high to low; priority from low to high; then by
 * position. Negative: a before b; 0: only their position decides.
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
static void find_equals(const struct fib_list *list, const struct fib_info *info,
	uint32_t *ret_first, uint32_t *ret_end)
{
	uint32_t first = 0, end;

	while (first < list->count && alias_order(list->infos[first], info) < 0)
		first++;
	end = first;
	while (end < list->count && alias_order(list->infos[end], info) == 0)
		end++;
	*ret_first = first;
	*ret_end = end;
}

/* Gives prefix its list with info inserted at `at`, or replacing the one there. */
static int list_change(struct fib *fib, struct prefix4 prefix, struct fib_list *list,
	struct fib_info *info, uint32_t at, bool replace)
{
	_cleanup_(freep) struct fib_info **changed = NULL;
	uint32_t behind = at + replace;
	int r;

	changed = malloc((list->count + 1) * sizeof(struct fib_info *));
	if (!changed)
		return -ENOMEM;
	memcpy(changed, list->infos, at * sizeof(struct fib_info *));
	changed[at] = info;
	memcpy(changed + at + 1, list->infos + behind,
		(list->count - behind) * sizeof(struct fib_info *));
	r = entry_set(fib, prefix, list, changed, list->count + 1 - replace);
	return r < 0 ? r : FIB_CHANGED;
}

/* A prefix that holds something already gets one more, or another one. */
static int insert_among(struct fib *fib, const struct route_record *route,
	struct fib_info *info, struct fib_list *list)
{
	uint32_t first, end;

	find_equals(list, info, &first, &end);
	for (uint32_t i = first; i < end; i++) {
		if (list->infos[i] == info)
			return FIB_SAME;
	}
	switch (route->position) {
	case ROUTE_NEW:
	case ROUTE_APPEND:
		return list_change(fib, route->dst, list, info, end, false);
	case ROUTE_PREPEND:
		return list_change(fib, route->dst, list, info, first, false);
	case ROUTE_REPLACE:
		return list_change(fib, route->dst, list, info, first, first < end);
	}
	return -EINVAL;
}

static int insert(
	struct fib *fib, const struct route_record *route, struct fib_info *info)
{
	struct trie_change change;
	struct fib_list *list;
	int r = fib_list_get(&fib->lists, &info, 1, &list);

	/* nearly every prefix of a full table has one route: it is put there at once */
	if (r >= 0)
		r = trie_put(&fib->trie, route->dst, list->index, false, &change);
	if (r < 0)
		return r;
	if (change.old)
		return insert_among(fib, route, info, list_at(fib, change.old));
	fib_list_hold(&fib->lists, list, route->dst);
	move_share(fib, route->dst, list_at(fib, change.above), list, change.owned);
	return FIB_CHANGED;
}

int fib_add(struct fib *fib, const struct route_record *route)
{
	struct fib_info *info;
	int r = fib_info_get(&fib->lists, route, &info);

	if (r < 0)
		return r;
	info->refs++; /* a list that is given back may take its last one along */
	r = insert(fib, route, info);
	info->refs--;
	if (info->only)
		fib_list_put(&fib->lists,
			info->only); /* which may be the only one that has it */
	else
		fib_info_put(&fib->lists, info);
	return r;
}

/* Removes from prefix the routes for which goes() returns true. Returns how many, or -ENOMEM. */
static long entry_filter(struct fib *fib, struct prefix4 prefix, struct fib_list *list,
	bool (*goes)(const struct fib_info *info, void *data), void *data)
{
	_cleanup_(freep) struct fib_info **kept = NULL;
	uint32_t count = list->count, kept_count = 0;
	int r;

	kept = malloc(count * sizeof(struct fib_info *));
	if (!kept)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (!goes(list->infos[i], data))
			kept[kept_count++] = list->infos[i];
	}
	if (kept_count == count)
		return 0;
	r = entry_set(fib, prefix, list, kept, kept_count);
	return r < 0 ? r : (long)(count - kept_count);
}

static bool is_info(const struct fib_info *info, void *data)
{
	return info == data;
}

int fib_remove(struct fib *fib, const struct route_record *route)
{
	struct fib_info *info = fib_info_find(&fib->lists, route);
	struct trie_change change;
	struct fib_list *list;
	long gone;
	int r;

	if (!info)
		return FIB_SAME;
	list = info->only;
	/* a prefix with this route alone, as nearly all are, is found and taken out in one */
	r = trie_take(
		&fib->trie, route->dst, list ? list->index : TRIE_VALUE_MAX, &change);
	if (r < 0)
		return r;
	if (r > 0) {
		move_share(
			fib, route->dst, list, list_at(fib, change.above), change.owned);
		fib_list_release(&fib->lists, list);
		return FIB_CHANGED;
	}
	if (!change.old)
		return FIB_SAME;
	gone = entry_filter(fib, route->dst, list_at(fib, change.old), is_info, info);
	if (gone < 0)
		return (int)gone;
	return gone ? FIB_CHANGED : FIB_SAME;
}

/* --- many at once ------------------------------------------------------------------------ */

/* What is to go: by info, and for a walk, by list. */
struct removal {
	bool (*doomed)(const struct fib_info *info, void *data);
	void *data;
	struct fib *into; /* where it goes; NULL: nowhere */
	bool *marks;	  /* by list's index, as they were before anything went */
	size_t left;	  /* prefixes that hold a doomed route */
	long gone;
	ARRAY(struct prefix4) found;
};

static bool is_doomed(const struct removal *removal, const struct fib_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (removal->doomed(list->infos[i], removal->data))
			return true;
	}
	return false;
}

/* Adds the doomed ones of a prefix to the other table, in their order. */
static int move_doomed(
	const struct removal *removal, const struct fib_list *list, struct prefix4 prefix)
{
	int r = 0;

	for (uint32_t i = 0; i < list->count && r >= 0; i++) {
		struct route_record route = fib_info_record(list->infos[i], prefix);

		if (removal->doomed(list->infos[i], removal->data))
			r = fib_add(removal->into, &route);
	}
	return r;
}

static int remove_at(struct fib *fib, struct removal *removal, struct prefix4 prefix)
{
	struct fib_list *list = list_at(fib, trie_get(&fib->trie, prefix));
	long gone;

	if (!list)
		return 0;
	if (removal->into) {
		int r = move_doomed(removal, list, prefix);

		if (r < 0)
			return r;
	}
	gone = entry_filter(fib, prefix, list, removal->doomed, removal->data);
	if (gone < 0)
		return (int)gone;
	removal->gone += gone;
	removal->left -= gone > 0;
	return 0;
}

static int remove_found(struct fib *fib, struct removal *removal)
{
	int r = 0;

	for (size_t i = 0; i < removal->found.count && r >= 0; i++)
		r = remove_at(fib, removal, removal->found.items[i]);
	array_clear(&removal->found);
	return r;
}

/* Counts the prefixes of a list, if it is doomed; one that a single prefix holds, as those of an
 * address, needs no walk. */
static int note_list(struct removal *removal, const struct fib_list *list)
{
	if (!is_doomed(removal, list))
		return 0;
	removal->left += list->refs;
	return list->refs == 1 ? array_push(&removal->found, &list->last) : 0;
}

/* Removes what is found without a walk. */
static int remove_noted(struct fib *fib, struct removal *removal,
	const struct prefix4 *hint, size_t hint_count)
{
	int r = remove_found(fib, removal);

	for (size_t i = 0; i < hint_count && removal->left && r >= 0; i++)
		r = remove_at(fib, removal, hint[i]);
	return r;
}

/* Prefixes that hold a doomed route, found before anything is removed: a removal moves
 * nodes of the trie. The depth is bounded by the 33 lengths. */
static int collect_doomed(
	const struct fib *fib, uint32_t reference, struct removal *removal)
{
	struct trie_at at;
	int r;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&fib->trie, reference);
	if (at.value && removal->marks[at.value]) {
		r = array_push(&removal->found, &at.prefix);
		if (r < 0)
			return r;
	}
	r = collect_doomed(fib, at.child[0], removal);
	return r < 0 ? r : collect_doomed(fib, at.child[1], removal);
}

static void mark_list(struct removal *removal, const struct fib_list *list)
{
	if (list)
		removal->marks[list->index] = is_doomed(removal, list);
}

/* Of all lists, or those of a group. */
static int remove_by_walk(
	struct fib *fib, const struct fib_group *group, struct removal *removal)
{
	int r;

	removal->marks = calloc(fib->lists.all.count, sizeof(*removal->marks));
	if (!removal->marks)
		return -ENOMEM;
	if (group) {
		hash_each (&group->lists, slot)
			mark_list(removal, slot->value);
	} else {
		for (size_t i = 0; i < fib->lists.all.count; i++)
			mark_list(removal, fib->lists.all.items[i]);
	}
	r = collect_doomed(fib, fib->trie.root, removal);
	if (r >= 0)
		r = remove_found(fib, removal);
	free(removal->marks);
	return r;
}

long fib_remove_related(struct fib *fib, enum fib_relation relation, uint32_t id,
	bool (*doomed)(const struct fib_info *info, void *data), void *data,
	const struct prefix4 *hint, size_t hint_count)
{
	const struct fib_group *group = fib_related(fib, relation, id);
	struct removal removal = { .doomed = doomed, .data = data };
	int r = 0;

	if (!group)
		return 0;
	hash_each (&group->lists, slot)
		r = r < 0 ? r : note_list(&removal, slot->value);
	if (r >= 0)
		r = remove_noted(fib, &removal, hint, hint_count);
	group = fib_related(fib, relation, id);
	if (r >= 0 && removal.left && group)
		r = remove_by_walk(fib, group, &removal);
	array_done(&removal.found);
	return r < 0 ? r : removal.gone;
}

static bool is_of_table(const struct fib_info *info, void *data)
{
	return info->table == *(uint32_t *)data;
}

int fib_split(struct fib *merged, uint32_t table, struct fib *into,
	const struct prefix4 *hint, size_t hint_count)
{
	struct removal removal = { .doomed = is_of_table, .data = &table, .into = into };
	int r = 0;

	for (size_t i = 0; i < merged->lists.all.count && r >= 0; i++) {
		const struct fib_list *list = merged->lists.all.items[i];

		r = list ? note_list(&removal, list) : 0;
	}
	if (r >= 0)
		r = remove_noted(merged, &removal, hint, hint_count);
	if (r >= 0 && removal.left)
		r = remove_by_walk(merged, NULL, &removal);
	array_done(&removal.found);
	return r < 0 ? r : 0;
}
