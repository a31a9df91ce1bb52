/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/answers.h"

#include "base/strbuf.h"
#include "finding/possible.h"
#include "rpf/lookup.h"
#include "rpf/rule_match.h"

#include <errno.h>
#include <stdio.h>

/* --- which rules ---------------------------------------------------------------------------- */

/* Whether a rule for a mark leads to the table: then what another rule leads there may bear it. */
static bool is_marked(const struct state *state, uint32_t table)
{
	array_each (&state->rules, const struct state_rule, entry) {
		const struct rule *rule = &entry->rule;

		if (rule->action == RULE_TABLE && rule->table == table &&
			rule->mark & rule->mask)
			return true;
	}
	return false;
}

/* Whether a rule asks for something that the reverse path can't see. */
static bool is_hidden(const struct state *state, const struct iface *iface,
	const struct state_rule *entry)
{
	const struct rule *rule = &entry->rule;

	if (rule->action == RULE_NOP || rule->blind || entry->iif < 0 || entry->oif < 0 ||
		rule->has_tun_id)
		return false;
	/* a mark may be restored: nothing can be told */
	if (devconf_or(&state->all, &iface->link.conf, DEVCONF_SRC_VALID_MARK) &&
		(rule->mask || is_marked(state, rule->table)))
		return false;
	if (entry->oif && entry->oif != iface->link.ifindex)
		return false;
	return rule->mask || rule->has_uid || entry->oif || entry->iif > IFINDEX_LO;
}

static bool leads_by(const struct nexthop *nexthop, void *data)
{
	return nexthop->oif == *(const int *)data;
}

/* Whether a table has any route out of the interface. */
static bool table_leads_by(
	const struct state *state, uint32_t table, const struct iface *iface)
{
	const struct fib *fib = state_table(state, table);

	if (!fib)
		return false;
	if (fib_related(fib, FIB_DEVICE, (uint32_t)iface->link.ifindex))
		return true;
	hash_each (&state->nexthop_objs, slot) {
		if (fib_related(fib, FIB_NEXTHOP, (uint32_t)slot->key))
			return true;
	}
	return false;
}

/* A rule that has packets leave by the interface itself does so by its table; one that is
 * inverted, or jumps, by those behind it. */
static bool may_send(const struct state *state, const struct iface *iface,
	const struct state_rule *entry)
{
	if (entry->rule.invert || entry->rule.action == RULE_GOTO)
		return true;
	return entry->rule.action == RULE_TABLE &&
	       (entry->rule.l3mdev || table_leads_by(state, entry->rule.table, iface));
}

bool answers_any(const struct state *state, const struct iface *iface)
{
	if (state->local_main_merged)
		return false;
	array_each (&state->rules, const struct state_rule, entry) {
		if (is_hidden(state, iface, entry) && may_send(state, iface, entry))
			return true;
	}
	return false;
}

/* --- the packets that a rule is about -------------------------------------------------------- */

/* A user whom the rule is about; of those whom it isn't for, where it is inverted and root is
 * among them, any other. */
static uint32_t user_of(const struct rule *rule)
{
	if (rule->uid_first)
		return rule->uid_first;
	if (rule->invert || rule->uid_last == UINT32_MAX)
		return rule->uid_last + 1;
	return rule->uid_last;
}

/* What the rule asks for besides, which the answers may or may not have. Returns whether it asks
 * for any. */
static bool add_seen(const struct rule *rule, struct lookup_flow *flow)
{
	bool asks = rule->tos || rule->has_dscp || rule->ipproto || rule->sport.set ||
		    rule->dport.set;

	if (rule->has_dscp)
		flow->tos = (uint8_t)(rule->dscp << 2);
	else if (rule->tos)
		flow->tos = rule->tos;
	if (rule->ipproto)
		flow->proto = rule->ipproto;
	if (rule->sport.set)
		flow->sport = rule->sport.first;
	if (rule->dport.set)
		flow->dport = rule->dport.first;
	return asks;
}

/*
 * The way there of the packets that a rule is about, to wherever: the reverse path, with what that
 * can't see. *ret_back: the reverse path of their answers. Returns whether there are such packets
 * among those that the class answers, of which the rule's choice is hidden from that path.
 */
static bool way_there(const struct overlay *overlay, const struct flowclass *class,
	const struct state_rule *entry, const struct lookup_flow *back,
	struct lookup_flow *ret, struct lookup_flow *ret_back, bool *ret_certain)
{
	const struct rule *rule = &entry->rule;
	bool forwarded = entry->iif > IFINDEX_LO || class->oif;

