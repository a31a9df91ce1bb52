/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/nl_decode.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "kernel/nl_decode_route.h"
#include "net/flow.h"

#include <endian.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <string.h>

/* Newer than the headers this has to build with: the kernel's numbers. */
#define RULE_ATTR_DSCP 25	/* FRA_DSCP, 6.12 */
#define RULE_ATTR_SPORT_MASK 28 /* FRA_SPORT_MASK, 6.15 */
#define RULE_ATTR_DPORT_MASK 29 /* FRA_DPORT_MASK, 6.15 */
#define RULE_ATTR_DSCP_MASK 30	/* FRA_DSCP_MASK, 6.15 */
#define RULE_ATTR_MAX RULE_ATTR_DSCP_MASK

#define SAME_NUMBER(ours, kernels)                                                       \
	_Static_assert((unsigned int)(ours) == (unsigned int)(kernels), #ours)
SAME_NUMBER(NAME_MAX_, IFNAMSIZ);
SAME_NUMBER(LINK_UP, IFF_UP);
SAME_NUMBER(LINK_LOOPBACK, IFF_LOOPBACK);
SAME_NUMBER(LINK_RUNNING, IFF_RUNNING);
SAME_NUMBER(LINK_LOWER_UP, IFF_LOWER_UP);
SAME_NUMBER(RULE_TABLE, FR_ACT_TO_TBL);
SAME_NUMBER(RULE_GOTO, FR_ACT_GOTO);
SAME_NUMBER(RULE_NOP, FR_ACT_NOP);
SAME_NUMBER(RULE_BLACKHOLE, FR_ACT_BLACKHOLE);
SAME_NUMBER(RULE_UNREACHABLE, FR_ACT_UNREACHABLE);
SAME_NUMBER(RULE_PROHIBIT, FR_ACT_PROHIBIT);
SAME_NUMBER(NETCONF_ALL, NETCONFA_IFINDEX_ALL);
SAME_NUMBER(NETCONF_DEFAULT, NETCONFA_IFINDEX_DEFAULT);
SAME_NUMBER(FLOW_UDP, IPPROTO_UDP);
SAME_NUMBER(DEVCONF_FORWARDING, IPV4_DEVCONF_FORWARDING - 1);
SAME_NUMBER(DEVCONF_MC_FORWARDING, IPV4_DEVCONF_MC_FORWARDING - 1);
SAME_NUMBER(DEVCONF_SEND_REDIRECTS, IPV4_DEVCONF_SEND_REDIRECTS - 1);
SAME_NUMBER(DEVCONF_RP_FILTER, IPV4_DEVCONF_RP_FILTER - 1);
SAME_NUMBER(DEVCONF_LOG_MARTIANS, IPV4_DEVCONF_LOG_MARTIANS - 1);
SAME_NUMBER(DEVCONF_ARP_IGNORE, IPV4_DEVCONF_ARP_IGNORE - 1);
SAME_NUMBER(DEVCONF_ACCEPT_LOCAL, IPV4_DEVCONF_ACCEPT_LOCAL - 1);
SAME_NUMBER(DEVCONF_SRC_VALID_MARK, IPV4_DEVCONF_SRC_VMARK - 1);
SAME_NUMBER(DEVCONF_ROUTE_LOCALNET, IPV4_DEVCONF_ROUTE_LOCALNET - 1);
SAME_NUMBER(DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN,
	IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN - 1);
SAME_NUMBER(DEVCONF_BC_FORWARDING, IPV4_DEVCONF_BC_FORWARDING - 1);

void nl_decoder_init(struct nl_decoder *decoder)
{
	memset(decoder, 0, sizeof(*decoder));
}

void nl_decoder_done(struct nl_decoder *decoder)
{
	array_done(&decoder->nexthops);
	array_done(&decoder->members);
}

/*
 * Checked nla_parse(). It stops at the first wrong length as at the end, so that what comes
 * behind would be missing unnoticed: this walks first. *seen (may be NULL) gets a bit for each
 * type met, bit 63 for all from there on: a rule with one that is not known is blind, as it may be
 * a selector. Links, addresses and nexthop objects have many attributes that no verdict rests on.
 */
static int parse_attributes(struct nlattr **table, int max, const struct nlattr *head,
	int length, const struct nla_policy *policy, uint64_t *seen)
{
	int left = length;

	if (length < 0 || length % NLA_ALIGNTO)
		return -EBADMSG;
	for (const struct nlattr *a = head; left > 0; a = nla_next(a, &left)) {
		if (!nla_ok(a, left))
			return -EBADMSG;
		if (seen)
			*seen |= UINT64_C(1) << (nla_type(a) < 63 ? nla_type(a) : 63);
	}
	if (nla_parse(table, max, (struct nlattr *)head, length,
		    (struct nla_policy *)policy) < 0)
		return -EBADMSG;
	return 0;
}

/* The same for a message's attributes, behind a family header of so many bytes. */
static int parse_message(struct nlattr **table, int max, const struct nlmsghdr *message,
	size_t header, const struct nla_policy *policy, uint64_t *seen)
{
	if (message->nlmsg_len < NLMSG_SPACE(header))
		return -EBADMSG;
	return parse_attributes(table, max,
		(const struct nlattr *)((const char *)message + NLMSG_SPACE(header)),
		(int)(message->nlmsg_len - NLMSG_SPACE(header)), policy, seen);
}

static int parse_nested(struct nlattr **table, int max, const struct nlattr *nest,
	const struct nla_policy *policy)
{
	return parse_attributes(table, max, nla_data(nest), nla_len(nest), policy, NULL);
}

/* The family header of a message, NULL where the message is too short for one. */
static const void *header_of(const struct nlmsghdr *message, size_t size)
{
	return message->nlmsg_len >= NLMSG_LENGTH(size) ? NLMSG_DATA(message) : NULL;
}

static uint32_t u32_or(const struct nlattr *attr, uint32_t otherwise)
{
	return attr ? nla_get_u32(attr) : otherwise;
}

static struct ip4 ip4_or_0(const struct nlattr *attr)
{
	return ip4(attr ? be32toh(nla_get_u32(attr)) : 0);
}

/* Copies a text, whose end the policy has checked; cut where it is too long. */
static void copy_name(char out[static NAME_MAX_], const struct nlattr *attr)
{
	memset(out, 0, NAME_MAX_);
	if (attr)
		strncpy(out, nla_data(attr), NAME_MAX_ - 1);
}

/* clang-format off */
static const struct nla_policy info_policy[IFLA_INFO_MAX + 1] = {
	[IFLA_INFO_KIND]       = { .type = NLA_STRING },
	[IFLA_INFO_SLAVE_KIND] = { .type = NLA_STRING },
	[IFLA_INFO_DATA]       = { .type = NLA_NESTED },
};

/* The kinds of tunnel that are understood, and the attributes that matter. */
static const struct tunnel_kind {
	const char *name;
	uint8_t remote, external; /* attributes; 0: it has none */
	uint8_t length;           /* of the remote address */
} tunnel_kinds[] = {
	{ "ipip",      IFLA_IPTUN_REMOTE, IFLA_IPTUN_COLLECT_METADATA, 4 },
	{ "sit",       IFLA_IPTUN_REMOTE, IFLA_IPTUN_COLLECT_METADATA, 4 },
	{ "ip6tnl",    IFLA_IPTUN_REMOTE, IFLA_IPTUN_COLLECT_METADATA, 16 },
	{ "gre",       IFLA_GRE_REMOTE,   IFLA_GRE_COLLECT_METADATA,   4 },
	{ "gretap",    IFLA_GRE_REMOTE,   IFLA_GRE_COLLECT_METADATA,   4 },
	{ "erspan",    IFLA_GRE_REMOTE,   IFLA_GRE_COLLECT_METADATA,   4 },
	{ "ip6gre",    IFLA_GRE_REMOTE,   IFLA_GRE_COLLECT_METADATA,   16 },
	{ "ip6gretap", IFLA_GRE_REMOTE,   IFLA_GRE_COLLECT_METADATA,   16 },
	{ "ip6erspan", IFLA_GRE_REMOTE,   IFLA_GRE_COLLECT_METADATA,   16 },
	{ "vti",       IFLA_VTI_REMOTE,   0,                           4 },
	{ "vti6",      IFLA_VTI_REMOTE,   0,                           16 },
};
#define TUNNEL_ATTR_MAX IFLA_GRE_MAX /* the longest of the three families */
_Static_assert(IFLA_IPTUN_MAX <= TUNNEL_ATTR_MAX && IFLA_VTI_MAX <= TUNNEL_ATTR_MAX, "");
/* clang-format on */

static int decode_tunnel(const struct tunnel_kind *kind, const struct nlattr *data,
	struct link_record *ret)
{
	static const struct nla_policy policy[TUNNEL_ATTR_MAX + 1];
	static const uint8_t zero[16];
	struct nlattr *tb[TUNNEL_ATTR_MAX + 1];

	if (parse_nested(tb, TUNNEL_ATTR_MAX, data, policy) < 0)
		return -EBADMSG;
	const struct nlattr *remote = tb[kind->remote];
	if (remote && nla_len(remote) != kind->length)
		return -EBADMSG;
	ret->tunnel.known = true;
	ret->tunnel.remote = remote && memcmp(nla_data(remote), zero, kind->length) != 0;
	ret->tunnel.external = kind->external && tb[kind->external];
	return 0;
}

static uint64_t mix_attribute(uint64_t seed, const struct nlattr *attribute)
{
	return attribute
		       ? hash_bytes(seed, nla_data(attribute), (size_t)nla_len(attribute))
		       : seed;
}

static int decode_linkinfo(const struct nlattr *nest, struct link_record *ret)
{
	static const struct nla_policy vrf_policy[IFLA_VRF_MAX + 1] = {
		[IFLA_VRF_TABLE] = { .type = NLA_U32 },
	};
	struct nlattr *tb[IFLA_INFO_MAX + 1], *vrf[IFLA_VRF_MAX + 1];

	if (parse_nested(tb, IFLA_INFO_MAX, nest, info_policy) < 0)
		return -EBADMSG;
	copy_name(ret->kind, tb[IFLA_INFO_KIND]);
	ret->identity = mix_attribute(ret->identity, tb[IFLA_INFO_KIND]);
	copy_name(ret->slave_kind, tb[IFLA_INFO_SLAVE_KIND]);
	const struct nlattr *data = tb[IFLA_INFO_DATA];
	if (!data)
		return 0;

	if (strcmp(ret->kind, "vrf") == 0) {
		if (parse_nested(vrf, IFLA_VRF_MAX, data, vrf_policy) < 0 ||
			!vrf[IFLA_VRF_TABLE])
			return -EBADMSG;
		ret->vrf_table = nla_get_u32(vrf[IFLA_VRF_TABLE]);
		return 0;
	}
	for (size_t i = 0; i < ELEMENTS(tunnel_kinds); i++)
		if (strcmp(ret->kind, tunnel_kinds[i].name) == 0)
			return decode_tunnel(&tunnel_kinds[i], data, ret);
	return 0;
}

/* IFLA_AF_SPEC: no AF_INET in it means that the device has no IPv4. */
static int decode_af_spec(const struct nlattr *nest, struct link_record *ret)
{
	static const struct nla_policy policy[AF_INET + 1];
	static const struct nla_policy inet_policy[IFLA_INET_MAX + 1];
	struct nlattr *tb[AF_INET + 1], *inet[IFLA_INET_MAX + 1];

	if (parse_nested(tb, AF_INET, nest, policy) < 0)
		return -EBADMSG;
	if (!tb[AF_INET])
		return 0;
	if (parse_nested(inet, IFLA_INET_MAX, tb[AF_INET], inet_policy) < 0)
		return -EBADMSG;
	const struct nlattr *conf = inet[IFLA_INET_CONF];
	if (!conf)
		return 0;

	/* one number per setting; kernels have more or fewer */
	size_t length = (size_t)nla_len(conf);
	if (length % sizeof(int32_t))
		return -EBADMSG;
	if (length > sizeof(ret->conf.value))
		length = sizeof(ret->conf.value);
	memcpy(ret->conf.value, nla_data(conf), length);
	ret->has_inet = true;
	return 0;
}

static int blind(const struct nlmsghdr *message, const char *what, struct record *ret)
{
	ret->kind = RECORD_BLIND;
	ret->blind =
		(struct blind_record){ .message = message->nlmsg_type, .what = what };
	return NL_RECORD;
}

static int decode_link(const struct nlmsghdr *message, struct record *ret)
{
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_IFNAME] = { .type = NLA_STRING, .maxlen = NAME_MAX_ },
		[IFLA_MTU] = { .type = NLA_U32 },
		[IFLA_LINK] = { .type = NLA_U32 },
		[IFLA_MASTER] = { .type = NLA_U32 },
		[IFLA_GROUP] = { .type = NLA_U32 },
		[IFLA_LINKINFO] = { .type = NLA_NESTED },
		[IFLA_AF_SPEC] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[IFLA_MAX + 1];
	struct link_record *link = &ret->link;
	const struct ifinfomsg *header = header_of(message, sizeof(*header));

	if (!header)
		return -EBADMSG;
	/* AF_BRIDGE: a port joined, changed or left its bridge, in the bridge's own terms */
	if (header->ifi_family != AF_UNSPEC)
		return NL_FOREIGN;
	if (parse_message(tb, IFLA_MAX, message, sizeof(*header), policy, NULL) < 0 ||
		header->ifi_index <= 0)
		return -EBADMSG;

	memset(link, 0, sizeof(*link));
	link->ifindex = header->ifi_index;
	copy_name(link->name, tb[IFLA_IFNAME]);
	if (message->nlmsg_type == RTM_DELLINK) {
		ret->kind = RECORD_LINK_GONE;
		return NL_RECORD;
	}
	/* wireless extensions send their own events as RTM_NEWLINK, with nothing else in them */
	if (tb[IFLA_WIRELESS] && !tb[IFLA_AF_SPEC])
		return NL_FOREIGN;
	if (!tb[IFLA_IFNAME])
		return blind(message, "a link without a name", ret);
	if (!tb[IFLA_AF_SPEC])
		return blind(message, "a link without IFLA_AF_SPEC", ret);

	ret->kind = RECORD_LINK;
	link->flags = header->ifi_flags;
	link->arphrd = header->ifi_type;
	link->master = (int)u32_or(tb[IFLA_MASTER], 0);
	/* an index of another namespace's would name a stranger here */
	if (!tb[IFLA_LINK_NETNSID] && u32_or(tb[IFLA_LINK], 0) != (uint32_t)link->ifindex)
		link->lower = (int)u32_or(tb[IFLA_LINK], 0);
	link->group = u32_or(tb[IFLA_GROUP], 0);
	link->mtu = u32_or(tb[IFLA_MTU], 0);
	link->identity = header->ifi_type;
	if (tb[IFLA_LINKINFO] && decode_linkinfo(tb[IFLA_LINKINFO], link) < 0)
		return -EBADMSG;
	/* a card may get another address, but not another permanent one */
	link->identity =
		mix_attribute(link->identity, tb[IFLA_PERM_ADDRESS] ?: tb[IFLA_ADDRESS]);
	return decode_af_spec(tb[IFLA_AF_SPEC], link) < 0 ? -EBADMSG : NL_RECORD;
}

