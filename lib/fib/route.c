/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/route.h"

static const char *const type_names[ROUTE_TYPES] = {
	[ROUTE_UNSPEC] = "unspec",
	[ROUTE_UNICAST] = "unicast",
	[ROUTE_LOCAL] = "local",
	[ROUTE_BROADCAST] = "broadcast",
	[ROUTE_ANYCAST] = "anycast",
	[ROUTE_MULTICAST] = "multicast",
	[ROUTE_BLACKHOLE] = "blackhole",
	[ROUTE_UNREACHABLE] = "unreachable",
	[ROUTE_PROHIBIT] = "prohibit",
	[ROUTE_THROW] = "throw",
};

const char *route_type_name(uint8_t type)
{
	return type < ROUTE_TYPES ? type_names[type] : "unknown";
}
