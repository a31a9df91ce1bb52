/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/cure_rule.h"

#include "fib/fib.h"
#include "finding/possible.h"
#include "finding/reply.h"
#include "state/state_apply.h"
#include "state/state_fork.h"

#include <errno.h>
#include <stdio.h>

#define RULES 4	  /* prefixes that a person would look through */
#define TAKERS 16 /* devices that they are taken to */

#define PROTO_BOOT 3 /* RTPROT_BOOT, which ip-rule(8) gives */

/* Which rules take the sources away, and to which devices: only there may more be dropped. */
struct takers {
	const struct overlay *overlay;
	int ifindex;	/* by which they should be reached */
	uint32_t first; /* the priority of the first of these rules; 0: there is none */
	int devices[TAKERS];
	size_t count;
	bool too_many;
};

static bool add_device(const struct nexthop *nexthop, void *data)
{
	struct takers *takers = data;

	for (size_t i = 0; i < takers->count; i++) {
		if (takers->devices[i] == nexthop->oif)
			return false;
	}
	if (takers->count == TAKERS)
		takers->too_many = true;
	else
		takers->devices[takers->count++] = nexthop->oif;
	return takers->too_many;
}

/* Whether some nexthop leads elsewhere. */
static bool leads_elsewhere(const struct nexthop *nexthop, void *data)
{
	return nexthop->oif != *(const int *)data;
}

static bool leads_by(const struct state *state, const struct fib_info *info, int ifindex)
{
	return info->type == ROUTE_UNICAST &&
	       !state_any_nexthop(state, info, leads_elsewhere, &ifindex);
}

static int note_taker(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct takers *takers = data;

	(void)first;
	(void)last;
	if (!result->rule || (result->info && leads_by(takers->overlay->state,
						      result->info, takers->ifindex)))
		return 0;
	if (!takers->first || result->rule->priority < takers->first)
		takers->first = result->rule->priority;
	if (result->info)
		(void)state_any_nexthop(
			takers->overlay->state, result->info, add_device, takers);
	return 0;
}

/* Both the packets' reverse look-up and that of their answers. Returns 0. */
static int find_takers(const struct overlay *overlay, const struct iface *iface,
	const struct finding *finding, const struct prefixset *sources,
	struct takers *takers)
{
	const struct flow *flow = &finding->example;
	const struct lookup_flow ways[] = {
		rpf_class_of(overlay, iface, flow, flow->dst, finding->oif).reverse,
		reply_flow(overlay, iface, flow, finding->oif),
	};
	int r = 0;

	for (size_t way = 0; way < ELEMENTS(ways); way++) {
		for (size_t i = 0; i < sources->ranges.count && r >= 0; i++)
			r = lookup_range(overlay, &ways[way],
				sources->ranges.items[i].first,
				sources->ranges.items[i].last, note_taker, takers);
	}
	return r;
}

/* Whether a table has a way to the address by the interface. */
static bool has_way(
	const struct state *state, const struct fib *fib, struct ip4 addr, int ifindex)
{
	struct trie_match matches[33];
	size_t count = trie_match(&fib->trie, addr, matches);

	return count && leads_by(state, fib_list(fib, matches[count - 1].value)->infos[0],
				ifindex);
}

/* The table that has them on the interface: main, or the first other one; 0: none. */
static uint32_t own_table(const struct state *state, struct ip4 addr, int ifindex)
{
	uint32_t table = 0;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (fib->table == TABLE_LOCAL || !has_way(state, fib, addr, ifindex))
			continue;
		if (fib->table == TABLE_MAIN)
			return TABLE_MAIN;
		if (!table || fib->table < table)
			table = fib->table;
	}
	return table;
}

/* The last priority before another one that no rule has, 0: none. */
static uint32_t free_before(const struct state *state, uint32_t priority)
{
	bool taken = true;

	while (taken && priority > 0) {
		priority--;
		taken = false;
		array_each (&state->rules, const struct state_rule, entry)
			taken |= entry->rule.priority == priority;
	}
	return priority;
}

/* --- the rules for a finding ---------------------------------------------------------------- */

struct rules {
	struct prefixset sources; /* that may be sources, of the finding's prefixes */
	struct takers takers;
	uint32_t table, priority;
};

static void rules_done(struct rules *rules)
{
	prefixset_done(&rules->sources);
}

/* 1 where there may be rules that help, 0, or -ENOMEM. */
static int rules_for(const struct overlay *overlay, const struct iface *iface,
	const struct finding *finding, struct rules *ret)
{
	struct prefixset named = { 0 };
	int r = 0;

	/* before the first rule no rule takes anything away; a VRF's table is chosen otherwise */
	if (!finding->replies_lost || finding->expect != EXPECT_CONNECTED ||
		finding->sources_more || finding->source_count > RULES ||
		!overlay_has_custom_rules(overlay) || state_vrf(overlay->state, iface))
		return 0;
	for (size_t i = 0; i < finding->source_count && r >= 0; i++)
		r = prefixset_add_prefix(&named, finding->sources[i]);
	prefixset_close(&named);
	if (r >=
		0) /* own and broadcast addresses are in the prefixes, and are no sources */
		r = possible_sources(overlay->state, &named, &ret->sources);
	prefixset_done(&named);
	if (r < 0 || !ret->sources.ranges.count)
		return r;
	ret->takers =
		(struct takers){ .overlay = overlay, .ifindex = iface->link.ifindex };
	r = find_takers(overlay, iface, finding, &ret->sources, &ret->takers);
	ret->table = own_table(overlay->state, ip4(ret->sources.ranges.items[0].first),
		iface->link.ifindex);
	ret->priority = free_before(overlay->state, ret->takers.first);
	return r < 0 ? r : !ret->takers.too_many && ret->table && ret->priority;
}

