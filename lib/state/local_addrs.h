/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/hash.h"
#include "fib/trie.h"
#include "net/prefixset.h"
#include "state/record.h"

/*
 * The host's own addresses, counted, as several interfaces may have the same; and with their
 * network and broadcast addresses those that can be no packet's source here.
 */
struct own {
	struct hash addrs; /* address -> on how many interfaces, as a pointer's number */
	struct trie impossible; /* /32s; the value counts */
};

void own_init(struct own *own);
void own_done(struct own *own);

/* An address more, or one that was added less. Returns 0 or -ENOMEM. */
int own_add(struct own *own, const struct addr_record *addr);
void own_forget(struct own *own, const struct addr_record *addr);

static inline bool own_has(const struct own *own, struct ip4 addr)
{
	return hash_get(&own->addrs, addr.host) != NULL;
}

/* Adds to the set the own, network and broadcast addresses of first..last, ascending. Returns
 * 0 or -ENOMEM. */
int own_impossible(
	const struct own *own, uint32_t first, uint32_t last, struct prefixset *ret);
