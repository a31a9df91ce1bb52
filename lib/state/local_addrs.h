/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/hash.h"
#include "fib/trie.h"
#include "net/prefixset.h"
#include "state/record.h"

/*
 * The host's local addresses, counted, as several interfaces may have the same; and with their
 * network and broadcast addresses those that no packet may have as source.
 */
struct local_addrs {
	struct hash addrs; /* address -> on how many interfaces, as a pointer's number */
	struct trie impossible; /* /32s; the value counts */
};

void local_addrs_init(struct local_addrs *addrs);

/* Makes *ret a copy, which is initialized in any case. Returns 0 or -ENOMEM. */
int local_addrs_copy(const struct local_addrs *from, struct local_addrs *ret);
void local_addrs_done(struct local_addrs *addrs);

/* Adds an address, or removes one that was added. Returns 0 or -ENOMEM. */
int local_addrs_add(struct local_addrs *addrs, const struct addr_record *addr);
void local_addrs_forget(struct local_addrs *addrs, const struct addr_record *addr);

static inline bool local_addrs_has(const struct local_addrs *addrs, struct ip4 addr)
{
	return hash_get(&addrs->addrs, addr.host) != NULL;
}

/* Adds to the set the local, network and broadcast addresses of first..last, ascending. Returns
 * 0 or -ENOMEM. */
int local_addrs_impossible(const struct local_addrs *addrs, uint32_t first, uint32_t last,
	struct prefixset *ret);
