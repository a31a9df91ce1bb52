/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ip4.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Chance that can be had again: each test starts from the seed, which is printed. SEED=N in
 * the environment tries another.
 */
struct chance {
	uint64_t state;
};

static inline struct chance chance_new(const char *test)
{
	const char *seed = getenv("SEED");
	struct chance chance = { seed ? strtoull(seed, NULL, 0) : 1 };

	printf("%s: SEED=%llu\n", test, (unsigned long long)chance.state);
	fflush(stdout);
	return chance;
}

/* splitmix64 */
static inline uint64_t chance_next(struct chance *chance)
{
	uint64_t x = chance->state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* 0 .. limit - 1 */
static inline uint32_t chance_below(struct chance *chance, uint32_t limit)
{
	return (uint32_t)(chance_next(chance) % limit);
}

/* true once in `of` */
static inline bool chance_one_in(struct chance *chance, uint32_t of)
{
	return chance_below(chance, of) == 0;
}

/* Whether inner lies in outer; each lies in itself. */
static inline bool prefix_covers(struct prefix4 outer, struct prefix4 inner)
{
	return inner.len >= outer.len && prefix4_has(outer, inner.addr);
}
