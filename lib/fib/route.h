/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ip4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Routes as the kernel announces them. Where a number of the kernel's is kept as it is, the
 * constant stands here with the kernel's value, and lib/kernel asserts that the two are the same.
 */

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

/* "unicast", "blackhole", …: the words of ip-route(8); "unknown" of a later one. */
const char *route_type_name(uint8_t type);

#define TABLE_DEFAULT 253u
#define TABLE_MAIN 254u
#define TABLE_LOCAL 255u

#define SCOPE_LINK 253 /* RT_SCOPE_LINK */
#define SCOPE_HOST 254 /* RT_SCOPE_HOST */
#define PROTO_KERNEL 2 /* RTPROT_KERNEL */
#define PROTO_BOOT 3   /* RTPROT_BOOT: what ip(8) calls its own */

/* One nexthop of a route. */
struct nexthop {
	int oif;	   /* 0: none (an error route) */
	uint8_t gw_family; /* 0: none, 4, 6 */
	uint8_t onlink;
	uint8_t dead; /* RTNH_F_DEAD: state that comes and goes, no part of what a route is */
	uint16_t weight; /* 1.. */
	struct ip4 gw;	 /* valid with gw_family 4 */
};

/* Where a new route goes among those of equal prefix, tos and priority (docs/kernel.md 5.5). */
enum route_position {
	ROUTE_NEW,     /* CREATE|EXCL, and each route of a dump: behind its equals */
	ROUTE_APPEND,  /* CREATE|APPEND: behind its equals */
	ROUTE_PREPEND, /* CREATE: before its equals */
	ROUTE_REPLACE, /* REPLACE: replaces the first of them */
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
	uint32_t nhid;	    /* 0: the nexthops are its own */
	bool realm;	    /* RTA_FLOW not 0: it switches the kernel to the full check */
	bool blind;   /* it carries what is not understood and may bear on a verdict */
	bool by_hand; /* an administrator's, whatever its protocol: no message says so */
	uint64_t
		rest; /* a hash of the attributes that distinguish aliases but decide nothing */
	enum route_position position;
	const struct nexthop *nexthops;
	size_t nexthop_count;
};
