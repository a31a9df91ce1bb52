/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"
#include "net/kernel_version.h"
#include "rpf/rpf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * The same host and packet, judged by kernels of several versions (docs/kernel.md 8): for each
 * difference the last version before it and the first with it. The world: a router with
 *
 *	eth0 (2)  10.0.0.2/24, default via 10.0.0.1	lo  VIP 192.0.2.1/32
 *	eth1 (3)  10.1.0.2/24, 20.0.0.0/8		forwarding on both, filters off
 *
 * and the lines of the row. They come before the version: they are what was read.
 */
static const struct row {
	const char *what;
	const char *lines[8];
	const char *flow;
	struct {
		const char *version, *reason;
	} kernels[9];
} rows[] = {
	{ "all alone is on", { "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0",
		{ { "2.6.26", "filter_off" }, { "2.6.30", "filter_off" },
			{ "2.6.31", "strict_asymmetric" },
			{ "7.2", "strict_asymmetric" } } },
	{ "the interface alone is on", { "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0",
		{ { "2.6.30", "filter_off" }, { "2.6.31", "strict_asymmetric" } } },
	{ "both are on",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0",
		{ { "2.6.30", "strict_asymmetric" },
			{ "2.6.31", "strict_asymmetric" } } },
	{ "2 is strict where there is no loose",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 20.0.0.1 iif eth0",
		{ { "2.6.30", "strict_asymmetric" }, { "2.6.31", "loose" } } },
	{ "-1 is set, too",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=-1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0",
		{ { "2.6.30", "strict_asymmetric" },
			{ "2.6.31", "strict_asymmetric" } } },
	{ "src_valid_mark",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"sysctl -w net.ipv4.conf.eth0.src_valid_mark=1",
			"ip rule add priority 100 fwmark 7 lookup 77",
			"ip route add default dev eth0 table 77",
			"ip route add local 192.0.2.1 dev lo table 77" },
		"192.0.2.1 from 20.0.0.1 iif eth0 mark 7",
		{ { "2.6.31", "strict_asymmetric" }, { "2.6.32", "symmetric" } } },
	{ "accept_local",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
			"sysctl -w net.ipv4.conf.eth0.accept_local=1" },
		"192.0.2.1 from 10.1.0.2 iif eth0",
		{ { "2.6.32", "local_source" }, { "2.6.33", "loose" } } },
	{ "several nexthops fitted any device",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip link add e5 index 5 up type veth",
			"ip route add 50.0.0.0/8 nexthop dev eth1 nexthop dev e5" },
		"192.0.2.1 from 50.0.0.1 iif eth0",
		{ { "2.6.36", "symmetric" }, { "2.6.37", "strict_asymmetric" } } },
	{ "one nexthop never did",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip route add 50.0.0.0/8 dev eth1" },
		"192.0.2.1 from 50.0.0.1 iif eth0",
		{ { "2.6.36", "strict_asymmetric" } } },
	{ "from 127/8 with route_localnet, off",
		{ "sysctl -w net.ipv4.conf.all.route_localnet=1" },
		"192.0.2.1 from 127.0.0.5 iif eth0",
		{ { "3.5", "martian_source" }, { "3.6", "filter_off" },
			{ "3.18", "filter_off" }, { "3.19", "local_source" },
			{ "4.14", "local_source" }, { "4.15", "filter_off" } } },
	{ "to 127/8 with route_localnet",
		{ "sysctl -w net.ipv4.conf.all.route_localnet=1" },
		"127.0.0.1 from 20.0.0.1 iif eth1",
		{ { "3.5", "martian_destination" }, { "3.6", "filter_off" } } },
	{ "from 127/8 to 127/8: which of them is looked at first", { NULL },
		"127.0.0.1 from 127.0.0.1 iif eth0",
		{ { "3.5", "martian_source" }, { "3.6", "martian_destination" } } },
	{ "from 127/8 to 255.255.255.255", { "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"255.255.255.255 from 127.0.0.9 iif eth0",
		{ { "3.5", "martian_source" }, { "3.6", "local_source" } } },
	{ "from 127/8 to a group, route_localnet",
		{ "join eth0 239.1.1.1", "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"sysctl -w net.ipv4.conf.all.route_localnet=1" },
		"239.1.1.1 from 127.0.0.9 iif eth0",
		{ { "3.5", "martian_source" }, { "3.6", "local_source" } } },
	{ "an own source, off", { NULL }, "192.0.2.1 from 10.1.0.2 iif eth0",
		{ { "2.6.26", "local_source" }, { "3.5", "local_source" },
			{ "3.6", "filter_off" }, { "3.18", "filter_off" },
			{ "3.19", "local_source" }, { "4.14", "local_source" },
			{ "4.15", "local_source" }, { "7.2", "local_source" } } },
	{ "an own source, off, accept_local",
		{ "sysctl -w net.ipv4.conf.all.accept_local=1" },
		"192.0.2.1 from 10.1.0.2 iif eth0",
		{ { "3.5", "filter_off" }, { "3.19", "filter_off" },
			{ "4.15", "filter_off" } } },
	{ "a broadcast source, off", { NULL }, "192.0.2.1 from 10.1.0.255 iif eth0",
		{ { "3.5", "invalid_source" }, { "3.6", "filter_off" },
			{ "3.18", "filter_off" }, { "3.19", "invalid_source" },
			{ "4.14", "invalid_source" }, { "4.15", "filter_off" } } },
	{ "a broadcast source, off, accept_local",
		{ "sysctl -w net.ipv4.conf.all.accept_local=1" },
		"192.0.2.1 from 10.1.0.255 iif eth0",
		{ { "3.5", "invalid_source" }, { "3.6", "filter_off" },
			{ "4.14", "filter_off" } } },
	{ "a rule was added: the full check, from 4.15 on",
		{ "ip rule add priority 100 from 1.2.3.4 lookup 77" },
		"192.0.2.1 from 10.1.0.255 iif eth0",
		{ { "3.18", "filter_off" }, { "4.15", "invalid_source" } } },
	{ "to a broadcast address a rule iif lo did not select",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip rule add priority 100 iif lo lookup 77",
			"ip route add default dev eth0 table 77" },
		"10.0.0.255 from 20.0.0.1 iif eth0",
		{ { "3.14", "strict_asymmetric" }, { "3.15", "symmetric" } } },
	{ "what is delivered here it always selected",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip rule add priority 100 iif lo lookup 77",
			"ip route add default dev eth0 table 77" },
		"192.0.2.1 from 20.0.0.1 iif eth0", { { "3.14", "symmetric" } } },
	{ "a /32 of main and a local /16",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip route add local 172.21.0.0/16 dev lo",
			"ip route add 172.21.5.5 dev eth0" },
		"192.0.2.1 from 172.21.5.5 iif eth0",
		{ { "4.0", "local_source" }, { "4.1", "symmetric" } } },
	{ "a route without carrier, ignored by its device",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip route add 50.0.0.0/8 dev eth1 metric 10",
			"ip route add 50.0.0.0/8 dev eth0 metric 20",
			"ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.eth1.ignore_routes_with_linkdown=1" },
		"192.0.2.1 from 50.0.0.1 iif eth0",
		{ { "4.1", "strict_asymmetric" }, { "4.2", "symmetric" } } },
	{ "a route without carrier, ignored by all",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip route add 50.0.0.0/8 dev eth1 metric 10",
			"ip route add 50.0.0.0/8 dev eth0 metric 20",
			"ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.all.ignore_routes_with_linkdown=1" },
		"192.0.2.1 from 50.0.0.1 iif eth0",
		{ { "5.10", "strict_asymmetric" }, { "5.11", "symmetric" } } },
	{ "a VRF",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth",
			"sysctl -w net.ipv4.conf.p0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif p0",
		{ { "4.2", "blind" }, { "4.3", "strict_asymmetric" } } },
	{ "a VRF, off",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth" },
		"192.0.2.1 from 20.0.0.1 iif p0",
		{ { "4.2", "blind" }, { "4.3", "filter_off" } } },
	{ "a route by a nexthop object",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip nexthop add id 1 dev eth0",
			"ip route add 50.0.0.0/8 nhid 1" },
		"192.0.2.1 from 50.0.0.1 iif eth0",
		{ { "5.2", "blind" }, { "5.3", "symmetric" } } },
	{ "bc_forwarding",
		{ "sysctl -w net.ipv4.conf.all.bc_forwarding=1",
			"sysctl -w net.ipv4.conf.eth0.bc_forwarding=1",
			"sysctl -w net.ipv4.conf.all.rp_filter=2",
			"ip rule add priority 100 from 0.0.0.0/32 blackhole" },
		"10.1.0.255 from 20.0.0.1 iif eth0",
		{ { "4.18", "no_route" }, { "4.19", "loose" } } },
	{ "from 0/8", { NULL }, "192.0.2.1 from 0.1.2.3 iif eth0",
		{ { "5.2", "martian_source" }, { "5.3", "filter_off" } } },
	{ "from 0.0.0.0", { NULL }, "192.0.2.1 from 0.0.0.0 iif eth0",
		{ { "5.2", "martian_source" }, { "5.3", "martian_source" } } },
	{ "to 0/8", { NULL }, "0.1.2.3 from 20.0.0.1 iif eth1",
		{ { "5.2", "martian_destination" }, { "5.3", "filter_off" } } },
	{ "from 0/8 to 255.255.255.255", { NULL },
		"255.255.255.255 from 0.1.2.3 iif eth0",
		{ { "5.2", "not_validated" }, { "5.3", "filter_off" } } },
	{ "from 0/8 to a link-local group", { "join eth0 224.0.0.1" },
		"224.0.0.1 from 0.1.2.3 iif eth0",
		{ { "5.2", "not_validated" }, { "5.3", "filter_off" } } },
	{ "ports are swapped",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip rule add priority 100 ipproto udp sport 53 lookup 77",
			"ip route add default dev eth0 table 77" },
		"192.0.2.1 from 20.0.0.1 iif eth0 ipproto 17 sport 4 dport 53",
		{ { "4.18", "strict_asymmetric" }, { "4.19", "symmetric" },
			{ "5.3", "strict_asymmetric" }, { "5.4", "symmetric" },
			{ "5.9", "strict_asymmetric" }, { "5.10", "symmetric" },
			{ "5.12", "strict_asymmetric" }, { "5.13", "symmetric" },
			{ "5.14", "symmetric" } } },
};

