/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "flowclass/rule_partition.h"

#include <stdint.h>

/*
 * Values of a mark, tos, protocol or port, one of each kind that rules distinguish. The first
 * is what RTM_GETROUTE assumes, and the only one where no rule asks for it.
 */
#define SAMPLES 64

struct samples {
	ARRAY(uint32_t) values;
	bool cut; /* there are more kinds than values */
};

/* What is left of the rules: from; the flow as far as it is known. *ret zeroed before. 0 or
 * -ENOMEM. */
int samples_of(const struct rule_partition *partition, enum match_part part,
	const struct partition_items *from, const struct lookup_flow *flow,
	struct samples *ret);
/* Adds a value that something else than rules distinguishes. 0 or -ENOMEM. */
int samples_add(struct samples *samples, uint32_t value);
void samples_done(struct samples *samples);

/* Makes a value known. */
void sample_set(struct lookup_flow *flow, enum match_part part, uint32_t value);

/*
 * Appends ":mark=0x1/0xff", ":tcp", ":dport=80", by what the rules ask of the value. It
 * is the packet's, not the reverse path's: a rule's sport is its dport. Returns the
 * length written, less than size.
 */
size_t sample_name(const struct rule_partition *partition, enum match_part part,
	const struct partition_items *from, uint32_t value, char *out, size_t size);
