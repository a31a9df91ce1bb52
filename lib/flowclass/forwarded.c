/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flowclass/forwarded.h"

#include "rpf/lookup_rules.h"
#include "rpf/rpf.h"

#include <errno.h>

struct exits {
	const struct overlay *overlay;
	const struct iface *iface;
	const struct rule_partition *partition;
	const struct fib_info *info;
	struct ip4 dst;
	int oif; /* the first that can be used; 0: none yet */
	uint64_t hash;
	bool differ;
	int error;
};

static bool take_nexthop(const struct nexthop *nexthop, void *data)
{
	struct exits *exits = data;
	const struct iface *out = state_iface(exits->overlay->state, nexthop->oif);
	struct lookup_flow key;
	uint64_t hash;

	if (!state_nexthop_is_usable(exits->overlay->state, exits->info, nexthop) ||
		!out || !out->link.has_inet)
		return false;
	key = dst_group_reverse_flow(
		exits->overlay, exits->iface, exits->dst, nexthop->oif);
	exits->error = rule_partition_pass(exits->partition, MATCH_DST, exits->overlay,
		&key, &exits->partition->whole, NULL, &hash);
	if (!exits->oif) {
		exits->oif = nexthop->oif;
		exits->hash = hash;
	}
	exits->differ |= hash != exits->hash;
	return exits->error < 0 || exits->differ;
}

static bool is_deliverable(struct ip4 dst)
{
	return dst.host && !ip4_is_loopback(dst) && dst.host >> 28 < 0xe;
}

static bool is_through(const struct nexthop *nexthop, void *data)
{
	return nexthop->oif == *(const int *)data;
}

bool forwarded_is_uplink(const struct state *state, const struct iface *iface)
{
	int ifindex = iface->link.ifindex;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;
		uint32_t value = trie_get(&fib->trie, (struct prefix4){ 0 });
		const struct fib_list *list = value ? fib_list(fib, value) : NULL;

		for (uint32_t i = 0; list && i < list->count; i++) {
			if (state_any_nexthop(
				    state, list->infos[i], is_through, &ifindex))
				return true;
		}
	}
	return false;
}

/* What is on the wire of an uplink is no more behind this host than what is behind the uplink. */
static bool is_outside(
	const struct state *state, const struct lookup_result *there, int oif)
{
	const struct iface *out = state_iface(state, oif);

	return !there->prefix.len || (there->info->scope == SCOPE_LINK && out &&
					     forwarded_is_uplink(state, out));
}

int disposition_of(const struct overlay *overlay, const struct iface *iface,
	const struct flow *flow, const struct rule_partition *partition,
	enum disposition *ret, int *ret_oif, bool *ret_default)
{
	const struct lookup_flow key = rpf_forward_flow(overlay, iface, flow);
	struct exits exits = { overlay, iface, partition, .dst = flow->dst };
	struct lookup_result there;

	*ret = DISPOSITION_NOWHERE;
	*ret_oif = 0;
	*ret_default = false;
	if (!is_deliverable(flow->dst))
		return 0;
	there = lookup(overlay, &key, NULL, 0);
	if (there.error || there.blind)
		return 0;
	if (there.info->type == ROUTE_LOCAL)
		*ret = DISPOSITION_LOCAL;
	if (there.info->type != ROUTE_UNICAST ||
		!iface->link.conf.value[DEVCONF_FORWARDING])
		return 0;
	exits.info = there.info;
	state_any_nexthop(overlay->state, there.info, take_nexthop, &exits);
	if (exits.error < 0)
		return exits.error;
	if (exits.oif)
		*ret = exits.differ ? DISPOSITION_AMBIGUOUS : DISPOSITION_FORWARDED;
	*ret_oif = exits.oif;
	*ret_default = is_outside(overlay->state, &there, exits.oif);
	return 0;
}

/*
 * Which forwarded destinations to look at can't be asked of a table of a million routes each time
 * something changes. So addresses are tried that most likely are what a rule is about: some
 * of the wide world, the ends of each rule's `from`, the networks of the devices that rules
 * name, and then so many routes by these devices: of main, and of the tables that rules lead to,
 * with the ends of such a rule's `to`. A device that only packets of some sources, marks or ports
 * are led to is left out and reported.
 */
#define TRIED_RULES 64
#define TRIED_DEVICES 64
#define TRIED_NODES 4096

