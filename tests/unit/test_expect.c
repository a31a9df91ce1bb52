/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/expect.h"
#include "fixture_run.h"
#include "host/host_model.h"

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
	{ "ipip", { "ip link add t0 index 5 up type ipip" }, true },
	{ "gre", { "ip link add t0 index 5 up type gre" }, true },
	{ "sit", { "ip link add t0 index 5 up type sit" }, true },
	{ "ip6tnl", { "ip link add t0 index 5 up type ip6tnl" }, true },
	{ "ip6gre", { "ip link add t0 index 5 up type ip6gre" }, true },
	{ "external", { "ip link add t0 index 5 up type ipip external" }, true },
	{ "gretap carries Ethernet", { "ip link add t0 index 5 up type gretap" }, false },
	{ "vti is no plain end", { "ip link add t0 index 5 up type vti" }, false },
	{ "wireguard sends too", { "ip link add t0 index 5 up type wireguard" }, false },
	{ "a plain device", { "ip link add t0 index 5 up type veth" }, false },
	{ "a tun of another name", { "ip link add t0 index 5 up type tun" }, false },
	{ "down", { "ip link add t0 index 5 type ipip" }, false },
	{ "without IPv4", { "model ip link add t0 index 5 up noinet type ipip" }, false },
	{ "with its own address's prefix",
		{ "ip link add t0 index 5 up type ipip",
			"ip address add 10.9.0.1/24 dev t0" },
		true },
	{ "a route without gateway through it: it only has no fixed remote",
		{ "ip link add t0 index 5 up type ipip",
			"ip route add 30.0.0.0/8 dev t0" },
		true },
	{ "a gateway through it: an overlay router",
		{ "ip link add t0 index 5 up type ipip",
			"ip route add 30.0.0.0/8 via 10.9.0.9 dev t0 onlink" },
		false },
	{ "in any table",
		{ "ip link add t0 index 5 up type ipip",
			"ip route add 30.0.0.0/8 via 10.9.0.9 dev t0 onlink table 77" },
		false },
	{ "by a nexthop object",
		{ "ip link add t0 index 5 up type ipip",
			"ip nexthop add id 1 via 10.9.0.9 dev t0 onlink",
			"ip route add 30.0.0.0/8 nhid 1" },
		false },
	{ "as one leg of several",
		{ "ip link add t0 index 5 up type ipip",
			"ip route add 30.0.0.0/8 nexthop dev eth0 nexthop via 10.9.0.9 dev t0 onlink" },
		false },
	{ "a gateway through another device",
		{ "ip link add t0 index 5 up type ipip",
			"ip route add 30.0.0.0/8 via 10.0.0.9 dev eth0" },
		true },
	{ "a fixed remote", { "ip link add t0 index 5 up type ipip remote 192.0.2.77" },
		true },
	{ "a fixed remote with any route through it",
		{ "ip link add t0 index 5 up type ipip remote 192.0.2.77",
			"ip route add 30.0.0.0/8 dev t0" },
		false },
	{ "a fixed remote with its own addresses' routes",
		{ "ip link add t0 index 5 up type ipip remote 192.0.2.77",
			"ip address add 10.9.0.1/32 peer 10.9.0.2/32 dev t0" },
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

		model_link(state, 5, names[i], "type tun");
		model(state, "ip link add x0 index 6 up type veth");
		ck_assert_msg(
			expect_is_receiving_tunnel(state, model_iface(state, names[i])),
			"a tun named %s is none", names[i]);
		model(state, "model ip link add %s index 5 up", names[i]);
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
		{ { "ip link add t0 index 5 up type veth" }, true },
		{ { "model ip link add t0 index 5 up nocarrier" }, true },
		{ { "ip link add t0 index 5 type veth" }, false },
		{ { "model ip link add t0 index 5 up noinet type veth" }, false },
		{ { "model ip link add t0 index 5 up loopback type veth" }, false },
		{ { "ip link add m0 index 9 up type bridge",
			  "model ip link add t0 index 5 up master m0 type veth" },
			false },
		{ { "ip link add m0 index 9 up type bond",
			  "model ip link add t0 index 5 up master m0 type veth" },
			false },
		{ { "ip link add m0 index 9 up type team",
			  "model ip link add t0 index 5 up master m0 type veth" },
			false },
		{ { "model ip link add m0 index 9 up type vrf",
			  "model ip link add t0 index 5 up master m0 type veth" },
			true },
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
	const struct expect_declared two = { true, prefixes, 2, false },
				     none = { true, NULL, 0, false };
	struct expect expect = { 0 };

	model(state, "ip link add tunl0 index 5 up type ipip");
	ck_assert_int_eq(expect_of(state, model_iface(state, "tunl0"), &two, &expect), 0);
	ck_assert_uint_eq(expect.items.list.count, 2);
	array_each (&expect.items.list, const struct expect_item, item)
		ck_assert_int_eq(item->why, EXPECT_DECLARED);
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

	model(state, "ip link add tunl0 index 5 up type ipip");
	model(state, "ip link add eth1 index 6 type veth");
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
	static const char *const words[] = { "declared", "tunnel", "answers", "address",
		"direct", "connected", "feasible" };

	ck_assert_uint_eq(ELEMENTS(words), EXPECT_WHYS);
	for (int why = 0; why < EXPECT_WHYS; why++)
		ck_assert_str_eq(expect_why_name((enum expect_why)why), words[why]);
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
