/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpf/lookup_flow.h"
#include "rpf/overlay.h"
#include "state/state.h"

#include <stdbool.h>

/*
 * What a rule asks of a flow, part by part (fib4_rule_match(), fib_rule_match()). The flow is
 * that of a look-up: in a reverse one src is the packet's destination, and its ports are
 * swapped. `to` is not among them: it partitions sources, not the packets of one source.
 */
enum match_part {
	MATCH_DST, /* from, iif, l3mdev: where the packet goes to */
	MATCH_MARK,
	MATCH_TOS, /* tos, dscp */
	MATCH_PROTO,
	MATCH_SPORT, /* of the look-up: the packet's destination port */
	MATCH_DPORT,
	MATCH_PARTS,
};

/* "destination", "mark": what of a packet it is about, in words. */
const char *rule_match_name(enum match_part part);

/* Whether the rule has it at all. */
bool rule_match_is_set(enum match_part part, const struct state_rule *entry);

/* Whether the flow meets it; one that the rule does not have is met by all. */
bool rule_match_meets(enum match_part part, const struct overlay *overlay,
	const struct state_rule *entry, const struct lookup_flow *flow);

/*
 * Whether its iif names a VRF and is compared with the flow's VRF, not with its device: from 6.15
 * on (fib_rule_iif_match()). An oif never is: the flow's VRF is that of its input.
 */
bool rule_match_by_vrf(const struct overlay *overlay, const struct state_rule *entry);

/* Whether the rule has one that no reverse look-up meets: an oif, a tun_id, a uid but root's, the
 * name of a missing device. */
bool rule_match_never(const struct state_rule *entry);

/* Whether it can't be known whom the rule selects: it has something that is not understood, or the
 * kernel judged by came before one of its selectors. */
bool rule_match_is_blind(const struct overlay *overlay, const struct state_rule *entry);

/* All of a rule but its `to` and its inversion. */
bool rule_matches(const struct overlay *overlay, const struct state_rule *entry,
	const struct lookup_flow *flow);
