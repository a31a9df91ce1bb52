/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flowclass/rule_partition.h"

#include "rpf/rpf.h"

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

static uint64_t selector_hash(enum match_part part, const struct state_rule *entry)
{
	const struct rule *rule = &entry->rule;

	switch (part) {
	case MATCH_DST:
		return mix((uint64_t)entry->iif << 1 | (uint64_t)rule->l3mdev,
			(uint64_t)rule->from.addr.host << 8 | rule->from.len);
	case MATCH_MARK:
		return (uint64_t)rule->mark << 32 | rule->mask;
	case MATCH_TOS:
		return (uint64_t)rule->tos << 24 | (uint64_t)rule->has_dscp << 16 |
		       (uint64_t)rule->dscp << 8 | rule->dscp_mask;
	case MATCH_PROTO:
		return rule->ipproto;
	case MATCH_SPORT:
		return port_hash(&rule->sport);
	case MATCH_DPORT:
		return port_hash(&rule->dport);
	case MATCH_PARTS:
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

static int add_rule(struct rule_partition *partition, const struct state_rule *entry,
	uint64_t dst_group)
{
	const struct partition_item item = { .rule = (uint32_t)partition->rules.count };
	struct partition_rule rule = { .entry = entry };

	rule.rest[MATCH_PARTS] = mix(action_hash(&entry->rule), dst_group);
	for (int part = MATCH_PARTS; part-- > 0;)
		rule.rest[part] = mix(
			rule.rest[part + 1], selector_hash((enum match_part)part, entry));
	partition->l3mdev |= entry->rule.l3mdev;
	if (array_push(&partition->rules, &rule) < 0)
		return -ENOMEM;
	return array_push(&partition->whole.list, &item);
}

enum effect { EFFECT_NONE, EFFECT_ALL, EFFECT_PARTITION };

/* Whether a rule acts for no packet, for all alike, or may distinguish them. */
static enum effect effect_of(const struct overlay *overlay, unsigned int parts,
	const struct lookup_flow *flow, const struct state_rule *entry)
{
	const enum effect unmet = entry->rule.invert ? EFFECT_ALL : EFFECT_NONE;
	bool apart = false;

	if (entry->rule.action == RULE_NOP)
		return EFFECT_NONE;
	if (rule_match_never(entry))
		return unmet;
	for (int i = 0; i < MATCH_PARTS; i++) {
		enum match_part part = (enum match_part)i;

		if (!rule_match_is_set(part, entry))
			continue;
		if (parts >> i & 1)
			apart = true;
		else if (!rule_match_meets(part, overlay, entry, flow))
			return unmet;
	}
	return apart ? EFFECT_PARTITION : EFFECT_ALL;
}

int rule_partition_of(const struct overlay *overlay, unsigned int parts,
	const struct lookup_flow *flow, struct rule_partition *ret)
{
	const struct state *state = overlay->state;
	bool by_priority;
	uint64_t all = 0; /* the rules so far that all packets meet alike */
	int r = 0;

	ret->swapped = rpf_swaps_ports(overlay);
	if (!overlay_has_custom_rules(overlay))
		return 0;
	by_priority = has_goto(state);
	for (size_t i = 0; i < state->rules.count && r >= 0; i++) {
		const struct state_rule *entry = &state->rules.items[i];

		switch (effect_of(overlay, parts, flow, entry)) {
		case EFFECT_NONE:
			break;
		case EFFECT_ALL:
			all++;
			break;
		case EFFECT_PARTITION:
			r = add_rule(
				ret, entry, by_priority ? entry->rule.priority : all);
			break;
		}
	}
	return r;
}

void rule_partition_done(struct rule_partition *partition)
{
	array_done(&partition->rules);
	array_done(&partition->whole.list);
}

int rule_partition_pass(const struct rule_partition *partition, enum match_part part,
	const struct overlay *overlay, const struct lookup_flow *flow,
	const struct partition_items *from, struct partition_items *ret,
	uint64_t *ret_hash)
{
	/* a rule l3mdev asks the table of the flow's VRF, which it does not name */
	uint64_t hash = partition->l3mdev ? (uint64_t)flow->l3mdev : 0;

	if (ret)
		array_clear(&ret->list);
	array_each (&from->list, const struct partition_item, item) {
		const struct partition_rule *rule = &partition->rules.items[item->rule];
		struct partition_item left = *item;

		if (!left.decided &&
			!rule_match_meets(part, overlay, rule->entry, flow)) {
			if (!rule->entry->rule.invert)
				continue;
			left.decided = true;
		}
		/* an inverted one that is met in all its parts acts for nobody */
		if (part + 1 == MATCH_PARTS && !left.decided &&
			rule->entry->rule.invert && !rule->entry->rule.to.len)
			continue;
		hash = mix(hash,
			left.decided ? ~rule->rest[MATCH_PARTS] : rule->rest[part + 1]);
		if (ret && array_push(&ret->list, &left) < 0)
			return -ENOMEM;
	}
	*ret_hash = hash;
	return 0;
}