struct search {
	const struct overlay *overlay;
	const struct iface *iface;
	const struct rule_partition *partition;
	struct dst_groups *dst_groups;
	ARRAY(int) targets; /* devices that rules name and nothing was found behind */
	bool target_vrf;    /* any device in a VRF */
	/* the same, as far as the table that is looked at has routes there */
	ARRAY(int) candidates;
	bool candidate_vrf;
	bool any; /* something is forwarded at all */
	size_t found, nodes, tried_to;
};

/* The longest `from` of the rules' that has it. */
static struct prefix4 longest_from(const struct rule_partition *partition, struct ip4 dst)
{
	struct prefix4 longest = { 0 };

	array_each (&partition->rules, const struct partition_rule, rule) {
		struct prefix4 from = rule->entry->rule.from;

		if (from.len > longest.len && prefix4_has(from, dst))
			longest = from;
	}
	return longest;
}

/* What the rules know a device by: itself, or the VRF that it is in. */
static int rule_ifindex(const struct search *search, int oif, int l3mdev)
{
	bool vrf = search->partition->l3mdev;

	array_each (&search->partition->rules, const struct partition_rule, rule) {
		if (rule->entry->iif == oif &&
			!rule_match_by_vrf(search->overlay, rule->entry))
			return oif;
		vrf |= l3mdev && rule->entry->iif == l3mdev;
	}
	return vrf && l3mdev != state_l3mdev(search->overlay->state,
					search->iface->link.ifindex)
		       ? l3mdev
		       : 0;
}

static void target_found(struct search *search, int oif, int l3mdev)
{
	for (size_t i = search->targets.count; i-- > 0;) {
		if (search->targets.items[i] == oif)
			array_remove(&search->targets, i);
	}
	for (size_t i = search->candidates.count; i-- > 0;) {
		if (search->candidates.items[i] == oif)
			array_remove(&search->candidates, i);
	}
	if (l3mdev)
		search->target_vrf = search->candidate_vrf = false;
}

/* A way out that was seen. What lies behind an interface is of more interest than the world. */
static int add_out(struct dst_group *group, struct ip4 dst, int oif, bool is_default)
{
	if (is_default && !group->transit)
		return 0;
	if (!is_default && group->transit) {
		group->transit = false;
		group->oif = oif;
		group->dsts.list.items[0] = dst;
		array_clear(&group->outs);
	}
	array_each (&group->outs, const int, known) {
		if (*known == oif)
			return 0;
	}
	return array_push(&group->outs, &oif);
}

static int add_group(struct search *search, struct ip4 dst, struct dst_group *fresh)
{
	int oif = fresh->oif, r;

	search->found++;
	fresh->from = longest_from(search->partition, dst);
	r = array_push(&fresh->dsts.list, &dst);
	if (r >= 0)
		r = array_push(&fresh->outs, &oif);
	if (r >= 0)
		r = array_push(&search->dst_groups->list, fresh);
	if (r < 0) {
		array_done(&fresh->dsts.list);
		array_done(&fresh->outs);
	}
	return r;
}

static int add_forwarded(struct search *search, struct ip4 dst, int oif, bool is_default)
{
	struct lookup_flow key =
		dst_group_reverse_flow(search->overlay, search->iface, dst, oif);
	struct dst_group fresh = { .oif = oif, .forwarded = true, .transit = is_default };
	int r = rule_partition_pass(search->partition, MATCH_DST, search->overlay, &key,
		&search->partition->whole, NULL, &fresh.hash);

	if (r < 0)
		return r;
	search->any = true;
	target_found(search, oif, state_l3mdev(search->overlay->state, oif));
	array_each (&search->dst_groups->list, struct dst_group, dst_group) {
		if (dst_group->hash == fresh.hash) {
			dst_group->forwarded = true;
			return dst_group->oif ? add_out(dst_group, dst, oif, is_default)
					      : 0;
		}
	}
	if (search->found >= DST_GROUPS_FORWARDED) {
		search->dst_groups->more_forwarded = true;
		return 0;
	}
	fresh.rule_ifindex = rule_ifindex(search, oif, key.l3mdev);
	return add_group(search, dst, &fresh);
}

