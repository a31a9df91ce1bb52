/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/state_apply.h"

#include "fib/rule.h"
#include "state/dirty.h"
#include "state/implied.h"
#include "state/state_fork.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- links --------------------------------------------------------------------------------- */

/* Rules name devices; which devices that are changes with every link that comes or goes. */
static int rule_device(const struct state *state, const char *name)
{
	const struct iface *iface;

	if (!name[0])
		return 0;
	iface = state_iface_by_name(state, name);
	return iface ? iface->link.ifindex : -1;
}

static void rules_attach(struct state *state)
{
	array_each (&state->rules, struct state_rule, entry) {
		entry->iif = rule_device(state, entry->rule.iif);
		entry->oif = rule_device(state, entry->rule.oif);
	}
}

static struct iface *iface_make(struct state *state, int ifindex)
{
	_cleanup_(iface_freep) struct iface *iface = NULL;
	struct iface *known = state_iface(state, ifindex);

	if (known)
		return known;
	iface = iface_new(ifindex);
	if (!iface || hash_put(&state->ifaces, (uint32_t)ifindex, iface) < 0)
		return NULL;
	return take_ptr(iface);
}

static void name_forget(struct state *state, const struct iface *iface)
{
	uint64_t key = state_name_key(iface->link.name);

	/* another link may have taken the name before this one is known to have given it up */
	if (iface->link.name[0] && hash_get(&state->names, key) == iface)
		hash_remove(&state->names, key);
}

/* Whether some rule goes by a device, its name or its group. */
static bool has_device_rules(const struct state *state)
{
	array_each (&state->rules, const struct state_rule, entry) {
		if (entry->rule.iif[0] || entry->rule.oif[0] ||
			entry->rule.suppress_group != -1)
			return true;
	}
	return false;
}

/* What is removed unannounced when a link changes from `was` to what it is now. */
static int link_lost(struct state *state, const struct iface *iface,
	const struct link_record *was, const struct iface *was_vrf)
{
	int ifindex = iface->link.ifindex;
	bool was_up = was->flags & LINK_UP;
	int r = 0;

	if (was->master != iface->link.master &&
		(was_vrf || state_vrf(state, iface) != NULL) &&
		was_vrf != state_vrf(state, iface)) {
		state->audit_due = true;
		r = implied_link_down(state, ifindex, true);
	}
	if (r < 0)
		return r;
	if (!was_up)
		return iface_is_up(iface) ? implied_link_alive(state, ifindex) : 0;
	if (!iface_is_up(iface)) {
		state->audit_due = true;
		return implied_link_down(state, ifindex, false);
	}
	if ((was->flags & (LINK_RUNNING | LINK_LOWER_UP)) && !iface_has_carrier(iface)) {
		state->audit_due = true;
		return implied_carrier_lost(state, ifindex);
	}
	return 0;
}

/* Whether a link's change may affect verdicts on other interfaces, other than by routes. */
static bool link_dirties_all(const struct state *state, const struct link_record *was,
	const struct link_record *now)
{
	const unsigned int carrier = LINK_RUNNING | LINK_LOWER_UP;

	/* names are in rules, groups in suppressors, and others are looked up in a VRF */
	if (state->rules.count &&
		(strcmp(was->name, now->name) != 0 || was->group != now->group) &&
		has_device_rules(state))
		return true;
	if (strcmp(now->kind, "vrf") == 0 || was->master != now->master)
		return true;
	/* routes are passed over or taken up again */
	return (!(was->flags & carrier) != !(now->flags & carrier) &&
		       devconf_or(&state->all, &now->conf,
			       DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN)) ||
	       was->conf.value[DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN] !=
		       now->conf.value[DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN];
}

/*
 * With an address on lo that is for all wires (LVS direct routing), what is expected of one depends
 * on the networks of the others.
 */
static void dirty_wires(struct state *state)
{
	const struct iface *lo = state_iface(state, IFINDEX_LO);

	for (size_t i = 0; lo && i < lo->addrs.count; i++) {
		if (lo->addrs.items[i].len == 32 &&
			!ip4_is_loopback(lo->addrs.items[i].local)) {
			dirty_all(state);
			return;
		}
	}
}

