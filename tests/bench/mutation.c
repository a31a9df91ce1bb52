/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one change costs in the model, and whether that grows with the routes: the same change
 * in a table of 1,000,000 and in one of 10,000, in turns. A change comes alone, to a daemon
 * that slept: so the caches are emptied before each, in both.
 */
#include "bench.h"

#include "state/state.h"
#include "state/state_apply.h"

#include <stdlib.h>
#include <string.h>

#define REPETITIONS 5
#define SAMPLES 30
#define CACHES (64u << 20) /* more than any level holds */
#define SPARE 4		   /* a link without routes */

struct kind {
	const char *what;
	struct record (*make)(uint64_t random, struct nexthop *nexthop);
	enum record_kind undo;
};

/* --- the state -------------------------------------------------------------------------------- */

static void apply(struct state *state, const struct record *record)
{
	if (state_apply(state, record) < 0)
		bench_die("a record was not taken");
}

static struct record link_record(int ifindex, uint32_t flags)
{
	struct record record = { .kind = RECORD_LINK };

	record.link = (struct link_record){
		.ifindex = ifindex, .flags = flags, .mtu = 1500, .has_inet = true
	};
	snprintf(record.link.name, sizeof(record.link.name), "g%d", ifindex);
	return record;
}

static struct record route_record(
	struct prefix4 dst, int gateway, struct nexthop *nexthop)
{
	*nexthop = (struct nexthop){ .oif = 2 + gateway,
		.gw_family = 4,
		.weight = 1,
		.gw = { 0x0aff0001 + (uint32_t)gateway * 256 } };
	return (struct record){ .kind = RECORD_ROUTE,
		.route = { .table = TABLE_MAIN,
			.dst = dst,
			.type = ROUTE_UNICAST,
			.protocol = 3,
			.nexthops = nexthop,
			.nexthop_count = 1 } };
}

static struct state *fill(const struct shape_route *routes, size_t count)
{
	struct state *state = state_new();
	struct nexthop nexthop;

	if (!state)
		bench_die("no memory");
	for (int ifindex = 2; ifindex <= SPARE; ifindex++) {
		struct record link =
			link_record(ifindex, LINK_UP | LINK_RUNNING | LINK_LOWER_UP);

		apply(state, &link);
	}
	for (size_t i = 0; i < count; i++) {
		struct record route =
			route_record(routes[i].dst, routes[i].gateway, &nexthop);

		apply(state, &route);
	}
	return state;
}

/* --- the changes ---------------------------------------------------------------------------- */

/* In 10/8, of which the shape has nothing, so that it is new; or anywhere in its range. */
static struct record make_route(uint64_t random, struct nexthop *nexthop)
{
	uint32_t host = 0x01000000 + (uint32_t)random % 0xde000000;

	return route_record(prefix4(ip4(host), 28), (int)(random >> 40 & 1), nexthop);
}

static struct record make_addr(uint64_t random, struct nexthop *nexthop)
{
	struct ip4 local = { 0x0a000000 | (uint32_t)(random & 0xffff) };

	(void)nexthop;
	return (struct record){ .kind = RECORD_ADDR,
		.addr = { .ifindex = SPARE, .local = local, .peer = local, .len = 24 } };
}

static struct record make_rule(uint64_t random, struct nexthop *nexthop)
{
	struct record record = { .kind = RECORD_RULE };

	(void)nexthop;
	record.rule = (struct rule){ .priority = 100,
		.table = 100,
		.action = RULE_TABLE,
		.to = prefix4(ip4((uint32_t)random), 24),
		.suppress_len = -1,
		.suppress_group = -1 };
	return record;
}

static struct record make_nexthop(uint64_t random, struct nexthop *nexthop)
{
	(void)nexthop;
	return (struct record){ .kind = RECORD_NEXTHOP,
		.nexthop_obj = { .id = 1 + (uint32_t)(random & 0xff),
			.nexthop = { .oif = SPARE, .weight = 1 } } };
}

