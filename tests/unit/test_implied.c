/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"
#include "state/state.h"
#include "state/state_equal.h"

#include <stdlib.h>
#include <string.h>

/*
 * What the kernel does without a word (docs/kernel.md 4.4, 5.4). Each row: what there is beside
 * two hosts' links (eth0 10.0.0.2/24, eth1 10.1.0.2/24, both up), an event, and what stays
 * of the routes that the row is about. A prefix with a '-' before it must be gone.
 */
static const struct row {
	const char *what;
	const char *setup[8];
	const char *event;
	const char *left[8];
} rows[] = {
	{ "down: routes of all tables go, on other links they stay",
		{ "ip route add 20.0.0.0/8 via 10.0.0.9 dev eth0",
			"ip route add 21.0.0.0/8 dev eth1",
			"ip route add 22.0.0.0/8 dev eth0 table 77" },
		"ip link set eth0 down", { "-20.0.0.0/8", "21.0.0.0/8", "-22.0.0.0/8" } },
	{ "down: the connected and broadcast routes go, the local host route stays",
		{ NULL }, "ip link set eth0 down",
		{ "-10.0.0.0/24", "-10.0.0.255", "10.0.0.2", "10.1.0.0/24",
			"10.1.0.2" } },
	{ "down: a local prefix by hand is of host scope and stays",
		{ "ip route add local 30.0.0.0/8 dev eth0",
			"ip route add 31.0.0.0/8 dev eth0 scope host",
			"model ip route add local 32.0.0.0/8 dev eth0 scope 0" },
		"ip link set eth0 down", { "30.0.0.0/8", "31.0.0.0/8", "-32.0.0.0/8" } },
	{ "down: a multipath route with a leg alive stays",
		{ "ip route add 20.0.0.0/8 nexthop dev eth0 nexthop dev eth1",
			"ip route add 21.0.0.0/8 nexthop dev eth0 nexthop via 10.0.0.9 dev eth0" },
		"ip link set eth0 down", { "20.0.0.0/8", "-21.0.0.0/8" } },
	{ "down: a multipath route goes with its last live leg",
		{ "ip route add 20.0.0.0/8 nexthop dev eth0 nexthop dev eth1",
			"ip link set eth1 down" },
		"ip link set eth0 down", { "-20.0.0.0/8" } },
	{ "down: all legs were dead before, but none is on this link",
		{ "ip link add eth2 index 4 up type veth",
			"ip route add 20.0.0.0/8 dev eth2" },
		"ip link set eth0 down", { "20.0.0.0/8" } },
	{ "down: error routes have no leg and stay",
		{ "ip route add blackhole 20.0.0.0/8",
			"ip route add throw 21.0.0.0/8 table 77" },
		"ip link set eth0 down", { "20.0.0.0/8", "21.0.0.0/8" } },
	{ "down: nexthop objects go, and routes by them",
		{ "ip nexthop add id 1 dev eth0", "ip nexthop add id 2 dev eth1",
			"ip route add 20.0.0.0/8 nhid 1",
			"ip route add 21.0.0.0/8 nhid 2 table 77" },
		"ip link set eth0 down",
		{ "-20.0.0.0/8", "21.0.0.0/8", "-nexthop 1", "nexthop 2" } },
	{ "down: a group shrinks, an emptied one goes with its routes",
		{ "ip nexthop add id 1 dev eth0", "ip nexthop add id 2 dev eth1",
			"ip nexthop add id 10 group 1/2", "ip nexthop add id 11 group 1",
			"ip route add 20.0.0.0/8 nhid 10",
			"ip route add 21.0.0.0/8 nhid 11" },
		"ip link set eth0 down",
		{ "20.0.0.0/8", "-21.0.0.0/8", "nexthop 10", "-nexthop 11",
			"nexthop 2" } },
	{ "down: a blackhole object stays",
		{ "ip nexthop add id 1 blackhole", "ip route add 20.0.0.0/8 nhid 1" },
		"ip link set eth0 down", { "20.0.0.0/8", "nexthop 1" } },
	{ "carrier lost: routes stay, nexthop objects go with theirs",
		{ "ip route add 20.0.0.0/8 dev eth0", "ip nexthop add id 1 dev eth0",
			"ip route add 21.0.0.0/8 nhid 1" },
		"ip link set eth0 carrier off",
		{ "20.0.0.0/8", "10.0.0.0/24", "-21.0.0.0/8", "-nexthop 1" } },
	{ "carrier back and up again: what went is not restored",
		{ "ip nexthop add id 1 dev eth0", "ip route add 21.0.0.0/8 nhid 1",
			"ip route add 20.0.0.0/8 dev eth0",
			"ip link set eth0 carrier off", "ip link set eth0 up",
			"ip link set eth0 down" },
		"model ip link add eth0 index 2 up type veth",
		{ "-20.0.0.0/8", "-21.0.0.0/8", "-nexthop 1", "-10.0.0.0/24" } },
	{ "gone: a route with any leg on it goes, though another lives",
		{ "ip route add 20.0.0.0/8 nexthop dev eth0 nexthop dev eth1",
			"ip route add 21.0.0.0/8 dev eth1",
			"ip route add 22.0.0.0/8 dev eth0 table 77" },
		"ip link del eth0",
		{ "-20.0.0.0/8", "21.0.0.0/8", "-22.0.0.0/8", "-10.0.0.2" } },
	{ "gone: nexthop objects go, a group with another leg stays",
		{ "ip nexthop add id 1 dev eth0", "ip nexthop add id 2 dev eth1",
			"ip nexthop add id 10 group 1/2",
			"ip route add 20.0.0.0/8 nhid 10",
			"ip route add 21.0.0.0/8 nhid 1" },
		"ip link del eth0",
		{ "20.0.0.0/8", "-21.0.0.0/8", "-nexthop 1", "nexthop 10" } },
	{ "last address: all routes through the device go, those of host scope too",
		{ "ip route add 20.0.0.0/8 dev eth0",
			"ip route add local 30.0.0.0/8 dev eth0",
			"ip route add 22.0.0.0/8 dev eth0 table 77" },
		"ip address del 10.0.0.2/24 dev eth0",
		{ "-20.0.0.0/8", "-30.0.0.0/8", "-22.0.0.0/8", "-10.0.0.0/24",
			"10.1.0.2" } },
	{ "last address: nexthop objects and routes by them stay",
		{ "ip nexthop add id 1 dev eth0", "ip route add 20.0.0.0/8 nhid 1" },
		"ip address del 10.0.0.2/24 dev eth0", { "20.0.0.0/8", "nexthop 1" } },
	{ "an address of several: routes without that source stay",
		{ "ip address add 10.0.9.2/24 dev eth0",
			"ip route add 20.0.0.0/8 dev eth0" },
		"ip address del 10.0.0.2/24 dev eth0",
		{ "20.0.0.0/8", "10.0.9.0/24", "-10.0.0.2" } },
	{ "prefsrc: routes of main that prefer it go, on any device",
		{ "ip address add 10.0.9.2/24 dev eth0",
			"ip route add 20.0.0.0/8 dev eth1 src 10.0.0.2",
			"ip route add 21.0.0.0/8 dev eth1 src 10.0.9.2",
			"ip route add 22.0.0.0/8 dev eth1 src 10.0.0.2 table 77" },
		"ip address del 10.0.0.2/24 dev eth0",
		{ "-20.0.0.0/8", "21.0.0.0/8", "22.0.0.0/8" } },
	{ "prefsrc: the same address elsewhere keeps it valid",
		{ "ip address add 10.0.9.2/24 dev eth0",
			"ip address add 10.0.0.2/32 dev lo",
			"ip route add 20.0.0.0/8 dev eth1 src 10.0.0.2" },
		"ip address del 10.0.0.2/24 dev eth0", { "20.0.0.0/8", "10.0.0.2" } },
	{ "joining a VRF: all its routes go",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip route add 20.0.0.0/8 dev eth0",
			"ip route add local 30.0.0.0/8 dev eth0" },
		"model ip link add eth0 index 2 up master red type veth",
		{ "-20.0.0.0/8", "-30.0.0.0/8", "-10.0.0.0/24", "10.1.0.0/24" } },
	{ "joining a bridge: they stay",
		{ "ip link add br0 index 9 up type bridge",
			"ip route add 20.0.0.0/8 dev eth0" },
		"ip link set eth0 master br0", { "20.0.0.0/8", "10.0.0.0/24" } },
	{ "leaving a VRF: all its routes go",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link set eth0 master red",
			"ip route add 20.0.0.0/8 dev eth0 table 99",
			"ip route add 21.0.0.0/8 dev eth1" },
		"model ip link add eth0 index 2 up type veth",
		{ "-20.0.0.0/8", "21.0.0.0/8" } },
	{ "nexthop gone: its routes go and the groups that it left empty, each",
		{ "ip nexthop add id 1 dev eth0", "ip nexthop add id 10 group 1",
			"ip nexthop add id 11 group 1", "ip nexthop add id 12 group 1",
			"ip route add 20.0.0.0/8 nhid 10",
			"ip route add 21.0.0.0/8 nhid 11",
			"ip route add 22.0.0.0/8 nhid 1" },
		"ip nexthop del id 1",
		{ "-20.0.0.0/8", "-21.0.0.0/8", "-22.0.0.0/8", "-nexthop 10",
			"-nexthop 11", "-nexthop 12" } },
};