/* Returns 1 where a packet to dst is forwarded, 0 where not, or -ENOMEM. */
static int try_flow(struct search *search, struct ip4 dst)
{
	const struct flow flow = {
		.iif = search->iface->link.ifindex, .dst = dst, .proto = FLOW_UDP
	};
	enum disposition disposition;
	bool is_default;
	int oif, r;

	r = disposition_of(search->overlay, search->iface, &flow, search->partition,
		&disposition, &oif, &is_default);
	if (r < 0)
		return r;
	if (disposition == DISPOSITION_AMBIGUOUS)
		search->dst_groups->more_forwarded = true;
	/* what turns back on its way, as between the spokes of a hub, is left aside */
	if (disposition != DISPOSITION_FORWARDED || oif == search->iface->link.ifindex)
		return 0;
	r = add_forwarded(search, dst, oif, is_default);
	return r < 0 ? r : 1;
}

/* The ends of a prefix, until one is found that is forwarded. */
static int try_prefix(struct search *search, struct prefix4 prefix)
{
	uint32_t first = prefix4_first(prefix), last = prefix4_last(prefix);
	const uint32_t inside[] = { first + 1, first + 2, last - 1, first, last };
	int r = 0;

	if (prefix.len >= 31)
		r = try_flow(search, ip4(first));
	for (size_t i = 0; r == 0 && prefix.len < 31 && i < ELEMENTS(inside); i++)
		r = try_flow(search, ip4(inside[i]));
	return r == 0 && prefix.len == 31 ? try_flow(search, ip4(last)) : r;
}

static int probe_well_known(struct search *search)
{
	static const uint32_t addrs[] = { 0xcb007101, /* 203.0.113.1 */
		0xc6336401,			      /* 198.51.100.1 */
		0x01000001, 0x08080808, 0x64400001, 0x0a000001, 0xac100001, 0xc0a80001 };
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(addrs) && r >= 0; i++)
		r = try_flow(search, ip4(addrs[i]));
	return r;
}

static int try_rules(struct search *search)
{
	struct prefix4 last = { 0 };
	size_t tried = 0;
	int r = 0;

	array_each (&search->partition->rules, const struct partition_rule, rule) {
		struct prefix4 from = rule->entry->rule.from;

		if (!from.len ||
			(from.len == last.len && from.addr.host == last.addr.host) ||
			(from.len == 32 &&
				state_is_local_addr(search->overlay->state, from.addr)))
			continue;
		last = from;
		if (tried++ == TRIED_RULES) {
			search->dst_groups->more_forwarded = true;
			break;
		}
		r = try_prefix(search, from);
		if (r < 0)
			return r;
	}
	return 0;
}

static int want_devices(struct search *search)
{
	bool by_vrf = search->partition->l3mdev;

	array_each (&search->partition->rules, const struct partition_rule, rule) {
		int iif = rule->entry->iif;
		bool known = iif <= IFINDEX_LO || iif == search->iface->link.ifindex;

		by_vrf |= rule_match_by_vrf(search->overlay, rule->entry);
		for (size_t i = 0; i < search->targets.count && !known; i++)
			known = search->targets.items[i] == iif;
		if (known)
			continue;
		if (search->targets.count == TRIED_RULES) {
			search->dst_groups->more_forwarded = true;
			break;
		}
		if (array_push(&search->targets, &iif) < 0)
			return -ENOMEM;
	}
	search->target_vrf = by_vrf && !state_l3mdev(search->overlay->state,
					       search->iface->link.ifindex);
	return 0;
}

/* What is on the wire of a device. */
static int try_wire(struct search *search, const struct iface *out)
{
	int r = 0;

	for (size_t k = 0; out && k < out->addrs.count && r == 0; k++) {
		const struct addr_record *addr = &out->addrs.items[k];

		r = addr->len == 32 ? try_flow(search, addr->peer)
				    : try_prefix(search, prefix4(addr->peer, addr->len));
	}
	return r;
}

/* Of the devices that are wanted. */
static int try_wires(struct search *search)
{
	int r = 0;

	for (size_t i = search->targets.count; i-- > 0 && r >= 0;)
		r = try_wire(search,
			state_iface(search->overlay->state, search->targets.items[i]));
	return r < 0 ? r : 0;
}

