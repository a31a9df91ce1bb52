/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/change_job.h"

#include <stdint.h>

/* Forward look-ups, as the kernel makes them while it checks a route. For lib/change alone. */

/* Where a look-up of a gateway ended. */
struct change_way {
	int error;  /* 0, or the kernel's errno, negative */
	bool blind; /* on its way lay something that was not understood */
	uint8_t type;
	int oif;
};

/*
 * Looks up a gateway of a route of table with a scope; oif: the device that was named, 0: none.
 * Kernel: fib_check_nh_v4_gw().
 */
struct change_way change_gateway(const struct state *state, uint32_t table,
	struct ip4 gateway, uint8_t scope, int oif);

/*
 * What an address is in a table: ROUTE_LOCAL, ROUTE_BROADCAST, ROUTE_MULTICAST, ROUTE_UNICAST where
 * it has no route there. Kernel: inet_addr_type_table().
 */
enum route_type change_addr_type(
	const struct state *state, struct ip4 addr, uint32_t table);

/* Whether a route may have the preferred source that it has: fib_valid_prefsrc(). */
bool change_prefsrc_is_own(const struct state *state, const struct route_record *route);
