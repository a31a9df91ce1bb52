/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/feasible.h"

#include "finding/through.h"
#include "rpf/lookup.h"
#include "rpf/lookup_rules.h"
#include "rpf/rule_match.h"

#include <errno.h>

/*
 * Most lists that lead through an interface are beyond doubt: what wins in the table that decides leads through the interface. The
 * others' prefixes are found by a walk over their table.
 */

static int stop_at_first(const struct fib *fib, const struct fib_list *list, void *data)
{
	(void)fib;
	(void)list;
	(void)data;
	return -EEXIST;
}

bool feasible_any(const struct state *state, const struct iface *iface)
{
	const struct through through = { state, iface, .each = stop_at_first };

	return through_each(&through) == -EEXIST;
}

/* --- which of them may be dropped ---------------------------------------------------------- */

/* Whether a list, by its index, leads through the interface, and whether it wins for certain. */
enum mark { MARK_NONE, MARK_CERTAIN, MARK_SUSPECT };

struct suspicion {
	const struct overlay *overlay;
	const struct iface *iface;
	struct lookup_flow flow;
	const struct fib *decides; /* the table whose routes win, NULL: not just one */
	struct prefixset
		diverted; /* but for these, which a rule's `to` may lead elsewhere */
	bool transit;	  /* a default route doesn't count */
	bool any;	  /* there is a suspect */
	struct through_marks marks;
};

/*
 * Sets *ret to the one table that answers all but what is local, and what rules lead elsewhere by
 * their `to`, which is added to diverted; to NULL where rules or tables before it have other
 * answers. Returns 0 or -ENOMEM.
 *
 * Within a `to` either this table answers all the same, or what it has there is for nobody
 * (take_part()). So also there nothing of what wins in the table is suspect.
 */
static int deciding_table(const struct overlay *overlay, const struct lookup_flow *flow,
	struct prefixset *diverted, const struct fib **ret)
{
	const struct state *state = overlay->state;
	int r = 0;

	*ret = state->local_main_merged ? state_table(state, TABLE_MAIN) : NULL;
	if (state->local_main_merged)
		return 0;
	array_each (&state->rules, const struct state_rule, entry) {
		bool selected = rule_matches(overlay, entry, flow);
		bool blind = rule_match_is_blind(overlay, entry);
		uint32_t table;

		if (!selected && !entry->rule.invert && !blind)
			continue;
		if (entry->rule.action == RULE_NOP)
			continue;
		if (!selected || entry->rule.invert || blind ||
			entry->rule.action == RULE_GOTO)
			break;
		if (entry->rule.to.len) {
			r = prefixset_add_prefix(diverted, entry->rule.to);
			if (r < 0)
				return r;
			continue;
		}
		if (entry->rule.action != RULE_TABLE || entry->rule.suppress_len >= 0 ||
			entry->rule.suppress_group != -1 ||
			lookup_rule_acts(overlay, &entry->rule, flow, &table))
			break;
		*ret = table == TABLE_LOCAL ? NULL : state_table(state, table);
		if (*ret)
			break;
	}
	prefixset_close(diverted);
	return 0;
}

static int suspect_range(const struct fib *fib, const struct fib_list *list, void *data)
{
	struct suspicion *suspicion = data;
	struct lookup_result result = { 0 };
	int ifindex = suspicion->iface->link.ifindex;
	uint8_t *marks = through_marks_of(&suspicion->marks, fib);
	bool certain = fib == suspicion->decides && !list->infos[0]->blind &&
		       lookup_pick(suspicion->overlay, list, &suspicion->flow, &result) &&
		       !result.error && result.info->type == ROUTE_UNICAST &&
		       through_leads(suspicion->overlay->state, result.info, ifindex);

	if (!marks)
		return -ENOMEM;
	marks[list->index] = certain ? MARK_CERTAIN : MARK_SUSPECT;
	suspicion->any |= !certain;
	return 0;
}

