/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "rpf/rule_match.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The rules that tell packets apart. Part by part (enum selector) a packet is made known, and
 * of the rules those are left that it may still meet. Two packets of which the same is left
 * are the same to the kernel: the same tables are asked in the same order. What is left is
 * compared as a hash of what the rules do, not of which they are, so that a thousand rules
 * `from VIP lookup 100` tell two kinds of packets apart and not a thousand and one.
 */
struct sieve_rule {
	const struct state_rule *entry; /* borrowed */
	uint64_t rest[SELECTORS +
		      1]; /* of its action and of its selectors from the nth on */
};

struct sieve_item {
	uint32_t rule; /* its place in sieve.rules */
	bool decided;  /* an inverted one that was not met: it acts, whatever comes */
};

struct sieve_items {
	ARRAY(struct sieve_item) list;
};

struct sieve {
	ARRAY(struct sieve_rule) rules;
	bool l3mdev;		  /* one of them goes by VRF */
	struct sieve_items whole; /* all of them, nothing decided */
};

/*
 * Collects the rules that tell packets apart by one of the parts in `parts` (a bit each, 1u <<
 * enum selector); in the others all packets are as `flow`. *ret zeroed before; sieve_done()
 * after an error too. 0 or -ENOMEM.
 */
int sieve_of(const struct view *view, unsigned int parts, const struct lookup_flow *flow,
	struct sieve *ret);
void sieve_done(struct sieve *sieve);

/*
 * Makes one part of the flow known. ret: what is left of `from`, NULL for the hash alone.
 * *ret_hash is the same for all flows that are the same from here on. 0 or -ENOMEM.
 */
int sieve_pass(const struct sieve *sieve, enum selector part, const struct view *view,
	const struct lookup_flow *flow, const struct sieve_items *from,
	struct sieve_items *ret, uint64_t *ret_hash);
