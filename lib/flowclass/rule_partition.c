/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flowclass/rule_partition.h"

#include <errno.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return hash_mix(hash * 31 + value);
}

/* What a rule does with those that meet it. */
static uint64_t action_hash(const struct rule *rule)
{
	uint64_t hash = mix(rule->action, (uint64_t)rule->table << 32 | rule->target);

	hash = mix(hash, (uint64_t)rule->to.addr.host << 8 | rule->to.len);
	hash = mix(hash, (uint64_t)(uint32_t)rule->suppress_len << 32 |
				 (uint32_t)rule->suppress_group);
	return mix(hash, (uint64_t)rule->invert << 2 | (uint64_t)rule->l3mdev << 1 |
				 (uint64_t)rule->blind);
}

static uint64_t port_hash(const struct port_range *port)
{
	return mix(port->set,
		(uint64_t)port->first << 32 | (uint64_t)port->last << 16 | port->mask);
}

static uint64_t selector_hash(enum selector part, const struct state_rule *entry)
{
	const struct rule *rule = &entry->rule;

	switch (part) {
	case SELECTOR_PLACE:
		return mix((uint64_t)entry->iif << 1 | (uint64_t)rule->l3mdev,
			(uint64_t)rule->from.addr.host << 8 | rule->from.len);
	case SELECTOR_MARK:
		return (uint64_t)rule->mark << 32 | rule->mask;
	case SELECTOR_TOS:
		return (uint64_t)rule->tos << 24 | (uint64_t)rule->has_dscp << 16 |
		       (uint64_t)rule->dscp << 8 | rule->dscp_mask;
	case SELECTOR_PROTO:
		return rule->ipproto;
	case SELECTOR_SPORT:
		return port_hash(&rule->sport);
	case SELECTOR_DPORT:
		return port_hash(&rule->dport);
	case SELECTORS:
		break;
	}
	return 0;
}

/* A `goto` makes it matter which rule it is, not only what it does: where does it land? */
static bool has_goto(const struct state *state)
{
	array_each (&state->rules, const struct state_rule, entry) {
		if (entry->rule.action == RULE_GOTO)
			return true;
	}
	return false;
}

static int add(struct sieve *sieve, const struct state_rule *entry, uint64_t place)
{
	const struct sieve_item item = { .rule = (uint32_t)sieve->rules.count };
	struct sieve_rule rule = { .entry = entry };

	rule.rest[SELECTORS] = mix(action_hash(&entry->rule), place);
	for (int part = SELECTORS; part-- > 0;)
		rule.rest[part] = mix(
			rule.rest[part + 1], selector_hash((enum selector)part, entry));
	sieve->l3mdev |= entry->rule.l3mdev;
	if (array_push(&sieve->rules, &rule) < 0)
		return -ENOMEM;
	return array_push(&sieve->whole.list, &item);
}

enum tells { TELLS_NONE, TELLS_ALL, TELLS_APART };

/* Whether a rule acts for no packet, for all alike, or may tell them apart. */
static enum tells tells_of(const struct view *view, unsigned int parts,
	const struct lookup_flow *flow, const struct state_rule *entry)
{
	const enum tells unmet = entry->rule.invert ? TELLS_ALL : TELLS_NONE;
	bool apart = false;

	if (entry->rule.action == RULE_NOP)
		return TELLS_NONE;
	if (selector_never(entry))
		return unmet;
	for (int i = 0; i < SELECTORS; i++) {
		enum selector part = (enum selector)i;

		if (!selector_is_set(part, entry))
			continue;
		if (parts >> i & 1)
			apart = true;
		else if (!selector_meets(part, view, entry, flow))
			return unmet;
	}
	return apart ? TELLS_APART : TELLS_ALL;
}

int sieve_of(const struct view *view, unsigned int parts, const struct lookup_flow *flow,
	struct sieve *ret)
{
	const struct state *state = view->state;
	bool by_priority;
	uint64_t all = 0; /* the rules so far that all packets meet alike */
	int r = 0;

	if (!view_has_custom_rules(view))
		return 0;
	by_priority = has_goto(state);
	for (size_t i = 0; i < state->rules.count && r >= 0; i++) {
		const struct state_rule *entry = &state->rules.items[i];

		switch (tells_of(view, parts, flow, entry)) {
		case TELLS_NONE:
			break;
		case TELLS_ALL:
			all++;
			break;
		case TELLS_APART:
			r = add(ret, entry, by_priority ? entry->rule.priority : all);
			break;
		}
	}
	return r;
}

void sieve_done(struct sieve *sieve)
{
	array_done(&sieve->rules);
	array_done(&sieve->whole.list);
}

int sieve_pass(const struct sieve *sieve, enum selector part, const struct view *view,
	const struct lookup_flow *flow, const struct sieve_items *from,
	struct sieve_items *ret, uint64_t *ret_hash)
{
	/* a rule l3mdev asks the table of the flow's VRF, which it does not name */
	uint64_t hash = sieve->l3mdev ? (uint64_t)flow->l3mdev : 0;

	if (ret)
		array_clear(&ret->list);
	array_each (&from->list, const struct sieve_item, item) {
		const struct sieve_rule *rule = &sieve->rules.items[item->rule];
		struct sieve_item left = *item;

		if (!left.decided && !selector_meets(part, view, rule->entry, flow)) {
			if (!rule->entry->rule.invert)
				continue;
			left.decided = true;
		}
		/* an inverted one that is met in all its parts acts for nobody */
		if (part + 1 == SELECTORS && !left.decided && rule->entry->rule.invert &&
			!rule->entry->rule.to.len)
			continue;
		hash = mix(hash,
			left.decided ? ~rule->rest[SELECTORS] : rule->rest[part + 1]);
		if (ret && array_push(&ret->list, &left) < 0)
			return -ENOMEM;
	}
	*ret_hash = hash;
	return 0;
}