static int decode_addr(const struct nlmsghdr *message, struct record *ret)
{
	static const struct nla_policy policy[IFA_MAX + 1] = {
		[IFA_LOCAL] = { .type = NLA_U32, .maxlen = 4 },
		[IFA_ADDRESS] = { .type = NLA_U32, .maxlen = 4 },
		[IFA_BROADCAST] = { .type = NLA_U32, .maxlen = 4 },
		[IFA_FLAGS] = { .type = NLA_U32 },
		[IFA_RT_PRIORITY] = { .type = NLA_U32 },
	};
	struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *header = header_of(message, sizeof(*header));
	uint32_t flags;

	if (!header)
		return -EBADMSG;
	if (header->ifa_family != AF_INET)
		return NL_FOREIGN;
	if (parse_message(tb, IFA_MAX, message, sizeof(*header), policy, NULL) < 0 ||
		!tb[IFA_LOCAL] || header->ifa_prefixlen > 32 ||
		header->ifa_index - 1 >= INT32_MAX)
		return -EBADMSG;

	flags = u32_or(tb[IFA_FLAGS], header->ifa_flags);
	ret->kind = message->nlmsg_type == RTM_NEWADDR ? RECORD_ADDR : RECORD_ADDR_GONE;
	ret->addr = (struct addr_record){
		.ifindex = (int)header->ifa_index,
		.local = ip4_or_0(tb[IFA_LOCAL]),
		.peer = ip4_or_0(tb[IFA_ADDRESS]), /* absent: a peer of 0.0.0.0 */
		.broadcast = ip4_or_0(tb[IFA_BROADCAST]),
		.len = header->ifa_prefixlen,
		.scope = header->ifa_scope,
		.secondary = flags & IFA_F_SECONDARY,
		.noprefixroute = flags & IFA_F_NOPREFIXROUTE,
		.metric = u32_or(tb[IFA_RT_PRIORITY], 0),
	};
	return NL_RECORD;
}

