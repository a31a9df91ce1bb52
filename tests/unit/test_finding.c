/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/finding.h"
#include "finding/finding_text.h"
#include "finding/remedy.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first class's finding of tunl0; NULL for none. `declared`: NULL for what is inferred. */
static int find_beside(const struct state *state, const struct expect_declared *declared,
	struct finding_notes *notes, struct finding **ret)
{
	const struct expect_declared silent = { .one_way = true };
	const struct overlay overlay = model_overlay(state);
	const struct iface *tunl0 = model_iface(state, "tunl0");
	struct flowclasses classes = { 0 };
	struct expect expect = { 0 };
	int r = 0;

	*ret = NULL;
	ck_assert_int_eq(
		expect_of(state, tunl0, declared ? declared : &silent, &expect), 0);
	ck_assert_int_eq(flowclasses_of(state, tunl0, &classes), 0);
	if (expect.items.list.count)
		r = finding_of(&overlay, tunl0, &expect, &classes.list.items[0],
			DETAIL_SUMMARY, notes, ret, NULL);
	flowclasses_done(&classes);
	expect_done(&expect);
	return r;
}

static int find_finding(const struct state *state, const struct expect_declared *declared,
	struct finding **ret)
{
	struct finding_notes notes = { 0 };

	return find_beside(state, declared, &notes, ret);
}

/* "reason own/all/effective to … by DEV via … | steps | share" */
static const char *written(const struct finding *finding, char out[static 512])
{
	char devices[64], share[12], sources[160], blind[32] = "";

	if (finding->blind)
		snprintf(blind, sizeof(blind), ", blind %llu",
			(unsigned long long)finding->blind);
	snprintf(out, 512,
		"%s %s %d/%d/%d from %s by %s via %s: %zu step%s%s%d, share %s, %s%s",
		finding->id, rpf_reason_name(finding->reason), finding->filter.own,
		finding->filter.all, finding->filter.effective,
		finding_sources(finding, 16, sources, sizeof(sources)),
		reverse_devices(&finding->reverse, devices, sizeof(devices)),
		finding->reverse.via, finding->remedy.steps.count,
		finding->remedy.steps.count == 1 ? "" : "s",
		finding->remedy.steps.count ? " to " : " ",
		finding->remedy.steps.count ? finding->remedy.steps.items[0].value : -1,
		finding_share(finding, share),
		finding->old_kernels_accept ? "old kernels accept"
					    : "old kernels drop too",
		blind);
	return out;
}