static int link_changed(struct state *state, int ifindex, bool gone)
{
	const struct link_change change = { ifindex, gone };

	return array_push(&state->links, &change);
}

static int apply_link(struct state *state, const struct link_record *link)
{
	struct iface *iface = iface_make(state, link->ifindex);
	struct link_record was;
	const struct iface *was_vrf;
	bool renamed;
	int r;

	if (!iface)
		return -ENOMEM;
	was = iface->link;
	was_vrf = iface->announced ? state_vrf(state, iface) : NULL;
	renamed = !iface->announced || strcmp(was.name, link->name) != 0;
	iface->link.identity = link->identity; /* no verdict depends on it */
	if (!renamed && link_equal(&was, link))
		return 0;
	if (renamed) {
		name_forget(state, iface);
		r = hash_put(&state->names, state_name_key(link->name), iface);
		if (r < 0)
			return r;
	}
	iface->link = *link;
	if (iface_is_up(iface) && !(was.flags & LINK_UP)) {
		r = link_changed(state, link->ifindex, false);
		if (r < 0)
			return r;
	}
	(void)dirty_iface(state, link->ifindex);
	if (link_dirties_all(state, &was, link))
		dirty_all(state);
	if ((was.flags ^ link->flags) & LINK_UP || was.has_inet != link->has_inet)
		dirty_wires(state);
	if (renamed)
		rules_attach(state);
	if (iface->announced) {
		r = link_lost(state, iface, &was, was_vrf);
		if (r < 0)
			return r;
	}
	iface->announced = true;
	return 1;
}

static int apply_link_gone(struct state *state, int ifindex)
{
	struct iface *iface = state_iface(state, ifindex);
	int r;

	if (!iface)
		return 0;
	r = link_changed(state, ifindex, true);
	if (r < 0)
		return r;
	(void)hash_remove(&state->ifaces, (uint32_t)ifindex);
	array_each (&iface->addrs, const struct addr_record, addr)
		local_addrs_forget(&state->local_addrs, addr);
	name_forget(state, iface);
	(void)dirty_iface(state, ifindex);
	if (strcmp(iface->link.kind, "vrf") == 0 || has_device_rules(state))
		dirty_all(state);
	iface_free(iface);
	rules_attach(state);
	state->audit_due = true;
	r = implied_link_gone(state, ifindex);
	return r < 0 ? r : 1;
}

/* --- addresses ----------------------------------------------------------------------------- */

static int apply_addr(struct state *state, const struct addr_record *addr)
{
	struct iface *iface = iface_make(state, addr->ifindex);
	struct addr_record *known;
	int r;

	if (!iface)
		return -ENOMEM;
	known = iface_addr(iface, addr);
	if (known) {
		bool same = known->broadcast.host == addr->broadcast.host &&
			    known->scope == addr->scope &&
			    known->secondary == addr->secondary &&
			    known->noprefixroute == addr->noprefixroute &&
			    known->metric == addr->metric;

		if (same)
			return 0;
		r = local_addrs_add(&state->local_addrs, addr);
		if (r < 0)
			return r;
		local_addrs_forget(&state->local_addrs, known);
		*known = *addr;
		(void)dirty_iface(state, addr->ifindex);
		return 1;
	}
	r = local_addrs_add(&state->local_addrs, addr);
	if (r < 0)
		return r;
	r = array_push(&iface->addrs, addr);
	if (r < 0) {
		local_addrs_forget(&state->local_addrs, addr);
		return r;
	}
	dirty_wires(state);
	state->dirty.addresses = true;
	(void)dirty_iface(state, addr->ifindex);
	r = iface_is_up(iface) ? implied_link_alive(state, addr->ifindex) : 0;
	return r < 0 ? r : 1;
}

