/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The addresses are the leaves of a binary tree of 32 levels. At each node a bit that the key makes
 * of the node's prefix says whether its two halves change places. An exchange keeps each prefix
 * together. It is not made where one half has something in it that the other has not: above and
 * within what has rules of its own, and on the way to the ends of a network of the host's.
 */
#include "net/ip4map.h"

void ip4map_init(struct ip4map *map, const struct siphash_key *key)
{
	*map = (struct ip4map){ .key = *key };
}

void ip4map_done(struct ip4map *map)
{
	hash_done(&map->kept);
}

/* A node: the first len bits of addr. */
static uint64_t node_key(uint32_t addr, unsigned int len)
{
	return (uint64_t)(addr & ip4_mask(len)) << 8 | len;
}

int ip4map_keep_ends(struct ip4map *map, struct prefix4 net)
{
	const uint32_t ends[] = { prefix4_first(net), prefix4_last(net) };
	int r = 0;

	map->known = false;
	for (unsigned int len = net.len; len < 32; len++) {
		for (unsigned int i = 0; i < 2 && r >= 0; i++)
			r = hash_put(&map->kept, node_key(ends[i], len), map);
	}
	return r;
}

/* Whether the halves of a node stay where they are. */
static bool is_kept(const struct ip4map *map, uint32_t addr, unsigned int len)
{
	static const struct prefix4 special[] = {
		{ { 0x00000000 }, 8 },
		{ { 0x7f000000 }, 8 },
		{ { 0xe0000000 }, 24 },
		{ { 0xf0000000 }, 4 },
	};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		const unsigned int common = len < special[i].len ? len : special[i].len;

		if (((special[i].addr.host ^ addr) & ip4_mask(common)) == 0)
			return true;
	}
	return hash_get(&map->kept, node_key(addr, len)) != NULL;
}

static uint32_t flip_of(const struct ip4map *map, uint32_t addr, unsigned int len)
{
	const uint32_t net = addr & ip4_mask(len);
	const unsigned char bytes[] = { (unsigned char)len, (unsigned char)(net >> 24),
		(unsigned char)(net >> 16), (unsigned char)(net >> 8),
		(unsigned char)net };

	if (is_kept(map, addr, len))
		return 0;
	return (uint32_t)(siphash(&map->key, bytes, sizeof(bytes)) & 1) << (31 - len);
}

struct ip4 ip4map_addr(struct ip4map *map, struct ip4 addr)
{
	const uint32_t differs = map->last ^ addr.host;
	/* a node's bit is the same for all that begin like it */
	const unsigned int same = !map->known ? 0
				  : differs   ? (unsigned int)__builtin_clz(differs) + 1
					      : 32;
	uint32_t flips = map->flips & ip4_mask(same);

	for (unsigned int len = same; len < 32; len++)
		flips |= flip_of(map, addr.host, len);
	map->last = addr.host;
	map->flips = flips;
	map->known = true;
	return ip4(addr.host ^ flips);
}

struct prefix4 ip4map_prefix(struct ip4map *map, struct prefix4 prefix)
{
	return prefix4(ip4map_addr(map, prefix.addr), prefix.len);
}