static const struct {
	const char *what;
	const char *lines[6];
	const char *expected;
} rows[] = {
	{ "off", { NULL }, "none" },
	{ "strict by its own, numbered: 2 cures",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0" },
		"tunl0/local strict_asymmetric 1/0/1 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 2, share 1, old kernels accept" },
	{ "strict by its own, unnumbered: only 0 cures",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1" },
		"tunl0/local strict_asymmetric 1/0/1 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 0, share 1, old kernels accept" },
	{ "strict by all, numbered: 2 is greater than 1",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0" },
		"tunl0/local strict_asymmetric 0/1/1 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 2, share 1, old kernels accept" },
	{ "strict by all, unnumbered: words",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"tunl0/local strict_asymmetric 0/1/1 from 0.0.0.0/0 by eth0 via 10.0.0.1: 0 steps -1, share 1, old kernels accept" },
	{ "strict by both: old kernels dropped it too",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0" },
		"tunl0/local strict_asymmetric 1/1/1 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 2, share 1, old kernels drop too" },
	{ "loose, unnumbered: unnumbered is the reason",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=2" },
		"tunl0/local unnumbered 2/0/2 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 0, share 1, old kernels accept" },
	{ "loose by all, unnumbered: words",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2" },
		"tunl0/local unnumbered 0/2/2 from 0.0.0.0/0 by eth0 via 10.0.0.1: 0 steps -1, share 1, old kernels accept" },
	{ "loose, numbered: no fault",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
			"ip address add 192.0.2.1/32 dev tunl0" },
		"none" },
	{ "loose, numbered, no default route: to those without a route",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
			"ip address add 192.0.2.1/32 dev tunl0",
			"ip route del default via 10.0.0.1 dev eth0",
			"ip route add 0.0.0.0/1 dev eth0" },
		"tunl0/local no_route 2/0/2 from 128.0.0.0/1 by  via : 1 step to 0, share 0.468619, old kernels accept" },
	{ "half of the sources come by the tunnel",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0",
			"ip route add 0.0.0.0/1 dev tunl0" },
		"tunl0/local strict_asymmetric 1/0/1 from 128.0.0.0/1, 10.0.0.0/24 by eth0 via 10.0.0.1: 1 step to 2, share 0.468619, old kernels accept" },
	{ "all below 0: 0 is still greater, and off",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
			"sysctl -w net.ipv4.conf.all.rp_filter=-1" },
		"tunl0/local unnumbered 2/-1/2 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 0, share 1, old kernels drop too" },
	{ "on 2.6.26 one of the two is not enough",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0", "model kernel 2.6.26" },
		"none" },
	{ "on 2.6.26 both are, and 2 would not be loose",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
			"sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
			"ip address add 192.0.2.1/32 dev tunl0", "model kernel 2.6.26" },
		"tunl0/local strict_asymmetric 2/2/1 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 0, share 1, old kernels drop too" },
	{ "before 5.3 nobody has an address of 0/8",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0",
			"ip route add 1.0.0.0/8 dev tunl0", "model kernel 5.2" },
		"tunl0/local strict_asymmetric 1/0/1 from 128.0.0.0/1, 64.0.0.0/2, 32.0.0.0/3, 16.0.0.0/4, 8.0.0.0/5, 4.0.0.0/6, 2.0.0.0/7 by eth0 via 10.0.0.1: 1 step to 2, share 0.995798, old kernels accept" },
	{ "the interface is down",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1", "ip link set tunl0 down" },
		"none" },
	{ "something was not understood",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1", "model blind" },
		"unknown" },
	{ "something of it was not understood: the rest is dropped all the same",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0",
			"model ip route add 128.0.0.0/1 dev eth0 blind" },
		"tunl0/local strict_asymmetric 1/0/1 from 0.0.0.0/1 by eth0 via 10.0.0.1: 1 step to 2, share 0.531381, old kernels accept, blind 1879048190" },
	{ "something of it was not understood, and the rest passes",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
			"ip address add 192.0.2.1/32 dev tunl0",
			"model ip route add 20.0.0.0/8 dev eth0 blind" },
		"none, but a part unknown" },
	{ "table default, and what main refuses is of no interest to it",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0",
			"ip route add blackhole 20.0.0.0/9",
			"ip route add 30.0.0.0/8 dev eth0 table default" },
		"tunl0/local strict_asymmetric 1/0/1 from 0.0.0.0/0 by eth0 via 10.0.0.1: 1 step to 0, share 1, old kernels accept" },
	{ "table default has a part of what main refuses",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip address add 192.0.2.1/32 dev tunl0",
			"ip route add blackhole 20.0.0.0/9",
			"ip route add 20.0.0.0/10 dev eth0 table default" },
		"tunl0/local strict_asymmetric 1/0/1 from 128.0.0.0/1, 64.0.0.0/2, 32.0.0.0/3, 0.0.0.0/4, 24.0.0.0/5, 16.0.0.0/6, 22.0.0.0/7, 21.0.0.0/8, 20.128.0.0/9, 20.64.0.0/10 by eth0 via 10.0.0.1: 1 step to 0, share 0.998954, old kernels accept, blind 4194304" },
};

START_TEST(what_is_found)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state =
			model_realserver(rows[i].lines, ELEMENTS(rows[i].lines));
		_cleanup_(finding_freep) struct finding *finding = NULL;
		struct finding_notes notes = { 0 };
		char text[512] = "none";
		int r = find_beside(state, NULL, &notes, &finding);

		if (r == -ENODATA)
			snprintf(text, sizeof(text), "unknown");
		else if (r == 0 && notes.blind)
			snprintf(text, sizeof(text), "none, but a part unknown");
		else if (r > 0)
			written(finding, text);
		ck_assert_int_eq(r > 0, finding != NULL);
		ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s:\n  %s\nnot\n  %s",
			rows[i].what, text, rows[i].expected);
	}
}
END_TEST