static int apply_addr_gone(struct state *state, const struct addr_record *addr)
{
	struct iface *iface = state_iface(state, addr->ifindex);
	struct addr_record *known = iface ? iface_addr(iface, addr) : NULL;
	const struct iface *vrf;
	int r = 0;

	if (!known) {
		state->audit_due |= !state->replaying;
		return 0;
	}
	dirty_wires(state);
	local_addrs_forget(&state->local_addrs, known);
	array_remove(&iface->addrs, (size_t)(known - iface->addrs.items));
	state->audit_due = true;
	state->dirty.addresses = true;
	(void)dirty_iface(state, addr->ifindex);
	vrf = state_vrf(state, iface);
	if (!implied_addr_stays(state, addr, vrf ? vrf->link.vrf_table : TABLE_LOCAL))
		r = implied_prefsrc_gone(
			state, addr->local, vrf ? vrf->link.vrf_table : TABLE_MAIN);
	if (r >= 0 && !iface->addrs.count)
		r = implied_link_down(state, addr->ifindex, true);
	return r < 0 ? r : 1;
}

/* --- settings ------------------------------------------------------------------------------- */

static bool conf_merge(struct devconf *conf, const struct netconf_record *record)
{
	bool changed = false;

	for (unsigned int key = 0; key < DEVCONF_COUNT; key++) {
		if (!(record->has >> key & 1) ||
			conf->value[key] == record->conf.value[key])
			continue;
		conf->value[key] = record->conf.value[key];
		changed = true;
	}
	return changed;
}

static int apply_netconf(struct state *state, const struct record *record)
{
	const struct netconf_record *netconf = &record->netconf;
	struct iface *iface;

	if (netconf->ifindex == NETCONF_ALL) {
		if (!conf_merge(&state->all, netconf))
			return 0;
		dirty_all(state);
		return 1;
	}
	if (netconf->ifindex == NETCONF_DEFAULT) {
		/* it went to every interface that was never set, unannounced (docs/kernel.md 3.3) */
		state->links_stale |= !record->dump;
		return conf_merge(&state->conf_default, netconf);
	}
	iface = iface_make(state, netconf->ifindex);
	if (!iface)
		return -ENOMEM;
	(void)dirty_iface(state, netconf->ifindex);
	if (netconf->has >> DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN & 1 &&
		netconf->conf.value[DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN] !=
			iface->link.conf.value[DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN])
		dirty_all(state);
	if (!iface->link.has_inet) {
		iface->link.has_inet = true;
		/* only six of its settings come here; the others come with its link */
		state->links_stale |= iface->announced && !record->dump;
		conf_merge(&iface->link.conf, netconf);
		return 1;
	}
	return conf_merge(&iface->link.conf, netconf);
}

/* IPv4 went from the device: MTU below 68, or the device is going; or it is being renamed,
 * and comes back at once with the settings it had. */
static int apply_netconf_gone(struct state *state, int ifindex)
{
	struct iface *iface = state_iface(state, ifindex);

	if (!iface || !iface->link.has_inet)
		return 0;
	iface->link.has_inet = false;
	(void)dirty_iface(state, ifindex);
	return 1;
}

/* --- routes and nexthops --------------------------------------------------------------------- */

/* The table, to be changed; made where there is none. NULL on lack of memory. */
static struct fib *table_make(struct state *state, uint32_t table)
{
	_cleanup_(fib_freep) struct fib *fib = NULL;
	struct fib *known;

	if (state_table_own(state, table, &known) < 0 || known)
		return known;
	if (table == TABLE_LOCAL && state->local_main_merged)
		table = TABLE_MAIN;
	fib = fib_new(table);
	if (!fib || hash_put(&state->tables, table, fib) < 0)
		return NULL;
	dirty_follow(state, fib);
	return take_ptr(fib);
}

/*
 * A nexthop that a message calls dead may only be without a carrier (ignore_routes_with_linkdown,
 * docs/kernel.md 5.5), and will be alive unannounced; for a moment also while its device has the
 * carrier again, as the routes change later. It is kept as dead only where it must have
 * died with its device's last address: that has a carrier and no address, and another nexthop
 * keeps the route.
 */
