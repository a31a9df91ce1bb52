/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_route.h"

#include "change/change_fib.h"
#include "change/change_gateway.h"
#include "state/state_apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A route, as fib_table_insert() and fib_table_delete() take it (net/ipv4/fib_trie.c), behind the
 * checks of fib_create_info() (fib_semantics.c), in their order: which of two mistakes is told is
 * the kernel's.
 */

/* --- nexthops --------------------------------------------------------------------------------- */

/* fib_check_nh_nongw() */
static int check_plain_hop(const struct change_job *job, const struct nexthop *hop)
{
	const struct iface *iface = hop->oif ? state_iface(job->state, hop->oif) : NULL;

	if (hop->onlink)
		return change_refuse(job, -EINVAL, "onlink needs a gateway");
	if (!hop->oif)
		return change_refuse(job, -ENODEV, "it needs a device or a gateway");
	if (!iface || !iface->link.has_inet)
		return change_refuse(job, -ENODEV, "the device has no IPv4");
	if (!iface_is_up(iface))
		return change_refuse(job, -ENETDOWN, "%s is down", iface->link.name);
	return 0;
}

static int check_onlink(
	const struct change_job *job, uint8_t scope, const struct nexthop *hop)
{
	const struct iface *iface = hop->oif ? state_iface(job->state, hop->oif) : NULL;
	const struct iface *vrf = iface ? state_vrf(job->state, iface) : NULL;

	if (scope >= SCOPE_LINK)
		return change_refuse(
			job, -EINVAL, "a gateway can't have the scope of the link");
	if (!iface)
		return change_refuse(job, -ENODEV, "onlink needs a device");
	if (!iface_is_up(iface))
		return change_refuse(job, -ENETDOWN, "%s is down", iface->link.name);
	if (change_addr_type(job->state, hop->gw,
		    vrf ? vrf->link.vrf_table : TABLE_LOCAL) != ROUTE_UNICAST)
		return change_refuse(
			job, -EINVAL, "the gateway is no other host's address");
	return 0;
}

static int check_gateway(
	const struct change_job *job, uint32_t table, uint8_t scope, struct nexthop *hop)
{
	struct change_way way =
		change_gateway(job->state, table, hop->gw, scope, hop->oif);
	const struct iface *iface;

	if (way.blind)
		return change_leave(job, "what leads to the gateway was not understood");
	if (way.error)
		return change_refuse(job, way.error,
			"the gateway can't be reached (no route to it%s)",
			hop->oif ? " by the device" : " by a device");
	if (way.type != ROUTE_UNICAST && way.type != ROUTE_LOCAL)
		return change_refuse(
			job, -EINVAL, "the gateway is no other host's address");
	iface = state_iface(job->state, way.oif);
	if (!iface)
		return change_refuse(job, -EINVAL, "no device leads to the gateway");
	if (!iface_is_up(iface))
		return change_refuse(job, -ENETDOWN, "%s is down", iface->link.name);
	hop->oif = way.oif;
	return 0;
}

/* Only what is on the link can be judged: IPv6 is not in the state. */
static int check_gateway6(const struct change_job *job, const struct change_hop *said,
	const struct nexthop *hop)
{
	const struct iface *iface = hop->oif ? state_iface(job->state, hop->oif) : NULL;

	if (!said->link_local)
		return change_leave(job, "whether IPv6 leads to the gateway isn't known");
	if (!iface)
		return change_refuse(job, -EINVAL, "the gateway needs a device");
	if (!iface_is_up(iface))
		return change_refuse(job, -ENETDOWN, "%s is down", iface->link.name);
	return 0;
}

int change_check_hop(const struct change_job *job, uint32_t table, uint8_t scope,
	const struct change_hop *said, struct nexthop *hop)
{
	if (!hop->gw_family)
		return check_plain_hop(job, hop);
	if (hop->gw_family == 6)
		return check_gateway6(job, said, hop);
	return hop->onlink ? check_onlink(job, scope, hop)
			   : check_gateway(job, table, scope, hop);
}

/* --- what fib_create_info() checks ------------------------------------------------------------ */

static bool is_error(uint8_t type)
{
	return type == ROUTE_BLACKHOLE || type == ROUTE_UNREACHABLE ||
	       type == ROUTE_PROHIBIT || type == ROUTE_THROW;
}

