/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/lookup.h"

#include "rpf/lookup_rules.h"
#include "rpf/rule_match.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Rules, then tables, then the aliases of a prefix. What a single look-up and a look-up of a
 * range (lookup_range.c) have in common stands first; they differ only in how they go through
 * the trie.
 *
 * Kernel: fib_lookup() (include/net/ip_fib.h), fib_rules_lookup() (net/core/fib_rules.c),
 * fib4_rule_match() (net/ipv4/fib_rules.c), fib_table_lookup() (net/ipv4/fib_trie.c).
 */

#define TOS_MASK 0x1c /* what a route's or a rule's tos is compared in (RT_TOS, DSCP) */

/* --- legs ------------------------------------------------------------------------------------ */

bool info_any_leg(const struct view *view, const struct fib_info *info,
	bool (*each)(const struct leg *leg, void *data), void *data)
{
	const struct nexthop *nexthop;

	for (uint32_t i = 0; i < info->leg_count; i++) {
		if (each(&info->legs[i], data))
			return true;
	}
	if (!info->nhid)
		return false;
	nexthop = state_nexthop(view->state, info->nhid);
	if (!nexthop)
		return false;
	if (!nexthop->member_count)
		return !nexthop->blackhole && each(&nexthop->leg, data);
	for (size_t i = 0; i < nexthop->member_count; i++) {
		const struct nexthop *member =
			state_nexthop(view->state, nexthop->members[i].id);

		if (member && !member->blackhole && each(&member->leg, data))
			return true;
	}
	return false;
}

bool leg_is_usable(
	const struct view *view, const struct fib_info *info, const struct leg *leg)
{
	const struct iface *iface = state_iface(view->state, leg->oif);

	/* own addresses answer on any link, also while theirs is down (fib_sync_down_dev()) */
	if (info->scope == SCOPE_HOST && !info->nhid)
		return true;
	if (!iface || !leg_is_alive(leg, iface))
		return false;
	return iface_has_carrier(iface) || !view_ignores_linkdown(view, iface);
}

struct usable {
	const struct view *view;
	const struct fib_info *info;
};

static bool is_usable(const struct leg *leg, void *data)
{
	const struct usable *usable = data;

	return leg_is_usable(usable->view, usable->info, leg);
}

static bool info_is_blackhole(const struct view *view, const struct fib_info *info)
{
	const struct nexthop *nexthop =
		info->nhid ? state_nexthop(view->state, info->nhid) : NULL;

	return nexthop && nexthop->blackhole;
}

int l3mdev_of(const struct view *view, int ifindex)
{
	const struct iface *iface = state_iface(view->state, ifindex);
	const struct iface *vrf = iface ? state_vrf(view->state, iface) : NULL;

	return vrf ? vrf->link.ifindex : 0;
}

/* --- aliases ---------------------------------------------------------------------------------- */

/* fib_props[].error: what a route of this type ends a look-up with; 0 for the usable ones. */
static int type_error(uint8_t type)
{
	switch ((enum route_type)type) {
	case ROUTE_BLACKHOLE:
		return EINVAL;
	case ROUTE_UNREACHABLE:
		return EHOSTUNREACH;
	case ROUTE_PROHIBIT:
		return EACCES;
	case ROUTE_THROW:
		return EAGAIN;
	case ROUTE_UNSPEC:
	case ROUTE_UNICAST:
	case ROUTE_LOCAL:
	case ROUTE_BROADCAST:
	case ROUTE_ANYCAST:
	case ROUTE_MULTICAST:
	case ROUTE_TYPES:
		return 0;
	}
	return 0;
}

