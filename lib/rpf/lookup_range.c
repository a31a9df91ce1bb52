/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/lookup.h"

#include "rpf/lookup_rules.h"
#include "rpf/rule_match.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Rule by rule: the part of the range that no rule has answered yet is pending, as pieces. A rule
 * takes from each piece what it matches; what its table answers is handed out, the rest stays
 * pending for the rules behind it. So neither many rules nor many routes recurse.
 */
struct piece {
	uint32_t first, last;
	size_t at; /* the next rule that may look at it: a goto skips some */
	bool blind;
};

struct walk {
	const struct overlay *overlay;
	const struct lookup_flow *flow;
	lookup_visit visit;
	lookup_share_visit share; /* instead of visit: only how much is asked for */
	void *data;
	ARRAY(struct piece) pending, next;
};

/* Hands out a range: to whoever wants it as such, or as a share. */
static int answer_range(struct walk *walk, uint32_t first, uint32_t last,
	const struct lookup_result *result)
{
	if (walk->share)
		return walk->share(result, NULL, (uint64_t)last - first + 1, walk->data);
	return walk->visit(first, last, result, walk->data);
}

/* Keeps a piece for the rules behind this one, joined to the piece before it if it can be. */
static int keep_piece(struct walk *walk, struct piece piece)
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

/* The result of a list: a million prefixes share a handful of lists. */
struct pick {
	uint32_t value; /* the list's in the trie, 0: none yet */
	bool picked;
	struct lookup_result result;
};

#define PICKS 8

/* One table and one piece: the trie is walked in order, `position` is not handed out yet. */
struct table_walk {
	struct walk *walk;
	const struct fib *fib;
	const struct rule *rule; /* NULL: no rules are looked at */
	struct piece piece;
	uint32_t position;
	bool done; /* position has gone past piece.last */
	struct pick picks[PICKS];
};

/* What main refuses, split by what table default answers. */
struct either {
	struct walk *walk;
	struct lookup_result refused;
};

static int take_either(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct either *either = data;
	struct lookup_result refused = either->refused;

	refused.blind |= lookup_is_either(result);
	return answer_range(either->walk, first, last, &refused);
}

static int walk_table(
	struct walk *walk, uint32_t id, const struct rule *rule, struct piece piece);

static int walk_either(
	struct walk *walk, struct piece piece, const struct lookup_result *refused)
{
	struct either either = { walk, *refused };
	struct walk inner = { .overlay = walk->overlay,
		.flow = walk->flow,
		.visit = take_either,
		.data = &either };
	int r;

	piece.blind = false;
	r = walk_table(&inner, TABLE_DEFAULT, NULL, piece);
	for (size_t i = 0; r >= 0 && i < inner.next.count; i++) {
		const struct piece *rest = &inner.next.items[i];
		const struct lookup_result none = { .error = EAGAIN,
			.blind = rest->blind };

		r = take_either(rest->first, rest->last, &none, &either);
	}
	array_done(&inner.next);
	return r;
}

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
	result.blind |= rest.blind;
	if (!table->rule && lookup_may_be_either(walk->overlay, &result))
		return walk_either(walk, rest, &result);
	if (lookup_is_final(walk->overlay, table->rule, &result))
		return answer_range(walk, rest.first, rest.last, &result);
	rest.blind = result.blind;
	return keep_piece(walk, rest);
}

/* As lookup_pick(). */
static bool pick_cached(
	struct table_walk *table, uint32_t value, struct lookup_result *ret)
{
	struct pick *known = &table->picks[value % PICKS];

	if (known->value != value) {
		*known = (struct pick){ .value = value };
		known->picked = lookup_pick(table->walk->overlay,
			fib_list(table->fib, value), table->walk->flow, &known->result);
	}
	*ret = known->result;
	return known->picked;
}

/* What no child of a node has belongs to the node, or to the one above. */
static int walk_node(
	struct table_walk *table, uint32_t reference, const struct lookup_result *above)
{
	struct lookup_result own = *above, picked = { 0 };
	struct prefix4 prefix;
	struct trie_at at;
	int r;