START_TEST(all_that_it_says)
{
	static const char *const lines[] = { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
		"ip address add 192.0.2.1/32 dev tunl0" };
	_cleanup_(state_freep) struct state *state =
		model_realserver(lines, ELEMENTS(lines));
	_cleanup_(finding_freep) struct finding *finding = NULL;
	char text[IP4_TEXT];

	ck_assert_int_eq(find_finding(state, NULL, &finding), 1);
	ck_assert_str_eq(finding->iif, "tunl0");
	ck_assert_str_eq(finding->kind, "ipip");
	ck_assert_int_eq(finding->ifindex, 5);
	ck_assert_str_eq(finding_severity_name(finding->severity), "warning");
	ck_assert_int_eq(finding->expect, EXPECT_TUNNEL);
	ck_assert_uint_eq(finding->to.list.count, 1);
	ck_assert_str_eq(ip4_format(finding->to.list.items[0], text), "192.0.2.1");
	ck_assert_str_eq(ip4_format(finding->example.src, text), "198.51.100.1");
	ck_assert_str_eq(ip4_format(finding->example.dst, text), "192.0.2.1");
	ck_assert_int_eq(finding->example.iif, 5);
	ck_assert(finding->reverse.known);
	ck_assert_uint_eq(finding->reverse.table, TABLE_MAIN);
	ck_assert_uint_eq(finding->reverse.rule, 32766);
	ck_assert_uint_eq(finding->reverse.prefix.len, 0);
	ck_assert_str_eq(
		finding->remedy.steps.items[0].key, "net.ipv4.conf.tunl0.rp_filter");
	ck_assert_int_eq(finding->remedy.steps.items[0].ifindex, 5);
	ck_assert_int_eq(finding->kernel, KERNEL_UNASKED);
}
END_TEST

/* By how many addresses, and why: a part has no reverse route, the rest another one. */
START_TEST(how_much_for_which_reason)
{
	static const char *const lines[] = { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
		"ip address add 192.0.2.1/32 dev tunl0",
		"ip route add blackhole 20.1.0.0/16",
		"ip route add unreachable 20.2.0.0/16",
		"ip route add 20.3.0.0/16 dev eth9",
		"ip route add 20.4.0.0/16 dev tunl0" };
	struct prefix4 prefix = model_prefix("20.0.0.0/13");
	const struct expect_declared declared = { true, &prefix, 1, true };
	_cleanup_(state_freep) struct state *state = model_realserver(NULL, 0);
	_cleanup_(finding_freep) struct finding *finding = NULL;

	model(state, "ip link add eth9 index 6 up type veth");
	for (size_t i = 0; i < ELEMENTS(lines); i++)
		model_line(state, lines[i]);
	ck_assert_int_eq(find_finding(state, &declared, &finding), 1);
	ck_assert_uint_eq(finding->expected, 8 << 16);
	ck_assert_uint_eq(finding->dropped, 7 << 16);
	ck_assert_int_eq(finding->reason, RPF_STRICT_ASYMMETRIC);
	ck_assert_uint_eq(finding->reasons[RPF_STRICT_ASYMMETRIC], 5 << 16);
	ck_assert_uint_eq(finding->reasons[RPF_NO_ROUTE], 2 << 16);
}
END_TEST

/* It owns what it says: the state may go. */
START_TEST(it_outlives_the_state)
{
	static const char *const lines[] = {
		"sysctl -w net.ipv4.conf.tunl0.rp_filter=1"
	};
	struct state *state = model_realserver(lines, ELEMENTS(lines));
	_cleanup_(finding_freep) struct finding *finding = NULL;
	char text[FINDING_TEXT];

	ck_assert_int_eq(find_finding(state, NULL, &finding), 1);
	state_free(state);
	ck_assert_ptr_nonnull(strstr(finding_sentence(finding, text), "eth0"));
}
END_TEST

