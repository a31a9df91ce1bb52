/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strbuf.h"
#include "finding/cure.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdio.h>
#include <string.h>

/*
 * Hosts in words, and what cures each. A line `flow IFACE SOURCES DST MARK` declares a flow, as the
 * configuration does.
 */
struct declared {
	const char *iface;
	struct flowclasses flows;
};

static int judge(const struct overlay *overlay, const struct iface *iface,
	enum finding_detail detail, struct report *report,
	const struct declared *declared)
{
	const struct flowclasses none = { 0 };
	const struct expect_declared silent = { 0 };
	bool its = declared->iface && strcmp(declared->iface, iface->link.name) == 0;

	return report_add(
		report, overlay, iface, &silent, its ? &declared->flows : &none, detail);
}

static int judge_count(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	return judge(overlay, iface, DETAIL_COUNT, report, data);
}

static void declare_flow(
	const struct state *state, const char *text, struct declared *declared)
{
	static char name[NAME_MAX_];
	char sources[32], to[32];
	unsigned int mark;
	struct ip4 dst;

	ck_assert_int_eq(
		sscanf(text, "flow %15s %31s %31s %x", name, sources, to, &mark), 4);
	dst = model_ip4(to);
	declared->iface = name;
	ck_assert_int_eq(
		flowclass_declare(state, model_iface(state, name), model_prefix(sources),
			&dst, &(struct flow){ .mark = mark, .proto = FLOW_UDP },
			&declared->flows),
		0);
}

