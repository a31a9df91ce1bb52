/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "fib/nexthop.h"
#include "fib/route.h"

/*
 * One rtnetlink message becomes one record. Nothing is skipped: bytes end as a
 * record, as foreign (not ours), as blind (ours, not understood: a record of RECORD_BLIND, or
 * rule.blind, route.blind) or as -EBADMSG.
 */
enum nl_decoded {
	NL_FOREIGN, /* another family, a bridge's or wireless event, a cached route, ... */
	NL_RECORD,
};

/* Where the nexthops and members of one message are laid down. Zeroed memory is an empty one. */
struct nl_decoder {
	struct nexthop nexthop;
	ARRAY(struct nexthop) nexthops;
	ARRAY(struct nexthop_member) members;
};