	if (reference == TRIE_NONE || table->done)
		return 0;
	at = trie_at(&table->fib->trie, reference);
	prefix = at.prefix;
	if (prefix4_last(prefix) < table->position ||
		prefix4_first(prefix) > table->piece.last)
		return 0;
	if (prefix4_first(prefix) > table->position) {
		r = hand_out(table, prefix4_first(prefix) - 1, *above);
		if (r < 0)
			return r;
	}
	if (at.value && pick_cached(table, at.value, &picked)) {
		picked.prefix = prefix;
		own = picked;
	} else {
		own.blind |= picked.blind;
	}
	for (size_t bit = 0; bit < 2; bit++) {
		r = walk_node(table, at.child[bit], &own);
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
		.fib = state_table(walk->overlay->state, id),
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
	const struct state *state = walk->overlay->state;
	const struct rule *rule = &state->rules.items[at].rule;
	struct lookup_result end = { .rule = rule, .blind = piece.blind };
	uint32_t table;

	if (piece.first > piece.last)
		return 0;
	piece.at = rule->action == RULE_GOTO ? lookup_goto(state, at) : at + 1;
	if (rule->action == RULE_NOP || rule->action == RULE_GOTO)
		return keep_piece(walk, piece);
	end.error = lookup_rule_acts(walk->overlay, rule, walk->flow, &table);
	if (end.error)
		return answer_range(walk, piece.first, piece.last, &end);
	return walk_table(walk, table, rule, piece);
}

/* Splits a piece at the ends of the rule's `to`: before it, in it, behind it. */
static int walk_piece(struct walk *walk, size_t at, bool selected, struct piece piece)
{
	const struct state_rule *entry = &walk->overlay->state->rules.items[at];
	const struct rule *rule = &entry->rule;
	uint32_t first = prefix4_first(rule->to), last = prefix4_last(rule->to);
	struct piece part[3] = { piece, piece, piece };

	piece.blind |= rule_match_is_blind(walk->overlay, entry);
	if (!selected || piece.last < first || piece.first > last)
		return rule->invert ? walk_match(walk, at, piece)
				    : keep_piece(walk, piece);
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
		int r = match ? walk_match(walk, at, part[i]) : keep_piece(walk, part[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* --- shares ------------------------------------------------------------------------------- */

/*
 * A table knows how much each of its lists owns of all addresses. Where most of them
 * are pending at such a table, and what it has no answer to ends nowhere else, the shares are
 * these figures, less what is not pending, which is little and is walked. So the shares of all
 * sources over a full Internet table cost what its lists are, not its routes.
 */
struct shares {
	struct walk *walk;
	const struct fib *fib;
	const struct rule *rule;
	uint64_t *owned;     /* by list's index */
	uint64_t unanswered; /* pending, and no list has a final answer to it */
};

/* Takes from the shares what lies in first..last; returns how much of that entries have. */
static uint64_t disown(
	struct shares *shares, uint32_t reference, uint32_t first, uint32_t last)
{
	uint64_t inside, below;
	uint32_t low, high;
	struct trie_at at;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&shares->fib->trie, reference);
	low = prefix4_first(at.prefix) > first ? prefix4_first(at.prefix) : first;
	high = prefix4_last(at.prefix) < last ? prefix4_last(at.prefix) : last;
	if (low > high)
		return 0;
	inside = (uint64_t)high - low + 1;
	below = disown(shares, at.child[0], first, last);
	below += disown(shares, at.child[1], first, last);
	if (!at.value)
		return below;
	shares->owned[at.value] -= inside - below;
	return inside;
}

static void disown_range(struct shares *shares, uint64_t first, uint64_t end)
{
	if (first >= end)
		return;
	shares->unanswered -= end - first -
			      disown(shares, shares->fib->trie.root, (uint32_t)first,
				      (uint32_t)(end - 1));
}

/* What is not pending lies between the pieces, which ascend. */
static void disown_answered(struct shares *shares)
{
	uint64_t position = 0;

	shares->unanswered = (UINT64_C(1) << 32) - shares->fib->owned;
	array_each (&shares->walk->pending, const struct piece, piece) {
		disown_range(shares, position, piece->first);
		position = (uint64_t)piece->last + 1;
	}
	disown_range(shares, position, UINT64_C(1) << 32);
}

/* Whether every list that owns something is taken as it stands: true, and what is not final
 * is counted as unanswered. A list that is passed over leaves its share to shorter prefixes,
 * which only a walk finds. */
static bool all_picked(struct shares *shares)
{
	struct walk *walk = shares->walk;

	for (size_t i = 1; i < shares->fib->lists.all.count; i++) {
		struct lookup_result result = { 0 };

		if (!shares->owned[i])
			continue;
		if (!lookup_pick(walk->overlay, shares->fib->lists.all.items[i],
			    walk->flow, &result))
			return false;
		/* and which part of what is refused, only a walk over table default */
		if (!shares->rule && lookup_may_be_either(walk->overlay, &result))
			return false;
		/* prefix lengths matter to suppressors */
		if (shares->rule && shares->rule->suppress_len >= 0)
			return false;
		if (!lookup_is_final(walk->overlay, shares->rule, &result)) {
			if (result.blind) /* which goes on with what is unanswered */
				return false;
			shares->unanswered += shares->owned[i];
			shares->owned[i] = 0;
		}
	}
	return true;
}

static int hand_out_shares(struct shares *shares)
{
	struct walk *walk = shares->walk;
	const struct lookup_result none = { .error = ENETUNREACH };

	for (size_t i = 1; i < shares->fib->lists.all.count; i++) {
		struct lookup_result result = { .rule = shares->rule };
		int r;

		if (!shares->owned[i])
			continue;
		(void)lookup_pick(walk->overlay, shares->fib->lists.all.items[i],
			walk->flow, &result);
		r = walk->share(&result, shares->fib->lists.all.items[i],
			shares->owned[i], walk->data);
		if (r < 0)
			return r;
	}
	if (!shares->unanswered)
		return 0;
	return walk->share(&none, NULL, shares->unanswered, walk->data);
}

/* Whether most of all addresses are pending, for this table to answer. */
static bool mostly_pending(const struct walk *walk, size_t at)
{
	uint64_t pending = 0;

	array_each (&walk->pending, const struct piece, piece) {
		if (piece->at > at || piece->blind)
			return false;
		pending += (uint64_t)piece->last - piece->first + 1;
	}
	return pending > UINT64_C(1) << 31;
}

/*
 * Answers all that is pending by a table's shares. last: nothing behind it has an answer.
 * Returns 1 when that is done, 0 where the table has to be walked, or a negative errno.
 */
static int share_table(
	struct walk *walk, uint32_t id, const struct rule *rule, size_t at, bool last)
{
	struct shares shares = { .walk = walk, .rule = rule };
	int r = 0;

	shares.fib = state_table(walk->overlay->state, id);
	if (!walk->share || !shares.fib || !mostly_pending(walk, at))
		return 0;
	shares.owned = calloc(shares.fib->lists.all.count, sizeof(*shares.owned));
	if (!shares.owned)
		return -ENOMEM;
	for (size_t i = 1; i < shares.fib->lists.all.count; i++)
		shares.owned[i] = shares.fib->lists.all.items[i]
					  ? shares.fib->lists.all.items[i]->owned
					  : 0;
	disown_answered(&shares);
	if (all_picked(&shares) && (last || !shares.unanswered)) {
		r = hand_out_shares(&shares);
		array_clear(&walk->pending);
		r = r < 0 ? r : 1;
	}
	free(shares.owned);
	return r;
}

/* Whether a rule behind `at` may answer what the table there has no answer to. */
static bool is_last_rule(const struct walk *walk, size_t at)
{
	const struct state *state = walk->overlay->state;

	for (size_t i = at + 1; i < state->rules.count; i++) {
		const struct state_rule *entry = &state->rules.items[i];
		bool blind = rule_match_is_blind(walk->overlay, entry);
		const struct fib *fib;
		uint32_t table;

		if (entry->rule.action == RULE_NOP)
			continue;
		if (!rule_matches(walk->overlay, entry, walk->flow) &&
			!entry->rule.invert && !blind)
			continue;
		if (entry->rule.action != RULE_TABLE || blind ||
			lookup_rule_acts(walk->overlay, &entry->rule, walk->flow, &table))
			return false;
		fib = state_table(state, table);
		if (fib && fib->lists.routes)
			return false;
	}
	return true;
}

/* As share_table(), of the table of a rule that takes all that it selects. */
static int share_rule(struct walk *walk, size_t at, bool selected)
{
	const struct state_rule *entry = &walk->overlay->state->rules.items[at];
	const struct rule *rule = &entry->rule;
	uint32_t table;

	if (!walk->share || !selected || rule->invert || rule->to.len ||
		rule_match_is_blind(walk->overlay, entry) || rule->action != RULE_TABLE ||
		lookup_rule_acts(walk->overlay, rule, walk->flow, &table))
		return 0;
	return share_table(walk, table, rule, at, is_last_rule(walk, at));
}

static bool is_last_merged(const struct walk *walk, size_t at)
{
	const struct fib *fib =
		at + 1 < LOOKUP_MERGED_TABLES
			? state_table(walk->overlay->state, lookup_merged_tables[at + 1])
			: NULL;

	return !fib || !fib->lists.routes;
}

/* --- the walk ------------------------------------------------------------------------------ */

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
	const struct state *state = walk->overlay->state;
	int r;

	for (size_t at = 0; at < state->rules.count && walk->pending.count; at++) {
		const struct state_rule *entry = &state->rules.items[at];
		bool selected = rule_matches(walk->overlay, entry, walk->flow);

		if (!selected && !entry->rule.invert &&
			!rule_match_is_blind(walk->overlay, entry))
			continue;
		r = share_rule(walk, at, selected);
		if (r != 0)
			return r < 0 ? r : 0;
		array_each (&walk->pending, const struct piece, piece) {
			r = piece->at > at ? keep_piece(walk, *piece)
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
	for (size_t i = 0; i < LOOKUP_MERGED_TABLES; i++) {
		int r = share_table(
			walk, lookup_merged_tables[i], NULL, i, is_last_merged(walk, i));

		if (r != 0)
			return r < 0 ? r : 0;
		array_each (&walk->pending, const struct piece, piece) {
			r = walk_table(walk, lookup_merged_tables[i], NULL, *piece);

			if (r < 0)
				return r;
		}
		walk_turn(walk);
	}
	return 0;
}

/* Asks all rules, or tables, for what is pending. */
static int walk_all(struct walk *walk)
{
	int r = overlay_has_custom_rules(walk->overlay) ? walk_rules(walk)
							: walk_merged(walk);

	for (size_t i = 0; r >= 0 && i < walk->pending.count; i++) {
		const struct piece *piece = &walk->pending.items[i];
		struct lookup_result none = { .error = ENETUNREACH,
			.blind = piece->blind };

		r = answer_range(walk, piece->first, piece->last, &none);
	}
	array_done(&walk->pending);
	array_done(&walk->next);
	return r < 0 ? r : 0;
}

int lookup_range(const struct overlay *overlay, const struct lookup_flow *flow,
	uint32_t first, uint32_t last, lookup_visit visit, void *data)
{
	struct walk walk = {
		.overlay = overlay, .flow = flow, .visit = visit, .data = data
	};
	const struct piece whole = { .first = first, .last = last };
	int r = array_push(&walk.pending, &whole);

	return r < 0 ? r : walk_all(&walk);
}

int lookup_shares(const struct overlay *overlay, const struct lookup_flow *flow,
	const struct prefixset *sources, lookup_share_visit share, void *data)
{
	struct walk walk = {
		.overlay = overlay, .flow = flow, .share = share, .data = data
	};

	array_each (&sources->ranges, const struct range, range) {
		const struct piece piece = { .first = range->first, .last = range->last };
		int r = array_push(&walk.pending, &piece);

		if (r < 0) {
			array_done(&walk.pending);
			return r;
		}
	}
	return walk_all(&walk);
}