/* One route of main by a device that no address tells of: a pod's, behind its veth. */
static int try_route_behind(struct search *search, const struct iface *out)
{
	const struct fib *main = state_table(search->overlay->state, TABLE_MAIN);
	const struct fib_group *group =
		main ? fib_related(main, FIB_DEVICE, (uint32_t)out->link.ifindex) : NULL;
	int r = 0;

	if (!group)
		return 0;
	hash_each (&group->lists, slot) {
		const struct fib_list *list = slot->value;

		if (r == 0 && list->refs && list->last.len &&
			list->infos[0]->type == ROUTE_UNICAST)
			r = try_prefix(search, list->last);
	}
	return r;
}

/* What lies behind the other devices, whether rules name them or not: containers, pods, a LAN. */
static int try_behind(struct search *search)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count, tried = 0;
	int r = state_ifaces(search->overlay->state, &ifaces, &count);

	for (size_t i = 0; r >= 0 && i < count && tried < TRIED_DEVICES; i++) {
		const struct iface *out = ifaces[i];

		if (out == search->iface || !iface_is_up(out) || iface_is_loopback(out))
			continue;
		tried++;
		r = try_wire(search, out);
		if (r == 0)
			r = try_route_behind(search, out);
	}
	return r < 0 ? r : 0;
}

static bool is_candidate(const struct nexthop *nexthop, void *data)
{
	const struct search *search = data;

	for (size_t i = 0; i < search->candidates.count; i++) {
		if (search->candidates.items[i] == nexthop->oif)
			return true;
	}
	return search->candidate_vrf &&
	       state_l3mdev(search->overlay->state, nexthop->oif);
}

/* Whether a table has any route at all into a VRF. */
static bool leads_into_vrf(const struct search *search, const struct fib *fib)
{
	hash_each (&search->overlay->state->ifaces, slot) {
		int ifindex = ((const struct iface *)slot->value)->link.ifindex;

		if (state_l3mdev(search->overlay->state, ifindex) &&
			fib_related(fib, FIB_DEVICE, (uint32_t)ifindex))
			return true;
	}
	return false;
}

/* A nexthop object that leads out of a device, by itself or by a member. */
static bool nexthop_leads_to(
	const struct search *search, const struct nexthop_obj *nexthop_obj, int ifindex)
{
	bool leads = !nexthop_obj->member_count && nexthop_obj->nexthop.oif == ifindex;

	for (size_t i = 0; i < nexthop_obj->member_count && !leads; i++) {
		const struct nexthop_obj *member = state_nexthop_obj(
			search->overlay->state, nexthop_obj->members[i].id);

		leads = member && member->nexthop.oif == ifindex;
	}
	return leads;
}

/* Whether a table has any route at all by a device. */
static bool leads_to(const struct search *search, const struct fib *fib, int ifindex)
{
	if (fib_related(fib, FIB_DEVICE, (uint32_t)ifindex))
		return true;
	/* a route by a nexthop object names no device */
	hash_each (&search->overlay->state->nexthop_objs, slot) {
		if (fib_related(fib, FIB_NEXTHOP, (uint32_t)slot->key) &&
			nexthop_leads_to(search, slot->value, ifindex))
			return true;
	}
	return false;
}

/* Few devices that are wanted have routes in a table; then no walk is needed to find none. */
static int choose_candidates(struct search *search, const struct fib *fib)
{
	array_clear(&search->candidates);
	search->candidate_vrf = false;
	array_each (&search->targets, const int, ifindex) {
		if (leads_to(search, fib, *ifindex) &&
			array_push(&search->candidates, ifindex) < 0)
			return -ENOMEM;
	}
	return search->candidates.count > 0;
}

/* Routes behind a candidate device, the shortest prefixes first. */
static int try_routes(struct search *search, const struct fib *fib, uint32_t reference)
{
	const struct fib_list *list = NULL;
	struct trie_at at;
	int r = 0;

	if (reference == TRIE_NONE ||
		(!search->candidates.count && !search->candidate_vrf && search->any))
		return 0;
	if (search->nodes++ == TRIED_NODES)
		search->dst_groups->more_forwarded = true;
	if (search->nodes > TRIED_NODES)
		return 0;
	at = trie_at(&fib->trie, reference);
	if (at.value)
		list = fib_list(fib, at.value);
	for (uint32_t i = 0; list && i < list->count && r >= 0; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->type == ROUTE_UNICAST &&
			(!search->any || state_any_nexthop(search->overlay->state, info,
						 is_candidate, search)))
			r = try_prefix(search, at.prefix);
	}
	for (size_t bit = 0; bit < 2 && r >= 0; bit++)
		r = try_routes(search, fib, at.child[bit]);
	return r < 0 ? r : 0;
}