START_TEST(a_declared_source)
{
	static const char *const lines[] = {
		"sysctl -w net.ipv4.conf.tunl0.rp_filter=1"
	};
	static const struct {
		const char *prefixes[3];
		const char *sources, *share;
	} declared[] = {
		{ { "20.0.0.0/8" }, "20.0.0.0/8", "1" },
		{ { "20.0.0.0/8", "10.0.0.0/24" }, "20.0.0.0/8, 10.0.0.0/24",
			"1" }, /* own in it */
		{ { "20.0.0.0/8", "21.0.0.0/8" }, "20.0.0.0/7", "1" },
		/* what can't be a source may be covered, however far that goes */
		{ { "126.0.0.0/8" }, "126.0.0.0/7", "1" },
		{ { "10.0.0.254/32" }, "10.0.0.254/31", "1" },
		{ { "10.0.0.3/32" }, "10.0.0.2/31", "1" },
		{ { "10.0.0.4/30", "10.0.0.3/32" }, "10.0.0.4/30, 10.0.0.2/31", "1" },
		{ { "192.0.0.0/3" }, "192.0.0.0/3", "1" },
		{ { "30.0.0.0/8", "20.0.0.0/8" }, "20.0.0.0/8", "0.500000" },
		{ { "10.0.0.2/32" }, NULL, NULL }, /* own: that is no reverse path */
	};
	_cleanup_(state_freep) struct state *state =
		model_realserver(lines, ELEMENTS(lines));

	model_route(state, "30.0.0.0/8 dev tunl0");
	for (size_t i = 0; i < ELEMENTS(declared); i++) {
		_cleanup_(finding_freep) struct finding *finding = NULL;
		struct prefix4 prefixes[3];
		struct expect_declared said = { true, prefixes, 0, false };
		char text[160], share[12];

		while (said.count < 3 && declared[i].prefixes[said.count]) {
			prefixes[said.count] =
				model_prefix(declared[i].prefixes[said.count]);
			said.count++;
		}
		ck_assert_int_eq(find_finding(state, &said, &finding),
			declared[i].sources != NULL);
		if (!finding)
			continue;
		ck_assert_str_eq(finding_sources(finding, 16, text, sizeof(text)),
			declared[i].sources);
		ck_assert_str_eq(finding_share(finding, share), declared[i].share);
		ck_assert_int_eq(finding->expect, EXPECT_DECLARED);
		ck_assert_int_eq(finding->severity, FINDING_WARNING);
	}
}
END_TEST

/* --- the words, to the letter ---------------------------------------------------------------- */

