/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/feasible.h"

#include "rpf/lookup.h"
#include "rpf/lookup_rules.h"
#include "rpf/rpf.h"
#include "rpf/rule_match.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Lists of routes are found by the device, so an interface costs what leads through it. Most
 * lists are beyond doubt: what wins in the table that decides leads through the interface. The
 * others' prefixes are found by a walk over their table.
 */

static bool leads_to(const struct nexthop *nexthop, void *data)
{
	return nexthop->oif == *(const int *)data;
}

/* Whether some unicast route of the list leads through the device, and whether all that do are
 * the kernel's own, for the networks of its addresses. */
static bool is_through(const struct state *state, const struct fib_list *list,
	int ifindex, bool *ret_own)
{
	const struct overlay overlay = { .state = state };
	bool through = false;

	*ret_own = true;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->type != ROUTE_UNICAST ||
			!state_any_nexthop(overlay.state, info, leads_to, &ifindex))
			continue;
		through = true;
		*ret_own &= info->protocol == PROTO_KERNEL;
	}
	return through;
}

/* Whether a rule matches the flow for some source: its `to` is about that. */
static bool may_match(const struct overlay *overlay, const struct state_rule *entry,
	const struct lookup_flow *flow)
{
	bool selects = rule_matches(overlay, entry, flow);

	return entry->rule.invert ? !selects || entry->rule.to.len : selects;
}

/* Whether a rule may be met on some reverse path of a packet that bears no mark. */
static bool may_be_met(const struct state_rule *entry)
{
	return entry->rule.invert ||
	       (!rule_match_never(entry) && !(entry->rule.mark & entry->rule.mask));
}

/* Whether some rule can lead what came in by iface to a table; with a flow, just that. */
static bool is_reachable(const struct state *state, const struct iface *iface,
	const struct lookup_flow *flow, uint32_t table)
{
	const struct iface *vrf = state_vrf(state, iface);
	const struct overlay overlay = { .state = state };

	if (state->local_main_merged)
		return table == TABLE_MAIN || table == TABLE_DEFAULT;
	array_each (&state->rules, const struct state_rule, entry) {
		if (entry->rule.action != RULE_TABLE)
			continue;
		if (flow ? !may_match(&overlay, entry, flow) : !may_be_met(entry))
			continue;
		if (entry->rule.l3mdev ? vrf && vrf->link.vrf_table == table
				       : entry->rule.table == table)
			return true;
	}
	return false;
}

struct part {
	const struct state *state;
	uint32_t table;
	unsigned int len;
	struct prefixset *set;
};

/* Whether a rule is for all packets: it only says which table comes first. */
static bool is_plain(const struct rule *rule)
{
	return !rule->invert && !rule->from.len && !rule->to.len && !rule->iif[0] &&
	       !rule->oif[0] && !rule->mask && !rule->has_uid && !rule->ipproto &&
	       !rule->sport.set && !rule->dport.set && !rule->tos && !rule->has_dscp &&
	       !rule->l3mdev && !rule->has_tun_id && !rule->blind;
}

static bool has_gateway(const struct nexthop *nexthop, void *data)
{
	(void)data;
	return nexthop->gw_family == 4;
}

/*
 * Two default routes of which a plain rule has one win are a line and its spare, as two of one
 * table are that differ in their metrics. A default route without a gateway is no line's but a
 * tunnel's: what it has is meant for it.
 */
static bool is_spare(const struct part *part, const struct lookup_result *result)
{
	return !part->len && result->info && !result->error && result->rule &&
	       !result->prefix.len && is_plain(result->rule) &&
	       state_any_nexthop(part->state, result->info, has_gateway, NULL);
}

/* What the table itself answers, or nobody: a rule before it says where the rest is, as a longer
 * prefix does. */
static int take_part(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct part *part = data;
	bool its = result->info ? result->info->table == part->table : !result->rule;

	if (!(its || is_spare(part, result)) ||
		(result->info && result->prefix.len > part->len))
		return 0;
	return prefixset_add(part->set, first, last);
}

/*
 * Of first..last, which a route of this prefix length in a table is for: what no longer prefix
 * wins, and no rule leads elsewhere. 0 or -ENOMEM.
 */
static int own_part(const struct overlay *overlay, const struct lookup_flow *flow,
	uint32_t first, uint32_t last, uint32_t table, unsigned int len,
	struct prefixset *ret)
{
	struct part part = {
		.state = overlay->state, .table = table, .len = len, .set = ret
	};

	return lookup_range(overlay, flow, first, last, take_part, &part);
}

/* --- the lists through a device ---------------------------------------------------------- */

struct through {
	const struct state *state;
	const struct iface *iface;
	const struct lookup_flow *flow; /* NULL: any */
	bool unreachable; /* only tables that no rule leads that flow to, but others */
	const struct lookup_flow *but; /* none that a rule leads this one to; NULL: any */
	int (*each)(const struct fib *fib, const struct fib_list *list, void *data);
	void *data;
};

