/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/nexthop.h"

#include <stdlib.h>
#include <string.h>

struct nexthop_obj *nexthop_obj_new(const struct nexthop_obj_record *record)
{
	struct nexthop_obj *nexthop_obj =
		calloc(1, sizeof(*nexthop_obj) +
				  record->member_count * sizeof(nexthop_obj->members[0]));

	if (!nexthop_obj)
		return NULL;
	nexthop_obj->id = record->id;
	nexthop_obj->blackhole = record->blackhole;
	nexthop_obj->fdb = record->fdb;
	nexthop_obj->nexthop = record->nexthop;
	nexthop_obj->member_count = record->member_count;
	for (size_t i = 0; i < record->member_count; i++)
		nexthop_obj->members[i] = record->members[i];
	return nexthop_obj;
}

struct nexthop_obj *nexthop_obj_copy(const struct nexthop_obj *nexthop_obj)
{
	size_t size = sizeof(*nexthop_obj) +
		      nexthop_obj->member_count * sizeof(nexthop_obj->members[0]);
	struct nexthop_obj *copy = malloc(size);

	return copy ? memcpy(copy, nexthop_obj, size) : NULL;
}

void nexthop_obj_free(struct nexthop_obj *nexthop_obj)
{
	free(nexthop_obj);
}

bool nexthop_obj_drop_member(struct nexthop_obj *group, uint32_t id)
{
	size_t kept = 0, before = group->member_count;

	for (size_t i = 0; i < before; i++) {
		if (group->members[i].id != id)
			group->members[kept++] = group->members[i];
	}
	group->member_count = kept;
	return kept < before;
}

bool nexthop_obj_equal(const struct nexthop_obj *a, const struct nexthop_obj *b)
{
	if (a->id != b->id || a->blackhole != b->blackhole || a->fdb != b->fdb ||
		a->nexthop.oif != b->nexthop.oif ||
		a->nexthop.gw_family != b->nexthop.gw_family ||
		a->nexthop.gw.host != b->nexthop.gw.host ||
		a->member_count != b->member_count)
		return false;
	for (size_t i = 0; i < a->member_count; i++) {
		if (a->members[i].id != b->members[i].id ||
			a->members[i].weight != b->members[i].weight)
			return false;
	}
	return true;
}
