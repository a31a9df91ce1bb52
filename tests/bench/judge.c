/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A verdict by the model, against asking the kernel for the same one: one question, one message. */
#include "bench.h"

#include "kernel/probe.h"
#include "kernel/snapshot.h"
#include "rpf/rpf.h"

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

/* Each flow by the model, then each by the kernel; both answers as the kernel's errno. */
static void take_turn(const struct state *state, struct nl_request *request,
	const struct flow *flows, size_t count, int *ours, int *kernels,
	double ret_nsec[static 2])
{
	const struct overlay overlay = { .state = state };
	double began = bench_cpu_sec(), middle;

	for (size_t i = 0; i < count; i++)
		ours[i] = rpf_judge(&overlay, &flows[i], NULL).error;
	middle = bench_cpu_sec();
	for (size_t i = 0; i < count; i++)
		kernels[i] = -probe_ask(request, &flows[i]);
	ret_nsec[0] = (middle - began) / (double)count * 1e9;
	ret_nsec[1] = (bench_cpu_sec() - middle) / (double)count * 1e9;
}

static void compare(struct bench *bench, size_t routes, double bound)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	_cleanup_(state_freep) struct state *state = state_new();
	static struct flow flows[FLOWS];
	static int ours[FLOWS], kernels[FLOWS];
	size_t count = bench->smoke ? 100 : FLOWS, times = bench->smoke ? 1 : REPETITIONS;
	double model_nsec[REPETITIONS], kernel_nsec[REPETITIONS], nsec[2];
	size_t drops = 0, differing = 0;

	if (!state || nl_request_new(&request) < 0 ||
		snapshot_read(request, NULL, state) < 0)
		bench_die("reading the kernel failed");
	make_flows(state, flows, count);
	for (size_t turn = 0; turn < times; turn++) {
		take_turn(state, request, flows, count, ours, kernels, nsec);
		model_nsec[turn] = nsec[0];
		kernel_nsec[turn] = nsec[1];
	}
	for (size_t i = 0; i < count; i++) {
		drops += kernels[i] != 0;
		differing += ours[i] != kernels[i];
	}
	bench_ratio(bench, "ns", model_nsec, kernel_nsec, times, bound,
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
	compare(&bench, count, BENCH_NONE);
	if (bench.full) {
		bench_load(routes + count, more - count);
		compare(&bench, more, 0.2);
	}
	return bench_end(&bench);
}
