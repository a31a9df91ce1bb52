/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"
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
		"1 model ip link add eth0 index 2 up type veth",
		"0 model ip link add eth0 index 2 up type veth",
		"1 model ip link add eth0 index 2 type veth",
		"1 model ip link add eth0 index 2 up type veth",
		"1 model ip address add 10.0.0.2/24 dev eth0",
		"0 model ip address add 10.0.0.2/24 dev eth0",
		"1 model ip address add 10.0.0.2/24 dev eth0 secondary",
		"1 model ip address add 10.0.0.2/25 dev eth0",
		"1 model ip address del 10.0.0.2/25 dev eth0",
		"0 model ip address del 10.0.0.2/25 dev eth0",
		"1 model ip route add 20.0.0.0/8 dev eth0",
		"0 model ip route add 20.0.0.0/8 dev eth0",
		"1 model ip route del 20.0.0.0/8 dev eth0",
		"0 model ip route del 20.0.0.0/8 dev eth0",
		"0 model ip route del 20.0.0.0/8 dev eth0 table 55",
		"1 model ip rule add priority 100 lookup 77",
		"0 model ip rule add priority 100 lookup 77",
		"1 model ip rule del priority 100 lookup 77",
		"0 model ip rule del priority 100 lookup 77",
		"1 model dump ip rule add priority 100 lookup 77",
		"1 model dump ip rule add priority 100 lookup 77", /* equal rules are legal */
		"1 model ip rule del priority 100 lookup 77",
		"1 model ip rule del priority 100 lookup 77",
		"1 model ip nexthop add id 1 dev eth0",
		"0 model ip nexthop add id 1 dev eth0",
		"1 model ip nexthop add id 1 dev eth0 via 10.0.0.9",
		"1 model ip nexthop del id 1",
		"0 model ip nexthop del id 1",
		"1 model sysctl -w net.ipv4.conf.eth0.rp_filter=1",
		"0 model sysctl -w net.ipv4.conf.eth0.rp_filter=1",
		"1 model sysctl -w net.ipv4.conf.all.rp_filter=2",
		"0 model sysctl -w net.ipv4.conf.all.rp_filter=2",
		"1 model sysctl -w net.ipv4.conf.default.rp_filter=1",
		"1 model inet eth0 off",
		"0 model inet eth0 off",
		"1 model inet eth0 on",
		"1 join eth0 224.1.1.1",
		"0 model kernel 6.1",
		"1 model blind",
		"1 model ip link del eth0 index 2",
		"0 model ip link del eth0 index 2",
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

	model(state, "ip link add wan0 index 700 up type veth");
	model(state, "ip link add lan0 index 30 up type veth");
	model(state,
		"model inet if31 on"); /* settings ahead of the link: docs/kernel.md 5.1 */
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

	model(state, "model sysctl -w net.ipv4.conf.if5.rp_filter=1");
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

	ck_assert_int_ge(model_line(state, "ip link add eth0 index 2 type veth"), 0);
	ck_assert_uint_eq(state->links.count, 0);
	ck_assert_int_ge(model_line(state, "ip link set eth0 up"), 0);
	ck_assert_int_ge(model_line(state, "ip link set eth0 up"), 0);
	ck_assert_int_ge(
		model_line(state, "sysctl -w net.ipv4.conf.eth0.rp_filter=1"), 0);
	ck_assert_int_ge(model_line(state, "ip link add tun0 index 3 up type veth"), 0);
	ck_assert_uint_eq(state->links.count, 2);
	ck_assert_int_eq(state->links.items[0].ifindex, 2);
	ck_assert_int_eq(state->links.items[1].ifindex, 3);
	array_clear(&state->links);
	ck_assert_int_ge(model_line(state, "ip link set tun0 down"), 0);
	ck_assert_int_ge(model_line(state, "ip link set tun0 up"), 0);
	ck_assert_uint_eq(state->links.count, 1);
	ck_assert(!state_link_went(state, 3));
	ck_assert_int_ge(model_line(state, "ip link del tun0"), 0);
	ck_assert_uint_eq(state->links.count, 2);
	ck_assert(state_link_went(state, 3));
}
END_TEST

