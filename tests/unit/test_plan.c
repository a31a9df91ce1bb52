/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/plan.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdio.h>
#include <string.h>

/* Nothing is declared. */
static int infer(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	const struct expect_declared silent = { 0 };
	const struct flowclasses none = { 0 };

	(void)data;
	return report_add(report, overlay, iface, &silent, &none, DETAIL_COUNT);
}

static const struct plan_judge judge = { infer, NULL };

#define NUMBERED "ip address add 192.0.2.9/32 dev tunl0"

static const struct {
	const char *what;
	const char *lines[8];
	struct plan_limits limits;
	const char *plan; /* "rung[ forbidden by limit]: key old>value[ keeps], ..." */
} rows[] = {
	{ "strict by its own, numbered",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1", NUMBERED },
		{ false, true }, "loose: tunl0 1>2" },
	{ "strict by all", { "sysctl -w net.ipv4.conf.all.rp_filter=1", NUMBERED },
		{ false, true }, "loose: tunl0 0>2" },
	{ "strict by both",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"sysctl -w net.ipv4.conf.tunl0.rp_filter=1", NUMBERED },
		{ true, false }, "loose: tunl0 1>2" },
	{ "negative and strict by all",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"sysctl -w net.ipv4.conf.tunl0.rp_filter=-1", NUMBERED },
		{ false, false }, "loose: tunl0 -1>2" },
	{ "unnumbered", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1" }, { false, false },
		"off: tunl0 1>0" },
	{ "unnumbered and loose", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=2" },
		{ false, false }, "off: tunl0 2>0" },
	{ "no reverse route: the filter is the cause of the rest only",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1", NUMBERED,
			"ip route del default via 10.0.0.1 dev eth0" },
		{ false, false }, "loose: tunl0 1>2" },
	{ "odd values act as loose: 7", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=7" },
		{ false, false }, "off: tunl0 7>0" },
	{ "all below zero",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"sysctl -w net.ipv4.conf.all.rp_filter=-1" },
		{ false, false }, "off: tunl0 1>0" },
	{ "both below zero: loose",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=-1",
			"sysctl -w net.ipv4.conf.all.rp_filter=-1" },
		{ false, false }, "off: tunl0 -1>0" },
	{ "0 is too low", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1" }, { true, true },
		"words, lowest forbids it:" },
	{ "0 is too low: all, too", { "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		{ true, true }, "words, lowest forbids it:" },
	{ "all is not to be touched", { "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		{ false, false }, "words, allow_all forbids it:" },
	{ "all goes down, the others stay",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=0",
			"ip link add eth1 index 7 up type veth",
			"sysctl -w net.ipv4.conf.eth1.rp_filter=2",
			"model ip link add eth2 index 8 up noinet type veth" },
		{ false, true },
		"all: lo 0>1 keeps, eth0 0>1 keeps, default 0>1 keeps, all 1>0, tunl0 1>0" },
	{ "all goes down, it is off itself",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
			"model sysctl -w net.ipv4.conf.default.rp_filter=2",
			"sysctl -w net.ipv4.conf.lo.rp_filter=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=3" },
		{ false, true }, "all: lo 1>2 keeps, all 2>0" },
	{ "an odd all: the others get what acts the same",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=9",
			"model sysctl -w net.ipv4.conf.default.rp_filter=1",
			"sysctl -w net.ipv4.conf.lo.rp_filter=2",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=12" },
		{ false, true }, "all: default 1>2 keeps, all 9>0" },
};

static const char *const rungs[] = { [PLAN_LOOSE] = "loose",
	[PLAN_OFF] = "off",
	[PLAN_ALL] = "all",
	[PLAN_MANUAL] = "words" };
static const char *const limits[] = {
	[PLAN_FREE] = "", [PLAN_LOWEST] = "lowest", [PLAN_ALLOW_ALL] = "allow_all"
};

static const char *written(const struct plan *plan, char out[static 512])
{
	size_t length = (size_t)snprintf(out, 512, "%s", rungs[plan->rung]);

	if (plan->limit != PLAN_FREE)
		length += (size_t)snprintf(out + length, 512 - length, ", %s forbids it",
			limits[plan->limit]);
	length += (size_t)snprintf(out + length, 512 - length, ":");
	array_each (&plan->steps, const struct plan_step, step) {
		char name[64];

		ck_assert_int_eq(
			sscanf(step->key, "net.ipv4.conf.%63[^.].rp_filter", name), 1);
		length += (size_t)snprintf(out + length, 512 - length, "%s %s %d>%d%s",
			step == plan->steps.items ? "" : ",", name, step->old,
			step->value, step->keeps ? " keeps" : "");
	}
	return out;
}

START_TEST(the_least_that_cures)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state =
			model_realserver(rows[i].lines, ELEMENTS(rows[i].lines));
		const struct overlay overlay = model_overlay(state);
		struct plan_changes changes = { 0 };
		struct plan plan = { 0 };
		char text[512];

		ck_assert_int_eq(plan_find(&overlay, model_iface(state, "tunl0"),
					 "tunl0/local", &rows[i].limits, &judge, &plan),
			0);
		ck_assert_msg(strcmp(written(&plan, text), rows[i].plan) == 0,
			"%s: '%s', not '%s'", rows[i].what, text, rows[i].plan);
		/* nothing else changes, of which there is only something where rung 3 is */
		ck_assert_int_eq(plan_side_effects(&overlay, &plan, "tunl0/local", &judge,
					 &changes),
			0);
		ck_assert_msg(!changes.list.count, "%s: %s changes", rows[i].what,
			changes.list.count ? changes.list.items[0].finding.text : "");
		plan_changes_done(&changes);
		plan_done(&plan);
	}
}
END_TEST