static int decode_netconf(const struct nlmsghdr *message, struct record *ret)
{
	static const struct {
		uint8_t attr, key;
	} keys[] = {
		{ NETCONFA_FORWARDING, DEVCONF_FORWARDING },
		{ NETCONFA_RP_FILTER, DEVCONF_RP_FILTER },
		{ NETCONFA_MC_FORWARDING, DEVCONF_MC_FORWARDING },
		{ NETCONFA_BC_FORWARDING, DEVCONF_BC_FORWARDING },
		{ NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN,
			DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN },
	};
	static const struct nla_policy policy[NETCONFA_MAX + 1] = {
		[NETCONFA_IFINDEX] = { .type = NLA_U32 },
		[NETCONFA_FORWARDING] = { .type = NLA_U32 },
		[NETCONFA_RP_FILTER] = { .type = NLA_U32 },
		[NETCONFA_MC_FORWARDING] = { .type = NLA_U32 },
		[NETCONFA_BC_FORWARDING] = { .type = NLA_U32 },
		[NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN] = { .type = NLA_U32 },
	};
	struct nlattr *tb[NETCONFA_MAX + 1];
	struct netconf_record *netconf = &ret->netconf;
	const struct netconfmsg *header = header_of(message, sizeof(*header));

	if (!header)
		return -EBADMSG;
	if (header->ncm_family != AF_INET)
		return NL_FOREIGN;
	if (parse_message(tb, NETCONFA_MAX, message, sizeof(*header), policy, NULL) < 0 ||
		!tb[NETCONFA_IFINDEX])
		return -EBADMSG;

	memset(netconf, 0, sizeof(*netconf));
	netconf->ifindex = (int)nla_get_u32(tb[NETCONFA_IFINDEX]);
	if (netconf->ifindex == 0 || netconf->ifindex < NETCONF_DEFAULT)
		return -EBADMSG;
	if (message->nlmsg_type == RTM_DELNETCONF) {
		ret->kind = RECORD_NETCONF_GONE;
		return NL_RECORD;
	}
	ret->kind = RECORD_NETCONF;
	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		if (!tb[keys[i].attr])
			continue;
		netconf->has |= UINT64_C(1) << keys[i].key;
		netconf->conf.value[keys[i].key] = (int32_t)nla_get_u32(tb[keys[i].attr]);
	}
	return netconf->has ? NL_RECORD : NL_FOREIGN; /* proxy_arp alone is not ours */
}

