/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/state_fork.h"

#include "state/dirty.h"

#include <errno.h>

static int copy_ifaces(struct state *state, const struct state *base)
{
	int r = hash_reserve(&state->ifaces, base->ifaces.count);

	if (r >= 0)
		r = hash_reserve(&state->names, base->names.count);
	if (r < 0)
		return r;
	hash_each (&base->ifaces, slot) {
		_cleanup_(iface_freep) struct iface *iface = iface_copy(slot->value);

		if (!iface || hash_put(&state->ifaces, slot->key, iface) < 0)
			return -ENOMEM;
		iface = NULL;
	}
	hash_each (&base->names, slot) {
		const struct iface *iface = slot->value;

		r = hash_put(&state->names, slot->key,
			state_iface(state, iface->link.ifindex));
		if (r < 0)
			return r;
	}
	return 0;
}

static int copy_nexthop_objs(struct state *state, const struct state *base)
{
	int r = hash_reserve(&state->nexthop_objs, base->nexthop_objs.count);

	if (r < 0)
		return r;
	hash_each (&base->nexthop_objs, slot) {
		_cleanup_(nexthop_obj_freep) struct nexthop_obj *nexthop_obj =
			nexthop_obj_copy(slot->value);

		if (!nexthop_obj ||
			hash_put(&state->nexthop_objs, slot->key, nexthop_obj) < 0)
			return -ENOMEM;
		nexthop_obj = NULL;
	}
	return 0;
}

/* Those that are base's stay base's: state_owns_table(). */
static int share_tables(struct state *state, const struct state *base)
{
	int r = hash_reserve(&state->tables, base->tables.count);

	hash_each (&base->tables, slot)
		r = r < 0 ? r : hash_put(&state->tables, slot->key, slot->value);
	return r;
}

static void copy_values(struct state *state, const struct state *base)
{
	state->generation = base->generation;
	state->all = base->all;
	state->conf_default = base->conf_default;
	state->local_main_merged = base->local_main_merged;
	state->custom_local = base->custom_local;
	state->dissecting = base->dissecting;
	state->rule_realms = base->rule_realms;
	state->suppressing = base->suppressing;
	state->kernel = base->kernel;
	state->blind = base->blind;
	state->blind_what = base->blind_what;
}

struct state *state_fork(const struct state *base)
{
	_cleanup_(state_freep) struct state *state = state_new();

	if (!state)
		return NULL;
	dirty_settle(state);
	copy_values(state, base);
	if (copy_ifaces(state, base) < 0 || copy_nexthop_objs(state, base) < 0 ||
		share_tables(state, base) < 0 ||
		local_addrs_copy(&base->local_addrs, &state->local_addrs) < 0 ||
		array_copy(&state->rules, &base->rules) < 0 ||
		array_copy(&state->memberships, &base->memberships) < 0)
		return NULL;
	return take_ptr(state);
}

int state_table_own(struct state *state, uint32_t table, struct fib **ret)
{
	const struct fib *known = state_table(state, table);
	struct fib *fib;

	*ret = NULL;
	if (!known)
		return 0;
	if (state_owns_table(state, known)) {
		*ret = hash_get(&state->tables, known->table);
		return 0;
	}
	fib = fib_fork(known);
	if (!fib)
		return -ENOMEM;
	dirty_follow(state, fib);
	(void)hash_put(&state->tables, fib->table, fib); /* replaces: it cannot fail */
	*ret = fib;
	return 0;
}