static const struct {
	const char *what;
	const char *lines[6];
	enum kernel_answer kernel;
	const char *sentence;
} sentences
	[] = {
		{ "numbered, its own setting",
			{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
				"ip address add 192.0.2.1/32 dev tunl0" },
			KERNEL_DROP,
			"tunl0: drops 0.0.0.0/0 to 192.0.2.1 (strict, own 1, all 0): the reverse route to 198.51.100.1 is eth0 via 10.0.0.1 (main). Fix: sysctl -w net.ipv4.conf.tunl0.rp_filter=2 (kernels up to 2.6.30 accept these packets)" },
		{ "unnumbered, all is 1", { "sysctl -w net.ipv4.conf.all.rp_filter=1" },
			KERNEL_UNASKED,
			"tunl0: drops 0.0.0.0/0 to 192.0.2.1 (strict, own 0, all 1: the greater counts): the reverse route to 198.51.100.1 is eth0 via 10.0.0.1 (main). Not confirmed: the kernel was not asked. Fix: add an address of host scope, such as 127.0.0.42/32, to the interface, then set its rp_filter to 2 (kernels up to 2.6.30 accept these packets)" },
		{ "unnumbered, loose", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=2" },
			KERNEL_PASS,
			"tunl0: drops 0.0.0.0/0 to 192.0.2.1 (loose, own 2, all 0): tunl0 has no IPv4 address, so loose acts as strict; the reverse route to 198.51.100.1 is eth0 via 10.0.0.1 (main). The kernel disagrees: it accepts the test packet. Fix: sysctl -w net.ipv4.conf.tunl0.rp_filter=0 (kernels up to 2.6.30 accept these packets)" },
		{ "both are 1",
			{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
				"sysctl -w net.ipv4.conf.all.rp_filter=1",
				"ip address add 192.0.2.1/32 dev tunl0" },
			KERNEL_UNJUDGED,
			"tunl0: drops 0.0.0.0/0 to 192.0.2.1 (strict, own 1, all 1): the reverse route to 198.51.100.1 is eth0 via 10.0.0.1 (main). Not confirmed: the kernel rejects the test packet for another reason. Fix: sysctl -w net.ipv4.conf.tunl0.rp_filter=2" },
		{ "the reverse route is in another table",
			{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
				"sysctl -w net.ipv4.conf.all.rp_filter=1",
				"ip address add 192.0.2.1/32 dev tunl0",
				"ip route add default dev eth0 table 100",
				"ip rule add priority 100 from 192.0.2.1 lookup 100" },
			KERNEL_DROP,
			"tunl0: drops 0.0.0.0/0 to 192.0.2.1 (strict, own 1, all 1): the reverse route to 198.51.100.1 is eth0 (table 100). Fix: sysctl -w net.ipv4.conf.tunl0.rp_filter=2" },
		{ "a part, no route, several destinations",
			{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=7",
				"ip address add 192.0.2.1/32 dev tunl0",
				"ip address add 192.0.2.2/32 dev tunl0",
				"ip route del default via 10.0.0.1 dev eth0",
				"ip route add 0.0.0.0/1 dev eth0" },
			KERNEL_DROP,
			"tunl0: drops all of 128.0.0.0/1 (46.9 % of what is expected) to 192.0.2.1, 192.0.2.2 (loose, own 7, all 0): there is no reverse route to 198.51.100.1. Fix: sysctl -w net.ipv4.conf.tunl0.rp_filter=0 (kernels up to 2.6.30 accept these packets)" },
		{ "a part that is not understood", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1", "ip address add 192.0.2.1/32 dev tunl0", "model ip route add 203.0.113.0/24 dev eth0 blind" }, KERNEL_DROP, "tunl0: drops 0.0.0.0/0 but 203.0.113.0/24 (nearly all of what is expected) to 192.0.2.1 (strict, own 1, all 0): the reverse route to 198.51.100.1 is eth0 via 10.0.0.1 (main). 256 further expected addresses not evaluated: unsupported kernel attribute. Fix: sysctl -w net.ipv4.conf.tunl0.rp_filter=2 (kernels up to 2.6.30 accept these packets)" },
		{ "an error route",
			{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
				"ip address add 192.0.2.1/32 dev tunl0",
				"ip route del default via 10.0.0.1 dev eth0",
				"ip route add unreachable default" },
			KERNEL_DROP,
			"tunl0: drops 0.0.0.0/0 but 10.0.0.0/24 (nearly all of what is expected) to 192.0.2.1 (loose, own 0, all 2: the greater counts): the reverse route to 198.51.100.1 is unreachable (main). Fix: add a route to the sources; or set net.ipv4.conf.all.rp_filter=0 and each interface to its own value: net.ipv4.conf.tunl0.rp_filter=0 has no effect before all=0 (kernels up to 2.6.30 accept these packets)" },
	};

START_TEST(sentences_to_the_letter)
{
	for (size_t i = 0; i < ELEMENTS(sentences); i++) {
		_cleanup_(state_freep) struct state *state = model_realserver(
			sentences[i].lines, ELEMENTS(sentences[i].lines));
		_cleanup_(finding_freep) struct finding *finding = NULL;
		char text[FINDING_TEXT];

		ck_assert_int_eq(find_finding(state, NULL, &finding), 1);
		finding->kernel = sentences[i].kernel;
		finding_sentence(finding, text);
		ck_assert_msg(strcmp(text, sentences[i].sentence) == 0,
			"%s:\n  %s\nnot\n  %s", sentences[i].what, text,
			sentences[i].sentence);
	}
}
END_TEST

START_TEST(what_makes_it_less_certain_is_before_the_fix)
{
	static const char *const lines[] = { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
		"ip address add 192.0.2.1/32 dev tunl0" };
	_cleanup_(state_freep) struct state *state =
		model_realserver(lines, ELEMENTS(lines));
	_cleanup_(finding_freep) struct finding *finding = NULL;
	char text[FINDING_TEXT];

	ck_assert_int_eq(find_finding(state, NULL, &finding), 1);
	finding->kernel = KERNEL_DROP;
	finding->unsure = true;
	finding->blind = 1;
	ck_assert_ptr_nonnull(strstr(finding_sentence(finding, text),
		"(main). Unsure: the kernel disagrees with the model on another packet. 1 further expected address not evaluated: unsupported kernel attribute. Fix: sysctl"));
}
END_TEST

START_TEST(shares_are_exact_only_where_they_are)
{
	static const struct {
		double share;
		const char *text;
	} shares[] = {
		{ 1.0, "1" },
		{ 0.9999999, "0.999999" },
		{ 0.5, "0.500000" },
		{ 0.123456789, "0.123457" },
		{ 0.0000001, "0.000001" },
	};

	for (size_t i = 0; i < ELEMENTS(shares); i++) {
		struct finding finding = { .share = shares[i].share };
		char text[12];

		ck_assert_str_eq(finding_share(&finding, text), shares[i].text);
	}
}
END_TEST

START_TEST(many_sources_are_cut_short)
{
	struct finding finding = { .source_count = 3, .sources_more = 5 };
	char text[160], narrow[16];

	finding.sources[0] = model_prefix("20.0.0.0/8");
	finding.sources[1] = model_prefix("30.0.0.0/8");
	finding.sources[2] = model_prefix("40.0.0.0/8");
	ck_assert_str_eq(finding_sources(&finding, 2, text, sizeof(text)),
		"20.0.0.0/8, 30.0.0.0/8 and 6 more");
	ck_assert_str_eq(finding_sources(&finding, 16, text, sizeof(text)),
		"20.0.0.0/8, 30.0.0.0/8, 40.0.0.0/8 and 5 more");
	ck_assert_str_eq(
		finding_sources(&finding, 16, narrow, sizeof(narrow)), "20.0.0.0/8, 30.");
}
END_TEST

/* Which differences make a finding another one. */
START_TEST(what_makes_it_another)
{
	static const char *const lines[] = { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
		"ip address add 192.0.2.1/32 dev tunl0" };
	static const struct {
		const char *line;
		bool differs;
	} changes[] = {
		{ "ip route add 20.0.0.1/32 dev tunl0",
			false }, /* less than 0.0001 of all */
		{ "ip route add 20.0.0.0/8 dev tunl0", true },
		{ "sysctl -w net.ipv4.conf.all.rp_filter=1", true },
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=0", true },
		{ "ip address add 10.0.9.9/24 dev eth0", false },
		{ "ip route replace default dev eth9", true },
		{ "ip route replace default via 10.0.0.7 dev eth0",
			false }, /* the same device */
		{ "ip link set tunl0 group 4", false },
	};

	for (size_t i = 0; i < ELEMENTS(changes); i++) {
		_cleanup_(state_freep) struct state *state =
			model_realserver(lines, ELEMENTS(lines));
		_cleanup_(finding_freep) struct finding *before = NULL;
		_cleanup_(finding_freep) struct finding *after = NULL;

		model(state, "ip link add eth9 index 6 up type veth");
		ck_assert_int_eq(find_finding(state, NULL, &before), 1);
		model_line(state, changes[i].line);
		if (strstr(changes[i].line, "rp_filter=0")) {
			model_sysctl(state, "all", "rp_filter", 1);
		}
		ck_assert_int_eq(find_finding(state, NULL, &after), 1);
		ck_assert_msg(finding_differs(before, after) == changes[i].differs,
			"'%s' makes %s", changes[i].line,
			changes[i].differs ? "nothing new" : "it new");
		ck_assert(finding_differs(after, before) == changes[i].differs);
		ck_assert(!finding_differs(after, after));
	}
}
END_TEST

/* What is expected may change while all of it is dropped, before and after. */
START_TEST(another_size_makes_it_another)
{
	static const struct {
		uint64_t before, after;
		bool differs;
	} sizes[] = {
		{ 65534, 65534, false },
		{ 65534, 32767, true },
		{ 100000, 99991, false }, /* less than 0.0001 of it */
		{ 100000, 99990, true },
		{ 256, 255, true },
		{ UINT64_C(1) << 32, (UINT64_C(1) << 32) - 65536, false },
		{ 0, 0, false },
		{ 0, 1, true },
	};

	for (size_t i = 0; i < ELEMENTS(sizes); i++) {
		struct finding before = { .share = 1, .expected = sizes[i].before };
		struct finding after = { .share = 1, .expected = sizes[i].after };

		ck_assert_msg(finding_differs(&before, &after) == sizes[i].differs,
			"row %zu", i);
		ck_assert(finding_differs(&after, &before) == sizes[i].differs);
	}
}
END_TEST

START_TEST(keys_are_written_as_sysctl_takes_them)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(finding_freep) struct finding *finding = NULL;

	model(state, "ip link add tunl0 index 5 up type ipip");
	model_sysctl(state, "tunl0", "rp_filter", 1);
	model(state, "ip link set tunl0 name gre.7.x"); /* renamed: settings stay */
	{
		const struct overlay overlay = model_overlay(state);
		const struct iface *iface = model_iface(state, "gre.7.x");
		const struct expect_declared silent = { 0 };
		struct flowclasses classes = { 0 };
		struct finding_notes notes = { 0 };
		struct expect expect = { 0 };

		ck_assert_int_eq(expect_of(state, iface, &silent, &expect), 0);
		ck_assert_int_eq(flowclasses_of(state, iface, &classes), 0);
		ck_assert_int_eq(
			finding_of(&overlay, iface, &expect, &classes.list.items[0],
				DETAIL_SUMMARY, &notes, &finding, NULL),
			1);
		flowclasses_done(&classes);
		expect_done(&expect);
	}
	ck_assert_str_eq(
		finding->remedy.steps.items[0].key, "net.ipv4.conf.gre/7/x.rp_filter");
	ck_assert_str_eq(
		finding->remedy.text, "sysctl -w net.ipv4.conf.gre/7/x.rp_filter=0");
	ck_assert_str_eq(finding->id, "gre.7.x/local");
}
END_TEST

