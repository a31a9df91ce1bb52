/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/nl_decode_route.h"

#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#define SAME_NUMBER(ours, kernels)                                                       \
	_Static_assert((unsigned int)(ours) == (unsigned int)(kernels), #ours)
SAME_NUMBER(ROUTE_UNSPEC, RTN_UNSPEC);
SAME_NUMBER(ROUTE_UNICAST, RTN_UNICAST);
SAME_NUMBER(ROUTE_LOCAL, RTN_LOCAL);
SAME_NUMBER(ROUTE_BROADCAST, RTN_BROADCAST);
SAME_NUMBER(ROUTE_ANYCAST, RTN_ANYCAST);
SAME_NUMBER(ROUTE_MULTICAST, RTN_MULTICAST);
SAME_NUMBER(ROUTE_BLACKHOLE, RTN_BLACKHOLE);
SAME_NUMBER(ROUTE_UNREACHABLE, RTN_UNREACHABLE);
SAME_NUMBER(ROUTE_PROHIBIT, RTN_PROHIBIT);
SAME_NUMBER(ROUTE_THROW, RTN_THROW);
SAME_NUMBER(TABLE_DEFAULT, RT_TABLE_DEFAULT);
SAME_NUMBER(TABLE_MAIN, RT_TABLE_MAIN);
SAME_NUMBER(TABLE_LOCAL, RT_TABLE_LOCAL);
SAME_NUMBER(SCOPE_HOST, RT_SCOPE_HOST);
SAME_NUMBER(PROTO_KERNEL, RTPROT_KERNEL);
SAME_NUMBER(PROTO_BOOT, RTPROT_BOOT);
SAME_NUMBER(SCOPE_LINK, RT_SCOPE_LINK);

#define ATTR_DEL_REASON 32 /* RTA_DEL_REASON, from 7.3 on: why it goes, not what it is */

static inline bool take_u32(const struct rtattr *attr, uint32_t *ret)
{
	if (RTA_PAYLOAD(attr) != sizeof(*ret))
		return false;
	memcpy(ret, RTA_DATA(attr), sizeof(*ret));
	return true;
}

static inline bool take_ip4(const struct rtattr *attr, struct ip4 *ret)
{
	uint32_t network;

	if (!take_u32(attr, &network))
		return false;
	ret->host = be32toh(network);
	return true;
}

static inline uint64_t hash_attr(uint64_t seed, const struct rtattr *attr)
{
	return hash_bytes(seed + attr->rta_type, RTA_DATA(attr), RTA_PAYLOAD(attr));
}

/* What is still in the air while a route's attributes are walked. */
struct route_walk {
	const struct rtattr *multipath;
	bool has_dst;
	uint64_t rest; /* of the nexthops */
};

/* RTA_VIA: the gateway's family is not the route's. */
static bool take_via(const struct rtattr *attr, struct nexthop *nexthop, bool *blind_)
{
	const char *data = RTA_DATA(attr);
	size_t length = RTA_PAYLOAD(attr);
	uint16_t family;
	uint32_t network;

	if (length < sizeof(family))
		return false;
	memcpy(&family, data, sizeof(family));
	length -= sizeof(family);
	data += sizeof(family);
	if (family == AF_INET6 && length == 16) {
		nexthop->gw_family = 6;
	} else if (family == AF_INET && length == sizeof(network)) {
		memcpy(&network, data, sizeof(network));
		nexthop->gw_family = 4;
		nexthop->gw.host = be32toh(network);
	} else {
		*blind_ = true;
	}
	return true;
}

/* An attribute of a nexthop; those of a single one stand among the route's own. */
static inline bool take_nexthop_attr(const struct rtattr *attr, struct nexthop *nexthop,
	struct route_record *route, struct route_walk *walk)
{
	uint32_t number;

	switch (attr->rta_type & NLA_TYPE_MASK) {
	case RTA_GATEWAY:
		nexthop->gw_family = 4;
		return take_ip4(attr, &nexthop->gw);
	case RTA_VIA:
		return take_via(attr, nexthop, &route->blind);
	case RTA_FLOW:
		if (!take_u32(attr, &number))
			return false;
		route->realm |= number != 0;
		walk->rest = hash_attr(walk->rest, attr);
		return true;
	case RTA_ENCAP:
	case RTA_ENCAP_TYPE:
		walk->rest = hash_attr(walk->rest, attr);
		return true;
	case RTA_PAD:
		return true;
	default:
		route->blind = true;
		return true;
	}
}

static int decode_nexthops(
	struct nl_decoder *decoder, struct route_record *route, struct route_walk *walk)
{
	const struct rtnexthop *hop = RTA_DATA(walk->multipath);
	int left = (int)RTA_PAYLOAD(walk->multipath);

	array_clear(&decoder->nexthops);
	while (left > 0) {
		/* RTNH_OK() reads a length that may not be there */
		if (left < (int)sizeof(*hop) || !RTNH_OK(hop, left) ||
			hop->rtnh_ifindex < 0)
			return -EBADMSG;
		struct nexthop nexthop = { .oif = hop->rtnh_ifindex,
			.onlink = (hop->rtnh_flags & RTNH_F_ONLINK) != 0,
			.dead = (hop->rtnh_flags & RTNH_F_DEAD) != 0,
			.weight = (uint16_t)(hop->rtnh_hops + 1) };
		const struct rtattr *attr = RTNH_DATA(hop);
		int attrs = hop->rtnh_len - (int)RTNH_LENGTH(0);

		for (; attrs > 0; attr = RTA_NEXT(attr, attrs))
			if (!RTA_OK(attr, attrs) ||
				!take_nexthop_attr(attr, &nexthop, route, walk))
				return -EBADMSG;
		if (array_push(&decoder->nexthops, &nexthop) < 0)
			return -ENOMEM;
		walk->rest = walk->rest ? hash_mix(walk->rest) : 0; /* of which nexthop */
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	route->nexthops = decoder->nexthops.items;
	route->nexthop_count = decoder->nexthops.count;
	return 0;
}

static inline bool take_route_attr(const struct rtattr *attr, struct nexthop *nexthop,
	struct route_record *route, struct route_walk *walk)
{
	uint32_t number;

	switch (attr->rta_type & NLA_TYPE_MASK) {
	case RTA_TABLE:
		return take_u32(attr, &route->table);
	case RTA_DST:
		walk->has_dst = true;
		return take_ip4(attr, &route->dst.addr);
	case RTA_PRIORITY:
		return take_u32(attr, &route->priority);
	case RTA_PREFSRC:
		return take_ip4(attr, &route->prefsrc);
	case RTA_OIF:
		if (!take_u32(attr, &number) || number > INT32_MAX)
			return false;
		nexthop->oif = (int)number;
		return true;
	case RTA_NH_ID:
		return take_u32(attr, &route->nhid);
	case RTA_MULTIPATH:
		walk->multipath = attr;
		return true;
	case RTA_METRICS:
		route->rest = hash_attr(route->rest, attr);
		return true;
	case RTA_CACHEINFO:
	case ATTR_DEL_REASON:
		return true;
	default:
		return take_nexthop_attr(attr, nexthop, route, walk);
	}
}

/* Its position among its equals (docs/kernel.md 5.5). A dump's answer has none of these flags. */
static inline enum route_position position_of(unsigned int flags)
{
	if (flags & NLM_F_REPLACE)
		return ROUTE_REPLACE;
	if (flags & NLM_F_APPEND)
		return ROUTE_APPEND;
	return (flags & (NLM_F_CREATE | NLM_F_EXCL)) == NLM_F_CREATE ? ROUTE_PREPEND
								     : ROUTE_NEW;
}

/* Its nexthops, when its attributes have been walked. */
static inline int finish_route(struct nl_decoder *decoder, unsigned int flags,
	struct route_record *route, struct route_walk *walk)
{
	route->nexthops = NULL;
	route->nexthop_count = 0;
	/*
	 * nexthop_compat_mode shows the object's nexthops too, or not: the object decides. So it does
	 * for a blackhole, which may be newer than the message about the route.
	 */
	if (route->nhid) {
		if (route->type == ROUTE_BLACKHOLE)
			route->type = ROUTE_UNICAST;
		return 0;
	}
	if (walk->multipath) {
		int r = decode_nexthops(decoder, route, walk);

		if (r < 0)
			return r;
		/* here they are the route's own, on a single nexthop the nexthop's */
		flags &= RTNH_F_PERVASIVE | RTNH_F_ONLINK;
	} else {
		decoder->nexthop.onlink = (flags & RTNH_F_ONLINK) != 0;
		decoder->nexthop.dead = (flags & RTNH_F_DEAD) != 0;
		if (decoder->nexthop.oif || decoder->nexthop.gw_family) {
			route->nexthops = &decoder->nexthop;
			route->nexthop_count = 1;
		}
		flags &= RTNH_F_PERVASIVE;
	}
	/* DEAD, LINKDOWN, OFFLOAD, TRAP are state, some made up while the kernel dumps */
	if (walk->rest | flags)
		route->rest = hash_mix(route->rest ^ hash_mix(walk->rest + flags));
	return 0;
}

bool nl_route_key(
	const struct nlmsghdr *message, uint32_t *ret_table, struct ip4 *ret_dst)
{
	const struct rtmsg *header = NLMSG_DATA(message);
	const struct rtattr *attr = RTM_RTA(header);
	bool has_dst = false;
	int left;

	if ((message->nlmsg_type != RTM_NEWROUTE &&
		    message->nlmsg_type != RTM_DELROUTE) ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)) ||
		header->rtm_family != AF_INET)
		return false;
	*ret_table = header->rtm_table;
	left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof(*header)));
	/* the kernel writes the table first, then the destination */
	for (; !has_dst && RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == RTA_TABLE && !take_u32(attr, ret_table))
			return false;
		if (attr->rta_type == RTA_DST)
			has_dst = take_ip4(attr, ret_dst);
	}
	return has_dst;
}

