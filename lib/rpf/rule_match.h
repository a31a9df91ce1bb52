/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpf/lookup_flow.h"
#include "rpf/overlay.h"
#include "state/state.h"

#include <stdbool.h>

/*
 * What a rule asks of a flow, part by part (fib4_rule_match(), fib_rule_match()). The flow is
 * that of a look-up: in a reverse one src is the packet's destination, and its ports are
 * swapped. `to` is not among them: it parts the sources, not the packets of one source.
 */
enum selector {
	SELECTOR_PLACE, /* from, iif, l3mdev: where the packet goes to */
	SELECTOR_MARK,
	SELECTOR_TOS, /* tos, dscp */
	SELECTOR_PROTO,
	SELECTOR_SPORT, /* of the look-up: the packet's destination port */
	SELECTOR_DPORT,
	SELECTORS,
};

/* "destination", "mark": what of a packet it is about, in words. */
const char *selector_name(enum selector selector);

/* Whether the rule has it at all. */
bool selector_is_set(enum selector selector, const struct state_rule *entry);

/* Whether the flow meets it; one that the rule does not have is met by all. */
bool selector_meets(enum selector selector, const struct view *view,
	const struct state_rule *entry, const struct lookup_flow *flow);

/* Whether the rule has one that no reverse look-up meets: an oif, a tun_id, a uid but root's, the
 * name of a device that isn't there. */
bool selector_never(const struct state_rule *entry);

/* All of a rule: what it selects, its `to` and its inversion left aside. */
bool selector_selects(const struct view *view, const struct state_rule *entry,
	const struct lookup_flow *flow);