/* What a state did not hear of, as another one is put in its place. */
START_TEST(links_are_adopted)
{
	_cleanup_(state_freep) struct state *old = state_new(), *fresh = state_new();
	const struct link_change expected[] = { { 2, false }, { 4, true }, { 3, false } };

	model(old, "ip link add eth0 index 2 up type veth");
	model(old, "ip link add tun0 index 3 type tun");
	array_clear(&old->links);
	model(old, "ip link add tun1 index 4 type tun");
	model(old, "ip link set eth0 down");
	model(old, "ip link set eth0 up");
	model(fresh, "ip link add eth0 index 2 up type veth");
	model(fresh, "ip link add tun0 index 3 up type tun");
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
	model(state, "model inet eth0 off");
	ck_assert(!model_iface(state, "eth0")->link.has_inet);
	ck_assert(!state->links_stale);
	model(state, "model sysctl -w net.ipv4.conf.eth0.accept_local=1");
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

	model(state, "model dump sysctl -w net.ipv4.conf.default.rp_filter=1");
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
		{ "ip rule add priority 100 iif eth0 lookup 77", -1, -2 },
		{ "ip rule add priority 101 iif wan0 lookup 78", -1, -1 },
		{ "model ip link add eth0 index 2 up type veth", 2, -1 },
		{ "model ip link add wan0 index 2 up type veth", -1,
			2 }, /* renamed: one detaches, the other attaches */
		{ "model ip link add eth0 index 3 up type veth", 3, 2 },
		{ "model ip link add lan0 index 3 up type veth", -1, 2 },
		{ "model ip link add eth0 index 2 up type veth", 2, -1 },
		{ "model ip link add wan0 index 3 up type veth", 2, 3 },
		{ "ip link del eth0", -1, 3 }, { "ip link del wan0", -1, -1 },
		{ "model ip link add eth0 index 9 type veth", 9,
			-1 }, /* down or up is the same */
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

	model(state, "model ip link add eth0 index 2 up type veth");
	/* 2 has another name by now, we hear of it later */
	model(state, "model ip link add eth0 index 3 up type veth");
	ck_assert_int_eq(state_iface_by_name(state, "eth0")->link.ifindex, 3);
	model(state, "model ip link add old0 index 2 up type veth");
	ck_assert_int_eq(state_iface_by_name(state, "eth0")->link.ifindex, 3);
	ck_assert_int_eq(state_iface_by_name(state, "old0")->link.ifindex, 2);
	model(state, "model ip link del old0 index 2");
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
		{ "model ip address add 192.0.2.1/24 dev eth0", true },
		{ "model ip address add 192.0.2.1/32 dev lo", true },
		{ "model ip address add 192.0.2.1/32 dev eth0",
			true }, /* another length: another address */
		{ "model ip address del 192.0.2.1/24 dev eth0", true },
		{ "model ip address del 192.0.2.1/24 dev eth0", true }, /* said twice */
		{ "model ip address del 192.0.2.1/32 dev lo", true },
		{ "model ip address del 192.0.2.1/32 dev eth0", false },
		{ "model ip address add 192.0.2.1/24 dev eth0", true },
		{ "model ip address add 192.0.2.1/32 dev lo", true },
		{ "ip link del eth0", true },
		{ "model ip address del 192.0.2.1/32 dev lo", false },
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

	model(state, "model ip address add 192.0.2.1/32 peer 192.0.2.9/32 dev eth0");
	ck_assert(state_is_local_addr(state, model_ip4("192.0.2.1")));
	ck_assert(!state_is_local_addr(state, model_ip4("192.0.2.9")));
	model(state,
		"model ip address del 192.0.2.1/32 dev eth0"); /* another one: without a peer */
	ck_assert(state_is_local_addr(state, model_ip4("192.0.2.1")));
	model(state, "model ip address del 192.0.2.1/32 peer 192.0.2.9/32 dev eth0");
	ck_assert(!state_is_local_addr(state, model_ip4("192.0.2.1")));
}
END_TEST

/* --- tables and rules ------------------------------------------------------------------------ */

START_TEST(the_first_rule_that_is_added_parts_the_tables)
{
	static const struct {
		const char *line;
		bool local_main_merged;
		bool rules_stale; /* to be read again: a deletion implies nothing */
	} rows[] = {
		{ "model dump ip rule add priority 100 lookup 77", true,
			false }, /* an answer changes nothing in the kernel */
		{ "ip rule add priority 100 lookup 77", false, true },
		{ "ip rule del priority 32767", true, true },
		{ "model ip rule del priority 5 lookup 5", true,
			true }, /* not ours, but it was there */
		{ "model split", false, false },
		{ "ip route add 20.0.0.0/8 dev eth0", true, false },
		{ "model ip link add red index 9 up type vrf table 99", true,
			false }, /* its rule parts them, and is announced */
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
		ck_assert_msg(state->rules_stale == rows[i].rules_stale, "'%s': it is %s",
			rows[i].line,
			state->rules_stale ? "asked about" : "not asked about");
		ck_assert_uint_eq(model_routes(state, TABLE_LOCAL), 5);
		ck_assert_uint_eq(model_routes(state, TABLE_MAIN),
			strncmp(rows[i].line, "ip route", 8) == 0 ? 3 : 2);
		ck_assert((state_table(state, TABLE_LOCAL) ==
				  state_table(state, TABLE_MAIN)) ==
			  rows[i].local_main_merged);
	}
}
END_TEST