int nl_decode_route(
	struct nl_decoder *decoder, const struct nlmsghdr *message, struct record *ret)
{
	const struct rtmsg *header = NLMSG_DATA(message);
	struct route_record *route = &ret->route;
	struct nexthop *nexthop = &decoder->nexthop;
	struct route_walk walk = { 0 };

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)))
		return -EBADMSG;
	/* CLONED: a cached exception, which non-strict dumps mix in */
	if (header->rtm_family != AF_INET || header->rtm_flags & RTM_F_CLONED)
		return NL_FOREIGN;
	if (header->rtm_dst_len > 32)
		return -EBADMSG;

	ret->kind =
		message->nlmsg_type == RTM_NEWROUTE ? RECORD_ROUTE : RECORD_ROUTE_GONE;
	route->table = header->rtm_table;
	route->dst.addr.host = 0;
	route->tos = header->rtm_tos;
	route->scope = header->rtm_scope;
	route->protocol = header->rtm_protocol;
	route->type = header->rtm_type;
	route->priority = 0;
	route->prefsrc.host = 0;
	route->nhid = 0;
	route->realm = false;
	route->blind = header->rtm_type >= ROUTE_TYPES || header->rtm_src_len;
	route->by_hand = false;
	route->rest = 0;
	route->position = position_of(message->nlmsg_flags);
	*nexthop = (struct nexthop){ .weight = 1 };

	const struct rtattr *attr = RTM_RTA(header);
	int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof(*header)));
	for (; left > 0; attr = RTA_NEXT(attr, left))
		if (!RTA_OK(attr, left) || !take_route_attr(attr, nexthop, route, &walk))
			return -EBADMSG;

	if (header->rtm_dst_len && !walk.has_dst)
		return -EBADMSG;
	route->dst = prefix4(route->dst.addr, header->rtm_dst_len);
	return finish_route(decoder, header->rtm_flags, route, &walk) ?: NL_RECORD;
}
