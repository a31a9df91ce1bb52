/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/cure_source.h"

#include "change/change.h"
#include "fib/fib.h"
#include "finding/possible.h"
#include "finding/reply.h"
#include "net/ifname.h"
#include "state/state_fork.h"

#include <errno.h>
#include <stdio.h>

#define ADDRESSES 2 /* that get a rule */
#define FIRST_TABLE 100
#define BEFORE_MAIN 32765

struct source {
	const struct overlay *overlay;
	const struct iface *iface;
	const struct finding *finding;
	struct state *state; /* the fork on which it is made */
	struct remedy *remedy;
	struct prefixset sources; /* that may be sources, of the finding's prefixes */
	uint32_t table, priority;
	bool table_is_there;
	bool has_gateway;
	struct ip4 gateway;
	bool loosens; /* what is forwarded has to be let in besides */
};

/* --- what there is -------------------------------------------------------------------------- */

/* A default route by the interface and nothing else, among the routes of a table. One to a single
 * peer has no gateway. */
static bool find_default(const struct fib *fib, int ifindex, const struct nexthop **ret)
{
	struct trie_match matches[33];
	size_t count = fib ? trie_match(&fib->trie, ip4(0), matches) : 0;
	const struct fib_list *list;

	if (!count || matches[0].len)
		return false;
	list = fib_list(fib, matches[0].value);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->type != ROUTE_UNICAST || info->nexthop_count != 1 ||
			info->nexthops[0].oif != ifindex ||
			info->nexthops[0].gw_family == 6)
			continue;
		*ret = &info->nexthops[0];
		return true;
	}
	return false;
}

static bool rules_name_table(const struct state *state, uint32_t table)
{
	array_each (&state->rules, const struct state_rule, entry) {
		if (entry->rule.table == table)
			return true;
	}
	return false;
}

/* One that is there for it already, else one that nobody has, for a default route that main has.
 * Returns whether there is a default route. */
static bool choose_table(struct source *source)
{
	const struct state *state = source->overlay->state;
	const struct nexthop *nexthop;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (fib->table == TABLE_MAIN || fib->table == TABLE_LOCAL ||
			fib->table == TABLE_DEFAULT ||
			!find_default(fib, source->iface->link.ifindex, &nexthop) ||
			(source->table_is_there && source->table < fib->table))
			continue;
		source->table = fib->table;
		source->table_is_there = true;
	}
	if (source->table_is_there)
		return true;
	if (!find_default(state_table(state, TABLE_MAIN), source->iface->link.ifindex,
		    &nexthop))
		return false;
	source->has_gateway = nexthop->gw_family;
	source->gateway = nexthop->gw;
	source->table = FIRST_TABLE;
	while (state_table(state, source->table) ||
		rules_name_table(state, source->table))
		source->table++;
	return true;
}

/* The priority of the first rule by which an answer is looked up elsewhere. */
static int note_taker(const struct lookup_result *result, const struct fib_list *list,
	uint64_t count, void *data)
{
	struct source *source = data;

	(void)list;
	(void)count;
	if (result->rule && result->rule->priority < source->priority)
		source->priority = result->rule->priority;
	return 0;
}

/* The last two before that which no rule has: for main's longer routes, and the table. 1, 0 where
 * there is no room, or -ENOMEM. */
static int choose_priority(struct source *source)
{
	const struct state *state = source->overlay->state;
	int r = 0;

	source->priority = BEFORE_MAIN + 1;
	array_each (&source->finding->to.list, const struct ip4, addr) {
		const struct flow flow = { .dst = *addr, .proto = FLOW_UDP };
		const struct lookup_flow reply =
			reply_flow(source->overlay, source->iface, &flow, 0);

		if (r >= 0)
			r = lookup_shares(source->overlay, &reply, &source->sources,
				note_taker, source);
	}
	for (bool taken = true; r >= 0 && taken && source->priority > 1;) {
		source->priority--;
		taken = false;
		array_each (&state->rules, const struct state_rule, entry)
			taken |= entry->rule.priority == source->priority ||
				 (source->loosens &&
					 entry->rule.priority == source->priority - 1);
	}
	return r < 0 ? r : source->priority > 1;
}