static bool is_dead(const struct state *state, const struct route_record *route,
	const struct nexthop *nexthop)
{
	const struct iface *iface = state_iface(state, nexthop->oif);

	return nexthop->dead && route->nexthop_count > 1 && iface &&
	       iface_has_carrier(iface) && !iface->addrs.count;
}

static int add_route(
	struct state *state, struct fib *fib, const struct route_record *route)
{
	_cleanup_(freep) struct nexthop *nexthops = NULL;
	struct route_record plain = *route;
	bool any = false;

	for (size_t i = 0; i < route->nexthop_count; i++)
		any |= route->nexthops[i].dead;
	if (!any)
		return fib_add(fib, route);
	nexthops = calloc(route->nexthop_count, sizeof(*nexthops));
	if (!nexthops)
		return -ENOMEM;
	for (size_t i = 0; i < route->nexthop_count; i++) {
		nexthops[i] = route->nexthops[i];
		nexthops[i].dead = is_dead(state, route, &nexthops[i]);
	}
	plain.nexthops = nexthops;
	return fib_add(fib, &plain);
}

static int apply_route(struct state *state, const struct record *record)
{
	const struct route_record *route = &record->route;
	struct fib *fib = table_make(state, route->table);

	if (!fib)
		return -ENOMEM;
	/* fib_has_custom_local_routes; an event tells those of the kernel's own by their protocol */
	if (route->type == ROUTE_LOCAL &&
		(route->by_hand || route->protocol != PROTO_KERNEL)) {
		state->custom_local = true;
		dirty_all(state);
	}
	if (route->realm || route->blind)
		dirty_all(state);
	/* among several routes of a prefix a replayed change may match the wrong one */
	if (state->replaying && route->position != ROUTE_NEW &&
		trie_get(&fib->trie, route->dst))
		state->audit_due = true;
	return add_route(state, fib, route);
}

static int remove_route(
	struct state *state, struct fib *fib, const struct route_record *route)
{
	struct route_record plain = *route;
	int r = fib_remove(fib, route);

	/* a deletion may have what the route had not: why it goes, say */
	plain.blind = false;
	if (r == FIB_SAME && route->blind)
		r = fib_remove(fib, &plain);
	else if (route->realm || route->blind)
		dirty_all(state);
	return r;
}

static int apply_route_gone(struct state *state, const struct route_record *route)
{
	struct fib *fib;
	int r = state_table_own(state, route->table, &fib);

	if (r < 0)
		return r;
	r = fib ? remove_route(state, fib, route) : FIB_SAME;
	/* those of an address that went are deleted twice, and that is audited anyway; any other is news
	 * of a route that was missed */
	state->audit_due |= r == FIB_SAME && !state->replaying;
	if (!fib)
		return r;
	if (!fib->lists.routes && fib->table != TABLE_MAIN && fib->table != TABLE_LOCAL)
		fib_free(hash_remove(&state->tables, fib->table));
	return r;
}

static int apply_nexthop(struct state *state, const struct nexthop_obj_record *record)
{
	_cleanup_(nexthop_obj_freep) struct nexthop_obj *nexthop_obj =
		nexthop_obj_new(record);
	struct nexthop_obj *known = state_nexthop_obj(state, record->id);
	int r;

	if (!nexthop_obj)
		return -ENOMEM;
	if (known && nexthop_obj_equal(known, nexthop_obj))
		return 0;
	r = hash_put(&state->nexthop_objs, record->id, nexthop_obj);
	if (r < 0)
		return r;
	nexthop_obj_free(known);
	nexthop_obj = NULL;
	dirty_all(state);
	return 1;
}

static int apply_nexthop_gone(struct state *state, uint32_t id)
{
	struct nexthop_obj *nexthop_obj = hash_remove(&state->nexthop_objs, id);
	int r;

	if (!nexthop_obj) {
		state->audit_due |= !state->replaying;
		return 0;
	}
	nexthop_obj_free(nexthop_obj);
	state->audit_due = true;
	dirty_all(state);
	r = implied_nexthop_gone(state, id);
	return r < 0 ? r : 1;
}

