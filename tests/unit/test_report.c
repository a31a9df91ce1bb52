/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/report.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdio.h>
#include <string.h>

/* On a host with eth0 (10.0.0.2/24, default route) and the VIP on lo: the row of a device. */
static const struct {
	const char *what;
	const char *lines[5];
	const char *device;
	const char *
		row; /* "kind own/all/effective numbered|- up|- expected verdict", findings */
} rows[] = {
	{ "a plain one, off", { NULL }, "eth0",
		"veth 0/0/0 numbered up 2 off, 0 findings" },
	{ "a plain one, strict", { "sysctl -w net.ipv4.conf.eth0.rp_filter=1" }, "eth0",
		"veth 1/0/1 numbered up 2 ok, 0 findings" },
	{ "lo", { "sysctl -w net.ipv4.conf.all.rp_filter=1" }, "lo",
		"device 0/1/1 numbered up 0 off, 0 findings" },
	{ "a tunnel, off", { "ip link add t0 index 5 up type ipip" }, "t0",
		"ipip 0/0/0 - up 1 off, 0 findings" },
	{ "a tunnel, strict",
		{ "ip link add t0 index 5 up type ipip",
			"sysctl -w net.ipv4.conf.t0.rp_filter=1" },
		"t0", "ipip 1/0/1 - up 1 drops, 1 findings" },
	{ "a tunnel, loose and numbered",
		{ "ip link add t0 index 5 up type ipip",
			"sysctl -w net.ipv4.conf.t0.rp_filter=2",
			"ip address add 192.0.2.1/32 dev t0" },
		"t0", "ipip 2/0/2 numbered up 1 ok, 0 findings" },
	{ "two classes, one of them drops",
		{ "ip link add t0 index 5 up type ipip",
			"sysctl -w net.ipv4.conf.t0.rp_filter=1",
			"ip address add 192.0.2.9/32 dev t0",
			"ip rule add priority 100 from 192.0.2.9 lookup 77",
			"ip route add default dev t0 table 77" },
		"t0", "ipip 1/0/1 numbered up 1 ok, 0 findings" },
	{ "a tunnel that is down",
		{ "ip link add t0 index 5 type ipip",
			"sysctl -w net.ipv4.conf.t0.rp_filter=1" },
		"t0", "ipip 1/0/1 - - 0 down, 0 findings" },
	{ "without IPv4",
		{ "model ip link add t0 index 5 up noinet type ipip",
			"sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"t0", "ipip 0/1/1 - up 0 unjudged, 0 findings" },
	{ "something was not understood",
		{ "ip link add t0 index 5 up type ipip",
			"sysctl -w net.ipv4.conf.t0.rp_filter=1", "model blind" },
		"t0", "ipip 1/0/1 - up 1 unjudged, 0 findings" },
};

static int add_iface(struct report *report, const struct state *state, const char *device,
	const struct flowclasses *flows)
{
	const struct expect_declared silent = { 0 };
	const struct flowclasses none = { 0 };
	const struct overlay overlay = model_overlay(state);

	return report_add(report, &overlay, model_iface(state, device), &silent,
		flows ? flows : &none, DETAIL_SUMMARY);
}

START_TEST(a_row_an_interface)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		_cleanup_(report_freep) struct report *report = report_new();
		const struct report_iface *row;
		char text[128];

		model_addr(state, "lo", "192.0.2.1/32");
		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		ck_assert_int_eq(add_iface(report, state, rows[i].device, NULL), 0);
		ck_assert_int_eq(report_list_routed(report, state), 0);
		ck_assert_uint_eq(report->ifaces.count, 1);
		row = &report->ifaces.items[0];
		snprintf(text, sizeof(text), "%s %d/%d/%d %s %s %zu %s, %zu findings",
			row->kind, row->filter.own, row->filter.all,
			row->filter.effective, row->numbered ? "numbered" : "-",
			row->up ? "up" : "-", row->expect.list.count,
			iface_verdict_name(row->verdict), report->findings.count);
		ck_assert_msg(strcmp(text, rows[i].row) == 0, "%s: '%s', not '%s'",
			rows[i].what, text, rows[i].row);
		ck_assert_str_eq(row->name, rows[i].device);
	}
}
END_TEST

