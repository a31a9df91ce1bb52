/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_fib.h"

#include "state/state_apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool hop_fits(const struct nexthop *said, const struct nexthop *has)
{
	return (!said->oif || said->oif == has->oif) &&
	       (!said->gw_family || (said->gw_family == has->gw_family &&
					    said->gw.host == has->gw.host));
}

/* fib_nh_match() */
static bool hops_fit(const struct change_said *said, const struct fib_info *info)
{
	const struct route_record *route = said->route;
	static const struct nexthop none; /* the one of an error route */
	const struct nexthop *hops = info->nexthop_count ? info->nexthops : &none;
	uint32_t count = info->nexthop_count ?: 1;

	if (route->nhid)
		return route->nhid == info->nhid;
	if (!route->nexthop_count)
		return true;
	if (info->nhid)
		return false;
	if (!said->multipath)
		return info->nexthop_count &&
		       hop_fits(&route->nexthops[0], &info->nexthops[0]);
	if (route->nexthop_count < count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!hop_fits(&route->nexthops[i], &hops[i]))
			return false;
	}
	return true;
}

static bool route_fits(const struct change_said *said, const struct fib_info *info)
{
	const struct route_record *route = said->route;

	return info->table == route->table && info->tos == route->tos &&
	       (!said->type || info->type == route->type) &&
	       (!said->scope || info->scope == route->scope) &&
	       (!said->protocol || info->protocol == route->protocol) &&
	       (!route->priority || info->priority == route->priority) &&
	       (!route->prefsrc.host || info->prefsrc.host == route->prefsrc.host) &&
	       (!said->realm || info->realm == route->realm) && hops_fit(said, info);
}

const struct fib_list *change_list(
	const struct state *state, uint32_t table, struct prefix4 dst)
{
	const struct fib *fib = state_table(state, table);
	uint32_t value = fib ? trie_get(&fib->trie, dst) : 0;

	return value ? fib_list(fib, value) : NULL;
}

const struct fib_info *change_find_route(
	const struct state *state, const struct change_said *said)
{
	const struct fib_list *list =
		change_list(state, said->route->table, said->route->dst);

	for (uint32_t i = 0; list && i < list->count; i++) {
		if (route_fits(said, list->infos[i]))
			return list->infos[i];
	}
	return NULL;
}

int change_remove_route(
	struct state *state, const struct fib_info *info, struct prefix4 dst)
{
	struct record record = { .kind = RECORD_ROUTE_GONE,
		.route = fib_info_record(info, dst) };
	size_t size = record.route.nexthop_count * sizeof(struct nexthop);
	_cleanup_(freep) struct nexthop *nexthops = malloc(size + 1);

	/* what it has goes while it is applied */
	if (!nexthops)
		return -ENOMEM;
	if (size)
		memcpy(nexthops, record.route.nexthops, size);
	record.route.nexthops = nexthops;
	return state_apply(state, &record);
}
