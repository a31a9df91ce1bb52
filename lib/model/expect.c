/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/expect.h"

#include "model/lookup.h"

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

/* --- tunnels ------------------------------------------------------------------------------------ */

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
	bool gateway; /* only legs with one */
};

static bool leg_through(const struct leg *leg, void *data)
{
	const struct through *through = data;

	return leg->oif == through->ifindex && (!through->gateway || leg->gw_family);
}

static bool list_leads_through(
	const struct state *state, const struct fib_list *list, struct through *through)
{
	const struct view view = { .state = state };

	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->type == ROUTE_UNICAST && info->protocol != PROTO_KERNEL &&
			info_any_leg(&view, info, leg_through, through))
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
		/* routes by a nexthop object may have no leg of their own */
		hash_each (&state->nexthops, nexthop) {
			if (group_leads_through(state,
				    fib_related(fib, FIB_NEXTHOP, (uint32_t)nexthop->key),
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

/* --- what is expected ---------------------------------------------------------------------------- */

static int add(struct expect *expect, struct prefix4 prefix, enum expect_why why)
{
	const struct expect_item item = { prefix, why };
	int r = array_push(&expect->items.list, &item);

	return r < 0 ? r : prefixset_add_prefix(&expect->named, prefix);
}

/* Never a packet's source, whatever the filter says; own and broadcast addresses too. Only
 * what lies in what is named is looked for: a host may have thousands of addresses. */
static int add_impossible(const struct state *state, const struct expect_items *items,
	struct prefixset *set)
{
	static const struct prefix4 martians[] = {
		{ { 0x00000000 }, 32 }, /* 0.0.0.0 */
		{ { 0x7f000000 }, 8 },	/* 127.0.0.0/8 */
		{ { 0xe0000000 }, 4 },	/* 224.0.0.0/4 */
		{ { 0xffffffff }, 32 }, /* 255.255.255.255 */
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(martians) && r >= 0; i++)
		r = prefixset_add_prefix(set, martians[i]);
	for (size_t i = 0; i < items->list.count && r >= 0; i++)
		r = own_impossible(&state->own, items->list.items[i].prefix, set);
	prefixset_close(set);
	return r;
}

static int close_sources(const struct state *state, struct expect *expect)
{
	struct prefixset impossible = { 0 };
	int r;

	prefixset_close(&expect->named);
	r = add_impossible(state, &expect->items, &impossible);
	if (r >= 0)
		r = prefixset_subtract(&expect->named, &impossible, &expect->sources);
	prefixset_done(&impossible);
	return r;
}

int expect_of(const struct state *state, const struct iface *iface,
	const struct expect_declared *declared, struct expect *ret)
{
	int r = 0;

	if (!expect_takes_input(iface))
		return 0;
	if (declared->declared) {
		for (size_t i = 0; i < declared->count && r >= 0; i++)
			r = add(ret, declared->prefixes[i], EXPECT_DECLARED);
	} else if (expect_is_receiving_tunnel(state, iface)) {
		r = add(ret, prefix4(ip4(0), 0), EXPECT_TUNNEL);
	}
	if (r < 0 || !ret->items.list.count)
		return r;
	return close_sources(state, ret);
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