START_TEST(a_finding_each_class)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(report_freep) struct report *report = report_new();

	model(state, "ip link add t0 index 5 up type ipip");
	model_addr(state, "t0", "192.0.2.1/32");
	model_addr(state, "t0", "192.0.2.2/32");
	model_addr(state, "t0", "192.0.2.3/32");
	model_sysctl(state, "t0", "rp_filter", 1);
	model_rule(state, "100 from 192.0.2.2 lookup 77");
	model_route(state, "default dev t0 table 77");
	model_rule(state, "101 from 192.0.2.3 lookup 78");
	model_route(state, "default via 10.0.0.7 dev eth0 table 78");
	ck_assert_int_eq(add_iface(report, state, "t0", NULL), 0);
	ck_assert_uint_eq(report->findings.count, 2); /* .2 comes back by t0 */
	ck_assert_str_eq(report->findings.items[0]->id, "t0/local");
	ck_assert_uint_eq(report->findings.items[0]->reverse.table, TABLE_MAIN);
	ck_assert_str_eq(report->findings.items[1]->id, "t0/local:192.0.2.3/32");
	ck_assert_uint_eq(report->findings.items[1]->reverse.table, 78);
	ck_assert_uint_eq(report->findings.items[1]->reverse.rule, 101);
	ck_assert_str_eq(report->findings.items[1]->reverse.via, "10.0.0.7");
	ck_assert_int_eq(report->ifaces.items[0].verdict, IFACE_DROPS);
}
END_TEST

START_TEST(classes_of_which_the_same_is_said_are_one_finding)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(report_freep) struct report *report = report_new();
	const struct finding *finding;

	model(state, "ip link add t0 index 5 up type ipip");
	model_addr(state, "t0", "192.0.2.1/32");
	model_addr(state, "t0", "192.0.2.2/32");
	model_sysctl(state, "t0", "rp_filter", 1);
	model_sysctl(state, "t0", "forwarding", 1);
	/* parted, and none of it makes a difference: 77 and 78 know nothing */
	model_rule(state, "100 from 192.0.2.2 lookup 77");
	model_rule(state, "101 iif lo tos 0x10 lookup 78");
	ck_assert_int_eq(add_iface(report, state, "t0", NULL), 0);
	ck_assert_uint_eq(report->findings.count, 1);
	finding = report->findings.items[0];
	ck_assert_str_eq(finding->id, "t0/local");
	ck_assert_uint_eq(finding->to.list.count, 2);
	ck_assert(finding->forwarded);
	ck_assert_str_eq(finding->out, "");
	ck_assert_uint_eq(report->missed.count, 0);
}
END_TEST

START_TEST(a_declared_flow_is_forwarded)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(report_freep) struct report *report = report_new();
	const struct flow plain = { .proto = FLOW_UDP };
	const struct ip4 to = model_ip4("10.0.0.7"), nowhere = model_ip4("203.0.113.7");
	struct flowclasses flows = { 0 };

	model(state, "ip link add t0 index 5 up type veth");
	model_addr(state, "t0", "10.1.0.2/24");
	model_sysctl(state, "t0", "rp_filter", 1);
	model_sysctl(state, "t0", "forwarding", 1);
	model_route(state, "unreachable 203.0.113.0/24");
	/* what eth0 sends goes by t0: so what t0 brings for it is let in */
	model_rule(state, "100 iif eth0 to 198.51.100.0/25 lookup 77");
	model_route(state, "default dev t0 table 77");
	flowclass_declare(state, model_iface(state, "t0"),
		model_prefix("198.51.100.0/24"), &to, &plain, &flows);
	flowclass_declare(state, model_iface(state, "t0"),
		model_prefix("198.51.100.0/24"), &nowhere, &plain, &flows);
	ck_assert_int_eq(add_iface(report, state, "t0", &flows), 0);
	ck_assert_uint_eq(report->findings.count, 1);
	ck_assert_str_eq(report->findings.items[0]->out, "eth0");
	ck_assert_uint_eq(report->findings.items[0]->source_count, 1);
	ck_assert_uint_eq(report->findings.items[0]->sources[0].addr.host,
		0xc6336480); /* .128/25 */
	ck_assert_uint_eq(report->undelivered.count, 1);
	ck_assert_int_eq(
		report->undelivered.items[0].reason, RPF_NO_ROUTE_TO_DESTINATION);
	/* of either kind */
	ck_assert_uint_eq(report->unknown.count, DROP_KINDS);
	ck_assert_str_eq(
		report->unknown.items[0].text, "t0/flow:198.51.100.0/24>203.0.113.7");
	flowclasses_done(&flows);
}
END_TEST

