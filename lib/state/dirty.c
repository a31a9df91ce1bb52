/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/dirty.h"

#include <errno.h>

/*
 * Of a million routes that change, each dirties the interfaces that its old and its new owner
 * lead out of. On any other interface a source is dropped before and after; only the
 * kind of drop may change, which matters where there is a finding: dirty.routes.
 */
void dirty_all(struct state *state)
{
	state->dirty.all = true;
}

int dirty_iface(struct state *state, int ifindex)
{
	struct iface *iface = state_iface(state, ifindex);

	if (state->dirty.all || (iface && iface->dirty))
		return 0;
	if (array_push(&state->dirty.ifaces, &ifindex) < 0) {
		dirty_all(state);
		return -ENOMEM;
	}
	if (iface)
		iface->dirty = true;
	return 0;
}

bool dirty_has(
	const struct state *state, const struct iface *iface, bool depends_on_no_route)
{
	return state->dirty.all || iface->dirty ||
	       (state->dirty.no_route && depends_on_no_route) ||
	       (state->dirty.addresses && !iface->addrs.count);
}

bool dirty_any(const struct state *state)
{
	return state->dirty.all || state->dirty.routes || state->dirty.no_route ||
	       state->dirty.addresses || state->dirty.ifaces.count;
}

void dirty_settle(struct state *state)
{
	array_each (&state->dirty.ifaces, const int, ifindex) {
		struct iface *iface = state_iface(state, *ifindex);

		if (iface)
			iface->dirty = false;
	}
	array_clear(&state->dirty.ifaces);
	state->dirty.all = state->dirty.routes = false;
	state->dirty.no_route = state->dirty.addresses = false;
	state->dirty.epoch++;
}

static void mark_nexthop(struct state *state, const struct nexthop_obj *nexthop_obj)
{
	if (!nexthop_obj) {
		dirty_all(state);
		return;
	}
	if (nexthop_obj->nexthop.oif)
		(void)dirty_iface(state, nexthop_obj->nexthop.oif);
	for (size_t i = 0; i < nexthop_obj->member_count; i++) {
		const struct nexthop_obj *member =
			state_nexthop_obj(state, nexthop_obj->members[i].id);

		if (member)
			(void)dirty_iface(state, member->nexthop.oif);
	}
}

/* Whether no table behind this one has an answer either. */
static bool is_last(const struct state *state, const struct fib *fib)
{
	if (state->local_main_merged) {
		const struct fib *behind = state_table(state, TABLE_DEFAULT);

		return fib == behind || !behind || !behind->lists.routes;
	}
	for (size_t i = state->rules.count; i-- > 0;) {
		const struct rule *rule = &state->rules.items[i].rule;
		const struct fib *other;

		if (rule->action == RULE_NOP)
			continue;
		if (rule->action != RULE_TABLE || rule->l3mdev)
			return false;
		other = state_table(state, rule->table);
		if (other == fib)
			return true;
		if (other && other->lists.routes)
			return false;
	}
	return false;
}

/* Whether a look-up passes over a nexthop though its device is up. One that is down just
 * lost its routes, and was used before. */
static bool is_passed_over(const struct state *state, const struct fib_info *info,
	const struct nexthop *nexthop)
{
	const struct iface *iface = state_iface(state, nexthop->oif);

	return iface && iface_is_up(iface) &&
	       !state_nexthop_is_usable(state, info, nexthop);
}

/* Those that take packets to an address that is another's: without one of their own, or to one on
 * lo. */
static void mark_local(struct state *state, const struct fib_info *info)
{
	state->dirty.addresses = true;
	for (uint32_t i = 0; i < info->nexthop_count; i++) {
		if (info->nexthops[i].oif == IFINDEX_LO)
			dirty_all(state);
	}
}

/* Those that the routes of a list lead out of. */
static void mark_routes(
	struct state *state, const struct fib_list *list, uint64_t addresses)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		/* whether an address is delivered decides for all that take packets to it */
		if (info->type == ROUTE_LOCAL)
			mark_local(state, info);
		/* local and broadcast addresses are expected nowhere: a route that the kernel made
		 * for one concerns its device alone */
		if (info->type != ROUTE_UNICAST &&
			(info->protocol != PROTO_KERNEL || addresses > 1))
			dirty_all(state);
		for (uint32_t k = 0; k < info->nexthop_count; k++) {
			(void)dirty_iface(state, info->nexthops[k].oif);
			/* what is passed over isn't who the addresses come from or go to */
			if (is_passed_over(state, info, &info->nexthops[k]))
				dirty_all(state);
		}
		if (info->nhid)
			mark_nexthop(state, state_nexthop_obj(state, info->nhid));
	}
}

/* Any route around an address, in the other tables, may be used for it now. */
static void mark_behind(struct state *state, const struct fib *fib, struct ip4 addr)
{
	hash_each (&state->tables, slot) {
		const struct fib *other = slot->value;
		struct trie_match around[33];
		size_t count = other == fib ? 0 : trie_match(&other->trie, addr, around);

		for (size_t i = 0; i < count; i++)
			mark_routes(state, fib_list(other, around[i].value), 1);
	}
	state->dirty.no_route = true;
}

/* As fib.mark. Without memory it sets dirty.all. */
static void mark_list(void *data, const struct fib *fib, const struct fib_list *list,
	struct prefix4 prefix, uint64_t addresses)
{
	struct state *state = data;

	state->dirty.routes = true;
	/* what a rule suppresses, or a table does not have, goes to the tables behind it; a single
	 * address, as local ones are in the table local, is looked up there */
	if (state->suppressing || (!list && prefix.len < 32 && !is_last(state, fib)))
		dirty_all(state);
	else if (list)
		mark_routes(state, list, addresses);
	else if (is_last(state, fib))
		state->dirty.no_route = true;
	else
		mark_behind(state, fib, prefix.addr);
}

void dirty_follow(struct state *state, struct fib *fib)
{
	fib->mark = mark_list;
	fib->mark_data = state;
	fib->epoch = &state->dirty.epoch;
}
