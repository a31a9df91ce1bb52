/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/expect.h"
#include "fixture_model.h"
#include "fixture_run.h"

#include <stdio.h>
#include <string.h>

/*
 * On a host with eth0 (10.0.0.2/24, default route): the lines of a row make a device `t0`,
 * and what is expected of it.
 */
static const struct {
	const char *what;
	const char *lines[4];
	bool tunnel;
} tunnels[] = {
	{ "ipip", { "link 5 t0 kind ipip" }, true },
	{ "gre", { "link 5 t0 kind gre" }, true },
	{ "sit", { "link 5 t0 kind sit" }, true },
	{ "ip6tnl", { "link 5 t0 kind ip6tnl" }, true },
	{ "ip6gre", { "link 5 t0 kind ip6gre" }, true },
	{ "external", { "link 5 t0 kind ipip external" }, true },
	{ "gretap carries Ethernet", { "link 5 t0 kind gretap" }, false },
	{ "vti is no plain end", { "link 5 t0 kind vti" }, false },
	{ "wireguard sends too", { "link 5 t0 kind wireguard" }, false },
	{ "a plain device", { "link 5 t0" }, false },
	{ "a tun of another name", { "link 5 t0 kind tun" }, false },
	{ "down", { "link 5 t0 kind ipip down" }, false },
	{ "without IPv4", { "link 5 t0 kind ipip noinet" }, false },
	{ "with its own address's prefix",
		{ "link 5 t0 kind ipip", "addr t0 10.9.0.1/24" }, true },
	{ "a route without gateway through it: it only has no fixed remote",
		{ "link 5 t0 kind ipip", "route 30.0.0.0/8 dev t0" }, true },
	{ "a gateway through it: an overlay router",
		{ "link 5 t0 kind ipip", "route 30.0.0.0/8 via 10.9.0.9 dev t0" },
		false },
	{ "in any table",
		{ "link 5 t0 kind ipip",
			"route 30.0.0.0/8 via 10.9.0.9 dev t0 table 77" },
		false },
	{ "by a nexthop object",
		{ "link 5 t0 kind ipip", "nexthop 1 via 10.9.0.9 dev t0",
			"route 30.0.0.0/8 nhid 1" },
		false },
	{ "as one leg of several",
		{ "link 5 t0 kind ipip",
			"route 30.0.0.0/8 nexthop dev eth0 nexthop via 10.9.0.9 dev t0" },
		false },
	{ "a gateway through another device",
		{ "link 5 t0 kind ipip", "route 30.0.0.0/8 via 10.0.0.9 dev eth0" },
		true },
	{ "a fixed remote", { "link 5 t0 kind ipip remote" }, true },
	{ "a fixed remote with any route through it",
		{ "link 5 t0 kind ipip remote", "route 30.0.0.0/8 dev t0" }, false },
	{ "a fixed remote with its own addresses' routes",
		{ "link 5 t0 kind ipip remote", "addr t0 10.9.0.1/32 peer 10.9.0.2" },
		true },
};

static bool is_tunnels(const struct expect *expect)
{
	return expect->items.list.count &&
	       expect->items.list.items[0].why == EXPECT_TUNNEL;
}

START_TEST(which_device_is_a_receiving_tunnel)
{
	const struct expect_declared silent = { 0 };

	for (size_t i = 0; i < ELEMENTS(tunnels); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		struct expect expect = { 0 };

		for (size_t k = 0; k < 4 && tunnels[i].lines[k]; k++)
			model_line(state, tunnels[i].lines[k]);
		ck_assert_int_eq(
			expect_of(state, model_iface(state, "t0"), &silent, &expect), 0);
		ck_assert_msg(is_tunnels(&expect) == tunnels[i].tunnel,
			"%s: %zu expected", tunnels[i].what, expect.items.list.count);
		if (tunnels[i].tunnel) {
			ck_assert_int_eq(expect.items.list.items[0].why, EXPECT_TUNNEL);
			ck_assert_int_eq(expect.items.list.items[0].prefix.len, 0);
		}
		expect_done(&expect);
	}
}
END_TEST

/* a tun device stands in for the kernel's own, by its name */
START_TEST(names_of_fallback_devices)
{
	static const char *const names[] = { "tunl0", "gre0", "sit0", "ip6tnl0",
		"ip6gre0" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		_cleanup_(state_freep) struct state *state = model_host();

		model_link(state, 5, names[i], "kind tun");
		model_link(state, 6, "x0", "");
		ck_assert_msg(
			expect_is_receiving_tunnel(state, model_iface(state, names[i])),
			"a tun named %s is none", names[i]);
		model_link(state, 5, names[i], "");
		ck_assert_msg(
			!expect_is_receiving_tunnel(state, model_iface(state, names[i])),
			"any device named %s is one", names[i]);
	}
}
END_TEST

