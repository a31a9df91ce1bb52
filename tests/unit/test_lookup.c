/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"
#include "rpf/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each row: lines on top of a world, a flow, and where its look-up ends, written
 * "PREFIX table T rule R", or as the kernel's errno. What isn't said of the flow is 0, but
 * its iif is 1 (lo), as in a reverse look-up for the host itself.
 */
struct row {
	const char *what;
	const char *lines[8];
	struct lookup_flow flow;
	const char *expected;
};

#define TO(a, b, c, d)                                                                   \
	{                                                                                \
		(uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)                         \
	}

/* eth0 (2) and eth1 (3) with a route each, table 77 with a default by eth1, rules walked. */
static struct state *world(bool split)
{
	struct state *state = model_host();

	model(state, "ip link add eth1 index 3 up group 9 type veth");
	model_addr(state, "eth1", "10.1.0.2/24");
	model_route(state, "20.0.0.0/8 dev eth0");
	if (!split)
		return state;
	model(state, "model split");
	model_route(state, "default via 10.1.0.1 dev eth1 table 77");
	return state;
}

static const char *written(const struct lookup_result *result, char out[static 64])
{
	char prefix[PREFIX4_TEXT];

	if (result->error)
		snprintf(out, 64, "%s", strerrorname_np(result->error));
	else if (result->rule)
		snprintf(out, 64, "%s table %u rule %u",
			prefix4_format(result->prefix, prefix), result->info->table,
			result->rule->priority);
	else
		snprintf(out, 64, "%s table %u", prefix4_format(result->prefix, prefix),
			result->info->table);
	return out;
}

static void ck_row(const struct row *row, bool split)
{
	_cleanup_(state_freep) struct state *state = world(split);
	const struct overlay overlay = model_overlay(state);
	struct lookup_flow flow = row->flow;
	struct lookup_result result;
	struct trace trace = { 0 };
	char text[64];

	for (size_t i = 0; i < ELEMENTS(row->lines) && row->lines[i]; i++)
		ck_assert_msg(model_line(state, row->lines[i]) >= 0,
			"%s: '%s' is refused", row->what, row->lines[i]);
	ck_assert_msg(state->local_main_merged != split, "%s: a line parted the tables",
		row->what);
	if (!flow.iif)
		flow.iif = IFINDEX_LO;
	result = lookup(&overlay, &flow, &trace, 22);
	ck_assert_msg(strcmp(written(&result, text), row->expected) == 0,
		"%s: it ends at %s, not at %s", row->what, text, row->expected);
	ck_assert_msg(trace.steps.count > 0, "%s: nothing is told of it", row->what);
	trace_done(&trace);
}

#define MAIN_20 "20.0.0.0/8 table 254 rule 32766"
#define BY_77 "0.0.0.0/0 table 77 rule 100"

