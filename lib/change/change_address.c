/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_address.h"

#include "change/change_fib.h"
#include "change/change_gateway.h"
#include "state/implied.h"
#include "state/state_apply.h"

#include <errno.h>
#include <string.h>

/*
 * net/ipv4/devinet.c keeps the addresses of a device, net/ipv4/fib_frontend.c makes routes of them:
 * fib_add_ifaddr() and fib_del_ifaddr(), which are longer than they look, because addresses may share
 * a network, a broadcast address, or be there twice.
 */

/* --- routes ----------------------------------------------------------------------------------- */

static struct prefix4 network(const struct addr_record *addr)
{
	return prefix4(addr->peer, addr->len);
}

static bool same_network(const struct addr_record *a, const struct addr_record *b)
{
	return a->len == b->len && network(a).addr.host == network(b).addr.host;
}

/* fib_magic(): one route that the kernel makes or takes for an address whose primary has prefsrc. */
struct magic {
	const struct iface *iface;
	uint32_t local, main; /* the tables of the device: its VRF's, or local and main */
	struct ip4 prefsrc;
};

static struct magic magic_of(
	const struct state *state, const struct iface *iface, struct ip4 prefsrc)
{
	const struct iface *vrf = state_vrf(state, iface);

	return (struct magic){ .iface = iface,
		.local = vrf ? vrf->link.vrf_table : TABLE_LOCAL,
		.main = vrf ? vrf->link.vrf_table : TABLE_MAIN,
		.prefsrc = prefsrc };
}

static struct route_record magic_route(const struct magic *magic, enum route_type type,
	struct prefix4 dst, const struct nexthop *nexthop)
{
	return (struct route_record){
		.table = type == ROUTE_UNICAST ? magic->main : magic->local,
		.dst = dst,
		.scope = type == ROUTE_LOCAL ? SCOPE_HOST : SCOPE_LINK,
		.protocol = PROTO_KERNEL,
		.type = (uint8_t)type,
		.prefsrc = magic->prefsrc,
		.position = ROUTE_APPEND,
		.nexthops = nexthop,
		.nexthop_count = 1,
	};
}

static int magic_add(struct state *state, const struct magic *magic, enum route_type type,
	struct prefix4 dst, uint32_t metric)
{
	const struct nexthop nexthop = { .oif = magic->iface->link.ifindex, .weight = 1 };
	struct record record = { .kind = RECORD_ROUTE,
		.route = magic_route(magic, type, dst, &nexthop) };

	record.route.priority = metric;
	/* an address that is a broadcast one or a group's, too, gets no such route */
	if (!change_prefsrc_is_own(state, &record.route))
		return 0;
	return state_apply(state, &record);
}

/* metric 0: any */
static int magic_del_metric(struct state *state, const struct magic *magic,
	enum route_type type, struct prefix4 dst, uint32_t metric)
{
	const struct nexthop nexthop = { .oif = magic->iface->link.ifindex, .weight = 1 };
	struct route_record route = magic_route(magic, type, dst, &nexthop);
	const struct change_said said = {
		.route = &route, .type = true, .scope = true, .protocol = true
	};
	const struct fib_info *info;

	route.priority = metric;
	info = change_find_route(state, &said);
	return info ? change_remove_route(state, info, dst) : 0;
}

static int magic_del(struct state *state, const struct magic *magic, enum route_type type,
	struct prefix4 dst)
{
	return magic_del_metric(state, magic, type, dst, 0);
}

/* inet_ifa_byprefix(): the first of a network, which is the primary one */
static const struct addr_record *by_network(
	const struct iface *iface, const struct addr_record *addr)
{
	array_each (&iface->addrs, const struct addr_record, known)
		if (same_network(known, addr))
			return known;
	return NULL;
}

/* Whether a primary address has more than its local route: it is no /32 of itself. */
static bool has_network(const struct state *state, const struct addr_record *addr)
{
	struct prefix4 net = network(addr);

	return !prefix4_has(state_zeronet(state), net.addr) &&
	       (net.addr.host != addr->local.host || addr->len < 32);
}

static enum route_type network_type(const struct iface *iface)
{
	return iface_is_loopback(iface) ? ROUTE_LOCAL : ROUTE_UNICAST;
}

static struct prefix4 host_of(uint32_t addr)
{
	return prefix4(ip4(addr), 32);
}

/* The routes of a primary address' network. Up to 5.13 its first address was a broadcast one, too
 * ("treat lowest address in subnet as unicast", 5.14). */
static int network_up(
	struct state *state, const struct magic *magic, const struct addr_record *addr)
{
	struct prefix4 net = network(addr);
	int r = 0;

