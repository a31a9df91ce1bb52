/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/lookup_rules.h"

#include "net/kernel_version.h"

#include <errno.h>

#define TOS_MASK 0x1c /* what a route's tos is compared in (RT_TOS, DSCP) */

struct usable {
	const struct overlay *overlay;
	const struct fib_info *info;
	int oif;
};

static bool is_usable(const struct nexthop *nexthop, void *data)
{
	const struct usable *usable = data;

	return (!usable->oif || usable->oif == nexthop->oif) &&
	       state_nexthop_is_usable(usable->overlay->state, usable->info, nexthop);
}

/* --- aliases ---------------------------------------------------------------------------------- */

/* fib_props[].error */
static int type_error(uint8_t type)
{
	switch ((enum route_type)type) {
	case ROUTE_BLACKHOLE:
		return EINVAL;
	case ROUTE_UNREACHABLE:
		return EHOSTUNREACH;
	case ROUTE_PROHIBIT:
		return EACCES;
	case ROUTE_THROW:
		return EAGAIN;
	case ROUTE_UNSPEC:
	case ROUTE_UNICAST:
	case ROUTE_LOCAL:
	case ROUTE_BROADCAST:
	case ROUTE_ANYCAST:
	case ROUTE_MULTICAST:
	case ROUTE_TYPES:
		return 0;
	}
	return 0;
}

int lookup_error(const struct state *state, const struct fib_info *info)
{
	const struct nexthop_obj *object =
		info->nhid ? state_nexthop_obj(state, info->nhid) : NULL;
	int error = type_error(info->type);

	return !error && object && object->blackhole ? EINVAL : error;
}

/* Nexthop objects came with 5.3: what a route by one would be before, nobody knows. */
static bool has_objects(const struct overlay *overlay)
{
	return state_kernel_knows(overlay->state, kernel_version(5, 3, 0));
}

bool lookup_pick(const struct overlay *overlay, const struct fib_list *list,
	const struct lookup_flow *flow, struct lookup_result *ret)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];
		struct usable usable = { overlay, info, flow->oif };

		if (info->tos && info->tos != (flow->tos & TOS_MASK))
			continue;
		ret->info = info;
		ret->blind |= info->blind || (info->nhid && !has_objects(overlay));
		ret->error = lookup_error(overlay->state, info);
		if (ret->error)
			return true;
		if (state_any_nexthop(overlay->state, info, is_usable, &usable))
			return true;
		/* a nexthop object without a usable nexthop gives up the whole prefix */
		if (info->nhid)
			break;
	}
	ret->info = NULL;
	ret->error = EAGAIN;
	return false;
}

/* --- rules ------------------------------------------------------------------------------------ */

int lookup_rule_acts(const struct overlay *overlay, const struct rule *rule,
	const struct lookup_flow *flow, uint32_t *ret_table)
{
	const struct iface *vrf;

	switch (rule->action) {
	case RULE_TABLE:
		vrf = rule->l3mdev ? state_iface(overlay->state, flow->l3mdev) : NULL;
		*ret_table = vrf ? vrf->link.vrf_table : rule->table;
		if (!*ret_table) /* `not … l3mdev`: fib_get_table() takes 0 for main */
			*ret_table = TABLE_MAIN;
		return 0;
	case RULE_UNREACHABLE:
		return ENETUNREACH;
	case RULE_PROHIBIT:
		return EACCES;
	default:
		return EINVAL;
	}
}

size_t lookup_goto(const struct state *state, size_t at)
{
	uint32_t target = state->rules.items[at].rule.target;

	for (size_t i = at + 1; i < state->rules.count; i++) {
		if (state->rules.items[i].rule.priority == target)
			return i;
	}
	return at + 1;
}

/* The group of the device of the first nexthop (fib4_rule_suppress()). */
static bool first_nexthop(const struct nexthop *nexthop, void *data)
{
	*(const struct nexthop **)data = nexthop;
	return true;
}

static bool suppressed(const struct overlay *overlay, const struct rule *rule,
	const struct lookup_result *result)
{
	const struct nexthop *nexthop = NULL;
	const struct iface *iface;

	if (result->prefix.len <= rule->suppress_len)
		return true;
	if (rule->suppress_group == -1)
		return false;
	if (!state_any_nexthop(overlay->state, result->info, first_nexthop, &nexthop))
		return false;
	iface = state_iface(overlay->state, nexthop->oif);
	return iface && iface->link.group == (uint32_t)rule->suppress_group;
}

bool lookup_is_final(const struct overlay *overlay, const struct rule *rule,
	const struct lookup_result *result)
{
	if (result->error == EAGAIN)
		return false;
	return result->error || !rule || !suppressed(overlay, rule, result);
}

bool lookup_may_be_either(
	const struct overlay *overlay, const struct lookup_result *result)
{
	const struct fib *fib = state_table(overlay->state, TABLE_DEFAULT);

	return result->error && result->error != EAGAIN && result->info &&
	       result->info->table != TABLE_DEFAULT && fib && fib->lists.routes;
}

bool lookup_is_either(const struct lookup_result *in_default)
{
	return in_default->error != EAGAIN || in_default->blind;
}

const uint32_t lookup_merged_tables[LOOKUP_MERGED_TABLES] = { TABLE_MAIN, TABLE_DEFAULT };
