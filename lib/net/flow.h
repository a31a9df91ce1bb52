/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ip4.h"

#include <stdint.h>

#define FLOW_UDP 17 /* IPPROTO_UDP: what RTM_GETROUTE assumes */

/*
 * One packet as reverse path filtering sees it: behind PREROUTING, so with the destination
 * that DNAT left and the mark that mangle set. Ports in host byte order.
 */
struct flow {
	int iif; /* ifindex it came in by: the device itself, not its VRF */
	struct ip4 src, dst;
	uint32_t mark;
	uint8_t tos;
	uint8_t proto; /* IPPROTO_x */
	uint16_t sport, dport;
};

#define FLOW_TEXT 224

/*
 * "192.0.2.1 from 198.51.100.9 iif tunl0 mark 0x1 …": the words of `ip route get`, to be pasted;
 * what it would assume by itself is left out. Returns out.
 */
const char *flow_format(
	const struct flow *flow, const char *iif, char out[static FLOW_TEXT]);
