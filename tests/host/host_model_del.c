/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host_model_del.h"

#include <string.h>

/* --- routes ----------------------------------------------------------------------------------- */

static bool nexthop_fits(const struct nexthop *said, const struct nexthop *has)
{
	return (!said->oif || said->oif == has->oif) &&
	       (!said->gw_family || (said->gw_family == has->gw_family &&
					    said->gw.host == has->gw.host));
}

/* fib_nh_match() */
static bool nexthops_fit(const struct route_record *said, const struct fib_info *info)
{
	if (said->nhid)
		return said->nhid == info->nhid;
	if (!said->nexthop_count)
		return true;
	if (info->nhid ||
		(said->nexthop_count > 1 && said->nexthop_count != info->nexthop_count))
		return false;
	for (size_t i = 0; i < said->nexthop_count; i++) {
		if (i >= info->nexthop_count ||
			!nexthop_fits(&said->nexthops[i], &info->nexthops[i]))
			return false;
	}
	return true;
}

static bool route_fits(const struct host_route *said, const struct route_record *route,
	const struct fib_info *info)
{
	return info->table == route->table && info->tos == route->tos &&
	       (!said->has_type || info->type == route->type) &&
	       (!said->has_scope || info->scope == route->scope) &&
	       (!said->has_protocol || info->protocol == route->protocol) &&
	       (!route->priority || info->priority == route->priority) &&
	       (!route->prefsrc.host || info->prefsrc.host == route->prefsrc.host) &&
	       nexthops_fit(route, info);
}

bool model_find_route(const struct state *state, const struct host_route *said,
	struct route_record *route)
{
	const struct fib *fib = state_table(state, route->table);
	uint32_t value = fib ? trie_get(&fib->trie, route->dst) : 0;
	const struct fib_list *list = value ? fib_list(fib, value) : NULL;

	for (uint32_t i = 0; list && i < list->count; i++) {
		if (!route_fits(said, route, list->infos[i]))
			continue;
		*route = fib_info_record(list->infos[i], route->dst);
		return true;
	}
	return false;
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool prefix_fits(struct prefix4 said, struct prefix4 has)
{
	return !said.len || (said.len == has.len && said.addr.host == has.addr.host);
}

static bool ports_fit(const struct port_range *said, const struct port_range *has)
{
	return !said->set ||
	       (has->set && said->first == has->first && said->last == has->last);
}

static bool names_fit(const struct rule *said, const struct rule *has)
{
	return (!said->iif[0] || strcmp(said->iif, has->iif) == 0) &&
	       (!said->oif[0] || strcmp(said->oif, has->oif) == 0);
}

static bool flow_fits(const struct rule *said, const struct rule *has)
{
	return (!said->tos || said->tos == has->tos) &&
	       (!said->has_dscp || said->dscp == has->dscp) &&
	       (!said->ipproto || said->ipproto == has->ipproto) &&
	       (!said->mask || (said->mark == has->mark && said->mask == has->mask)) &&
	       (!said->has_uid || (said->uid_first == has->uid_first &&
					  said->uid_last == has->uid_last)) &&
	       (!said->has_tun_id || said->tun_id == has->tun_id) &&
	       ports_fit(&said->sport, &has->sport) &&
	       ports_fit(&said->dport, &has->dport);
}

static bool rule_fits(const struct host_rule *said, const struct rule *has)
{
	const struct rule *rule = &said->rule;

	return (!said->has_priority || rule->priority == has->priority) &&
	       (!said->has_action || rule->action == has->action) &&
	       (!rule->table || rule->table == has->table) &&
	       (!rule->target || rule->target == has->target) &&
	       (!rule->invert || has->invert) && (!rule->l3mdev || has->l3mdev) &&
	       (rule->suppress_len < 0 || rule->suppress_len == has->suppress_len) &&
	       (rule->suppress_group < 0 ||
		       rule->suppress_group == has->suppress_group) &&
	       prefix_fits(rule->from, has->from) && prefix_fits(rule->to, has->to) &&
	       names_fit(rule, has) && flow_fits(rule, has);
}

bool model_find_rule(
	const struct state *state, const struct host_rule *said, struct rule *ret)
{
	array_each (&state->rules, const struct state_rule, known) {
		if (!rule_fits(said, &known->rule))
			continue;
		*ret = known->rule;
		return true;
	}
	return false;
}
