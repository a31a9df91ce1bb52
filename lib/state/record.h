/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fib/nexthop.h"
#include "fib/route.h"
#include "fib/rule.h"
#include "net/ifname.h"
#include "net/ip4.h"
#include "state/devconf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the kernel reported: one message, decoded and checked, not evaluated.
 * The decoder makes records, only state_apply() takes them in. A record
 * borrows: what it points to lives until the handler that got it returns.
 *
 * The model does not include the kernel's headers. Where a number of the kernel's is kept as
 * it is (types of route, actions of rules, flags), the constant stands below with the
 * kernel's value, and lib/kernel asserts that the two are the same.
 */

enum record_kind {
	RECORD_LINK,
	RECORD_LINK_GONE, /* .link.ifindex and .link.name */
	RECORD_ADDR,
	RECORD_ADDR_GONE,
	RECORD_ROUTE,
	RECORD_ROUTE_GONE,
	RECORD_RULE,
	RECORD_RULE_GONE,
	RECORD_RULES, /* .rules: all of them, in the kernel's order, replacing those known */
	RECORD_NEXTHOP,
	RECORD_NEXTHOP_GONE, /* .nexthop_obj.id */
	RECORD_NETCONF,
	RECORD_NETCONF_GONE, /* .netconf.ifindex */
	RECORD_MERGED, /* .local_main_merged: local and main are one trie (docs/kernel.md 4.1) */
	RECORD_MEMBERSHIPS, /* .memberships: all multicast groups joined, replacing those known */
	/* .kernel: the version by whose rules is judged (net/kernel_version.h). Of a dump it is the one
	 * that runs; else another one, which is to be thought in its place. */
	RECORD_KERNEL,
	RECORD_BLIND, /* .blind: concerns us, was not understood; never ignored */
};

#define IFINDEX_LO 1

/* IFF_UP, IFF_RUNNING, IFF_LOWER_UP, IFF_LOOPBACK of ifi_flags */
#define LINK_UP 0x1u
#define LINK_LOOPBACK 0x8u
#define LINK_RUNNING 0x40u
#define LINK_LOWER_UP 0x10000u

/*
 * RTM_NEWLINK. An interface without has_inet has no IPv4 at all (its MTU is below 68): its
 * settings are gone, and the kernel accepts no packet by it.
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
	 * Distinguishes it from another one that gets its index and name later: a number made of its
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
	bool noprefixroute; /* IFA_F_NOPREFIXROUTE: the kernel makes no route for its network */
	uint32_t metric; /* IFA_RT_PRIORITY: of that route */
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

struct rules_record {
	const struct rule *items;
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
		struct rules_record rules;
		struct nexthop_obj_record nexthop_obj;
		struct netconf_record netconf;
		bool local_main_merged;
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
