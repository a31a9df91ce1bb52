/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/rule.h"

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

bool rule_dissects(const struct rule *rule)
{
	return strcmp(rule->iif, "lo") != 0 &&
	       (rule->ipproto || rule->sport.set || rule->dport.set);
}