	*ret = *ret_back = *back;
	if (entry->iif > IFINDEX_LO && class->oif && entry->iif != class->oif)
		return false;
	if (entry->iif > IFINDEX_LO && !class->oif && !class->forwarded)
		return false;
	/* no socket sent what is forwarded */
	if (forwarded && (rule->has_uid || entry->oif))
		return false;
	if (entry->iif > IFINDEX_LO)
		ret->iif = entry->iif;
	ret->mark = rule->mark & rule->mask;
	ret->uid = rule->has_uid ? user_of(rule) : 0;
	ret->oif = entry->oif;
	*ret_certain = !add_seen(rule, ret);
	if (!prefix4_has(rule->from, ret->src)) {
		/* answers come to where they were asked for: somebody else there */
		if (!class->forwarded &&
			!state_is_local_addr(overlay->state, rule->from.addr))
			return false;
		ret->src = ip4(rule->from.addr.host + (rule->from.len < 31));
	}
	/* they answer to where they were asked from, and what is forwarded leaves by where that came
	 * in: a rule that asks for no more than this interface leads them back as well */
	ret_back->src = ret->src;
	if (entry->iif > IFINDEX_LO)
		ret_back->iif = entry->iif;
	else if (ret->src.host != back->src.host)
		return true;
	return rule_matches(overlay, entry, ret) !=
	       rule_matches(overlay, entry, ret_back);
}

/* --- where they go -------------------------------------------------------------------------- */

struct going {
	const struct overlay *overlay;
	const struct rule *rule; /* it alone sends; NULL: any */
	int ifindex;
	struct lookup_flow back; /* to whom they are sent */
	unsigned int len;	 /* of the route there */
	struct prefixset *sources;
};

/* Two halves that cover a default route are one. */
static unsigned int specific(struct prefix4 prefix)
{
	return prefix.len > 1 ? prefix.len : 0;
}

static bool leaves_by(const struct going *going, const struct lookup_result *result)
{
	int ifindex = going->ifindex;

	return !result->error && !result->blind && result->info->type == ROUTE_UNICAST &&
	       state_any_nexthop(going->overlay->state, result->info, leads_by, &ifindex);
}

/* Whose answers are not expected: those to whom the reverse path leads out of the interface as well, and
 * of whom a longer prefix says that they are elsewhere. */
static int take_reverse(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	const struct going *going = data;

	if (leaves_by(going, result) ||
		(result->info && specific(result->prefix) > going->len))
		return 0;
	return prefixset_add(going->sources, first, last);
}

static int take_going(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct going *going = data;

	if (!leaves_by(going, result) || (going->rule && result->rule != going->rule))
		return 0;
	going->len = specific(result->prefix);
	return lookup_range(
		going->overlay, &going->back, first, last, take_reverse, going);
}

/* Those who get what is sent because of the rule, and can answer. */
static int look_there(const struct overlay *overlay, const struct iface *iface,
	const struct state_rule *entry, const struct lookup_flow *there,
	const struct lookup_flow *back, struct prefixset *ret)
{
	bool itself = !entry->rule.invert && entry->rule.action == RULE_TABLE;
	const struct prefix4 to = itself ? entry->rule.to : (struct prefix4){ 0 };
	struct prefixset sources = { 0 };
	struct going going = { .overlay = overlay,
		.rule = itself ? &entry->rule : NULL,
		.ifindex = iface->link.ifindex,
		.back = *back,
		.sources = &sources };
	int r;

	r = lookup_range(
		overlay, there, prefix4_first(to), prefix4_last(to), take_going, &going);
	prefixset_close(&sources);
	if (r >= 0)
		r = possible_sources(overlay->state, &sources, ret);
	prefixset_done(&sources);
	return r;
}

/* --- words ---------------------------------------------------------------------------------- */

static void name_rule(const struct rule *rule, char *out, size_t size)
{
	char prefix[PREFIX4_TEXT];
	struct strbuf text;

	strbuf_init(&text, out, size);
	strbuf_add(&text, "rule %u,%s", rule->priority, rule->invert ? " not" : "");
	if (rule->from.len)
		strbuf_add(&text, " from %s", prefix4_format(rule->from, prefix));
	if (rule->to.len)
		strbuf_add(&text, " to %s", prefix4_format(rule->to, prefix));
	if (rule->iif[0])
		strbuf_add(&text, " iif %s", rule->iif);
	if (rule->oif[0])
		strbuf_add(&text, " oif %s", rule->oif);
	if (rule->mask == UINT32_MAX)
		strbuf_add(&text, " fwmark 0x%x", rule->mark);
	else if (rule->mask)
		strbuf_add(&text, " fwmark 0x%x/0x%x", rule->mark, rule->mask);
	if (rule->has_uid)
		strbuf_add(&text, " uidrange %u-%u", rule->uid_first, rule->uid_last);
	if (rule->ipproto)
		strbuf_add(&text, " ipproto %u", rule->ipproto);
	if (rule->sport.set)
		strbuf_add(&text, " sport %u", rule->sport.first);
	if (rule->dport.set)
		strbuf_add(&text, " dport %u", rule->dport.first);
	if (rule->tos || rule->has_dscp)
		strbuf_add(
			&text, " tos 0x%x", rule->has_dscp ? rule->dscp << 2 : rule->tos);
}