START_TEST(what_else_changes_is_said)
{
	static const char *const lines[] = { "sysctl -w net.ipv4.conf.all.rp_filter=2",
		"sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
		"ip link add gre0 index 6 up type gre",
		"sysctl -w net.ipv4.conf.gre0.rp_filter=0",
		"ip link add gre1 index 7 up type gre",
		"sysctl -w net.ipv4.conf.gre1.rp_filter=1" };
	_cleanup_(state_freep) struct state *state =
		model_realserver(lines, ELEMENTS(lines));
	const struct overlay overlay = model_overlay(state);
	const struct plan_limits free = { false, true };
	struct plan_changes changes = { 0 };
	struct plan plan = { 0 };
	char text[512];

	/* the others drop before and after: each interface keeps what it has */
	ck_assert_int_eq(plan_find(&overlay, model_iface(state, "tunl0"), "tunl0/local",
				 &free, &judge, &plan),
		0);
	ck_assert_str_eq(written(&plan, text),
		"all: lo 0>2 keeps, eth0 0>2 keeps, gre0 0>2 keeps, gre1 1>2 keeps, default 0>2 keeps, all 2>0, tunl0 2>0");
	ck_assert_int_eq(
		plan_side_effects(&overlay, &plan, "tunl0/local", &judge, &changes), 0);
	ck_assert_uint_eq(changes.list.count, 0);
	/* without the steps that keep them, some would not */
	plan.steps.items[2].value = 0;
	plan.steps.items[3].value = 1;
	ck_assert_int_eq(
		plan_side_effects(&overlay, &plan, "tunl0/local", &judge, &changes), 0);
	ck_assert_uint_eq(changes.list.count, 1);
	ck_assert_str_eq(changes.list.items[0].finding.text, "gre0/local");
	ck_assert(!changes.list.items[0].drops);
	plan_changes_done(&changes);
	plan_done(&plan);
}
END_TEST

