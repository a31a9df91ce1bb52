/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/reply.h"

#include "rpf/lookup.h"

struct way {
	const struct overlay *overlay;
	const struct iface *iface;
	enum reply_need need;
	uint32_t first, last;
	bool alone; /* the route there is for this neighbour alone */
	bool usable,
		arrives; /* some nexthop can be used; none that can leads elsewhere */
	int oif;
	const struct fib_info *info;
	struct reply_loss *loss;
};

struct lookup_flow reply_flow(const struct overlay *overlay, const struct iface *iface,
	const struct flow *flow, int out)
{
	return (struct lookup_flow){
		.src = flow->dst,
		.iif = out ? out : IFINDEX_LO,
		.l3mdev = state_l3mdev(overlay->state, out ? out : iface->link.ifindex),
		.proto = flow->proto,
		.sport = flow->dport,
		.dport = flow->sport,
	};
}

/* Whether an interface has all of first..last in the networks of its addresses. */
static bool has_network(const struct iface *iface, uint32_t first, uint32_t last)
{
	array_each (&iface->addrs, const struct addr_record, addr) {
		struct prefix4 network = prefix4(addr->peer, addr->len);

		if (prefix4_has(network, ip4(first)) && prefix4_has(network, ip4(last)))
			return true;
	}
	return false;
}

/*
 * A route to one neighbour of a network alone is meant, such as a mesh's that encrypts between
 * neighbours: he is reached that way. One that has the whole network is another network of that
 * number.
 */
static bool is_meant(const struct way *way)
{
	array_each (&way->iface->addrs, const struct addr_record, addr) {
		if (way->alone && addr->len < 32 &&
			prefix4_has(prefix4(addr->peer, addr->len), ip4(way->first)))
			return true;
	}
	return false;
}

static bool check_nexthop(const struct nexthop *nexthop, void *data)
{
	struct way *way = data;
	const struct iface *oif = state_iface(way->overlay->state, nexthop->oif);

	if (!state_nexthop_is_usable(way->overlay->state, way->info, nexthop))
		return false;
	way->usable = true;
	way->oif = nexthop->oif;
	way->arrives = nexthop->oif == way->iface->link.ifindex ||
		       (way->need == REPLY_WIRE &&
			       (is_meant(way) ||
				       (oif && !nexthop->gw_family &&
					       has_network(oif, way->first, way->last))));
	return !way->arrives;
}

static bool is_lost(struct way *way, const struct lookup_result *result)
{
	way->usable = way->arrives = false;
	way->oif = 0;
	way->info = result->info;
	if (result->error || !result->info || result->info->type != ROUTE_UNICAST)
		return true;
	(void)state_any_nexthop(way->overlay->state, result->info, check_nexthop, way);
	/* what is not understood can't be promised */
	return !way->usable || !way->arrives || result->blind;
}

static void count_lost(struct way *way, uint64_t count)
{
	if (!way->loss->count)
		way->loss->oif = way->oif;
	way->loss->count += count;
}

static int reply_range(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct way *way = data;

	way->first = first;
	way->last = last;
	way->alone = result->prefix.len == 32;
	if (is_lost(way, result))
		count_lost(way, (uint64_t)last - first + 1);
	return 0;
}

static int reply_share(const struct lookup_result *result, const struct fib_list *list,
	uint64_t count, void *data)
{
	struct way *way = data;

	(void)list;
	if (is_lost(way, result))
		count_lost(way, count);
	return 0;
}

int reply_lost(const struct overlay *overlay, const struct iface *iface,
	const struct flow *flow, int out, enum reply_need need,
	const struct prefixset *sources, struct reply_loss *ret)
{
	const struct lookup_flow reply = reply_flow(overlay, iface, flow, out);
	struct way way = {
		.overlay = overlay, .iface = iface, .need = need, .loss = ret
	};
	int r = 0;

	/* a wire has few routes; by an interface may be all of the Internet */
	if (need == REPLY_IFACE)
		return lookup_shares(overlay, &reply, sources, reply_share, &way);
	for (size_t i = 0; r >= 0 && i < sources->ranges.count; i++)
		r = lookup_range(overlay, &reply, sources->ranges.items[i].first,
			sources->ranges.items[i].last, reply_range, &way);
	return r < 0 ? r : 0;
}