/* Adds what marked lists own: a prefix, less the longer ones inside it. */
struct owning {
	const struct suspicion *suspicion;
	const struct through_mark *mark;
	struct prefixset *suspects, *all;
	uint64_t position; /* what is before it was handed out */
};

/* Who owns what is at the position: an entry's mark, and how long its prefix is. */
struct owner {
	uint8_t mark;
	uint8_t len;
};

/* A range that is for the owner. */
static int own_range(
	struct owning *owning, struct owner owner, uint32_t first, uint32_t last)
{
	int r = prefixset_add(owning->all, first, last);

	return r < 0 || owner.mark == MARK_CERTAIN
		       ? r
		       : prefixset_add(owning->suspects, first, last);
}

static int own_until(struct owning *owning, uint64_t end, struct owner owner)
{
	const struct suspicion *suspicion = owning->suspicion;
	uint32_t first = (uint32_t)owning->position, last = (uint32_t)(end - 1);
	struct prefixset own = { 0 };
	int r = 0;

	if (end <= owning->position)
		return 0;
	owning->position = end;
	if (owner.mark == MARK_NONE || (suspicion->transit && !owner.len))
		return 0;
	/* what wins is of that prefix */
	if (owning->mark->fib == suspicion->decides &&
		!prefixset_meets(&suspicion->diverted, first, last))
		return own_range(owning, owner, first, last);
	r = through_own_part(suspicion->overlay, &suspicion->flow, first, last,
		owning->mark->fib->table, owner.len, &own);
	prefixset_close(&own);
	for (size_t i = 0; r >= 0 && i < own.ranges.count; i++) {
		const struct range *range = &own.ranges.items[i];

		r = own_range(owning, owner, range->first, range->last);
	}
	prefixset_done(&own);
	return r;
}

static int own_below(struct owning *owning, uint32_t reference, struct owner above)
{
	struct owner own = above;
	struct trie_at at;
	int r;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&owning->mark->fib->trie, reference);
	if (at.value)
		own = (struct owner){ owning->mark->lists[at.value], at.prefix.len };
	r = own_until(owning, prefix4_first(at.prefix), above);
	for (int bit = 0; bit < 2 && r >= 0; bit++)
		r = own_below(owning, at.child[bit], own);
	return r < 0 ? r : own_until(owning, (uint64_t)prefix4_last(at.prefix) + 1, own);
}

/* The sources that no rule leads to a table: those with another `to` than theirs. */
static int unreachable(const struct overlay *overlay, const struct lookup_flow *flow,
	const struct iface *iface, uint32_t table, struct prefixset *ret)
{
	const struct iface *vrf = state_vrf(overlay->state, iface);
	struct prefixset reached = { 0 };
	int r = 0;

	if (overlay->state->local_main_merged)
		return 0;
	array_each (&overlay->state->rules, const struct state_rule, entry) {
		const struct rule *rule = &entry->rule;

		if (r < 0 || rule->action != RULE_TABLE ||
			!through_may_match(overlay, entry, flow) ||
			!(rule->l3mdev ? vrf && vrf->link.vrf_table == table
				       : rule->table == table))
			continue;
		r = prefixset_add_prefix(
			&reached, rule->invert ? prefix4(ip4(0), 0) : rule->to);
	}
	prefixset_close(&reached);
	if (r >= 0)
		r = prefixset_invert(&reached, ret);
	prefixset_done(&reached);
	return r;
}

/* What is suspect in one table, and all of it that is feasible: added to the sets. */
static int suspects_of(const struct suspicion *suspicion, const struct through_mark *mark,
	struct prefixset *suspects, struct prefixset *all)
{
	const struct owner nobody = { MARK_NONE, 0 };
	struct prefixset found[2] = { 0 }, other = { 0 };
	struct owning owning = { suspicion, mark, &found[0], &found[1], 0 };
	int r = own_below(&owning, mark->fib->trie.root, nobody);

