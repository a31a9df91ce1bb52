/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/rule.h"

#include "base/cleanup.h"
#include "net/kernel_version.h"

#include <string.h>

static bool prefix_equal(struct prefix4 a, struct prefix4 b)
{
	return a.addr.host == b.addr.host && a.len == b.len;
}

static bool ports_equal(const struct port_range *a, const struct port_range *b)
{
	return a->set == b->set && a->first == b->first && a->last == b->last &&
	       a->mask == b->mask;
}

static bool action_equal(const struct rule *a, const struct rule *b)
{
	return a->priority == b->priority && a->table == b->table &&
	       a->target == b->target && a->action == b->action &&
	       a->protocol == b->protocol && a->realm == b->realm &&
	       a->suppress_len == b->suppress_len &&
	       a->suppress_group == b->suppress_group;
}

static bool selectors_equal(const struct rule *a, const struct rule *b)
{
	return a->invert == b->invert && a->l3mdev == b->l3mdev &&
	       a->has_tun_id == b->has_tun_id && a->tun_id == b->tun_id &&
	       prefix_equal(a->from, b->from) && prefix_equal(a->to, b->to) &&
	       a->from_rest == b->from_rest && a->to_rest == b->to_rest &&
	       a->tos == b->tos && a->has_dscp == b->has_dscp && a->dscp == b->dscp &&
	       a->dscp_mask == b->dscp_mask && a->ipproto == b->ipproto &&
	       a->mark == b->mark && a->mask == b->mask && a->has_uid == b->has_uid &&
	       a->uid_first == b->uid_first && a->uid_last == b->uid_last &&
	       ports_equal(&a->sport, &b->sport) && ports_equal(&a->dport, &b->dport) &&
	       strcmp(a->iif, b->iif) == 0 && strcmp(a->oif, b->oif) == 0;
}

bool rule_equal(const struct rule *a, const struct rule *b)
{
	return action_equal(a, b) && selectors_equal(a, b);
}

static bool is_masked(const struct port_range *port)
{
	return port->set && port->mask != UINT16_MAX;
}

uint32_t rule_since(const struct rule *rule)
{
	const struct {
		bool has;
		uint32_t version;
	} selectors[] = {
		{ is_masked(&rule->sport) || is_masked(&rule->dport) ||
				(rule->has_dscp && rule->dscp_mask != 0x3f),
			kernel_version(6, 15, 0) },
		{ rule->has_dscp, kernel_version(6, 12, 0) },
		{ rule->ipproto || rule->sport.set || rule->dport.set,
			kernel_version(4, 17, 0) },
		{ rule->has_uid, kernel_version(4, 10, 0) },
		{ rule->l3mdev, kernel_version(4, 8, 0) },
		{ rule->has_tun_id, kernel_version(4, 3, 0) },
		{ rule_suppresses(rule), kernel_version(3, 12, 0) },
		{ rule->oif[0], kernel_version(2, 6, 33) },
	};

	for (size_t i = 0; i < ELEMENTS(selectors); i++) {
		if (selectors[i].has)
			return selectors[i].version;
	}
	return 0;
}

bool rule_dissects(const struct rule *rule)
{
	return strcmp(rule->iif, "lo") != 0 &&
	       (rule->ipproto || rule->sport.set || rule->dport.set);
}
