/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/expect.h"

#include "finding/answers.h"
#include "finding/feasible.h"
#include "finding/feasible_route.h"
#include "finding/possible.h"
#include "flowclass/dst_group.h"
#include "rpf/lookup.h"

#include <stdio.h>
#include <string.h>

static const char *const why_names[EXPECT_WHYS] = {
	[EXPECT_DECLARED] = "declared",
	[EXPECT_TUNNEL] = "tunnel",
	[EXPECT_ANSWERS] = "answers",
	[EXPECT_ADDRESS] = "address",
	[EXPECT_DIRECT] = "direct",
	[EXPECT_CONNECTED] = "connected",
	[EXPECT_FEASIBLE] = "feasible",
};

const char *expect_why_name(enum expect_why why)
{
	return why_names[why];
}

bool expect_takes_input(const struct iface *iface)
{
	/* what comes in by a VRF's member is the member's */
	return iface_is_up(iface) && iface->link.has_inet && !iface_is_loopback(iface) &&
	       !iface_is_port(iface) && strcmp(iface->link.kind, "dummy") != 0 &&
	       strcmp(iface->link.kind, "vrf") != 0;
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
	bool own;     /* the kernel's own for its addresses, too */
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

		if (info->type == ROUTE_UNICAST &&
			(through->own || info->protocol != PROTO_KERNEL) &&
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

/* Whether a unicast route leads out of it, in any table. */
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

/* --- addresses ------------------------------------------------------------------------------ */

/* An overlay without peers has no route, and nobody to hear. */
static bool is_overlay(const struct iface *iface)
{
	static const char *const kinds[] = { "vxlan", "geneve", "wireguard", "tun",
		"gretap", "erspan", "ip6gretap", "ip6erspan", "vti", "vti6", "xfrm" };

	return is_decapsulating(iface) ||
	       is_one_of(iface->link.kind, kinds, ELEMENTS(kinds));
}

/*
 * An address of its own, and no route leads by it in whatever table: strict, not one source could
 * come in.
 */
static bool is_deaf(const struct state *state, const struct iface *iface)
{
	struct through through = { .ifindex = iface->link.ifindex, .own = true };
	bool addressed = false;

	array_each (&iface->addrs, const struct addr_record, addr)
		addressed |= !ip4_is_loopback(addr->local);
	return addressed && !is_overlay(iface) && !routes_through(state, &through);
}

/* --- what is expected ----------------------------------------------------------------------- */

static int add_item(struct expect *expect, struct prefix4 prefix, enum expect_why why,
	const char *because)
{
	struct expect_item item = { .prefix = prefix, .why = why };
	int r;

	snprintf(item.because, sizeof(item.because), "%s", because);
	r = array_push(&expect->items.list, &item);
	if (r < 0 || why > EXPECT_TUNNEL)
		return r;
	return prefixset_add_prefix(&expect->named, prefix);
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
		r = known ? 0 : add_item(expect, net, EXPECT_CONNECTED, "");
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_declared(const struct expect_declared *declared, struct expect *expect)
{
	int r = 0;

	for (size_t i = 0; i < declared->count && r >= 0; i++)
		r = add_item(expect, declared->prefixes[i], EXPECT_DECLARED, "");
	return r;
}

/* What shows by its kind, its addresses and routes. */
static int add_inferred(
	const struct state *state, const struct iface *iface, struct expect *expect)
{
	const struct prefix4 anybody = { 0 };
	int r = 0;

	if (expect_is_receiving_tunnel(state, iface))
		r = add_item(expect, anybody, EXPECT_TUNNEL, "");
	else if (is_deaf(state, iface))
		r = add_item(expect, anybody, EXPECT_ADDRESS, "no route leads by it");
	if (r >= 0 && !expect->named.ranges.count && dst_group_takes_direct(state, iface))
		r = add_item(expect, anybody, EXPECT_DIRECT,
			"an address on lo, arp_ignore and several networks");
	if (r >= 0)
		r = add_connected(iface, expect);
	/* who expects anybody expects those, too */
	expect->routed = !expect->named.ranges.count &&
			 (feasible_any(state, iface) || answers_any(state, iface));
	return r;
}

int expect_of(const struct state *state, const struct iface *iface,
	const struct expect_declared *declared, struct expect *ret)
{
	int r;

	ret->declared = declared->declared;
	ret->one_way = declared->one_way;
	if (!expect_takes_input(iface))
		return 0;
	r = declared->declared ? add_declared(declared, ret)
			       : add_inferred(state, iface, ret);
	if (r < 0)
		return r;
	prefixset_close(&ret->named);
	return possible_sources(state, &ret->named, &ret->sources);
}

struct listing {
	const struct state *state;
	const struct iface *iface;
	struct expect_items *items;
	size_t limit, more;
	enum expect_why why;
};

/* Whether a prefix is to be listed; beyond the limit it is counted. */
static bool is_new(struct listing *listing, struct prefix4 prefix)
{
	/* of several tables the same one may come again */
	array_each (&listing->items->list, const struct expect_item, known) {
		if (known->why == listing->why && known->prefix.len == prefix.len &&
			known->prefix.addr.host == prefix.addr.host)
			return false;
	}
	listing->more += listing->items->list.count >= listing->limit;
	return listing->items->list.count < listing->limit;
}

static int put_item(struct listing *listing, struct prefix4 prefix, const char *because)
{
	struct expect_item item = { .prefix = prefix, .why = listing->why };

	snprintf(item.because, sizeof(item.because), "%s", because);
	return array_push(&listing->items->list, &item);
}

static int list_item(struct prefix4 prefix, const char *because, void *data)
{
	return is_new(data, prefix) ? put_item(data, prefix, because) : 0;
}

static int list_route(const struct feasible_route *route, void *data)
{
	const struct listing *listing = data;
	char because[EXPECT_BECAUSE];
	struct strbuf text;

	/* a table may have a million: words are for those that are listed */
	if (!is_new(data, route->prefix))
		return 0;
	strbuf_init(&text, because, sizeof(because));
	feasible_name(listing->state, listing->iface, route->info, &text);
	return put_item(data, route->prefix, because + (because[0] == ' '));
}

int expect_add_routed(const struct state *state, const struct iface *iface, size_t limit,
	struct expect_items *items, size_t *ret_more)
{
	struct listing listing = { state, iface, items, limit, 0, EXPECT_ANSWERS };
	int r = answers_list(state, iface, list_item, &listing);

	listing.why = EXPECT_CONNECTED;
	if (r >= 0)
		r = feasible_neighbours(state, iface, NULL, list_route, &listing);
	listing.why = EXPECT_FEASIBLE;
	if (r >= 0)
		r = feasible_prefixes(state, iface, list_route, &listing);
	*ret_more = listing.more;
	return r;
}

bool expect_has(const struct expect *expect, enum expect_why why)
{
	array_each (&expect->items.list, const struct expect_item, item) {
		if (item->why == why)
			return true;
	}
	return false;
}

void expect_done(struct expect *expect)
{
	array_done(&expect->items.list);
	prefixset_done(&expect->named);
	prefixset_done(&expect->sources);
}