START_TEST(parted_tables_are_never_joined_again)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "model split");
	ck_assert_int_eq(model(state, "model merged"), -EINVAL);
	ck_assert_int_eq(model(state, "model split"), 0);
}
END_TEST

START_TEST(rules_stand_in_the_order_of_the_walk)
{
	static const uint32_t expected[] = { 0, 50, 100, 100, 100, 32766, 32767 };
	static const uint32_t tables[] = { 255, 5, 1, 2, 3, 254, 253 };
	_cleanup_(state_freep) struct state *state = model_new();

	model_rule(state, "100 lookup 1");
	model_rule(state, "100 lookup 2");
	model_rule(state, "50 lookup 5");
	model_rule(state, "100 lookup 3");
	ck_assert_uint_eq(state->rules.count, ELEMENTS(expected));
	for (size_t i = 0; i < ELEMENTS(expected); i++)
		ck_assert_msg(state->rules.items[i].rule.priority == expected[i] &&
				      state->rules.items[i].rule.table == tables[i],
			"place %zu has rule %u", i, state->rules.items[i].rule.priority);
}
END_TEST

/* What events said may be wrong: a list that is read replaces it, with all that is counted. */
/* What says why something goes is not part of it: RTA_DEL_REASON, and what may come after that. */
START_TEST(a_deletion_may_have_what_is_not_understood)
{
	static const char *const lines[] = {
		"1 model ip route add 20.0.0.0/8 dev eth0",
		"1 model ip route del 20.0.0.0/8 dev eth0 blind",
		"1 model ip route add 20.0.0.0/8 dev eth0",
		"1 model ip route append 20.0.0.0/8 dev eth0 blind",
		"1 model ip route del 20.0.0.0/8 dev eth0 blind",
		"0 model ip route append 20.0.0.0/8 dev eth0",
		"1 model ip route del 20.0.0.0/8 dev eth0 blind",
		"1 model ip route append 20.0.0.0/8 dev eth0 blind",
		"0 model ip route del 20.0.0.0/8 dev eth0",
		"1 model ip rule add priority 100 lookup 77",
		"1 model ip rule del priority 100 lookup 77 blind",
		"1 model ip rule add priority 100 lookup 77 blind",
		"0 model ip rule del priority 100 lookup 78 blind",
		"1 model ip rule del priority 100 lookup 77",
	};
	_cleanup_(state_freep) struct state *state = model_host();

	RUNS(state, lines);
}
END_TEST

START_TEST(a_reading_of_rules_replaces_them)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(state_freep) struct state *other = model_host();
	struct record record = { .kind = RECORD_RULES };
	struct rule rules[16];
	char what[STATE_DIFFERENCE];

	model_rule(state, "100 iif eth0 lookup 1");
	model_rule(state, "100 sport 53 realms 7 lookup 2 suppress_prefixlength 0");
	model_rule(other, "50 iif lo lookup 3");
	model_rule(other, "100 sport 53 realms 7 lookup 2 suppress_prefixlength 0");
	model_rule(other, "100 iif eth0 lookup 1");
	for (size_t i = 0; i < other->rules.count; i++)
		rules[i] = other->rules.items[i].rule;
	record.rules = (struct rules_record){ rules, other->rules.count };
	ck_assert_int_eq(state_apply(state, &record), 1);
	ck_assert_msg(state_equal(state, other, what), "they differ: %s", what);
	ck_assert_uint_eq(state->rule_realms, 1);
	ck_assert_uint_eq(state->suppressing, 1);
	ck_assert_int_eq(state_apply(state, &record), 0);
	/* two alike are legal */
	rules[0] = rules[1];
	ck_assert_int_eq(state_apply(state, &record), 1);
	ck_assert_uint_eq(state->rules.count, other->rules.count);
	record.rules.count = 0;
	ck_assert_int_eq(state_apply(state, &record), 1);
	ck_assert_uint_eq(state->rules.count + state->rule_realms + state->dissecting, 0);
}
END_TEST

