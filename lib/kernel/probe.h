/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_request.h"
#include "net/flow.h"
#include "net/ip4.h"

#include <stdbool.h>

/* Asks the kernel what it would do with a packet. */

enum probe_verdict {
	PROBE_PASS,
	PROBE_DROP, /* source validation refuses it: reverse path, or a source that none may have */
	PROBE_UNJUDGED, /* it never gets as far, or the kernel can't be asked about it */
};

struct probe_answer {
	enum probe_verdict verdict;
	int error; /* the kernel's errno, positive; 0 for PROBE_PASS */
	bool exact; /* false: asked as UDP without ports, as flow->proto can't be asked about */
};

/*
 * Asks (RTM_GETROUTE with RTA_IIF) about one packet: iif, src, dst, mark, tos without its ECN
 * bits (they never count), tcp, udp or icmp, and tcp's and udp's ports. The kernel doesn't
 * apply its exceptions here (IPsec, early demux, batches), and writes a log line for each
 * refused flow where log_martians is on.
 *
 * EXDEV is a drop. EINVAL, which Linux from 6.13 on returns for that too, and any Linux for
 * martians, a blackhole route to dst, a group not joined and a device without IPv4, is
 * one if none of the latter is found by asking further; destinations in 127/8 stay unjudged.
 *
 * Returns 0, -ENODEV for an unknown iif, or an error as nl_request_ask() has them.
 * Source: inet_rtm_getroute() in net/ipv4/route.c; docs/kernel.md 5.7.
 */
int probe_flow(
	struct nl_request *request, const struct flow *flow, struct probe_answer *ret);

/*
 * The kernel's bare answer to the same question: 0 where it takes the packet, or its negative
 * errno. One message, for those who know what the answer means (the differential test).
 */
int probe_ask(struct nl_request *request, const struct flow *flow);

/*
 * Whether the tables local and main are still one trie (docs/kernel.md 4.1): they are unmerged
 * for good when a rule is first added (up to 6.18 also when one is deleted). NETLINK_FIB_LOOKUP is
 * asked whether main holds what local does: own, any address of this host, or where that
 * is 0 or not found, 127.0.0.1.
 *
 * Returns 0; -ENOENT when local has neither (as in a new namespace with lo down): then it
 * is unknown, and there is little that could be merged; or another negative errno.
 */
int probe_merged(struct ip4 own, bool *ret);
