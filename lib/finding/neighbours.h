/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/prefixset.h"
#include "state/state.h"

#include <stdbool.h>

/*
 * Of an interface's network, who is on its wire: all, but for those of whom a longer prefix of main
 * (or of the VRF's table) says that they are elsewhere. A table that rules put before main
 * does not say so: whoever routes a neighbour into a tunnel has him on the wire all the same, and
 * his ARP requests. Nor does a /32 that names a gateway, which says how it is reached.
 * Adds to `ret`; *claimed_elsewhere is set where a longer prefix has some. Returns 0 or -ENOMEM.
 */
int neighbours_of(const struct state *state, const struct iface *iface,
	struct prefix4 net, struct prefixset *ret, bool *claimed_elsewhere);

/* Whether some route, in whatever table, goes by that address. */
bool neighbours_is_gateway(const struct state *state, struct ip4 addr);
