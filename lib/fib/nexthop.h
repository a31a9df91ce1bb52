/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "state/record.h"

#include <stdbool.h>
#include <stddef.h>

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
