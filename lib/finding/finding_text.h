/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/finding.h"

#define FINDING_TEXT 1024

/*
 * A finding in a line for the person on call: who is dropped, by which setting, where the
 * reverse route leads, what makes it less certain, and the remedy, behind which no full stop
 * spoils the copy. That the kernel confirms it is not said, as it is the rule. Returns out.
 */
const char *finding_sentence(
	const struct finding *finding, char out[static FINDING_TEXT]);

/* "0.0.0.0/0", "10.0.0.0/8, 192.0.2.0/24 and 3 more": at most limit of the dropped prefixes. */
const char *finding_sources(
	const struct finding *finding, size_t limit, char *out, size_t size);

/* The same in the fewest words: at most four of them, or "0.0.0.0/0 except 192.0.2.0/24". */
const char *finding_from(const struct finding *finding, char *out, size_t size);

/* "1", "0.500000", "0.000001": six decimals at most, exact ends only where they are exact. */
const char *finding_share(const struct finding *finding, char out[static 12]);

/* "0 (off)", "1 (strict)", "2 (loose)", "7 (acts as loose)". */
const char *rp_filter_words(int value, char out[static 32]);
