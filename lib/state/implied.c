/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/implied.h"

#include "state/dirty.h"
#include "state/state.h"
#include "state/state_fork.h"

#include <errno.h>

struct doom {
	const struct state *state;
	int ifindex;
	bool forced;
	struct ip4 prefsrc;
	uint32_t table;
	uint32_t nhid;
};

/* Removes them from one table. Returns how many, or -ENOMEM. */
static long remove_from(struct state *state, uint32_t table, enum fib_relation relation,
	uint32_t id, bool (*doomed)(const struct fib_info *info, void *data),
	struct doom *doom, const struct addr_prefixes *hints)
{
	struct fib *fib;
	int r = state_table_own(state, table, &fib);

	return r < 0 ? r
		     : fib_remove_related(fib, relation, id, doomed, doom,
			       hints->list.items, hints->list.count);
}

/* Asks the routes of every table that are related so. An empty table stays: it is looked
 * up as a missing one. A device's few routes are found by its addresses, without a walk. */
static int remove_routes(struct state *state, enum fib_relation relation, uint32_t id,
	bool (*doomed)(const struct fib_info *info, void *data), struct doom *doom)
{
	const struct iface *iface =
		relation == FIB_DEVICE ? state_iface(state, (int)id) : NULL;
	struct addr_prefixes hints = { 0 };
	int r = iface ? iface_addr_prefixes(iface, &hints) : 0;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;
		long gone;

		if (r < 0 || !fib_related(fib, relation, id))
			continue;
		gone = remove_from(state, fib->table, relation, id, doomed, doom, &hints);
		if (gone < 0)
			r = (int)gone;
		if (gone > 0)
			state->generation++;
	}
	array_done(&hints.list);
	return r;
}

static bool nexthop_is_dead(const struct doom *doom, const struct fib_info *info,
	const struct nexthop *nexthop)
{
	const struct iface *iface;

	/* a nexthop of host scope (a local route's) outlives its link's going down */
	if (nexthop->oif == doom->ifindex)
		return doom->forced || info->scope != SCOPE_HOST;
	iface = state_iface(doom->state, nexthop->oif);
	return !iface || !nexthop_is_alive(nexthop, iface);
}

static bool all_nexthops_dead(const struct fib_info *info, void *data)
{
	const struct doom *doom = data;
	bool has_nexthop = false;

	for (uint32_t i = 0; i < info->nexthop_count; i++) {
		if (!nexthop_is_dead(doom, info, &info->nexthops[i]))
			return false;
		has_nexthop |= info->nexthops[i].oif == doom->ifindex;
	}
	return has_nexthop;
}

static bool any_nexthop_on(const struct fib_info *info, void *data)
{
	const struct doom *doom = data;

	for (uint32_t i = 0; i < info->nexthop_count; i++) {
		if (info->nexthops[i].oif == doom->ifindex)
			return true;
	}
	return false;
}

static bool prefers(const struct fib_info *info, void *data)
{
	const struct doom *doom = data;

	return info->prefsrc.host == doom->prefsrc.host && info->table == doom->table;
}

static bool goes_by(const struct fib_info *info, void *data)
{
	return info->nhid == ((struct doom *)data)->nhid;
}

/* Nexthop objects that leave by a link go with it; blackholes only with lo itself. */
static int remove_nexthops(struct state *state, int ifindex)
{
	for (;;) {
		uint32_t id = 0;
		int r;

		hash_each (&state->nexthop_objs, slot) {
			const struct nexthop_obj *nexthop_obj = slot->value;

			if (!nexthop_obj->member_count &&
				nexthop_obj->nexthop.oif == ifindex &&
				!nexthop_obj->blackhole)
				id = nexthop_obj->id;
		}
		if (!id)
			return 0;
		nexthop_obj_free(hash_remove(&state->nexthop_objs, id));
		state->generation++;
		/* routes by it no longer know which devices they were about */
		dirty_all(state);
		r = implied_nexthop_gone(state, id);
		if (r < 0)
			return r;
	}
}

