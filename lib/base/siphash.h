/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-2-4: a number that only who has the key can tell from bytes, or bytes from it. (hash.h has
 * what is faster, and no secret.) Source: Aumasson, Bernstein: SipHash, a fast short-input PRF.
 */
struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t length);
