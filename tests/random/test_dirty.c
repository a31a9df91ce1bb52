/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/report.h"
#include "fixture_world.h"
#include "host/host_model.h"
#include "state/dirty.h"
#include "state/state_fork.h"
#include "unit/fixture_run.h"

#include <stdlib.h>
#include <string.h>

/*
 * What an event doesn't touch is as it was judged before: after each of many, only the marked
 * interfaces are judged again, and then each is what it comes to when all are judged.
 */
#define ROUTES 24
#define IFACES 10 /* ifindexes below that */
#define OWN 16 /* addresses that a step makes own, network or broadcast ones, or ends */

struct play {
	struct world world;
	struct state *base; /* of which the world's is a fork; NULL: it is none */
	struct chance *chance;
	char routes[ROUTES][160]; /* lines behind "route"; "" none */
	struct report *known[IFACES];
	size_t judged, skipped;
};

static struct report *judge(const struct state *state, const struct iface *iface)
{
	const struct overlay overlay = { .state = state };
	const struct expect_declared silent = { 0 };
	const struct flowclasses none = { 0 };
	struct report *report = report_new();

	if (!report ||
		report_add(report, &overlay, iface, &silent, &none, DETAIL_COUNT) < 0)
		abort();
	return report;
}

static bool depends_on_no_route(const struct report *report)
{
	return report && report_depends_on_no_route(&report->ifaces.items[0]);
}

/* Judges again what is marked. */
static void follow(struct play *play)
{
	struct state *state = play->world.state;

	for (int i = 2; i < IFACES; i++) {
		const struct iface *iface = state_iface(state, i);
		bool known = play->known[i] != NULL;

		/* the daemon looks again, if not at once, at these when any route changed */
		if (iface && iface->announced && known &&
			!(state->dirty.routes && (play->known[i]->findings.count ||
							 play->known[i]
								 ->ifaces.items[0]
								 .claimed_elsewhere)) &&
			!dirty_has(state, iface, depends_on_no_route(play->known[i]))) {
			play->skipped++;
			continue;
		}
		report_free(play->known[i]);
		play->known[i] = iface && iface->announced ? judge(state, iface) : NULL;
		play->judged++;
	}
	dirty_settle(state);
}

static void ck_same(const struct play *play, int ifindex, const struct report *fresh)
{
	const struct report *known = play->known[ifindex];

	if (known->findings.count != fresh->findings.count ||
		known->unknown.count != fresh->unknown.count ||
		known->ifaces.items[0].verdict != fresh->ifaces.items[0].verdict)
		world_fail(&play->world, "ifindex %d has %zu findings, not %zu", ifindex,
			known->findings.count, fresh->findings.count);
	for (size_t i = 0; i < fresh->findings.count; i++) {
		const struct finding *a = known->findings.items[i];
		const struct finding *b = fresh->findings.items[i];

		/* that an address is another interface's own is no reason to judge again */
		if (strcmp(a->id, b->id) != 0 || a->dropped > b->dropped + OWN ||
			b->dropped > a->dropped + OWN ||
			a->filter.effective != b->filter.effective)
			world_fail(&play->world,
				"%s: %llu dropped (%s), of %s fresh %llu (%s)", a->id,
				(unsigned long long)a->dropped,
				rpf_reason_name(a->reason), b->id,
				(unsigned long long)b->dropped,
				rpf_reason_name(b->reason));
	}
}

static void ck_all(const struct play *play)
{
	for (int i = 2; i < IFACES; i++) {
		const struct iface *iface = state_iface(play->world.state, i);
		struct report *fresh;

		if (!iface || !iface->announced)
			continue;
		fresh = judge(play->world.state, iface);
		ck_same(play, i, fresh);
		report_free(fresh);
	}
}

static const char *a_prefix(struct play *play, char out[static PREFIX4_TEXT])
{
	unsigned int len = chance_one_in(play->chance, 4)
				   ? chance_below(play->chance, 24)
				   : 24 + chance_below(play->chance, 9);

	return prefix4_format(
		prefix4(ip4(play->world.base + chance_below(play->chance, WORLD_SPACE)),
			len),
		out);
}

