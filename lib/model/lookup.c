/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Rules, then tables, then the aliases of a prefix. What a single look-up and a look-up of a
 * range have in common stands first; they differ only in how they go through the trie.
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

/*
 * Which of a prefix's aliases the flow takes: sets *ret and returns true, or returns false
 * where none can be used and the look-up goes on with a shorter prefix.
 */
static bool pick(const struct view *view, const struct fib *fib, uint32_t value,
	const struct lookup_flow *flow, struct lookup_result *ret)
{
	uint32_t single;
	size_t count;
	const uint32_t *list = fib_aliases(fib, value, &single, &count);

	for (size_t i = 0; i < count; i++) {
		const struct fib_info *info = fib_info(fib, list[i]);
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

static bool port_in(const struct port_range *range, uint16_t port)
{
	if (!range->set)
		return true;
	if (range->mask != UINT16_MAX)
		return ((range->first ^ port) & range->mask) == 0;
	return port >= range->first && port <= range->last;
}

static bool dscp_selects(const struct rule *rule, uint8_t tos)
{
	if (rule->has_dscp)
		return ((rule->dscp ^ (tos >> 2)) & rule->dscp_mask) == 0;
	return !rule->tos || rule->tos == (tos & TOS_MASK);
}

/* A VRF named as iif: before 6.15 compared as any device, since then with the flow's VRF. */
static bool iif_selects(const struct view *view, const struct state_rule *entry,
	const struct lookup_flow *flow)
{
	const struct iface *named;

	if (!entry->iif || entry->iif == flow->iif)
		return true;
	if (!flow->l3mdev || entry->iif != flow->l3mdev)
		return false;
	named = state_iface(view->state, entry->iif);
	return named && strcmp(named->link.kind, "vrf") == 0 &&
	       (!view->state->kernel || view->state->kernel >= (6u << 16 | 15u << 8));
}

/* fib_rule_match() without `to` and without the inversion. */
static bool selects(const struct view *view, const struct state_rule *entry,
	const struct lookup_flow *flow)
{
	const struct rule *rule = &entry->rule;

	if (!iif_selects(view, entry, flow))
		return false;
	if (entry->oif || rule->has_tun_id) /* the reverse flow has neither */
		return false;
	if ((rule->mark ^ flow->mark) & rule->mask)
		return false;
	if (rule->l3mdev && !flow->l3mdev)
		return false;
	if (rule->has_uid && rule->uid_first != 0) /* the look-up is root's */
		return false;
	return prefix4_has(rule->from, flow->src) && dscp_selects(rule, flow->tos) &&
	       (!rule->ipproto || rule->ipproto == flow->proto) &&
	       port_in(&rule->sport, flow->sport) && port_in(&rule->dport, flow->dport);
}

/* What a rule that matches does: 0 for a look-up in *ret_table, else the errno it ends with. */
static int rule_acts(const struct view *view, const struct rule *rule,
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

/* The place of the rule that a goto leads to; where it isn't there, the goto does nothing. */
static size_t goto_target(const struct state *state, size_t at)
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

/* Whether what a table said ends the look-up, or the next rule is asked. */
static bool is_final(const struct view *view, const struct rule *rule,
	const struct lookup_result *result)
{
	if (result->error == EAGAIN)
		return false;
	return result->error || !rule || !suppressed(view, rule, result);
}

/*
 * Behind an error route of main some kernels end, others (before a correction that went into
 * the stable series of 2026) still ask table default, and nothing tells which. Only where
 * default has routes does it make a difference; there we do not know.
 */
static bool is_either(const struct view *view, const struct lookup_result *result)
{
	const struct fib *fib = state_table(view->state, TABLE_DEFAULT);

	return result->error && result->error != EAGAIN && result->info &&
	       result->info->table != TABLE_DEFAULT && fib && fib->routes;
}

/* While no rule was ever changed, these are asked and no rule is (kernel-rpf 4.1). */
static const uint32_t merged_tables[] = { TABLE_MAIN, TABLE_DEFAULT };

/* --- one flow ----------------------------------------------------------------------------------- */

static void table_lookup(const struct view *view, uint32_t table,
	const struct lookup_flow *flow, struct lookup_result *result)
{
	const struct fib *fib = state_table(view->state, table);
	struct trie_match matches[33];
	size_t count = fib ? trie_match(&fib->trie, flow->dst, matches) : 0;

	result->error = EAGAIN;
	result->info = NULL;
	while (count--) {
		if (pick(view, fib, matches[count].value, flow, result)) {
			result->prefix = prefix4(flow->dst, matches[count].len);
			return;
		}
	}
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

	for (size_t i = 0; i < ELEMENTS(merged_tables); i++) {
		table_lookup(view, merged_tables[i], flow, &result);
		trace_table(trace, number, "no rule was ever changed", merged_tables[i],
			&result, result.error != EAGAIN);
		result.blind |= is_either(view, &result);
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
	result->error = rule_acts(view, rule, flow, &table);
	if (result->error) {
		result->info = NULL;
		trace_add(trace, number, "%s: says %s", words, strerror(result->error));
		return true;
	}
	table_lookup(view, table, flow, result);
	final = is_final(view, rule, result);
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
		bool match =
			selects(view, entry, flow) && prefix4_has(rule->to, flow->dst);

		result.blind |= rule->blind;
		if (match == rule->invert || rule->action == RULE_NOP) {
			at++;
			continue;
		}
		if (rule->action == RULE_GOTO) {
			trace_add(trace, number, "rule %u: goto %u", rule->priority,
				rule->target);
			at = goto_target(state, at);
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

/* --- a range of destinations --------------------------------------------------------------------- */

/*
 * Rule by rule: what of the range no rule has answered yet is pending, as pieces. A rule
 * takes from each piece what it matches; what its table answers is handed out, the rest is
 * pending for the rules behind it. So neither many rules nor many routes go deep.
 */
struct piece {
	uint32_t first, last;
	size_t at; /* the next rule that may look at it: a goto skips some */
	bool blind;
};

struct walk {
	const struct view *view;
	const struct lookup_flow *flow;
	lookup_visit visit;
	void *data;
	ARRAY(struct piece) pending, next;
};

/* Keeps a piece for the rules behind this one, joined to the piece before it if it can be. */
static int keep(struct walk *walk, struct piece piece)
{
	size_t count = walk->next.count;
	struct piece *before = count ? &walk->next.items[count - 1] : NULL;

	if (piece.first > piece.last)
		return 0;
	if (before && before->last + 1 == piece.first && before->at == piece.at &&
		before->blind == piece.blind && piece.first) {
		before->last = piece.last;
		return 0;
	}
	return array_push(&walk->next, &piece);
}

/* One table and one piece: the trie is walked in order, `position` is not handed out yet. */
struct table_walk {
	struct walk *walk;
	const struct fib *fib;
	const struct rule *rule; /* NULL: no rules are looked at */
	struct piece piece;
	uint32_t position;
	bool done; /* position has gone past piece.last */
};

/* Hands out position..until with the result of the route that owns it. */
static int hand_out(struct table_walk *table, uint32_t until, struct lookup_result result)
{
	struct walk *walk = table->walk;
	struct piece rest = table->piece;

	rest.first = table->position;
	if (table->done || until < rest.first)
		return 0;
	if (until < rest.last)
		rest.last = until;
	table->done = rest.last == table->piece.last;
	table->position = rest.last + 1;
	result.rule = table->rule;
	result.blind |= rest.blind || (!table->rule && is_either(walk->view, &result));
	if (is_final(walk->view, table->rule, &result))
		return walk->visit(rest.first, rest.last, &result, walk->data);
	rest.blind = result.blind;
	return keep(walk, rest);
}

/* What no child of a node has is its own, or that of the node above. */
static int walk_node(
	struct table_walk *table, uint32_t index, const struct lookup_result *above)
{
	const struct trie_node *node = trie_node(&table->fib->trie, index);
	struct lookup_result own = *above, picked = { 0 };
	struct prefix4 prefix;
	int r;

	if (!node || table->done)
		return 0;
	prefix = trie_prefix(node);
	if (prefix4_last(prefix) < table->position ||
		prefix4_first(prefix) > table->piece.last)
		return 0;
	if (prefix4_first(prefix) > table->position) {
		r = hand_out(table, prefix4_first(prefix) - 1, *above);
		if (r < 0)
			return r;
	}
	if (node->value && pick(table->walk->view, table->fib, node->value,
				   table->walk->flow, &picked)) {
		picked.prefix = prefix;
		own = picked;
	} else {
		own.blind |= picked.blind;
	}
	for (size_t bit = 0; bit < 2; bit++) {
		r = walk_node(table, node->child[bit], &own);
		if (r < 0)
			return r;
	}
	return hand_out(table, prefix4_last(prefix), own);
}

/* Asks a table for a piece; `piece.at` is where it goes on when the table has no answer. */
static int walk_table(
	struct walk *walk, uint32_t id, const struct rule *rule, struct piece piece)
{
	const struct lookup_result none = { .error = EAGAIN };
	struct table_walk table = {
		.walk = walk,
		.fib = state_table(walk->view->state, id),
		.rule = rule,
		.piece = piece,
		.position = piece.first,
	};

	if (table.fib) {
		int r = walk_node(&table, table.fib->trie.root, &none);

		if (r < 0)
			return r;
	}
	return hand_out(&table, piece.last, none);
}

/* What the rule at `at` does with a piece that it matches wholly. */
static int walk_match(struct walk *walk, size_t at, struct piece piece)
{
	const struct state *state = walk->view->state;
	const struct rule *rule = &state->rules.items[at].rule;
	struct lookup_result end = { .rule = rule, .blind = piece.blind };
	uint32_t table;

	if (piece.first > piece.last)
		return 0;
	piece.at = rule->action == RULE_GOTO ? goto_target(state, at) : at + 1;
	if (rule->action == RULE_NOP || rule->action == RULE_GOTO)
		return keep(walk, piece);
	end.error = rule_acts(walk->view, rule, walk->flow, &table);
	if (end.error)
		return walk->visit(piece.first, piece.last, &end, walk->data);
	return walk_table(walk, table, rule, piece);
}

/* Parts a piece at the ends of the rule's `to`: before it, in it, behind it. */
static int walk_piece(struct walk *walk, size_t at, bool selected, struct piece piece)
{
	const struct rule *rule = &walk->view->state->rules.items[at].rule;
	uint32_t first = prefix4_first(rule->to), last = prefix4_last(rule->to);
	struct piece part[3] = { piece, piece, piece };

	piece.blind |= rule->blind;
	if (!selected || piece.last < first || piece.first > last)
		return rule->invert ? walk_match(walk, at, piece) : keep(walk, piece);
	for (size_t i = 0; i < ELEMENTS(part); i++)
		part[i].blind = piece.blind;
	if (piece.first < first) {
		part[0].last = first - 1;
		part[1].first = first;
	} else {
		part[0].first = 1;
		part[0].last = 0;
	}
	if (piece.last > last) {
		part[1].last = last;
		part[2].first = last + 1;
	} else {
		part[2].first = 1;
		part[2].last = 0;
	}
	for (size_t i = 0; i < ELEMENTS(part); i++) {
		bool match = (i == 1) != rule->invert;
		int r = match ? walk_match(walk, at, part[i]) : keep(walk, part[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The next round's pieces become this one's. */
static void walk_turn(struct walk *walk)
{
	__typeof__(walk->pending) spare = walk->pending;

	walk->pending = walk->next;
	walk->next = spare;
	array_clear(&walk->next);
}

static int walk_rules(struct walk *walk)
{
	const struct state *state = walk->view->state;

	for (size_t at = 0; at < state->rules.count && walk->pending.count; at++) {
		const struct state_rule *entry = &state->rules.items[at];
		bool selected = selects(walk->view, entry, walk->flow);

		if (!selected && !entry->rule.invert && !entry->rule.blind)
			continue;
		array_each (&walk->pending, const struct piece, piece) {
			int r = piece->at > at ? keep(walk, *piece)
					       : walk_piece(walk, at, selected, *piece);

			if (r < 0)
				return r;
		}
		walk_turn(walk);
	}
	return 0;
}

static int walk_merged(struct walk *walk)
{
	for (size_t i = 0; i < ELEMENTS(merged_tables); i++) {
		array_each (&walk->pending, const struct piece, piece) {
			int r = walk_table(walk, merged_tables[i], NULL, *piece);

			if (r < 0)
				return r;
		}
		walk_turn(walk);
	}
	return 0;
}

int lookup_range(const struct view *view, const struct lookup_flow *flow, uint32_t first,
	uint32_t last, lookup_visit visit, void *data)
{
	struct walk walk = { .view = view, .flow = flow, .visit = visit, .data = data };
	const struct piece whole = { .first = first, .last = last };
	int r = array_push(&walk.pending, &whole);

	if (r >= 0)
		r = view_has_custom_rules(view) ? walk_rules(&walk) : walk_merged(&walk);
	for (size_t i = 0; r >= 0 && i < walk.pending.count; i++) {
		const struct piece *piece = &walk.pending.items[i];
		struct lookup_result none = { .error = ENETUNREACH,
			.blind = piece->blind };

		r = visit(piece->first, piece->last, &none, data);
	}
	array_done(&walk.pending);
	array_done(&walk.next);
	return r < 0 ? r : 0;
}
