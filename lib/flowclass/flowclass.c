/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flowclass/flowclass.h"

#include "flowclass/forwarded.h"
#include "flowclass/rule_partition.h"
#include "flowclass/sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A tree of choices: the group of its destination, its mark, tos, protocol, ports. At each only
 * those values are tried that the remaining rules distinguish
 * (flowclass/rule_partition.h), so a rule `from VIP fwmark 1` parts the packets to VIP
 * and no others. What is left at the end is the class: ways that end with the same are
 * one, under the shortest of their names.
 *
 * Ways with few choices other than the first are gone first, so that where there is no room
 * for all, the packets that are least special have their class.
 */
#define ENDS_MOST (4 * FLOWCLASSES) /* at most so many ends */

#define NAME_ROOM FLOWCLASS_NAME

struct leaf { /* beside each class */
	uint64_t hash;
	bool dst_groups[DST_GROUPS_LOCAL + 1 + DST_GROUPS_FORWARDED];
};

struct walk {
	const struct overlay *overlay;
	const struct iface *iface;
	const struct rule_partition *partition;
	const struct dst_groups *dst_groups;
	struct flowclasses *ret;
	size_t begin; /* the first of ours in ret */
	ARRAY(struct leaf) leaves;
	struct partition_items left[MATCH_PARTS];
	struct lookup_flow flow; /* as far as it is known */
	size_t dst_group;
	char name[NAME_ROOM];
	unsigned int special; /* parts that are not as in most packets, a bit each */
	unsigned int spare;   /* how many more may be */
	size_t exits, ends;   /* in all, and with this many special parts */
	bool local_apart, forwarded_apart; /* there are several groups */
	unsigned int
		route_toses; /* a bit for each tos (its bits 0x1c) that routes are for */
};

static int split_part(struct walk *walk, enum match_part at,
	const struct partition_items *from, size_t length);

/* --- classes ---------------------------------------------------------------------------------- */

/* A packet whose reverse look-up is the one that was walked to. */
static struct flow packet_of(const struct walk *walk)
{
	const struct lookup_flow *key = &walk->flow;
	bool swapped = walk->partition->swapped;

	return (struct flow){
		.iif = walk->iface->link.ifindex,
		.mark = key->mark,
		.tos = key->tos,
		.proto = key->proto ? key->proto : FLOW_UDP,
		.sport = swapped ? key->dport : key->sport,
		.dport = swapped ? key->sport : key->dport,
	};
}

static bool same_packet(const struct walk *walk, const struct flow *known)
{
	struct flow packet = packet_of(walk);

	return known->mark == packet.mark && known->tos == packet.tos &&
	       (known->proto == packet.proto || !walk->flow.proto) &&
	       known->sport == packet.sport && known->dport == packet.dport;
}