/* --- all of them ---------------------------------------------------------------------------- */

static bool is_known(const struct answers *answers, uint64_t key)
{
	array_each (&answers->causes, const struct answers_cause, cause) {
		if (cause->key == key && cause->certain)
			return true;
	}
	return false;
}

/* A thousand users of one table are one cause. */
static uint64_t key_of(const struct state_rule *entry, const struct lookup_flow *there)
{
	const struct rule *rule = &entry->rule;
	uint64_t key = hash_mix((uint64_t)rule->table << 32 | rule->target);

	key = hash_mix(key ^ ((uint64_t)rule->to.addr.host << 8 | rule->to.len));
	key = hash_mix(key ^ ((uint64_t)there->src.host << 32 | (uint32_t)there->iif));
	return hash_mix(key ^ (uint64_t)rule->invert ^ (uint64_t)rule->action << 8);
}

static int add_cause(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct state_rule *entry,
	const struct lookup_flow *back, struct answers *ret)
{
	struct answers_cause cause = { 0 };
	struct lookup_flow there, answer;
	int r;

	if (!way_there(overlay, class, entry, back, &there, &answer, &cause.certain))
		return 0;
	cause.key = key_of(entry, &there);
	if (is_known(ret, cause.key))
		return 0;
	name_rule(&entry->rule, cause.because, sizeof(cause.because));
	r = look_there(overlay, iface, entry, &there, &answer, &cause.sources);
	if (r >= 0 && cause.sources.ranges.count) {
		r = array_push(&ret->causes, &cause);
		if (r >= 0)
			return 0;
	}
	prefixset_done(&cause.sources);
	return r < 0 ? r : 0;
}

int answers_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct answers *ret)
{
	const struct state *state = overlay->state;
	struct lookup_flow back = flowclass_validation(overlay, iface, class).reverse;
	int r = 0;

	if (state->local_main_merged)
		return 0;
	array_each (&state->rules, const struct state_rule, entry) {
		if (r >= 0 && is_hidden(state, iface, entry) &&
			may_send(state, iface, entry))
			r = add_cause(overlay, iface, class, entry, &back, ret);
	}
	return r;
}

static int stop_at_first(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	(void)first;
	(void)last;
	return leaves_by(data, result) ? -EEXIST : 0;
}

int answers_are_marked(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class)
{
	const struct state *state = overlay->state;
	const struct lookup_flow back =
		flowclass_validation(overlay, iface, class).reverse;
	struct going going = { .overlay = overlay, .ifindex = iface->link.ifindex };
	bool marked = false;
	int r;

	if (state->local_main_merged ||
		!devconf_or(&state->all, &iface->link.conf, DEVCONF_SRC_VALID_MARK))
		return 0;
	array_each (&state->rules, const struct state_rule, entry)
		marked |= entry->rule.mark & entry->rule.mask && !entry->rule.invert &&
			  may_send(state, iface, entry);
	if (!marked)
		return 0;
	r = lookup_range(overlay, &back, 0, UINT32_MAX, stop_at_first, &going);
	return r < 0 && r != -EEXIST ? r : r == 0;
}

void answers_done(struct answers *answers)
{
	array_each (&answers->causes, struct answers_cause, cause)
		prefixset_done(&cause->sources);
	array_done(&answers->causes);
}

const struct answers_cause *answers_cause(
	const struct answers *answers, struct ip4 source)
{
	array_each (&answers->causes, const struct answers_cause, cause) {
		if (prefixset_has(&cause->sources, source))
			return cause;
	}
	return NULL;
}

int answers_list(const struct state *state, const struct iface *iface,
	answers_visit visit, void *data)
{
	const struct overlay overlay = { .state = state };
	struct flowclasses classes = { 0 };
	struct answers answers = { 0 };
	int r = answers_any(state, iface) ? flowclasses_of(state, iface, &classes) : 0;

	for (size_t i = 0; r >= 0 && i < classes.list.count; i++)
		r = answers_of(&overlay, iface, &classes.list.items[i], &answers);
	array_each (&answers.causes, const struct answers_cause, cause) {
		if (r >= 0)
			r = visit(prefixset_hull(&cause->sources), cause->because, data);
	}
	answers_done(&answers);
	flowclasses_done(&classes);
	return r;
}