/* The kernel refuses what is to leave by a device that is down, or by no nexthop. */
static bool is_possible(const struct state *state, const char *way)
{
	static const char *const names[] = { "eth0", "eth1", "eth2", "t0", "t1" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		const struct iface *iface = state_iface_by_name(state, names[i]);

		if (strstr(way, names[i]) && !(iface && iface_is_up(iface)))
			return false;
	}
	return !(strstr(way, "nhid 1") && !state_nexthop_obj(state, 1)) &&
	       !(strstr(way, "nhid 2") && !state_nexthop_obj(state, 2));
}

/* What went with a device is not there to be taken out by hand. */
static void a_route(struct play *play)
{
	static const char *const ways[] = { "dev eth0", "dev eth1", "dev eth2", "dev t0",
		"dev t1", "nexthop dev eth0 nexthop dev eth1", "nhid 1", "nhid 2" };
	static const char *const tables[] = { "main", "main", "main", "77", "default" };
	char *line = play->routes[chance_below(play->chance, ROUTES)];
	char prefix[PREFIX4_TEXT];

	if (line[0]) {
		world_line(&play->world, "model ip route del %s", line);
		line[0] = 0;
		return;
	}
	if (chance_one_in(play->chance, 8))
		snprintf(line, 160, "%s %s table %s metric %u",
			chance_one_in(play->chance, 2) ? "blackhole" : "throw",
			a_prefix(play, prefix), tables[chance_below(play->chance, 5)],
			chance_below(play->chance, 2));
	else
		snprintf(line, 160, "%s %s table %s metric %u", a_prefix(play, prefix),
			ways[chance_below(play->chance, ELEMENTS(ways))],
			tables[chance_below(play->chance, 5)],
			chance_below(play->chance, 2));
	if (is_possible(play->world.state, line))
		world_line(&play->world, "model ip route add %s", line);
	else
		line[0] = 0;
}

static void a_setting(struct play *play)
{
	static const char *const names[] = { "all", "eth0", "eth1", "eth2", "t0", "t1" };
	bool filter = !chance_one_in(play->chance, 6);

	if (chance_one_in(play->chance, 12)) {
		world_line(&play->world, "sysctl -w net.ipv4.conf.%s.arp_ignore=%u",
			names[chance_below(play->chance, ELEMENTS(names))],
			chance_below(play->chance, 2));
		return;
	}
	world_line(&play->world, "sysctl -w net.ipv4.conf.%s.%s=%u",
		names[chance_below(play->chance, ELEMENTS(names))],
		filter ? "rp_filter" : "ignore_routes_with_linkdown",
		chance_below(play->chance, filter ? 3 : 2));
}

static void a_link(struct play *play)
{
	static const char *const states[] = { "up", "up", "", "up nocarrier" };
	uint32_t which = chance_below(play->chance, 5);
	const char *to = states[chance_below(play->chance, 4)];

	/* the routes of its addresses would come back with it, which is not played here */
	if (!*to && state_iface(play->world.state, (int)which + 2)->addrs.count)
		return;
	if (which < 3)
		world_line(&play->world,
			"model ip link add eth%u index %u %s group %u type veth", which,
			which + 2, to, chance_below(play->chance, 2));
	else
		world_line(&play->world, "model ip link add t%u index %u %s type ipip",
			which - 3, which + 2, to);
}

