/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/nexthop.h"

#include <stdlib.h>
#include <string.h>

struct nexthop *nexthop_new(const struct nexthop_record *record)
{
	struct nexthop *nexthop = calloc(
		1, sizeof(*nexthop) + record->member_count * sizeof(nexthop->members[0]));

	if (!nexthop)
		return NULL;
	nexthop->id = record->id;
	nexthop->blackhole = record->blackhole;
	nexthop->fdb = record->fdb;
	nexthop->leg = record->leg;
	nexthop->member_count = record->member_count;
	for (size_t i = 0; i < record->member_count; i++)
		nexthop->members[i] = record->members[i];
	return nexthop;
}

void nexthop_free(struct nexthop *nexthop)
{
	free(nexthop);
}

bool nexthop_drop_member(struct nexthop *group, uint32_t id)
{
	size_t kept = 0, before = group->member_count;

	for (size_t i = 0; i < before; i++) {
		if (group->members[i].id != id)
			group->members[kept++] = group->members[i];
	}
	group->member_count = kept;
	return kept < before;
}

bool nexthop_equal(const struct nexthop *a, const struct nexthop *b)
{
	if (a->id != b->id || a->blackhole != b->blackhole || a->fdb != b->fdb ||
		a->leg.oif != b->leg.oif || a->leg.gw_family != b->leg.gw_family ||
		a->leg.gw.host != b->leg.gw.host || a->member_count != b->member_count)
		return false;
	for (size_t i = 0; i < a->member_count; i++) {
		if (a->members[i].id != b->members[i].id ||
			a->members[i].weight != b->members[i].weight)
			return false;
	}
	return true;
}