static int group_through(const struct through *through, const struct fib *fib,
	const struct fib_group *group)
{
	int r = 0;

	if (!group)
		return 0;
	hash_each (&group->lists, slot) {
		bool own;

		if (r >= 0 &&
			is_through(through->state, slot->value,
				through->iface->link.ifindex, &own) &&
			!own)
			r = through->each(fib, slot->value, through->data);
	}
	return r;
}

static bool is_wanted(const struct through *through, uint32_t table)
{
	bool reachable =
		is_reachable(through->state, through->iface, through->flow, table);

	if (through->but &&
		is_reachable(through->state, through->iface, through->but, table))
		return false;
	return through->unreachable ? !reachable && is_reachable(through->state,
							    through->iface, NULL, table)
				    : reachable;
}

/* Calls each() for the lists of reachable tables through iface; one may come twice. */
static int lists_through(const struct through *through)
{
	const struct state *state = through->state;
	uint32_t ifindex = (uint32_t)through->iface->link.ifindex;
	int r = 0;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (r < 0 || (!fib_related(fib, FIB_DEVICE, ifindex) &&
				     !state->nexthop_objs.count))
			continue;
		if (!is_wanted(through, fib->table))
			continue;
		r = group_through(through, fib, fib_related(fib, FIB_DEVICE, ifindex));
		/* routes by a nexthop object may have no nexthop of their own */
		hash_each (&state->nexthop_objs, nexthop_obj) {
			if (r >= 0)
				r = group_through(through, fib,
					fib_related(fib, FIB_NEXTHOP,
						(uint32_t)nexthop_obj->key));
		}
	}
	return r;
}

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

	return lists_through(&through) == -EEXIST;
}

/* --- which of them may be dropped ---------------------------------------------------------- */

/* A table, and by index which of its lists lead through the interface. */
enum mark { MARK_NONE, MARK_CERTAIN, MARK_SUSPECT };

struct marks {
	const struct fib *fib;
	uint8_t *lists; /* enum mark */
};

struct suspicion {
	const struct overlay *overlay;
	const struct iface *iface;
	struct lookup_flow flow;
	const struct fib *decides; /* the table whose routes win, NULL: not just one */
	struct prefixset
		diverted; /* but for these, which a rule's `to` may lead elsewhere */
	bool transit;	  /* a default route doesn't count */
	bool any;	  /* there is a suspect */
	ARRAY(struct marks) tables;
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

static uint8_t *marks_of(struct suspicion *suspicion, const struct fib *fib)
{
	struct marks fresh = { .fib = fib };

	array_each (&suspicion->tables, const struct marks, marks) {
		if (marks->fib == fib)
			return marks->lists;
	}
	fresh.lists = calloc(fib->lists.all.count, sizeof(*fresh.lists));
	if (!fresh.lists || array_push(&suspicion->tables, &fresh) < 0) {
		free(fresh.lists);
		return NULL;
	}
	return fresh.lists;
}

static int suspect_range(const struct fib *fib, const struct fib_list *list, void *data)
{
	struct suspicion *suspicion = data;
	struct lookup_result result = { 0 };
	int ifindex = suspicion->iface->link.ifindex;
	uint8_t *marks = marks_of(suspicion, fib);
	bool certain = fib == suspicion->decides && !list->infos[0]->blind &&
		       lookup_pick(suspicion->overlay, list, &suspicion->flow, &result) &&
		       !result.error && result.info->type == ROUTE_UNICAST &&
		       state_any_nexthop(suspicion->overlay->state, result.info, leads_to,
			       &ifindex);

	if (!marks)
		return -ENOMEM;
	marks[list->index] = certain ? MARK_CERTAIN : MARK_SUSPECT;
	suspicion->any |= !certain;
	return 0;
}

/* Adds what marked lists own: a prefix, less the longer ones inside it. */
struct owning {
	const struct suspicion *suspicion;
	const struct marks *marks;
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
	if (owning->marks->fib == suspicion->decides &&
		!prefixset_meets(&suspicion->diverted, first, last))
		return own_range(owning, owner, first, last);
	r = own_part(suspicion->overlay, &suspicion->flow, first, last,
		owning->marks->fib->table, owner.len, &own);
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
	at = trie_at(&owning->marks->fib->trie, reference);
	if (at.value)
		own = (struct owner){ owning->marks->lists[at.value], at.prefix.len };
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
			!may_match(overlay, entry, flow) ||
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
static int suspects_of(const struct suspicion *suspicion, const struct marks *marks,
	struct prefixset *suspects, struct prefixset *all)
{
	const struct owner nobody = { MARK_NONE, 0 };
	struct prefixset found[2] = { 0 }, other = { 0 };
	struct owning owning = { suspicion, marks, &found[0], &found[1], 0 };
	int r = own_below(&owning, marks->fib->trie.root, nobody);