START_TEST(the_other_classes_of_an_interface_change_with_it)
{
	static const char *const lines[] = { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
		"ip address add 192.0.2.9/32 dev tunl0",
		"ip address add 192.0.2.10/32 dev tunl0",
		"ip rule add priority 100 from 192.0.2.9 lookup 77",
		"ip route add default dev eth0 table 77" };
	_cleanup_(state_freep) struct state *state =
		model_realserver(lines, ELEMENTS(lines));
	const struct overlay overlay = model_overlay(state);
	const struct plan_limits free = { false, false };
	struct plan_changes changes = { 0 };
	struct plan plan = { 0 };

	ck_assert_int_eq(plan_find(&overlay, model_iface(state, "tunl0"), "tunl0/local",
				 &free, &judge, &plan),
		0);
	ck_assert_int_eq(plan.rung, PLAN_LOOSE);
	ck_assert_int_eq(
		plan_side_effects(&overlay, &plan, "tunl0/local", &judge, &changes), 0);
	ck_assert_uint_eq(changes.list.count, 1);
	ck_assert_str_eq(changes.list.items[0].finding.text, "tunl0/local:192.0.2.9/32");
	plan_changes_done(&changes);
	plan_done(&plan);
}
END_TEST

START_TEST(a_view_holds_values_for_all_and_default)
{
	static const char *const lines[] = { "sysctl -w net.ipv4.conf.all.rp_filter=1",
		"sysctl -w net.ipv4.conf.tunl0.rp_filter=1" };
	_cleanup_(state_freep) struct state *state =
		model_realserver(lines, ELEMENTS(lines));
	const struct overlay_value values[] = { { NETCONF_ALL, 0 },
		{ NETCONF_DEFAULT, 2 } };
	const struct overlay seen = {
		.state = state, .values = values, .value_count = 2
	};
	const struct plan_limits strict = { false, false };
	struct plan plan = { 0 };
	char text[512];

	ck_assert_int_eq(overlay_rp_filter(&seen, model_iface(state, "tunl0")).all, 0);
	ck_assert_int_eq(overlay_default(&seen), 2);
	/* as if all were 0, 0 is enough; with its own value it is, or is not */
	ck_assert_int_eq(plan_find(&seen, model_iface(state, "tunl0"), "tunl0/local",
				 &strict, &judge, &plan),
		0);
	ck_assert_str_eq(written(&plan, text), "off: tunl0 1>0");
	ck_assert_int_eq(
		plan_value_cures(&seen, model_iface(state, "tunl0"), NULL, 0, &judge), 1);
	ck_assert_int_eq(
		plan_value_cures(&seen, model_iface(state, "tunl0"), NULL, 2, &judge), 0);
	ck_assert_int_eq(
		plan_value_cures(&seen, model_iface(state, "tunl0"), "other", 2, &judge),
		1);
	plan_done(&plan);
	model_line(state, "model blind");
	ck_assert_int_eq(
		plan_value_cures(&seen, model_iface(state, "tunl0"), NULL, 0, &judge) > 0,
		0);
}
END_TEST

static int count_calls(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	size_t *calls = *(size_t *const *)data;

	++*calls;
	return infer(overlay, iface, report, NULL);
}

START_TEST(nobody_is_judged_whom_a_step_does_not_touch)
{
	size_t calls = 0, *counter = &calls;
	const struct plan_judge counting = { count_calls, &counter };
	const struct plan_limits free = { false, false };
	_cleanup_(state_freep) struct state *state = model_realserver(NULL, 0);
	const struct overlay overlay = model_overlay(state);
	struct plan_changes changes = { 0 };
	struct plan plan = { 0 };

	model_line(state, "sysctl -w net.ipv4.conf.tunl0.rp_filter=1");
	for (int i = 0; i < 100; i++) {
		char line[64];

		snprintf(line, sizeof(line), "ip link add gre%d index %d up type gre", i,
			100 + i);
		model_line(state, line);
	}
	ck_assert_int_eq(plan_find(&overlay, model_iface(state, "tunl0"), "tunl0/local",
				 &free, &counting, &plan),
		0);
	ck_assert_uint_eq(calls, 2); /* by loose and by off */
	ck_assert_int_eq(
		plan_side_effects(&overlay, &plan, "tunl0/local", &counting, &changes),
		0);
	ck_assert_uint_eq(calls, 4); /* before and after */
	plan_done(&plan);
	plan_changes_done(&changes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { the_least_that_cures, what_else_changes_is_said,
		nobody_is_judged_whom_a_step_does_not_touch,
		the_other_classes_of_an_interface_change_with_it,
		a_view_holds_values_for_all_and_default };

	return fixture_run("ladder", tests, ELEMENTS(tests));
}
