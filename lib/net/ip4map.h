/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/hash.h"
#include "base/siphash.h"
#include "net/ip4.h"

#include <stdbool.h>

/*
 * Other addresses for those of a host, by a key, prefix by prefix: two addresses that have their first n
 * bits in common still have, and no more. So each prefix becomes another one of its length, and what
 * lay in it lies in it still.
 *
 * What the kernel has rules of its own for stays what it is: 0.0.0.0/8, 127.0.0.0/8, 240.0.0.0/4 and
 * 224.0.0.0/24 as they are, 224.0.0.0/4 in itself; so 0.0.0.0/0 and the first bits of others, too.
 * The idea is that of Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization).
 */
struct ip4map {
	struct siphash_key key;
	struct hash kept;     /* prefixes whose next bit is kept */
	uint32_t last, flips; /* of the last address, as the next one begins alike */
	bool known;
};

void ip4map_init(struct ip4map *map, const struct siphash_key *key);
void ip4map_done(struct ip4map *map);

/*
 * Of a network of the host's the first and the last address, which are no host's, become the first and
 * the last of another. To be said of all networks before the first address is asked for. Returns 0 or
 * -ENOMEM.
 */
int ip4map_keep_ends(struct ip4map *map, struct prefix4 net);

struct ip4 ip4map_addr(struct ip4map *map, struct ip4 addr);
struct prefix4 ip4map_prefix(struct ip4map *map, struct prefix4 prefix);
