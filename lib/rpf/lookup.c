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

/* --- one flow ------------------------------------------------------------------------------- */

/* The longest of the prefixes whose routes can be used; false where there is none. */
static bool pick_longest(const struct overlay *overlay, const struct fib *fib,
	const struct trie_match *matches, size_t count, const struct lookup_flow *flow,
	struct lookup_result *result)
{
	while (count--) {
		if (lookup_pick(
			    overlay, fib_list(fib, matches[count].value), flow, result)) {
			result->prefix = prefix4(flow->dst, matches[count].len);
			return true;
		}
	}
	return false;
}

static void table_lookup(const struct overlay *overlay, uint32_t table,
	const struct lookup_flow *flow, struct lookup_result *result)
{
	const struct fib *fib = state_table(overlay->state, table);
	struct trie_match matches[33];
	bool all = true;
	size_t count = fib ? trie_nearest(&fib->trie, flow->dst, matches, &all) : 0;

	result->error = EAGAIN;
	result->info = NULL;
	if (pick_longest(overlay, fib, matches, count, flow, result) || all || !count)
		return;
	/* what is around can't be used: what is around that, then */
	count = trie_match(&fib->trie, flow->dst, matches);
	(void)pick_longest(overlay, fib, matches, count, flow, result);
}

/*
 * Whether an address has an answer in table default, so that it matters whether a kernel asks it
 * behind an error route of main: lookup_may_be_either() (lookup_rules.h).
 */
static bool has_default_answer(
	const struct overlay *overlay, const struct lookup_flow *flow)
{
	struct lookup_result result = { 0 };

	table_lookup(overlay, TABLE_DEFAULT, flow, &result);
	return lookup_is_either(&result);
}

static void trace_table(struct trace *trace, int number, const char *who, uint32_t table,
	const struct lookup_result *result, bool final)
{
	char prefix[PREFIX4_TEXT];

	if (!trace)
		return;
	/* where local and main are one trie, the route has its table */
	if (result->info)
		table = result->info->table;
	if (!result->info)
		trace_add(
			trace, number, "%s: table %u has no route: continue", who, table);
	else if (!final)
		trace_add(trace, number, "%s: table %u has %s, %s: continue", who, table,
			prefix4_format(result->prefix, prefix),
			result->error == EAGAIN ? "a throw route"
						: "suppressed by the rule");
	else
		trace_add(trace, number, "%s: table %u has %s", who, table,
			prefix4_format(result->prefix, prefix));
}

static struct lookup_result lookup_merged(const struct overlay *overlay,
	const struct lookup_flow *flow, struct trace *trace, int number)
{
	struct lookup_result result = { .error = ENETUNREACH };

	for (size_t i = 0; i < LOOKUP_MERGED_TABLES; i++) {
		table_lookup(overlay, lookup_merged_tables[i], flow, &result);
		trace_table(trace, number, "default rules", lookup_merged_tables[i],
			&result, result.error != EAGAIN);
		result.blind |= lookup_may_be_either(overlay, &result) &&
				has_default_answer(overlay, flow);
		if (result.error != EAGAIN)
			return result;
	}
	result.error = ENETUNREACH;
	result.info = NULL;
	return result;
}

/* Handles one matching rule. Returns true when the look-up ended there. */
static bool rule_lookup(const struct overlay *overlay, const struct rule *rule,
	const struct lookup_flow *flow, struct trace *trace, int number,
	struct lookup_result *result)
{
	char words[24];
	uint32_t table;
	bool final;

	snprintf(words, sizeof(words), "rule %u", rule->priority);
	result->error = lookup_rule_acts(overlay, rule, flow, &table);
	if (result->error) {
		result->info = NULL;
		trace_add(trace, number, "%s: error: %s", words, strerror(result->error));
		return true;
	}
	table_lookup(overlay, table, flow, result);
	final = lookup_is_final(overlay, rule, result);
	trace_table(trace, number, words, table, result, final);
	return final;
}

struct lookup_result lookup(const struct overlay *overlay, const struct lookup_flow *flow,
	struct trace *trace, int number)
{
	const struct state *state = overlay->state;
	struct lookup_result result = { 0 };
	size_t at = 0;

	if (!overlay_has_custom_rules(overlay))
		return lookup_merged(overlay, flow, trace, number);
	while (at < state->rules.count) {
		const struct state_rule *entry = &state->rules.items[at];
		const struct rule *rule = &entry->rule;
		bool match = rule_matches(overlay, entry, flow) &&
			     prefix4_has(rule->to, flow->dst);

		result.blind |= rule_match_is_blind(overlay, entry);
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
		if (rule_lookup(overlay, rule, flow, trace, number, &result))
			return result;
		at++;
	}
	result.error = ENETUNREACH;
	result.info = NULL;
	result.rule = NULL;
	trace_add(trace, number, "no further rule");
	return result;
}
