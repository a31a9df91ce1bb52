/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/change_job.h"

/* For lib/change alone; both return as change_apply() does. */

/* Makes job->change, which is of CHANGE_ROUTE. */
int change_apply_route(const struct change_job *job);

/*
 * Whether the kernel would take a nexthop of a route of table with a scope; where no device was
 * named, *hop gets that of the gateway. Kernel: fib_check_nh().
 */
int change_check_hop(const struct change_job *job, uint32_t table, uint8_t scope,
	const struct change_hop *said, struct nexthop *hop);