/* What is to be pasted has no name in it that a shell would take apart. */
START_TEST(commands_for_any_name)
{
	static const struct {
		const char *name, *command;
	} called[] = {
		{ "tunl0", "sysctl -w net.ipv4.conf.tunl0.rp_filter=2" },
		{ "eth0.7", "sysctl -w net.ipv4.conf.eth0/7.rp_filter=2" },
		{ "a@b:c+d-e_f", "sysctl -w net.ipv4.conf.a@b:c+d-e_f.rp_filter=2" },
		{ "$(id)", "echo 2 >/proc/sys/net/ipv4/conf/'$(id)'/rp_filter" },
		{ "$.(id)", "echo 2 >/proc/sys/net/ipv4/conf/'$.(id)'/rp_filter" },
		{ "x\\y", "echo 2 >/proc/sys/net/ipv4/conf/'x\\y'/rp_filter" },
		{ "a*", "echo 2 >/proc/sys/net/ipv4/conf/'a*'/rp_filter" },
		{ "a;b", "echo 2 >/proc/sys/net/ipv4/conf/'a;b'/rp_filter" },
		{ "q\"q", "echo 2 >/proc/sys/net/ipv4/conf/'q\"q'/rp_filter" },
		{ "q'\"q",
			"echo 2 >/proc/sys/net/ipv4/conf/\"$(printf %b 'q\\0047\\0042q')\"/rp_filter" },
		{ "q'q",
			"echo 2 >/proc/sys/net/ipv4/conf/\"$(printf %b 'q\\0047q')\"/rp_filter" },
		{ "\xc3\xa9",
			"echo 2 >/proc/sys/net/ipv4/conf/\"$(printf %b '\\0303\\0251')\"/rp_filter" },
	};

	for (size_t i = 0; i < ELEMENTS(called); i++) {
		char key[REMEDY_KEY], out[REMEDY_COMMAND], assignment[REMEDY_ASSIGNMENT];
		bool is_sysctl;

		remedy_key(called[i].name, key);
		is_sysctl = remedy_command(key, 2, out);
		ck_assert_str_eq(out, called[i].command);
		ck_assert_int_eq(is_sysctl, strncmp(out, "sysctl ", 7) == 0);
		/* in an entry there is no shell: words */
		ck_assert_int_eq(
			remedy_assignment(key, 2, assignment, sizeof(assignment)),
			is_sysctl);
		ck_assert_msg(is_sysctl || !strpbrk(assignment, "'\"$`;\\*"), "%s: %s",
			called[i].name, assignment);
	}
}
END_TEST