static int decode_group(struct nl_decoder *decoder, const struct nlattr *group,
	struct nexthop_obj_record *ret)
{
	struct nexthop_grp entry; /* weight_high is from 6.13 on, zero before */
	const char *data = nla_data(group);
	size_t length = (size_t)nla_len(group);

	if (length % sizeof(entry))
		return -EBADMSG;
	array_clear(&decoder->members);
	for (; length; length -= sizeof(entry), data += sizeof(entry)) {
		memcpy(&entry, data, sizeof(entry));
		unsigned int high = ((const uint8_t *)data)[5];
		unsigned int weight = (high << 8 | entry.weight) + 1;
		const struct nexthop_member member = { .id = entry.id,
			.weight = weight > UINT16_MAX ? UINT16_MAX : (uint16_t)weight };

		if (array_push(&decoder->members, &member) < 0)
			return -ENOMEM;
	}
	ret->members = decoder->members.items;
	ret->member_count = decoder->members.count;
	return 0;
}

static int decode_nexthop(
	struct nl_decoder *decoder, const struct nlmsghdr *message, struct record *ret)
{
	static const struct nla_policy policy[NHA_MAX + 1] = {
		[NHA_ID] = { .type = NLA_U32 },
		[NHA_OIF] = { .type = NLA_U32 },
	};
	struct nlattr *tb[NHA_MAX + 1];
	struct nexthop_obj_record *nexthop_obj = &ret->nexthop_obj;
	const struct nhmsg *header = header_of(message, sizeof(*header));

