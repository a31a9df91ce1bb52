/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ip4.h"
#include "state/devconf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the kernel said, in our words: one message, decoded and checked, with nothing judged.
 * The decoder makes records, state_apply() is the only one that takes them in. A record
 * borrows: what it points to lives until the handler that got it returns.
 *
 * The model does not include the kernel's headers. Where a number of the kernel's is kept as
 * it is (types of route, actions of rules, flags), the constant stands below with the
 * kernel's value, and lib/kernel asserts that the two are the same.
 */

#define NAME_MAX_ 16 /* IFNAMSIZ: an interface's name, or a kind's, with its end */

enum record_kind {
	RECORD_LINK,
	RECORD_LINK_GONE, /* .link.ifindex and .link.name */
	RECORD_ADDR,
	RECORD_ADDR_GONE,
	RECORD_ROUTE,
	RECORD_ROUTE_GONE,
	RECORD_RULE,
	RECORD_RULE_GONE,
	RECORD_NEXTHOP,
	RECORD_NEXTHOP_GONE, /* .nexthop.id */
	RECORD_NETCONF,
	RECORD_NETCONF_GONE, /* .netconf.ifindex */
	RECORD_MERGED,	     /* .merged: local and main are one trie (kernel-rpf 4.1) */
	RECORD_MEMBERSHIPS, /* .memberships: all multicast groups joined, replacing those known */
	RECORD_KERNEL, /* .kernel: the running version, major << 16 | minor << 8 */
	RECORD_BLIND,  /* .blind: concerns us, was not understood; never ignored */
};

/* IFF_UP, IFF_RUNNING, IFF_LOWER_UP, IFF_LOOPBACK of ifi_flags */
#define LINK_UP 0x1u
#define LINK_LOOPBACK 0x8u
#define LINK_RUNNING 0x40u
#define LINK_LOWER_UP 0x10000u

/*
 * RTM_NEWLINK. An interface without has_inet has no IPv4 at all (its MTU is below 68): its
 * settings are gone, and the kernel takes nothing in by it.
 */
struct link_record {
	int ifindex;
	char name[NAME_MAX_];
	char kind[NAME_MAX_]; /* IFLA_INFO_KIND, "" for a device without one */
	char slave_kind
		[NAME_MAX_]; /* IFLA_INFO_SLAVE_KIND: "bridge", "bond", "team", "vrf", "" */
	uint32_t flags;	     /* LINK_* and the kernel's others */
	uint16_t arphrd;
	int master; /* IFLA_MASTER, 0: none */
	int lower;  /* IFLA_LINK in this namespace, 0: none */
	uint32_t group;
	uint32_t mtu;
	bool has_inet;
	struct devconf conf; /* valid with has_inet */
	uint32_t vrf_table;  /* kind "vrf": its table */
	/*
	 * What tells it from another one that gets its index and name later: a number made of its
	 * kind and of the hardware address that it was made with. Devices without an address, such
	 * as tun, are all alike there. 0: not known.
	 */
	uint64_t identity;
	struct {
		bool known;    /* a kind of tunnel whose attributes are understood */
		bool remote;   /* it has one fixed remote endpoint */
		bool external; /* collect_md: it takes what no other tunnel takes */
	} tunnel;
};

/* RTM_NEWADDR, RTM_DELADDR */
struct addr_record {
	int ifindex;
	struct ip4 local;     /* IFA_LOCAL */
	struct ip4 peer;      /* IFA_ADDRESS: local but on a point-to-point address */
	struct ip4 broadcast; /* IFA_BROADCAST, 0: none */
	uint8_t len;
	uint8_t scope;
	bool secondary;
};

/* rtm_type: RTN_x (include/uapi/linux/rtnetlink.h) */
enum route_type {
	ROUTE_UNSPEC,
	ROUTE_UNICAST,
	ROUTE_LOCAL,
	ROUTE_BROADCAST,
	ROUTE_ANYCAST,
	ROUTE_MULTICAST,
	ROUTE_BLACKHOLE,
	ROUTE_UNREACHABLE,
	ROUTE_PROHIBIT,
	ROUTE_THROW,
	ROUTE_TYPES, /* how many are known; a route of a later type is blind */
};

#define TABLE_DEFAULT 253u
#define TABLE_MAIN 254u
#define TABLE_LOCAL 255u

#define SCOPE_HOST 254 /* RT_SCOPE_HOST */
#define PROTO_KERNEL 2 /* RTPROT_KERNEL */

/* One leg of a route. */
struct leg {
	int oif;	   /* 0: none (an error route) */
	uint8_t gw_family; /* 0: none, 4, 6 */
	uint8_t onlink;
	uint8_t dead; /* RTNH_F_DEAD: state that comes and goes, no part of what a route is */
	uint16_t weight; /* 1.. */
	struct ip4 gw;	 /* valid with gw_family 4 */
};

