/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_model.h"
#include "fixture_run.h"
#include "state/state.h"
#include "state/state_apply.h"
#include "state/state_equal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Runs lines; each begins with what it must change: '1', '0', and a blank. */
static void runs(struct state *state, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t before = state->generation;
		int changes = lines[i][0] - '0';
		int r = model_line(state, lines[i] + 2);

		ck_assert_msg(
			r == changes, "line %zu, '%s', returns %d", i, lines[i] + 2, r);
		ck_assert_msg((state->generation > before) == (changes > 0),
			"line %zu, '%s', %s the generation", i, lines[i] + 2,
			changes ? "leaves" : "moves");
	}
}

#define RUNS(state, lines) runs((state), (lines), ELEMENTS(lines))

START_TEST(each_record_changes_once)
{
	static const char *const lines[] = {
		"1 link 2 eth0",
		"0 link 2 eth0",
		"1 link 2 eth0 down",
		"1 link 2 eth0",
		"1 addr eth0 10.0.0.2/24 bare",
		"0 addr eth0 10.0.0.2/24 bare",
		"1 addr eth0 10.0.0.2/24 bare secondary",
		"1 addr eth0 10.0.0.2/25 bare",
		"1 addr gone eth0 10.0.0.2/25 bare",
		"0 addr gone eth0 10.0.0.2/25 bare",
		"1 route 20.0.0.0/8 dev eth0",
		"0 route 20.0.0.0/8 dev eth0",
		"1 route gone 20.0.0.0/8 dev eth0",
		"0 route gone 20.0.0.0/8 dev eth0",
		"0 route gone 20.0.0.0/8 dev eth0 table 55",
		"1 rule 100: lookup 77",
		"1 rule 100: lookup 77", /* equal rules are legal */
		"1 rule gone 100: lookup 77",
		"1 rule gone 100: lookup 77",
		"0 rule gone 100: lookup 77",
		"1 nexthop 1 dev eth0",
		"0 nexthop 1 dev eth0",
		"1 nexthop 1 dev eth0 via 10.0.0.9",
		"1 nexthop gone 1",
		"0 nexthop gone 1",
		"1 sysctl eth0 rp_filter 1",
		"0 sysctl eth0 rp_filter 1",
		"1 sysctl all rp_filter 2",
		"0 sysctl all rp_filter 2",
		"1 sysctl default rp_filter 1",
		"1 inet eth0 off",
		"0 inet eth0 off",
		"1 inet eth0 on",
		"0 join eth0 224.1.1.1",
		"0 kernel 6.1",
		"1 blind",
		"1 link gone 2 eth0",
		"0 link gone 2 eth0",
	};
	_cleanup_(state_freep) struct state *state = model_new();

	RUNS(state, lines);
}
END_TEST

START_TEST(things_are_found_by_their_keys)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(freep) const struct iface **list = NULL;
	size_t count;

	model(state, "link 700 wan0");
	model(state, "link 30 lan0");
	model(state, "inet if31 on"); /* settings ahead of the link: docs/kernel.md 5.1 */
	model(state, "join eth0 239.1.1.1");
	ck_assert_ptr_eq(state_iface(state, 2), state_iface_by_name(state, "eth0"));
	ck_assert_ptr_null(state_iface(state, 3));
	ck_assert_ptr_null(state_iface_by_name(state, "eth"));
	ck_assert_ptr_null(state_table(state, 77));
	ck_assert_int_eq(state_ifaces(state, &list, &count), 0);
	ck_assert_uint_eq(count, 4);
	for (size_t i = 1; i < count; i++)
		ck_assert_int_lt(list[i - 1]->link.ifindex, list[i]->link.ifindex);
	ck_assert(state_has_joined(state, 2, model_ip4("239.1.1.1")));
	ck_assert(!state_has_joined(state, 2, model_ip4("239.1.1.2")));
	ck_assert(!state_has_joined(state, 30, model_ip4("239.1.1.1")));
	/* lo: 2 local and 1 broadcast; eth0: local, connected, broadcast, default */
	ck_assert_uint_eq(state_routes(state), 3 + 4);
}
END_TEST