	if (!header ||
		parse_message(tb, NHA_MAX, message, sizeof(*header), policy, NULL) < 0 ||
		!tb[NHA_ID] || nla_get_u32(tb[NHA_ID]) == 0)
		return -EBADMSG;

	memset(nexthop_obj, 0, sizeof(*nexthop_obj));
	nexthop_obj->id = nla_get_u32(tb[NHA_ID]);
	if (message->nlmsg_type == RTM_DELNEXTHOP) {
		ret->kind = RECORD_NEXTHOP_GONE;
		return NL_RECORD;
	}
	ret->kind = RECORD_NEXTHOP;
	nexthop_obj->fdb = tb[NHA_FDB];
	nexthop_obj->blackhole = tb[NHA_BLACKHOLE];
	nexthop_obj->scope = header->nh_scope;
	nexthop_obj->nexthop.oif = (int)u32_or(tb[NHA_OIF], 0);
	nexthop_obj->nexthop.onlink = (header->nh_flags & RTNH_F_ONLINK) != 0;
	nexthop_obj->nexthop.weight = 1;
	if (tb[NHA_GROUP])
		return decode_group(decoder, tb[NHA_GROUP], nexthop_obj) ?: NL_RECORD;

	const struct nlattr *gateway = tb[NHA_GATEWAY];
	if (gateway && header->nh_family == AF_INET && nla_len(gateway) == 4) {
		nexthop_obj->nexthop.gw_family = 4;
		nexthop_obj->nexthop.gw = ip4_or_0(gateway);
	} else if (gateway && header->nh_family == AF_INET6 && nla_len(gateway) == 16) {
		nexthop_obj->nexthop.gw_family = 6;
	} else if (gateway) {
		return -EBADMSG;
	}
	return NL_RECORD;
}

