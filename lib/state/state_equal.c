/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/state_equal.h"

#include "fib/fib_equal.h"
#include "fib/rule.h"

#include <stdio.h>
#include <string.h>

static bool note_difference(char *what, const char *kind, const char *name)
{
	snprintf(what, STATE_DIFFERENCE, "%s %s", kind, name);
	return false;
}

static bool conf_equal(
	const struct devconf *a, const struct devconf *b, const char *name, char *what)
{
	for (unsigned int key = 0; key < DEVCONF_COUNT; key++) {
		if (!devconf_name(key) || a->value[key] == b->value[key])
			continue;
		snprintf(what, STATE_DIFFERENCE, "setting %s of %s: %d, %d",
			devconf_name(key), name, a->value[key], b->value[key]);
		return false;
	}
	return true;
}

static bool addrs_in(const struct iface *a, const struct iface *b)
{
	array_each (&a->addrs, const struct addr_record, addr) {
		if (!iface_addr(b, addr))
			return false;
	}
	return true;
}

static bool iface_equal(const struct iface *a, const struct iface *b, char *what)
{
	const struct link_record *left = &a->link, *right = &b->link;

	if (strcmp(left->name, right->name) != 0 ||
		strcmp(left->kind, right->kind) != 0 || left->master != right->master ||
		left->group != right->group || left->has_inet != right->has_inet ||
		left->vrf_table != right->vrf_table)
		return note_difference(what, "link", left->name);
	if (((left->flags ^ right->flags) & (LINK_UP | LINK_LOWER_UP | LINK_RUNNING)))
		return note_difference(what, "flags of link", left->name);
	if (a->addrs.count != b->addrs.count || !addrs_in(a, b))
		return note_difference(what, "addresses of", left->name);
	/* without IPv4 there are no settings, whatever is remembered of them */
	return !left->has_inet || conf_equal(&left->conf, &right->conf, left->name, what);
}

static bool ifaces_equal(const struct state *a, const struct state *b, char *what)
{
	hash_each (&a->ifaces, slot) {
		const struct iface *iface = slot->value;
		const struct iface *other = state_iface(b, iface->link.ifindex);

		if (!other)
			return note_difference(
				what, "only one has link", iface->link.name);
		if (!iface_equal(iface, other, what))
			return false;
	}
	return a->ifaces.count == b->ifaces.count ||
	       note_difference(what, "number of", "links");
}

static bool rules_equal(const struct state *a, const struct state *b, char *what)
{
	if (a->rules.count != b->rules.count)
		return note_difference(what, "number of", "rules");
	for (size_t i = 0; i < a->rules.count; i++) {
		const struct state_rule *left = &a->rules.items[i];
		const struct state_rule *right = &b->rules.items[i];

		if (rule_same(&left->rule, &right->rule) && left->iif == right->iif &&
			left->oif == right->oif)
			continue;
		snprintf(what, STATE_DIFFERENCE, "rule %u", left->rule.priority);
		return false;
	}
	return a->dissecting == b->dissecting ||
	       note_difference(what, "number of", "dissecting rules");
}

static bool nexthops_equal(const struct state *a, const struct state *b, char *what)
{
	hash_each (&a->nexthop_objs, slot) {
		const struct nexthop_obj *nexthop_obj = slot->value;
		const struct nexthop_obj *other = state_nexthop_obj(b, nexthop_obj->id);

		if (other && nexthop_obj_equal(nexthop_obj, other))
			continue;
		snprintf(what, STATE_DIFFERENCE, "nexthop %u", nexthop_obj->id);
		return false;
	}
	return a->nexthop_objs.count == b->nexthop_objs.count ||
	       note_difference(what, "number of", "nexthops");
}

/* The first table from there on that has routes, if any is before *ret. */
static void lower_table(const struct state *state, uint64_t from, uint64_t *ret)
{
	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (fib->lists.routes && fib->table >= from && fib->table < *ret)
			*ret = fib->table;
	}
}

/* An empty table is as none. */
static int tables_compare(const struct state *a, const struct state *b,
	struct state_comparison *comparison, size_t budget, char *what)
{
	for (;;) {
		uint64_t table = UINT64_MAX;
		struct prefix4 where = { 0 };
		const struct fib *left, *right;
		char text[PREFIX4_TEXT];
		int r = -1;

		lower_table(a, comparison->table, &table);
		lower_table(b, comparison->table, &table);
		if (table == UINT64_MAX)
			return 0;
		if (table != comparison->table)
			*comparison = (struct state_comparison){ .table = table };
		left = state_table(a, (uint32_t)table);
		right = state_table(b, (uint32_t)table);
		if (left && right)
			r = fib_compare(left, right, &comparison->from, &budget, &where);
		if (r < 0)
			snprintf(what, STATE_DIFFERENCE, "table %u at %s",
				(unsigned int)table,
				left && right ? prefix4_format(where, text) : "all");
		if (r != 0)
			return r;
		*comparison = (struct state_comparison){ .table = table + 1 };
	}
}

/* All but the routes. */
static bool rest_equal(const struct state *a, const struct state *b, char *what)
{
	return ifaces_equal(a, b, what) && rules_equal(a, b, what) &&
	       nexthops_equal(a, b, what) && conf_equal(&a->all, &b->all, "all", what) &&
	       conf_equal(&a->conf_default, &b->conf_default, "default", what);
}

int state_compare(const struct state *a, const struct state *b,
	struct state_comparison *comparison, size_t budget,
	char what[static STATE_DIFFERENCE])
{
	int r;

	if (a->local_main_merged != b->local_main_merged) {
		(void)note_difference(what, "whether local and main are", "merged");
		return -1;
	}
	r = tables_compare(a, b, comparison, budget, what);
	/* where a link or a nexthop differs, that explains more than its routes */
	return r > 0 ? r : !rest_equal(a, b, what) || r < 0 ? -1 : 0;
}

bool state_equal(
	const struct state *a, const struct state *b, char what[static STATE_DIFFERENCE])
{
	struct state_comparison whole = { 0 };

	return state_compare(a, b, &whole, SIZE_MAX, what) == 0;
}
