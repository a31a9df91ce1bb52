/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "net/prefixset.h"
#include "rpf/lookup.h"
#include "rpf/overlay.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The lists of routes that lead through an interface, in the tables that rules can lead its packets
 * to, and what such a route is for. Lists are found by the device, so an interface costs what leads
 * through it.
 */
struct through {
	const struct state *state;
	const struct iface *iface;
	const struct lookup_flow *flow; /* NULL: any */
	bool unreachable; /* only tables that no rule leads that flow to, but others */
	const struct lookup_flow *but; /* none that a rule leads this one to; NULL: any */
	int (*each)(const struct fib *fib, const struct fib_list *list, void *data);
	void *data;
};

/* Calls each() for the lists of these tables that have a through_made() route; one may come twice.
 * Returns 0, or a negative return of each(), which ends it. */
int through_each(const struct through *through);

/* Whether a table is one of them. */
bool through_wants(const struct through *through, uint32_t table);

/* Whether a route leads through the device. */
bool through_leads(const struct state *state, const struct fib_info *info, int ifindex);

/* The first unicast route of the list through the device that is not the kernel's own, for the
 * networks of its addresses; NULL: none. */
const struct fib_info *through_made(
	const struct state *state, const struct fib_list *list, int ifindex);

/* Whether a rule matches the flow for some source: its `to` is about that. */
bool through_may_match(const struct overlay *overlay, const struct state_rule *entry,
	const struct lookup_flow *flow);

/* Whether some rule can lead what came in by iface to a table; with a flow (NULL: any), just that. */
bool through_reaches(const struct state *state, const struct iface *iface,
	const struct lookup_flow *flow, uint32_t table);

/*
 * Of first..last, which a route of this prefix length in a table is for: what no longer prefix
 * wins, and no rule leads elsewhere. 0 or -ENOMEM.
 */
int through_own_part(const struct overlay *overlay, const struct lookup_flow *flow,
	uint32_t first, uint32_t last, uint32_t table, unsigned int len,
	struct prefixset *ret);

/* A byte for each list of some tables, by its index. */
struct through_mark {
	const struct fib *fib;
	uint8_t *lists;
};

struct through_marks {
	ARRAY(struct through_mark) tables;
};

/* The bytes of a table, 0 where it is new; NULL on lack of memory. */
uint8_t *through_marks_of(struct through_marks *marks, const struct fib *fib);
void through_marks_done(struct through_marks *marks);
