/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A verdict by the model, against asking the kernel for the same one. */
#include "bench.h"

#include "kernel/probe.h"
#include "kernel/snapshot.h"
#include "model/rpf.h"

#include <string.h>

#define FLOWS 10000
#define REPETITIONS 7

static void make_flows(const struct state *state, struct flow *flows, size_t count)
{
	uint64_t seed = 2;

	for (size_t i = 0; i < count; i++) {
		uint64_t random = shape_random(&seed);
		int in = (int)(random >> 32 & 1);
		const struct iface *iface = state_iface_by_name(state, in ? "g1" : "g0");

		if (!iface)
			bench_die("the state has no g%d", in);
		flows[i] = (struct flow){
			.iif = iface->link.ifindex,
			.src = ip4(0x01000000 + (uint32_t)random % 0xdf000000),
			.dst = ip4(0x0aff0002 + (uint32_t)in * 256), /* SHAPE_OWN */
			.proto = FLOW_UDP,
		};
	}
}

static enum probe_verdict ask(struct nl_request *request, const struct flow *flow)
{
	struct probe_answer answer;
	int r = probe_flow(request, flow, &answer);

	if (r < 0)
		bench_die("asking the kernel failed: %s", strerror(-r));
	return answer.verdict;
}

static void compare(struct bench *bench, size_t routes)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	_cleanup_(state_freep) struct state *state = state_new();
	static struct flow flows[FLOWS];
	static enum rpf_verdict ours[FLOWS];
	static enum probe_verdict kernels[FLOWS];
	size_t count = bench->smoke ? 100 : FLOWS, times = bench->smoke ? 1 : REPETITIONS;
	double model_nsec[REPETITIONS], kernel_nsec[REPETITIONS];
	size_t drops = 0, differing = 0;

	if (!state || nl_request_new(&request) < 0 ||
		snapshot_read(request, NULL, state) < 0)
		bench_die("reading the kernel failed");
	const struct view view = { .state = state };
	make_flows(state, flows, count);
	for (size_t turn = 0; turn < times; turn++) {
		double began = bench_cpu_sec(), middle;

		for (size_t i = 0; i < count; i++)
			ours[i] = rpf_judge(&view, &flows[i], NULL).verdict;
		middle = bench_cpu_sec();
		for (size_t i = 0; i < count; i++)
			kernels[i] = ask(request, &flows[i]);
		model_nsec[turn] = (middle - began) / (double)count * 1e9;
		kernel_nsec[turn] = (bench_cpu_sec() - middle) / (double)count * 1e9;
	}
	for (size_t i = 0; i < count; i++) {
		drops += kernels[i] == PROBE_DROP;
		differing += (ours[i] == RPF_DROP) != (kernels[i] == PROBE_DROP) ||
			     (ours[i] == RPF_PASS) != (kernels[i] == PROBE_PASS);
	}
	bench_ratio(bench, "ns", model_nsec, kernel_nsec, times, BENCH_NONE,
		"a verdict on %zu routes, against asking", routes);
	bench_right(bench, !differing, "%zu of %zu verdicts differ, %zu drops", differing,
		count, drops);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t count, more = 1000000;
	struct bench bench;

	bench_begin(&bench, "judge", argc, argv);
	bench_scene();
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