	if (!addr->noprefixroute)
		r = magic_add(
			state, magic, network_type(magic->iface), net, addr->metric);
	if (r < 0 || addr->len >= 31)
		return r;
	if (!state_kernel_has(state, 5, 14))
		r = magic_add(state, magic, ROUTE_BROADCAST, host_of(net.addr.host), 0);
	return r < 0 ? r
		     : magic_add(state, magic, ROUTE_BROADCAST,
			       host_of(prefix4_last(net)), 0);
}

/* fib_add_ifaddr() */
static int routes_up(
	struct state *state, const struct iface *iface, const struct addr_record *addr)
{
	const struct addr_record *primary =
		addr->secondary ? by_network(iface, addr) : addr;
	struct magic magic;
	int r;

	if (!primary)
		return 0;
	magic = magic_of(state, iface, primary->local);
	r = magic_add(state, &magic, ROUTE_LOCAL, host_of(addr->local.host), 0);
	if (r < 0 || !iface_is_up(iface))
		return r;
	if (addr->broadcast.host && !ip4_is_lbcast(addr->broadcast))
		r = magic_add(
			state, &magic, ROUTE_BROADCAST, host_of(addr->broadcast.host), 0);
	if (r >= 0 && !addr->secondary && has_network(state, addr))
		r = network_up(state, &magic, addr);
	return r;
}

/* Which routes of an address others still have a use for: LOCAL_OK, BRD_OK, BRD1_OK, BRD0_OK */
struct still {
	bool local, broadcast, last, first, itself;
};

static void still_by(const struct state *state, struct still *still,
	const struct addr_record *addr, const struct addr_record *other, bool is_primary)
{
	struct prefix4 net = network(addr), around = network(other);
	uint32_t ends[] = { prefix4_last(around), around.addr.host };

	still->local |= addr->local.host == other->local.host;
	still->broadcast |= addr->broadcast.host == other->broadcast.host;
	still->last |= prefix4_last(net) == other->broadcast.host;
	still->first |= net.addr.host == other->broadcast.host;
	if (!is_primary || other->len >= 31 ||
		prefix4_has(state_zeronet(state), around.addr))
		return;
	for (size_t i = 0; i < ELEMENTS(ends); i++) {
		still->broadcast |= addr->broadcast.host == ends[i];
		still->last |= prefix4_last(net) == ends[i];
		still->first |= net.addr.host == ends[i];
	}
}

/* The loop of fib_del_ifaddr(). leaving: the primary that goes, while its routes are moved. */
static struct still still_used(const struct state *state, const struct iface *iface,
	const struct addr_record *addr, const struct addr_record *primary,
	const struct addr_record *leaving)
{
	const struct addr_record *current = NULL;
	struct still still = { 0 };
	bool same_prefsrc = false;

	array_each (&iface->addrs, const struct addr_record, other) {
		if (iface_addr(iface, addr) == other) {
			still.itself = true;
			continue;
		}
		if (leaving && same_network(other, leaving))
			continue;
		if (!other->secondary) {
			if (primary->local.host != other->local.host)
				continue;
			current = other;
			same_prefsrc |= primary != other;
		} else if (same_network(other, primary)) {
			current = primary;
		} else {
			if (!same_prefsrc)
				continue;
			if (!current || !same_network(other, current))
				current = by_network(iface, other);
			if (!current || current->local.host != primary->local.host)
				continue;
		}
		still_by(state, &still, addr, other, current == other);
	}
	return still;
}

/* The local route of an address. Where the look-up finds no other one the routes that prefer the
 * address go, too, even if another device has it. */
static int local_down(
	struct state *state, const struct magic *magic, struct ip4 addr, bool gone)
{
	int r = magic_del(state, magic, ROUTE_LOCAL, host_of(addr.host));

	if (r < 0 || !gone || change_addr_type(state, addr, magic->local) == ROUTE_LOCAL)
		return r;
	return implied_prefsrc_gone(state, addr, magic->main);
}

/* fib_del_ifaddr(): of an address that is gone from the list, or, with leaving, of one whose primary
 * is about to go. */
