/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/scope.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdio.h>
#include <string.h>

/*
 * On a host with eth0 (10.0.0.2/24, default route) and t0 (5, 10.8.0.6/24): what is expected of
 * t0's first class of packets, "WHY PREFIX" with the prefix around it, and for answers the rule;
 * a ? stands where these are uncertain.
 */
static const struct row {
	const char *what;
	const char *lines[6];
	const char *expected;
} rows[] = {
	{ "its neighbours alone", { NULL }, "connected 10.8.0.0/24" },
	{ "a mark",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 9 fwmark 0x1 lookup 200" },
		"answers 0.0.0.0/0 (rule 9, fwmark 0x1); connected 10.8.0.0/24" },
	{ "a mark that may be restored",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 9 fwmark 0x1 lookup 200",
			"sysctl -w net.ipv4.conf.t0.src_valid_mark=1" },
		"connected 10.8.0.0/24" },
	{ "and a user who may bear it",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 8 fwmark 0x1 lookup 200",
			"ip rule add priority 9 uidrange 7-9 lookup 200",
			"sysctl -w net.ipv4.conf.t0.src_valid_mark=1" },
		"connected 10.8.0.0/24" },
	{ "0 is what all bear",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 9 fwmark 0/0x10 lookup 200" },
		"connected 10.8.0.0/24" },
	{ "users, but root",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 9 not uidrange 0-0 lookup 200" },
		"answers 0.0.0.0/0 (rule 9, not uidrange 0-0); connected 10.8.0.0/24" },
	{ "users from root on: the reverse path is root's",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 9 uidrange 0-99 lookup 200" },
		"connected 10.8.0.0/24" },
	{ "a socket bound to it, and one bound to another",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 8 oif eth0 lookup 200",
			"ip rule add priority 9 oif t0 to 20.0.0.0/8 lookup 200" },
		"answers 20.0.0.0/8 (rule 9, to 20.0.0.0/8 oif t0); connected 10.8.0.0/24" },
	{ "a table without a route by it",
		{ "ip route add default dev eth0 table 200",
			"ip rule add priority 9 fwmark 0x1 lookup 200" },
		"connected 10.8.0.0/24" },
	{ "whom a longer prefix puts elsewhere",
		{ "ip route add 20.0.0.0/7 dev t0 table 200",
			"ip route add 20.0.0.0/8 dev eth0",
			"ip rule add priority 9 fwmark 0x1 lookup 200" },
		"answers 21.0.0.0/8 (rule 9, fwmark 0x1); connected 10.8.0.0/24" },
	{ "halves of a default are one",
		{ "ip route add 0.0.0.0/1 dev eth0", "ip route add 128.0.0.0/1 dev eth0",
			"ip route add default dev t0 table 200",
			"ip rule add priority 9 fwmark 0x1 lookup 200" },
		"answers 0.0.0.0/0 (rule 9, fwmark 0x1); connected 10.8.0.0/24" },
	{ "a port: who knows",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 9 fwmark 0x1 ipproto 6 dport 80 lookup 200" },
		"answers? 0.0.0.0/0 (rule 9, fwmark 0x1 ipproto 6 dport 80); connected 10.8.0.0/24" },
	{ "iif alone is seen on the reverse path",
		{ "ip route add default dev t0 table 200",
			"ip rule add priority 9 iif eth0 lookup 200",
			"sysctl -w net.ipv4.conf.t0.forwarding=1" },
		"connected 10.8.0.0/24" },
	{ "the neighbour's longer prefix in main",
		{ "ip route add 10.8.0.128/25 dev eth0" }, "connected 10.8.0.0/25" },
	{ "in a table before main",
		{ "ip route add 10.8.0.128/25 dev eth0 table 200",
			"ip rule add priority 9 lookup 200" },
		"connected 10.8.0.0/24" },
	{ "a gateway's own /32 is no neighbour less",
		{ "ip route add 10.8.0.254 dev eth0 scope link",
			"ip route add 30.0.0.0/8 via 10.8.0.254 dev eth0 onlink",
			"ip route add 10.8.0.0/25 dev eth0" },
		"connected 10.8.0.128/25" },
	{ "a neighbour that only other packets' routes know",
		{ "ip route add 10.1.0.5 dev t0 table 200 scope link",
			"ip rule add priority 9 iif eth0 lookup 200" },
		"connected 10.0.0.0/12" },
	{ "a route that a rule overrules is for nobody",
		{ "ip route add 40.0.0.0/8 dev t0",
			"ip route add 40.0.0.0/8 dev eth0 table 200",
			"ip rule add priority 9 lookup 200" },
		"connected 10.8.0.0/24" },
	{ "and one of its own table is not",
		{ "ip route add 40.0.0.0/8 dev eth0",
			"ip route add 40.0.0.0/8 dev t0 metric 9" },
		"connected 10.8.0.0/24; feasible 40.0.0.0/8" },
	{ "what a rule leads to another table by its to",
		{ "ip route add 40.0.0.0/8 dev eth0",
			"ip route add 40.0.0.0/8 dev t0 metric 9",
			"ip route add 40.0.0.0/9 dev eth0 table 200",
			"ip rule add priority 9 to 40.0.0.0/9 lookup 200" },
		"connected 10.8.0.0/24; feasible 40.128.0.0/9" },
	{ "and one that has no answer",
		{ "ip route add 40.0.0.0/8 dev eth0",
			"ip route add 40.0.0.0/8 dev t0 metric 9",
			"ip rule add priority 9 to 40.0.0.0/9 lookup 201" },
		"connected 10.8.0.0/24; feasible 40.0.0.0/8" },
	{ "deaf: no route at all",
		{ "ip address del 10.8.0.6/24 dev t0",
			"ip address add 192.0.2.9/32 dev t0" },
		"address 0.0.0.0/0" },
	{ "but not with one, of whatever table",
		{ "ip address del 10.8.0.6/24 dev t0",
			"ip address add 192.0.2.9/32 dev t0",
			"ip route add 40.0.0.0/8 dev t0 table 200" },
		"" },
	{ "direct routing",
		{ "ip address add 192.0.2.1/32 dev lo",
			"sysctl -w net.ipv4.conf.all.arp_ignore=1" },
		"direct 0.0.0.0/0; connected 10.8.0.0/24" },
	{ "but not by a single network",
		{ "ip address add 192.0.2.1/32 dev lo", "ip link set eth0 down",
			"sysctl -w net.ipv4.conf.t0.arp_ignore=2" },
		"connected 10.8.0.0/24" },
};

