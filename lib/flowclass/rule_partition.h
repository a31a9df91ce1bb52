/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "rpf/rule_match.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The rules that distinguish packets. Part by part (enum match_part) a packet is made known, and
 * of the rules those are left that it may still meet. Two packets of which the same is left
 * are the same to the kernel: the same tables are asked in the same order. What is left is
 * compared as a hash of what the rules do, not of which they are, so that a thousand rules
 * `from VIP lookup 100` distinguish two kinds of packets and not a thousand and one.
 */
struct partition_rule {
	const struct state_rule *entry; /* borrowed */
	uint64_t rest[MATCH_PARTS +
		      1]; /* of its action and of its selectors from the nth on */
};

struct partition_item {
	uint32_t rule; /* its index in partition.rules */
	bool decided;  /* an inverted one that was not met: it acts, whatever comes */
};

struct partition_items {
	ARRAY(struct partition_item) list;
};

struct rule_partition {
	ARRAY(struct partition_rule) rules;
	bool l3mdev;		      /* one of them goes by VRF */
	bool swapped;		      /* they see the packet's ports swapped */
	struct partition_items whole; /* all of them, nothing decided */
};

/*
 * Collects the rules that distinguish packets by one of the parts in `parts` (a bit each, 1u <<
 * enum match_part); in the others all packets are as `flow`. *ret zeroed before;
 * rule_partition_done() after an error too. 0 or -ENOMEM.
 */
int rule_partition_of(const struct overlay *overlay, unsigned int parts,
	const struct lookup_flow *flow, struct rule_partition *ret);
void rule_partition_done(struct rule_partition *partition);

/*
 * Makes one part of the flow known. ret: what is left of `from`, NULL for the hash alone.
 * *ret_hash is the same for all flows that are the same from here on. 0 or -ENOMEM.
 */
int rule_partition_pass(const struct rule_partition *partition, enum match_part part,
	const struct overlay *overlay, const struct lookup_flow *flow,
	const struct partition_items *from, struct partition_items *ret,
	uint64_t *ret_hash);