static int routes_down(struct state *state, const struct iface *iface,
	const struct addr_record *addr, const struct addr_record *leaving)
{
	const struct addr_record *primary =
		addr->secondary ? by_network(iface, addr) : addr;
	struct prefix4 net = network(addr);
	bool subnet = !addr->secondary && has_network(state, addr);
	struct magic magic;
	struct still still;
	int r = 0;

	if (!primary)
		return 0;
	magic = magic_of(state, iface, primary->local);
	if (subnet && !addr->noprefixroute)
		r = magic_del(state, &magic, network_type(iface), net);
	still = still_used(state, iface, addr, primary, leaving);
	if (r >= 0 && !still.broadcast)
		r = magic_del(
			state, &magic, ROUTE_BROADCAST, host_of(addr->broadcast.host));
	if (r >= 0 && subnet && addr->len < 31 && !still.last)
		r = magic_del(state, &magic, ROUTE_BROADCAST, host_of(prefix4_last(net)));
	if (r >= 0 && subnet && addr->len < 31 && !still.first)
		r = magic_del(state, &magic, ROUTE_BROADCAST, host_of(net.addr.host));
	if (r >= 0 && !still.local)
		r = local_down(state, &magic, addr->local, !still.itself);
	return r;
}

int change_addresses_up(struct state *state, int ifindex)
{
	const struct iface *iface = state_iface(state, ifindex);
	int r = 0;

	for (size_t i = 0; r >= 0 && iface && i < iface->addrs.count; i++)
		r = routes_up(state, iface, &iface->addrs.items[i]);
	return r < 0 ? r : 0;
}

/* --- addresses -------------------------------------------------------------------------------- */

static int put_addr(struct state *state, const struct addr_record *addr, bool gone)
{
	const struct record record = { .kind = gone ? RECORD_ADDR_GONE : RECORD_ADDR,
		.addr = *addr };

	return state_apply(state, &record);
}

/* One address goes with its routes. */
static int remove_one(struct state *state, struct addr_record addr)
{
	int r = put_addr(state, &addr, true);
	const struct iface *iface = state_iface(state, addr.ifindex);

	return r < 0 || !iface ? r : routes_down(state, iface, &addr, NULL);
}

/* The first secondary of a primary address */
static const struct addr_record *first_secondary(
	const struct iface *iface, const struct addr_record *primary)
{
	array_each (&iface->addrs, const struct addr_record, addr)
		if (addr->secondary && same_network(addr, primary))
			return addr;
	return NULL;
}

/* The secondaries of a primary that went belong to the first of them now. */
static int promote(struct state *state, struct addr_record promoted)
{
	const struct iface *iface = state_iface(state, promoted.ifindex);
	int r;

	promoted.secondary = false;
	r = put_addr(state, &promoted, false);
	if (r >= 0)
		r = routes_up(state, iface, &promoted);
	for (size_t i = 0; r >= 0 && i < iface->addrs.count; i++) {
		const struct addr_record *addr = &iface->addrs.items[i];

		if (addr->secondary && same_network(addr, &promoted))
			r = routes_up(state, iface, addr);
	}
	return r;
}

/* __inet_del_ifa() of a primary address with secondaries that stay */
static int remove_promoting(struct state *state, struct addr_record primary)
{
	const struct iface *iface = state_iface(state, primary.ifindex);
	const struct addr_record promoted = *first_secondary(iface, &primary);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < iface->addrs.count; i++) {
		const struct addr_record addr = iface->addrs.items[i];

		if (addr.secondary && same_network(&addr, &primary))
			r = routes_down(state, iface, &addr, &primary);
	}
	if (r >= 0)
		r = remove_one(state, primary);
	return r < 0 ? r : promote(state, promoted);
}

/* __inet_del_ifa(); IN_DEV_PROMOTE_SECONDARIES() */
static int remove_addr(struct state *state, struct addr_record addr)
{
	const struct iface *iface = state_iface(state, addr.ifindex);
	const struct addr_record *secondary;
	bool promotes =
		devconf_or(&state->all, &iface->link.conf, DEVCONF_PROMOTE_SECONDARIES);
	int r = 0;

	if (!addr.secondary && promotes && first_secondary(iface, &addr))
		return remove_promoting(state, addr);
	while (r >= 0 && !addr.secondary && (secondary = first_secondary(iface, &addr)))
		r = remove_one(state, *secondary);
	return r < 0 ? r : remove_one(state, addr);
}

int change_addresses_flush(struct state *state, int ifindex)
{
	const struct iface *iface = state_iface(state, ifindex);
	int r = 0;

	while (r >= 0 && iface && iface->addrs.count)
		r = remove_one(state, iface->addrs.items[iface->addrs.count - 1]);
	return r < 0 ? r : 0;
}

/* --- what is asked ---------------------------------------------------------------------------- */

static int add_membership(struct state *state, int ifindex, struct ip4 group)
{
	const struct membership joined = { ifindex, group };
	ARRAY(struct membership) all = { 0 };
	struct record record = { .kind = RECORD_MEMBERSHIPS };
	int r = 0;

	array_each (&state->memberships, const struct membership, known)
		r = r < 0 ? r : array_push(&all, known);
	if (r >= 0)
		r = array_push(&all, &joined);
	record.memberships.items = all.items;
	record.memberships.count = all.count;
	if (r >= 0)
		r = state_apply(state, &record);
	array_done(&all);
	return r;
}

