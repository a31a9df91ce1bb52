/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/fib_list.h"

#include "base/cleanup.h"
#include "fib/trie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- infos: one for all routes with the same attributes ----------------------------------- */

static uint64_t route_hash(const struct route_record *route)
{
	uint64_t h =
		hash_mix(route->rest ^ (uint64_t)route->table << 32 ^ route->priority);

	h = hash_mix(h ^ (uint64_t)route->nhid << 32 ^ route->prefsrc.host);
	h = hash_mix(h ^ (uint64_t)route->tos << 32 ^ (uint64_t)route->type << 24 ^
		     (uint64_t)route->scope << 16 ^ (uint64_t)route->protocol << 8 ^
		     (unsigned int)route->realm << 1 ^ (unsigned int)route->blind);
	for (size_t i = 0; i < route->nexthop_count; i++) {
		const struct nexthop *nexthop = &route->nexthops[i];

		h = hash_mix(h ^ (uint64_t)nexthop->oif << 32 ^ nexthop->gw.host);
		h = hash_mix(h ^ (uint64_t)nexthop->weight << 16 ^
			     (uint64_t)nexthop->gw_family << 8 ^ nexthop->onlink);
	}
	return h;
}

static bool nexthop_equal(const struct nexthop *a, const struct nexthop *b)
{
	return a->oif == b->oif && a->gw_family == b->gw_family &&
	       a->onlink == b->onlink && a->weight == b->weight &&
	       a->gw.host == b->gw.host;
}

struct route_record fib_info_record(const struct fib_info *info, struct prefix4 dst)
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
		.position = ROUTE_NEW,
		.nexthops = info->nexthops,
		.nexthop_count = info->nexthop_count,
	};
}

bool fib_info_is(const struct fib_info *info, const struct route_record *route)
{
	if (info->rest != route->rest || info->table != route->table ||
		info->priority != route->priority || info->nhid != route->nhid ||
		info->prefsrc.host != route->prefsrc.host || info->tos != route->tos ||
		info->type != route->type || info->scope != route->scope ||
		info->protocol != route->protocol || info->realm != route->realm ||
		info->blind != route->blind ||
		info->nexthop_count != route->nexthop_count)
		return false;
	for (size_t i = 0; i < route->nexthop_count; i++) {
		if (!nexthop_equal(&info->nexthops[i], &route->nexthops[i]))
			return false;
	}
	return true;
}

static struct fib_info *find_info(
	const struct fib_lists *lists, const struct route_record *route, uint64_t hash)
{
	struct fib_info *info = hash_get(&lists->info_by_hash, hash);

	while (info && !fib_info_is(info, route))
		info = info->same_hash;
	return info;
}

static struct fib_info *info_alloc(const struct route_record *route)
{
	struct fib_info *info =
		calloc(1, sizeof(*info) + route->nexthop_count * sizeof(struct nexthop));

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
	info->nexthop_count = (uint32_t)route->nexthop_count;
	for (size_t i = 0; i < route->nexthop_count; i++)
		info->nexthops[i] = route->nexthops[i];
	return info;
}

struct fib_info *fib_info_find(
	const struct fib_lists *lists, const struct route_record *route)
{
	return find_info(lists, route, route_hash(route));
}

static int get_info(struct fib_lists *lists, const struct route_record *route,
	uint64_t hash, struct fib_info **ret)
{
	_cleanup_(freep) struct fib_info *fresh = NULL;
	int r;

	*ret = find_info(lists, route, hash);
	if (*ret)
		return 0;
	fresh = info_alloc(route);
	if (!fresh)
		return -ENOMEM;
	fresh->hash = hash;
	fresh->same_hash = hash_get(&lists->info_by_hash, hash);
	r = hash_put(&lists->info_by_hash, hash, fresh);
	if (r < 0)
		return r;
	*ret = take_ptr(fresh);
	return 0;
}

int fib_info_get(
	struct fib_lists *lists, const struct route_record *route, struct fib_info **ret)
{
	return get_info(lists, route, route_hash(route), ret);
}

void fib_info_put(struct fib_lists *lists, struct fib_info *info)
{
	struct fib_info *first;

	if (info->refs)
		return;
	first = hash_get(&lists->info_by_hash, info->hash);
	if (first != info) {
		while (first->same_hash != info)
			first = first->same_hash;
		first->same_hash = info->same_hash;
	} else if (info->same_hash) {
		(void)hash_put(&lists->info_by_hash, info->hash, info->same_hash);
	} else {
		(void)hash_remove(&lists->info_by_hash, info->hash);
	}
	free(info);
}

/* --- groups: which lists have to do with a device, a nexthop object, an address ---------- */

static uint64_t group_key(enum fib_relation relation, uint32_t id)
{
	return (uint64_t)relation << 32 | id;
}

const struct fib_group *fib_lists_related(
	const struct fib_lists *lists, enum fib_relation relation, uint32_t id)
{
	return hash_get(&lists->groups, group_key(relation, id));
}