/* Down; undone by the same record, up. */
static struct record make_link(uint64_t random, struct nexthop *nexthop)
{
	(void)random;
	(void)nexthop;
	return link_record(SPARE, 0);
}

static struct record make_setting(uint64_t random, struct nexthop *nexthop)
{
	struct record record = { .kind = RECORD_NETCONF };

	(void)nexthop;
	record.netconf.ifindex = SPARE;
	record.netconf.has = 1u << DEVCONF_RP_FILTER;
	record.netconf.conf.value[DEVCONF_RP_FILTER] = 1 + (int)(random & 1);
	return record;
}

static const struct kind kinds[] = {
	{ "a route", make_route, RECORD_ROUTE_GONE },
	{ "an address", make_addr, RECORD_ADDR_GONE },
	{ "a rule", make_rule, RECORD_RULE_GONE },
	{ "a nexthop", make_nexthop, RECORD_NEXTHOP_GONE },
	{ "a link down, up", make_link, RECORD_LINK },
	{ "a setting", make_setting, RECORD_NETCONF },
};

/* --- measuring ------------------------------------------------------------------------------ */

static void empty_caches(unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 64)
		bytes[i]++;
}

static double apply_alone(struct state *state, const struct record *record,
	unsigned char *bytes, size_t size)
{
	double began;

	empty_caches(bytes, size);
	began = bench_sec();
	apply(state, record);
	return (bench_sec() - began) * 1e6;
}

/* The median of done and undone, microseconds. */
static double cost(struct state *state, const struct kind *kind, uint64_t seed,
	size_t samples, unsigned char *bytes, size_t size)
{
	double usec[2 * SAMPLES];

	for (size_t i = 0; i < samples; i++) {
		struct nexthop nexthop;
		struct record record = kind->make(shape_random(&seed), &nexthop);

		usec[2 * i] = apply_alone(state, &record, bytes, size);
		record.kind = kind->undo;
		if (record.kind == RECORD_LINK)
			record.link.flags = LINK_UP | LINK_RUNNING | LINK_LOWER_UP;
		if (record.kind == RECORD_NETCONF)
			record.netconf.conf.value[DEVCONF_RP_FILTER] = 0;
		usec[2 * i + 1] = apply_alone(state, &record, bytes, size);
	}
	return bench_percentile(usec, 2 * samples, 0.5);
}

int main(int argc, char **argv)
{
	struct bench bench;
	double many[REPETITIONS], few[REPETITIONS];
	size_t more = 1000000, less = 10000, turns, samples, size;

	bench_begin(&bench, "mutation", argc, argv);
	if (bench.smoke)
		more = 200, less = 100;
	turns = bench.smoke ? 1 : REPETITIONS;
	samples = bench.smoke ? 3 : SAMPLES;
	size = bench.smoke ? 4096 : CACHES;

	_cleanup_(freep) struct shape_route *routes = shape_routes(more, 1);
	_cleanup_(freep) unsigned char *bytes = calloc(1, size);
	_cleanup_(state_freep) struct state *large = fill(routes, more);
	_cleanup_(state_freep) struct state *small = fill(routes, less);

	if (!bytes)
		bench_die("no memory");
	bench_right(&bench, state_routes(large) == more && state_routes(small) == less,
		"%zu and %zu routes", state_routes(large), state_routes(small));
	for (size_t k = 0; k < ELEMENTS(kinds); k++) {
		for (size_t turn = 0; turn < turns; turn++) {
			many[turn] =
				cost(large, &kinds[k], 10 + turn, samples, bytes, size);
			few[turn] =
				cost(small, &kinds[k], 10 + turn, samples, bytes, size);
		}
		bench_ratio(&bench, "us", many, few, turns, 2,
			"%s, %zu routes against %zu", kinds[k].what, more, less);
	}
	bench_right(&bench, state_routes(large) == more && state_routes(small) == less,
		"as many routes as before");
	return bench_end(&bench);
}