static int try_main(struct search *search)
{
	const struct state *state = search->overlay->state;
	const struct fib *main = state_table(state, TABLE_MAIN);
	int r = main ? choose_candidates(search, main) : 0;

	if (r < 0 || !main)
		return r;
	search->candidate_vrf =
		search->target_vrf &&
		(state->nexthop_objs.count || leads_into_vrf(search, main));
	return try_routes(search, main, main->trie.root);
}

/*
 * The table that a rule leads what comes in by the interface to: packets as most are, or with
 * `special` only those of some source, mark, tos or port. NULL: none, or main, or local.
 */
static const struct fib *table_of(const struct search *search,
	const struct state_rule *entry, const struct lookup_flow *key, bool special)
{
	const struct rule *rule = &entry->rule;
	bool met = rule_matches(search->overlay, entry, key);
	uint32_t table;

	/* what bears a mark is in no class */
	if (rule->action != RULE_TABLE || rule_match_never(entry) ||
		(rule->mark & rule->mask && !rule->invert) ||
		(entry->iif && entry->iif != key->iif && entry->iif != key->l3mdev &&
			!rule->invert))
		return NULL;
	if (rule->invert)
		met = !met || rule->to.len;
	if (met == special || lookup_rule_acts(search->overlay, rule, key, &table))
		return NULL;
	return table == TABLE_MAIN || table == TABLE_LOCAL
		       ? NULL
		       : state_table(search->overlay->state, table);
}

/* The ends of a rule's `to`, and then the routes of its table by a candidate device. */
static int try_rule(struct search *search, const struct rule *rule, const struct fib *fib,
	struct hash *walked)
{
	int r = choose_candidates(search, fib);

	if (r > 0 && rule->to.len && !rule->invert) {
		if (search->tried_to++ == TRIED_RULES)
			search->dst_groups->more_forwarded = true;
		if (search->tried_to <= TRIED_RULES)
			r = try_prefix(search, rule->to);
	}
	if (r < 0 || !search->candidates.count || hash_get(walked, fib->table))
		return r;
	r = hash_put(walked, fib->table, search);
	return r < 0 ? r : try_routes(search, fib, fib->trie.root);
}

/* What rules lead to other tables than main. */
static int try_tables(struct search *search)
{
	const struct flow plain = { .iif = search->iface->link.ifindex,
		.proto = FLOW_UDP };
	const struct lookup_flow key =
		rpf_forward_flow(search->overlay, search->iface, &plain);
	struct hash walked = { 0 };
	int r = 0;

	array_each (&search->overlay->state->rules, const struct state_rule, entry) {
		const struct fib *fib = NULL;

		if (search->targets.count && r >= 0)
			fib = table_of(search, entry, &key, false);
		if (fib)
			r = try_rule(search, &entry->rule, fib, &walked);
	}
	hash_done(&walked);
	/* what no packet as most are is led to, others may be */
	array_each (&search->overlay->state->rules, const struct state_rule, entry) {
		const struct fib *fib = NULL;

		if (search->targets.count && r >= 0 &&
			!search->dst_groups->more_forwarded)
			fib = table_of(search, entry, &key, true);
		if (fib)
			r = choose_candidates(search, fib);
		search->dst_groups->more_forwarded |= fib && r > 0;
	}
	return r;
}

int forwarded_add(const struct overlay *overlay, const struct iface *iface,
	const struct rule_partition *partition, struct dst_groups *dst_groups)
{
	struct search search = { overlay, iface, partition, .dst_groups = dst_groups };
	int r = probe_well_known(&search);

	if (r >= 0)
		r = try_behind(&search);
	if (r >= 0)
		r = try_rules(&search);
	if (r >= 0)
		r = want_devices(&search);
	if (r >= 0)
		r = try_wires(&search);
	if (r >= 0)
		r = try_main(&search);
	if (r >= 0)
		r = try_tables(&search);
	array_done(&search.targets);
	array_done(&search.candidates);
	return r < 0 ? r : 0;
}