	prefixset_close(&found[0]);
	prefixset_close(&found[1]);
	if (r >= 0)
		r = unreachable(suspicion->overlay, &suspicion->flow, suspicion->iface,
			mark->fib->table, &other);
	if (r >= 0)
		r = prefixset_subtract(&found[0], &other, suspects);
	if (r >= 0)
		r = prefixset_subtract(&found[1], &other, all);
	prefixset_done(&found[0]);
	prefixset_done(&found[1]);
	prefixset_done(&other);
	return r;
}

/* What is marked becomes suspect, and feasible; frees the marks. 0 or -ENOMEM. */
static int take_marked(struct suspicion *suspicion, int r, struct prefixset *suspects,
	struct prefixset *all)
{
	array_each (&suspicion->marks.tables, const struct through_mark, mark) {
		if (r >= 0 && suspicion->any)
			r = suspects_of(suspicion, mark, suspects, all);
	}
	through_marks_done(&suspicion->marks);
	prefixset_done(&suspicion->diverted);
	return r;
}

#define SIBLING_RULES 64 /* that are looked at for one */

bool feasible_sibling(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct lookup_flow *flow, struct ip4 *ret)
{
	size_t looked_at = 0;

	array_each (&overlay->state->rules, const struct state_rule, entry) {
		const struct rule *rule = &entry->rule;
		const struct fib *fib = state_table(overlay->state, rule->table);
		struct lookup_flow its = *flow;

		if (!rule->from.len || rule->invert || rule->action != RULE_TABLE ||
			prefix4_has(rule->from, flow->src) || !fib ||
			!fib_related(fib, FIB_DEVICE, (uint32_t)iface->link.ifindex))
			continue;
		if (looked_at++ == SIBLING_RULES)
			return false;
		array_each (&iface->addrs, const struct addr_record, addr) {
			its.src = addr->local;
			if (addr->len == 32 || !prefix4_has(rule->from, addr->local) ||
				!rule_matches(overlay, entry, &its))
				continue;
			*ret = addr->local;
			array_each (&class->dsts.list, const struct ip4, dst) {
				if (prefix4_has(prefix4(addr->local, addr->len), *dst))
					return true;
			}
		}
	}
	return false;
}

/*
 * Two addresses of one network are reached by one wire: what comes in to one of them, as a rule for
 * that one says, comes to the other as well, which the rule forgot.
 */
static int sibling_suspects(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct lookup_flow *flow,
	struct prefixset *suspects, struct prefixset *all, bool *any)
{
	struct suspicion suspicion = {
		.overlay = overlay, .iface = iface, .flow = *flow
	};
	const struct through through = { .state = overlay->state,
		.iface = iface,
		.flow = &suspicion.flow,
		.but = flow,
		.each = suspect_range,
		.data = &suspicion };
	int r;

	if (class->oif || overlay->state->local_main_merged ||
		!feasible_sibling(overlay, iface, class, flow, &suspicion.flow.src))
		return 0;
	r = through_each(&through);
	*any |= suspicion.any;
	return take_marked(&suspicion, r, suspects, all);
}

int feasible_suspects(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct prefixset *suspects, struct prefixset *all,
	bool *claimed_elsewhere)
{
	struct suspicion suspicion = { .overlay = overlay, .iface = iface };
	const struct through through = { .state = overlay->state,
		.iface = iface,
		.flow = &suspicion.flow,
		.each = suspect_range,
		.data = &suspicion };
	bool any;
	int r;

	suspicion.transit = class->transit;
	suspicion.flow = flowclass_validation(overlay, iface, class).reverse;
	r = deciding_table(
		overlay, &suspicion.flow, &suspicion.diverted, &suspicion.decides);
	if (r >= 0)
		r = through_each(&through);
	any = suspicion.any;
	r = take_marked(&suspicion, r, suspects, all);
	if (r >= 0)
		r = sibling_suspects(
			overlay, iface, class, &suspicion.flow, suspects, all, &any);
	prefixset_close(suspects);
	prefixset_close(all);
	*claimed_elsewhere |= any;
	return r < 0 ? r : 0;
}
