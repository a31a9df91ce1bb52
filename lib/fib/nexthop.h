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

/* RTM_NEWNEXTHOP: an object with one nexthop, a blackhole, or a group. */
struct nexthop_obj_record {
	uint32_t id;
	bool blackhole;
	bool fdb; /* for vxlan's fdb, never for routes */
	struct nexthop nexthop;
	uint8_t scope;
	const struct nexthop_member *members; /* a group, else NULL */
	size_t member_count;
};

/* A nexthop object: one nexthop, a blackhole, or a group that names others by id. */
struct nexthop_obj {
	uint32_t id;
	bool blackhole;
	bool fdb;
	struct nexthop nexthop;
	size_t member_count; /* > 0: a group */
	struct nexthop_member members[];
};

/* A copy of the record; NULL on lack of memory. */
struct nexthop_obj *nexthop_obj_new(const struct nexthop_obj_record *record);
struct nexthop_obj *nexthop_obj_copy(const struct nexthop_obj *nexthop_obj);
void nexthop_obj_free(struct nexthop_obj *nexthop_obj);
DEFINE_FREEP(struct nexthop_obj, nexthop_obj_free)

/* Takes id out of a group. Returns whether it was in it. */
bool nexthop_obj_drop_member(struct nexthop_obj *group, uint32_t id);

bool nexthop_obj_equal(const struct nexthop_obj *a, const struct nexthop_obj *b);
