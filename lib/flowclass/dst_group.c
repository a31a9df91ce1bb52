/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flowclass/dst_group.h"

#include "rpf/rpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- the host's local addresses --------------------------------------------------------------- */

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

static bool has_network(const struct iface *iface)
{
	array_each (&iface->addrs, const struct addr_record, addr) {
		if (addr->len < 32 && !ip4_is_loopback(addr->local))
			return true;
	}
	return false;
}

/* What a frame of a director's can come by: a wire with a network, and not one's own end of a
 * tunnel. */
static bool may_be_a_wire(const struct iface *iface)
{
	static const char *const others[] = { "wireguard", "tun", "ipip", "gre", "sit",
		"vti", "xfrm", "ppp", "dummy" };

	for (size_t i = 0; i < ELEMENTS(others); i++) {
		if (strcmp(iface->link.kind, others[i]) == 0)
			return false;
	}
	return iface_is_up(iface) && iface->link.has_inet && !iface_is_loopback(iface) &&
	       !iface_is_port(iface) && has_network(iface);
}

bool dst_group_is_direct(const struct state *state, struct ip4 addr)
{
	const struct iface *lo = state_iface(state, IFINDEX_LO);

	if (!lo || ip4_is_loopback(addr))
		return false;
	array_each (&lo->addrs, const struct addr_record, on_lo) {
		if (on_lo->len == 32 && on_lo->local.host == addr.host)
			return true;
	}
	return false;
}

bool dst_group_takes_direct(const struct state *state, const struct iface *iface)
{
	const struct iface *lo = state_iface(state, IFINDEX_LO);
	const struct addr_record *vip = NULL;
	size_t wires = 0;

	if (!lo || !may_be_a_wire(iface) ||
		devconf_max(&state->all, &iface->link.conf, DEVCONF_ARP_IGNORE) < 1)
		return false;
	for (size_t i = 0; i < lo->addrs.count && !vip; i++) {
		const struct addr_record *addr = &lo->addrs.items[i];

		vip = addr->len == 32 && !ip4_is_loopback(addr->local) ? addr : NULL;
	}
	if (!vip)
		return false;
	hash_each (&state->ifaces, slot) {
		wires += may_be_a_wire(slot->value);
		if (wires > 1)
			return true;
	}
	return false;
}

/* An address without its local route, which somebody deleted, or which is still to be announced, is
 * not the host's to a packet: it is forwarded, or goes nowhere. */
static bool is_delivered(
	const struct state *state, const struct iface *iface, struct ip4 addr)
{
	const struct overlay overlay = { .state = state };
	const struct flow flow = {
		.dst = addr, .iif = iface->link.ifindex, .proto = FLOW_UDP
	};
	const struct lookup_flow key = rpf_forward_flow(&overlay, iface, &flow);
	const struct lookup_result result = lookup(&overlay, &key, NULL, 0);

	return result.blind || (!result.error && result.info->type == ROUTE_LOCAL);
}

static void keep_delivered(
	const struct state *state, const struct iface *iface, struct addresses *addresses)
{
	size_t kept = 0;

	array_each (&addresses->list, const struct ip4, addr) {
		if (is_delivered(state, iface, *addr))
			addresses->list.items[kept++] = *addr;
	}
	addresses->list.count = kept;
}

int dst_group_addresses(
	const struct state *state, const struct iface *iface, struct addresses *ret)
{
	const struct iface *lo = state_iface(state, IFINDEX_LO);
	int r = add_addrs(iface, false, ret);

	if (r >= 0 && lo && (!ret->list.count || dst_group_takes_direct(state, iface)))
		r = add_addrs(lo, true, ret);
	if (r >= 0 && !ret->list.count) {
		hash_each (&state->local_addrs.addrs, slot) {
			struct ip4 addr = ip4((uint32_t)slot->key);

			if (r >= 0 && !ip4_is_loopback(addr))
				r = array_push(&ret->list, &addr);
		}
	}
	sort_once(ret);
	keep_delivered(state, iface, ret);
	return r;
}