/* clang-format off */
static const struct nla_policy rule_policy[RULE_ATTR_MAX + 1] = {
	[FRA_DST]                = { .type = NLA_U32, .maxlen = 4 },
	[FRA_SRC]                = { .type = NLA_U32, .maxlen = 4 },
	[FRA_IIFNAME]            = { .type = NLA_STRING, .maxlen = NAME_MAX_ },
	[FRA_OIFNAME]            = { .type = NLA_STRING, .maxlen = NAME_MAX_ },
	[FRA_GOTO]               = { .type = NLA_U32 },
	[FRA_PRIORITY]           = { .type = NLA_U32 },
	[FRA_FWMARK]             = { .type = NLA_U32 },
	[FRA_FWMASK]             = { .type = NLA_U32 },
	[FRA_FLOW]               = { .type = NLA_U32 },
	[FRA_TUN_ID]             = { .type = NLA_U64 },
	[FRA_SUPPRESS_IFGROUP]   = { .type = NLA_U32 },
	[FRA_SUPPRESS_PREFIXLEN] = { .type = NLA_U32 },
	[FRA_TABLE]              = { .type = NLA_U32 },
	[FRA_L3MDEV]             = { .type = NLA_U8 },
	[FRA_UID_RANGE]          = { .minlen = sizeof(struct fib_rule_uid_range) },
	[FRA_PROTOCOL]           = { .type = NLA_U8 },
	[FRA_IP_PROTO]           = { .type = NLA_U8 },
	[FRA_SPORT_RANGE]        = { .minlen = sizeof(struct fib_rule_port_range) },
	[FRA_DPORT_RANGE]        = { .minlen = sizeof(struct fib_rule_port_range) },
	[RULE_ATTR_DSCP]         = { .type = NLA_U8 },
	[RULE_ATTR_DSCP_MASK]    = { .type = NLA_U8 },
	[RULE_ATTR_SPORT_MASK]   = { .type = NLA_U16 },
	[RULE_ATTR_DPORT_MASK]   = { .type = NLA_U16 },
};