/* --- rules ----------------------------------------------------------------------------------- */

/* The first rule that is added parts local and main for ever (fib_unmerge()). */
static int tables_split(struct state *state)
{
	struct addr_prefixes hints = { 0 };
	struct fib *merged, *local;
	int r;

	if (!state->local_main_merged)
		return 0;
	state->local_main_merged = false;
	dirty_all(state);
	r = state_table_own(state, TABLE_MAIN, &merged);
	if (r < 0 || !merged)
		return r;
	local = table_make(state, TABLE_LOCAL);
	if (!local)
		return -ENOMEM;
	hash_each (&state->ifaces, slot)
		r = r < 0 ? r : iface_addr_prefixes(slot->value, &hints);
	if (r >= 0)
		r = fib_split(
			merged, TABLE_LOCAL, local, hints.list.items, hints.list.count);
	array_done(&hints.list);
	return r;
}

static int apply_merged(struct state *state, bool merged)
{
	if (merged == state->local_main_merged)
		return 0;
	if (!merged) {
		int r = tables_split(state);

		return r < 0 ? r : 1;
	}
	/* they are never merged again, so this comes only before routes are known */
	if (state_table(state, TABLE_LOCAL))
		return -EINVAL;
	state->local_main_merged = true;
	dirty_all(state);
	return 1;
}

static void count_rule(struct state *state, const struct rule *rule, size_t one)
{
	state->dissecting += one * rule_dissects(rule);
	state->rule_realms += one * rule->realm;
	state->suppressing += one * rule_suppresses(rule);
}

static int insert_rule(struct state *state, size_t at, const struct rule *rule)
{
	const struct state_rule entry = { .rule = *rule,
		.iif = rule_device(state, rule->iif),
		.oif = rule_device(state, rule->oif),
		.since = rule_since(rule) };
	int r = array_insert(&state->rules, at, &entry);

	if (r >= 0)
		count_rule(state, rule, 1);
	return r;
}

/*
 * Events of two writers may be out of order, and those from before a dump come behind it
 * (docs/kernel.md 5.4). So they are the first news only, and each has all rules read again. Until
 * then an equal rule is the one that is known: a second one, which is legal, decides nothing.
 */
static int apply_rule(struct state *state, const struct record *record)
{
	const struct rule *rule = &record->rule;
	size_t at = 0;
	int r = 0;

	state->rules_stale |= !record->dump;
	if (!record->dump)
		r = tables_split(state);
	if (r < 0)
		return r;
	while (at < state->rules.count &&
		state->rules.items[at].rule.priority <= rule->priority) {
		if (!record->dump && rule_same(&state->rules.items[at].rule, rule))
			return 0;
		at++;
	}
	r = insert_rule(state, at, rule);
	if (r < 0)
		return r;
	dirty_all(state);
	return 1;
}

static int apply_rule_gone(struct state *state, const struct rule *rule)
{
	/* nor is it known whether local and main are still merged (docs/kernel.md 4.1) */
	state->rules_stale = true;
	for (size_t at = 0; at < state->rules.count; at++) {
		if (!rule_equal(&state->rules.items[at].rule, rule))
			continue;
		array_remove(&state->rules, at);
		dirty_all(state);
		count_rule(state, rule, (size_t)-1);
		return 1;
	}
	return 0;
}

static bool has_rules(const struct state *state, const struct rules_record *rules)
{
	if (state->rules.count != rules->count)
		return false;
	for (size_t i = 0; i < rules->count; i++) {
		if (!rule_same(&state->rules.items[i].rule, &rules->items[i]))
			return false;
	}
	return true;
}

static int apply_rules(struct state *state, const struct rules_record *rules)
{
	int r = 0;

	if (has_rules(state, rules))
		return 0;
	array_clear(&state->rules);
	state->dissecting = state->rule_realms = state->suppressing = 0;
	for (size_t i = 0; r >= 0 && i < rules->count; i++)
		r = insert_rule(state, i, &rules->items[i]);
	dirty_all(state);
	return r < 0 ? r : 1;
}

