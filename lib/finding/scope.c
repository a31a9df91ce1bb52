/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/scope.h"

#include "finding/feasible.h"
#include "finding/feasible_route.h"
#include "finding/neighbours.h"
#include "finding/possible.h"
#include "flowclass/forwarded.h"
#include "rpf/lookup.h"

void scope_done(struct scope *scope)
{
	for (int why = 0; why < EXPECT_WHYS; why++)
		prefixset_done(&scope->sources[why]);
	prefixset_done(&scope->named);
	prefixset_done(&scope->neighbours);
	answers_done(&scope->answers);
}

int scope_all(const struct scope *scope, struct prefixset *ret)
{
	const struct prefixset none = { 0 };
	int r = 0;

	for (int why = 0; why < EXPECT_WHYS && r >= 0; why++)
		r = prefixset_subtract(&scope->sources[why], &none, ret);
	prefixset_close(ret);
	return r;
}

uint64_t scope_looked_at(const struct scope *scope)
{
	uint64_t size = 0;

	for (int why = 0; why < EXPECT_WHYS; why++)
		size += prefixset_size(&scope->sources[why]);
	return size;
}

enum expect_why scope_why(const struct scope *scope, struct ip4 source)
{
	int why = 0;

	while (why < EXPECT_WHYS && !prefixset_has(&scope->sources[why], source))
		why++;
	return (enum expect_why)why;
}

/* Takes a set in, for a reason: what can be a source, and has no stronger one yet. */
static int add_set(const struct overlay *overlay, const struct prefixset *set,
	enum expect_why why, struct scope *scope)
{
	struct prefixset possible = { 0 }, more = { 0 };
	const struct prefixset none = { 0 };
	int r = possible_sources(overlay->state, set, &possible);

	if (r >= 0)
		r = prefixset_subtract(&possible, &scope->named, &more);
	if (r >= 0)
		r = prefixset_subtract(&more, &none, &scope->sources[why]);
	if (r >= 0)
		r = prefixset_subtract(set, &none, &scope->named);
	prefixset_close(&scope->sources[why]);
	prefixset_close(&scope->named);
	scope->size += prefixset_size(&more);
	prefixset_done(&possible);
	prefixset_done(&more);
	return r;
}

/* What is declared, or a tunnel's; of a declared flow, what that is about. */
static int add_named(const struct overlay *overlay, const struct expect *expect,
	const struct flowclass *class, struct scope *scope)
{
	enum expect_why why = expect->declared ? EXPECT_DECLARED : EXPECT_TUNNEL;
	struct prefixset only = { 0 }, others = { 0 }, set = { 0 };
	int r = 0;

	if (class->only_from) {
		r = prefixset_add_prefix(&only, class->from);
		if (r >= 0)
			r = prefixset_invert(&only, &others);
	}
	if (r >= 0)
		r = prefixset_subtract(&expect->named, &others, &set);
	if (r >= 0)
		r = add_set(overlay, &set, why, scope);
	prefixset_done(&only);
	prefixset_done(&others);
	prefixset_done(&set);
	return r;
}

/*
 * Answers to what rules send; those of which it is certain, or where there are none, the others.
 */
static int add_answers(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct scope *scope)
{
	const struct prefixset none = { 0 };
	struct prefixset set = { 0 };
	bool certain = false;
	int r = answers_of(overlay, iface, class, &scope->answers);

	array_each (&scope->answers.causes, const struct answers_cause, cause)
		certain |= cause->certain;
	array_each (&scope->answers.causes, const struct answers_cause, cause) {
		if (r >= 0 && cause->certain == certain)
			r = prefixset_subtract(&cause->sources, &none, &set);
	}
	prefixset_close(&set);
	if (r >= 0 && set.ranges.count)
		r = add_set(overlay, &set, EXPECT_ANSWERS, scope);
	prefixset_done(&set);
	return r;
}

static int take_stranger(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	/* a default route, or the halves of one, says nothing of where they are */
	if (!result->error && result->prefix.len > 1)
		return 0;
	return prefixset_add(data, first, last);
}