START_TEST(settings_may_come_before_the_link)
{
	_cleanup_(state_freep) struct state *state = model_new();
	struct record link = { .kind = RECORD_LINK,
		.link = { .ifindex = 5, .name = "new0", .has_inet = true } };

	model(state, "sysctl if5 rp_filter 1");
	ck_assert_int_eq(state_iface(state, 5)->link.conf.value[DEVCONF_RP_FILTER], 1);
	ck_assert(!state_iface(state, 5)->announced);
	link.link.conf.value[DEVCONF_RP_FILTER] = 2;
	ck_assert_int_eq(state_apply(state, &link), 1);
	ck_assert(state_iface(state, 5)->announced);
	ck_assert_int_eq(state_iface(state, 5)->link.conf.value[DEVCONF_RP_FILTER], 2);
}
END_TEST

/* A rename takes IPv4 away and gives it back: what netconf does not say again is kept. */
/* What to do about an interface depends on how long it is up. */
START_TEST(each_rise_of_a_link_is_noted_once)
{
	_cleanup_(state_freep) struct state *state = state_new();

	ck_assert_int_ge(model_line(state, "link 2 eth0 down"), 0);
	ck_assert_uint_eq(state->links.count, 0);
	ck_assert_int_ge(model_line(state, "link 2 eth0"), 0);
	ck_assert_int_ge(model_line(state, "link 2 eth0"), 0);
	ck_assert_int_ge(model_line(state, "sysctl eth0 rp_filter 1"), 0);
	ck_assert_int_ge(model_line(state, "link 3 tun0"), 0);
	ck_assert_uint_eq(state->links.count, 2);
	ck_assert_int_eq(state->links.items[0].ifindex, 2);
	ck_assert_int_eq(state->links.items[1].ifindex, 3);
	array_clear(&state->links);
	ck_assert_int_ge(model_line(state, "link 3 tun0 down"), 0);
	ck_assert_int_ge(model_line(state, "link 3 tun0"), 0);
	ck_assert_uint_eq(state->links.count, 1);
	ck_assert(!state_link_went(state, 3));
	ck_assert_int_ge(model_line(state, "link gone 3 tun0"), 0);
	ck_assert_uint_eq(state->links.count, 2);
	ck_assert(state_link_went(state, 3));
}
END_TEST

/* What a state did not hear of, as another one is put in its place. */
START_TEST(links_are_adopted)
{
	_cleanup_(state_freep) struct state *old = state_new(), *fresh = state_new();
	const struct link_change expected[] = { { 2, false }, { 4, true }, { 3, false } };

	model_link(old, 2, "eth0", "");
	model_link(old, 3, "tun0", "down");
	array_clear(&old->links);
	model_link(old, 4, "tun1", "down");
	model_link(old, 2, "eth0", "down");
	model_link(old, 2, "eth0", "");
	model_link(fresh, 2, "eth0", "");
	model_link(fresh, 3, "tun0", "");
	ck_assert_int_eq(state_adopt_links(fresh, old), 0);
	ck_assert_uint_eq(fresh->links.count, ELEMENTS(expected));
	for (size_t i = 0; i < ELEMENTS(expected); i++) {
		ck_assert_int_eq(fresh->links.items[i].ifindex, expected[i].ifindex);
		ck_assert_int_eq(fresh->links.items[i].gone, expected[i].gone);
	}
}
END_TEST

START_TEST(another_identity_is_known_and_no_news)
{
	_cleanup_(state_freep) struct state *state = model_host();
	struct record record = { .kind = RECORD_LINK,
		.link = model_iface(state, "eth0")->link };

	record.link.identity = 7;
	ck_assert_int_eq(state_apply(state, &record), 0);
	ck_assert_uint_eq(model_iface(state, "eth0")->link.identity, 7);
}
END_TEST