	prefixset_close(&found[0]);
	prefixset_close(&found[1]);
	if (r >= 0)
		r = unreachable(suspicion->overlay, &suspicion->flow, suspicion->iface,
			marks->fib->table, &other);
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
	array_each (&suspicion->tables, const struct marks, marks) {
		if (r >= 0 && suspicion->any)
			r = suspects_of(suspicion, marks, suspects, all);
		free(marks->lists);
	}
	array_done(&suspicion->tables);
	prefixset_done(&suspicion->diverted);
	return r;
}

#define SIBLING_RULES 64 /* that are looked at for one */

/*
 * Another address of the interface, in the network of one of the class, for which alone a rule
 * leads to a table with a route by the interface.
 */
static bool find_sibling(const struct overlay *overlay, const struct iface *iface,
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
		!find_sibling(overlay, iface, class, flow, &suspicion.flow.src))
		return 0;
	r = lists_through(&through);
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
		r = lists_through(&through);
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

static int mark_list(const struct fib *fib, const struct fib_list *list, void *data)
{
	uint8_t *marks = marks_of(data, fib);

	if (!marks)
		return -ENOMEM;
	marks[list->index] = MARK_CERTAIN;
	return 0;
}

static int visit_below(
	const struct marks *marks, uint32_t reference, feasible_visit visit, void *data)
{
	struct trie_at at;
	int r = 0;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&marks->fib->trie, reference);
	/* one whose addresses longer ones all have is for nobody */
	if (at.value && marks->lists[at.value] && trie_owns(&marks->fib->trie, reference))
		r = visit(at.prefix, data);
	for (int bit = 0; bit < 2 && r >= 0; bit++)
		r = visit_below(marks, at.child[bit], visit, data);
	return r;
}

/* --- for people, and neighbours ------------------------------------------------------------- */

static int visit_marked(struct suspicion *marked, int r, feasible_visit visit, void *data)
{
	array_each (&marked->tables, const struct marks, marks) {
		if (r >= 0)
			r = visit_below(marks, marks->fib->trie.root, visit, data);
		free(marks->lists);
	}
	array_done(&marked->tables);
	return r;
}

/* What is listed: unless all of it goes another way by a rule. */
struct shown {
	const struct overlay *overlay;
	const struct fib *fib;
	struct lookup_flow flow;
	feasible_visit visit;
	void *data;
};

static int show_prefix(struct prefix4 prefix, void *data)
{
	struct shown *shown = data;
	struct prefixset own = { 0 };
	int r = own_part(shown->overlay, &shown->flow, prefix4_first(prefix),
		prefix4_last(prefix), shown->fib->table, prefix.len, &own);
	bool any = own.ranges.count;

	prefixset_done(&own);
	return r >= 0 && any ? shown->visit(prefix, shown->data) : r;
}

int feasible_prefixes(const struct state *state, const struct iface *iface,
	feasible_visit visit, void *data)
{
	const struct overlay overlay = { .state = state };
	struct suspicion marked = { 0 };
	const struct through through = { state, iface, .each = mark_list,
		.data = &marked };
	struct shown shown = { .overlay = &overlay, .visit = visit, .data = data };
	struct addresses dsts = { 0 };
	int r = dst_group_addresses(state, iface, &dsts);

	shown.flow = dst_group_reverse_flow(
		&overlay, iface, dsts.list.count ? dsts.list.items[0] : ip4(0), 0);
	array_done(&dsts.list);
	if (r >= 0)
		r = lists_through(&through);
	array_each (&marked.tables, const struct marks, marks) {
		const bool others =
			!is_reachable(state, iface, &shown.flow, marks->fib->table);

		shown.fib = marks->fib;
		if (r >= 0 && (state->local_main_merged || others))
			r = visit_below(marks, marks->fib->trie.root, visit, data);
		else if (r >= 0)
			r = visit_below(
				marks, marks->fib->trie.root, show_prefix, &shown);
		free(marks->lists);
	}
	array_done(&marked.tables);
	return r;
}

/* On the wire of the interface itself, and not everybody. */
static int mark_neighbours(const struct fib *fib, const struct fib_list *list, void *data)
{
	struct suspicion *marked = data;
	uint8_t *marks;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];
		int ifindex = marked->iface->link.ifindex;

		if (info->type != ROUTE_UNICAST || info->scope != SCOPE_LINK ||
			!state_any_nexthop(
				marked->overlay->state, info, leads_to, &ifindex))
			continue;
		marks = marks_of(marked, fib);
		if (!marks)
			return -ENOMEM;
		marks[list->index] = MARK_CERTAIN;
	}
	return 0;
}

int feasible_neighbours(const struct state *state, const struct iface *iface,
	const struct lookup_flow *flow, feasible_visit visit, void *data)
{
	const struct overlay overlay = { .state = state };
	struct suspicion marked = { .overlay = &overlay, .iface = iface };
	struct addresses dsts = { 0 };
	struct lookup_flow plain;
	const struct through through = { .state = state,
		.iface = iface,
		.flow = flow ? flow : &plain,
		.unreachable = true,
		.each = mark_neighbours,
		.data = &marked };
	int r = dst_group_addresses(state, iface, &dsts);

	plain = dst_group_reverse_flow(
		&overlay, iface, dsts.list.count ? dsts.list.items[0] : ip4(0), 0);
	array_done(&dsts.list);
	if (r >= 0 && !state->local_main_merged)
		r = lists_through(&through);
	return visit_marked(&marked, r, visit, data);
}
