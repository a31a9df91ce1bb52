/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/flow.h"
#include "net/prefixset.h"
#include "rpf/lookup_flow.h"
#include "rpf/overlay.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Where the answers to packets leave: a packet that is let in and whose answer takes a way on which
 * it can't arrive is no connection.
 *
 * To neighbours (REPLY_WIRE) they arrive by the interface itself, by one that has the same network
 * on its wire, or by a route to that neighbour alone. To whom a route by the interface is for (REPLY_IFACE), by this interface only.
 */
enum reply_need { REPLY_WIRE, REPLY_IFACE };

struct reply_loss {
	uint64_t count; /* addresses whose answers leave by another way, or by none */
	int oif;	/* by which those to the first of them leave, 0: by none */
};

/*
 * The look-up of an answer, but for its destination, the packet's source: this host's own from the
 * address that the packet came to, without a mark; or, where the packet is forwarded out of
 * `out`, one that comes in there.
 */
struct lookup_flow reply_flow(const struct overlay *overlay, const struct iface *iface,
	const struct flow *flow, int out);

/*
 * Adds to *ret the answers to `sources` of packets like `flow`, which come in by iface, that don't
 * leave as they need. Returns 0 or -ENOMEM.
 */
int reply_lost(const struct overlay *overlay, const struct iface *iface,
	const struct flow *flow, int out, enum reply_need need,
	const struct prefixset *sources, struct reply_loss *ret);
