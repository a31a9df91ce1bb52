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
	uint32_t table, priority;
	bool table_is_there;
	struct ip4 gateway;
};

/* --- what there is -------------------------------------------------------------------------- */

/* The gateway of a default route by the interface and nothing else, among the routes of a table. */
static bool find_gateway(const struct fib *fib, int ifindex, struct ip4 *ret)
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
			info->nexthops[0].gw_family != 4)
			continue;
		*ret = info->nexthops[0].gw;
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

/* One that is there for it already, else one that nobody has. */
static void choose_table(struct source *source)
{
	const struct state *state = source->overlay->state;
	struct ip4 gateway;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (fib->table == TABLE_MAIN || fib->table == TABLE_LOCAL ||
			fib->table == TABLE_DEFAULT ||
			!find_gateway(fib, source->iface->link.ifindex, &gateway) ||
			(source->table_is_there && source->table < fib->table))
			continue;
		source->table = fib->table;
		source->table_is_there = true;
	}
	if (source->table_is_there)
		return;
	source->table = FIRST_TABLE;
	while (state_table(state, source->table) ||
		rules_name_table(state, source->table))
		source->table++;
}

static void choose_priority(struct source *source)
{
	bool taken = true;

	source->priority = BEFORE_MAIN + 1;
	while (taken && source->priority > 1) {
		source->priority--;
		taken = false;
		array_each (
			&source->overlay->state->rules, const struct state_rule, entry)
			taken |= entry->rule.priority == source->priority;
	}
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

static int make_rule(const struct source *source, struct ip4 addr)
{
	char text[64], run[REMEDY_COMMAND], undo[REMEDY_COMMAND], from[IP4_TEXT];
	int r;

	ip4_format(addr, from);
	snprintf(text, sizeof(text), "rule add from %s lookup %u pref %u", from,
		source->table, source->priority);
	snprintf(run, sizeof(run), "ip rule add from %s lookup %u pref %u", from,
		source->table, source->priority);
	snprintf(undo, sizeof(undo), "ip rule del from %s lookup %u pref %u", from,
		source->table, source->priority);
	r = make_change(source, text);
	if (r > 0)
		r = remedy_run(source->remedy, run, undo) < 0 ? -ENOMEM : 1;
	return r;
}

/* The interface's networks, and all else by its gateway. */
static int make_table(const struct source *source)
{
	char prefix[PREFIX4_TEXT], gateway[IP4_TEXT], via[IP4_TEXT + 8];
	int r = 1;

	array_each (&source->iface->addrs, const struct addr_record, addr) {
		if (r > 0 && addr->len < 32 && !addr->secondary)
			r = make_route(source,
				prefix4_format(prefix4(addr->peer, addr->len), prefix),
				"");
	}
	snprintf(via, sizeof(via), "via %s ", ip4_format(source->gateway, gateway));
	return r <= 0 ? r : make_route(source, "default", via);
}

static int make_all(const struct source *source)
{
	int r = source->table_is_there ? 1 : make_table(source);

	array_each (&source->finding->to.list, const struct ip4, addr) {
		if (r > 0)
			r = make_rule(source, *addr);
	}
	return r;
}

/* --- proving it ----------------------------------------------------------------------------- */

/* 1 where all answers leave by the interface. */
static int is_answered(const struct source *source, const struct overlay *tried)
{
	struct prefixset named = { 0 }, sources = { 0 };
	struct reply_loss lost = { 0 };
	int r = 0;

	for (size_t i = 0; i < source->finding->source_count && r >= 0; i++)
		r = prefixset_add_prefix(&named, source->finding->sources[i]);
	prefixset_close(&named);
	if (r >= 0)
		r = possible_sources(tried->state, &named, &sources);
	array_each (&source->finding->to.list, const struct ip4, addr) {
		struct flow flow = source->finding->example;

		flow.dst = *addr;
		if (r >= 0)
			r = reply_lost(tried,
				state_iface(tried->state, source->iface->link.ifindex),
				&flow, 0, REPLY_IFACE, &sources, &lost);
	}
	prefixset_done(&named);
	prefixset_done(&sources);
	return r < 0 ? r : !lost.count;
}

static int is_proven(const struct source *source, const struct plan_judge *judge)
{
	const struct finding *finding = source->finding;
	const int ifindex = source->iface->link.ifindex;
	struct overlay tried = *source->overlay;
	int r, worse = 0;

	tried.state = source->state;
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

int cure_source(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, const struct finding *finding, struct remedy *ret)
{
	_cleanup_(state_freep) struct state *state = NULL;
	struct source source = {
		.overlay = overlay, .iface = iface, .finding = finding, .remedy = ret
	};
	int r;

	if (!finding->replies_lost || finding->forwarded || finding->oif ||
		finding->expect < EXPECT_CONNECTED || state_vrf(overlay->state, iface) ||
		!is_for_its_addresses(iface, finding) ||
		!find_gateway(state_table(overlay->state, TABLE_MAIN),
			iface->link.ifindex, &source.gateway))
		return 0;
	choose_table(&source);
	choose_priority(&source);
	source.state = state = state_fork(overlay->state);
	if (!state)
		return -ENOMEM;
	r = make_all(&source);
	if (r > 0)
		r = is_proven(&source, judge);
	if (r <= 0)
		return r;
	ret->kind = REMEDY_RULE;
	remedy_write(ret, "");
	return 1;
}