/* Two ways out that the rules do not distinguish. What is not transit says more. */
static int join_outs(struct flowclass *class, const struct dst_group *dst_group)
{
	if (class->transit != dst_group->transit) {
		if (dst_group->transit)
			return 0;
		array_clear(&class->outs);
		class->transit = false;
		class->oif = dst_group->oif;
		class->dsts.list.items[0] = dst_group->dsts.list.items[0];
	}
	array_each (&dst_group->outs, const int, out) {
		if (array_push(&class->outs, out) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int join_class(struct walk *walk, size_t index, size_t length)
{
	const struct dst_group *dst_group =
		&walk->dst_groups->list.items[walk->dst_group];
	struct flowclass *class = &walk->ret->list.items[walk->begin + index];
	struct leaf *leaf = &walk->leaves.items[index];

	/* one has the name of the packet that stands for it */
	if (!same_packet(walk, &class->flow))
		return 0;
	if ((!dst_group->oif || class->oif) && length < strlen(class->name))
		memcpy(class->name, walk->name, length + 1);
	if (leaf->dst_groups[walk->dst_group])
		return 0;
	leaf->dst_groups[walk->dst_group] = true;
	class->forwarded |= dst_group->forwarded;
	if (dst_group->oif) /* an example, needed only where there is no address of the host's */
		return class->oif ? join_outs(class, dst_group) : 0;
	if (class->oif) {
		array_clear(&class->dsts.list);
		array_clear(&class->outs);
	}
	class->oif = 0;
	class->transit = false;
	array_each (&dst_group->dsts.list, const struct ip4, dst) {
		if (array_push(&class->dsts.list, dst) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Where its packets go, and by which devices. */
static int copy_ways(const struct dst_group *dst_group, struct flowclass *class)
{
	int r = 0;

	array_each (&dst_group->dsts.list, const struct ip4, dst) {
		if (r >= 0)
			r = array_push(&class->dsts.list, dst);
	}
	array_each (&dst_group->outs, const int, out) {
		if (r >= 0 && dst_group->oif)
			r = array_push(&class->outs, out);
	}
	return r;
}

static int begin_walk(struct walk *walk, uint64_t hash)
{
	const struct dst_group *dst_group =
		&walk->dst_groups->list.items[walk->dst_group];
	struct leaf leaf = { .hash = hash };
	struct flowclass class = {
		.flow = packet_of(walk),
		.oif = dst_group->oif,
		.forwarded = dst_group->forwarded,
		.transit = dst_group->oif && dst_group->transit,
	};

	if (walk->ret->list.count - walk->begin == FLOWCLASSES) {
		walk->ret->missed |= walk->special | 1u << MATCH_DST;
		return 0;
	}
	leaf.dst_groups[walk->dst_group] = true;
	memcpy(class.name, walk->name, sizeof(class.name));
	if (array_push(&walk->leaves, &leaf) < 0)
		return -ENOMEM;
	if (copy_ways(dst_group, &class) < 0 ||
		array_push(&walk->ret->list, &class) < 0) {
		array_done(&class.dsts.list);
		array_done(&class.outs);
		return -ENOMEM;
	}
	return 0;
}

static int end_walk(struct walk *walk, uint64_t hash, size_t length)
{
	size_t joined = walk->leaves.count;

	walk->exits++;
	walk->ends++;
	for (size_t i = 0; i < walk->leaves.count; i++) {
		const struct flowclass *class = &walk->ret->list.items[walk->begin + i];

		if (walk->leaves.items[i].hash != hash)
			continue;
		if (walk->leaves.items[i].dst_groups[walk->dst_group])
			return join_class(walk, i, length);
		/* to another group only the same packet may join: one packet stands for a class */
		if (joined == walk->leaves.count && same_packet(walk, &class->flow))
			joined = i;
	}
	return joined < walk->leaves.count ? join_class(walk, joined, length)
					   : begin_walk(walk, hash);
}

/* --- the tree --------------------------------------------------------------------------------- */

static size_t name_dst_group(struct walk *walk, const struct dst_group *dst_group)
{
	bool own = !dst_group->oif;
	bool apart = own ? walk->local_apart : walk->forwarded_apart;
	const struct iface *known =
		apart && !own ? state_iface(walk->overlay->state, dst_group->rule_ifindex)
			      : NULL;
	char prefix[PREFIX4_TEXT] = "";

	if (apart && dst_group->from.len)
		prefix4_format(dst_group->from, prefix);
	return (size_t)snprintf(walk->name, sizeof(walk->name), "%s%s%s%s%s",
		own ? "local" : "forwarded", prefix[0] ? ":" : "", prefix,
		known ? ">" : "", known ? known->link.name : "");
}

/* One value of a part: on with what is left of the rules. */
static int branch_on(struct walk *walk, enum match_part at,
	const struct partition_items *from, uint64_t *ret_hash)
{
	return rule_partition_pass(walk->partition, at, walk->overlay, &walk->flow, from,
		&walk->left[at], ret_hash);
}

static int part_dst_groups(struct walk *walk, const struct partition_items *from)
{
	const struct dst_groups *dst_groups = walk->dst_groups;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < dst_groups->list.count; i++) {
		const struct dst_group *dst_group = &dst_groups->list.items[i];
		uint64_t hash;

		walk->dst_group = i;
		walk->flow = dst_group_reverse_flow(walk->overlay, walk->iface,
			dst_group->dsts.list.items[0], dst_group->oif);
		r = branch_on(walk, MATCH_DST, from, &hash);
		if (r >= 0)
			r = split_part(walk, MATCH_MARK, &walk->left[MATCH_DST],
				name_dst_group(walk, dst_group));
	}
	return r;
}

/* A tos that some route is for parts packets as a rule's does, in whatever table. */
static uint64_t route_tos(const struct walk *walk)
{
	unsigned int bits = walk->flow.tos >> 2 & 7;

	return walk->route_toses >> bits & 1 ? bits : 0;
}

static int add_route_toses(const struct walk *walk, struct samples *samples)
{
	int r = 0;

	for (uint32_t bits = 1; r >= 0 && bits < 8; bits++) {
		if (walk->route_toses >> bits & 1)
			r = samples_add(samples, bits << 2);
	}
	return r;
}

/* The values of a part other than the destination, and the classes of each. */
static int part_values(struct walk *walk, enum match_part at,
	const struct partition_items *from, const struct samples *samples, size_t length)
{
	const struct lookup_flow before = walk->flow;
	uint64_t seen[SAMPLES];
	int r = 0;

	if (samples->cut)
		walk->ret->missed |= 1u << at;
	for (size_t i = 0; r >= 0 && i < samples->values.count; i++) {
		uint32_t value = samples->values.items[i];
		size_t longer = length;
		bool again = false;

		if (i && !walk->spare)
			break;
		walk->flow = before;
		sample_set(&walk->flow, at, value);
		r = branch_on(walk, at, from, &seen[i]);
		seen[i] += route_tos(walk);
		for (size_t k = 0; k < i && !again; k++)
			again = seen[k] == seen[i];
		if (r < 0 || again)
			continue;
		if (i) {
			longer += sample_name(walk->partition, at, from, value,
				walk->name + length, sizeof(walk->name) - length);
			walk->special |= 1u << at;
			walk->spare--;
		}
		r = split_part(walk, (enum match_part)(at + 1), &walk->left[at], longer);
		walk->name[length] = '\0';
		if (i) {
			walk->special &= ~(1u << at);
			walk->spare++;
		}
	}
	walk->flow = before;
	return r;
}

static int split_part(struct walk *walk, enum match_part at,
	const struct partition_items *from, size_t length)
{
	struct samples samples = { 0 };
	uint64_t hash;
	int r;

	if (at == MATCH_PARTS) {
		if (walk->spare) /* it was seen with fewer */
			return 0;
		if (walk->exits == ENDS_MOST) {
			walk->ret->missed |= walk->special;
			return 0;
		}
		/* once more, for the hash: what is left is what it is made of */
		r = rule_partition_pass(walk->partition, MATCH_DPORT, walk->overlay,
			&walk->flow, from, NULL, &hash);
		return r < 0 ? r : end_walk(walk, hash + route_tos(walk), length);
	}
	/* no class is made by a mark: parts_of() */
	r = at == MATCH_MARK
		    ? samples_add(&samples, walk->flow.mark)
		    : samples_of(walk->partition, at, from, &walk->flow, &samples);
	if (r >= 0 && at == MATCH_TOS)
		r = add_route_toses(walk, &samples);
	if (r >= 0)
		r = part_values(walk, at, from, &samples, length);
	samples_done(&samples);
	return r;
}

static void count_dst_groups(struct walk *walk)
{
	size_t own = 0, forwarded = 0;

	array_each (&walk->dst_groups->list, const struct dst_group, dst_group) {
		own += !dst_group->oif;
		forwarded += dst_group->forwarded;
	}
	walk->local_apart = own > 1;
	walk->forwarded_apart = forwarded > 1;
}

static unsigned int toses_of(const struct state *state)
{
	unsigned int ret = 0;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		for (unsigned int bits = 1; bits < 8; bits++)
			ret |= (unsigned int)(fib->lists.toses[bits] > 0) << bits;
	}
	return ret;
}

static int walk_all(struct walk *walk)
{
	int r = 0;

	count_dst_groups(walk);
	walk->route_toses = toses_of(walk->overlay->state);
	for (unsigned int special = 0; r >= 0 && special < MATCH_PARTS; special++) {
		walk->spare = special;
		walk->ends = 0;
		r = part_dst_groups(walk, &walk->partition->whole);
		if (!walk->ends) /* nor is there one that is more special */
			break;
	}
	return r;
}

/*
 * The parts by which rules can distinguish packets of an interface. A mark is none of them: those
 * that rules name are mostly on what goes out, and whether anything restores one on what comes in
 * can't be seen here. A declared flow has its mark all the same.
 */
static unsigned int parts_of(const struct state *state)
{
	unsigned int parts = 1u << MATCH_DST | 1u << MATCH_TOS;

	if (state->dissecting)
		parts |= 1u << MATCH_PROTO | 1u << MATCH_SPORT | 1u << MATCH_DPORT;
	return parts;
}

static int by_address(const void *a, const void *b)
{
	uint32_t left = ((const struct ip4 *)a)->host,
		 right = ((const struct ip4 *)b)->host;

	return (left > right) - (left < right);
}

static void finish_walk(struct walk *walk)
{
	struct flowclasses *ret = walk->ret;

	for (size_t i = walk->begin; i < ret->list.count; i++) {
		struct flowclass *class = &ret->list.items[i];

		qsort(class->dsts.list.items, class->dsts.list.count,
			sizeof(*class->dsts.list.items), by_address);
		class->flow.dst = class->dsts.list.items[0];
	}
	/* a single class is not named: its findings keep their id when a rule is added */
	if (ret->list.count - walk->begin == 1)
		snprintf(ret->list.items[walk->begin].name, FLOWCLASS_NAME, "local");
	ret->missed_dsts += walk->dst_groups->more;
	ret->missed_forwarded |= walk->dst_groups->more_forwarded;
	ret->by_routes |= walk->dst_groups->by_routes;
}

/* All of an interface's: the host's own first. As dst_groups_local(). */
static int all_dst_groups(const struct overlay *overlay, const struct iface *iface,
	const struct rule_partition *partition, struct dst_groups *ret)
{
	bool forwards = iface->link.conf.value[DEVCONF_FORWARDING] != 0, apart = false;
	int r = dst_groups_local(overlay, iface, partition, ret);

	if (r < 0 || !forwards || !ret->list.count)
		return r;
	array_each (&partition->rules, const struct partition_rule, rule)
		apart |= rule_match_is_set(MATCH_DST, rule->entry);
	ret->by_routes = apart;
	if (apart)
		return forwarded_add(overlay, iface, partition, ret);
	/* no rule distinguishes what is forwarded from what is not */
	ret->list.items[0].forwarded = true;
	return 0;
}

int flowclasses_of(
	const struct state *state, const struct iface *iface, struct flowclasses *ret)
{
	const struct overlay overlay = { .state = state };
	const struct lookup_flow plain =
		dst_group_reverse_flow(&overlay, iface, ip4(0), 0);
	struct rule_partition partition = { 0 };
	struct dst_groups dst_groups = { 0 };
	struct walk walk = {
		.overlay = &overlay,
		.iface = iface,
		.partition = &partition,
		.dst_groups = &dst_groups,
		.ret = ret,
		.begin = ret->list.count,
	};
	int r = rule_partition_of(&overlay, parts_of(state), &plain, &partition);

	if (r >= 0)
		r = all_dst_groups(&overlay, iface, &partition, &dst_groups);
	if (r >= 0 && dst_groups.list.count)
		r = walk_all(&walk);
	if (r >= 0 && dst_groups.list.count)
		finish_walk(&walk);
	for (size_t i = 0; i < MATCH_PARTS; i++)
		array_done(&walk.left[i].list);
	array_done(&walk.leaves);
	dst_groups_done(&dst_groups);
	rule_partition_done(&partition);
	return r < 0 ? r : 0;
}

/* --- declared --------------------------------------------------------------------------------- */

/* Where a declared flow goes that is for nobody here. */
static int send_on(
	const struct state *state, const struct iface *iface, struct flowclass *class)
{
	const struct overlay overlay = { .state = state };
	const struct lookup_flow plain =
		rpf_class_of(&overlay, iface, &class->flow, ip4(0), 0).reverse;
	struct flow flow = class->flow;
	struct rule_partition partition = { 0 };
	enum disposition disposition = DISPOSITION_NOWHERE;
	bool is_default = false;
	int r = rule_partition_of(&overlay, parts_of(state), &plain, &partition);

	flow.src = ip4(prefix4_first(class->from) + (class->from.len < 31));
	if (r >= 0)
		r = disposition_of(&overlay, iface, &flow, &partition, &disposition,
			&class->oif, &is_default);
	class->forwarded = disposition == DISPOSITION_FORWARDED;
	if (r >= 0 && class->oif)
		r = array_push(&class->outs, &class->oif);
	if (disposition == DISPOSITION_AMBIGUOUS)
		class->undeliverable = RPF_MULTIPATH;
	if (disposition == DISPOSITION_NOWHERE) {
		struct rpf rpf = rpf_judge(&overlay, &flow, NULL);

		class->broadcast = rpf.verdict != RPF_UNJUDGED;
		class->undeliverable = class->broadcast ? 0 : (int)rpf.reason;
	}
	rule_partition_done(&partition);
	return r < 0 ? r : 0;
}

static void name_declared(struct flowclass *class, const struct ip4 *to)
{
	const struct flow *flow = &class->flow;
	char source[PREFIX4_TEXT], dst[IP4_TEXT];
	int length = snprintf(class->name, sizeof(class->name), "flow:%s>%s",
		prefix4_format(class->from, source), to ? ip4_format(*to, dst) : "local");

	if (flow->mark)
		length += snprintf(class->name + length,
			sizeof(class->name) - (size_t)length, ":mark=0x%x", flow->mark);
	if (flow->proto != FLOW_UDP || flow->sport || flow->dport || flow->tos)
		snprintf(class->name + length, sizeof(class->name) - (size_t)length,
			":%u:%u:%u:%u", flow->tos, flow->proto, flow->sport, flow->dport);
}

int flowclass_declare(const struct state *state, const struct iface *iface,
	struct prefix4 from, const struct ip4 *to, const struct flow *rest,
	struct flowclasses *ret)
{
	struct flowclass class = { .flow = *rest, .only_from = true, .from = from };
	int r;

	class.flow.iif = iface->link.ifindex;
	r = to ? array_push(&class.dsts.list, to)
	       : dst_group_addresses(state, iface, &class.dsts);
	if (r >= 0 && !class.dsts.list.count)
		r = -ENOENT;
	if (r >= 0) {
		class.flow.dst = class.dsts.list.items[0];
		name_declared(&class, to);
		ret->by_routes |= to && !state_is_local_addr(state, *to);
		if (to && !state_is_local_addr(state, *to))
			r = send_on(state, iface, &class);
	}
	if (r >= 0)
		r = array_push(&ret->list, &class);
	if (r < 0) {
		array_done(&class.dsts.list);
		array_done(&class.outs);
	}
	return r;
}

struct rpf_class flowclass_validation(const struct overlay *overlay,
	const struct iface *iface, const struct flowclass *class)
{
	/* of a broadcast or multicast the reverse look-up is from 0.0.0.0 (docs/kernel.md 2.2) */
	const struct ip4 dst = class->broadcast ? ip4(0) : class->flow.dst;

	return rpf_class_of(overlay, iface, &class->flow, dst, class->oif);
}

void flowclasses_done(struct flowclasses *classes)
{
	array_each (&classes->list, struct flowclass, class) {
		array_done(&class->dsts.list);
		array_done(&class->outs);
	}
	array_done(&classes->list);
}

/* --- what was left out ------------------------------------------------------------------------ */

const char *flowclasses_missed(
	const struct flowclasses *classes, char out[static FLOWCLASSES_TEXT])
{
	size_t length = 0;

	out[0] = '\0';
	if (classes->missed_dsts)
		length += (size_t)snprintf(out, FLOWCLASSES_TEXT,
			"destinations (%zu more)", classes->missed_dsts);
	for (int i = 0; i < MATCH_PARTS; i++) {
		if (!(classes->missed >> i & 1) ||
			(i == MATCH_DST && classes->missed_dsts))
			continue;
		length += (size_t)snprintf(out + length, FLOWCLASSES_TEXT - length,
			"%s%s", length ? ", " : "", rule_match_name((enum match_part)i));
	}
	if (classes->missed_forwarded)
		snprintf(out + length, FLOWCLASSES_TEXT - length, "%sforwarded packets",
			length ? ", " : "");
	return out;
}
