/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judging a whole host that has rules of every selector, and many interfaces. */
#include "bench.h"

#include "finding/report.h"
#include "kernel/nl_request.h"
#include "kernel/snapshot.h"

#define RULES 100
#define IFACES 20
#define REPETITIONS 9

/* Each of the ten selectors in turn, about the interface `which`. */
static void write_rule(FILE *ip, size_t i, size_t which)
{
	fprintf(ip, "rule add priority %zu ", 100 + i);
	switch (i % 10) {
	case 0:
		fprintf(ip, "fwmark %zu", which + 1);
		break;
	case 1:
		fprintf(ip, "uidrange %zu-%zu", 1000 + which, 1001 + which);
		break;
	case 2:
		fprintf(ip, "oif b%zu", which);
		break;
	case 3:
		fprintf(ip, "iif b%zu fwmark 0x10/0xf0", which);
		break;
	case 4:
		fprintf(ip, "from 10.%zu.0.1", which);
		break;
	case 5:
		fprintf(ip, "to 20.%zu.0.0/16", which);
		break;
	case 6:
		fprintf(ip, "tos 0x10 fwmark %zu", which + 1);
		break;
	case 7:
		fprintf(ip, "ipproto tcp dport %zu", which + 1);
		break;
	case 8:
		fprintf(ip, "not fwmark %zu", which + 1);
		break;
	default:
		fprintf(ip, "iif b%zu", which);
		break;
	}
	fprintf(ip, " lookup %zu\n", 1000 + which);
}

static void make_host(size_t rules, size_t ifaces)
{
	FILE *ip = popen("ip -batch -", "w");

	if (!ip)
		bench_die("ip does not start");
	for (size_t i = 0; i < ifaces; i++) {
		fprintf(ip, "link add b%zu type bridge\nlink set b%zu up\n", i, i);
		fprintf(ip, "address add 10.%zu.0.1/24 dev b%zu\n", i, i);
		fprintf(ip, "route add default via 10.%zu.0.2 dev b%zu table %zu\n", i, i,
			1000 + i);
	}
	for (size_t i = 0; i < rules; i++)
		write_rule(ip, i, i % ifaces);
	if (pclose(ip) != 0)
		bench_die("the host could not be made");
}

static double judge_all(const struct state *state, size_t *ret_findings)
{
	const struct expect_declared silent = { 0 };
	const struct overlay overlay = { .state = state };
	const struct flowclasses none = { 0 };
	_cleanup_(report_freep) struct report *report = report_new();
	_cleanup_(freep) const struct iface **ifaces = NULL;
	double began = bench_cpu_sec();
	size_t count;

	if (!report || state_ifaces(state, &ifaces, &count) < 0)
		bench_die("no memory");
	for (size_t i = 0; i < count; i++) {
		if (report_add(report, &overlay, ifaces[i], &silent, &none,
			    DETAIL_COUNT) < 0)
			bench_die("no memory");
	}
	*ret_findings = report->findings.count;
	return (bench_cpu_sec() - began) * 1e3;
}

int main(int argc, char **argv)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	_cleanup_(state_freep) struct state *state = state_new();
	double msec[REPETITIONS];
	size_t findings = 0, times;
	struct bench bench;

	bench_begin(&bench, "expect", argc, argv);
	bench_scene();
	bench_sysctl("conf/all/rp_filter", 1);
	times = bench.smoke ? 1 : REPETITIONS;
	make_host(bench.smoke ? 20 : RULES, bench.smoke ? 4 : IFACES);
	if (!state || nl_request_new(&request) < 0 ||
		snapshot_read(request, NULL, state) < 0)
		bench_die("reading the kernel failed");
	for (size_t i = 0; i < times; i++)
		msec[i] = judge_all(state, &findings);
	bench_value(&bench, "ms", bench_percentile(msec, times, 0.5), 20,
		"evaluating a host of %d rules of every selector and %d interfaces",
		RULES, IFACES);
	bench_right(&bench, findings > 0, "%zu findings", findings);
	return bench_end(&bench);
}
