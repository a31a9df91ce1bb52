/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flowclass/dst_group.h"

#include "rpf/rpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- the host's own addresses ----------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	uint32_t left = ((const struct ip4 *)a)->host,
		 right = ((const struct ip4 *)b)->host;

	return (left > right) - (left < right);
}

static int add_addrs(const struct iface *iface, bool only_hosts, struct addresses *ret)
{
	array_each (&iface->addrs, const struct addr_record, addr) {
		/* nothing from outside can be for 127/8, where host-scope helpers live */
		if (ip4_is_loopback(addr->local) || (only_hosts && addr->len != 32))
			continue;
		if (array_push(&ret->list, &addr->local) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void sort_once(struct addresses *addresses)
{
	size_t kept = 1;

	if (addresses->list.count < 2)
		return;
	qsort(addresses->list.items, addresses->list.count,
		sizeof(*addresses->list.items), by_address);
	for (size_t i = 1; i < addresses->list.count; i++) {
		if (addresses->list.items[i].host != addresses->list.items[kept - 1].host)
			addresses->list.items[kept++] = addresses->list.items[i];
	}
	addresses->list.count = kept;
}

int place_destinations(
	const struct state *state, const struct iface *iface, struct addresses *ret)
{
	const struct iface *lo = state_iface(state, IFINDEX_LO);
	int r = add_addrs(iface, false, ret);

	if (r >= 0 && !ret->list.count && lo)
		r = add_addrs(lo, true, ret);
	if (r >= 0 && !ret->list.count) {
		hash_each (&state->own.addrs, slot) {
			struct ip4 addr = ip4((uint32_t)slot->key);

			if (r >= 0 && !ip4_is_loopback(addr))
				r = array_push(&ret->list, &addr);
		}
	}
	sort_once(ret);
	return r;
}

struct lookup_flow place_way_back(
	const struct view *view, const struct iface *iface, struct ip4 dst, int oif)
{
	const struct flow flow = { .iif = iface->link.ifindex, .proto = FLOW_UDP };

	return rpf_class_of(view, iface, &flow, dst, oif).reverse;
}

/* --- where they are parted -------------------------------------------------------------------- */

/*
 * A rule's `from` that has some of the destinations. All rules with one prefix are a run of
 * hits; the prefixes around a destination, found in a trie, name the runs that bear on it.
 * Rules that all destinations meet or none need no look, so the work is what the runs
 * around each kind of destination hold.
 */
struct hit {
	struct prefix4 from;
	uint32_t rule;	 /* in the sieve */
	uint32_t before; /* it, so many that all destinations may meet */
};

struct parting {
	const struct sieve *sieve;
	ARRAY(struct hit) hits;
	struct trie runs;    /* prefix -> the first of its run, from 1 */
	struct hash by_run;  /* the longest prefix's run -> place, from 1 */
	struct hash by_hash; /* what is left of the rules -> place, from 1 */
	size_t work;
};

#define PARTING_WORK (1u << 20) /* looks at a rule */

static int by_from(const void *a, const void *b)
{
	const struct hit *left = a, *right = b;

	if (left->from.addr.host != right->from.addr.host)
		return left->from.addr.host < right->from.addr.host ? -1 : 1;
	if (left->from.len != right->from.len)
		return left->from.len < right->from.len ? -1 : 1;
	return (left->rule > right->rule) - (left->rule < right->rule);
}

/* Whether any of the ascending addresses is in prefix. */
static bool has_any(const struct addresses *addresses, struct prefix4 prefix)
{
	size_t low = 0, high = addresses->list.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addresses->list.items[middle].host < prefix4_first(prefix))
			low = middle + 1;
		else
			high = middle;
	}
	return low < addresses->list.count &&
	       prefix4_has(prefix, addresses->list.items[low]);
}

static int collect_hits(struct parting *parting, const struct view *view,
	const struct addresses *dsts, const struct lookup_flow *key)
{
	const struct sieve *sieve = parting->sieve;
	uint32_t before = 0;

	for (uint32_t i = 0; i < sieve->rules.count; i++) {
		const struct state_rule *entry = sieve->rules.items[i].entry;
		const struct hit hit = { entry->rule.from, i, before };
		struct lookup_flow inside = *key;

		inside.src = hit.from.addr;
		if (!hit.from.len ||
			!selector_meets(SELECTOR_PLACE, view, entry, &inside) ||
			!has_any(dsts, hit.from)) {
			before++;
			continue;
		}
		before += entry->rule.invert; /* it is the others that meet it */
		if (array_push(&parting->hits, &hit) < 0)
			return -ENOMEM;
	}
	if (parting->hits.count)
		qsort(parting->hits.items, parting->hits.count,
			sizeof(*parting->hits.items), by_from);
	for (size_t i = 0; i < parting->hits.count; i++) {
		struct trie_change change;

		if (trie_put(&parting->runs, parting->hits.items[i].from, (uint32_t)i + 1,
			    false, &change) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int by_rule(const void *a, const void *b)
{
	uint32_t left = ((const struct hit *)a)->rule,
		 right = ((const struct hit *)b)->rule;

	return (left > right) - (left < right);
}

/*
 * What the rules around a destination say, and where they stand among those that part packets by
 * something else, as a hash. An inverted one counts as itself, as it is the others that meet it.
 */
static int runs_hash(struct parting *parting, const struct trie_match *matches,
	size_t count, uint64_t *ret)
{
	ARRAY(struct hit) hits = { 0 };
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++) {
		size_t at = matches[i].value - 1;
		const struct prefix4 from = parting->hits.items[at].from;

		for (; r >= 0 && at < parting->hits.count &&
			from.len == parting->hits.items[at].from.len &&
			from.addr.host == parting->hits.items[at].from.addr.host;
			at++) {
			r = array_push(&hits, &parting->hits.items[at]);
			parting->work++;
		}
	}
	if (hits.count > 1)
		qsort(hits.items, hits.count, sizeof(*hits.items), by_rule);
	*ret = 0;
	array_each (&hits, const struct hit, hit) {
		const struct sieve_rule *rule = &parting->sieve->rules.items[hit->rule];
		uint64_t says = rule->rest[SELECTOR_PLACE + 1];

		if (rule->entry->rule.invert)
			says += hit->rule;
		*ret = hash_mix(hash_mix(*ret * 31 + says) + hit->before);
	}
	array_done(&hits);
	return r;
}

static struct place *place_at(struct places *places, const void *number)
{
	return number ? &places->list.items[(size_t)(uintptr_t)number - 1] : NULL;
}

/* A new place; those without a `from` always find room. NULL on lack of memory. */
static struct place *place_new(struct places *places, struct parting *parting,
	struct prefix4 from, uint64_t hash)
{
	const struct place fresh = { .from = from };

	if (array_push(&places->list, &fresh) < 0 ||
		hash_put(&parting->by_hash, hash, (void *)(uintptr_t)places->list.count) <
			0)
		return NULL;
	return &places->list.items[places->list.count - 1];
}

/* Puts one destination where it belongs. */
static int part_one(struct parting *parting, struct places *places, struct ip4 dst)
{
	struct trie_match matches[33];
	size_t count = trie_match(&parting->runs, dst, matches);
	uint64_t run = count ? matches[count - 1].value : 0, hash;
	struct place *place = place_at(places, hash_get(&parting->by_run, run));
	int r;

	if (!place) {
		if (parting->work > PARTING_WORK) {
			places->more++;
			return 0;
		}
		r = runs_hash(parting, matches, count, &hash);
		if (r < 0)
			return r;
		place = place_at(places, hash_get(&parting->by_hash, hash));
		if (!place && count && places->list.count >= PLACES_OWN) {
			places->more++;
			return 0;
		}
		if (!place)
			place = place_new(places, parting,
				count ? parting->hits.items[run - 1].from
				      : (struct prefix4){ 0 },
				hash);
		if (!place)
			return -ENOMEM;
		r = hash_put(&parting->by_run, run,
			(void *)(uintptr_t)(place - places->list.items + 1));
		if (r < 0)
			return r;
	}
	return array_push(&place->dsts.list, &dst);
}

int places_own(const struct view *view, const struct iface *iface,
	const struct sieve *sieve, struct places *places)
{
	struct parting parting = { .sieve = sieve };
	struct addresses dsts = { 0 };
	int r = place_destinations(view->state, iface, &dsts);

	trie_init(&parting.runs);
	if (r >= 0 && dsts.list.count) {
		struct lookup_flow key =
			place_way_back(view, iface, dsts.list.items[0], 0);

		r = collect_hits(&parting, view, &dsts, &key);
	}
	for (size_t i = 0; r >= 0 && i < dsts.list.count; i++)
		r = part_one(&parting, places, dsts.list.items[i]);
	for (size_t i = 0; r >= 0 && i < places->list.count; i++) {
		struct place *place = &places->list.items[i];
		struct lookup_flow key =
			place_way_back(view, iface, place->dsts.list.items[0], 0);

		r = sieve_pass(sieve, SELECTOR_PLACE, view, &key, &sieve->whole, NULL,
			&place->hash);
	}
	array_done(&parting.hits);
	trie_done(&parting.runs);
	hash_done(&parting.by_run);
	hash_done(&parting.by_hash);
	array_done(&dsts.list);
	return r;
}

void places_done(struct places *places)
{
	array_each (&places->list, struct place, place)
		array_done(&place->dsts.list);
	array_done(&places->list);
}