/* --- making it ------------------------------------------------------------------------------ */

/* Makes a change as the kernel would: 1, 0 where it would not, or -ENOMEM. */
static int make_change(const struct source *source, const char *text)
{
	char why[CHANGE_WHY];
	struct change change;
	int r = change_parse(text, &change, why);

	if (r >= 0)
		r = change_apply(source->state, &change, why);
	return r == -ENOMEM ? r : r == 0;
}

static int make_route(const struct source *source, const char *prefix, const char *via)
{
	const char *name = source->iface->link.name;
	char text[REMEDY_COMMAND], run[REMEDY_COMMAND], undo[REMEDY_COMMAND],
		word[IFNAME_QUOTED];
	int r;

	ifname_quote(name, word);
	snprintf(text, sizeof(text), "route add %s %sdev %s table %u", prefix, via, name,
		source->table);
	snprintf(run, sizeof(run), "ip route add %s %sdev %s table %u", prefix, via, word,
		source->table);
	snprintf(undo, sizeof(undo), "ip route del %s %sdev %s table %u", prefix, via,
		word, source->table);
	r = make_change(source, text);
	if (r > 0)
		r = remedy_run(source->remedy, run, undo) < 0 ? -ENOMEM : 1;
	return r;
}

static int make_rule(const struct source *source, struct ip4 addr, const char *lookup,
	uint32_t priority)
{
	char text[96], run[REMEDY_COMMAND], undo[REMEDY_COMMAND], from[IP4_TEXT];
	int r;

	ip4_format(addr, from);
	snprintf(text, sizeof(text), "rule add from %s lookup %s pref %u", from, lookup,
		priority);
	snprintf(run, sizeof(run), "ip %s", text);
	snprintf(undo, sizeof(undo), "ip rule del from %s lookup %s pref %u", from,
		lookup, priority);
	r = make_change(source, text);
	if (r > 0)
		r = remedy_run(source->remedy, run, undo) < 0 ? -ENOMEM : 1;
	return r;
}

/* What the address sends. A router is asked by those behind it, too, whom main knows: they come
 * before the table. */
static int make_rules(const struct source *source, struct ip4 addr)
{
	char table[12];
	int r = 1;

	snprintf(table, sizeof(table), "%u", source->table);
	if (source->loosens)
		r = make_rule(source, addr, "main suppress_prefixlength 0",
			source->priority - 1);
	return r <= 0 ? r : make_rule(source, addr, table, source->priority);
}

/* The interface's networks, and all else by its gateway. */
static int make_table(const struct source *source)
{
	char prefix[PREFIX4_TEXT], gateway[IP4_TEXT], via[IP4_TEXT + 8] = "";
	int r = 1;

	array_each (&source->iface->addrs, const struct addr_record, addr) {
		if (r > 0 && addr->len < 32 && !addr->secondary && !source->loosens)
			r = make_route(source,
				prefix4_format(prefix4(addr->peer, addr->len), prefix),
				"");
	}
	if (source->has_gateway)
		snprintf(via, sizeof(via), "via %s ",
			ip4_format(source->gateway, gateway));
	return r <= 0 ? r : make_route(source, "default", via);
}

static int make_all(const struct source *source)
{
	int r = source->table_is_there ? 1 : make_table(source);

	array_each (&source->finding->to.list, const struct ip4, addr) {
		if (r > 0)
			r = make_rules(source, *addr);
	}
	if (r > 0 && source->loosens)
		r = remedy_set(source->remedy, source->iface->link.ifindex,
			    source->iface->link.name, "rp_filter",
			    source->finding->filter.own, source->finding->loosened) < 0
			    ? -ENOMEM
			    : 1;
	return r;
}