/* A rule that selects everything, by a selector that came with a version. */
static const struct {
	const char *rule, *before, *since;
} selectors[] = {
	{ "not oif eth1 lookup 77", "2.6.32", "2.6.33" },
	{ "lookup 77 suppress_prefixlength 0", "3.11", "3.12" },
	{ "lookup 77 suppress_ifgroup 9", "3.11", "3.12" },
	{ "not tun_id 9 lookup 77", "4.2", "4.3" },
	{ "not l3mdev lookup 77", "4.7", "4.8" },
	{ "uidrange 0-0 lookup 77", "4.9", "4.10" },
	{ "ipproto udp lookup 77", "4.16", "4.17" },
	{ "dport 80 lookup 77", "4.16", "4.17" },
	{ "sport 80 lookup 77", "4.16", "4.17" },
	{ "dscp 0 lookup 77", "6.11", "6.12" },
	{ "dscp 0/0x3e lookup 77", "6.14", "6.15" },
	{ "sport 80/0xff lookup 77", "6.14", "6.15" },
	{ "dport 80/0xff lookup 77", "6.14", "6.15" },
};

static void model_lines(struct state *state, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count && lines[i]; i++)
		ck_assert_msg(
			model_line(state, lines[i]) >= 0, "'%s' is refused", lines[i]);
}