static bool has_prefix(const struct state *state, struct prefix4 prefix)
{
	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (trie_get(&fib->trie, prefix))
			return true;
	}
	return false;
}

static bool is_there(const struct state *state, const char *what)
{
	if (strncmp(what, "nexthop ", 8) == 0)
		return state_nexthop_obj(state, (uint32_t)atoi(what + 8)) != NULL;
	return has_prefix(state, model_prefix(what));
}

static struct state *two_links(void)
{
	struct state *state = model_new();

	model(state, "ip link add eth0 index 2 up type veth");
	model(state, "ip link add eth1 index 3 up type veth");
	model_addr(state, "eth0", "10.0.0.2/24");
	model_addr(state, "eth1", "10.1.0.2/24");
	return state;
}

static void ck_row(const struct row *row, bool split)
{
	_cleanup_(state_freep) struct state *state = two_links();

	if (split)
		model(state, "model split");
	for (size_t i = 0; i < ELEMENTS(row->setup) && row->setup[i]; i++)
		ck_assert_int_ge(model_line(state, row->setup[i]), 0);
	state->audit_due = false;
	ck_assert_msg(model_line(state, row->event) == 1, "%s: '%s' changes nothing",
		row->what, row->event);
	for (size_t i = 0; i < ELEMENTS(row->left) && row->left[i]; i++) {
		bool gone = row->left[i][0] == '-';

		ck_assert_msg(is_there(state, row->left[i] + gone) != gone, "%s: %s %s",
			row->what, row->left[i] + gone,
			gone ? "is still there" : "is lost");
	}
}