static struct report *cured_report(
	const struct state *state, const struct declared *declared)
{
	const struct overlay overlay = model_overlay(state);
	const struct plan_judge by = { judge_count, declared };
	struct report *report = report_new();
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;

	ck_assert_ptr_nonnull(report);
	ck_assert_int_eq(state_ifaces(state, &ifaces, &count), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(
			judge(&overlay, ifaces[i], DETAIL_SUMMARY, report, declared), 0);
	ck_assert_int_eq(cure_report(&overlay, &by, report), 0);
	return report;
}

/* "ID: KIND CURES: TEXT | KIND CURES: TEXT\n" for each finding. */
static void write_remedies(const struct report *report, char out[static 4096])
{
	struct strbuf text;

	strbuf_init(&text, out, 4096);
	array_each (&report->findings, struct finding *const, item) {
		const struct finding *finding = *item;

		for (size_t i = 0; i <= finding->alternative_count; i++) {
			const struct remedy *remedy =
				i ? &finding->alternatives[i - 1] : &finding->remedy;

			strbuf_add(&text, "%s%s%s %s: %s", i ? "" : finding->id,
				i ? " | " : ": ", remedy_kind_name(remedy->kind),
				remedy_cures_name(remedy->cures), remedy->text);
		}
		strbuf_add(&text, "\n");
	}
}

static const struct {
	const char *what;
	const char *lines[14];
	const char *expected;
} rows
	[] = {
		{ "a tunnel with an address: loose, and nothing else",
			{ "ip link add tunl0 index 5 up type ipip",
				"ip address add 192.0.2.1/32 dev tunl0",
				"sysctl -w net.ipv4.conf.tunl0.rp_filter=1" },
			"tunl0/local: sysctl connection: sysctl -w net.ipv4.conf.tunl0.rp_filter=2\n" },
		{ "without one: off",
			{ "ip link add tunl0 index 5 up type ipip",
				"ip address add 192.0.2.1/32 dev lo",
				"sysctl -w net.ipv4.conf.tunl0.rp_filter=1" },
			"tunl0/local: sysctl connection: sysctl -w net.ipv4.conf.tunl0.rp_filter=0\n" },
		{ "without one, under all: an address opens less than all does",
			{ "ip link add tunl0 index 5 up type ipip",
				"ip address add 192.0.2.1/32 dev lo",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"tunl0/local: address connection: ip address add 127.0.0.42/32 scope host dev tunl0 && sysctl -w net.ipv4.conf.tunl0.rp_filter=2 | sysctl connection: sysctl -w net.ipv4.conf.lo.rp_filter=1 && sysctl -w net.ipv4.conf.eth0.rp_filter=1 && sysctl -w net.ipv4.conf.default.rp_filter=1 && sysctl -w net.ipv4.conf.all.rp_filter=0\n" },
		{ "loose already, and the address is somebody's",
			{ "ip link add tunl0 index 5 up type ipip",
				"ip address add 192.0.2.1/32 dev lo",
				"ip address add 127.0.0.42/32 dev lo",
				"sysctl -w net.ipv4.conf.all.rp_filter=2" },
			"tunl0/local: address connection: ip address add 127.0.0.43/32 scope host dev tunl0 | sysctl connection: sysctl -w net.ipv4.conf.lo.rp_filter=2 && sysctl -w net.ipv4.conf.eth0.rp_filter=2 && sysctl -w net.ipv4.conf.default.rp_filter=2 && sysctl -w net.ipv4.conf.all.rp_filter=0\n" },
		{ "a rule's table takes the LAN: a rule gives it back",
			{ "ip link add ts0 index 5 up type tun",
				"ip address add 100.64.0.9/32 dev ts0",
				"ip route add 10.0.0.0/24 dev ts0 table 52",
				"ip rule add priority 5270 lookup 52",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth0/local: rule connection: ip rule add to 10.0.0.0/24 lookup main pref 5269 | sysctl packets: sysctl -w net.ipv4.conf.eth0.rp_filter=2 (lets the packets in; answers still leave by ts0)\n" },
		{ "the priority before is somebody's",
			{ "ip link add ts0 index 5 up type tun",
				"ip address add 100.64.0.9/32 dev ts0",
				"ip route add 10.0.0.4/30 dev ts0 table 52",
				"ip rule add priority 5270 lookup 52",
				"ip rule add priority 5269 from 10.99.0.0/16 lookup main",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth0/local: rule connection: ip rule add to 10.0.0.4/30 lookup main pref 5268 | sysctl packets: sysctl -w net.ipv4.conf.eth0.rp_filter=2 (lets the packets in; answers still leave by ts0)\n" },
		{ "no room before the rule: what loose doesn't cure is said",
			{ "ip link add ts0 index 5 up type tun",
				"ip address add 100.64.0.9/32 dev ts0",
				"ip route add 10.0.0.0/24 dev ts0 table 52",
				"ip rule add priority 1 lookup 52",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth0/local: sysctl packets: sysctl -w net.ipv4.conf.eth0.rp_filter=2 (lets the packets in; answers still leave by ts0)\n" },
		{ "the same wire by another card: answers arrive",
			{ "ip link add eth1 index 5 up type veth",
				"ip address add 10.0.0.3/24 dev eth1",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth1/local: sysctl connection: sysctl -w net.ipv4.conf.eth1.rp_filter=2\n" },
		{ "a neighbour's own /32 is meant: it stays in the tunnel",
			{ "ip link add ts0 index 5 up type tun",
				"ip address add 100.64.0.9/32 dev ts0",
				"ip route add 10.0.0.7 dev ts0 table 52",
				"ip rule add priority 5270 lookup 52",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth0/local: sysctl connection: sysctl -w net.ipv4.conf.eth0.rp_filter=2\n" },
		{ "two parts of the network, two rules",
			{ "ip link add ts0 index 5 up type tun",
				"ip address add 100.64.0.9/32 dev ts0",
				"ip route add 10.0.0.4/30 dev ts0 table 52",
				"ip route add 10.0.0.8/30 dev ts0 table 53",
				"ip rule add priority 200 lookup 53",
				"ip rule add priority 100 lookup 52",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth0/local: rule connection: ip rule add to 10.0.0.4/30 lookup main pref 99 && ip rule add to 10.0.0.8/30 lookup main pref 99 | sysctl packets: sysctl -w net.ipv4.conf.eth0.rp_filter=2 (lets the packets in; answers still leave by ts0)\n" },
		{ "a pod that only rules for what comes in reach: its own table, by whatever name",
			{ "ip link add $(x) index 5 up type veth",
				"ip route add 10.1.0.5 dev $(x) table 100 scope link",
				"ip rule add priority 100 iif eth0 to 10.1.0.0/24 lookup 100",
				"sysctl -w net.ipv4.conf.$(x).rp_filter=1" },
			"$(x)/local: rule connection: ip rule add to 10.1.0.5/32 lookup 100 pref 32765 | sysctl packets: echo 0 >/proc/sys/net/ipv4/conf/'$(x)'/rp_filter (sysctl(8) cannot take this name) (lets the packets in; answers still leave by eth0)\n" },
		{ "a spare by a rule: before the one that takes all",
			{ "ip link add eth1 index 5 up type veth",
				"ip address add 203.0.113.2/24 dev eth1",
				"ip route add default via 10.0.0.1 dev eth0 table 201",
				"ip route add default via 203.0.113.1 dev eth1 table 202",
				"ip rule add priority 100 lookup main suppress_prefixlength 0",
				"ip rule add priority 201 lookup 201",
				"ip rule add priority 202 lookup 202",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth1/local: rule connection: ip rule add from 203.0.113.2 lookup 202 pref 200 | sysctl packets: sysctl -w net.ipv4.conf.eth1.rp_filter=2 (lets the packets in; answers still leave by eth0)\n" },
		{ "two uplinks: answers by the second, too",
			{ "ip link add eth1 index 5 up type veth",
				"ip address add 203.0.113.2/24 dev eth1",
				"ip route add default via 203.0.113.1 dev eth1 metric 200", "sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth1/local: rule connection: ip route add 203.0.113.0/24 dev eth1 table 100 && ip route add default via 203.0.113.1 dev eth1 table 100 && ip rule add from 203.0.113.2 lookup 100 pref 32765 | sysctl packets: sysctl -w net.ipv4.conf.eth1.rp_filter=2 (lets the packets in; answers still leave by eth0)\n" },
		{ "a table is there, and so are its number's neighbours",
			{ "ip link add eth1 index 5 up type veth",
				"ip address add 203.0.113.2/24 dev eth1",
				"ip route add default via 203.0.113.1 dev eth1 metric 200",
				"ip route add default via 203.0.113.1 dev eth1 table 10001",
				"ip route add 203.0.113.0/24 dev eth1 table 10001",
				"ip rule add priority 32765 from 192.0.2.7 lookup 7",
				"sysctl -w net.ipv4.conf.all.rp_filter=1" },
			"eth1/local: rule connection: ip rule add from 203.0.113.2 lookup 10001 pref 32764 | sysctl packets: sysctl -w net.ipv4.conf.eth1.rp_filter=2 (lets the packets in; answers still leave by eth0)\n" },
		{ "TPROXY's table, and somebody's src_valid_mark",
			{ "sysctl -w net.ipv4.conf.all.src_valid_mark=1",
				"ip rule add priority 1024 fwmark 0x80 lookup 80",
				"ip route add local default dev lo table 80",
				"flow eth0 10.0.0.0/24 198.51.100.9 0x80" },
			"eth0/flow:10.0.0.0/24>198.51.100.9:mark=0x80: sysctl connection: sysctl -w net.ipv4.conf.all.src_valid_mark=0 | sysctl connection: sysctl -w net.ipv4.conf.eth0.accept_local=1\n" },
		{ "marked packets of a tunnel's own: the mark counts for the reverse route",
			{ "ip link add wg0 index 5 up type wireguard",
				"ip address add 10.9.0.2/32 dev wg0",
				"ip route add default dev wg0 table 51820",
				"ip rule add priority 100 not fwmark 0x7 lookup 51820",
				"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
				"flow eth0 198.51.100.7/32 10.0.0.2 0x7" },
			"eth0/local: sysctl connection: sysctl -w net.ipv4.conf.eth0.rp_filter=2\neth0/flow:198.51.100.7/32>10.0.0.2:mark=0x7: sysctl connection: sysctl -w net.ipv4.conf.eth0.src_valid_mark=1 | sysctl connection: sysctl -w net.ipv4.conf.eth0.rp_filter=2\n" },
		{ "no reverse route: words, and no sysctl",
			{ "ip link add tunl0 index 5 up type ipip",
				"ip address add 192.0.2.1/32 dev tunl0",
				"sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
				"ip route del default via 10.0.0.1 dev eth0" },
			"tunl0/local:no-route: route connection: add a route to the sources: table main has no default route; rp_filter is not the cause\n" },
	};

START_TEST(what_cures_it)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		_cleanup_(report_freep) struct report *report = NULL;
		struct declared declared = { 0 };
		char text[4096];

		for (size_t n = 0; n < ELEMENTS(rows[i].lines) && rows[i].lines[n]; n++) {
			if (strncmp(rows[i].lines[n], "flow ", 5) == 0)
				declare_flow(state, rows[i].lines[n], &declared);
			else
				model_line(state, rows[i].lines[n]);
		}
		report = cured_report(state, &declared);
		write_remedies(report, text);
		ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s:\n%snot\n%s",
			rows[i].what, text, rows[i].expected);
		flowclasses_done(&declared.flows);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_cures_it };

	return fixture_run("remedy", tests, ELEMENTS(tests));
}