/* fib_props[].scope: the least that a type has */
static uint8_t least_scope(uint8_t type)
{
	if (type == ROUTE_LOCAL)
		return SCOPE_HOST;
	return type == ROUTE_BROADCAST || type == ROUTE_ANYCAST ? SCOPE_LINK : 0;
}

/* fib_check_nexthop() */
static int check_object(const struct change_job *job, const struct route_record *route)
{
	const struct nexthop_obj *object = state_nexthop_obj(job->state, route->nhid);
	const struct nexthop_obj *first = object;

	if (!object)
		return change_refuse(job, -EINVAL, "there is no nexthop %u", route->nhid);
	if (route->nexthop_count)
		return change_refuse(
			job, -EINVAL, "nhid stands for gateway and device: not both");
	if (is_error(route->type))
		return 0;
	if (object->member_count) {
		if (route->scope == SCOPE_HOST)
			return change_refuse(
				job, -EINVAL, "scope host allows one nexthop only");
		first = state_nexthop_obj(job->state, object->members[0].id);
	}
	if (object->fdb || (first && first->fdb))
		return change_refuse(
			job, -EINVAL, "nexthop %u is for no routes", route->nhid);
	if (first && route->scope == SCOPE_HOST && first->nexthop.gw_family)
		return change_refuse(
			job, -EINVAL, "a route of scope host can't have a gateway");
	if (first && first->nexthop.onlink && route->scope >= SCOPE_LINK)
		return change_refuse(job, -EINVAL, "the nexthop has another scope");
	return 0;
}

/* A local route's nexthop */
static int check_host_hop(const struct change_job *job, const struct route_record *route)
{
	const struct nexthop *hop = route->nexthops;

	if (route->nexthop_count > 1)
		return change_refuse(job, -EINVAL, "scope host allows one nexthop only");
	if (route->nexthop_count && hop->gw_family)
		return change_refuse(
			job, -EINVAL, "a route of scope host can't have a gateway");
	if (!route->nexthop_count || !state_iface(job->state, hop->oif))
		return change_refuse(job, -ENODEV, "it needs a device");
	return 0;
}

static int check_hops(const struct change_job *job, const struct route_record *route,
	struct nexthop *hops)
{
	if (route->nhid)
		return check_object(job, route);
	if (route->scope == SCOPE_HOST)
		return check_host_hop(job, route);
	if (!route->nexthop_count)
		return check_plain_hop(job, &(struct nexthop){ 0 });
	for (size_t i = 0; i < route->nexthop_count; i++) {
		int r = change_check_hop(
			job, route->table, route->scope, &job->change->hops[i], &hops[i]);

		if (r)
			return r;
	}
	return 0;
}

static int check_route(const struct change_job *job, const struct route_record *route,
	struct nexthop *hops)
{
	int r;

	if (route->tos & 3 && state_kernel_has(job->state, 5, 18))
		return change_refuse(job, -EINVAL, "the two low bits of tos must be 0");
	if (route->scope < least_scope(route->type))
		return change_refuse(job, -EINVAL, "the type needs another scope");
	if (is_error(route->type)) {
		if (route->nhid)
			return check_object(job, route);
		if (route->nexthop_count)
			return change_refuse(job, -EINVAL,
				"a route of this type has no gateway and no device");
		return 0;
	}
	if (route->scope > SCOPE_HOST)
		return change_refuse(job, -EINVAL, "the scope is too narrow");
	r = check_hops(job, route, hops);
	if (r)
		return r;
	if (route->prefsrc.host && !change_prefsrc_is_own(job->state, route))
		return change_refuse(job, -EINVAL, "src is no address of this host");
	return 0;
}

/* --- insertion and deletion ------------------------------------------------------------------- */

/* The routes of the same prefix, table, tos and metric: the first, and the one that is equal. */
static bool find_equals(const struct state *state, const struct route_record *route,
	const struct fib_info **ret_equal, bool *ret_first)
{
	const struct fib_list *list = change_list(state, route->table, route->dst);
	bool found = false;

	*ret_equal = NULL;
	for (uint32_t i = 0; list && i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->table != route->table || info->tos != route->tos ||
			info->priority != route->priority)
			continue;
		if (fib_info_is(info, route)) {
			*ret_equal = info;
			*ret_first = !found;
			return true;
		}
		found = true;
	}
	return found;
}