/* With DETAIL_FULL nothing is cut off, and what is shown else begins it. */
START_TEST(the_whole_of_what_is_dropped)
{
	_cleanup_(state_freep) struct state *state = model_host();
	_cleanup_(finding_freep) struct finding *whole = NULL, *worded = NULL;
	const struct overlay overlay = model_overlay(state);
	struct prefix4 prefixes[40];
	const struct expect_declared declared = { true, prefixes, ELEMENTS(prefixes),
		false };
	struct flowclasses classes = { 0 };
	struct expect expect = { 0 };
	struct finding_notes notes = { 0 };
	char text[160];

	for (uint32_t i = 0; i < ELEMENTS(prefixes); i++)
		prefixes[i] = prefix4(ip4(0xc6000000 + i * 0x20000), 16 + i % 3);
	model(state, "ip link add tunl0 index 5 up type ipip");
	model_sysctl(state, "tunl0", "rp_filter", 1);
	ck_assert_int_eq(
		expect_of(state, model_iface(state, "tunl0"), &declared, &expect), 0);
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "tunl0"), &classes), 0);
	ck_assert_int_eq(
		finding_of(&overlay, model_iface(state, "tunl0"), &expect,
			&classes.list.items[0], DETAIL_FULL, &notes, &whole, NULL),
		1);
	ck_assert_int_eq(
		finding_of(&overlay, model_iface(state, "tunl0"), &expect,
			&classes.list.items[0], DETAIL_SUMMARY, &notes, &worded, NULL),
		1);
	ck_assert_uint_eq(whole->whole.count, ELEMENTS(prefixes));
	ck_assert_uint_eq(worded->whole.count, 0);
	ck_assert_uint_eq(worded->source_count, FINDING_SOURCES);
	ck_assert_uint_eq(
		worded->source_count + worded->sources_more, ELEMENTS(prefixes));
	for (size_t i = 0; i < FINDING_SOURCES; i++)
		ck_assert_uint_eq(
			worded->sources[i].addr.host, whole->whole.items[i].addr.host);
	/* too many holes to say it by what it is not */
	ck_assert_uint_eq(worded->but_count, 0);
	ck_assert_str_eq(finding_from(worded, text, sizeof(text)),
		"198.0.0.0/16, 198.6.0.0/16, 198.12.0.0/16, 198.18.0.0/16 and 36 more");
	flowclasses_done(&classes);
	expect_done(&expect);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(kernel_answer_name(KERNEL_UNASKED), "unasked");
	ck_assert_str_eq(kernel_answer_name(KERNEL_ABSENT), "unasked");
	ck_assert_str_eq(kernel_answer_name(KERNEL_DROP), "drop");
	ck_assert_str_eq(kernel_answer_name(KERNEL_PASS), "pass");
	ck_assert_str_eq(kernel_answer_name(KERNEL_UNJUDGED), "unjudged");
	ck_assert_str_eq(finding_severity_name(FINDING_NOTICE), "notice");
	ck_assert_str_eq(finding_severity_name(FINDING_WARNING), "warning");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_found,
		all_that_it_says,
		how_much_for_which_reason,
		it_outlives_the_state,
		a_declared_source,
		sentences_to_the_letter,
		what_makes_it_less_certain_is_before_the_fix,
		shares_are_exact_only_where_they_are,
		many_sources_are_cut_short,
		what_makes_it_another,
		another_size_makes_it_another,
		keys_are_written_as_sysctl_takes_them,
		the_whole_of_what_is_dropped,
		commands_for_any_name,
		names,
	};

	return fixture_run("finding", tests, ELEMENTS(tests));
}