START_TEST(without_inet_settings_are_remembered)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model_sysctl(state, "eth0", "rp_filter", 1);
	model(state, "inet eth0 off");
	ck_assert(!model_iface(state, "eth0")->link.has_inet);
	ck_assert(!state->links_stale);
	model_sysctl(state, "eth0", "accept_local", 1);
	ck_assert(state->links_stale);
	ck_assert_int_eq(
		model_iface(state, "eth0")->link.conf.value[DEVCONF_RP_FILTER], 1);
	model_sysctl(state, "eth0", "rp_filter", 2);
	ck_assert(model_iface(state, "eth0")->link.has_inet);
	ck_assert_int_eq(
		model_iface(state, "eth0")->link.conf.value[DEVCONF_RP_FILTER], 2);
}
END_TEST

/* docs/kernel.md 3.3: default goes to links without a word; a dump of it says nothing new. */
START_TEST(default_makes_links_stale)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "sysctl dump default rp_filter 1");
	ck_assert(!state->links_stale);
	model_sysctl(state, "all", "rp_filter", 1);
	model_sysctl(state, "eth0", "rp_filter", 1);
	ck_assert(!state->links_stale);
	model_sysctl(state, "default", "rp_filter", 2);
	ck_assert(state->links_stale);
	ck_assert_int_eq(state->conf_default.value[DEVCONF_RP_FILTER], 2);
	ck_assert_int_eq(
		model_iface(state, "eth0")->link.conf.value[DEVCONF_RP_FILTER], 1);
}
END_TEST

/* --- names ----------------------------------------------------------------------------------- */

static int iif_of(const struct state *state, uint32_t priority)
{
	array_each (&state->rules, const struct state_rule, entry) {
		if (entry->rule.priority == priority)
			return entry->iif;
	}
	ck_abort_msg("there is no rule %u", priority);
}

START_TEST(rules_follow_the_names_of_devices)
{
	static const struct {
		const char *line;
		int eth0, wan0; /* the index that each name has behind the line */
	} rows[] = {
		{ "rule 100: iif eth0 lookup 77", -1, -2 },
		{ "rule 101: iif wan0 lookup 78", -1, -1 }, { "link 2 eth0", 2, -1 },
		{ "link 2 wan0", -1, 2 }, /* renamed: one detaches, the other attaches */
		{ "link 3 eth0", 3, 2 }, { "link 3 lan0", -1, 2 },
		{ "link 2 eth0", 2, -1 }, { "link 3 wan0", 2, 3 },
		{ "link gone 2 eth0", -1, 3 }, { "link gone 3 wan0", -1, -1 },
		{ "link 9 eth0 down", 9, -1 }, /* down or up is the same */
	};
	_cleanup_(state_freep) struct state *state = model_new();

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		model_line(state, rows[i].line);
		ck_assert_msg(iif_of(state, 100) == rows[i].eth0,
			"'%s': the rule for eth0 means %d", rows[i].line,
			iif_of(state, 100));
		ck_assert_msg(rows[i].wan0 == -2 || iif_of(state, 101) == rows[i].wan0,
			"'%s': the rule for wan0 means %d", rows[i].line,
			iif_of(state, 101));
	}
	ck_assert_int_eq(iif_of(state, 0), 0);
}
END_TEST

START_TEST(a_name_taken_before_it_was_given_up)
{
	_cleanup_(state_freep) struct state *state = model_new();

	model(state, "link 2 eth0");
	model(state, "link 3 eth0"); /* 2 has another name by now, we hear of it later */
	ck_assert_int_eq(state_iface_by_name(state, "eth0")->link.ifindex, 3);
	model(state, "link 2 old0");
	ck_assert_int_eq(state_iface_by_name(state, "eth0")->link.ifindex, 3);
	ck_assert_int_eq(state_iface_by_name(state, "old0")->link.ifindex, 2);
	model(state, "link gone 2 old0");
	ck_assert_int_eq(state_iface_by_name(state, "eth0")->link.ifindex, 3);
	ck_assert_ptr_null(state_iface_by_name(state, "old0"));
}
END_TEST

/* --- addresses ------------------------------------------------------------------------------- */