START_TEST(silent_deletions)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		ck_row(&rows[i], false);
		ck_row(&rows[i], true);
	}
}
END_TEST

/* What we infer has to be proved: the reader is asked to compare all. */
START_TEST(losses_ask_for_an_audit)
{
	static const struct {
		const char *event;
		bool audit;
	} events[] = {
		{ "ip link set eth0 down", true },
		{ "ip link set eth0 carrier off", true },
		{ "ip link del eth0", true },
		{ "ip address del 10.0.0.2/24 dev eth0", true },
		{ "ip nexthop del id 1", true },
		{ "ip link set eth0 master red", true },
		{ "ip link set eth0 name wan0", false },
		{ "ip link set eth0 group 5", false },
		{ "ip address add 10.0.9.2/24 dev eth0", false },
		{ "ip route add 20.0.0.0/8 dev eth0", false },
		{ "ip rule add priority 100 lookup 77", false },
		{ "ip nexthop add id 2 dev eth0", false },
		/* a deletion that means nothing known: something was missed */
		{ "model ip address del 10.0.9.2/24 dev eth0", true },
		{ "model ip nexthop del id 7", true },
		{ "model ip route del 20.0.0.0/8 dev eth0", true },
		{ "model ip route del 20.0.0.0/8 dev eth0 table 55", true },
		{ "model ip route del 10.1.0.0/24 dev eth1 scope link proto kernel src 10.1.0.2",
			false },
		{ "model ip link del none index 77", false },
	};

	for (size_t i = 0; i < ELEMENTS(events); i++) {
		_cleanup_(state_freep) struct state *state = two_links();

		model(state, "model ip link add red index 9 up type vrf table 99");
		model(state, "ip nexthop add id 1 dev eth0");
		state->audit_due = false;
		model_line(state, events[i].event);
		ck_assert_msg(state->audit_due == events[i].audit, "'%s' asks %s",
			events[i].event,
			state->audit_due ? "for an audit" : "for no audit");
	}
}
END_TEST

/*
 * The kernel announces some of it after all (the routes of an address that goes). Then
 * nothing is left to do, and what is inferred is the same as what is said.
 */
START_TEST(inferred_or_told_is_the_same)
{
	_cleanup_(state_freep) struct state *told = two_links();
	_cleanup_(state_freep) struct state *inferred = two_links();
	char what[STATE_DIFFERENCE];

	model(told, "ip address del 10.0.0.2/24 dev eth0");
	model(inferred, "model ip address del 10.0.0.2/24 dev eth0");
	ck_assert_msg(state_equal(told, inferred, what), "they differ: %s", what);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		silent_deletions,
		losses_ask_for_an_audit,
		inferred_or_told_is_the_same,
	};

	return fixture_run("silent", tests, ELEMENTS(tests));
}
