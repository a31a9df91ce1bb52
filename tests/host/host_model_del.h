/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/host.h"
#include "state/state.h"

/* What a deletion means, as the kernel finds it: only what was said has to fit. */

/* fib_table_delete(): *route, with what was said and its nexthops, becomes the first that fits,
 * whose nexthops are the state's. Returns whether there is one. */
bool model_find_route(const struct state *state, const struct host_route *said,
	struct route_record *route);

/* fib_nl_delrule() */
bool model_find_rule(
	const struct state *state, const struct host_rule *said, struct rule *ret);
