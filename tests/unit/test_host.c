/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"

#include <string.h>

/* Each is to be refused in a sentence that names the word. */
static const struct {
	const char *line, *why;
} no_lines[] = {
	{ "link 2 eth0", "host: \"link\" begins no line that is known" },
	{ "ip tunnel add",
		"ip: \"tunnel\" is no object that is known; allowed: route, rule, address, link, nexthop, KEY=VALUE" },
	{ "ip neighbour add 10.0.0.1 on eth0", "ip neighbour: \"on\" is unknown" },
	{ "ip", "ip: a word is missing at the end" },
	{ "ip link set", "ip link: a word is missing at the end" },
	{ "ip link append eth0",
		"ip link: \"append\" can't be done to it; allowed: add, set, del" },
	{ "ip link add eth0", "ip link: a new link needs its type" },
	{ "ip link add eth0 type veth colour red", "ip link: \"colour\" is unknown" },
	{ "ip link add a-name-of-17-char type veth",
		"ip link: \"a-name-of-17-char\" is too long for a name" },
	{ "ip link add eth0 type veth peer colour red",
		"ip link: \"red\" is unknown of a peer; allowed: name, index, netns" },
	{ "ip link set eth0 carrier away", "ip link: \"away\" is neither on nor off" },
	{ "ip link set eth0 mtu long", "ip link: \"long\" is no number" },
	{ "ip link set eth0 index 7", "ip link: \"index\" is unknown" },
	{ "ip link add eth0 up noinet type veth", "ip link: \"noinet\" is unknown" },
	{ "ip tuntap add dev t0 mode tap", "ip tuntap: the only mode is tun" },
	{ "ip address add 10.0.0.1/24", "ip address: the device is missing" },
	{ "ip address add 10.0.0.1/33 dev eth0",
		"ip address: \"10.0.0.1/33\" is no IPv4 address" },
	{ "ip address add eth0 10.0.0.1/24", "ip address: \"eth0\" is no IPv4 address" },
	{ "ip address add 10.0.0.1/24 dev eth0 secondary",
		"ip address: \"secondary\" is unknown" },
	{ "ip route add 10.0.0.1/24 dev eth0",
		"ip route: \"10.0.0.1/24\" has bits set behind its length" },
	{ "ip route add default by eth0", "ip route: \"by\" is unknown" },
	{ "ip route add default via eth0", "ip route: \"eth0\" is no IPv4 address" },
	{ "ip route add default dev eth0 append", "ip route: \"append\" is unknown" },
	{ "ip route add default dev eth0 blind", "ip route: \"blind\" is unknown" },
	{ "ip route add default dev eth0 scope wide", "ip route: \"wide\" is no scope" },
	{ "ip route add default dev eth0 tos 100",
		"ip route: \"100\" is no tos: 0 to ff, hexadecimal as in ip(8)" },
	{ "ip route flush dev eth0", "ip route: flush what table?" },
	{ "ip rule add priority first", "ip rule: \"first\" is no number" },
	{ "ip rule add priority 1 fwmark 1-2 lookup 7", "ip rule: \"1-2\" is no number" },
	{ "ip rule add priority 1 dport 1- lookup 7", "ip rule: \"1-\" is no number" },
	{ "ip rule add priority 1 ipproto gre", "ip rule: \"gre\" is no protocol" },
	{ "ip rule replace priority 1",
		"ip rule: \"replace\" can't be done to it; allowed: add, del, flush" },
	{ "ip rule add priority 1 blind", "ip rule: \"blind\" is unknown" },
	{ "ip nexthop add dev eth0", "ip nexthop: its id is missing" },
	{ "ip nexthop add id 1 group 2,3,4", "ip nexthop: \"2,3,4\" is no group" },
	{ "ip -n there link set eth0 up", "ip: \"there\" is not the other namespace" },
	{ "sysctl -a", "sysctl: \"-a\" is not net.ipv4.KEY=VALUE" },
	{ "sysctl -w net.ipv4.conf.all.rp_filter",
		"sysctl: \"net.ipv4.conf.all.rp_filter\" is not net.ipv4.KEY=VALUE" },
	{ "sysctl -w net.ipv6.conf.all.forwarding=1",
		"sysctl: \"net.ipv6.conf.all.forwarding=1\" is not net.ipv4.KEY=VALUE" },
	{ "sysctl -w net.ipv4.conf.all.rp_filter=strict",
		"sysctl: \"strict\" is no value" },
	{ "sysctl -w net.ipv4.conf.gre.7.rp_filter=1",
		"sysctl: \"conf.gre.7.rp_filter\" has too many dots: in an interface's name write /" },
	{ "sysctl -w net.ipv4.conf.rp_filter=1",
		"sysctl: \"conf.rp_filter\" names no setting of an interface" },
	{ "sysctl -w net.ipv4.conf.all.rp_filter=1 2",
		"sysctl: \"2\" is one word too many" },
	{ "join eth0", "host: a word is missing at the end" },
	{ "join eth0 group", "host: \"group\" is no IPv4 address" },
	{ "carrier t0 lost", "host: \"lost\" is neither on nor off" },
	{ "storm 100", "host: the command is missing" },
	{ "kernel 6.1", "host: \"kernel\" begins no line that is known" },
	{ "model kernel 6", "model: a version is as 2.6.26 or 6.1" },
	{ "model carrier t0 on", "model: \"carrier\" begins no line that is known" },
	{ "model merged now", "model: \"now\" is one word too many" },
};