START_TEST(own_addresses_are_counted)
{
	static const struct {
		const char *line;
		bool own;
	} rows[] = {
		{ "addr eth0 192.0.2.1/24", true },
		{ "addr lo 192.0.2.1/32", true },
		{ "addr eth0 192.0.2.1/32", true }, /* another length: another address */
		{ "addr gone eth0 192.0.2.1/24", true },
		{ "addr gone eth0 192.0.2.1/24", true }, /* said twice */
		{ "addr gone lo 192.0.2.1/32", true },
		{ "addr gone eth0 192.0.2.1/32", false },
		{ "addr eth0 192.0.2.1/24", true },
		{ "addr lo 192.0.2.1/32 bare", true },
		{ "link gone 2 eth0", true },
		{ "addr gone lo 192.0.2.1/32", false },
	};
	_cleanup_(state_freep) struct state *state = model_host();

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		model_line(state, rows[i].line);
		ck_assert_msg(
			state_is_local_addr(state, model_ip4("192.0.2.1")) == rows[i].own,
			"row %zu, '%s': it is %s", i, rows[i].line,
			rows[i].own ? "not own" : "still own");
	}
}
END_TEST

START_TEST(a_point_to_point_address_is_own_by_its_local_part)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "addr eth0 192.0.2.1/32 peer 192.0.2.9");
	ck_assert(state_is_local_addr(state, model_ip4("192.0.2.1")));
	ck_assert(!state_is_local_addr(state, model_ip4("192.0.2.9")));
	model(state, "addr gone eth0 192.0.2.1/32"); /* another one: without a peer */
	ck_assert(state_is_local_addr(state, model_ip4("192.0.2.1")));
	model(state, "addr gone eth0 192.0.2.1/32 peer 192.0.2.9");
	ck_assert(!state_is_local_addr(state, model_ip4("192.0.2.1")));
}
END_TEST

/* --- tables and rules ------------------------------------------------------------------------ */

START_TEST(the_first_change_of_a_rule_parts_the_tables)
{
	static const struct {
		const char *line;
		bool local_main_merged;
	} rows[] = {
		{ "rule dump 100: lookup 77",
			true }, /* an answer changes nothing in the kernel */
		{ "rule 100: lookup 77", false }, { "rule gone 100: lookup 77", false },
		{ "rule gone 5: lookup 5", false }, /* not ours, but it was there */
		{ "split", false }, { "route 20.0.0.0/8 dev eth0", true },
		{ "link 9 red kind vrf table 99",
			true }, /* its rule parts them, and is announced */
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = model_host();

		ck_assert(state->local_main_merged);
		ck_assert_ptr_eq(
			state_table(state, TABLE_LOCAL), state_table(state, TABLE_MAIN));
		model_line(state, rows[i].line);
		ck_assert_msg(state->local_main_merged == rows[i].local_main_merged,
			"'%s': they are %s", rows[i].line,
			state->local_main_merged ? "merged" : "parted");
		ck_assert_uint_eq(model_routes(state, TABLE_LOCAL), 5);
		ck_assert_uint_eq(model_routes(state, TABLE_MAIN),
			strncmp(rows[i].line, "route", 5) == 0 ? 3 : 2);
		ck_assert((state_table(state, TABLE_LOCAL) ==
				  state_table(state, TABLE_MAIN)) ==
			  rows[i].local_main_merged);
	}
}
END_TEST

START_TEST(parted_tables_are_never_joined_again)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "split");
	ck_assert_int_eq(model(state, "merged"), -EINVAL);
	ck_assert_int_eq(model(state, "split"), 0);
}
END_TEST

START_TEST(rules_stand_in_the_order_of_the_walk)
{
	static const uint32_t expected[] = { 0, 50, 100, 100, 100, 32766, 32767 };
	static const uint32_t tables[] = { 255, 5, 1, 2, 3, 254, 253 };
	_cleanup_(state_freep) struct state *state = model_new();

	model_rule(state, "100: lookup 1");
	model_rule(state, "100: lookup 2");
	model_rule(state, "50: lookup 5");
	model_rule(state, "100: lookup 3");
	ck_assert_uint_eq(state->rules.count, ELEMENTS(expected));
	for (size_t i = 0; i < ELEMENTS(expected); i++)
		ck_assert_msg(state->rules.items[i].rule.priority == expected[i] &&
				      state->rules.items[i].rule.table == tables[i],
			"place %zu has rule %u", i, state->rules.items[i].rule.priority);
}
END_TEST