bool lookup_pick(const struct view *view, const struct fib_list *list,
	const struct lookup_flow *flow, struct lookup_result *ret)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];
		struct usable usable = { view, info };

		if (info->tos && info->tos != (flow->tos & TOS_MASK))
			continue;
		ret->info = info;
		ret->blind |= info->blind;
		ret->error = type_error(info->type);
		if (!ret->error && info_is_blackhole(view, info))
			ret->error = EINVAL;
		if (ret->error)
			return true;
		if (info_any_leg(view, info, is_usable, &usable))
			return true;
		/* a nexthop object without a usable leg gives up the whole prefix */
		if (info->nhid)
			break;
	}
	ret->info = NULL;
	ret->error = EAGAIN;
	return false;
}

/* --- rules ------------------------------------------------------------------------------------ */

int lookup_rule_acts(const struct view *view, const struct rule *rule,
	const struct lookup_flow *flow, uint32_t *ret_table)
{
	const struct iface *vrf;

	switch (rule->action) {
	case RULE_TABLE:
		vrf = rule->l3mdev ? state_iface(view->state, flow->l3mdev) : NULL;
		*ret_table = vrf ? vrf->link.vrf_table : rule->table;
		if (!*ret_table) /* `not … l3mdev`: fib_get_table() takes 0 for main */
			*ret_table = TABLE_MAIN;
		return 0;
	case RULE_UNREACHABLE:
		return ENETUNREACH;
	case RULE_PROHIBIT:
		return EACCES;
	default:
		return EINVAL;
	}
}

size_t lookup_goto(const struct state *state, size_t at)
{
	uint32_t target = state->rules.items[at].rule.target;

	for (size_t i = at + 1; i < state->rules.count; i++) {
		if (state->rules.items[i].rule.priority == target)
			return i;
	}
	return at + 1;
}

/* The group of the device of the first leg (fib4_rule_suppress()). */
static bool first_leg(const struct leg *leg, void *data)
{
	*(const struct leg **)data = leg;
	return true;
}

static bool suppressed(const struct view *view, const struct rule *rule,
	const struct lookup_result *result)
{
	const struct leg *leg = NULL;
	const struct iface *iface;

	if (result->prefix.len <= rule->suppress_len)
		return true;
	if (rule->suppress_group == -1)
		return false;
	if (!info_any_leg(view, result->info, first_leg, &leg))
		return false;
	iface = state_iface(view->state, leg->oif);
	return iface && iface->link.group == (uint32_t)rule->suppress_group;
}

bool lookup_is_final(const struct view *view, const struct rule *rule,
	const struct lookup_result *result)
{
	if (result->error == EAGAIN)
		return false;
	return result->error || !rule || !suppressed(view, rule, result);
}

bool lookup_may_be_either(const struct view *view, const struct lookup_result *result)
{
	const struct fib *fib = state_table(view->state, TABLE_DEFAULT);

	return result->error && result->error != EAGAIN && result->info &&
	       result->info->table != TABLE_DEFAULT && fib && fib->routes;
}

bool lookup_is_either(const struct lookup_result *in_default)
{
	return in_default->error != EAGAIN || in_default->blind;
}

const uint32_t lookup_merged_tables[LOOKUP_MERGED_TABLES] = { TABLE_MAIN, TABLE_DEFAULT };

/* --- one flow ----------------------------------------------------------------------------------- */

/* The longest of the prefixes whose routes can be used; false where there is none. */
static bool pick_longest(const struct view *view, const struct fib *fib,
	const struct trie_match *matches, size_t count, const struct lookup_flow *flow,
	struct lookup_result *result)
{
	while (count--) {
		if (lookup_pick(
			    view, fib_list(fib, matches[count].value), flow, result)) {
			result->prefix = prefix4(flow->dst, matches[count].len);
			return true;
		}
	}
	return false;
}

static void table_lookup(const struct view *view, uint32_t table,
	const struct lookup_flow *flow, struct lookup_result *result)
{
	const struct fib *fib = state_table(view->state, table);
	struct trie_match matches[33];
	bool all = true;
	size_t count = fib ? trie_nearest(&fib->trie, flow->dst, matches, &all) : 0;

	result->error = EAGAIN;
	result->info = NULL;
	if (pick_longest(view, fib, matches, count, flow, result) || all || !count)
		return;
	/* what is around can't be used: what is around that, then */
	count = trie_match(&fib->trie, flow->dst, matches);
	(void)pick_longest(view, fib, matches, count, flow, result);
}