/* find_matching_ifa(): the same local address in the same network */
static const struct addr_record *find_addr(
	const struct iface *iface, const struct addr_record *addr)
{
	array_each (&iface->addrs, const struct addr_record, known)
		if (known->local.host == addr->local.host && same_network(known, addr))
			return known;
	return NULL;
}

/* __inet_insert_ifa() */
static int insert_addr(
	const struct change_job *job, const struct iface *iface, struct addr_record addr)
{
	const struct change_address *said = &job->change->address;
	int r;

	array_each (&iface->addrs, const struct addr_record, other) {
		if (!same_network(other, &addr))
			continue;
		if (other->scope != addr.scope)
			return change_refuse(job, -EINVAL,
				"an address of the same network has another scope");
		addr.secondary = true;
	}
	r = put_addr(job->state, &addr, false);
	if (r >= 0)
		r = routes_up(job->state, iface, &addr);
	if (r >= 0 && said->autojoin)
		r = add_membership(job->state, addr.ifindex, addr.local);
	return r < 0 ? r : 0;
}

/* Of an address that is there only its metric can be changed: fib_modify_prefix_metric(). */
static int change_metric(const struct change_job *job, const struct iface *iface,
	struct addr_record addr, uint32_t metric)
{
	struct magic magic = magic_of(job->state, iface, addr.local);
	uint32_t old = addr.metric;
	int r;

	if (addr.metric == metric)
		return 0;
	addr.metric = metric;
	r = put_addr(job->state, &addr, false);
	if (r < 0 || !iface_is_up(iface) || addr.secondary || addr.noprefixroute ||
		!has_network(job->state, &addr))
		return r < 0 ? r : 0;
	/* the new one comes before the old one goes */
	r = magic_add(job->state, &magic, network_type(iface), network(&addr), metric);
	if (r >= 0)
		r = magic_del_metric(
			job->state, &magic, network_type(iface), network(&addr), old);
	return r < 0 ? r : 0;
}

static int put_address(
	const struct change_job *job, const struct iface *iface, struct addr_record addr)
{
	const struct change_address *said = &job->change->address;
	const struct addr_record *known;

	/* from 6.13 on that is looked at first */
	if (!addr.local.host && state_kernel_has(job->state, 6, 13))
		return 0;
	if (!iface->link.has_inet)
		return change_refuse(
			job, -ENOBUFS, "%s has no IPv4: its MTU is below 68", said->dev);
	if (said->autojoin && !ip4_is_multicast(addr.local))
		return change_refuse(job, -EINVAL, "only a group can be joined");
	known = find_addr(iface, &addr);
	if (known && job->change->verb == CHANGE_ADD)
		return change_refuse(
			job, -EEXIST, "%s has this address already", said->dev);
	if (known)
		return change_metric(job, iface, *known, said->metric);
	/* the kernel takes 0.0.0.0 and does nothing */
	return addr.local.host ? insert_addr(job, iface, addr) : 0;
}

/* inet_rtm_deladdr() */
static int del_address(const struct change_job *job, const struct iface *iface,
	const struct addr_record *addr)
{
	const struct change_address *said = &job->change->address;

	array_each (&iface->addrs, const struct addr_record, known) {
		if (known->local.host != addr->local.host ||
			(said->has_len && !same_network(known, addr)))
			continue;
		return remove_addr(job->state, *known) < 0 ? -ENOMEM : 0;
	}
	return change_refuse(job, -EADDRNOTAVAIL, "%s has no such address", said->dev);
}

int change_apply_address(const struct change_job *job)
{
	const struct change_address *said = &job->change->address;
	struct addr_record addr = said->addr;
	const struct iface *iface;
	int r = change_iface(job, said->dev, &iface);

	if (r < 0)
		return r;
	addr.ifindex = iface->link.ifindex;
	if (job->change->verb == CHANGE_FLUSH)
		return change_addresses_flush(job->state, addr.ifindex);
	if (job->change->verb == CHANGE_DEL)
		return del_address(job, iface, &addr);
	/* ip(8) does so where there is room for one */
	if (said->broadcast_last && addr.len <= 30)
		addr.broadcast = ip4(prefix4_last(network(&addr)));
	else if (said->broadcast_first && addr.len <= 30)
		addr.broadcast = network(&addr).addr;
	addr.noprefixroute = said->noprefixroute;
	addr.metric = said->metric;
	return put_address(job, iface, addr);
}