START_TEST(what_switches_dissection_and_realms)
{
	static const struct {
		const char *line;
		size_t dissecting, realms;
	} rows[] = {
		{ "rule 1: iif lo ipproto 17 lookup 5", 0,
			0 }, /* lo's do not count: 4.2 */
		{ "rule 2: iif eth0 ipproto 17 lookup 5", 1, 0 },
		{ "rule 3: sport 53 lookup 5", 2, 0 },
		{ "rule 4: dport 53 realm lookup 5", 3, 1 },
		{ "rule gone 3: sport 53 lookup 5", 2, 1 },
		{ "rule gone 3: sport 53 lookup 5", 2, 1 },
		{ "rule gone 4: dport 53 realm lookup 5", 1, 0 },
		{ "rule gone 2: iif eth0 ipproto 17 lookup 5", 0, 0 },
	};
	_cleanup_(state_freep) struct state *state = model_host();

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		model_line(state, rows[i].line);
		ck_assert_msg(state->dissecting == rows[i].dissecting &&
				      state->rule_realms == rows[i].realms,
			"'%s': %zu rules dissect, %zu have realms", rows[i].line,
			state->dissecting, state->rule_realms);
	}
}
END_TEST

START_TEST(a_local_route_by_hand_is_remembered)
{
	_cleanup_(state_freep) struct state *state = model_host();

	ck_assert(!state->custom_local);
	model_route(state, "local 20.0.0.0/8 dev lo proto kernel");
	ck_assert(!state->custom_local);
	model_route(state, "local 21.0.0.0/8 dev lo");
	model(state, "route gone local 21.0.0.0/8 dev lo");
	ck_assert(state->custom_local); /* for the life of the namespace: 2.1 */
}
END_TEST

START_TEST(an_emptied_table_is_as_none)
{
	_cleanup_(state_freep) struct state *a = model_host();
	_cleanup_(state_freep) struct state *b = model_host();
	char what[STATE_DIFFERENCE];

	model_route(a, "20.0.0.0/8 dev eth0 table 77");
	ck_assert_ptr_nonnull(state_table(a, 77));
	model(a, "route gone 20.0.0.0/8 dev eth0 table 77");
	ck_assert_ptr_null(state_table(a, 77));
	ck_assert_msg(state_equal(a, b, what), "they differ: %s", what);
	model(a, "link 3 eth1");
	model(b, "link 3 eth1");
	model_route(a, "20.0.0.0/8 dev eth1 table 77");
	model(a, "link 3 eth1 down");
	model(b, "link 3 eth1 down");
	ck_assert_msg(state_equal(a, b, what), "they differ: %s", what);
}
END_TEST

/* --- replay ---------------------------------------------------------------------------------- */

/*
 * Events that queued while the dump went on may be in it already. Played again, they leave
 * the state as it is; where that can't be known, an audit is asked for.
 */
static const char *const events[] = {
	"link 3 eth1",
	"addr eth1 10.1.0.2/24",
	"route 20.0.0.0/8 via 10.1.0.1 dev eth1",
	"route 20.0.0.0/8 via 10.0.0.1 dev eth0 append",
	"route 21.0.0.0/8 dev eth1 metric 5",
	"rule 100: from 192.0.2.1 lookup 77",
	"route default via 10.1.0.1 dev eth1 table 77",
	"nexthop 1 dev eth1",
	"nexthop 2 group 1",
	"route 22.0.0.0/8 nhid 2",
	"sysctl eth1 rp_filter 1",
	"sysctl all rp_filter 2",
};

START_TEST(events_played_again_change_nothing)
{
	_cleanup_(state_freep) struct state *once = model_host();
	_cleanup_(state_freep) struct state *twice = model_host();
	char what[STATE_DIFFERENCE];

	for (size_t i = 0; i < ELEMENTS(events); i++) {
		model_line(once, events[i]);
		model_line(twice, events[i]);
	}
	twice->replaying = true;
	for (size_t i = 0; i < ELEMENTS(events); i++)
		ck_assert_msg(model_line(twice, events[i]) == 0,
			"'%s' changes something the second time", events[i]);
	ck_assert_msg(state_equal(once, twice, what), "they differ: %s", what);
	ck_assert_msg(twice->audit_due, "an equal rule may have been a second one");
}
END_TEST