START_TEST(what_switches_dissection_and_realms)
{
	static const struct {
		const char *line;
		size_t dissecting, realms;
	} rows[] = {
		{ "ip rule add priority 1 iif lo ipproto 17 lookup 5", 0,
			0 }, /* lo's do not count: 4.2 */
		{ "ip rule add priority 2 iif eth0 ipproto 17 lookup 5", 1, 0 },
		{ "ip rule add priority 3 sport 53 lookup 5", 2, 0 },
		{ "ip rule add priority 4 dport 53 realms 7 lookup 5", 3, 1 },
		{ "model ip rule del priority 3 sport 53 lookup 5", 2, 1 },
		{ "model ip rule del priority 3 sport 53 lookup 5", 2, 1 },
		{ "ip rule del priority 4 dport 53 realms 7 lookup 5", 1, 0 },
		{ "ip rule del priority 2 iif eth0 ipproto 17 lookup 5", 0, 0 },
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
	model(state, "model ip route add local 20.0.0.0/8 dev lo proto kernel");
	ck_assert(!state->custom_local);
	model_route(state, "local 21.0.0.0/8 dev lo");
	model(state, "ip route del local 21.0.0.0/8 dev lo");
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
	model(a, "ip route del 20.0.0.0/8 dev eth0 table 77");
	ck_assert_ptr_null(state_table(a, 77));
	ck_assert_msg(state_equal(a, b, what), "they differ: %s", what);
	model(a, "ip link add eth1 index 3 up type veth");
	model(b, "ip link add eth1 index 3 up type veth");
	model_route(a, "20.0.0.0/8 dev eth1 table 77");
	model(a, "ip link set eth1 down");
	model(b, "ip link set eth1 down");
	ck_assert_msg(state_equal(a, b, what), "they differ: %s", what);
}
END_TEST

/* --- replay ---------------------------------------------------------------------------------- */

/*
 * Events that queued while the dump went on may be in it already. Played again, they leave
 * the state as it is; where that can't be known, an audit is asked for.
 */
static const char *const events[] = {
	"model ip link add eth1 index 3 up type veth",
	"model ip address add 10.1.0.2/24 dev eth1",
	"model ip route add 20.0.0.0/8 via 10.1.0.1 dev eth1",
	"model ip route append 20.0.0.0/8 via 10.0.0.1 dev eth0",
	"model ip route add 21.0.0.0/8 dev eth1 metric 5",
	"model ip rule add priority 100 from 192.0.2.1 lookup 77",
	"model ip route add default via 10.1.0.1 dev eth1 table 77",
	"model ip nexthop add id 1 dev eth1",
	"model ip nexthop add id 2 group 1",
	"model ip route add 22.0.0.0/8 nhid 2",
	"sysctl -w net.ipv4.conf.eth1.rp_filter=1",
	"sysctl -w net.ipv4.conf.all.rp_filter=2",
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
	ck_assert_msg(twice->rules_stale, "an equal rule may have been a second one");
}
END_TEST

START_TEST(a_replayed_replace_is_in_doubt)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model_route(state, "20.0.0.0/8 dev eth0");
	model(state, "ip route append 20.0.0.0/8 via 10.0.0.9 dev eth0");
	state->audit_due = false;
	state->replaying = true;
	model(state, "ip route replace 30.0.0.0/8 dev eth0"); /* of nothing: no doubt */
	ck_assert(!state->audit_due);
	model(state, "ip route replace 20.0.0.0/8 via 10.0.0.8 dev eth0");
	ck_assert(state->audit_due);
}
END_TEST

/* --- comparing ------------------------------------------------------------------------------- */

START_TEST(states_that_differ_say_where)
{
	static const struct {
		const char *line, *where;
	} rows[] = {
		{ "ip link add eth1 index 3 up type veth", "only one has link eth1" },
		{ "ip link set eth0 carrier off", "flags of link eth0" },
		{ "ip link set eth0 group 7", "link eth0" },
		{ "model ip address add 10.0.0.3/24 dev eth0", "addresses of eth0" },
		{ "ip route add 10.0.0.0/9 dev eth0", "table 254 at 10.0.0.0/9" },
		{ "ip route add 10.0.0.0/9 dev eth0 table 7", "table 7 at all" },
		{ "ip nexthop add id 4 dev eth0", "nexthop 4" },
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"setting rp_filter of eth0: 1, 0" },
		{ "sysctl -w net.ipv4.conf.eth0.bc_forwarding=1",
			"setting bc_forwarding of eth0: 1, 0" },
		{ "sysctl -w net.ipv4.conf.all.accept_local=1",
			"setting accept_local of all: 1, 0" },
		{ "model sysctl -w net.ipv4.conf.default.rp_filter=2",
			"setting rp_filter of default: 2, 0" },
		{ "model dump ip rule add priority 9 lookup 9", "number of rules" },
		{ "model split", "whether local and main are merged" },
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
		the_first_rule_that_is_added_parts_the_tables,
		parted_tables_are_never_joined_again,
		rules_stand_in_the_order_of_the_walk,
		a_deletion_may_have_what_is_not_understood,
		a_reading_of_rules_replaces_them,
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