struct lookup_flow dst_group_reverse_flow(
	const struct overlay *overlay, const struct iface *iface, struct ip4 dst, int oif)
{
	const struct flow flow = { .iif = iface->link.ifindex, .proto = FLOW_UDP };

	return rpf_class_of(overlay, iface, &flow, dst, oif).reverse;
}

/* --- where they are parted -------------------------------------------------------------------- */

/*
 * A rule's `from` that has some of the destinations. All rules with one prefix are a run of
 * hits; the prefixes around a destination, found in a trie, name the runs that bear on it.
 * Rules that all destinations meet or none need no look, so the work is what the runs
 * around each kind of destination hold.
 */
struct from_match {
	struct prefix4 from;
	uint32_t rule;	 /* in the partition */
	uint32_t before; /* it, so many that all destinations may meet */
};

struct dst_partition {
	const struct rule_partition *partition;
	ARRAY(struct from_match) from_matches;
	struct trie runs;    /* prefix -> the first of its run, from 1 */
	struct hash by_run;  /* the longest prefix's run -> index, from 1 */
	struct hash by_hash; /* what is left of the rules -> index, from 1 */
	size_t work;
};

#define PARTITION_WORK (1u << 20) /* looks at a rule */

static int by_from(const void *a, const void *b)
{
	const struct from_match *left = a, *right = b;

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

static int collect_from_matches(struct dst_partition *dst_partition,
	const struct overlay *overlay, const struct addresses *dsts,
	const struct lookup_flow *key)
{
	const struct rule_partition *partition = dst_partition->partition;
	uint32_t before = 0;

	for (uint32_t i = 0; i < partition->rules.count; i++) {
		const struct state_rule *entry = partition->rules.items[i].entry;
		const struct from_match from_match = { entry->rule.from, i, before };
		struct lookup_flow inside = *key;

		inside.src = from_match.from.addr;
		if (!from_match.from.len ||
			!rule_match_meets(MATCH_DST, overlay, entry, &inside) ||
			!has_any(dsts, from_match.from)) {
			before++;
			continue;
		}
		before += entry->rule.invert; /* it is the others that meet it */
		if (array_push(&dst_partition->from_matches, &from_match) < 0)
			return -ENOMEM;
	}
	if (dst_partition->from_matches.count)
		qsort(dst_partition->from_matches.items,
			dst_partition->from_matches.count,
			sizeof(*dst_partition->from_matches.items), by_from);
	for (size_t i = 0; i < dst_partition->from_matches.count; i++) {
		struct trie_change change;

		if (trie_put(&dst_partition->runs,
			    dst_partition->from_matches.items[i].from, (uint32_t)i + 1,
			    false, &change) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int by_rule(const void *a, const void *b)
{
	uint32_t left = ((const struct from_match *)a)->rule,
		 right = ((const struct from_match *)b)->rule;

	return (left > right) - (left < right);
}

/*
 * What the rules around a destination do, and their position among those that partition packets by
 * something else, as a hash. An inverted one counts as itself, as it is the others that meet it.
 */
static int runs_hash(struct dst_partition *dst_partition,
	const struct trie_match *matches, size_t count, uint64_t *ret)
{
	ARRAY(struct from_match) from_matches = { 0 };
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++) {
		size_t at = matches[i].value - 1;
		const struct prefix4 from = dst_partition->from_matches.items[at].from;

		for (; r >= 0 && at < dst_partition->from_matches.count &&
			from.len == dst_partition->from_matches.items[at].from.len &&
			from.addr.host ==
				dst_partition->from_matches.items[at].from.addr.host;
			at++) {
			r = array_push(
				&from_matches, &dst_partition->from_matches.items[at]);
			dst_partition->work++;
		}
	}
	if (from_matches.count > 1)
		qsort(from_matches.items, from_matches.count, sizeof(*from_matches.items),
			by_rule);
	*ret = 0;
	array_each (&from_matches, const struct from_match, from_match) {
		const struct partition_rule *rule =
			&dst_partition->partition->rules.items[from_match->rule];
		uint64_t sum = rule->rest[MATCH_DST + 1];

		if (rule->entry->rule.invert)
			sum += from_match->rule;
		*ret = hash_mix(hash_mix(*ret * 31 + sum) + from_match->before);
	}
	array_done(&from_matches);
	return r;
}

static struct dst_group *dst_group_at(struct dst_groups *dst_groups, const void *number)
{
	return number ? &dst_groups->list.items[(size_t)(uintptr_t)number - 1] : NULL;
}

/* A new group; those without a `from` always find room. NULL on lack of memory. */
static struct dst_group *dst_group_new(struct dst_groups *dst_groups,
	struct dst_partition *dst_partition, struct prefix4 from, uint64_t hash)
{
	const struct dst_group fresh = { .from = from };

	if (array_push(&dst_groups->list, &fresh) < 0 ||
		hash_put(&dst_partition->by_hash, hash,
			(void *)(uintptr_t)dst_groups->list.count) < 0)
		return NULL;
	return &dst_groups->list.items[dst_groups->list.count - 1];
}

/* Puts one destination where it belongs. */
static int part_one(struct dst_partition *dst_partition, struct dst_groups *dst_groups,
	struct ip4 dst)
{
	struct trie_match matches[33];
	size_t count = trie_match(&dst_partition->runs, dst, matches);
	uint64_t run = count ? matches[count - 1].value : 0, hash;
	struct dst_group *dst_group =
		dst_group_at(dst_groups, hash_get(&dst_partition->by_run, run));
	int r;

	if (!dst_group) {
		if (dst_partition->work > PARTITION_WORK) {
			dst_groups->more++;
			return 0;
		}
		r = runs_hash(dst_partition, matches, count, &hash);
		if (r < 0)
			return r;
		dst_group =
			dst_group_at(dst_groups, hash_get(&dst_partition->by_hash, hash));
		if (!dst_group && count && dst_groups->list.count >= DST_GROUPS_LOCAL) {
			dst_groups->more++;
			return 0;
		}
		if (!dst_group)
			dst_group = dst_group_new(dst_groups, dst_partition,
				count ? dst_partition->from_matches.items[run - 1].from
				      : (struct prefix4){ 0 },
				hash);
		if (!dst_group)
			return -ENOMEM;
		r = hash_put(&dst_partition->by_run, run,
			(void *)(uintptr_t)(dst_group - dst_groups->list.items + 1));
		if (r < 0)
			return r;
	}
	return array_push(&dst_group->dsts.list, &dst);
}

int dst_groups_local(const struct overlay *overlay, const struct iface *iface,
	const struct rule_partition *partition, struct dst_groups *dst_groups)
{
	struct dst_partition dst_partition = { .partition = partition };
	struct addresses dsts = { 0 };
	int r = dst_group_addresses(overlay->state, iface, &dsts);

	trie_init(&dst_partition.runs);
	if (r >= 0 && dsts.list.count) {
		struct lookup_flow key =
			dst_group_reverse_flow(overlay, iface, dsts.list.items[0], 0);

		r = collect_from_matches(&dst_partition, overlay, &dsts, &key);
	}
	for (size_t i = 0; r >= 0 && i < dsts.list.count; i++)
		r = part_one(&dst_partition, dst_groups, dsts.list.items[i]);
	for (size_t i = 0; r >= 0 && i < dst_groups->list.count; i++) {
		struct dst_group *dst_group = &dst_groups->list.items[i];
		struct lookup_flow key = dst_group_reverse_flow(
			overlay, iface, dst_group->dsts.list.items[0], 0);

		r = rule_partition_pass(partition, MATCH_DST, overlay, &key,
			&partition->whole, NULL, &dst_group->hash);
	}
	array_done(&dst_partition.from_matches);
	trie_done(&dst_partition.runs);
	hash_done(&dst_partition.by_run);
	hash_done(&dst_partition.by_hash);
	array_done(&dsts.list);
	return r;
}

void dst_groups_done(struct dst_groups *dst_groups)
{
	array_each (&dst_groups->list, struct dst_group, dst_group) {
		array_done(&dst_group->dsts.list);
		array_done(&dst_group->outs);
	}
	array_done(&dst_groups->list);
}