static struct state *world(void)
{
	static const char *const lines[] = {
		"ip address add 192.0.2.1/32 dev lo",
		"ip link add eth1 index 3 up type veth",
		"ip address add 10.1.0.2/24 dev eth1",
		"ip route add 20.0.0.0/8 dev eth1",
		"sysctl -w net.ipv4.conf.eth0.forwarding=1",
		"sysctl -w net.ipv4.conf.eth1.forwarding=1",
	};
	struct state *state = model_host();

	model_lines(state, lines, ELEMENTS(lines));
	return state;
}

static void judge_by(struct state *state, const char *version)
{
	char line[64];

	snprintf(line, sizeof(line), "model kernel %s", version);
	ck_assert_int_ge(model_line(state, line), 0);
}

static struct rpf verdict_of(const struct state *state, const char *text)
{
	const struct overlay overlay = model_overlay(state);
	struct flow flow = model_flow(state, text);

	return rpf_judge(&overlay, &flow, NULL);
}

static const char *reason_of(const struct state *state, const char *text)
{
	return rpf_reason_name(verdict_of(state, text).reason);
}

START_TEST(kernels_differ)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		for (size_t k = 0; k < ELEMENTS(rows[i].kernels); k++) {
			_cleanup_(state_freep) struct state *state = world();
			const char *version = rows[i].kernels[k].version, *reason;

			if (!version)
				break;
			model_lines(state, rows[i].lines, ELEMENTS(rows[i].lines));
			judge_by(state, version);
			reason = reason_of(state, rows[i].flow);
			ck_assert_msg(strcmp(reason, rows[i].kernels[k].reason) == 0,
				"%s: on %s it is %s, not %s", rows[i].what, version,
				reason, rows[i].kernels[k].reason);
		}
	}
}
END_TEST