/* docs/kernel.md 4.2, selector by selector: it selects, it doesn't, and each of them inverted. */
static const struct row rules[] = {
	{ "no rule but the three", { NULL }, { .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "local first", { NULL }, { .dst = TO(10, 0, 0, 2) },
		"10.0.0.2/32 table 255 rule 0" },
	{ "from", { "ip rule add priority 100 from 192.0.2.0/24 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .src = TO(192, 0, 2, 1) }, BY_77 },
	{ "from, another", { "ip rule add priority 100 from 192.0.2.0/24 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .src = TO(192, 0, 3, 1) }, MAIN_20 },
	{ "from 0.0.0.0/32 is an address",
		{ "ip rule add priority 100 from 0.0.0.0/32 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .src = TO(0, 0, 0, 0) }, BY_77 },
	{ "not from", { "ip rule add priority 100 not from 192.0.2.0/24 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .src = TO(192, 0, 2, 1) }, MAIN_20 },
	{ "not from, another",
		{ "ip rule add priority 100 not from 192.0.2.0/24 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "to", { "ip rule add priority 100 to 20.0.0.0/16 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "to, another", { "ip rule add priority 100 to 20.0.0.0/16 lookup 77" },
		{ .dst = TO(20, 1, 0, 1) }, MAIN_20 },
	{ "not to", { "ip rule add priority 100 not to 20.0.0.0/16 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "not to, another", { "ip rule add priority 100 not to 20.0.0.0/16 lookup 77" },
		{ .dst = TO(20, 1, 0, 1) }, BY_77 },
	{ "iif lo is the host itself", { "ip rule add priority 100 iif lo lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "iif, another", { "ip rule add priority 100 iif eth1 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "iif of a forwarded one", { "ip rule add priority 100 iif eth1 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 3 }, BY_77 },
	{ "iif of a device that isn't there",
		{ "ip rule add priority 100 iif gone0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "not iif", { "ip rule add priority 100 not iif lo lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "not iif of a device that isn't there: all",
		{ "ip rule add priority 100 not iif gone0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "oif never", { "ip rule add priority 100 oif eth0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "not oif: all", { "ip rule add priority 100 not oif eth0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "fwmark", { "ip rule add priority 100 fwmark 0x10 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .mark = 0x10 }, BY_77 },
	{ "fwmark, another", { "ip rule add priority 100 fwmark 0x10 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .mark = 0x11 }, MAIN_20 },
	{ "fwmark with a mask", { "ip rule add priority 100 fwmark 0x10/0xf0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .mark = 0x11 }, BY_77 },
	{ "fwmark 0 with a mask matches no mark",
		{ "ip rule add priority 100 fwmark 0/0xff lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "not fwmark", { "ip rule add priority 100 not fwmark 1 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "not fwmark, that mark", { "ip rule add priority 100 not fwmark 1 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .mark = 1 }, MAIN_20 },
	{ "tos", { "ip rule add priority 100 tos 0x10 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 0x10 }, BY_77 },
	{ "tos is compared in three bits",
		{ "ip rule add priority 100 tos 0x10 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 0xf3 }, BY_77 },
	{ "tos, another", { "ip rule add priority 100 tos 0x10 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 8 }, MAIN_20 },
	{ "not tos", { "ip rule add priority 100 not tos 0x10 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 8 }, BY_77 },
	{ "dscp", { "ip rule add priority 100 dscp 46 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 46 << 2 }, BY_77 },
	{ "dscp, ECN does not matter", { "ip rule add priority 100 dscp 46 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 46 << 2 | 3 }, BY_77 },
	{ "dscp, six bits", { "ip rule add priority 100 dscp 4 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 12 << 2 }, MAIN_20 },
	{ "dscp 0 is a selector", { "ip rule add priority 100 dscp 0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 4 }, MAIN_20 },
	{ "dscp 0 matches 0", { "ip rule add priority 100 dscp 0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "dscp with a mask", { "ip rule add priority 100 dscp 8/0x38 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 10 << 2 }, BY_77 },
	{ "not dscp", { "ip rule add priority 100 not dscp 46 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .tos = 46 << 2 }, MAIN_20 },
	{ "ipproto", { "ip rule add priority 100 ipproto 6 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .proto = 6 }, BY_77 },
	{ "ipproto, another", { "ip rule add priority 100 ipproto 6 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .proto = 17 }, MAIN_20 },
	{ "not ipproto", { "ip rule add priority 100 not ipproto 6 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .proto = 17 }, BY_77 },
	{ "sport, first of a range",
		{ "ip rule add priority 100 sport 100-200 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .sport = 100 }, BY_77 },
	{ "sport, last of a range",
		{ "ip rule add priority 100 sport 100-200 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .sport = 200 }, BY_77 },
	{ "sport, behind it", { "ip rule add priority 100 sport 100-200 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .sport = 201, .dport = 150 }, MAIN_20 },
	{ "sport, before it", { "ip rule add priority 100 sport 100-200 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .sport = 99 }, MAIN_20 },
	{ "sport with a mask", { "ip rule add priority 100 sport 0x50/0xfff0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .sport = 0x5f }, BY_77 },
	{ "dport", { "ip rule add priority 100 dport 53 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .dport = 53 }, BY_77 },
	{ "dport, another", { "ip rule add priority 100 dport 53 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .sport = 53 }, MAIN_20 },
	{ "not dport", { "ip rule add priority 100 not dport 53 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "uidrange from 0: the look-up is root's",
		{ "ip rule add priority 100 uidrange 0-0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "uidrange from 1", { "ip rule add priority 100 uidrange 1-4000 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "not uidrange", { "ip rule add priority 100 not uidrange 1-4000 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "tun_id never", { "ip rule add priority 100 tun_id 7 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "not tun_id: all", { "ip rule add priority 100 not tun_id 7 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "all selectors must fit",
		{ "ip rule add priority 100 to 20.0.0.0/8 fwmark 1 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "inverted, one that doesn't fit is enough",
		{ "ip rule add priority 100 not to 20.0.0.0/8 fwmark 1 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
};

static const struct row actions[] = {
	{ "a missing table: go on", { "ip rule add priority 100 lookup 55" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "nop: go on", { "ip rule add priority 100 nop" }, { .dst = TO(20, 0, 0, 1) },
		MAIN_20 },
	{ "blackhole", { "ip rule add priority 100 blackhole" },
		{ .dst = TO(20, 0, 0, 1) }, "EINVAL" },
	{ "unreachable", { "ip rule add priority 100 unreachable" },
		{ .dst = TO(20, 0, 0, 1) }, "ENETUNREACH" },
	{ "prohibit", { "ip rule add priority 100 prohibit" }, { .dst = TO(20, 0, 0, 1) },
		"EACCES" },
	{ "an unknown action is a blackhole",
		{ "model ip rule add priority 100 action 5" }, { .dst = TO(20, 0, 0, 1) },
		"EINVAL" },
	{ "it ends only what it selects",
		{ "ip rule add priority 100 to 30.0.0.0/8 blackhole" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "goto skips what lies between",
		{ "ip rule add priority 100 goto 200",
			"ip rule add priority 150 blackhole",
			"ip rule add priority 200 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, "0.0.0.0/0 table 77 rule 200" },
	{ "goto leads to the first of that priority",
		{ "ip rule add priority 100 goto 200",
			"ip rule add priority 200 to 20.0.0.0/8 prohibit",
			"ip rule add priority 200 blackhole" },
		{ .dst = TO(20, 0, 0, 1) }, "EACCES" },
	{ "goto without a target does nothing",
		{ "ip rule add priority 100 goto 200",
			"ip rule add priority 150 prohibit" },
		{ .dst = TO(20, 0, 0, 1) }, "EACCES" },
	{ "goto that doesn't match does nothing",
		{ "ip rule add priority 100 fwmark 1 goto 200",
			"ip rule add priority 150 prohibit",
			"ip rule add priority 200 blackhole" },
		{ .dst = TO(20, 0, 0, 1) }, "EACCES" },
	{ "goto to goto",
		{ "ip rule add priority 100 goto 200",
			"ip rule add priority 150 prohibit",
			"ip rule add priority 200 goto 300",
			"ip rule add priority 250 blackhole",
			"ip rule add priority 300 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, "0.0.0.0/0 table 77 rule 300" },
	{ "the order of equal priorities is theirs",
		{ "ip rule add priority 100 lookup 77",
			"ip rule add priority 100 blackhole" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "suppress_prefixlength, shorter",
		{ "ip rule add priority 100 suppress_prefixlength 0 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "suppress_prefixlength, longer",
		{ "ip rule add priority 100 suppress_prefixlength 7 lookup main" },
		{ .dst = TO(20, 0, 0, 1) }, "20.0.0.0/8 table 254 rule 100" },
	{ "suppress_prefixlength, equal",
		{ "ip rule add priority 100 suppress_prefixlength 8 lookup main",
			"ip rule add priority 200 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, "0.0.0.0/0 table 77 rule 200" },
	{ "suppressed is the result: no shorter prefix is tried",
		{ "ip rule add priority 100 suppress_prefixlength 8 lookup main",
			"ip rule add priority 200 unreachable" },
		{ .dst = TO(20, 0, 0, 1) }, "ENETUNREACH" },
	{ "errors are not suppressed",
		{ "ip route add blackhole default table 78",
			"ip rule add priority 100 suppress_prefixlength 0 lookup 78" },
		{ .dst = TO(20, 0, 0, 1) }, "EINVAL" },
	{ "suppress_ifgroup, that group",
		{ "ip rule add priority 100 suppress_ifgroup 9 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "suppress_ifgroup, another",
		{ "ip rule add priority 100 suppress_ifgroup 8 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, BY_77 },
	{ "suppress_ifgroup looks at the first leg",
		{ "ip route add 20.0.0.0/8 nexthop dev eth0 nexthop dev eth1 table 78",
			"ip rule add priority 100 suppress_ifgroup 9 lookup 78" },
		{ .dst = TO(20, 0, 0, 1) }, "20.0.0.0/8 table 78 rule 100" },
	{ "suppress_ifgroup 0 is a group",
		{ "ip route add 20.0.0.0/16 dev eth0 table 78",
			"ip rule add priority 100 suppress_ifgroup 0 lookup 78" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "no rule is left", { "ip rule del priority 32766 lookup main" },
		{ .dst = TO(20, 0, 0, 1) }, "ENETUNREACH" },
	{ "a moved local rule",
		{ "ip rule del priority 0 lookup local",
			"ip rule add priority 32768 lookup local" },
		{ .dst = TO(10, 0, 0, 2) }, "10.0.0.0/24 table 254 rule 32766" },
};

static const struct row routes[] = {
	{ "longest prefix", { "ip route add 20.1.0.0/16 dev eth1" },
		{ .dst = TO(20, 1, 0, 1) }, "20.1.0.0/16 table 254 rule 32766" },
	{ "blackhole route", { "ip route add blackhole 20.1.0.0/16" },
		{ .dst = TO(20, 1, 0, 1) }, "EINVAL" },
	{ "unreachable route", { "ip route add unreachable 20.1.0.0/16" },
		{ .dst = TO(20, 1, 0, 1) }, "EHOSTUNREACH" },
	{ "prohibit route", { "ip route add prohibit 20.1.0.0/16" },
		{ .dst = TO(20, 1, 0, 1) }, "EACCES" },
	{ "throw goes to the next table, not to a shorter prefix",
		{ "ip route add throw 20.1.0.0/16",
			"ip route add default dev eth1 table default" },
		{ .dst = TO(20, 1, 0, 1) }, "0.0.0.0/0 table 253 rule 32767" },
	{ "throw in a table of a rule",
		{ "ip route add throw 20.0.0.0/8 table 77",
			"ip rule add priority 100 lookup 77" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "a metric is no alternative while the best can be used",
		{ "ip route add 30.0.0.0/8 dev eth0 metric 10",
			"ip route add 30.0.0.0/8 dev eth1 metric 20" },
		{ .dst = TO(30, 0, 0, 1) }, "30.0.0.0/8 table 254 rule 32766" },
	{ "tos route, its tos", { "ip route add blackhole 20.0.0.0/8 tos 8 metric 99" },
		{ .dst = TO(20, 0, 0, 1), .tos = 8 }, "EINVAL" },
	{ "tos route, its tos in three bits",
		{ "ip route add blackhole 20.0.0.0/8 tos 8" },
		{ .dst = TO(20, 0, 0, 1), .tos = 0xeb }, "EINVAL" },
	{ "tos route, another", { "ip route add blackhole 20.0.0.0/8 tos 8" },
		{ .dst = TO(20, 0, 0, 1), .tos = 0x10 }, MAIN_20 },
	{ "tos route that is more than three bits never fits",
		{ "ip route add blackhole 20.0.0.0/8 tos 0x50" },
		{ .dst = TO(20, 0, 0, 1), .tos = 0x50 }, MAIN_20 },
	{ "a leg whose device is down is passed over",
		{ "ip link add eth2 index 4 type veth",
			"ip route add blackhole 30.0.0.0/8 metric 20",
			"model ip route add 30.0.0.0/8 dev eth2 metric 10" },
		{ .dst = TO(30, 0, 0, 1) }, "EINVAL" },
	{ "and with it a prefix",
		{ "ip link add eth2 index 4 type veth",
			"model ip route add 20.1.0.0/16 dev eth2" },
		{ .dst = TO(20, 1, 0, 1) }, MAIN_20 },
	{ "a leg without carrier counts", { "ip link set eth1 carrier off" },
		{ .dst = TO(10, 1, 0, 9) }, "10.1.0.0/24 table 254 rule 32766" },
	{ "a leg without carrier is passed over where its device says so",
		{ "ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.eth1.ignore_routes_with_linkdown=1" },
		{ .dst = TO(10, 1, 0, 9) }, "0.0.0.0/0 table 254 rule 32766" },
	{ "or all says so",
		{ "ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.all.ignore_routes_with_linkdown=1" },
		{ .dst = TO(10, 1, 0, 9) }, "0.0.0.0/0 table 254 rule 32766" },
	{ "but 5.10 does not ask all",
		{ "model kernel 5.10", "ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.all.ignore_routes_with_linkdown=1" },
		{ .dst = TO(10, 1, 0, 9) }, "10.1.0.0/24 table 254 rule 32766" },
	{ "as 5.11 does",
		{ "model kernel 5.11", "ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.all.ignore_routes_with_linkdown=1" },
		{ .dst = TO(10, 1, 0, 9) }, "0.0.0.0/0 table 254 rule 32766" },
	{ "another device's word does not count",
		{ "ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.eth0.ignore_routes_with_linkdown=1" },
		{ .dst = TO(10, 1, 0, 9) }, "10.1.0.0/24 table 254 rule 32766" },
	{ "shown as dead, with carrier and address: its carrier has just come back",
		{ "model ip route add 30.0.0.0/8 dev eth1 dead" },
		{ .dst = TO(30, 0, 0, 1) }, "30.0.0.0/8 table 254 rule 32766" },
	{ "the same among several",
		{ "ip link add eth5 index 5 up type veth",
			"model ip route add 30.0.0.0/8 nexthop dev eth1 dead nexthop dev eth5 dead" },
		{ .dst = TO(30, 0, 0, 1) }, "30.0.0.0/8 table 254 rule 32766" },
	{ "alone it can't be dead",
		{ "ip link add eth5 index 5 up type veth",
			"model ip route add 30.0.0.0/8 dev eth5 dead" },
		{ .dst = TO(30, 0, 0, 1) }, "30.0.0.0/8 table 254 rule 32766" },
	{ "legs that died with their devices' last addresses",
		{ "ip link add eth5 index 5 up type veth",
			"ip link add eth6 index 6 up type veth",
			"model ip route add 30.0.0.0/8 nexthop dev eth5 dead nexthop dev eth6 dead" },
		{ .dst = TO(30, 0, 0, 1) }, "0.0.0.0/0 table 254 rule 32766" },
	{ "one live leg is enough",
		{ "ip link add eth2 index 4 type veth",
			"model ip route add 30.0.0.0/8 nexthop dev eth2 nexthop dev eth1" },
		{ .dst = TO(30, 0, 0, 1) }, "30.0.0.0/8 table 254 rule 32766" },
	{ "an own address answers while its link is down", { "ip link set eth1 down" },
		{ .dst = TO(10, 1, 0, 2) }, "10.1.0.2/32 table 255 rule 0" },
	{ "an own address answers without carrier, whatever the device says",
		{ "ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.eth1.ignore_routes_with_linkdown=1" },
		{ .dst = TO(10, 1, 0, 2) }, "10.1.0.2/32 table 255 rule 0" },
	{ "nexthop object",
		{ "ip nexthop add id 1 dev eth1", "ip route add 30.0.0.0/8 nhid 1" },
		{ .dst = TO(30, 0, 0, 1) }, "30.0.0.0/8 table 254 rule 32766" },
	{ "nexthop object, blackhole",
		{ "ip nexthop add id 1 blackhole", "ip route add 30.0.0.0/8 nhid 1" },
		{ .dst = TO(30, 0, 0, 1) }, "EINVAL" },
	{ "nexthop object, unusable: the whole prefix is given up",
		{ "ip link add eth2 index 4 type veth",
			"model ip nexthop add id 1 dev eth2",
			"ip route add 30.0.0.0/8 nhid 1 metric 1",
			"ip route add 30.0.0.0/8 dev eth0 metric 2" },
		{ .dst = TO(30, 0, 0, 1) }, "0.0.0.0/0 table 254 rule 32766" },
	{ "group with one live member",
		{ "ip link add eth2 index 4 type veth",
			"model ip nexthop add id 1 dev eth2",
			"ip nexthop add id 2 dev eth1", "ip nexthop add id 9 group 1/2",
			"ip route add 30.0.0.0/8 nhid 9" },
		{ .dst = TO(30, 0, 0, 1) }, "30.0.0.0/8 table 254 rule 32766" },
};

static const struct row vrfs[] = {
	{ "l3mdev outside a VRF",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip route add default dev eth1 table 99",
			"ip rule add priority 1000 l3mdev" },
		{ .dst = TO(20, 0, 0, 1) }, MAIN_20 },
	{ "l3mdev in a VRF",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip route add default dev eth1 table 99",
			"ip rule add priority 1000 l3mdev" },
		{ .dst = TO(20, 0, 0, 1), .l3mdev = 9 }, "0.0.0.0/0 table 99 rule 1000" },
	{ "not l3mdev outside a VRF has no table: main's",
		{ "ip rule add priority 100 not l3mdev",
			"ip rule add priority 101 blackhole" },
		{ .dst = TO(20, 0, 0, 1) }, "20.0.0.0/8 table 254 rule 100" },
	{ "a VRF as iif, before 6.15",
		{ "model ip link add red index 9 up type vrf table 99",
			"model kernel 6.12",
			"ip rule add priority 100 iif red lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .l3mdev = 9 }, MAIN_20 },
	{ "a VRF as iif, from 6.15 on",
		{ "model ip link add red index 9 up type vrf table 99",
			"model kernel 6.15",
			"ip rule add priority 100 iif red lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .l3mdev = 9 }, BY_77 },
	{ "a VRF as iif, the newest known",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip rule add priority 100 iif red lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .l3mdev = 9 }, BY_77 },
	{ "a VRF as iif, before 5.18 in place of the flow's own",
		{ "model ip link add red index 9 up type vrf table 99",
			"model kernel 5.10",
			"ip rule add priority 100 iif red lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 1, .l3mdev = 9 }, BY_77 },
	{ "iif lo in a VRF, before 5.18",
		{ "model ip link add red index 9 up type vrf table 99",
			"model kernel 5.10",
			"ip rule add priority 100 iif lo lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 1, .l3mdev = 9 }, MAIN_20 },
	{ "iif lo in a VRF, from 5.18 on",
		{ "model ip link add red index 9 up type vrf table 99",
			"model kernel 6.1", "ip rule add priority 100 iif lo lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 1, .l3mdev = 9 }, BY_77 },
	{ "a VRF as iif, that is the flow's own",
		{ "model ip link add red index 9 up type vrf table 99",
			"model kernel 6.1",
			"ip rule add priority 100 iif red lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 9, .l3mdev = 9 }, BY_77 },
	{ "a leak's way out as iif, before 6.15",
		{ "model ip link add blue index 8 up type vrf table 98",
			"model kernel 6.14",
			"ip rule add priority 100 iif blue lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 8, .l3mdev = 9 }, BY_77 },
	{ "a leak's way out as iif, from 6.15 on",
		{ "model ip link add blue index 8 up type vrf table 98",
			"model kernel 6.15",
			"ip rule add priority 100 iif blue lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 8, .l3mdev = 9 }, MAIN_20 },
	{ "a leak's way out as iif, inverted, from 6.15 on",
		{ "model ip link add blue index 8 up type vrf table 98",
			"ip rule add priority 100 not iif blue lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 8, .l3mdev = 9 }, BY_77 },
	{ "another device as iif, in a VRF, from 6.15 on",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip rule add priority 100 iif eth1 lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .iif = 3, .l3mdev = 9 }, BY_77 },
	{ "a VRF as oif never, from 6.15 on neither",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip rule add priority 100 oif red lookup 77" },
		{ .dst = TO(20, 0, 0, 1), .l3mdev = 9 }, MAIN_20 },
};

/* docs/kernel.md 4.1: no rule is walked, local and main are one trie. */
static const struct row merged[] = {
	{ "local and main", { NULL }, { .dst = TO(10, 0, 0, 2) },
		"10.0.0.2/32 table 255" },
	{ "the longer prefix wins over the local table (kernel.md 4.1)",
		{ "ip route add local 172.21.0.0/16 dev lo",
			"ip route add 172.21.5.5 dev eth1" },
		{ .dst = TO(172, 21, 5, 5) }, "172.21.5.5/32 table 254" },
	{ "at equal length the local table is first",
		{ "ip route add 172.21.0.0/16 dev eth1",
			"ip route add local 172.21.0.0/16 dev lo" },
		{ .dst = TO(172, 21, 5, 5) }, "172.21.0.0/16 table 255" },
	{ "throw goes to table default",
		{ "ip route add throw 20.1.0.0/16",
			"ip route add 20.0.0.0/7 dev eth1 table default" },
		{ .dst = TO(20, 1, 0, 1) }, "20.0.0.0/7 table 253" },
	{ "nothing in main: table default",
		{ "ip route del default via 10.0.0.1 dev eth0",
			"ip route add 30.0.0.0/7 dev eth1 table default" },
		{ .dst = TO(30, 1, 0, 1) }, "30.0.0.0/7 table 253" },
	{ "no other table",
		{ "ip route del default via 10.0.0.1 dev eth0",
			"ip route add 30.0.0.0/7 dev eth1 table 100" },
		{ .dst = TO(30, 1, 0, 1) }, "ENETUNREACH" },
};

/* Behind what main refuses, table default may be asked or not. */
START_TEST(table_default_behind_an_error_route)
{
	static const struct {
		const char *line;
		bool blind;
	} rows[] = {
		{ "ip route add 21.0.0.0/8 dev eth1 table default", false },
		{ "ip route add 20.1.0.0/17 dev eth1 table default", true },
		{ "ip route add unreachable 20.1.0.0/17 table default", true },
		{ "ip route add throw 20.1.0.0/17 table default", false },
		{ "model ip route add 20.1.0.0/17 dev eth1 table default blind", true },
		{ "model ip route add throw 20.1.0.0/17 table default blind", true },
		{ "ip route add 20.1.0.0/17 dev eth1 table 99", false },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = world(false);
		const struct overlay overlay = model_overlay(state);
		const struct lookup_flow flow = { .dst = TO(20, 1, 0, 1), .iif = 1 };
		struct lookup_result result;

		model_line(state, "ip route add prohibit 20.1.0.0/16");
		model_line(state, rows[i].line);
		result = lookup(&overlay, &flow, NULL, 0);
		ck_assert_int_eq(result.error, EACCES);
		ck_assert_msg(result.blind == rows[i].blind, "'%s': %s", rows[i].line,
			result.blind ? "blind" : "not blind");
	}
}
END_TEST

START_TEST(rules_select)
{
	for (size_t i = 0; i < ELEMENTS(rules); i++)
		ck_row(&rules[i], true);
}
END_TEST

START_TEST(rules_act)
{
	for (size_t i = 0; i < ELEMENTS(actions); i++)
		ck_row(&actions[i], true);
}
END_TEST

START_TEST(routes_are_chosen)
{
	for (size_t i = 0; i < ELEMENTS(routes); i++)
		ck_row(&routes[i], true);
}
END_TEST

START_TEST(vrfs_have_tables)
{
	for (size_t i = 0; i < ELEMENTS(vrfs); i++)
		ck_row(&vrfs[i], true);
}
END_TEST

START_TEST(merged_tables_are_one)
{
	for (size_t i = 0; i < ELEMENTS(merged); i++)
		ck_row(&merged[i], false);
}
END_TEST

/* Which alias it is, is seen by its device. */
START_TEST(equal_routes_go_by_their_place)
{
	static const struct {
		const char *lines[3];
		const char *dev;
	} rows[] = {
		{ { "ip route add 30.0.0.0/8 dev eth0",
			  "ip route append 30.0.0.0/8 dev eth1" },
			"eth0" },
		{ { "ip route add 30.0.0.0/8 dev eth0",
			  "ip route prepend 30.0.0.0/8 dev eth1" },
			"eth1" },
		{ { "ip route add 30.0.0.0/8 dev eth0",
			  "ip route replace 30.0.0.0/8 dev eth1" },
			"eth1" },
		{ { "ip route add 30.0.0.0/8 dev eth0 metric 9",
			  "ip route add 30.0.0.0/8 dev eth1 metric 8" },
			"eth1" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = world(true);
		const struct overlay overlay = model_overlay(state);
		const struct lookup_flow flow = { .dst = TO(30, 0, 0, 1), .iif = 1 };
		struct lookup_result result;

		for (size_t k = 0; rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		result = lookup(&overlay, &flow, NULL, 0);
		ck_assert_msg(
			result.info &&
				result.info->nexthops[0].oif ==
					model_iface(state, rows[i].dev)->link.ifindex,
			"row %zu does not go by %s", i, rows[i].dev);
	}
}
END_TEST

START_TEST(what_was_not_understood_is_carried_along)
{
	static const struct {
		const char *line;
		bool blind;
	} rows[] = {
		{ "model ip rule add priority 100 to 99.0.0.0/8 blind lookup 77",
			true }, /* it may select after all */
		{ "model ip rule add priority 40000 blind lookup 77",
			false }, /* never reached */
		{ "model ip route add 20.0.0.0/9 dev eth0 blind", true },
		{ "model ip route add 20.0.0.0/8 dev eth0 blind metric 9",
			false }, /* behind the one taken */
		{ "model ip route add 30.0.0.0/8 dev eth0 blind", false },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = world(true);
		const struct overlay overlay = model_overlay(state);
		const struct lookup_flow flow = { .dst = TO(20, 0, 0, 1), .iif = 1 };

		model_line(state, rows[i].line);
		ck_assert_msg(lookup(&overlay, &flow, NULL, 0).blind == rows[i].blind,
			"'%s' is %s", rows[i].line,
			rows[i].blind ? "overlooked" : "in the way");
	}
}
END_TEST

/* The words of the way: a table without a route has none, whatever the table before had. */
START_TEST(the_trace_tells_each_step)
{
	_cleanup_(state_freep) struct state *state = world(true);
	const struct overlay overlay = model_overlay(state);
	const struct lookup_flow flow = { .dst = TO(20, 0, 0, 1), .iif = 1 };
	static const char *const expected[] = {
		"rule 0: table 255 has no route: continue",
		"rule 100: table 78 has 20.0.0.0/8, a throw route: continue",
		"rule 101: table 79 has no route: continue",
		"rule 102: table 77 has 0.0.0.0/0, suppressed by the rule: continue",
		"rule 103: goto 105",
		"rule 105: error: Permission denied",
	};
	struct trace trace = { 0 };

	model_route(state, "throw 20.0.0.0/8 table 78");
	model_route(state, "30.0.0.0/8 dev eth0 table 79");
	model_rule(state, "100 lookup 78");
	model_rule(state, "101 lookup 79");
	model_rule(state, "102 suppress_prefixlength 0 lookup 77");
	model_rule(state, "103 goto 105");
	model_rule(state, "104 blackhole");
	model_rule(state, "105 prohibit");
	lookup(&overlay, &flow, &trace, 22);
	ck_assert_uint_eq(trace.steps.count, ELEMENTS(expected));
	for (size_t i = 0; i < ELEMENTS(expected); i++) {
		ck_assert_str_eq(trace.steps.items[i].text, expected[i]);
		ck_assert_int_eq(trace.steps.items[i].number, 22);
	}
	trace_done(&trace);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		rules_select,
		rules_act,
		routes_are_chosen,
		vrfs_have_tables,
		merged_tables_are_one,
		table_default_behind_an_error_route,
		equal_routes_go_by_their_place,
		what_was_not_understood_is_carried_along,
		the_trace_tells_each_step,
	};

	return fixture_run("lookup", tests, ELEMENTS(tests));
}
