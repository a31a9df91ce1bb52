/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/touched.h"

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
	if (!nexthop)
		return;
	if (nexthop->leg.oif)
		(void)touched_iface(state, nexthop->leg.oif);
	for (size_t i = 0; i < nexthop->member_count; i++) {
		const struct nexthop *member =
			state_nexthop(state, nexthop->members[i].id);

		if (member)
			(void)touched_iface(state, member->leg.oif);
	}
}

/* As fib.touch. What memory ran out for is in touched.all. */
static void touch_list(void *data, const struct fib_list *list)
{
	struct state *state = data;

	state->touched.routes = true;
	if (!list) {
		state->touched.unrouted = true;
		return;
	}
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		/* own and broadcast addresses aren't expected anywhere, so it is the device's own
		 * matter that the kernel made routes for them */
		if (info->type != ROUTE_UNICAST && info->protocol != PROTO_KERNEL)
			touched_all(state);
		for (uint32_t k = 0; k < info->leg_count; k++)
			(void)touched_iface(state, info->legs[k].oif);
		if (info->nhid)
			touch_nexthop(state, state_nexthop(state, info->nhid));
	}
}

void touched_follow(struct state *state, struct fib *fib)
{
	fib->touch = touch_list;
	fib->touch_data = state;
	fib->epoch = &state->touched.epoch;
}
