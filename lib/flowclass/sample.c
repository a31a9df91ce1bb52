/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flowclass/sample.h"

#include "net/flow.h"

#include <errno.h>
#include <stdio.h>

#define PROTO_TCP 6

/* What a rule asks of a value: some of its bits, or a range. */
struct condition {
	uint32_t value, mask;
	uint32_t first, last; /* with a mask of 0 */
};

struct conditions {
	ARRAY(struct condition) list;
};

static const struct port_range *port_of(enum match_part part, const struct rule *rule)
{
	return part == MATCH_SPORT ? &rule->sport : &rule->dport;
}

static struct condition condition_of(enum match_part part, const struct rule *rule)
{
	const struct port_range *port;

	switch (part) {
	case MATCH_MARK:
		return (struct condition){ rule->mark & rule->mask, rule->mask, 0, 0 };
	case MATCH_TOS:
		if (rule->has_dscp)
			return (struct condition){
				(uint32_t)(rule->dscp & rule->dscp_mask) << 2,
				(uint32_t)rule->dscp_mask << 2, 0, 0
			};
		return (struct condition){ rule->tos & 0x1cu, 0x1c, 0, 0 };
	case MATCH_PROTO:
		return (struct condition){ rule->ipproto, 0xff, 0, 0 };
	case MATCH_SPORT:
	case MATCH_DPORT:
		port = port_of(part, rule);
		if (port->mask != UINT16_MAX)
			return (struct condition){ port->first & port->mask, port->mask,
				0, 0 };
		return (struct condition){ 0, 0, port->first, port->last };
	case MATCH_DST:
	case MATCH_PARTS:
		break;
	}
	return (struct condition){ 0 };
}

static bool condition_holds(const struct condition *condition, uint32_t value)
{
	if (condition->mask)
		return ((condition->value ^ value) & condition->mask) == 0;
	return value >= condition->first && value <= condition->last;
}

static uint32_t value_of(const struct lookup_flow *flow, enum match_part part)
{
	switch (part) {
	case MATCH_MARK:
		return flow->mark;
	case MATCH_TOS:
		return flow->tos;
	case MATCH_PROTO:
		return flow->proto;
	case MATCH_SPORT:
		return flow->sport;
	case MATCH_DPORT:
		return flow->dport;
	case MATCH_DST:
	case MATCH_PARTS:
		break;
	}
	return 0;
}

void sample_set(struct lookup_flow *flow, enum match_part part, uint32_t value)
{
	switch (part) {
	case MATCH_MARK:
		flow->mark = value;
		break;
	case MATCH_TOS:
		flow->tos = (uint8_t)value;
		break;
	case MATCH_PROTO:
		flow->proto = (uint8_t)value;
		break;
	case MATCH_SPORT:
		flow->sport = (uint16_t)value;
		break;
	case MATCH_DPORT:
		flow->dport = (uint16_t)value;
		break;
	case MATCH_DST:
	case MATCH_PARTS:
		break;
	}
}

/* Returns 1 if it is there now, 0 where there is no room, or -ENOMEM. */
static int add_value(struct samples *samples, uint32_t value)
{
	for (size_t i = 0; i < samples->values.count; i++) {
		if (samples->values.items[i] == value)
			return 1;
	}
	if (samples->values.count == SAMPLES) {
		samples->cut = true;
		return 0;
	}
	return array_push(&samples->values, &value) < 0 ? -ENOMEM : 1;
}