/* --- proving it ----------------------------------------------------------------------------- */

/* 1 where all answers leave by the interface. */
static int is_answered(const struct source *source, const struct overlay *tried)
{
	struct reply_loss lost = { 0 };
	int r = 0;

	array_each (&source->finding->to.list, const struct ip4, addr) {
		struct flow flow = source->finding->example;

		flow.dst = *addr;
		if (r >= 0)
			r = reply_lost(tried,
				state_iface(tried->state, source->iface->link.ifindex),
				&flow, 0, REPLY_IFACE, &source->sources, &lost);
	}
	return r < 0 ? r : !lost.count;
}

static int is_proven(const struct source *source, const struct plan_judge *judge)
{
	const struct finding *finding = source->finding;
	const int ifindex = source->iface->link.ifindex;
	const struct overlay_value value = { ifindex, finding->loosened };
	struct overlay tried = *source->overlay;
	int r, worse = 0;

	tried.state = source->state;
	if (source->loosens) {
		tried.values = &value;
		tried.value_count = 1;
	}
	r = plan_is_cured(&tried, state_iface(tried.state, ifindex), finding->id, judge);
	if (r > 0)
		r = is_answered(source, &tried);
	if (r <= 0)
		return r == -ENODATA ? 0 : r;
	r = worse = plan_is_worse(source->overlay, &tried, ifindex, judge);
	/* what the addresses are answered by no more */
	array_each (&finding->reverse.devices, const struct device_name, device) {
		const struct iface *other =
			state_iface_by_name(tried.state, device->name);

		if (r >= 0 && !worse && other)
			r = worse = plan_is_worse(
				source->overlay, &tried, other->link.ifindex, judge);
	}
	return r < 0 ? r : !worse;
}

/* Whether the packets are for addresses of the interface, and few. */
static bool is_for_its_addresses(const struct iface *iface, const struct finding *finding)
{
	size_t own = 0;

	array_each (&finding->to.list, const struct ip4, addr) {
		array_each (&iface->addrs, const struct addr_record, its)
			own += its->local.host == addr->host;
	}
	return own == finding->to.list.count && own > 0 && own <= ADDRESSES;
}

static int find_sources(struct source *source)
{
	struct prefixset named = { 0 };
	int r = 0;

	for (size_t i = 0; i < source->finding->source_count && r >= 0; i++)
		r = prefixset_add_prefix(&named, source->finding->sources[i]);
	prefixset_close(&named);
	if (r >= 0)
		r = possible_sources(source->overlay->state, &named, &source->sources);
	prefixset_done(&named);
	return r;
}

static void source_done(struct source *source)
{
	prefixset_done(&source->sources);
	state_free(source->state);
}

int cure_source(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, const struct finding *finding, struct remedy *ret)
{
	_cleanup_(source_done) struct source source = {
		.overlay = overlay, .iface = iface, .finding = finding, .remedy = ret
	};
	int r;

	if (!finding->replies_lost || finding->oif ||
		finding->expect < EXPECT_CONNECTED ||
		(finding->forwarded && finding->loosened < 0) ||
		state_vrf(overlay->state, iface) ||
		!is_for_its_addresses(iface, finding) || !choose_table(&source))
		return 0;
	source.loosens = finding->forwarded;
	r = find_sources(&source);
	if (r >= 0)
		r = choose_priority(&source);
	if (r <= 0)
		return r;
	source.state = state_fork(overlay->state);
	if (!source.state)
		return -ENOMEM;
	r = make_all(&source);
	if (r > 0)
		r = is_proven(&source, judge);
	if (r <= 0)
		return r;
	ret->kind = REMEDY_RULE;
	remedy_write(ret, "");
	if (source.loosens)
		remedy_forwarded_lost(ret, finding->replies_by);
	return 1;
}