static void group_free(struct fib_group *group)
{
	hash_done(&group->lists);
	free(group);
}

static int group_add(struct fib_lists *lists, uint64_t key, struct fib_list *list)
{
	struct fib_group *group = hash_get(&lists->groups, key);

	if (!group) {
		group = calloc(1, sizeof(*group));
		if (!group || hash_put(&lists->groups, key, group) < 0) {
			free(group);
			return -ENOMEM;
		}
	}
	return hash_put(&group->lists, list->index, list);
}

static int group_drop(struct fib_lists *lists, uint64_t key, struct fib_list *list)
{
	struct fib_group *group = hash_get(&lists->groups, key);

	if (!group)
		return 0;
	(void)hash_remove(&group->lists, list->index);
	if (!group->lists.count)
		group_free(hash_remove(&lists->groups, key));
	return 0;
}

/* Does add or drop with each group that a list is in; twice with the same does no harm. */
static int list_groups(struct fib_lists *lists, struct fib_list *list,
	int (*each)(struct fib_lists *lists, uint64_t key, struct fib_list *list))
{
	int r = 0;

	for (uint32_t i = 0; i < list->count && r >= 0; i++) {
		const struct fib_info *info = list->infos[i];

		for (uint32_t k = 0; k < info->nexthop_count && r >= 0; k++)
			r = each(lists,
				group_key(FIB_DEVICE, (uint32_t)info->nexthops[k].oif),
				list);
		if (r >= 0 && info->nhid)
			r = each(lists, group_key(FIB_NEXTHOP, info->nhid), list);
		if (r >= 0 && info->prefsrc.host)
			r = each(lists, group_key(FIB_PREFSRC, info->prefsrc.host), list);
	}
	return r;
}

/* --- lists: what a prefix holds ------------------------------------------------------------ */

static uint64_t list_hash(struct fib_info *const *infos, uint32_t count)
{
	uint64_t h = count;

	for (uint32_t i = 0; i < count; i++)
		h = hash_mix(h ^ (uint64_t)(uintptr_t)infos[i]);
	return h;
}

static struct fib_list *list_find(const struct fib_lists *lists,
	struct fib_info *const *infos, uint32_t count, uint64_t hash)
{
	struct fib_list *list = hash_get(&lists->list_by_hash, hash);

	while (list && (list->count != count ||
			       memcmp(list->infos, infos, count * sizeof(*infos)) != 0))
		list = list->same_hash;
	return list;
}

/* Sets *ret to a free index of lists->all. */
static int free_index(struct fib_lists *lists, uint32_t *ret)
{
	struct fib_list *none = NULL;

	if (lists->free.count) {
		*ret = lists->free.items[--lists->free.count];
		return 0;
	}
	*ret = (uint32_t)lists->all.count;
	if (*ret > TRIE_VALUE_MAX)
		return -ENOMEM;
	return array_push(&lists->all, &none);
}

static void list_unlink(struct fib_lists *lists, struct fib_list *list)
{
	struct fib_list *first = hash_get(&lists->list_by_hash, list->hash);

	if (first != list) {
		while (first->same_hash != list)
			first = first->same_hash;
		first->same_hash = list->same_hash;
	} else if (list->same_hash) {
		(void)hash_put(&lists->list_by_hash, list->hash, list->same_hash);
	} else {
		(void)hash_remove(&lists->list_by_hash, list->hash);
	}
	(void)list_groups(lists, list, group_drop);
	lists->all.items[list->index] = NULL;
	/* without memory for the list of free indices this one stays unused */
	(void)array_push(&lists->free, &list->index);
}

static void list_free(struct fib_lists *lists, struct fib_list *list)
{
	list_unlink(lists, list);
	for (uint32_t i = 0; i < list->count; i++) {
		struct fib_info *info = list->infos[i];

		if (info->only == list)
			info->only = NULL;
		info->refs--;
		fib_info_put(lists, info);
	}
	free(list);
}

void fib_list_put(struct fib_lists *lists, struct fib_list *list)
{
	if (!list->refs)
		list_free(lists, list);
}

/* Makes one with an index that is free. */
static int list_make_at(struct fib_lists *lists, uint32_t index,
	struct fib_info *const *infos, uint32_t count, uint64_t hash,
	struct fib_list **ret)
{
	struct fib_list *list = calloc(1, sizeof(*list) + count * sizeof(*infos));
	int r;

