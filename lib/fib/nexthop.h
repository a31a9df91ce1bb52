/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "fib/route.h"

#include <stdbool.h>
#include <stddef.h>

/* One member of a nexthop group. */
struct nexthop_member {
	uint32_t id;
	uint16_t weight;
};

/* RTM_NEWNEXTHOP: an object with one leg, a blackhole, or a group. */
struct nexthop_record {
	uint32_t id;
	bool blackhole;
	bool fdb; /* for vxlan's fdb, never for routes */
	struct leg leg;
	uint8_t scope;
	const struct nexthop_member *members; /* a group, else NULL */
	size_t member_count;
};

/* A nexthop object: one leg, a blackhole, or a group that names others by id. */
struct nexthop {
	uint32_t id;
	bool blackhole;
	bool fdb;
	struct leg leg;
	size_t member_count; /* > 0: a group */
	struct nexthop_member members[];
};

/* A copy of the record; NULL on lack of memory. */
struct nexthop *nexthop_new(const struct nexthop_record *record);
void nexthop_free(struct nexthop *nexthop);
DEFINE_FREEP(struct nexthop, nexthop_free)

/* Takes id out of a group. Returns whether it was in it. */
bool nexthop_drop_member(struct nexthop *group, uint32_t id);

bool nexthop_equal(const struct nexthop *a, const struct nexthop *b);
