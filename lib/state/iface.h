/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "state/record.h"

#include <stdbool.h>

/* An interface: its link as the kernel last reported it, and its IPv4 addresses in their order. */
struct iface {
	struct link_record link; /* .conf is zero without .has_inet */
	bool announced;		 /* false: its settings are known, its link is not yet */
	bool dirty;		 /* it is in the state's list of dirty ones */
	ARRAY(struct addr_record) addrs;
};

/* NULL on lack of memory. */
struct iface *iface_new(int ifindex);

/* A copy that is not in a list of dirty ones. NULL on lack of memory. */
struct iface *iface_copy(const struct iface *iface);
void iface_free(struct iface *iface);
DEFINE_FREEP(struct iface, iface_free)

static inline bool iface_is_up(const struct iface *iface)
{
	return iface->link.flags & LINK_UP;
}

/* What fib_netdev_event() in the kernel's fib_frontend.c takes for a carrier. */
static inline bool iface_has_carrier(const struct iface *iface)
{
	return iface->link.flags & (LINK_RUNNING | LINK_LOWER_UP);
}

/*
 * Whether a nexthop on iface is alive: it dies when its device goes down, and with its
 * device's last address. Without a carrier the kernel may show as dead what is not
 * (ignore_routes_with_linkdown, docs/kernel.md 5.5), so there only the device counts.
 */
static inline bool nexthop_is_alive(
	const struct nexthop *nexthop, const struct iface *iface)
{
	return iface_is_up(iface) && !(nexthop->dead && iface_has_carrier(iface));
}

static inline bool iface_is_loopback(const struct iface *iface)
{
	return iface->link.flags & LINK_LOOPBACK;
}

/*
 * Whether another device takes in what arrives here before IPv4 sees it (rx_handler): a
 * bridge port, a slave of a bond or team. A VRF's member is not one: it counts itself.
 */
bool iface_is_port(const struct iface *iface);

/* Whether two records of a link are equal. */
bool link_equal(const struct link_record *a, const struct link_record *b);

/* The kind to show and match: IFLA_INFO_KIND, or "device". */
const char *iface_kind(const struct iface *iface);

/* Prefixes for which the kernel may have made routes of its own when addresses were added. */
struct addr_prefixes {
	ARRAY(struct prefix4) list;
};

/* Appends those of an interface: networks, addresses, broadcast addresses. Returns 0 or -ENOMEM. */
int iface_addr_prefixes(const struct iface *iface, struct addr_prefixes *ret);

/* The address with this local part, length and peer, NULL where there is none. */
struct addr_record *iface_addr(const struct iface *iface, const struct addr_record *addr);
