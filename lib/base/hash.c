/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/*
 * Linear probing. A removal moves the rest of its run back instead of leaving a tombstone,
 * so that a map whose keys come and go for months stays as fast as a new one.
 */

static size_t home(const struct hash *hash, uint64_t key)
{
	return (size_t)hash_mix(key) & (hash->size - 1);
}

static struct hash_slot *find_slot(const struct hash *hash, uint64_t key)
{
	size_t at = home(hash, key);

	while (hash->slots[at].value && hash->slots[at].key != key)
		at = (at + 1) & (hash->size - 1);
	return &hash->slots[at];
}

void *hash_get(const struct hash *hash, uint64_t key)
{
	return hash->count ? find_slot(hash, key)->value : NULL;
}

static bool is_full(size_t count, size_t size)
{
	return count * 4 >= size * 3;
}

static int resize(struct hash *hash, size_t size)
{
	struct hash bigger = { .size = size };

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < hash->size; i++) {
		if (hash->slots[i].value)
			*find_slot(&bigger, hash->slots[i].key) = hash->slots[i];
	}
	bigger.count = hash->count;
	free(hash->slots);
	*hash = bigger;
	return 0;
}

int hash_put(struct hash *hash, uint64_t key, void *value)
{
	struct hash_slot *slot;

	assert(value);
	if (is_full(hash->count, hash->size) && !hash_get(hash, key)) {
		int r = resize(hash, hash->size ? hash->size * 2 : 8);

		if (r < 0)
			return r;
	}
	slot = find_slot(hash, key);
	if (!slot->value)
		hash->count++;
	*slot = (struct hash_slot){ .key = key, .value = value };
	return 0;
}

int hash_reserve(struct hash *hash, size_t count)
{
	size_t size = 8;

	if (!count)
		return 0;
	while (is_full(count, size))
		size *= 2;
	return resize(hash, size);
}

void *hash_remove(struct hash *hash, uint64_t key)
{
	struct hash_slot *slot;
	size_t gap, at, mask = hash->size - 1;
	void *value;

	if (!hash->count)
		return NULL;
	slot = find_slot(hash, key);
	value = slot->value;
	if (!value)
		return NULL;

	gap = at = (size_t)(slot - hash->slots);
	for (;;) {
		at = (at + 1) & mask;
		if (!hash->slots[at].value)
			break;
		/* it may move into the gap if that is not before its home */
		if (((at - home(hash, hash->slots[at].key)) & mask) >=
			((at - gap) & mask)) {
			hash->slots[gap] = hash->slots[at];
			gap = at;
		}
	}
	hash->slots[gap].value = NULL;
	hash->count--;
	return value;
}

void hash_done(struct hash *hash)
{
	free(hash->slots);
	*hash = (struct hash){ 0 };
}

struct hash_slot *hash_next(const struct hash *hash, size_t *index)
{
	while (*index < hash->size) {
		struct hash_slot *slot = &hash->slots[(*index)++];

		if (slot->value)
			return slot;
	}
	return NULL;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;
	uint64_t h = seed ^ 0xcbf29ce484222325u;

	while (length--)
		h = (h ^ *byte++) * 0x100000001b3u;
	return h;
}