START_TEST(what_is_no_line_is_refused)
{
	for (size_t i = 0; i < ELEMENTS(no_lines); i++) {
		struct host_line line;
		char why[WORDS_WHY];

		ck_assert_msg(!host_parse(no_lines[i].line, &line, why), "'%s' is taken",
			no_lines[i].line);
		ck_assert_str_eq(why, no_lines[i].why);
	}
}
END_TEST

START_TEST(what_is_no_packet_is_refused)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "packet: a word is missing at the end" },
		{ "eth0 from 10.0.0.1", "packet: \"eth0\" is no IPv4 address" },
		{ "10.0.0.1 to 10.0.0.2", "packet: \"to\" is unknown" },
		{ "10.0.0.1 from 10.0.0.2 iif", "packet: a word is missing at the end" },
		{ "10.0.0.1 from 10.0.0.2 iif eth0 mark red",
			"packet: \"red\" is no number" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char why[WORDS_WHY], iif[NAME_MAX_];
		struct flow flow;

		ck_assert_msg(!host_parse_flow(rows[i].text, &flow, iif, why),
			"'%s' is taken", rows[i].text);
		ck_assert_str_eq(why, rows[i].why);
	}
}
END_TEST

/* What ip(8) puts where nothing is said, and what the kernel does besides. */
START_TEST(lines_mean_what_they_mean_to_the_kernel)
{
	static const struct {
		const char *lines[6];
		const char *table; /* "TABLE COUNT" of routes behind them */
	} rows[] = {
		{ { NULL }, "254 2" }, /* of 10.0.0.0/24 and the default */
		{ { "ip route add 20.0.0.0/8 via 10.0.0.9" }, "254 3" },
		{ { "ip route del default" }, "254 1" },
		{ { "ip route add 20.0.0.0/8 dev eth0 metric 5",
			  "ip route add 20.0.0.0/8 dev eth0 metric 6",
			  "ip route del 20.0.0.0/8 metric 6" },
			"254 3" },
		/* local, connected, and of lo: 127.0.0.1, 127/8, 127.255.255.255 */
		{ { NULL }, "255 5" },
		{ { "ip address add 10.0.0.3/24 dev eth0" }, "255 6" }, /* a secondary */
		{ { "ip address add 10.0.0.3/24 dev eth0" }, "254 2" },
		{ { "ip address add 10.0.0.3/24 dev eth0",
			  "ip address del 10.0.0.2/24 dev eth0" },
			"255 3" },
		{ { "ip address add 10.1.0.2/24 dev eth0 noprefixroute" }, "254 2" },
		{ { "ip address add 10.1.0.2/24 dev eth0 noprefixroute" }, "255 7" },
		{ { "ip address add 10.1.0.2/32 peer 10.1.0.3/32 dev eth0" }, "254 3" },
		{ { "model ip address add 10.1.0.2/24 dev eth0" }, "255 5" },
		{ { "ip link add d0 type veth", "ip address add 10.1.0.2/24 dev d0" },
			"254 2" },
		{ { "ip link add d0 type veth", "ip address add 10.1.0.2/24 dev d0",
			  "ip link set d0 up" },
			"254 3" },
		{ { "ip link set eth0 down", "ip link set eth0 up" }, "254 1" },
		{ { "ip link add du0 up type dummy", "ip address add 10.1.0.2/24 dev du0",
			  "ip link set du0 mtu 60" },
			"254 2" },
		{ { "ip link add red up type vrf table 99",
			  "ip link set eth0 master red" },
			"99 3" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		uint32_t table = (uint32_t)atoi(rows[i].table);
		size_t wanted = (size_t)atoi(strchr(rows[i].table, ' '));

		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			ck_assert_int_ge(model_line(state, rows[i].lines[k]), 0);
		ck_assert_msg(model_routes(state, table) == wanted,
			"row %zu: table %u has %zu routes, not %zu", i, table,
			model_routes(state, table), wanted);
	}
}
END_TEST

START_TEST(groups_have_members_and_weights)
{
	struct host_line line;
	char why[WORDS_WHY];

	ck_assert_msg(
		host_parse("ip nexthop add id 9 group 1/2,7/3", &line, why), "%s", why);
	ck_assert_uint_eq(line.change.member_count, 3);
	ck_assert_uint_eq(line.change.members[1].id, 2);
	ck_assert_uint_eq(line.change.members[1].weight, 7);
	ck_assert_uint_eq(line.change.members[2].weight, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_is_no_line_is_refused,
		what_is_no_packet_is_refused, lines_mean_what_they_mean_to_the_kernel,
		groups_have_members_and_weights };

	return fixture_run("host", tests, ELEMENTS(tests));
}