int implied_nexthop_gone(struct state *state, uint32_t id)
{
	struct doom doom = { .state = state, .nhid = id };
	int r = remove_routes(state, FIB_NEXTHOP, doom.nhid, goes_by, &doom);

	while (r >= 0) {
		struct nexthop_obj *empty = NULL;

		hash_each (&state->nexthop_objs, slot) {
			struct nexthop_obj *group = slot->value;

			if (group->member_count && nexthop_obj_drop_member(group, id) &&
				!group->member_count) {
				empty = group;
				break; /* the others' turn comes: one at a time goes */
			}
		}
		if (!empty)
			return 0;
		/* groups hold no groups: this ends at once */
		doom.nhid = empty->id;
		nexthop_obj_free(hash_remove(&state->nexthop_objs, doom.nhid));
		state->generation++;
		r = remove_routes(state, FIB_NEXTHOP, doom.nhid, goes_by, &doom);
	}
	return r;
}

static bool mark_group(const struct fib_group *group, int ifindex, bool dead)
{
	bool changed = false;

	hash_each (&group->lists, slot) {
		const struct fib_list *list = slot->value;

		for (uint32_t i = 0; i < list->count; i++) {
			struct fib_info *info = list->infos[i];

			for (uint32_t k = 0; k < info->nexthop_count; k++) {
				if (info->nexthops[k].oif != ifindex)
					continue;
				changed |= info->nexthops[k].dead != dead;
				info->nexthops[k].dead = dead;
			}
		}
	}
	return changed;
}

/* Marks the nexthops on a device in every table. Returns 0 or -ENOMEM. */
static int mark_nexthops(struct state *state, int ifindex, bool dead)
{
	hash_each (&state->tables, slot) {
		const struct fib *known = slot->value;
		struct fib *fib;
		int r;

		if (!fib_related(known, FIB_DEVICE, (uint32_t)ifindex))
			continue;
		r = state_table_own(state, known->table, &fib);
		if (r < 0)
			return r;
		/* a nexthop that is passed over now, or no longer, affects other interfaces too */
		if (mark_group(fib_related(fib, FIB_DEVICE, (uint32_t)ifindex), ifindex,
			    dead))
			dirty_all(state);
	}
	return 0;
}

int implied_link_alive(struct state *state, int ifindex)
{
	return mark_nexthops(state, ifindex, false);
}

int implied_link_down(struct state *state, int ifindex, bool forced)
{
	struct doom doom = { .state = state, .ifindex = ifindex, .forced = forced };
	int r = remove_routes(
		state, FIB_DEVICE, (uint32_t)ifindex, all_nexthops_dead, &doom);

	/* the removal of an address leaves nexthop objects alone (docs/kernel.md 4.4), and the routes that
	 * have another nexthop alive keep the dead one */
	if (r < 0)
		return r;
	if (forced)
		return mark_nexthops(state, ifindex, true);
	return remove_nexthops(state, ifindex);
}

int implied_carrier_lost(struct state *state, int ifindex)
{
	return remove_nexthops(state, ifindex);
}

int implied_link_gone(struct state *state, int ifindex)
{
	struct doom doom = { .state = state, .ifindex = ifindex };
	int r = remove_routes(
		state, FIB_DEVICE, (uint32_t)ifindex, any_nexthop_on, &doom);

	return r < 0 ? r : remove_nexthops(state, ifindex);
}

/* A route that the kernel made for an address of the device: it goes before the question is asked */
static bool is_made_for(const struct fib_info *info, uint8_t len, int ifindex)
{
	return info->protocol == PROTO_KERNEL && info->nexthop_count == 1 &&
	       info->nexthops[0].oif == ifindex &&
	       (info->type == ROUTE_UNICAST || (info->type == ROUTE_LOCAL && len == 32));
}

bool implied_addr_stays(
	const struct state *state, const struct addr_record *addr, uint32_t table)
{
	const struct iface *iface = state_iface(state, addr->ifindex);
	const struct fib *fib = state_table(state, table);
	struct trie_match matches[33];
	size_t count = fib ? trie_match(&fib->trie, addr->local, matches) : 0;

	for (size_t i = 0; iface && i < iface->addrs.count; i++) {
		if (iface->addrs.items[i].local.host == addr->local.host)
			return true;
	}
	while (count--) {
		const struct fib_list *list = fib_list(fib, matches[count].value);

		for (uint32_t i = 0; i < list->count; i++) {
			const struct fib_info *info = list->infos[i];

			if (!info->tos &&
				!is_made_for(info, matches[count].len, addr->ifindex))
				return info->type == ROUTE_LOCAL;
		}
	}
	return false;
}

int implied_prefsrc_gone(struct state *state, struct ip4 addr, uint32_t table)
{
	struct doom doom = { .state = state, .prefsrc = addr, .table = table };

	return addr.host ? remove_routes(state, FIB_PREFSRC, addr.host, prefers, &doom)
			 : 0;
}
