/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/expect.h"

#include "finding/feasible.h"
#include "rpf/lookup.h"

#include <string.h>

static const char *const why_names[EXPECT_WHYS] = {
	[EXPECT_DECLARED] = "declared",
	[EXPECT_TUNNEL] = "tunnel",
	[EXPECT_CONNECTED] = "connected",
	[EXPECT_FEASIBLE] = "feasible",
};

const char *expect_why_name(enum expect_why why)
{
	return why_names[why];
}

bool expect_takes_input(const struct iface *iface)
{
	return iface_is_up(iface) && iface->link.has_inet && !iface_is_loopback(iface) &&
	       !iface_is_port(iface);
}

/* --- tunnels -------------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Devices that take packets out of IP. A tun device that bears the name of the kernel's own
 * fallback device stands in for it: a userspace decapsulator, or a test of ours.
 */
static bool is_decapsulating(const struct iface *iface)
{
	static const char *const kinds[] = { "ipip", "gre", "sit", "ip6tnl", "ip6gre" };
	static const char *const fallbacks[] = { "tunl0", "gre0", "sit0", "ip6tnl0",
		"ip6gre0" };

	return is_one_of(iface->link.kind, kinds, ELEMENTS(kinds)) ||
	       (strcmp(iface->link.kind, "tun") == 0 &&
		       is_one_of(iface->link.name, fallbacks, ELEMENTS(fallbacks)));
}

struct through {
	int ifindex;
	bool gateway; /* only nexthops with one */
};

static bool nexthop_through(const struct nexthop *nexthop, void *data)
{
	const struct through *through = data;

	return nexthop->oif == through->ifindex &&
	       (!through->gateway || nexthop->gw_family);
}

static bool list_leads_through(
	const struct state *state, const struct fib_list *list, struct through *through)
{
	const struct overlay overlay = { .state = state };

	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->type == ROUTE_UNICAST && info->protocol != PROTO_KERNEL &&
			state_any_nexthop(overlay.state, info, nexthop_through, through))
			return true;
	}
	return false;
}

static bool group_leads_through(
	const struct state *state, const struct fib_group *group, struct through *through)
{
	if (!group)
		return false;
	hash_each (&group->lists, slot) {
		if (list_leads_through(state, slot->value, through))
			return true;
	}
	return false;
}

/* Whether a unicast route that is not an address's own leads out of it, in any table. */
static bool routes_through(const struct state *state, struct through *through)
{
	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (group_leads_through(state,
			    fib_related(fib, FIB_DEVICE, (uint32_t)through->ifindex),
			    through))
			return true;
		/* routes by a nexthop object may have no nexthop of their own */
		hash_each (&state->nexthop_objs, nexthop_obj) {
			if (group_leads_through(state,
				    fib_related(
					    fib, FIB_NEXTHOP, (uint32_t)nexthop_obj->key),
				    through))
				return true;
		}
	}
	return false;
}

bool expect_is_receiving_tunnel(const struct state *state, const struct iface *iface)
{
	struct through through = { .ifindex = iface->link.ifindex };

	if (!is_decapsulating(iface))
		return false;
	/* an overlay router sends through gateways; a point-to-point link by any route */
	through.gateway = !iface->link.tunnel.remote;
	return !routes_through(state, &through);
}

/* --- what is expected ----------------------------------------------------------------------- */

static int add_prefix(struct expect *expect, struct prefix4 prefix, enum expect_why why)
{
	const struct expect_item item = { prefix, why };
	int r = array_push(&expect->items.list, &item);

	if (r < 0 || why > EXPECT_TUNNEL)
		return r;
	return prefixset_add_prefix(&expect->named, prefix);
}

/* Never a packet's source, whatever the filter is; local and broadcast addresses too. Only
 * what lies in the set is looked for: a host may have thousands of addresses. */