/* Adds them to a state, or takes them out. Returns 0 or -ENOMEM. */
static int change_rules(struct state *state, const struct finding *finding,
	const struct rules *rules, enum record_kind kind)
{
	int r = 0;

	for (size_t i = 0; i < finding->source_count && r >= 0; i++) {
		const struct record record = {
			.kind = kind,
			.rule = { .priority = rules->priority,
				.table = rules->table,
				.action = RULE_TABLE,
				.protocol = PROTO_BOOT,
				.to = finding->sources[i],
				.suppress_len = -1,
				.suppress_group = -1 },
		};

		r = state_apply(state, &record);
	}
	return r < 0 ? r : 0;
}

static int write_rules(
	const struct finding *finding, const struct rules *rules, struct remedy *remedy)
{
	char run[REMEDY_COMMAND], undo[REMEDY_COMMAND], text[PREFIX4_TEXT], name[12];
	int r = 0;

	table_name(rules->table, name);
	for (size_t i = 0; i < finding->source_count && r >= 0; i++) {
		prefix4_format(finding->sources[i], text);
		snprintf(run, sizeof(run), "ip rule add to %s lookup %s pref %u", text,
			name, rules->priority);
		snprintf(undo, sizeof(undo), "ip rule del to %s lookup %s pref %u", text,
			name, rules->priority);
		r = remedy_run(remedy, run, undo);
	}
	remedy->kind = REMEDY_RULE;
	remedy_write(remedy, "");
	return r;
}

/* --- proving them --------------------------------------------------------------------------- */

/* 1 where no device that they were taken to drops more than before. */
static int harms_no_taker(const struct overlay *overlay, const struct overlay *tried,
	const struct takers *takers, const struct plan_judge *judge)
{
	int r = 0, worse = 0;

	for (size_t i = 0; i < takers->count && r >= 0 && !worse; i++)
		r = worse = plan_is_worse(overlay, tried, takers->devices[i], judge);
	return r < 0 ? r : !worse;
}

/* 1 where packets pass and answers arrive. On the interface itself the rules make more pass only. */
static int is_right(const struct overlay *tried, const struct iface *iface,
	const struct plan_judge *judge, const struct finding *finding,
	const struct prefixset *sources)
{
	const struct iface *its = state_iface(tried->state, iface->link.ifindex);
	struct reply_loss lost = { 0 };
	int r = plan_is_cured(tried, its, finding->id, judge);

	if (r <= 0)
		return r == -ENODATA ? 0 : r;
	r = reply_lost(
		tried, its, &finding->example, finding->oif, REPLY_WIRE, sources, &lost);
	return r < 0 ? r : !lost.count;
}

int cure_rule(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, const struct finding *finding,
	struct cure_rules *shared, struct remedy *ret)
{
	_cleanup_(rules_done) struct rules rules = { 0 };
	struct overlay tried = *overlay;
	int r = rules_for(overlay, iface, finding, &rules), undone;

	if (r <= 0)
		return r;
	if (!shared->fork)
		shared->fork = state_fork(overlay->state);
	if (!shared->fork)
		return -ENOMEM;
	tried.state = shared->fork;
	r = change_rules(shared->fork, finding, &rules, RECORD_RULE);
	if (r >= 0)
		r = is_right(&tried, iface, judge, finding, &rules.sources);
	if (r > 0 && !shared->harmless)
		r = harms_no_taker(overlay, &tried, &rules.takers, judge);
	undone = change_rules(shared->fork, finding, &rules, RECORD_RULE_GONE);
	if (r <= 0 || undone < 0)
		return undone < 0 ? undone : r;
	r = write_rules(finding, &rules, ret);
	return r < 0 ? r : 1;
}

static void add_takers(struct takers *all, const struct takers *more)
{
	for (size_t i = 0; i < more->count; i++) {
		const struct nexthop nexthop = { .oif = more->devices[i] };

		(void)add_device(&nexthop, all);
	}
}

/*
 * What a rule changes is about its own sources alone. So where all of them together harm no device,
 * none does: that is asked once, and not for each finding.
 */
int cure_rules_prepare(const struct overlay *overlay, const struct plan_judge *judge,
	const struct report *report, struct cure_rules *ret)
{
	struct overlay tried = *overlay;
	struct takers all = { .overlay = overlay };
	_cleanup_(state_freep) struct state *fork = NULL;
	size_t count = 0;
	int r = 0;

	array_each (&report->findings, struct finding *const, finding) {
		_cleanup_(rules_done) struct rules rules = { 0 };
		const struct iface *iface =
			state_iface(overlay->state, (*finding)->ifindex);

		r = iface ? rules_for(overlay, iface, *finding, &rules) : 0;
		if (r > 0 && !fork)
			fork = state_fork(overlay->state);
		if (r > 0)
			r = fork ? change_rules(fork, *finding, &rules, RECORD_RULE)
				 : -ENOMEM;
		if (r < 0)
			return r;
		count += r > 0;
		add_takers(&all, &rules.takers);
	}
	if (count < 2 || all.too_many)
		return 0;
	tried.state = fork;
	r = harms_no_taker(overlay, &tried, &all, judge);
	ret->harmless = r > 0;
	return r < 0 ? r : 0;
}

void cure_rules_done(struct cure_rules *rules)
{
	state_free(rules->fork);
}