START_TEST(who_takes_input)
{
	static const struct {
		const char *lines[2];
		bool takes;
	} rows[] = {
		{ { "link 5 t0" }, true },
		{ { "link 5 t0 nocarrier" }, true },
		{ { "link 5 t0 down" }, false },
		{ { "link 5 t0 noinet" }, false },
		{ { "link 5 t0 loopback" }, false },
		{ { "link 9 m0 kind bridge", "link 5 t0 slave bridge master m0" },
			false },
		{ { "link 9 m0 kind bond", "link 5 t0 slave bond master m0" }, false },
		{ { "link 9 m0 kind team", "link 5 t0 slave team master m0" }, false },
		{ { "link 9 m0 kind vrf", "link 5 t0 slave vrf master m0" }, true },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = model_host();

		for (size_t k = 0; k < 2 && rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		ck_assert_msg(
			expect_takes_input(model_iface(state, "t0")) == rows[i].takes,
			"row %zu %s input", i, rows[i].takes ? "takes no" : "takes");
	}
}
END_TEST

START_TEST(what_is_declared_stands_alone)
{
	_cleanup_(state_freep) struct state *state = model_host();
	const struct prefix4 prefixes[] = { model_prefix("20.0.0.0/8"),
		model_prefix("30.0.0.0/8") };
	const struct expect_declared two = { true, prefixes, 2 },
				     none = { true, NULL, 0 };
	struct expect expect = { 0 };

	model_link(state, 5, "tunl0", "kind ipip");
	ck_assert_int_eq(expect_of(state, model_iface(state, "tunl0"), &two, &expect), 0);
	ck_assert_uint_eq(expect.items.list.count, 2);
	ck_assert_int_eq(expect_strongest(&expect), EXPECT_DECLARED);
	ck_assert_uint_eq(prefixset_size(&expect.sources), 2u << 24);
	expect_done(&expect);
	expect = (struct expect){ 0 };
	ck_assert_int_eq(
		expect_of(state, model_iface(state, "tunl0"), &none, &expect), 0);
	ck_assert_uint_eq(expect.items.list.count, 0);
	ck_assert_uint_eq(prefixset_size(&expect.sources), 0);
	expect_done(&expect);
	ck_assert_int_eq(expect_of(state, model_iface(state, "lo"), &two, &expect), 0);
	ck_assert_msg(expect.items.list.count == 0, "lo is expected to take input");
}
END_TEST

START_TEST(impossible_sources_are_never_expected)
{
	static const struct {
		const char *addr;
		bool expected;
	} rows[] = {
		{ "0.0.0.0", false }, { "0.0.0.1", true }, { "126.255.255.255", true },
		{ "127.0.0.0", false }, { "127.255.255.255", false },
		{ "128.0.0.0", true }, { "223.255.255.255", true },
		{ "224.0.0.0", false }, { "239.255.255.255", false },
		{ "240.0.0.0", true }, { "255.255.255.254", true },
		{ "255.255.255.255", false }, { "10.0.0.1", true },
		{ "10.0.0.2", false }, /* own */
		{ "10.0.0.255", false }, { "10.0.1.0", true },
		{ "10.5.5.5", false }, /* own, of a link that is down */
		{ "10.5.5.4", true },
		{ "10.6.0.9", false }, /* a broadcast address of its own */
	};
	_cleanup_(state_freep) struct state *state = model_host();
	const struct expect_declared silent = { 0 };
	struct expect expect = { 0 };

	model_link(state, 5, "tunl0", "kind ipip");
	model_link(state, 6, "eth1", "down");
	model_addr(state, "eth1", "10.5.5.5/32");
	model_addr(state, "eth1", "10.6.0.1/32 brd 10.6.0.9");
	ck_assert_int_eq(
		expect_of(state, model_iface(state, "tunl0"), &silent, &expect), 0);
	for (size_t i = 0; i < ELEMENTS(rows); i++)
		ck_assert_msg(prefixset_has(&expect.sources, model_ip4(rows[i].addr)) ==
				      rows[i].expected,
			"%s is %s", rows[i].addr,
			rows[i].expected ? "left out" : "expected");
	ck_assert_uint_eq(prefixset_size(&expect.named), UINT64_C(1) << 32);
	expect_done(&expect);
}
END_TEST

START_TEST(reasons_have_words)
{
	struct expect none = { 0 };

	ck_assert_str_eq(expect_why_name(EXPECT_DECLARED), "declared");
	ck_assert_str_eq(expect_why_name(EXPECT_TUNNEL), "tunnel");
	ck_assert_str_eq(expect_why_name(EXPECT_CONNECTED), "connected");
	ck_assert_str_eq(expect_why_name(EXPECT_FEASIBLE), "feasible");
	ck_assert_int_eq(expect_strongest(&none), EXPECT_FEASIBLE);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		which_device_is_a_receiving_tunnel,
		names_of_fallback_devices,
		who_takes_input,
		what_is_declared_stands_alone,
		impossible_sources_are_never_expected,
		reasons_have_words,
	};

	return fixture_run("expect", tests, ELEMENTS(tests));
}