static int add_impossible(const struct state *state, const struct prefixset *set,
	struct prefixset *impossible)
{
	const struct prefix4 martians[] = {
		state_zeronet(state), { { 0x7f000000 }, 8 }, /* 127.0.0.0/8 */
		{ { 0xe0000000 }, 4 },			     /* 224.0.0.0/4 */
		{ { 0xffffffff }, 32 },			     /* 255.255.255.255 */
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(martians) && r >= 0; i++)
		r = prefixset_add_prefix(impossible, martians[i]);
	for (size_t i = 0; i < set->ranges.count && r >= 0; i++)
		r = local_addrs_impossible(&state->local_addrs,
			set->ranges.items[i].first, set->ranges.items[i].last,
			impossible);
	prefixset_close(impossible);
	return r;
}

int expect_possible(
	const struct state *state, const struct prefixset *set, struct prefixset *ret)
{
	struct prefixset impossible = { 0 };
	int r = add_impossible(state, set, &impossible);

	if (r >= 0)
		r = prefixset_subtract(set, &impossible, ret);
	prefixset_done(&impossible);
	return r;
}

/* The network, or the peer, that an address is in or names. */
static struct prefix4 addr_net(const struct addr_record *addr)
{
	return prefix4(addr->peer.host ? addr->peer : addr->local, addr->len);
}

/* The networks of its addresses: its neighbours. */
static int add_connected(const struct iface *iface, struct expect *expect)
{
	for (size_t i = 0; i < iface->addrs.count; i++) {
		const struct addr_record *addr = &iface->addrs.items[i];
		const struct prefix4 net = addr_net(addr);
		bool known = false;
		int r;

		/* an address alone has no neighbours, unless it names one */
		if (ip4_is_loopback(addr->local) ||
			(net.len == 32 && net.addr.host == addr->local.host))
			continue;
		for (size_t k = 0; k < i && !known; k++) {
			const struct addr_record *other = &iface->addrs.items[k];

			known = other->len == net.len &&
				addr_net(other).addr.host == net.addr.host;
		}
		r = known ? 0 : add_prefix(expect, net, EXPECT_CONNECTED);
		if (r < 0)
			return r;
	}
	return 0;
}

int expect_of(const struct state *state, const struct iface *iface,
	const struct expect_declared *declared, struct expect *ret)
{
	int r = 0;

	if (!expect_takes_input(iface))
		return 0;
	if (declared->declared) {
		for (size_t i = 0; i < declared->count && r >= 0; i++)
			r = add_prefix(ret, declared->prefixes[i], EXPECT_DECLARED);
	} else {
		if (expect_is_receiving_tunnel(state, iface))
			r = add_prefix(ret, prefix4(ip4(0), 0), EXPECT_TUNNEL);
		if (r >= 0)
			r = add_connected(iface, ret);
		/* who expects anybody expects those, too */
		ret->feasible = !ret->items.list.count ||
				ret->items.list.items[0].why != EXPECT_TUNNEL;
		ret->feasible &= feasible_any(state, iface);
	}
	if (r < 0)
		return r;
	prefixset_close(&ret->named);
	return expect_possible(state, &ret->named, &ret->sources);
}

struct listing {
	struct expect_items *items;
	size_t limit, more;
};

static int list_feasible(struct prefix4 prefix, void *data)
{
	const struct expect_item item = { prefix, EXPECT_FEASIBLE };
	struct listing *listing = data;

	/* of several tables the same one may come again */
	array_each (&listing->items->list, const struct expect_item, known) {
		if (known->why == item.why && known->prefix.len == prefix.len &&
			known->prefix.addr.host == prefix.addr.host)
			return 0;
	}
	if (listing->items->list.count >= listing->limit) {
		listing->more++;
		return 0;
	}
	return array_push(&listing->items->list, &item);
}

int expect_add_feasible(const struct state *state, const struct iface *iface,
	size_t limit, struct expect_items *items, size_t *ret_more)
{
	struct listing listing = { .items = items, .limit = limit };
	int r = feasible_prefixes(state, iface, list_feasible, &listing);

	*ret_more = listing.more;
	return r;
}

void expect_done(struct expect *expect)
{
	array_done(&expect->items.list);
	prefixset_done(&expect->named);
	prefixset_done(&expect->sources);
}

enum expect_why expect_strongest(const struct expect *expect)
{
	enum expect_why strongest = EXPECT_FEASIBLE;

	array_each (&expect->items.list, const struct expect_item, item) {
		if (item->why < strongest)
			strongest = item->why;
	}
	return strongest;
}
