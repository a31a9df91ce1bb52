/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "net/ip4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of addresses: ranges, both ends included, ascending, none touching another. */
struct range {
	uint32_t first, last;
};

struct prefixset {
	ARRAY(struct range) ranges;
};

/*
 * Adds a range, first <= last, in any order of calls; the set is one again after
 * prefixset_close(). Ranges added in ascending order need no sorting. 0 or -ENOMEM.
 */
int prefixset_add(struct prefixset *set, uint32_t first, uint32_t last);
int prefixset_add_prefix(struct prefixset *set, struct prefix4 prefix);
void prefixset_close(struct prefixset *set);
void prefixset_done(struct prefixset *set);

/* How many addresses: 0 .. 2^32. */
uint64_t prefixset_size(const struct prefixset *set);
bool prefixset_has(const struct prefixset *set, struct ip4 addr);

/* Whether any address of first..last is in the set. */
bool prefixset_meets(const struct prefixset *set, uint32_t first, uint32_t last);

/* The least prefix that has all of a set that isn't empty. */
struct prefix4 prefixset_hull(const struct prefixset *set);

/*
 * Appends to *ret what is in a and not in b, or what is not in a: ascending, so that a set that
 * was empty before needs no prefixset_close(). 0 or -ENOMEM.
 */
int prefixset_subtract(
	const struct prefixset *a, const struct prefixset *b, struct prefixset *ret);
int prefixset_invert(const struct prefixset *a, struct prefixset *ret);

/*
 * The fewest prefixes that together have every address of `set` and none of `avoid`, which
 * are disjoint; what is in neither may be in them or not. The largest come first, at most
 * limit are written; *ret_count is how many there are. Returns how many were written.
 */
size_t prefixset_cover(const struct prefixset *set, const struct prefixset *avoid,
	size_t limit, struct prefix4 *list, size_t *ret_count);

/*
 * The same of what is in `within`, where they are no more than limit: all are written, and how many
 * they are is returned. Where they are more, that is limit + 1, found out without counting them.
 */
size_t prefixset_cover_within(const struct prefixset *set, const struct prefixset *avoid,
	struct prefix4 within, size_t limit, struct prefix4 *list);