static void an_address(struct play *play)
{
	static const char *const names[] = { "lo", "eth0", "eth1", "eth2", "t0", "t1" };
	const char *name = names[chance_below(play->chance, ELEMENTS(names))];
	struct iface *iface = state_iface_by_name(play->world.state, name);
	struct addr_record new = { 0 };
	char addr[IP4_TEXT];

	if (iface && iface->addrs.count > (name[0] == 'l') &&
		chance_one_in(play->chance, 2)) {
		const struct addr_record *last =
			&iface->addrs.items[iface->addrs.count - 1];

		world_line(&play->world, "ip address del %s/%u dev %s",
			ip4_format(last->local, addr), last->len, name);
		return;
	}
	new.local = new.peer =
		ip4(play->world.base + chance_below(play->chance, WORLD_SPACE));
	new.len = (uint8_t)(24 + chance_below(play->chance, 9));
	if (!iface_addr(iface, &new))
		world_line(&play->world, "ip address add %s/%u dev %s",
			ip4_format(new.local, addr), new.len, name);
}

static void a_nexthop(struct play *play)
{
	static const char *const devices[] = { "eth0", "eth1", "t0" };
	const char *device = devices[chance_below(play->chance, 3)];
	const struct iface *iface = state_iface_by_name(play->world.state, device);
	uint32_t id = 1 + chance_below(play->chance, 2);

	if (!iface_is_up(iface) || !iface_has_carrier(iface))
		return;
	world_line(&play->world, "ip nexthop replace id %u dev %s", id, device);
}

static void step(struct play *play)
{
	uint32_t what = chance_below(play->chance, 20);

	if (what < 11)
		a_route(play);
	else if (what < 14)
		a_setting(play);
	else if (what < 16)
		a_link(play);
	else if (what < 19)
		an_address(play);
	else
		a_nexthop(play);
}

static void make_host(struct play *play, bool split)
{
	play->world = (struct world){ .state = model_new(), .base = 0x0a000000 };
	for (int i = 0; i < 3; i++)
		world_line(&play->world, "ip link add eth%d index %d up type veth", i,
			i + 2);
	for (int i = 0; i < 2; i++)
		world_line(
			&play->world, "ip link add t%d index %d up type ipip", i, i + 5);
	world_line(&play->world, "ip nexthop add id 1 dev eth0");
	world_line(&play->world, "ip nexthop add id 2 dev eth1");
	if (!split)
		return;
	world_line(&play->world, "model split");
	world_line(&play->world, "ip rule add priority 100 from 10.0.0.0/26 lookup 77");
	world_line(&play->world, "ip rule add priority 200 to 10.0.0.128/25 lookup 77");
	/* what only answers meet: a mark, a user, a device */
	world_line(&play->world, "ip rule add priority 90 fwmark 1 lookup 77");
	world_line(&play->world,
		"ip rule add priority 91 uidrange 7-9 to 10.0.0.64/26 lookup 77");
	world_line(&play->world, "ip rule add priority 92 oif eth1 lookup default");
	if (chance_one_in(play->chance, 4))
		world_line(&play->world,
			"ip rule add priority 300 lookup main suppress_prefixlength 0");
}

static void begin(struct play *play, bool split, bool forked)
{
	make_host(play, split);
	if (!forked)
		return;
	for (int i = 0; i < 20; i++)
		step(play);
	play->base = play->world.state;
	play->world.state = state_fork(play->base);
	ck_assert_ptr_nonnull(play->world.state);
}

static void finish(struct play *play)
{
	for (int i = 0; i < IFACES; i++)
		report_free(play->known[i]);
	world_done(&play->world);
	state_free(play->base);
}

START_TEST(what_is_not_touched_is_as_it_was)
{
	struct chance chance = chance_new("touched");
	size_t judged = 0, skipped = 0;

	for (int round = 0; round < 60; round++) {
		struct play play = { .chance = &chance };

		begin(&play, round & 1, round & 2);
		for (int i = 0; i < 120; i++) {
			step(&play);
			follow(&play);
			ck_all(&play);
		}
		judged += play.judged;
		skipped += play.skipped;
		finish(&play);
	}
	/* else it is no test of what it is to be one of */
	ck_assert_msg(
		skipped > judged / 5, "%zu were judged, %zu skipped", judged, skipped);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_is_not_touched_is_as_it_was };

	return fixture_run("random touched", tests, ELEMENTS(tests));
}
