/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ip4.h"

#include <stdbool.h>
#include <stdint.h>

struct addr_record;
struct state;
struct iface;

/*
 * What the kernel does without a message (docs/kernel.md 4.4, 5.4): routes and nexthop objects that
 * go with a link, its carrier, an address or another nexthop. state_apply() calls these when
 * it sees the cause; each returns 0 or -ENOMEM.
 */

/* The link went down. forced: nexthops of host scope die too (its last address went, or it
 * joined or left a VRF). Kernel: fib_disable_ip(). */
int implied_link_down(struct state *state, int ifindex, bool forced);

/* It is up, or got an address while up: its nexthops are alive again. Kernel: fib_sync_up(). */
int implied_link_alive(struct state *state, int ifindex);

/* It lost its carrier: only nexthop objects change. Kernel: nh_netdev_event(). */
int implied_carrier_lost(struct state *state, int ifindex);

/* It is gone: a route goes with any of its nexthops. */
int implied_link_gone(struct state *state, int ifindex);

/*
 * An address was removed from its interface. Whether it stays a local one all the same: the interface
 * has it once more, or a look-up in table, its VRF's or local, finds another local route. That
 * another interface has the address is not enough. Kernel: the end of fib_del_ifaddr().
 */
bool implied_addr_stays(
	const struct state *state, const struct addr_record *addr, uint32_t table);

/* A local address was removed: routes of table with this preferred source are removed too. Kernel:
 * fib_sync_down_addr(). */
int implied_prefsrc_gone(struct state *state, struct ip4 addr, uint32_t table);

/* A nexthop object is gone: routes by it, memberships in groups, groups left empty. */
int implied_nexthop_gone(struct state *state, uint32_t id);
