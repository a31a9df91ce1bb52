/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/dirty.h"

#include <errno.h>

/*
 * Of a million routes that change, each touches the interfaces that its old and its new owner
 * lead out of: the verdict on a source changes on no other, as it is by another way than
 * these before and after. It may change from one drop to another there, which is news only
 * where a fault was found: touched.routes.
 */
void touched_all(struct state *state)
{
	state->touched.all = true;
}

int touched_iface(struct state *state, int ifindex)
{
	struct iface *iface = state_iface(state, ifindex);

	if (state->touched.all || (iface && iface->touched))
		return 0;
	if (array_push(&state->touched.ifaces, &ifindex) < 0) {
		touched_all(state);
		return -ENOMEM;
	}
	if (iface)
		iface->touched = true;
	return 0;
}

bool touched_has(
	const struct state *state, const struct iface *iface, bool minds_unrouted)
{
	return state->touched.all || iface->touched ||
	       (state->touched.unrouted && minds_unrouted) ||
	       (state->touched.addresses && !iface->addrs.count);
}

void touched_settle(struct state *state)
{
	array_each (&state->touched.ifaces, const int, ifindex) {
		struct iface *iface = state_iface(state, *ifindex);

		if (iface)
			iface->touched = false;
	}
	array_clear(&state->touched.ifaces);
	state->touched.all = state->touched.routes = false;
	state->touched.unrouted = state->touched.addresses = false;
	state->touched.epoch++;
}

static void touch_nexthop(struct state *state, const struct nexthop *nexthop)
{
	if (!nexthop) {
		touched_all(state);
		return;
	}
	if (nexthop->leg.oif)
		(void)touched_iface(state, nexthop->leg.oif);
	for (size_t i = 0; i < nexthop->member_count; i++) {
		const struct nexthop *member =
			state_nexthop(state, nexthop->members[i].id);

		if (member)
			(void)touched_iface(state, member->leg.oif);
	}
}

/* Whether what a table has no answer to has none at all: nothing behind it has any. */
static bool is_last(const struct state *state, const struct fib *fib)
{
	if (state->merged) {
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

/* Whether a look-up passes over a leg though its device is up: one that is down lost its routes
 * just now, and had been taken. */
static bool is_passed_over(
	const struct state *state, const struct fib_info *info, const struct leg *leg)
{
	const struct iface *iface = state_iface(state, leg->oif);

	return iface && iface_is_up(iface) && !state_leg_is_usable(state, info, leg);
}

/* Those that the routes of a list lead out of. */
static void touch_routes(
	struct state *state, const struct fib_list *list, uint64_t addresses)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		/* own and broadcast addresses aren't expected anywhere, so it is the device's own
		 * matter that the kernel made a route for one of them */
		if (info->type != ROUTE_UNICAST &&
			(info->protocol != PROTO_KERNEL || addresses > 1))
			touched_all(state);
		for (uint32_t k = 0; k < info->leg_count; k++) {
			(void)touched_iface(state, info->legs[k].oif);
			/* what is passed over isn't who the addresses come from or go to */
			if (is_passed_over(state, info, &info->legs[k]))
				touched_all(state);
		}
		if (info->nhid)
			touch_nexthop(state, state_nexthop(state, info->nhid));
	}
}

/* Any of the routes around an address, in other tables than one, may be its now. */
static void touch_behind(struct state *state, const struct fib *fib, struct ip4 addr)
{
	hash_each (&state->tables, slot) {
		const struct fib *other = slot->value;
		struct trie_match around[33];
		size_t count = other == fib ? 0 : trie_match(&other->trie, addr, around);

		for (size_t i = 0; i < count; i++)
			touch_routes(state, fib_list(other, around[i].value), 1);
	}
	state->touched.unrouted = true;
}

/* As fib.touch. What memory ran out for is in touched.all. */
static void touch_list(void *data, const struct fib *fib, const struct fib_list *list,
	struct prefix4 prefix, uint64_t addresses)
{
	struct state *state = data;

	state->touched.routes = true;
	/* what a rule suppresses, or a table has not, is for the tables behind it; a single address,
	 * as each of the host's own comes and goes in the table local, is looked up there */
	if (state->suppressing || (!list && prefix.len < 32 && !is_last(state, fib)))
		touched_all(state);
	else if (list)
		touch_routes(state, list, addresses);
	else if (is_last(state, fib))
		state->touched.unrouted = true;
	else
		touch_behind(state, fib, prefix.addr);
}

void touched_follow(struct state *state, struct fib *fib)
{
	fib->touch = touch_list;
	fib->touch_data = state;
	fib->epoch = &state->touched.epoch;
}
