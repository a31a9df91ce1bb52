/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/dropset.h"
#include "fixture_world.h"
#include "host/host_model.h"
#include "unit/fixture_run.h"

#include <string.h>

/*
 * The set of dropped sources against the verdict on each of them: what is in it is dropped by
 * reverse path, and all that is dropped by reverse path is in it.
 */
static bool is_by_reverse_path(enum rpf_reason reason)
{
	return reason == RPF_STRICT_ASYMMETRIC || reason == RPF_UNNUMBERED ||
	       reason == RPF_NO_ROUTE;
}

static uint64_t count_reason(const struct dropset *dropset, enum rpf_reason reason)
{
	uint64_t count = 0;

	array_each (&dropset->by[DROP_FILTER].tallies, const struct drop_tally, tally) {
		if (tally->reason == reason)
			count += tally->count;
	}
	return count;
}

/* Returns how many are dropped. */
static uint64_t ck_dropset(const struct world *world, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources)
{
	const struct overlay overlay = { .state = world->state };
	uint64_t reasons[RPF_REASONS] = { 0 };
	struct dropset dropset = { .one_way = true };
	const struct drop_tally *most;
	uint64_t dropped;

	if (dropset_of(&overlay, iface, class, sources, &dropset) != 0)
		world_fail(world, "there is no drop set");
	for (uint32_t i = 0; i < WORLD_SPACE; i++) {
		struct flow flow = class->flow;
		bool in;
		struct rpf rpf;

		flow.src = ip4(world->base + i);
		in = prefixset_has(&dropset.by[DROP_FILTER].dropped, flow.src);
		if (!prefixset_has(sources, flow.src)) {
			if (in)
				world_fail(world, "%08x is in it and was not asked for",
					flow.src.host);
			continue;
		}
		rpf = rpf_judge(&overlay, &flow, NULL);
		reasons[rpf.reason]++;
		if (in != is_by_reverse_path(rpf.reason))
			world_fail(world, "%08x by %s to %08x is %s, and is %sin the set",
				flow.src.host, iface->link.name, flow.dst.host,
				rpf_reason_name(rpf.reason), in ? "" : "not ");
	}
	/* a filter that is off drops nothing, whatever was not understood */
	if (dropset.filter.effective && dropset.blind != reasons[RPF_BLIND])
		world_fail(world, "%llu are not judged, not %llu",
			(unsigned long long)dropset.blind,
			(unsigned long long)reasons[RPF_BLIND]);
	for (int reason = 0; reason < RPF_REASONS; reason++) {
		uint64_t count = count_reason(&dropset, (enum rpf_reason)reason);

		if (is_by_reverse_path((enum rpf_reason)reason) &&
			count != reasons[reason])
			world_fail(world, "%s: %llu are counted, not %llu",
				rpf_reason_name((enum rpf_reason)reason),
				(unsigned long long)count,
				(unsigned long long)reasons[reason]);
	}
	most = drop_part_main(&dropset.by[DROP_FILTER]);
	if ((most != NULL) != (dropset.by[DROP_FILTER].dropped.ranges.count > 0))
		world_fail(world, "it has %s main reverse route", most ? "a" : "no");
	array_each (&dropset.by[DROP_FILTER].tallies, const struct drop_tally, tally) {
		if (tally->count > most->count)
			world_fail(world, "the main reverse route has not most");
		if (!prefixset_has(&dropset.by[DROP_FILTER].dropped, tally->example))
			world_fail(world, "the example %08x is not dropped",
				tally->example.host);
	}
	dropped = prefixset_size(&dropset.by[DROP_FILTER].dropped);
	dropset_done(&dropset);
	return dropped;
}

/* The settings that bear on the verdict of the interface. */
static void some_settings(struct world *world, struct chance *chance, const char *name)
{
	world_line(world, "sysctl -w net.ipv4.conf.%s.rp_filter=%u", name,
		chance_below(chance, 4));
	if (chance_one_in(chance, 3))
		world_line(world, "sysctl -w net.ipv4.conf.all.rp_filter=%u",
			chance_below(chance, 3));
	if (chance_one_in(chance, 4))
		world_line(world, "sysctl -w net.ipv4.conf.%s.accept_local=1", name);
	if (chance_one_in(chance, 3))
		world_line(world, "sysctl -w net.ipv4.conf.%s.src_valid_mark=1", name);
}

START_TEST(a_drop_set_is_its_verdicts)
{
	static const char *const names[] = { "eth0", "eth1", "eth2", "t0", "p0" };
	struct chance chance = chance_new("dropset");
	uint64_t dropped = 0, asked = 0;

	for (int round = 0; round < 1500; round++) {
		struct world world =
			world_new(&chance, 0x0a000000, chance_one_in(&chance, 3), true);
		const char *name = names[chance_below(&chance, ELEMENTS(names))];
		struct flowclass class = { .flow = { .proto = FLOW_UDP } };
		struct prefixset sources = { 0 };
		uint32_t first = chance_below(&chance, WORLD_SPACE);

		some_settings(&world, &chance, name);
		/* a destination that is always the host's: rule 0 is asked first */
		world_line(&world, "ip address add 192.0.2.1/32 dev lo");
		class.flow.iif = model_iface(world.state, name)->link.ifindex;
		class.flow.dst = model_ip4("192.0.2.1");
		class.flow.mark = chance_below(&chance, 2);
		class.flow.tos = chance_one_in(&chance, 3) ? 0x10 : 0;
		class.flow.sport = (uint16_t)chance_below(&chance, 12);
		prefixset_add(&sources, world.base,
			world.base + chance_below(&chance, WORLD_SPACE));
		prefixset_add(&sources, world.base + first, world.base + WORLD_SPACE - 1);
		prefixset_close(&sources);
		dropped += ck_dropset(
			&world, model_iface(world.state, name), &class, &sources);
		asked += prefixset_size(&sources);
		prefixset_done(&sources);
		world_done(&world);
	}
	/* it would be no test if all of them were, or none */
	ck_assert_uint_gt(dropped, asked / 10);
	ck_assert_uint_lt(dropped, asked - asked / 10);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_drop_set_is_its_verdicts };

	return fixture_run("random dropset", tests, ELEMENTS(tests));
}
