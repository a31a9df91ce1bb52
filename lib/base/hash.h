/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A map from 64-bit keys to pointers, open addressing. Zeroed memory is an empty map. It
 * owns no value. A new key or a removal moves slots: iterate, then change.
 */
struct hash_slot {
	uint64_t key;
	void *value; /* NULL: free */
};

struct hash {
	struct hash_slot *slots;
	size_t count;
	size_t size; /* 0 or a power of two */
};

/* The value of key, NULL where there is none. */
void *hash_get(const struct hash *hash, uint64_t key);

/* Sets key to value (not NULL), replacing an earlier one: then nothing moves, nor can it fail.
 * Returns 0 or -ENOMEM. */
int hash_put(struct hash *hash, uint64_t key, void *value);

/* Removes key and returns its value, NULL where there was none. */
void *hash_remove(struct hash *hash, uint64_t key);

/* Makes room in an empty map for count keys, so that it need not grow on the way. Returns 0 or
 * -ENOMEM. */
int hash_reserve(struct hash *hash, size_t count);

void hash_done(struct hash *hash);

/* The first used slot at or behind *index, which is moved past it; NULL at the end. */
struct hash_slot *hash_next(const struct hash *hash, size_t *index);

/* for each used slot, in no order; no key may come or go meanwhile */
#define hash_each(hash, slot)                                                            \
	for (size_t index_##slot = 0, once_##slot = 1; once_##slot; once_##slot = 0)     \
		for (struct hash_slot * slot;                                            \
			(slot = hash_next((hash), &index_##slot)) != NULL;)

/* Mixes 64 bits (the finalizer of splitmix64), and a run of bytes (FNV-1a). */
static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t length);
