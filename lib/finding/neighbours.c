/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/neighbours.h"

struct wire {
	const struct state *state;
	const struct iface *iface;
	const struct fib *fib;
	struct prefix4 net;
	struct prefixset *ret;
	uint64_t position; /* what is before it was dealt with */
	bool claimed_elsewhere;
};

static bool leads_to(const struct nexthop *nexthop, void *data)
{
	return nexthop->oif == *(const int *)data;
}

static bool has_gateway(const struct nexthop *nexthop, void *data)
{
	return nexthop->gw_family == 4 &&
	       nexthop->gw.host == ((const struct ip4 *)data)->host;
}

bool neighbours_is_gateway(const struct state *state, struct ip4 addr)
{
	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		for (size_t i = 1; i < fib->lists.all.count; i++) {
			const struct fib_list *list = fib->lists.all.items[i];

			for (uint32_t k = 0; list && k < list->count; k++) {
				if (state_any_nexthop(
					    state, list->infos[k], has_gateway, &addr))
					return true;
			}
		}
	}
	return false;
}

/* Whether an entry of the table says that its addresses are elsewhere. */
static bool is_elsewhere(
	struct wire *wire, const struct fib_list *list, struct prefix4 prefix)
{
	int ifindex = wire->iface->link.ifindex;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		/* the kernel's own for one of the host's addresses: nobody's source anyway */
		if (info->type != ROUTE_UNICAST && info->protocol == PROTO_KERNEL &&
			prefix.len == 32)
			return false;
		if (info->type == ROUTE_UNICAST &&
			state_any_nexthop(wire->state, info, leads_to, &ifindex))
			return false;
	}
	wire->claimed_elsewhere = true;
	return prefix.len < 32 || !neighbours_is_gateway(wire->state, prefix.addr);
}

/* Up to the end, what is not elsewhere is on the wire. */
static int deal_until(struct wire *wire, uint64_t end, bool elsewhere)
{
	uint64_t first = wire->position, net = prefix4_first(wire->net),
		 behind = (uint64_t)prefix4_last(wire->net) + 1;

	if (end <= first)
		return 0;
	wire->position = end;
	first = first < net ? net : first;
	end = end > behind ? behind : end;
	if (elsewhere || first >= end)
		return 0;
	return prefixset_add(wire->ret, (uint32_t)first, (uint32_t)(end - 1));
}

static int deal_below(struct wire *wire, uint32_t reference, bool above)
{
	bool own = above;
	struct trie_at at;
	int r;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&wire->fib->trie, reference);
	if (prefix4_last(at.prefix) < prefix4_first(wire->net) ||
		prefix4_first(at.prefix) > prefix4_last(wire->net))
		return 0;
	if (at.value && at.prefix.len > wire->net.len)
		own = is_elsewhere(wire, fib_list(wire->fib, at.value), at.prefix);
	r = deal_until(wire, prefix4_first(at.prefix), above);
	for (int bit = 0; bit < 2 && r >= 0; bit++)
		r = deal_below(wire, at.child[bit], own);
	return r < 0 ? r : deal_until(wire, (uint64_t)prefix4_last(at.prefix) + 1, own);
}

int neighbours_of(const struct state *state, const struct iface *iface,
	struct prefix4 net, struct prefixset *ret, bool *claimed_elsewhere)
{
	const struct iface *vrf = state_vrf(state, iface);
	struct wire wire = { .state = state, .iface = iface, .net = net, .ret = ret };
	int r = 0;

	wire.fib = state_table(state, vrf ? vrf->link.vrf_table : TABLE_MAIN);
	if (wire.fib)
		r = deal_below(&wire, wire.fib->trie.root, false);
	if (r >= 0)
		r = deal_until(&wire, (uint64_t)prefix4_last(net) + 1, false);
	*claimed_elsewhere |= wire.claimed_elsewhere;
	return r;
}
