/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "flowclass/flowclass.h"
#include "net/prefixset.h"
#include "rpf/lookup.h"
#include "rpf/overlay.h"

/*
 * Feasible paths (RFC 3704 2.3, RFC 8704): sources that a unicast route by an interface is for,
 * in any table that a rule can lead it to, though another route wins. A route is for the
 * addresses that its prefix owns in its table: those that no longer prefix has; and where a
 * longer prefix of another table wins, it is not for those either: they come
 * another way. So a default route by one interface doesn't make the networks on others expected
 * there, while a second default of higher metric makes expected all that the first one gets. What
 * a rule before it leads to another table is not for it either: somebody said so.
 * Marks are left aside: a table that only packets with a mark are led to is not looked at.
 */

/*
 * Of the feasible sources on iface, those that may be dropped, of packets of this class: in
 * `suspects`. Those that can't be, as their route wins in the table that decides, are not looked
 * for as long as there are none of the others, and a full Internet table has nothing but these;
 * else `all` has both, and *claimed_elsewhere is set. Returns 0 or -ENOMEM.
 */
int feasible_suspects(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct prefixset *suspects, struct prefixset *all,
	bool *claimed_elsewhere);

/* Whether any source at all may be feasible on iface but its own networks. */
bool feasible_any(const struct state *state, const struct iface *iface);

/* A feasible route's prefix; a negative return ends the walk. */
typedef int (*feasible_visit)(struct prefix4 prefix, void *data);

/*
 * Calls visit with the prefix of each feasible route, those of the kernel's own making left
 * out, and those that are for nothing, as longer ones of the table have all of it. Walks whole
 * tables. Returns 0 or what visit returned.
 */
int feasible_prefixes(const struct state *state, const struct iface *iface,
	feasible_visit visit, void *data);

/*
 * Neighbours that only a route knows of: calls visit with each prefix of link scope by iface in a
 * table that rules lead other packets to, but none this one (flow; NULL: one to the interface's own
 * address). They are on the wire, whoever they talk to. Returns 0 or what visit returned.
 */
int feasible_neighbours(const struct state *state, const struct iface *iface,
	const struct lookup_flow *flow, feasible_visit visit, void *data);
