/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The IPv4 settings of an interface, of "all" and of "default" (net/ipv4/conf/X/), indexed
 * as the kernel's array IFLA_INET_CONF is: IPV4_DEVCONF_x - 1 (include/uapi/linux/ip.h).
 */
enum devconf_key {
	DEVCONF_FORWARDING = 0,
	DEVCONF_MC_FORWARDING = 1,
	DEVCONF_SEND_REDIRECTS = 5,
	DEVCONF_RP_FILTER = 7,
	DEVCONF_LOG_MARTIANS = 10,
	DEVCONF_ARP_IGNORE = 18,
	DEVCONF_PROMOTE_SECONDARIES = 19, /* no verdict rests on it: lib/change alone */
	DEVCONF_ACCEPT_LOCAL = 22,
	DEVCONF_SRC_VALID_MARK = 23,
	DEVCONF_ROUTE_LOCALNET = 25,
	DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN = 28,
	DEVCONF_BC_FORWARDING = 31,
};

#define DEVCONF_COUNT 40 /* the kernel has 33; those behind are not carried */

struct devconf {
	int32_t value[DEVCONF_COUNT];
};

/* The name of key's file in /proc/sys/net/ipv4/conf/X/, NULL for one without a name here. */
const char *devconf_name(unsigned int key);

/* How "all" and an interface combine (include/linux/inetdevice.h). */
static inline bool devconf_or(
	const struct devconf *all, const struct devconf *own, enum devconf_key key)
{
	return all->value[key] || own->value[key];
}

static inline int32_t devconf_max(
	const struct devconf *all, const struct devconf *own, enum devconf_key key)
{
	return all->value[key] > own->value[key] ? all->value[key] : own->value[key];
}

static inline bool devconf_and(
	const struct devconf *all, const struct devconf *own, enum devconf_key key)
{
	return all->value[key] && own->value[key];
}
