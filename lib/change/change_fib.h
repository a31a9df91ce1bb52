/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/change_job.h"

/* Routes of the state, found as the kernel finds what a deletion means. For lib/change alone. */

/* Which attributes of a deletion were said: any others may be as they are. */
struct change_said {
	const struct route_record *route; /* with its nexthops */
	bool type, scope, protocol, realm, multipath;
};

/* The first route that is meant, NULL where there is none: fib_table_delete(). It lives until the
 * next change. */
const struct fib_info *change_find_route(
	const struct state *state, const struct change_said *said);

/* Removes a route that is there. Returns what state_apply() returned. */
int change_remove_route(
	struct state *state, const struct fib_info *info, struct prefix4 dst);

/* The list of a prefix in a table, NULL where it has none. */
const struct fib_list *change_list(
	const struct state *state, uint32_t table, struct prefix4 dst);
