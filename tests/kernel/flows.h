/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/rng.h"
#include "net/flow.h"
#include "state/state.h"

/*
 * Addresses near which a wrong model shows: the ends of the prefixes that walks use and their
 * neighbours, what rules name, what the state has as own and broadcast, martians, groups, the
 * unrouted.
 */
#define FLOW_ADDRESSES 256

struct flow_space {
	struct ip4 sources[FLOW_ADDRESSES];
	size_t source_count;
	struct ip4 own[FLOW_ADDRESSES]; /* own and broadcast addresses */
	size_t own_count;
	int devices[64];
	size_t device_count;
};

void flow_space_of(const struct state *state, struct flow_space *ret);

/* A random flow; false where there is no device. */
bool flow_random(struct rng *rng, const struct flow_space *space, struct flow *ret);
