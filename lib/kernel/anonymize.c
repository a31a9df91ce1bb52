/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/anonymize.h"

#include "kernel/nl_decode.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* --- names ------------------------------------------------------------------------------ */

int anonymizer_init(struct anonymizer *anonymizer)
{
	struct siphash_key key;

	*anonymizer = (struct anonymizer){ .count = 0 };
	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -errno;
	ip4map_init(&anonymizer->addrs, &key);
	explicit_bzero(&key, sizeof(key));
	return 0;
}

void anonymizer_done(struct anonymizer *anonymizer)
{
	ip4map_done(&anonymizer->addrs);
	array_done(&anonymizer->links);
	explicit_bzero(&anonymizer->addrs.key, sizeof(anonymizer->addrs.key));
}

/* Those that the kernel gives itself, and that are looked at. */
static bool is_telling(const char *name)
{
	static const char *const names[] = { "lo", "tunl0", "gre0", "gretap0", "erspan0",
		"sit0", "ip6tnl0", "ip6gre0", "ip_vti0", "ip6_vti0" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static int find_or_add(struct anonymizer *anonymizer, const char *name,
	const struct anonymous_link **ret)
{
	struct anonymous_link fresh = { .kind = "" };
	int r;

	array_each (&anonymizer->links, const struct anonymous_link, link) {
		if (strcmp(link->name, name) == 0) {
			*ret = link;
			return 0;
		}
	}
	(void)snprintf(fresh.name, sizeof(fresh.name), "%s", name);
	if (is_telling(name))
		(void)snprintf(fresh.alias, sizeof(fresh.alias), "%s", name);
	else
		(void)snprintf(
			fresh.alias, sizeof(fresh.alias), "if%u", ++anonymizer->count);
	r = array_push(&anonymizer->links, &fresh);
	if (r >= 0)
		*ret = &anonymizer->links.items[anonymizer->links.count - 1];
	return r;
}

int anonymizer_name(
	struct anonymizer *anonymizer, const char *name, char ret[static NAME_MAX_])
{
	const struct anonymous_link *link;
	int r = find_or_add(anonymizer, name, &link);

	if (r >= 0)
		memcpy(ret, link->alias, NAME_MAX_);
	return r;
}

static int learn(const struct record *record, void *userdata)
{
	struct anonymizer *anonymizer = userdata;
	const struct addr_record *addr = &record->addr;
	const struct anonymous_link *link;
	int r;

	if (record->kind == RECORD_ADDR)
		return addr->len < 31 ? ip4map_keep_ends(&anonymizer->addrs,
						prefix4(addr->local, addr->len))
				      : 0;
	if (record->kind != RECORD_LINK)
		return 0;
	r = find_or_add(anonymizer, record->link.name, &link);
	if (r >= 0)
		memcpy(((struct anonymous_link *)link)->kind, record->link.kind,
			NAME_MAX_);
	return r;
}

int anonymizer_learn(struct anonymizer *anonymizer, struct nl_request *request)
{
	int r = -EAGAIN;

	for (int tries = 0; tries < 10 && r == -EAGAIN; tries++)
		r = nl_request_dump(
			request, NL_DUMP_LINKS | NL_DUMP_ADDRS, learn, anonymizer);
	return r;
}

/* --- attributes --------------------------------------------------------------------------- */

/* What becomes of an attribute. */
enum fate {
	FATE_DROP,
	FATE_KEEP,
	FATE_NAME,
	FATE_ADDR,
	FATE_DST, /* an address of which the header's dst_len counts */
	FATE_SRC,
	FATE_BLUR, /* other bytes, the same for the same; none of them zero unless all are */
	FATE_VIA,  /* a family, and an address of it */
	FATE_HOPS, /* nexthops, each with attributes */
	FATE_INFO, /* IFLA_LINKINFO */
	FATE_DATA, /* IFLA_INFO_DATA */
	FATE_SPEC, /* IFLA_AF_SPEC */
	FATE_INET, /* AF_INET in it */
};

#define FATES 64
struct fates {
	unsigned char of[FATES];
	enum fate others; /* of what is not in the list: FATE_DROP or FATE_BLUR */
};

/* clang-format off */
static const struct fates link_fates = { .of = {
	[IFLA_IFNAME] = FATE_NAME, [IFLA_MTU] = FATE_KEEP, [IFLA_LINK] = FATE_KEEP,
	[IFLA_MASTER] = FATE_KEEP, [IFLA_GROUP] = FATE_KEEP, [IFLA_LINK_NETNSID] = FATE_KEEP,
	[IFLA_LINKINFO] = FATE_INFO, [IFLA_AF_SPEC] = FATE_SPEC } };
static const struct fates info_fates = { .of = {
	[IFLA_INFO_KIND] = FATE_KEEP, [IFLA_INFO_SLAVE_KIND] = FATE_KEEP,
	[IFLA_INFO_DATA] = FATE_DATA } };
static const struct fates vrf_fates = { .of = { [IFLA_VRF_TABLE] = FATE_KEEP } };
static const struct fates tunnel_fates = { .others = FATE_BLUR };
static const struct fates spec_fates = { .of = { [AF_INET] = FATE_INET } };
static const struct fates inet_fates = { .of = { [IFLA_INET_CONF] = FATE_KEEP } };
static const struct fates addr_fates = { .of = {
	[IFA_LOCAL] = FATE_ADDR, [IFA_ADDRESS] = FATE_ADDR, [IFA_BROADCAST] = FATE_ADDR,
	[IFA_FLAGS] = FATE_KEEP } };
static const struct fates netconf_fates = { .of = {
	[NETCONFA_IFINDEX] = FATE_KEEP, [NETCONFA_FORWARDING] = FATE_KEEP,
	[NETCONFA_RP_FILTER] = FATE_KEEP, [NETCONFA_MC_FORWARDING] = FATE_KEEP,
	[NETCONFA_PROXY_NEIGH] = FATE_KEEP, [NETCONFA_BC_FORWARDING] = FATE_KEEP,
	[NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN] = FATE_KEEP } };
static const struct fates nexthop_fates = { .of = {
	[NHA_ID] = FATE_KEEP, [NHA_GROUP] = FATE_KEEP, [NHA_GROUP_TYPE] = FATE_KEEP,
	[NHA_BLACKHOLE] = FATE_KEEP, [NHA_OIF] = FATE_KEEP, [NHA_GATEWAY] = FATE_ADDR,
	[NHA_FDB] = FATE_KEEP } };
static const struct fates hop_fates = { .of = {
	[RTA_GATEWAY] = FATE_ADDR, [RTA_VIA] = FATE_VIA, [RTA_FLOW] = FATE_KEEP,
	[RTA_PAD] = FATE_KEEP, [RTA_ENCAP_TYPE] = FATE_KEEP }, .others = FATE_BLUR };
static const struct fates route_fates = { .of = {
	[RTA_DST] = FATE_DST, [RTA_OIF] = FATE_KEEP, [RTA_GATEWAY] = FATE_ADDR,
	[RTA_PRIORITY] = FATE_KEEP, [RTA_PREFSRC] = FATE_ADDR, [RTA_METRICS] = FATE_KEEP,
	[RTA_MULTIPATH] = FATE_HOPS, [RTA_FLOW] = FATE_KEEP, [RTA_TABLE] = FATE_KEEP,
	[RTA_VIA] = FATE_VIA, [RTA_ENCAP_TYPE] = FATE_KEEP, [RTA_PAD] = FATE_KEEP,
	[RTA_NH_ID] = FATE_KEEP }, .others = FATE_BLUR };
static const struct fates rule_fates = { .of = {
	[FRA_DST] = FATE_DST, [FRA_SRC] = FATE_SRC, [FRA_IIFNAME] = FATE_NAME,
	[FRA_OIFNAME] = FATE_NAME, [FRA_GOTO] = FATE_KEEP, [FRA_PRIORITY] = FATE_KEEP,
	[FRA_FWMARK] = FATE_KEEP, [FRA_FLOW] = FATE_KEEP, [FRA_TUN_ID] = FATE_KEEP,
	[FRA_SUPPRESS_IFGROUP] = FATE_KEEP, [FRA_SUPPRESS_PREFIXLEN] = FATE_KEEP,
	[FRA_TABLE] = FATE_KEEP, [FRA_FWMASK] = FATE_KEEP, [FRA_PAD] = FATE_KEEP,
	[FRA_L3MDEV] = FATE_KEEP, [FRA_UID_RANGE] = FATE_KEEP, [FRA_PROTOCOL] = FATE_KEEP,
	[FRA_IP_PROTO] = FATE_KEEP, [FRA_SPORT_RANGE] = FATE_KEEP,
	[FRA_DPORT_RANGE] = FATE_KEEP, [25] = FATE_KEEP, /* FRA_DSCP, and its mask and those of ports */
	[28] = FATE_KEEP, [29] = FATE_KEEP, [30] = FATE_KEEP }, .others = FATE_BLUR };
/* clang-format on */

/* A message that is rewritten. */
struct rewrite {
	struct anonymizer *anonymizer;
	char *out;
	size_t used, size;
	uint8_t dst_len, src_len;
	char kind[NAME_MAX_]; /* of the link */
};

static int put_bytes(struct rewrite *rewrite, const void *bytes, size_t length)
{
	const size_t room = NLMSG_ALIGN(length);

	if (room > rewrite->size - rewrite->used)
		return -EMSGSIZE;
	memset(rewrite->out + rewrite->used, 0, room);
	if (length)
		memcpy(rewrite->out + rewrite->used, bytes, length);
	rewrite->used += room;
	return 0;
}

static int put_attr(
	struct rewrite *rewrite, uint16_t type, const void *value, size_t length)
{
	const struct rtattr head = { .rta_type = type,
		.rta_len = (uint16_t)RTA_LENGTH(length) };
	int r = put_bytes(rewrite, &head, sizeof(head));

	return r < 0 ? r : put_bytes(rewrite, value, length);
}

static int put_addr(struct rewrite *rewrite, const struct rtattr *attr, unsigned int len)
{
	uint32_t network;
	struct ip4 addr;

	memcpy(&network, RTA_DATA(attr), sizeof(network));
	addr = ip4map_addr(&rewrite->anonymizer->addrs, ip4(be32toh(network)));
	network = htobe32(addr.host & ip4_mask(len < 32 ? len : 32));
	return put_attr(rewrite, attr->rta_type, &network, sizeof(network));
}

static int put_name(struct rewrite *rewrite, const struct rtattr *attr)
{
	char name[NAME_MAX_] = "", alias[NAME_MAX_];
	size_t length = RTA_PAYLOAD(attr);
	int r;

	if (length >= sizeof(name))
		length = sizeof(name) - 1;
	memcpy(name, RTA_DATA(attr), length);
	r = anonymizer_name(rewrite->anonymizer, name, alias);
	return r < 0 ? r : put_attr(rewrite, attr->rta_type, alias, strlen(alias) + 1);
}

static void blur(struct rewrite *rewrite, void *bytes, size_t length)
{
	unsigned char *at = bytes;
	uint64_t number = siphash(&rewrite->anonymizer->addrs.key, bytes, length);
	bool zero = true;

	for (size_t i = 0; i < length; i++)
		zero &= at[i] == 0;
	for (size_t i = 0; i < length && !zero; i++)
		at[i] = (unsigned char)(number >> (i % 8 * 8)) | 1;
}

/* All but the first bytes of an attribute. */
static int put_blurred(struct rewrite *rewrite, const struct rtattr *attr, size_t first)
{
	const size_t at = rewrite->used + RTA_LENGTH(first);
	int r = put_attr(rewrite, attr->rta_type, RTA_DATA(attr), RTA_PAYLOAD(attr));

	if (r >= 0 && RTA_PAYLOAD(attr) > first)
		blur(rewrite, rewrite->out + at, RTA_PAYLOAD(attr) - first);
	return r;
}

static int put_via(struct rewrite *rewrite, const struct rtattr *attr)
{
	char value[6];
	uint16_t family;
	uint32_t network;

	if (RTA_PAYLOAD(attr) < sizeof(family))
		return -EBADMSG;
	memcpy(&family, RTA_DATA(attr), sizeof(family));
	if (family != AF_INET || RTA_PAYLOAD(attr) != sizeof(value))
		return put_blurred(rewrite, attr, sizeof(family));
	memcpy(value, RTA_DATA(attr), sizeof(value));
	memcpy(&network, value + sizeof(family), sizeof(network));
	network = htobe32(
		ip4map_addr(&rewrite->anonymizer->addrs, ip4(be32toh(network))).host);
	memcpy(value + sizeof(family), &network, sizeof(network));
	return put_attr(rewrite, attr->rta_type, value, sizeof(value));
}

static int put_attrs(struct rewrite *rewrite, const struct rtattr *attr, size_t left,
	const struct fates *fates);

/* Attributes within one. */
static int put_nest(
	struct rewrite *rewrite, const struct rtattr *attr, const struct fates *fates)
{
	const size_t at = rewrite->used;
	struct rtattr head = { .rta_type = attr->rta_type };
	int r = put_bytes(rewrite, &head, sizeof(head));

	if (r >= 0)
		r = put_attrs(rewrite, RTA_DATA(attr), RTA_PAYLOAD(attr), fates);
	if (r < 0)
		return r;
	if (rewrite->used - at > UINT16_MAX)
		return -EMSGSIZE;
	head.rta_len = (uint16_t)(rewrite->used - at);
	memcpy(rewrite->out + at, &head, sizeof(head));
	return 0;
}

static int put_hops(struct rewrite *rewrite, const struct rtattr *attr)
{
	const char *from = RTA_DATA(attr);
	size_t left = RTA_PAYLOAD(attr);
	const size_t begin = rewrite->used;
	struct rtattr head = { .rta_type = attr->rta_type };
	int r = put_bytes(rewrite, &head, sizeof(head));

	while (r >= 0 && left) {
		const size_t at = rewrite->used;
		struct rtnexthop hop;

		if (left < sizeof(hop))
			return -EBADMSG;
		memcpy(&hop, from, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return -EBADMSG;
		r = put_bytes(rewrite, &hop, sizeof(hop));
		if (r >= 0)
			r = put_attrs(rewrite, (const void *)(from + sizeof(hop)),
				hop.rtnh_len - sizeof(hop), &hop_fates);
		if (r < 0)
			return r;
		size_t step = RTNH_ALIGN((size_t)hop.rtnh_len);
		step = step > left ? left : step;
		from += step;
		left -= step;
		hop.rtnh_len = (unsigned short)(rewrite->used - at);
		memcpy(rewrite->out + at, &hop, sizeof(hop));
	}
	if (r < 0)
		return r;
	if (rewrite->used - begin > UINT16_MAX)
		return -EMSGSIZE;
	head.rta_len = (uint16_t)(rewrite->used - begin);
	memcpy(rewrite->out + begin, &head, sizeof(head));
	return 0;
}

static const struct fates *data_fates(const struct rewrite *rewrite)
{
	static const char *const tunnels[] = { "ipip", "sit", "ip6tnl", "gre", "gretap",
		"erspan", "ip6gre", "ip6gretap", "ip6erspan", "vti", "vti6" };
	static const struct fates none;

	if (strcmp(rewrite->kind, "vrf") == 0)
		return &vrf_fates;
	for (size_t i = 0; i < ELEMENTS(tunnels); i++) {
		if (strcmp(rewrite->kind, tunnels[i]) == 0)
			return &tunnel_fates;
	}
	return &none;
}

static int put_one(struct rewrite *rewrite, const struct rtattr *attr, enum fate fate)
{
	const size_t length = RTA_PAYLOAD(attr);

	switch (fate) {
	case FATE_DROP:
		return 0;
	case FATE_KEEP:
		return put_attr(rewrite, attr->rta_type, RTA_DATA(attr), length);
	case FATE_NAME:
		return put_name(rewrite, attr);
	case FATE_ADDR:
		return length == 4 ? put_addr(rewrite, attr, 32)
				   : put_blurred(rewrite, attr, 0);
	case FATE_DST:
		return length == 4 ? put_addr(rewrite, attr, rewrite->dst_len)
				   : put_blurred(rewrite, attr, 0);
	case FATE_SRC:
		return length == 4 ? put_addr(rewrite, attr, rewrite->src_len)
				   : put_blurred(rewrite, attr, 0);
	case FATE_BLUR:
		return put_blurred(rewrite, attr, 0);
	case FATE_VIA:
		return put_via(rewrite, attr);
	case FATE_HOPS:
		return put_hops(rewrite, attr);
	case FATE_INFO:
		return put_nest(rewrite, attr, &info_fates);
	case FATE_DATA:
		return put_nest(rewrite, attr, data_fates(rewrite));
	case FATE_SPEC:
		return put_nest(rewrite, attr, &spec_fates);
	case FATE_INET:
		return put_nest(rewrite, attr, &inet_fates);
	}
	return -EBADMSG;
}

static int put_attrs(struct rewrite *rewrite, const struct rtattr *attr, size_t left,
	const struct fates *fates)
{
	int r = 0;

	while (r >= 0 && left) {
		if (left < sizeof(*attr) || attr->rta_len < sizeof(*attr) ||
			attr->rta_len > left)
			return -EBADMSG;
		const unsigned int type = attr->rta_type & NLA_TYPE_MASK;
		enum fate fate = type < FATES ? (enum fate)fates->of[type] : FATE_DROP;

		/* of the kind it depends what is behind it */
		if (fates == &info_fates && type == IFLA_INFO_KIND)
			(void)snprintf(rewrite->kind, sizeof(rewrite->kind), "%.*s",
				(int)RTA_PAYLOAD(attr), (const char *)RTA_DATA(attr));
		r = put_one(rewrite, attr, fate == FATE_DROP ? fates->others : fate);
		size_t step = RTA_ALIGN((size_t)attr->rta_len);
		step = step > left ? left : step;
		left -= step;
		attr = (const struct rtattr *)(const void *)((const char *)attr + step);
	}
	return r;
}

/* --- messages ------------------------------------------------------------------------------- */

/* A message's family header, and what is behind it. */
static const struct form {
	uint16_t type;
	size_t header;
	const struct fates *fates;
} forms[] = {
	{ RTM_NEWLINK, sizeof(struct ifinfomsg), &link_fates },
	{ RTM_NEWADDR, sizeof(struct ifaddrmsg), &addr_fates },
	{ RTM_NEWNETCONF, sizeof(struct netconfmsg), &netconf_fates },
	{ RTM_NEWNEXTHOP, sizeof(struct nhmsg), &nexthop_fates },
	{ RTM_NEWRULE, sizeof(struct fib_rule_hdr), &rule_fates },
	{ RTM_NEWROUTE, sizeof(struct rtmsg), &route_fates },
};

static int put_message(
	struct rewrite *rewrite, const struct nlmsghdr *message, const struct form *form)
{
	const size_t at = rewrite->used, header = NLMSG_ALIGN(form->header);
	const char *family = NLMSG_DATA(message);
	struct nlmsghdr head = *message;
	size_t behind;
	int r;

	if (message->nlmsg_len < NLMSG_LENGTH(header))
		return -EBADMSG;
	behind = message->nlmsg_len - NLMSG_LENGTH(header);
	/* the two lengths stand at the same place in both that have them */
	rewrite->dst_len = form->fates == &route_fates || form->fates == &rule_fates
				   ? (uint8_t)family[1]
				   : 32;
	rewrite->src_len = (uint8_t)family[2];
	rewrite->kind[0] = '\0';
	head.nlmsg_pid = 0; /* whose the socket was */
	r = put_bytes(rewrite, &head, sizeof(head));
	if (r >= 0)
		r = put_bytes(rewrite, family, header);
	if (r >= 0)
		r = put_attrs(
			rewrite, (const void *)(family + header), behind, form->fates);
	if (r < 0)
		return r;
	head.nlmsg_len = (uint32_t)(rewrite->used - at);
	memcpy(rewrite->out + at, &head, sizeof(head));
	return 0;
}

int anonymizer_datagram(struct anonymizer *anonymizer, const void *datagram,
	size_t length, void *out, size_t size, size_t *ret_length)
{
	struct rewrite rewrite = { .anonymizer = anonymizer, .out = out, .size = size };
	const struct nlmsghdr *message;
	const char *at = datagram;
	int r = 0;

	while (r >= 0 && (message = nl_next(&at, &length)) != NULL) {
		for (size_t i = 0; i < ELEMENTS(forms) && r >= 0; i++) {
			if (forms[i].type == message->nlmsg_type)
				r = put_message(&rewrite, message, &forms[i]);
		}
	}
	*ret_length = rewrite.used;
	return r < 0 ? r : length ? -EBADMSG : 0;
}

int anonymizer_memberships(
	struct anonymizer *anonymizer, const struct membership_record *record, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);
	int ifindex = 0;

	if (!out)
		return -ENOMEM;
	/* as /proc/net/igmp, as far as procsys.c reads it */
	(void)fputs("Idx\tDevice\n", out);
	for (size_t i = 0; i < record->count; i++) {
		const struct membership *at = &record->items[i];

		if (at->ifindex != ifindex)
			(void)fprintf(out, "%d\t\n", at->ifindex);
		ifindex = at->ifindex;
		(void)fprintf(out, "\t\t\t\t%08X \n",
			htonl(ip4map_addr(&anonymizer->addrs, at->group).host));
	}
	return fclose(out) == 0 ? 0 : -ENOMEM;
}