/* Who may be a client of an address on lo: strangers, whom no route knows to be elsewhere. */
static int add_direct(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct scope *scope)
{
	const struct lookup_flow flow =
		flowclass_validation(overlay, iface, class).reverse;
	struct prefixset set = { 0 };
	bool direct = false;
	int r = 0;

	array_each (&class->dsts.list, const struct ip4, dst)
		direct |= dst_group_is_direct(overlay->state, *dst);
	if (direct)
		r = lookup_range(overlay, &flow, 0, UINT32_MAX, take_stranger, &set);
	prefixset_close(&set);
	if (r >= 0 && direct)
		r = add_set(overlay, &set, EXPECT_DIRECT, scope);
	prefixset_done(&set);
	return r;
}

/* Anybody, to an address of the interface's own. */
static int add_address(const struct overlay *overlay, struct scope *scope)
{
	struct prefixset set = { 0 };
	int r = prefixset_add_prefix(&set, (struct prefix4){ 0 });

	if (r >= 0)
		r = add_set(overlay, &set, EXPECT_ADDRESS, scope);
	prefixset_done(&set);
	return r;
}

struct neighbours {
	const struct state *state;
	struct prefixset *set;
};

/* A default route by a device names nobody, and the /32 of a gateway how that is reached. */
static int take_neighbour(const struct feasible_route *route, void *data)
{
	const struct neighbours *neighbours = data;
	const struct prefix4 prefix = route->prefix;

	if (!prefix.len || (prefix.len == 32 &&
				   neighbours_is_gateway(neighbours->state, prefix.addr)))
		return 0;
	return prefixset_add_prefix(neighbours->set, prefix);
}

static int add_connected(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class, struct scope *scope)
{
	const struct lookup_flow flow =
		flowclass_validation(overlay, iface, class).reverse;
	struct prefixset set = { 0 };
	struct neighbours neighbours = { overlay->state, &set };
	int r = 0;

	array_each (&expect->items.list, const struct expect_item, item) {
		if (r >= 0 && item->why == EXPECT_CONNECTED)
			r = neighbours_of(overlay->state, iface, item->prefix, &set,
				&scope->claimed_elsewhere);
	}
	if (r >= 0)
		r = feasible_neighbours(
			overlay->state, iface, &flow, take_neighbour, &neighbours);
	prefixset_close(&set);
	if (r >= 0)
		r = possible_sources(overlay->state, &set, &scope->neighbours);
	if (r >= 0)
		r = add_set(overlay, &set, EXPECT_CONNECTED, scope);
	prefixset_done(&set);
	return r;
}

static int add_feasible(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct scope *scope)
{
	struct prefixset suspects = { 0 }, all = { 0 }, possible = { 0 }, more = { 0 };
	uint64_t size = scope->size;
	int r = feasible_suspects(
		overlay, iface, class, &suspects, &all, &scope->claimed_elsewhere);

	if (r >= 0)
		r = possible_sources(overlay->state, &all, &possible);
	if (r >= 0)
		r = prefixset_subtract(&possible, &scope->named, &more);
	size += prefixset_size(&more);
	if (r >= 0)
		r = add_set(overlay, &suspects, EXPECT_FEASIBLE, scope);
	/* what can't be dropped counts in the share */
	scope->size = size;
	prefixset_done(&suspects);
	prefixset_done(&all);
	prefixset_done(&possible);
	prefixset_done(&more);
	return r;
}

int scope_of(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class, struct scope *ret)
{
	int r = add_named(overlay, expect, class, ret);
	bool uplink;
	int marked;

	/* what is declared, and who expects anybody, needs no more */
	if (r < 0 || expect->declared || class->only_from || expect->named.ranges.count)
		return r;
	/* nor does anybody expect strangers to cross from one way to the world to another */
	uplink = class->oif && forwarded_is_uplink(overlay->state, iface);
	if (class->transit && uplink)
		return 0;
	if (expect->routed && !class->transit)
		r = add_answers(overlay, iface, class, ret);
	if (r >= 0 && !class->oif && expect_has(expect, EXPECT_ADDRESS))
		r = add_address(overlay, ret);
	if (r >= 0 && !class->oif && expect_has(expect, EXPECT_DIRECT))
		r = add_direct(overlay, iface, class, ret);
	marked = r < 0 ? r : answers_are_marked(overlay, iface, class);
	if (marked < 0)
		return marked;
	if (!uplink && !marked)
		r = add_connected(overlay, iface, expect, class, ret);
	if (r >= 0 && expect->routed)
		r = add_feasible(overlay, iface, class, ret);
	return r;
}
