/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_gateway.h"

#include "rpf/lookup_rules.h"
#include "rpf/rule_match.h"

#include <errno.h>

/*
 * The look-ups of lib/rpf are reverse ones: they ask for no device and for any scope. This one goes
 * through the same rules and tables with both. What is asked comes from the host itself (iif lo),
 * has no mark, tos or source, and passes over no nexthop for want of a carrier
 * (FIB_LOOKUP_IGNORE_LINKSTATE).
 */
struct question {
	struct overlay overlay;
	struct lookup_flow flow;
	uint8_t scope;
	int oif;
};

struct hop_question {
	const struct question *question;
	const struct fib_info *info;
	int oif; /* of the nexthop that is taken */
};

static bool takes_hop(const struct nexthop *nexthop, void *data)
{
	struct hop_question *asked = data;
	const struct question *question = asked->question;
	const struct iface *iface = state_iface(question->overlay.state, nexthop->oif);

	if (question->oif && nexthop->oif != question->oif)
		return false;
	if ((asked->info->scope != SCOPE_HOST || asked->info->nhid) &&
		(!iface || !nexthop_is_alive(nexthop, iface)))
		return false;
	asked->oif = nexthop->oif;
	return true;
}

/* Whether a prefix's routes end the look-up; fib_table_lookup(). */
static bool list_ends(const struct question *question, const struct fib_list *list,
	struct lookup_result *result, int *ret_oif)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];
		struct hop_question asked = { question, info, 0 };

		if (info->tos || info->scope < question->scope)
			continue;
		result->info = info;
		result->blind |= info->blind;
		result->error = lookup_error(question->overlay.state, info);
		if (result->error)
			return true;
		if (state_any_nexthop(question->overlay.state, info, takes_hop, &asked)) {
			*ret_oif = asked.oif;
			return true;
		}
		if (info->nhid)
			break;
	}
	result->info = NULL;
	result->error = EAGAIN;
	return false;
}

static void table_lookup(const struct question *question, uint32_t table,
	struct lookup_result *result, int *ret_oif)
{
	const struct fib *fib = state_table(question->overlay.state, table);
	struct trie_match matches[33];
	size_t count = fib ? trie_match(&fib->trie, question->flow.dst, matches) : 0;

	result->error = EAGAIN;
	result->info = NULL;
	while (count--) {
		result->prefix = prefix4(question->flow.dst, matches[count].len);
		if (list_ends(question, fib_list(fib, matches[count].value), result,
			    ret_oif))
			return;
	}
}

/* fib4_rule_match(), in which an oif counts, too */
static bool rule_selects(const struct question *question, const struct state_rule *entry)
{
	struct state_rule plain = *entry;

	if (entry->oif && entry->oif != question->oif)
		return entry->rule.invert;
	plain.oif = 0;
	return (rule_matches(&question->overlay, &plain, &question->flow) &&
		       prefix4_has(entry->rule.to, question->flow.dst)) !=
	       entry->rule.invert;
}

/* fib_rules_lookup() */
static void rules_lookup(
	const struct question *question, struct lookup_result *result, int *ret_oif)
{
	const struct state *state = question->overlay.state;
	size_t at = 0;

	while (at < state->rules.count) {
		const struct state_rule *entry = &state->rules.items[at];
		uint32_t table;

		result->blind |= rule_match_is_blind(&question->overlay, entry);
		if (!rule_selects(question, entry) || entry->rule.action == RULE_NOP) {
			at++;
			continue;
		}
		if (entry->rule.action == RULE_GOTO) {
			at = lookup_goto(state, at);
			continue;
		}
		result->info = NULL;
		result->error = lookup_rule_acts(
			&question->overlay, &entry->rule, &question->flow, &table);
		if (result->error)
			return;
		table_lookup(question, table, result, ret_oif);
		if (lookup_is_final(&question->overlay, &entry->rule, result))
			return;
		at++;
	}
	result->error = ENETUNREACH;
	result->info = NULL;
}

/* fib_lookup() */
static void whole_lookup(
	const struct question *question, struct lookup_result *result, int *ret_oif)
{
	if (overlay_has_custom_rules(&question->overlay)) {
		rules_lookup(question, result, ret_oif);
		return;
	}
	for (size_t i = 0; i < LOOKUP_MERGED_TABLES; i++) {
		table_lookup(question, lookup_merged_tables[i], result, ret_oif);
		if (result->error != EAGAIN)
			return;
	}
	result->error = ENETUNREACH;
}

struct change_way change_gateway(const struct state *state, uint32_t table,
	struct ip4 gateway, uint8_t scope, int oif)
{
	const struct question question = { .overlay = { .state = state },
		.flow = { .dst = gateway,
			.iif = IFINDEX_LO,
			.l3mdev = oif ? state_l3mdev(state, oif) : 0 },
		.scope = (uint8_t)(scope + 1 < SCOPE_LINK ? SCOPE_LINK : scope + 1),
		.oif = oif };
	struct lookup_result result = { .error = EAGAIN };
	int found = 0;

	if (table != TABLE_MAIN && state_table(state, table))
		table_lookup(&question, table, &result, &found);
	if (result.error)
		whole_lookup(&question, &result, &found);
	return (struct change_way){ .error = -result.error,
		.blind = result.blind,
		.type = result.info ? result.info->type : ROUTE_UNSPEC,
		.oif = found };
}

enum route_type change_addr_type(
	const struct state *state, struct ip4 addr, uint32_t table)
{
	const struct question question = { .overlay = { .state = state },
		.flow = { .dst = addr, .iif = IFINDEX_LO } };
	struct lookup_result result = { 0 };
	int found = 0;

	if (prefix4_has(state_zeronet(state), addr) || ip4_is_lbcast(addr))
		return ROUTE_BROADCAST;
	if (ip4_is_multicast(addr))
		return ROUTE_MULTICAST;
	table_lookup(&question, table, &result, &found);
	if (result.error || !result.info)
		return ROUTE_UNICAST;
	return (enum route_type)result.info->type;
}

bool change_prefsrc_is_own(const struct state *state, const struct route_record *route)
{
	uint32_t table = route->table == TABLE_MAIN ? TABLE_LOCAL : route->table;

	if (route->type == ROUTE_LOCAL && route->dst.addr.host == route->prefsrc.host)
		return true;
	return change_addr_type(state, route->prefsrc, table) == ROUTE_LOCAL ||
	       change_addr_type(state, route->prefsrc, TABLE_LOCAL) == ROUTE_LOCAL;
}