START_TEST(a_selector_that_a_kernel_has_not_is_blind)
{
	const char *const lines[] = { "sysctl -w net.ipv4.conf.all.rp_filter=1",
		"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
		"ip route add 20.0.0.0/8 dev eth0 table 77" };
	/* it selects the reverse path; the forward one ends in table local, before it */
	const char *flow = "192.0.2.1 from 20.0.0.1 iif eth0 sport 80 dport 80";

	for (size_t i = 0; i < ELEMENTS(selectors); i++) {
		_cleanup_(state_freep) struct state *state = world();
		char line[128];

		snprintf(line, sizeof(line), "model ip rule add priority 100 %s",
			selectors[i].rule);
		model_lines(state, lines, ELEMENTS(lines));
		ck_assert_int_ge(model_line(state, line), 0);
		judge_by(state, selectors[i].before);
		ck_assert_msg(strcmp(reason_of(state, flow), "blind") == 0,
			"'%s' on %s: it is %s", line, selectors[i].before,
			reason_of(state, flow));
		judge_by(state, selectors[i].since);
		ck_assert_msg(strcmp(reason_of(state, flow), "symmetric") == 0,
			"'%s' on %s: it is %s", line, selectors[i].since,
			reason_of(state, flow));
	}
}
END_TEST

/* Distributions port selectors back: the kernel that told of one has it. */
START_TEST(the_kernel_that_runs_knows_what_it_says)
{
	_cleanup_(state_freep) struct state *state = world();
	struct record running = {
		.kind = RECORD_KERNEL, .dump = true, .kernel = kernel_version(5, 14, 0)
	};
	const char *flow = "192.0.2.1 from 20.0.0.1 iif eth0";

	ck_assert_int_ge(state_apply(state, &running), 0);
	model_line(state, "sysctl -w net.ipv4.conf.eth0.rp_filter=1");
	model_line(state, "ip route add 20.0.0.0/8 dev eth0 table 77");
	model_line(state, "model ip rule add priority 100 dscp 0 lookup 77");
	ck_assert_str_eq(reason_of(state, flow), "symmetric");
	judge_by(state, "5.15");
	ck_assert_str_eq(reason_of(state, flow), "blind");
	judge_by(state, "5.14");
	ck_assert_str_eq(reason_of(state, flow), "symmetric");
}
END_TEST

START_TEST(errors_differ)
{
	static const struct {
		const char *version;
		int error;
	} errors[] = { { "2.6.35", EINVAL }, { "2.6.36", EXDEV }, { "6.12", EXDEV },
		{ "6.13", EINVAL } };
	_cleanup_(state_freep) struct state *state = world();

	model_line(state, "sysctl -w net.ipv4.conf.all.rp_filter=1");
	for (size_t i = 0; i < ELEMENTS(errors); i++) {
		judge_by(state, errors[i].version);
		ck_assert_msg(
			verdict_of(state, "192.0.2.1 from 20.0.0.1 iif eth0").error ==
				errors[i].error,
			"on %s", errors[i].version);
	}
}
END_TEST

/* What kernels up to 2.6.30 make of a value is asked of the same function. */
START_TEST(values_are_combined)
{
	static const struct {
		int own, all, since, before; /* 2.6.31, and before it */
	} values[] = { { 0, 0, 0, 0 }, { 1, 0, 1, 0 }, { 0, 1, 1, 0 }, { 1, 1, 1, 1 },
		{ 2, 0, 2, 0 }, { 2, 1, 2, 1 }, { 1, 2, 2, 1 }, { -1, 0, 0, 0 },
		{ -1, -1, -1, 1 }, { 7, 1, 7, 1 } };

	for (size_t i = 0; i < ELEMENTS(values); i++) {
		int own = values[i].own, all = values[i].all;
		struct rp_filter since =
			rp_filter_combine(kernel_version(2, 6, 31), own, all);
		struct rp_filter before =
			rp_filter_combine(kernel_version(2, 6, 30), own, all);

		ck_assert_int_eq(since.effective, values[i].since);
		ck_assert_int_eq(
			rp_filter_combine(0, own, all).effective, since.effective);
		ck_assert_int_eq(before.effective, values[i].before);
		ck_assert(before.both && !since.both);
		ck_assert(rp_filter_was_off(&since) == !values[i].before);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		kernels_differ,
		a_selector_that_a_kernel_has_not_is_blind,
		the_kernel_that_runs_knows_what_it_says,
		errors_differ,
		values_are_combined,
	};

	return fixture_run("kernels", tests, ELEMENTS(tests));
}