static void written(const struct scope *scope, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (int why = 0; why < EXPECT_WHYS; why++) {
		const struct answers_cause *cause = scope->answers.causes.items;
		char text[PREFIX4_TEXT];

		if (!scope->sources[why].ranges.count)
			continue;
		if (why != EXPECT_ANSWERS)
			cause = NULL;
		length += (size_t)snprintf(out + length, size - length, "%s%s%s %s",
			length ? "; " : "", expect_why_name((enum expect_why)why),
			cause && !cause->certain ? "?" : "",
			prefix4_format(prefixset_hull(&scope->sources[why]), text));
		if (cause)
			length += (size_t)snprintf(
				out + length, size - length, " (%s)", cause->because);
	}
}

START_TEST(what_is_expected_of_packets)
{
	const struct expect_declared silent = { 0 };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		const struct overlay overlay = model_overlay(state);
		struct flowclasses classes = { 0 };
		struct expect expect = { 0 };
		struct scope scope = { 0 };
		char text[512];

		model(state, "ip link add t0 index 5 up type veth");
		model_addr(state, "t0", "10.8.0.6/24");
		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		ck_assert_int_eq(
			expect_of(state, model_iface(state, "t0"), &silent, &expect), 0);
		ck_assert_int_eq(
			flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
		ck_assert_int_eq(scope_of(&overlay, model_iface(state, "t0"), &expect,
					 &classes.list.items[0], &scope),
			0);
		written(&scope, text, sizeof(text));
		ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s: '%s', not '%s'",
			rows[i].what, text, rows[i].expected);
		scope_done(&scope);
		expect_done(&expect);
		flowclasses_done(&classes);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_is_expected_of_packets };

	return fixture_run("scope", tests, ELEMENTS(tests));
}
