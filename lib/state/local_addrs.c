/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/local_addrs.h"

#include <errno.h>

void local_addrs_init(struct local_addrs *addrs)
{
	*addrs = (struct local_addrs){ 0 };
	trie_init(&addrs->impossible);
}

int local_addrs_copy(const struct local_addrs *from, struct local_addrs *ret)
{
	int r;

	local_addrs_init(ret);
	r = hash_reserve(&ret->addrs, from->addrs.count);
	hash_each (&from->addrs, slot)
		r = r < 0 ? r : hash_put(&ret->addrs, slot->key, slot->value);
	return r < 0 ? r : trie_copy(&from->impossible, &ret->impossible);
}

void local_addrs_done(struct local_addrs *addrs)
{
	hash_done(&addrs->addrs);
	trie_done(&addrs->impossible);
}

static int count_addr(struct trie *trie, struct ip4 addr)
{
	struct trie_change change;

	return trie_put(trie, prefix4(addr, 32), trie_get(trie, prefix4(addr, 32)) + 1,
		true, &change);
}

static void uncount_addr(struct trie *trie, struct ip4 addr)
{
	uint32_t value = trie_get(trie, prefix4(addr, 32));
	struct trie_change change;

	if (value > 1) /* it is there, so no memory is needed */
		(void)trie_put(trie, prefix4(addr, 32), value - 1, true, &change);
	else
		(void)trie_take(trie, prefix4(addr, 32), 0, &change);
}

/* Itself, its broadcast address, and of a network the first and the last. */
static size_t is_impossible(const struct addr_record *addr, struct ip4 out[static 4])
{
	struct prefix4 net = prefix4(addr->local, addr->len);
	size_t n = 0;

	out[n++] = addr->local;
	if (addr->broadcast.host)
		out[n++] = addr->broadcast;
	if (addr->len < 31) {
		out[n++] = net.addr;
		out[n++] = ip4(prefix4_last(net));
	}
	return n;
}

int local_addrs_add(struct local_addrs *addrs, const struct addr_record *addr)
{
	uintptr_t known = (uintptr_t)hash_get(&addrs->addrs, addr->local.host);
	struct ip4 list[4];
	size_t n = is_impossible(addr, list), done = 0;
	int r = hash_put(&addrs->addrs, addr->local.host, (void *)(known + 1));

	while (r >= 0 && done < n)
		r = count_addr(&addrs->impossible, list[done++]);
	return r < 0 ? r : 0;
}

void local_addrs_forget(struct local_addrs *addrs, const struct addr_record *addr)
{
	uintptr_t known = (uintptr_t)hash_get(&addrs->addrs, addr->local.host);
	struct ip4 list[4];
	size_t n = is_impossible(addr, list);

	if (known == 1)
		(void)hash_remove(&addrs->addrs, addr->local.host);
	else if (known > 1)
		(void)hash_put(&addrs->addrs, addr->local.host, (void *)(known - 1));
	for (size_t i = 0; i < n; i++)
		uncount_addr(&addrs->impossible, list[i]);
}

static int collect_from(const struct trie *trie, uint32_t reference, uint32_t first,
	uint32_t last, struct prefixset *ret)
{
	struct trie_at at;
	int r = 0;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(trie, reference);
	if (prefix4_last(at.prefix) < first || prefix4_first(at.prefix) > last)
		return 0;
	if (at.value)
		r = prefixset_add_prefix(ret, at.prefix);
	for (int bit = 0; bit < 2 && r >= 0; bit++)
		r = collect_from(trie, at.child[bit], first, last, ret);
	return r;
}

int local_addrs_impossible(const struct local_addrs *addrs, uint32_t first, uint32_t last,
	struct prefixset *ret)
{
	return collect_from(&addrs->impossible, addrs->impossible.root, first, last, ret);
}
