/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/state.h"

#include "net/kernel_version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct state *state_new(void)
{
	struct state *state = calloc(1, sizeof(*state));

	if (state) {
		state->dirty.epoch = 1;
		state->dirty.all = true;
		local_addrs_init(&state->local_addrs);
	}
	return state;
}

void state_free(struct state *state)
{
	if (!state)
		return;
	hash_each (&state->ifaces, slot)
		iface_free(slot->value);
	hash_each (&state->tables, slot) {
		if (state_owns_table(state, slot->value))
			fib_free(slot->value);
	}
	hash_each (&state->nexthop_objs, slot)
		nexthop_obj_free(slot->value);
	hash_done(&state->ifaces);
	hash_done(&state->names);
	local_addrs_done(&state->local_addrs);
	hash_done(&state->tables);
	hash_done(&state->nexthop_objs);
	array_done(&state->rules);
	array_done(&state->memberships);
	array_done(&state->dirty.ifaces);
	array_done(&state->links);
	free(state);
}

/* --- finding things --------------------------------------------------------------------- */

struct iface *state_iface(const struct state *state, int ifindex)
{
	return hash_get(&state->ifaces, (uint32_t)ifindex);
}

uint64_t state_name_key(const char *name)
{
	return hash_bytes(0, name, strlen(name));
}

struct iface *state_iface_by_name(const struct state *state, const char *name)
{
	struct iface *iface = hash_get(&state->names, state_name_key(name));

	return iface && strcmp(iface->link.name, name) == 0 ? iface : NULL;
}

struct nexthop_obj *state_nexthop_obj(const struct state *state, uint32_t id)
{
	return hash_get(&state->nexthop_objs, id);
}

const struct fib *state_table(const struct state *state, uint32_t table)
{
	if (table == TABLE_LOCAL && state->local_main_merged)
		table = TABLE_MAIN;
	return hash_get(&state->tables, table);
}

void state_ahead(
	const struct state *state, uint32_t table, const struct ip4 *dsts, size_t count)
{
	const struct fib *fib = state_table(state, table);

	if (fib)
		trie_ahead(&fib->trie, dsts, count);
}

bool state_is_local_addr(const struct state *state, struct ip4 addr)
{
	return local_addrs_has(&state->local_addrs, addr);
}

bool state_has_joined(const struct state *state, int ifindex, struct ip4 group)
{
	array_each (&state->memberships, const struct membership, membership) {
		if (membership->ifindex == ifindex &&
			membership->group.host == group.host)
			return true;
	}
	return false;
}

const struct iface *state_vrf(const struct state *state, const struct iface *iface)
{
	const struct iface *master;

	if (strcmp(iface->link.kind, "vrf") == 0)
		return iface;
	master = iface->link.master ? state_iface(state, iface->link.master) : NULL;
	return master && strcmp(master->link.kind, "vrf") == 0 ? master : NULL;
}

static int by_ifindex(const void *a, const void *b)
{
	int left = (*(const struct iface *const *)a)->link.ifindex;
	int right = (*(const struct iface *const *)b)->link.ifindex;

	return (left > right) - (left < right);
}

int state_ifaces(const struct state *state, const struct iface ***ret, size_t *ret_count)
{
	_cleanup_(freep) const struct iface **list = NULL;
	size_t count = 0;

	list = calloc(state->ifaces.count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	hash_each (&state->ifaces, slot) {
		const struct iface *iface = slot->value;

		if (iface->announced)
			list[count++] = iface;
	}
	qsort(list, count, sizeof(*list), by_ifindex);
	*ret = take_ptr(list);
	*ret_count = count;
	return 0;
}

size_t state_routes(const struct state *state)
{
	size_t total = 0;

	hash_each (&state->tables, slot)
		total += ((const struct fib *)slot->value)->lists.routes;
	return total;
}

bool state_kernel_has_patch(const struct state *state, unsigned int major,
	unsigned int minor, unsigned int patch)
{
	return !state->kernel || state->kernel >= kernel_version(major, minor, patch);
}

bool state_kernel_has(const struct state *state, unsigned int major, unsigned int minor)
{
	return state_kernel_has_patch(state, major, minor, 0);
}

bool state_kernel_knows(const struct state *state, uint32_t version)
{
	return !state->kernel || state->kernel == state->kernel_running ||
	       state->kernel >= version;
}

struct prefix4 state_zeronet(const struct state *state)
{
	return prefix4(ip4(0), state_kernel_has(state, 5, 3) ? 32 : 8);
}

/* Before 5.11 nobody asked "all" (c0c5a60f0f13); before 4.2 there was no such setting. */
static bool ignores_linkdown(const struct state *state, const struct iface *iface)
{
	if (!state_kernel_has(state, 4, 2))
		return false;
	if (!state_kernel_has(state, 5, 11))
		return iface->link.conf.value[DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN] != 0;
	return devconf_or(
		&state->all, &iface->link.conf, DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN);
}

bool state_nexthop_is_usable(const struct state *state, const struct fib_info *info,
	const struct nexthop *nexthop)
{
	const struct iface *iface = state_iface(state, nexthop->oif);

	/* local addresses answer on any link, also while theirs is down (fib_sync_down_dev()) */
	if (info->scope == SCOPE_HOST && !info->nhid)
		return true;
	if (!iface || !nexthop_is_alive(nexthop, iface))
		return false;
	return iface_has_carrier(iface) || !ignores_linkdown(state, iface);
}

bool state_any_nexthop(const struct state *state, const struct fib_info *info,
	bool (*each)(const struct nexthop *nexthop, void *data), void *data)
{
	const struct nexthop_obj *nexthop_obj;

	for (uint32_t i = 0; i < info->nexthop_count; i++) {
		if (each(&info->nexthops[i], data))
			return true;
	}
	if (!info->nhid)
		return false;
	nexthop_obj = state_nexthop_obj(state, info->nhid);
	if (!nexthop_obj)
		return false;
	if (!nexthop_obj->member_count)
		return !nexthop_obj->blackhole && each(&nexthop_obj->nexthop, data);
	for (size_t i = 0; i < nexthop_obj->member_count; i++) {
		const struct nexthop_obj *member =
			state_nexthop_obj(state, nexthop_obj->members[i].id);

		if (member && !member->blackhole && each(&member->nexthop, data))
			return true;
	}
	return false;
}

int state_l3mdev(const struct state *state, int ifindex)
{
	const struct iface *iface = state_iface(state, ifindex);
	const struct iface *vrf = iface ? state_vrf(state, iface) : NULL;

	return vrf ? vrf->link.ifindex : 0;
}

bool state_link_went(const struct state *state, int ifindex)
{
	array_each (&state->links, const struct link_change, change) {
		if (change->gone && change->ifindex == ifindex)
			return true;
	}
	return false;
}