/* Those that decode_rule() takes in. Any other may be a selector: the rule is blind. */
#define BIT(attr) (UINT64_C(1) << (attr))
#define RULE_KNOWN                                                                       \
	(BIT(FRA_DST) | BIT(FRA_SRC) | BIT(FRA_IIFNAME) | BIT(FRA_OIFNAME)               \
		| BIT(FRA_GOTO) | BIT(FRA_PRIORITY) | BIT(FRA_FWMARK) | BIT(FRA_FWMASK)  \
		| BIT(FRA_FLOW) | BIT(FRA_TUN_ID) | BIT(FRA_SUPPRESS_IFGROUP)            \
		| BIT(FRA_SUPPRESS_PREFIXLEN) | BIT(FRA_TABLE) | BIT(FRA_L3MDEV)         \
		| BIT(FRA_UID_RANGE) | BIT(FRA_PROTOCOL) | BIT(FRA_IP_PROTO)             \
		| BIT(FRA_SPORT_RANGE) | BIT(FRA_DPORT_RANGE) | BIT(FRA_PAD)             \
		| BIT(RULE_ATTR_DSCP) | BIT(RULE_ATTR_DSCP_MASK)                         \
		| BIT(RULE_ATTR_SPORT_MASK) | BIT(RULE_ATTR_DPORT_MASK))
/* The last two are state: whether the names resolve just now. */
#define RULE_FLAGS                                                                       \
	(FIB_RULE_PERMANENT | FIB_RULE_INVERT | FIB_RULE_FIND_SADDR                      \
		| FIB_RULE_UNRESOLVED | FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED)
/* clang-format on */

static void decode_ports(
	const struct nlattr *range, const struct nlattr *mask, struct port_range *ret)
{
	struct fib_rule_port_range ports; /* these are in host byte order */

	if (!range)
		return;
	memcpy(&ports, nla_data(range), sizeof(ports));
	ret->set = true;
	ret->first = ports.start;
	ret->last = ports.end;
	ret->mask = mask ? nla_get_u16(mask) : UINT16_MAX;
}

/* What it selects by, apart from addresses. */
static void decode_selectors(struct nlattr *const *tb, struct rule *ret)
{
	struct fib_rule_uid_range uids;

	copy_name(ret->iif, tb[FRA_IIFNAME]);
	copy_name(ret->oif, tb[FRA_OIFNAME]);
	ret->mark = u32_or(tb[FRA_FWMARK], 0);
	ret->mask = u32_or(tb[FRA_FWMASK], tb[FRA_FWMARK] ? UINT32_MAX : 0);
	ret->ipproto = tb[FRA_IP_PROTO] ? nla_get_u8(tb[FRA_IP_PROTO]) : 0;
	decode_ports(tb[FRA_SPORT_RANGE], tb[RULE_ATTR_SPORT_MASK], &ret->sport);
	decode_ports(tb[FRA_DPORT_RANGE], tb[RULE_ATTR_DPORT_MASK], &ret->dport);
	if (tb[RULE_ATTR_DSCP]) {
		ret->has_dscp = true;
		ret->dscp = nla_get_u8(tb[RULE_ATTR_DSCP]);
		ret->dscp_mask = tb[RULE_ATTR_DSCP_MASK]
					 ? nla_get_u8(tb[RULE_ATTR_DSCP_MASK])
					 : 0x3f;
	}
	if (tb[FRA_UID_RANGE]) {
		memcpy(&uids, nla_data(tb[FRA_UID_RANGE]), sizeof(uids));
		ret->has_uid = true;
		ret->uid_first = uids.start;
		ret->uid_last = uids.end;
	}
	if (tb[FRA_TUN_ID]) {
		ret->has_tun_id = true;
		ret->tun_id = be64toh(nla_get_u64(tb[FRA_TUN_ID]));
	}
}

/* A rule's network, as the kernel keeps it: with what stands behind its length. */
static struct prefix4 decode_network(
	const struct nlattr *attr, uint8_t len, uint32_t *ret_rest)
{
	const struct ip4 addr = ip4_or_0(attr);

	*ret_rest = len ? addr.host & ~ip4_mask(len) : 0;
	return prefix4(addr, len);
}