bool lookup_either(const struct view *view, const struct lookup_flow *flow)
{
	struct lookup_result result = { 0 };

	table_lookup(view, TABLE_DEFAULT, flow, &result);
	return lookup_is_either(&result);
}

static void trace_table(struct trace *trace, int number, const char *who, uint32_t table,
	const struct lookup_result *result, bool final)
{
	char prefix[PREFIX4_TEXT];

	if (!trace)
		return;
	/* where local and main are one trie, the route says whose it is */
	if (result->info)
		table = result->info->table;
	if (!result->info)
		trace_add(trace, number, "%s: table %u has no route: go on", who, table);
	else if (!final)
		trace_add(trace, number, "%s: table %u has %s, %s: go on", who, table,
			prefix4_format(result->prefix, prefix),
			result->error == EAGAIN ? "a throw route"
						: "which the rule suppresses");
	else
		trace_add(trace, number, "%s: table %u has %s", who, table,
			prefix4_format(result->prefix, prefix));
}

static struct lookup_result lookup_merged(const struct view *view,
	const struct lookup_flow *flow, struct trace *trace, int number)
{
	struct lookup_result result = { .error = ENETUNREACH };

	for (size_t i = 0; i < LOOKUP_MERGED_TABLES; i++) {
		table_lookup(view, lookup_merged_tables[i], flow, &result);
		trace_table(trace, number, "no rule was ever changed",
			lookup_merged_tables[i], &result, result.error != EAGAIN);
		result.blind |=
			lookup_may_be_either(view, &result) && lookup_either(view, flow);
		if (result.error != EAGAIN)
			return result;
	}
	result.error = ENETUNREACH;
	result.info = NULL;
	return result;
}

/* Handles one matching rule. Returns true when the look-up ended there. */
static bool rule_lookup(const struct view *view, const struct rule *rule,
	const struct lookup_flow *flow, struct trace *trace, int number,
	struct lookup_result *result)
{
	char words[24];
	uint32_t table;
	bool final;

	snprintf(words, sizeof(words), "rule %u", rule->priority);
	result->error = lookup_rule_acts(view, rule, flow, &table);
	if (result->error) {
		result->info = NULL;
		trace_add(trace, number, "%s: says %s", words, strerror(result->error));
		return true;
	}
	table_lookup(view, table, flow, result);
	final = lookup_is_final(view, rule, result);
	trace_table(trace, number, words, table, result, final);
	return final;
}

struct lookup_result lookup(const struct view *view, const struct lookup_flow *flow,
	struct trace *trace, int number)
{
	const struct state *state = view->state;
	struct lookup_result result = { 0 };
	size_t at = 0;

	if (!view_has_custom_rules(view))
		return lookup_merged(view, flow, trace, number);
	while (at < state->rules.count) {
		const struct state_rule *entry = &state->rules.items[at];
		const struct rule *rule = &entry->rule;
		bool match = selector_selects(view, entry, flow) &&
			     prefix4_has(rule->to, flow->dst);

		result.blind |= rule->blind;
		if (match == rule->invert || rule->action == RULE_NOP) {
			at++;
			continue;
		}
		if (rule->action == RULE_GOTO) {
			trace_add(trace, number, "rule %u: goto %u", rule->priority,
				rule->target);
			at = lookup_goto(state, at);
			continue;
		}
		result.rule = rule;
		if (rule_lookup(view, rule, flow, trace, number, &result))
			return result;
		at++;
	}
	result.error = ENETUNREACH;
	result.info = NULL;
	result.rule = NULL;
	trace_add(trace, number, "no rule is left");
	return result;
}
