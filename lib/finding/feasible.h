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

/*
 * Another address of the interface, in the network of one of the class, for which alone a rule
 * leads to a table with a route by the interface: *ret. flow is the reverse one of the class.
 */
bool feasible_sibling(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct lookup_flow *flow, struct ip4 *ret);