static int decode_rule(const struct nlmsghdr *message, struct record *ret)
{
	struct nlattr *tb[RULE_ATTR_MAX + 1];
	uint64_t seen = 0;
	struct rule *rule = &ret->rule;
	const struct fib_rule_hdr *header = header_of(message, sizeof(*header));

	if (!header)
		return -EBADMSG;
	if (header->family != AF_INET)
		return NL_FOREIGN;
	if (parse_message(tb, RULE_ATTR_MAX, message, sizeof(*header), rule_policy,
		    &seen) < 0 ||
		header->src_len > 32 || header->dst_len > 32 ||
		(header->src_len && !tb[FRA_SRC]) || (header->dst_len && !tb[FRA_DST]))
		return -EBADMSG;

	ret->kind = message->nlmsg_type == RTM_NEWRULE ? RECORD_RULE : RECORD_RULE_GONE;
	memset(rule, 0, sizeof(*rule));
	rule->priority = u32_or(tb[FRA_PRIORITY], 0);
	rule->table = u32_or(tb[FRA_TABLE], header->table);
	rule->target = u32_or(tb[FRA_GOTO], 0);
	rule->action = header->action;
	rule->invert = (header->flags & FIB_RULE_INVERT) != 0;
	rule->l3mdev = tb[FRA_L3MDEV] && nla_get_u8(tb[FRA_L3MDEV]);
	rule->realm = u32_or(tb[FRA_FLOW], 0) != 0;
	rule->blind = (seen & ~RULE_KNOWN) || (header->flags & ~(uint32_t)RULE_FLAGS);
	rule->protocol = tb[FRA_PROTOCOL] ? nla_get_u8(tb[FRA_PROTOCOL]) : 0;
	rule->tos = header->tos;
	rule->suppress_len = (int32_t)u32_or(tb[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX);
	rule->suppress_group = (int32_t)u32_or(tb[FRA_SUPPRESS_IFGROUP], UINT32_MAX);
	rule->from = decode_network(tb[FRA_SRC], header->src_len, &rule->from_rest);
	rule->to = decode_network(tb[FRA_DST], header->dst_len, &rule->to_rest);
	decode_selectors(tb, rule);
	return NL_RECORD;
}

int nl_decode(
	struct nl_decoder *decoder, const struct nlmsghdr *message, struct record *ret)
{
	if (message->nlmsg_len < sizeof(*message))
		return -EBADMSG;
	ret->dump = false;
	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return nl_decode_route(decoder, message, ret);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return decode_link(message, ret);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return decode_addr(message, ret);
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return decode_rule(message, ret);
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return decode_nexthop(decoder, message, ret);
	case RTM_NEWNETCONF:
	case RTM_DELNETCONF:
		return decode_netconf(message, ret);
	}
	return NL_FOREIGN;
}

static bool is_blind(const struct record *record)
{
	switch (record->kind) {
	case RECORD_ROUTE:
	case RECORD_ROUTE_GONE:
		return record->route.blind;
	case RECORD_RULE:
	case RECORD_RULE_GONE:
		return record->rule.blind;
	case RECORD_BLIND:
		return true;
	case RECORD_LINK:
	case RECORD_LINK_GONE:
	case RECORD_ADDR:
	case RECORD_ADDR_GONE:
	case RECORD_NEXTHOP:
	case RECORD_NEXTHOP_GONE:
	case RECORD_NETCONF:
	case RECORD_NETCONF_GONE:
	case RECORD_RULES:
	case RECORD_MERGED:
	case RECORD_MEMBERSHIPS:
	case RECORD_KERNEL:
		break;
	}
	return false;
}

int nl_decode_to(struct nl_decoder *decoder, const struct nlmsghdr *message, bool dump,
	struct nl_counts *counts, record_handler handler, void *userdata)
{
	struct record record; /* not zeroed: see nl_decode() */
	int r = nl_decode(decoder, message, &record);

	if (r == NL_FOREIGN) {
		counts->foreign++;
		return 0;
	}
	if (r < 0) {
		counts->malformed += r == -EBADMSG;
		return r;
	}
	counts->records++;
	counts->blind += is_blind(&record);
	record.dump = dump;
	r = handler(&record, userdata);
	return r < 0 ? r : 0;
}