START_TEST(a_declared_flow_is_a_class_of_its_own)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(report_freep) struct report *report = report_new();
	const struct ip4 to = model_ip4("10.1.0.2");
	const struct flow plain = { .proto = FLOW_UDP },
			  marked = { .proto = FLOW_UDP, .mark = 7 };
	struct flowclasses flows = { 0 };

	model(state, "ip link add t0 index 5 up type veth");
	model_addr(state, "t0", "10.1.0.2/24");
	model_sysctl(state, "t0", "rp_filter", 1);
	model_sysctl(state, "t0", "src_valid_mark", 1);
	model_rule(state, "100 fwmark 7 lookup 77");
	model_route(state, "default dev t0 table 77");
	ck_assert_int_eq(flowclass_declare(state, model_iface(state, "t0"),
				 model_prefix("198.51.100.0/24"), &to, &plain, &flows),
		0);
	ck_assert_int_eq(flowclass_declare(state, model_iface(state, "t0"),
				 model_prefix("198.51.100.0/24"), &to, &marked, &flows),
		0);
	ck_assert_int_eq(add_iface(report, state, "t0", &flows), 0);
	ck_assert_uint_eq(report->findings.count, 1); /* the marked one passes */
	ck_assert_str_eq(
		report->findings.items[0]->id, "t0/flow:198.51.100.0/24>10.1.0.2");
	ck_assert_int_eq(report->findings.items[0]->expect, EXPECT_DECLARED);
	ck_assert_uint_eq(report->findings.items[0]->source_count, 1);
	ck_assert_int_eq(report->ifaces.items[0].verdict, IFACE_DROPS);
	flowclasses_done(&flows);
}
END_TEST

START_TEST(rows_add_up)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(report_freep) struct report *report = report_new();

	model(state, "ip link add t0 index 5 up type ipip");
	model(state, "ip link add t1 index 6 up type ipip");
	model(state, "model blind");
	model_sysctl(state, "all", "rp_filter", 1);
	ck_assert_int_eq(add_iface(report, state, "eth0", NULL), 0);
	ck_assert_int_eq(add_iface(report, state, "t0", NULL), 0);
	ck_assert_int_eq(add_iface(report, state, "t1", NULL), 0);
	ck_assert_uint_eq(report->ifaces.count, 3);
	ck_assert_uint_eq(report->unjudged, 3);
	ck_assert_str_eq(report->ifaces.items[2].name, "t1");
}
END_TEST

/* Or each interface with an address would be looked at again whenever any route changed. */
START_TEST(what_the_kernel_made_for_an_address_contests_no_network)
{
	static const struct {
		const char *line;
		bool claimed_elsewhere;
	} steps[] = {
		{ "ip route append local 10.0.0.2 dev eth0 proto kernel", false },
		{ "ip route add local 10.0.0.7 dev lo proto 4", true },
		{ "ip route add 10.0.0.128/25 dev eth1", true },
	};

	for (size_t i = 0; i < ELEMENTS(steps); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		_cleanup_(report_freep) struct report *report = report_new();

		model_line(state, "sysctl -w net.ipv4.conf.eth0.rp_filter=1");
		model_line(state, "ip link add eth1 index 6 up type veth");
		model_line(state, steps[i].line);
		ck_assert_int_eq(add_iface(report, state, "eth0", NULL), 0);
		ck_assert_msg(report->ifaces.items[0].claimed_elsewhere ==
				      steps[i].claimed_elsewhere,
			"%s", steps[i].line);
	}
}
END_TEST

START_TEST(verdicts_have_words)
{
	ck_assert_str_eq(iface_verdict_name(IFACE_OK), "ok");
	ck_assert_str_eq(iface_verdict_name(IFACE_DROPS), "drops");
	ck_assert_str_eq(iface_verdict_name(IFACE_OFF), "off");
	ck_assert_str_eq(iface_verdict_name(IFACE_DOWN), "down");
	ck_assert_str_eq(iface_verdict_name(IFACE_UNJUDGED), "unjudged");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_row_an_interface,
		a_finding_each_class,
		classes_of_which_the_same_is_said_are_one_finding,
		a_declared_flow_is_forwarded,
		a_declared_flow_is_a_class_of_its_own,
		rows_add_up,
		what_the_kernel_made_for_an_address_contests_no_network,
		verdicts_have_words,
	};

	return fixture_run("report", tests, ELEMENTS(tests));
}
