/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_model.h"
#include "fixture_run.h"
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
		{ "route 20.0.0.0/8 via 10.0.0.9 dev eth0", "route 21.0.0.0/8 dev eth1",
			"route 22.0.0.0/8 dev eth0 table 77" },
		"link 2 eth0 down", { "-20.0.0.0/8", "21.0.0.0/8", "-22.0.0.0/8" } },
	{ "down: the connected and broadcast routes go, the local host route stays",
		{ NULL }, "link 2 eth0 down",
		{ "-10.0.0.0/24", "-10.0.0.255", "10.0.0.2", "10.1.0.0/24",
			"10.1.0.2" } },
	{ "down: a local prefix by hand is of host scope and stays",
		{ "route local 30.0.0.0/8 dev eth0",
			"route 31.0.0.0/8 dev eth0 scope host",
			"route local 32.0.0.0/8 dev eth0 scope 0" },
		"link 2 eth0 down", { "30.0.0.0/8", "31.0.0.0/8", "-32.0.0.0/8" } },
	{ "down: a multipath route with a leg alive stays",
		{ "route 20.0.0.0/8 nexthop dev eth0 nexthop dev eth1",
			"route 21.0.0.0/8 nexthop dev eth0 nexthop via 10.0.0.9 dev eth0" },
		"link 2 eth0 down", { "20.0.0.0/8", "-21.0.0.0/8" } },
	{ "down: a multipath route goes with its last live leg",
		{ "route 20.0.0.0/8 nexthop dev eth0 nexthop dev eth1",
			"link 3 eth1 down" },
		"link 2 eth0 down", { "-20.0.0.0/8" } },
	{ "down: all legs were dead before, but none is on this link",
		{ "link 4 eth2", "route 20.0.0.0/8 dev eth2" }, "link 2 eth0 down",
		{ "20.0.0.0/8" } },
	{ "down: error routes have no leg and stay",
		{ "route blackhole 20.0.0.0/8", "route throw 21.0.0.0/8 table 77" },
		"link 2 eth0 down", { "20.0.0.0/8", "21.0.0.0/8" } },
	{ "down: nexthop objects go, and routes by them",
		{ "nexthop 1 dev eth0", "nexthop 2 dev eth1", "route 20.0.0.0/8 nhid 1",
			"route 21.0.0.0/8 nhid 2 table 77" },
		"link 2 eth0 down",
		{ "-20.0.0.0/8", "21.0.0.0/8", "-nexthop 1", "nexthop 2" } },
	{ "down: a group shrinks, an emptied one goes with its routes",
		{ "nexthop 1 dev eth0", "nexthop 2 dev eth1", "nexthop 10 group 1,2",
			"nexthop 11 group 1", "route 20.0.0.0/8 nhid 10",
			"route 21.0.0.0/8 nhid 11" },
		"link 2 eth0 down",
		{ "20.0.0.0/8", "-21.0.0.0/8", "nexthop 10", "-nexthop 11",
			"nexthop 2" } },
	{ "down: a blackhole object stays",
		{ "nexthop 1 blackhole", "route 20.0.0.0/8 nhid 1" }, "link 2 eth0 down",
		{ "20.0.0.0/8", "nexthop 1" } },
	{ "carrier lost: routes stay, nexthop objects go with theirs",
		{ "route 20.0.0.0/8 dev eth0", "nexthop 1 dev eth0",
			"route 21.0.0.0/8 nhid 1" },
		"link 2 eth0 nocarrier",
		{ "20.0.0.0/8", "10.0.0.0/24", "-21.0.0.0/8", "-nexthop 1" } },
	{ "carrier back and up again: what went is not restored",
		{ "nexthop 1 dev eth0", "route 21.0.0.0/8 nhid 1",
			"route 20.0.0.0/8 dev eth0", "link 2 eth0 nocarrier",
			"link 2 eth0", "link 2 eth0 down" },
		"link 2 eth0",
		{ "-20.0.0.0/8", "-21.0.0.0/8", "-nexthop 1", "-10.0.0.0/24" } },
	{ "gone: a route with any leg on it goes, though another lives",
		{ "route 20.0.0.0/8 nexthop dev eth0 nexthop dev eth1",
			"route 21.0.0.0/8 dev eth1",
			"route 22.0.0.0/8 dev eth0 table 77" },
		"link gone 2 eth0",
		{ "-20.0.0.0/8", "21.0.0.0/8", "-22.0.0.0/8", "-10.0.0.2" } },
	{ "gone: nexthop objects go, a group with another leg stays",
		{ "nexthop 1 dev eth0", "nexthop 2 dev eth1", "nexthop 10 group 1,2",
			"route 20.0.0.0/8 nhid 10", "route 21.0.0.0/8 nhid 1" },
		"link gone 2 eth0",
		{ "20.0.0.0/8", "-21.0.0.0/8", "-nexthop 1", "nexthop 10" } },
	{ "last address: all routes through the device go, those of host scope too",
		{ "route 20.0.0.0/8 dev eth0", "route local 30.0.0.0/8 dev eth0",
			"route 22.0.0.0/8 dev eth0 table 77" },
		"addr gone eth0 10.0.0.2/24",
		{ "-20.0.0.0/8", "-30.0.0.0/8", "-22.0.0.0/8", "-10.0.0.0/24",
			"10.1.0.2" } },
	{ "last address: nexthop objects and routes by them stay",
		{ "nexthop 1 dev eth0", "route 20.0.0.0/8 nhid 1" },
		"addr gone eth0 10.0.0.2/24", { "20.0.0.0/8", "nexthop 1" } },
	{ "an address of several: routes without that source stay",
		{ "addr eth0 10.0.9.2/24", "route 20.0.0.0/8 dev eth0" },
		"addr gone eth0 10.0.0.2/24",
		{ "20.0.0.0/8", "10.0.9.0/24", "-10.0.0.2" } },
	{ "prefsrc: routes of main that prefer it go, on any device",
		{ "addr eth0 10.0.9.2/24", "route 20.0.0.0/8 dev eth1 src 10.0.0.2",
			"route 21.0.0.0/8 dev eth1 src 10.0.9.2",
			"route 22.0.0.0/8 dev eth1 src 10.0.0.2 table 77" },
		"addr gone eth0 10.0.0.2/24",
		{ "-20.0.0.0/8", "21.0.0.0/8", "22.0.0.0/8" } },
	{ "prefsrc: the same address elsewhere keeps it valid",
		{ "addr eth0 10.0.9.2/24", "addr lo 10.0.0.2/32",
			"route 20.0.0.0/8 dev eth1 src 10.0.0.2" },
		"addr gone eth0 10.0.0.2/24", { "20.0.0.0/8", "10.0.0.2" } },
	{ "joining a VRF: all its routes go",
		{ "link 9 red kind vrf table 99", "route 20.0.0.0/8 dev eth0",
			"route local 30.0.0.0/8 dev eth0" },
		"link 2 eth0 slave vrf master red",
		{ "-20.0.0.0/8", "-30.0.0.0/8", "-10.0.0.0/24", "10.1.0.0/24" } },
	{ "joining a bridge: they stay",
		{ "link 9 br0 kind bridge", "route 20.0.0.0/8 dev eth0" },
		"link 2 eth0 slave bridge master br0", { "20.0.0.0/8", "10.0.0.0/24" } },
	{ "leaving a VRF: all its routes go",
		{ "link 9 red kind vrf table 99", "link 2 eth0 slave vrf master red",
			"route 20.0.0.0/8 dev eth0 table 99",
			"route 21.0.0.0/8 dev eth1" },
		"link 2 eth0", { "-20.0.0.0/8", "21.0.0.0/8" } },
	{ "nexthop gone: its routes go and the groups that it left empty, each",
		{ "nexthop 1 dev eth0", "nexthop 10 group 1", "nexthop 11 group 1",
			"nexthop 12 group 1", "route 20.0.0.0/8 nhid 10",
			"route 21.0.0.0/8 nhid 11", "route 22.0.0.0/8 nhid 1" },
		"nexthop gone 1",
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

	model_link(state, 2, "eth0", "");
	model_link(state, 3, "eth1", "");
	model_addr(state, "eth0", "10.0.0.2/24");
	model_addr(state, "eth1", "10.1.0.2/24");
	return state;
}

static void ck_row(const struct row *row, bool split)
{
	_cleanup_(state_freep) struct state *state = two_links();

	if (split)
		model(state, "split");
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
		{ "link 2 eth0 down", true },
		{ "link 2 eth0 nocarrier", true },
		{ "link gone 2 eth0", true },
		{ "addr gone eth0 10.0.0.2/24", true },
		{ "nexthop gone 1", true },
		{ "link 2 eth0 slave vrf master red", true },
		{ "link 2 wan0", false },
		{ "link 2 eth0 group 5", false },
		{ "addr eth0 10.0.9.2/24", false },
		{ "route 20.0.0.0/8 dev eth0", false },
		{ "rule 100: lookup 77", false },
		{ "nexthop 2 dev eth0", false },
		{ "link gone 77 none", false },
	};

	for (size_t i = 0; i < ELEMENTS(events); i++) {
		_cleanup_(state_freep) struct state *state = two_links();

		model(state, "link 9 red kind vrf table 99");
		model(state, "nexthop 1 dev eth0");
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

	model(told, "addr gone eth0 10.0.0.2/24");
	model(inferred, "addr gone eth0 10.0.0.2/24 bare");
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