/* The different conditions; those beyond the limit are left out. */
static int collect_conditions(const struct rule_partition *partition,
	enum match_part part, const struct partition_items *from, struct samples *samples,
	struct conditions *ret)
{
	array_each (&from->list, const struct partition_item, item) {
		const struct state_rule *entry = partition->rules.items[item->rule].entry;
		const struct condition condition = condition_of(part, &entry->rule);
		bool known = item->decided || !rule_match_is_set(part, entry);

		for (size_t i = ret->list.count; i-- > 0 && !known;) {
			const struct condition *other = &ret->list.items[i];

			known = condition.value == other->value &&
				condition.mask == other->mask &&
				condition.first == other->first &&
				condition.last == other->last;
		}
		if (known)
			continue;
		if (ret->list.count == SAMPLES) {
			samples->cut = true;
			return 0;
		}
		if (array_push(&ret->list, &condition) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool is_named(const struct conditions *conditions, uint32_t value)
{
	array_each (&conditions->list, const struct condition, condition) {
		if (condition_holds(condition, value))
			return true;
	}
	return false;
}

/* Values to try one after the other, the plain ones first; false at the end. */
static bool other_value(enum match_part part, uint32_t n, uint32_t *ret)
{
	static const uint32_t protos[] = { PROTO_TCP, 1, 47, 50, 132 };

	switch (part) {
	case MATCH_MARK:
		*ret = n < 256 ? n + 1 : (uint32_t)hash_mix(n);
		return n < 512;
	case MATCH_TOS:
		*ret = 4 * (n + 1);
		return n < 63;
	case MATCH_PROTO:
		*ret = n < ELEMENTS(protos) ? protos[n] : n;
		return n < 255;
	case MATCH_SPORT:
	case MATCH_DPORT:
		*ret = n + 1;
		return n < 1024;
	case MATCH_DST:
	case MATCH_PARTS:
		break;
	}
	return false;
}

/* Where rules name what most packets have: a value that none names. */
static int add_other(struct samples *samples, enum match_part part,
	const struct conditions *conditions)
{
	uint32_t value;

	if (!is_named(conditions, samples->values.items[0]))
		return 0;
	for (uint32_t n = 0; other_value(part, n, &value); n++) {
		if (!is_named(conditions, value))
			return add_value(samples, value);
	}
	return 0;
}

/*
 * From each value that there is, those that differ from it by one condition: its bits
 * as the rule has them, or just not; the ends of its range. So all that rules distinguish is
 * reached step by step, single things first.
 */
static int step_value(struct samples *samples, enum match_part part, uint32_t value,
	const struct condition *condition)
{
	uint32_t most =
		part == MATCH_SPORT || part == MATCH_DPORT ? UINT16_MAX : UINT32_MAX;
	int r;

	if (condition->mask) {
		r = add_value(samples, (value & ~condition->mask) | condition->value);
		/* where it holds by chance, as of the mark 0, there is a value without */
		if (r >= 0 && part != MATCH_PROTO && condition_holds(condition, value))
			r = add_value(
				samples, value ^ (condition->mask & -condition->mask));
		return r;
	}
	r = add_value(samples, condition->first);
	if (r >= 0 && condition->last < most)
		r = add_value(samples, condition->last + 1);
	return r;
}

static bool has_ports(uint8_t proto)
{
	return proto == FLOW_UDP || proto == PROTO_TCP || proto == 33 /* DCCP */ ||
	       proto == 132 /* SCTP */ || proto == 136 /* UDP-Lite */;
}

int samples_of(const struct rule_partition *partition, enum match_part part,
	const struct partition_items *from, const struct lookup_flow *flow,
	struct samples *ret)
{
	struct conditions conditions = { 0 };
	bool port = part == MATCH_SPORT || part == MATCH_DPORT;
	int r = add_value(ret, value_of(flow, part));

	if (r < 0 || (port && !has_ports(flow->proto)))
		return r < 0 ? r : 0;
	r = collect_conditions(partition, part, from, ret, &conditions);
	if (r >= 0 && conditions.list.count)
		r = add_other(ret, part, &conditions);
	for (size_t i = 0; r >= 0 && conditions.list.count && i < ret->values.count;
		i++) {
		for (size_t k = 0; r >= 0 && k < conditions.list.count; k++)
			r = step_value(ret, part, ret->values.items[i],
				&conditions.list.items[k]);
	}
	array_done(&conditions.list);
	return r < 0 ? r : 0;
}

int samples_add(struct samples *samples, uint32_t value)
{
	int r = add_value(samples, value);

	return r < 0 ? r : 0;
}

void samples_done(struct samples *samples)
{
	array_done(&samples->values);
}

/* --- names ------------------------------------------------------------------------------------ */

/* The bits that rules look at where they meet the value. */
static uint32_t bits_of(const struct rule_partition *partition, enum match_part part,
	const struct partition_items *from, uint32_t value)
{
	uint32_t bits = 0;

	array_each (&from->list, const struct partition_item, item) {
		const struct state_rule *entry = partition->rules.items[item->rule].entry;
		struct condition condition = condition_of(part, &entry->rule);

		if (!item->decided && rule_match_is_set(part, entry) &&
			condition_holds(&condition, value))
			bits |= condition.mask;
	}
	return bits;
}

/* How far around a port the rules treat ports alike. */
static void range_of(const struct rule_partition *partition, enum match_part part,
	const struct partition_items *from, uint32_t value, uint32_t *first,
	uint32_t *last)
{
	*first = 0;
	*last = UINT16_MAX;
	array_each (&from->list, const struct partition_item, item) {
		const struct state_rule *entry = partition->rules.items[item->rule].entry;
		struct condition condition = condition_of(part, &entry->rule);

		if (item->decided || !rule_match_is_set(part, entry))
			continue;
		if (condition.mask) { /* no range: the value alone stands for its kind */
			*first = *last = value;
			return;
		}
		if (condition.first <= value && condition.first > *first)
			*first = condition.first;
		if (condition.last < value && condition.last + 1 > *first)
			*first = condition.last + 1;
		if (condition.first > value && condition.first - 1 < *last)
			*last = condition.first - 1;
		if (condition.last >= value && condition.last < *last)
			*last = condition.last;
	}
}

static int name_proto(uint32_t proto, char *out, size_t size)
{
	switch (proto) {
	case 1:
		return snprintf(out, size, ":icmp");
	case PROTO_TCP:
		return snprintf(out, size, ":tcp");
	case FLOW_UDP:
		return snprintf(out, size, ":udp");
	default:
		return snprintf(out, size, ":proto=%u", proto);
	}
}

size_t sample_name(const struct rule_partition *partition, enum match_part part,
	const struct partition_items *from, uint32_t value, char *out, size_t size)
{
	/* in most kernels the packet's ports are those of the reverse path, swapped */
	const char *port =
		(part == MATCH_SPORT) == partition->swapped ? "dport" : "sport";
	uint32_t first, last, bits;
	int length = 0;

	switch (part) {
	case MATCH_MARK:
		bits = bits_of(partition, part, from, value);
		length = bits ? snprintf(out, size, ":mark=0x%x/0x%x", value, bits)
			      : snprintf(out, size, ":mark=0x%x", value);
		break;
	case MATCH_TOS:
		length = snprintf(out, size, ":tos=0x%x", value);
		break;
	case MATCH_PROTO:
		length = name_proto(value, out, size);
		break;
	case MATCH_SPORT:
	case MATCH_DPORT:
		range_of(partition, part, from, value, &first, &last);
		length = first == last
				 ? snprintf(out, size, ":%s=%u", port, first)
				 : snprintf(out, size, ":%s=%u-%u", port, first, last);
		break;
	case MATCH_DST:
	case MATCH_PARTS:
		break;
	}
	if (length < 0)
		return 0;
	return (size_t)length < size ? (size_t)length : size - 1;
}