/* Where a new route goes among those of equal prefix, tos and priority (kernel-rpf 5.7). */
enum route_place {
	ROUTE_NEW,     /* CREATE|EXCL, and each route of a dump: behind its equals */
	ROUTE_APPEND,  /* CREATE|APPEND: behind its equals */
	ROUTE_PREPEND, /* CREATE: before its equals */
	ROUTE_REPLACE, /* REPLACE: in place of the first of them */
};

/* RTM_NEWROUTE, RTM_DELROUTE */
struct route_record {
	uint32_t table;
	struct prefix4 dst;
	uint8_t tos; /* rtm_tos, or dscp << 2: the byte as the kernel keeps it */
	uint8_t scope;
	uint8_t protocol;
	uint8_t type;	    /* enum route_type */
	uint32_t priority;  /* metric */
	struct ip4 prefsrc; /* 0: none */
	uint32_t nhid;	    /* 0: the legs are its own */
	bool realm;	    /* RTA_FLOW not 0: it switches the kernel to the full check */
	bool blind; /* it carries what is not understood and may bear on a verdict */
	uint64_t
		rest; /* a hash of the attributes that tell aliases apart but decide nothing */
	enum route_place place;
	const struct leg *legs;
	size_t leg_count;
};

/* fib_rule_hdr.action: FR_ACT_x (include/uapi/linux/fib_rules.h) */
enum rule_action {
	RULE_TABLE = 1,
	RULE_GOTO = 2,
	RULE_NOP = 3,
	RULE_BLACKHOLE = 6,
	RULE_UNREACHABLE = 7,
	RULE_PROHIBIT = 8,
};

struct port_range {
	bool set;
	uint16_t first, last;
	uint16_t mask; /* FRA_xPORT_MASK, 0xffff where there is none */
};

/* RTM_NEWRULE, RTM_DELRULE */
struct rule {
	uint32_t priority;
	uint32_t table;
	uint32_t target; /* RULE_GOTO: a priority */
	uint8_t action;	 /* enum rule_action; any other acts as RULE_BLACKHOLE does */
	bool invert;
	bool l3mdev;
	bool has_tun_id; /* it never matches a reverse look-up */
	bool realm;	 /* FRA_FLOW */
	bool blind;	 /* it has a selector that is not understood */
	uint8_t protocol; /* FRA_PROTOCOL, who made it; tells rules apart, selects nothing */
	struct prefix4 from; /* len 0: any */
	struct prefix4 to;
	uint8_t tos; /* header, 0: any */
	bool has_dscp;
	uint8_t dscp, dscp_mask;
	uint8_t ipproto;     /* 0: any */
	uint32_t mark, mask; /* mask 0 and mark 0: any */
	bool has_uid;
	uint32_t uid_first, uid_last;
	struct port_range sport, dport;
	int32_t suppress_len;	/* -1: none */
	int32_t suppress_group; /* -1: none */
	char iif[NAME_MAX_];	/* "": any */
	char oif[NAME_MAX_];
	uint64_t tun_id;
};

/* One member of a nexthop group. */
struct nexthop_member {
	uint32_t id;
	uint16_t weight;
};

/* RTM_NEWNEXTHOP: an object with one leg, a blackhole, or a group. */
struct nexthop_record {
	uint32_t id;
	bool blackhole;
	bool fdb; /* for vxlan's fdb, never for routes */
	struct leg leg;
	uint8_t scope;
	const struct nexthop_member *members; /* a group, else NULL */
	size_t member_count;
};

#define NETCONF_ALL -1
#define NETCONF_DEFAULT -2

/*
 * RTM_NEWNETCONF, and the values of all/ and default/ that only /proc/sys has: those settings
 * whose bit of has (1 << enum devconf_key) is set.
 */
struct netconf_record {
	int ifindex; /* or NETCONF_ALL, NETCONF_DEFAULT */
	uint64_t has;
	struct devconf conf;
};

/* One multicast group joined on an interface (/proc/net/igmp). */
struct membership {
	int ifindex;
	struct ip4 group;
};

struct membership_record {
	const struct membership *items;
	size_t count;
};

/* A message of ours that was not understood, with where to look. */
struct blind_record {
	uint16_t message; /* nlmsg_type */
	const char *what; /* which part of it: a static text */
};

struct record {
	enum record_kind kind;
	bool dump; /* an answer to our question, not an event */
	union {
		struct link_record link;
		struct addr_record addr;
		struct route_record route;
		struct rule rule;
		struct nexthop_record nexthop;
		struct netconf_record netconf;
		bool merged;
		uint32_t kernel;
		struct membership_record memberships;
		struct blind_record blind;
	};
};

/*
 * Takes a record, must not keep what it points to. Returns 0, or a negative errno that ends
 * the reading and is returned from it.
 */
typedef int (*record_handler)(const struct record *record, void *userdata);
