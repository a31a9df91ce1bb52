/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* splitmix64: small, good enough, and the same everywhere for the same seed. */
struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 .. below - 1 */
static inline unsigned int rng_below(struct rng *rng, unsigned int below)
{
	return (unsigned int)(rng_next(rng) % below);
}

#define RNG_PICK(rng, array) ((array)[rng_below((rng), sizeof(array) / sizeof(*(array)))])
