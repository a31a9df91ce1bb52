/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change that was not made: a fork of the state, the change, and all interfaces evaluated in it;
 * and the bytes that it takes beside the state.
 */
#include "bench.h"

#include "finding/report.h"
#include "kernel/snapshot.h"
#include "state/state_apply.h"
#include "state/state_fork.h"

#include <malloc.h>
#include <stdlib.h>

#define REPETITIONS 9

struct host {
	struct state *state;
	int g1, tunl0;
};

struct kind {
	const char *what;
	struct record (*make)(const struct host *host, struct nexthop *nexthop);
	bool bound; /* the one that a change of one route or rule has */
};

static struct record make_route(const struct host *host, struct nexthop *nexthop)
{
	*nexthop = (struct nexthop){
		.oif = host->g1, .gw_family = 4, .weight = 1, .gw = { 0x0aff0101 }
	};
	return (struct record){ .kind = RECORD_ROUTE,
		.route = { .table = TABLE_MAIN,
			.dst = prefix4(ip4(0x14800000), 9),
			.type = ROUTE_UNICAST,
			.protocol = 3,
			.nexthops = nexthop,
			.nexthop_count = 1 } };
}

/* It parts local and main. */
static struct record make_rule(void)
{
	return (struct record){ .kind = RECORD_RULE,
		.rule = { .priority = 100,
			.table = 77,
			.action = RULE_TABLE,
			.suppress_len = -1,
			.suppress_group = -1 } };
}

static struct record make_mark_rule(const struct host *host, struct nexthop *nexthop)
{
	struct record record = make_rule();

	(void)host;
	(void)nexthop;
	record.rule.mark = 1;
	record.rule.mask = UINT32_MAX;
	return record;
}

static struct record make_from_rule(const struct host *host, struct nexthop *nexthop)
{
	struct record record = make_rule();

	(void)host;
	(void)nexthop;
	record.rule.from = prefix4(ip4(0x14800000), 9);
	return record;
}

/* It distinguishes sources: in any state, those that routes cover are then walked. */
static struct record make_to_rule(const struct host *host, struct nexthop *nexthop)
{
	struct record record = make_rule();

	(void)host;
	(void)nexthop;
	record.rule.to = prefix4(ip4(0x14800000), 9);
	return record;
}

static struct record make_setting(const struct host *host, struct nexthop *nexthop)
{
	struct record record = { .kind = RECORD_NETCONF };

	(void)nexthop;
	record.netconf.ifindex = host->tunl0;
	record.netconf.has = 1u << DEVCONF_RP_FILTER;
	record.netconf.conf.value[DEVCONF_RP_FILTER] = 2;
	return record;
}

static struct record make_addr_gone(const struct host *host, struct nexthop *nexthop)
{
	const struct iface *iface = state_iface(host->state, host->tunl0);

	(void)nexthop;
	return (struct record){ .kind = RECORD_ADDR_GONE, .addr = iface->addrs.items[0] };
}

/* It takes a third of the routes along. */
static struct record make_link_down(const struct host *host, struct nexthop *nexthop)
{
	const struct iface *iface = state_iface(host->state, host->g1);
	struct record record = { .kind = RECORD_LINK, .link = iface->link };

	(void)nexthop;
	record.link.flags &= ~(LINK_UP | LINK_RUNNING | LINK_LOWER_UP);
	return record;
}

static const struct kind kinds[] = {
	{ "a route", make_route, true },
	{ "the first rule, for a mark", make_mark_rule, true },
	{ "the first rule, from a network", make_from_rule, true },
	{ "the first rule, to a network", make_to_rule, true },
	{ "a setting", make_setting, true },
	{ "an address that goes", make_addr_gone, true },
	{ "a link with a third of them down", make_link_down, false },
};

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Returns how many findings there are. */
static size_t judge(const struct state *state)
{
	_cleanup_(report_freep) struct report *report = report_new();
	_cleanup_(freep) const struct iface **ifaces = NULL;
	const struct expect_declared silent = { 0 };
	const struct overlay overlay = { .state = state };
	const struct flowclasses none = { 0 };
	size_t count;

	if (!report || state_ifaces(state, &ifaces, &count) < 0)
		bench_die("no memory");
	for (size_t i = 0; i < count; i++) {
		if (report_add(report, &overlay, ifaces[i], &silent, &none,
			    DETAIL_COUNT) < 0)
			bench_die("no memory");
	}
	return report->findings.count;
}

/* Milliseconds; *ret_bytes: what the fork allocated. */
static double measure_once(
	const struct host *host, const struct kind *kind, double *ret_bytes)
{
	struct nexthop nexthop;
	struct record record = kind->make(host, &nexthop);
	size_t before = allocated();
	double began = bench_cpu_sec();
	_cleanup_(state_freep) struct state *fork = state_fork(host->state);

	if (!fork || state_apply(fork, &record) < 0)
		bench_die("no memory");
	*ret_bytes = (double)(allocated() - before);
	(void)judge(fork);
	return (bench_cpu_sec() - began) * 1e3;
}

static void measure(struct bench *bench, const struct host *host, size_t routes,
	const struct kind *kind)
{
	size_t times = bench->smoke ? 1 : REPETITIONS;
	bool bound = kind->bound && routes == 1000000;
	double msec[REPETITIONS], bytes;

	for (size_t turn = 0; turn < times; turn++)
		msec[turn] = measure_once(host, kind, &bytes);
	bench_value(bench, "ms", bench_percentile(msec, times, 0.5),
		bound ? 5 : BENCH_NONE, "%zu routes, %s: made and evaluated", routes,
		kind->what);
	if (kind->bound) /* else it is in mappings, which nobody counts */
		bench_value(bench, "MB", bytes / (1 << 20), bound ? 1 : BENCH_NONE,
			"its memory beside the state");
}

static void compare(struct bench *bench, size_t routes)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	_cleanup_(state_freep) struct state *state = state_new();
	struct host host = { .state = state };
	double began;
	size_t findings;

	if (!state || nl_request_new(&request) < 0 ||
		snapshot_read(request, NULL, state) < 0)
		bench_die("reading the kernel failed");
	host.g1 = state_iface_by_name(state, "g1")->link.ifindex;
	host.tunl0 = state_iface_by_name(state, "tunl0")->link.ifindex;
	began = bench_cpu_sec();
	findings = judge(state);
	bench_value(bench, "ms", (bench_cpu_sec() - began) * 1e3, BENCH_NONE,
		"%zu routes, the state itself: evaluated", routes);
	for (size_t i = 0; i < ELEMENTS(kinds); i++)
		measure(bench, &host, routes, &kinds[i]);
	bench_right(bench, judge(state) == findings && state->local_main_merged,
		"the state is as it was, with %zu findings", findings);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t count, more = 1000000;
	struct bench bench;

	bench_begin(&bench, "overlay", argc, argv);
	(void)bench_tunnel();
	bench_sysctl("conf/all/rp_filter", 1);
	count = bench.smoke ? 200 : 100000;
	routes = shape_routes(bench.full ? more : count, 1);
	bench_load(routes, count);
	compare(&bench, count);
	if (bench.full) {
		bench_load(routes + count, more - count);
		compare(&bench, more);
	}
	return bench_end(&bench);
}