static int insert_route(const struct change_job *job, const struct record *record)
{
	const struct fib_info *equal;
	bool first = false;
	bool any = find_equals(job->state, &record->route, &equal, &first);
	enum change_verb verb = job->change->verb;
	int r;

	if (any && verb == CHANGE_ADD)
		return change_refuse(job, -EEXIST, "there is such a route already");
	if (!any && verb == CHANGE_CHANGE)
		return change_refuse(job, -ENOENT, "there is no such route to change");
	/* what is replaced by itself stays, and yet an administrator has put it there */
	if (equal && !(first && (verb == CHANGE_REPLACE || verb == CHANGE_CHANGE)))
		return change_refuse(job, -EEXIST, "there is such a route already");
	r = state_apply(job->state, record);
	return r < 0 ? r : 0;
}

static int delete_route(const struct change_job *job, const struct route_record *route)
{
	const struct change_route *given = &job->change->route;
	const struct change_said said = { .route = route,
		.type = given->has_type,
		.scope = given->has_scope,
		.protocol = given->has_protocol,
		.realm = given->has_realm,
		.multipath = job->change->multipath };
	const struct fib_info *info;
	int r;

	info = change_find_route(job->state, &said);
	if (!info)
		return change_refuse(job, -ESRCH, "there is no such route");
	r = change_remove_route(job->state, info, route->dst);
	return r < 0 ? r : 0;
}

/* Removes what a prefix has of a table. */
static int flush_prefix(struct state *state, uint32_t table, struct prefix4 dst)
{
	for (;;) {
		const struct fib_list *list = change_list(state, table, dst);
		const struct fib_info *info = NULL;
		int r;

		for (uint32_t i = 0; list && !info && i < list->count; i++)
			info = list->infos[i]->table == table ? list->infos[i] : NULL;
		if (!info)
			return 0;
		r = change_remove_route(state, info, dst);
		if (r <= 0)
			return r;
	}
}

struct prefixes {
	ARRAY(struct prefix4) list;
};

static int list_prefixes(const struct fib *fib, uint32_t reference, struct prefixes *ret)
{
	struct trie_at at;
	int r;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&fib->trie, reference);
	r = at.value ? array_push(&ret->list, &at.prefix) : 0;
	if (r >= 0)
		r = list_prefixes(fib, at.child[0], ret);
	return r < 0 ? r : list_prefixes(fib, at.child[1], ret);
}

static int flush_table(const struct change_job *job, uint32_t table)
{
	const struct fib *fib = state_table(job->state, table);
	struct prefixes prefixes = { 0 };
	int r = fib ? list_prefixes(fib, fib->trie.root, &prefixes) : 0;

	for (size_t i = 0; r >= 0 && i < prefixes.list.count; i++)
		r = flush_prefix(job->state, table, prefixes.list.items[i]);
	array_done(&prefixes.list);
	return r < 0 ? r : 0;
}

/* The devices that were named: ip(8) looks for them before it asks the kernel. */
static int name_devices(const struct change_job *job, struct nexthop *hops)
{
	for (size_t i = 0; i < job->change->hop_count; i++) {
		const struct change_hop *said = &job->change->hops[i];
		const struct iface *iface;
		int r;

		hops[i] = said->nexthop;
		if (!said->dev[0])
			continue;
		r = change_iface(job, said->dev, &iface);
		if (r < 0)
			return r;
		hops[i].oif = iface->link.ifindex;
	}
	return 0;
}

int change_apply_route(const struct change_job *job)
{
	const struct change_route *said = &job->change->route;
	struct nexthop hops[CHANGE_HOPS] = { 0 };
	struct record record = { .kind = RECORD_ROUTE, .route = said->route };
	int r;

	if (job->change->verb == CHANGE_FLUSH)
		return flush_table(job, said->route.table);
	r = name_devices(job, hops);
	if (r < 0)
		return r;
	record.route.nexthops = hops;
	record.route.nexthop_count = job->change->hop_count;
	record.route.by_hand = true;
	if (job->change->verb == CHANGE_DEL)
		return delete_route(job, &record.route);
	/* of these the kernel reads no flags */
	if (is_error(record.route.type) && !hops[0].oif && !hops[0].gw_family)
		record.route.nexthop_count = 0;
	r = check_route(job, &record.route, hops);
	return r ? r : insert_route(job, &record);
}
