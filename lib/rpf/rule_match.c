/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/rule_match.h"

#include <string.h>

#define TOS_MASK 0x1c /* what a rule's tos is compared in (RT_TOS, DSCP) */

static const char *const names[MATCH_PARTS] = {
	[MATCH_DST] = "destination",
	[MATCH_MARK] = "mark",
	[MATCH_TOS] = "tos",
	[MATCH_PROTO] = "protocol",
	[MATCH_SPORT] = "destination port",
	[MATCH_DPORT] = "source port",
};

const char *rule_match_name(enum match_part part)
{
	return names[part];
}

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

bool rule_match_by_vrf(const struct overlay *overlay, const struct state_rule *entry)
{
	const struct iface *named =
		entry->iif > 0 ? state_iface(overlay->state, entry->iif) : NULL;

	return named && strcmp(named->link.kind, "vrf") == 0 &&
	       overlay_kernel_has(overlay, 6, 15);
}

/* Before 5.18 a flow had no VRF: the VRF replaced its iif (40867d74c374). */
static bool iif_selects(const struct overlay *overlay, const struct state_rule *entry,
	const struct lookup_flow *flow)
{
	if (!entry->iif)
		return true;
	if (rule_match_by_vrf(overlay, entry) ||
		(flow->l3mdev && !overlay_kernel_has(overlay, 5, 18)))
		return entry->iif == flow->l3mdev;
	return entry->iif == flow->iif;
}

static bool dst_matches(const struct overlay *overlay, const struct state_rule *entry,
	const struct lookup_flow *flow)
{
	return iif_selects(overlay, entry, flow) &&
	       (!entry->rule.l3mdev || flow->l3mdev) &&
	       prefix4_has(entry->rule.from, flow->src);
}

bool rule_match_is_set(enum match_part part, const struct state_rule *entry)
{
	const struct rule *rule = &entry->rule;

	switch (part) {
	case MATCH_DST:
		return rule->from.len || entry->iif || rule->l3mdev;
	case MATCH_MARK:
		return rule->mask;
	case MATCH_TOS:
		return rule->tos || (rule->has_dscp && rule->dscp_mask);
	case MATCH_PROTO:
		return rule->ipproto;
	case MATCH_SPORT:
		return rule->sport.set;
	case MATCH_DPORT:
		return rule->dport.set;
	case MATCH_PARTS:
		break;
	}
	return false;
}

bool rule_match_meets(enum match_part part, const struct overlay *overlay,
	const struct state_rule *entry, const struct lookup_flow *flow)
{
	const struct rule *rule = &entry->rule;

	switch (part) {
	case MATCH_DST:
		return dst_matches(overlay, entry, flow);
	case MATCH_MARK:
		return ((rule->mark ^ flow->mark) & rule->mask) == 0;
	case MATCH_TOS:
		return dscp_selects(rule, flow->tos);
	case MATCH_PROTO:
		return !rule->ipproto || rule->ipproto == flow->proto;
	case MATCH_SPORT:
		return port_in(&rule->sport, flow->sport);
	case MATCH_DPORT:
		return port_in(&rule->dport, flow->dport);
	case MATCH_PARTS:
		break;
	}
	return true;
}

bool rule_match_never(const struct state_rule *entry)
{
	/* the look-up is root's, and has neither of the others */
	return entry->oif || entry->iif < 0 || entry->rule.has_tun_id ||
	       (entry->rule.has_uid && entry->rule.uid_first != 0);
}

bool rule_match_is_blind(const struct overlay *overlay, const struct state_rule *entry)
{
	return entry->rule.blind || !state_kernel_knows(overlay->state, entry->since);
}

/* What no reverse look-up has, and one of what the host sends may have. */
static bool sender_matches(const struct state_rule *entry, const struct lookup_flow *flow)
{
	const struct rule *rule = &entry->rule;

	return (!entry->oif || entry->oif == flow->oif) && entry->iif >= 0 &&
	       !rule->has_tun_id &&
	       (!rule->has_uid ||
		       (flow->uid >= rule->uid_first && flow->uid <= rule->uid_last));
}

bool rule_matches(const struct overlay *overlay, const struct state_rule *entry,
	const struct lookup_flow *flow)
{
	const struct rule *rule = &entry->rule;

	return sender_matches(entry, flow) && dst_matches(overlay, entry, flow) &&
	       ((rule->mark ^ flow->mark) & rule->mask) == 0 &&
	       dscp_selects(rule, flow->tos) &&
	       (!rule->ipproto || rule->ipproto == flow->proto) &&
	       port_in(&rule->sport, flow->sport) && port_in(&rule->dport, flow->dport);
}