	if (!list)
		return -ENOMEM;
	list->index = index;
	list->count = count;
	list->hash = hash;
	list->same_hash = hash_get(&lists->list_by_hash, hash);
	if (count)
		memcpy(list->infos, infos, count * sizeof(*infos));
	for (uint32_t i = 0; i < count; i++)
		list->infos[i]->refs++;
	lists->all.items[list->index] = list;
	if (count == 1)
		list->infos[0]->only = list;
	r = hash_put(&lists->list_by_hash, hash, list);
	if (r < 0) { /* it is in no hash: nothing to be unlinked there */
		lists->all.items[list->index] = NULL;
		for (uint32_t i = 0; i < count; i++)
			list->infos[i]->refs--;
		if (count == 1)
			list->infos[0]->only = NULL;
		free(list);
		return r;
	}
	r = list_groups(lists, list, group_add);
	if (r < 0) {
		list_free(lists, list);
		return r;
	}
	*ret = list;
	return 0;
}

static int list_make(struct fib_lists *lists, struct fib_info *const *infos,
	uint32_t count, uint64_t hash, struct fib_list **ret)
{
	uint32_t index;
	int r = free_index(lists, &index);

	return r < 0 ? r : list_make_at(lists, index, infos, count, hash, ret);
}

int fib_list_get(struct fib_lists *lists, struct fib_info *const *infos, uint32_t count,
	struct fib_list **ret)
{
	uint64_t hash;

	if (count == 1 && infos[0]->only) {
		*ret = infos[0]->only;
		return 0;
	}
	hash = list_hash(infos, count);
	*ret = list_find(lists, infos, count, hash);
	return *ret ? 0 : list_make(lists, infos, count, hash, ret);
}

/* Counts one list's routes in, or out. */
static void count_routes(struct fib_lists *lists, const struct fib_list *list, bool out)
{
	const size_t one = out ? (size_t)-1 : 1;

	lists->routes += one * list->count;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		lists->realms += one * info->realm;
		/* with other bits a route can be there, but no packet takes it */
		if (info->tos && !(info->tos & ~FIB_TOS_MASK))
			lists->toses[info->tos >> 2] += one;
	}
}

void fib_list_hold(struct fib_lists *lists, struct fib_list *list, struct prefix4 prefix)
{
	list->refs++;
	list->last = prefix;
	count_routes(lists, list, false);
}

void fib_list_release(struct fib_lists *lists, struct fib_list *list)
{
	list->refs--;
	count_routes(lists, list, true);
	fib_list_put(lists, list);
}

/* --- a copy of all -------------------------------------------------------------------------- */

/* What a list of another table has, in copies. */
struct copied {
	ARRAY(struct fib_info *) infos;
};

static int copy_infos(
	struct fib_lists *lists, const struct fib_list *from, struct copied *ret)
{
	array_clear(&ret->infos);
	for (uint32_t i = 0; i < from->count; i++) {
		const struct route_record route =
			fib_info_record(from->infos[i], prefix4(ip4(0), 0));
		struct fib_info *info;
		int r = get_info(lists, &route, from->infos[i]->hash, &info);

		if (r >= 0)
			r = array_push(&ret->infos, &info);
		if (r < 0)
			return r;
	}
	return 0;
}

static int copy_list(
	struct fib_lists *lists, const struct fib_list *from, struct copied *copied)
{
	struct fib_list *list;
	int r = copy_infos(lists, from, copied);

	if (r >= 0)
		r = list_make_at(lists, from->index, copied->infos.items, from->count,
			list_hash(copied->infos.items, from->count), &list);
	if (r < 0)
		return r;
	list->owned = from->owned;
	list->refs = from->refs;
	list->last = from->last;
	return 0;
}

int fib_lists_copy(const struct fib_lists *from, struct fib_lists *ret)
{
	struct fib_list *none = NULL;
	struct copied copied = { 0 };
	int r = array_copy(&ret->free, &from->free);

	if (r >= 0)
		r = hash_reserve(&ret->info_by_hash, from->info_by_hash.count);
	if (r >= 0)
		r = hash_reserve(&ret->list_by_hash, from->list_by_hash.count);
	if (r >= 0)
		r = hash_reserve(&ret->groups, from->groups.count);
	for (size_t i = 0; i < from->all.count && r >= 0; i++)
		r = array_push(&ret->all, &none);
	for (size_t i = 0; i < from->all.count && r >= 0; i++) {
		if (from->all.items[i])
			r = copy_list(ret, from->all.items[i], &copied);
	}
	array_done(&copied.infos);
	ret->routes = from->routes;
	ret->realms = from->realms;
	memcpy(ret->toses, from->toses, sizeof(ret->toses));
	return r;
}

void fib_lists_done(struct fib_lists *lists)
{
	hash_each (&lists->groups, slot)
		group_free(slot->value);
	hash_each (&lists->info_by_hash, slot) {
		struct fib_info *info = slot->value, *next;

		for (; info; info = next) {
			next = info->same_hash;
			free(info);
		}
	}
	for (size_t i = 0; i < lists->all.count; i++)
		free(lists->all.items[i]);
	array_done(&lists->all);
	array_done(&lists->free);
	hash_done(&lists->groups);
	hash_done(&lists->info_by_hash);
	hash_done(&lists->list_by_hash);
}
