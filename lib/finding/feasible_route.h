/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/strbuf.h"
#include "flowclass/flowclass.h"
#include "rpf/overlay.h"

/*
 * Which routes make sources feasible (feasible.h), and which make neighbours, for people to see.
 */

/* A route by the interface; info is the state's, NULL: there is none. */
struct feasible_route {
	struct prefix4 prefix;
	const struct fib_info *info;
};

/*
 * The route that makes a source on iface feasible for packets of this class: *ret, without info where
 * none does. Returns 0 or -ENOMEM.
 */
int feasible_route_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct ip4 source, struct feasible_route *ret);

/* Adds " via 192.0.2.1 metric 200 table 5" of a route through iface, in the words of ip(8); nothing of
 * one that has no more than a prefix. */
void feasible_name(const struct state *state, const struct iface *iface,
	const struct fib_info *info, struct strbuf *text);

/* A negative return ends the walk; the route is valid until it returns. */
typedef int (*feasible_visit)(const struct feasible_route *route, void *data);

/*
 * Calls visit with each feasible route, those of the kernel's own making left
 * out, and those that are for nothing, as longer ones of the table have all of it. Walks whole
 * tables. Returns 0 or what visit returned.
 */
int feasible_prefixes(const struct state *state, const struct iface *iface,
	feasible_visit visit, void *data);

/*
 * Neighbours that only a route knows of: calls visit with each route of link scope by iface in a
 * table that rules lead other packets to, but none this one (flow; NULL: one to the interface's own
 * address). They are on the wire, whoever they talk to. Returns 0 or what visit returned.
 */
int feasible_neighbours(const struct state *state, const struct iface *iface,
	const struct lookup_flow *flow, feasible_visit visit, void *data);

/* The last of these routes that has a source: *ret, zeroed before. Returns 0 or -ENOMEM. */
int feasible_neighbour_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct ip4 source, struct feasible_route *ret);