/* --- the one way in ------------------------------------------------------------------------- */

/* Whether they are those known, in their order. */
static bool same_memberships(
	const struct state *state, const struct membership_record *record)
{
	bool same = state->memberships.count == record->count;

	for (size_t i = 0; same && i < record->count; i++)
		same = state->memberships.items[i].ifindex == record->items[i].ifindex &&
		       state->memberships.items[i].group.host ==
			       record->items[i].group.host;
	return same;
}

/* They decide only about flows that are declared to a group. */
static int apply_memberships(struct state *state, const struct membership_record *record)
{
	if (same_memberships(state, record))
		return 0;
	dirty_all(state);
	array_clear(&state->memberships);
	for (size_t i = 0; i < record->count; i++) {
		int r = array_push(&state->memberships, &record->items[i]);

		if (r < 0)
			return r;
	}
	return 1;
}

/* Before 4.1 local and main were two tries from the beginning. */
static int apply_kernel(struct state *state, const struct record *record)
{
	state->kernel = record->kernel;
	if (record->dump)
		state->kernel_running = record->kernel;
	dirty_all(state);
	return state_kernel_has(state, 4, 1) ? 0 : apply_merged(state, false);
}

static int apply_record(struct state *state, const struct record *record)
{
	switch (record->kind) {
	case RECORD_LINK:
		return apply_link(state, &record->link);
	case RECORD_LINK_GONE:
		return apply_link_gone(state, record->link.ifindex);
	case RECORD_ADDR:
		return apply_addr(state, &record->addr);
	case RECORD_ADDR_GONE:
		return apply_addr_gone(state, &record->addr);
	case RECORD_ROUTE:
		return apply_route(state, record);
	case RECORD_ROUTE_GONE:
		return apply_route_gone(state, &record->route);
	case RECORD_RULE:
		return apply_rule(state, record);
	case RECORD_RULE_GONE:
		return apply_rule_gone(state, &record->rule);
	case RECORD_RULES:
		return apply_rules(state, &record->rules);
	case RECORD_NEXTHOP:
		return apply_nexthop(state, &record->nexthop_obj);
	case RECORD_NEXTHOP_GONE:
		return apply_nexthop_gone(state, record->nexthop_obj.id);
	case RECORD_NETCONF:
		return apply_netconf(state, record);
	case RECORD_NETCONF_GONE:
		return apply_netconf_gone(state, record->netconf.ifindex);
	case RECORD_MERGED:
		return apply_merged(state, record->local_main_merged);
	case RECORD_MEMBERSHIPS:
		return apply_memberships(state, &record->memberships);
	case RECORD_KERNEL:
		return apply_kernel(state, record);
	case RECORD_BLIND:
		state->blind++;
		state->blind_what = record->blind.what;
		dirty_all(state);
		return 1;
	}
	return -EINVAL;
}

int state_apply(struct state *state, const struct record *record)
{
	int r = apply_record(state, record);

	if (r > 0)
		state->generation++;
	return r;
}

int state_apply_handler(const struct record *record, void *state)
{
	int r = state_apply(state, record);

	return r < 0 ? r : 0;
}

int state_adopt_links(struct state *fresh, const struct state *old)
{
	int r = 0;

	array_clear(&fresh->links);
	array_each (&old->links, const struct link_change, change)
		r = r < 0 ? r : array_push(&fresh->links, change);
	hash_each (&old->ifaces, slot) {
		if (r >= 0 && !state_iface(fresh, (int)slot->key))
			r = link_changed(fresh, (int)slot->key, true);
	}
	hash_each (&fresh->ifaces, slot) {
		const struct iface *known = state_iface(old, (int)slot->key);

		if (r >= 0 && iface_is_up(slot->value) && (!known || !iface_is_up(known)))
			r = link_changed(fresh, (int)slot->key, false);
	}
	return r < 0 ? r : 0;
}
