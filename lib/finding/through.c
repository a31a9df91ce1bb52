/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/through.h"

#include "rpf/lookup_rules.h"
#include "rpf/rpf.h"
#include "rpf/rule_match.h"

#include <stdlib.h>

static bool leads_to(const struct nexthop *nexthop, void *data)
{
	return nexthop->oif == *(const int *)data;
}

bool through_leads(const struct state *state, const struct fib_info *info, int ifindex)
{
	return state_any_nexthop(state, info, leads_to, &ifindex);
}

const struct fib_info *through_made(
	const struct state *state, const struct fib_list *list, int ifindex)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->type == ROUTE_UNICAST && info->protocol != PROTO_KERNEL &&
			through_leads(state, info, ifindex))
			return info;
	}
	return NULL;
}

bool through_may_match(const struct overlay *overlay, const struct state_rule *entry,
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

bool through_reaches(const struct state *state, const struct iface *iface,
	const struct lookup_flow *flow, uint32_t table)
{
	const struct iface *vrf = state_vrf(state, iface);
	const struct overlay overlay = { .state = state };

	if (state->local_main_merged)
		return table == TABLE_MAIN || table == TABLE_DEFAULT;
	array_each (&state->rules, const struct state_rule, entry) {
		if (entry->rule.action != RULE_TABLE)
			continue;
		if (flow ? !through_may_match(&overlay, entry, flow) : !may_be_met(entry))
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

int through_own_part(const struct overlay *overlay, const struct lookup_flow *flow,
	uint32_t first, uint32_t last, uint32_t table, unsigned int len,
	struct prefixset *ret)
{
	struct part part = {
		.state = overlay->state, .table = table, .len = len, .set = ret
	};

	return lookup_range(overlay, flow, first, last, take_part, &part);
}

static int group_through(const struct through *through, const struct fib *fib,
	const struct fib_group *group)
{
	int r = 0;

	if (!group)
		return 0;
	hash_each (&group->lists, slot) {
		if (r >= 0 && through_made(through->state, slot->value,
				      through->iface->link.ifindex))
			r = through->each(fib, slot->value, through->data);
	}
	return r;
}

bool through_wants(const struct through *through, uint32_t table)
{
	bool reachable =
		through_reaches(through->state, through->iface, through->flow, table);

	if (through->but &&
		through_reaches(through->state, through->iface, through->but, table))
		return false;
	return through->unreachable ? !reachable && through_reaches(through->state,
							    through->iface, NULL, table)
				    : reachable;
}

int through_each(const struct through *through)
{
	const struct state *state = through->state;
	uint32_t ifindex = (uint32_t)through->iface->link.ifindex;
	int r = 0;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (r < 0 || (!fib_related(fib, FIB_DEVICE, ifindex) &&
				     !state->nexthop_objs.count))
			continue;
		if (!through_wants(through, fib->table))
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

uint8_t *through_marks_of(struct through_marks *marks, const struct fib *fib)
{
	struct through_mark fresh = { .fib = fib };

	array_each (&marks->tables, const struct through_mark, mark) {
		if (mark->fib == fib)
			return mark->lists;
	}
	fresh.lists = calloc(fib->lists.all.count, sizeof(*fresh.lists));
	if (!fresh.lists || array_push(&marks->tables, &fresh) < 0) {
		free(fresh.lists);
		return NULL;
	}
	return fresh.lists;
}

void through_marks_done(struct through_marks *marks)
{
	array_each (&marks->tables, const struct through_mark, mark)
		free(mark->lists);
	array_done(&marks->tables);
}