START_TEST(a_replayed_replace_is_in_doubt)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model_route(state, "20.0.0.0/8 dev eth0");
	model_route(state, "20.0.0.0/8 via 10.0.0.9 dev eth0 append");
	state->audit_due = false;
	state->replaying = true;
	model_route(state, "30.0.0.0/8 dev eth0 replace"); /* of nothing: no doubt */
	ck_assert(!state->audit_due);
	model_route(state, "20.0.0.0/8 via 10.0.0.8 dev eth0 replace");
	ck_assert(state->audit_due);
}
END_TEST

/* --- comparing ------------------------------------------------------------------------------- */

START_TEST(states_that_differ_say_where)
{
	static const struct {
		const char *line, *where;
	} rows[] = {
		{ "link 3 eth1", "only one has link eth1" },
		{ "link 2 eth0 nocarrier", "flags of link eth0" },
		{ "link 2 eth0 group 7", "link eth0" },
		{ "addr eth0 10.0.0.3/24 bare", "addresses of eth0" },
		{ "route 10.0.0.0/9 dev eth0", "table 254 at 10.0.0.0/9" },
		{ "route 10.0.0.0/9 dev eth0 table 7", "table 7 at all" },
		{ "nexthop 4 dev eth0", "nexthop 4" },
		{ "sysctl eth0 rp_filter 1", "setting rp_filter of eth0: 1, 0" },
		{ "sysctl eth0 bc_forwarding 1", "setting bc_forwarding of eth0: 1, 0" },
		{ "sysctl all accept_local 1", "setting accept_local of all: 1, 0" },
		{ "sysctl default rp_filter 2", "setting rp_filter of default: 2, 0" },
		{ "rule dump 9: lookup 9", "number of rules" },
		{ "split", "whether local and main are merged" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *a = model_host();
		_cleanup_(state_freep) struct state *b = model_host();
		char what[STATE_DIFFERENCE] = "";

		ck_assert_msg(state_equal(a, b, what), "two alike differ: %s", what);
		model_line(a, rows[i].line);
		ck_assert_msg(
			!state_equal(a, b, what), "'%s' goes unnoticed", rows[i].line);
		ck_assert_str_eq(what, rows[i].where);
		ck_assert_msg(!state_equal(b, a, what),
			"'%s' goes unnoticed the other way", rows[i].line);
	}
}
END_TEST

/* A setting that no verdict depends on may differ, and hides none behind it that matters. */
START_TEST(settings_of_no_concern_are_not_compared)
{
	_cleanup_(state_freep) struct state *a = model_host();
	_cleanup_(state_freep) struct state *b = model_host();
	char what[STATE_DIFFERENCE] = "";

	ck_assert_ptr_null(devconf_name(2));
	a->all.value[2] = 5;
	ck_assert_msg(state_equal(a, b, what), "they differ: %s", what);
	a->all.value[DEVCONF_RP_FILTER] = 1;
	ck_assert_msg(!state_equal(a, b, what), "rp_filter of all goes unnoticed");
	ck_assert_str_eq(what, "setting rp_filter of all: 1, 0");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_record_changes_once,
		things_are_found_by_their_keys,
		settings_may_come_before_the_link,
		each_rise_of_a_link_is_noted_once,
		links_are_adopted,
		another_identity_is_known_and_no_news,
		without_inet_settings_are_remembered,
		default_makes_links_stale,
		rules_follow_the_names_of_devices,
		a_name_taken_before_it_was_given_up,
		own_addresses_are_counted,
		a_point_to_point_address_is_own_by_its_local_part,
		the_first_change_of_a_rule_parts_the_tables,
		parted_tables_are_never_joined_again,
		rules_stand_in_the_order_of_the_walk,
		what_switches_dissection_and_realms,
		a_local_route_by_hand_is_remembered,
		an_emptied_table_is_as_none,
		events_played_again_change_nothing,
		a_replayed_replace_is_in_doubt,
		states_that_differ_say_where,
		settings_of_no_concern_are_not_compared,
	};

	return fixture_run("state", tests, ELEMENTS(tests));
}
