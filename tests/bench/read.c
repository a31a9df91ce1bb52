/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All routes read into a state, against a bare drain of the same dump. */
#include "bare.h"
#include "bench.h"

#include "kernel/snapshot.h"

#include <string.h>
#include <unistd.h>

#define REPETITIONS 15

/* A dump is worked out in the calls that ask for it: CPU time is all of its time. */
struct took {
	double cpu_msec, msec;
};

static struct took since(const struct took *began)
{
	return (struct took){
		.cpu_msec = bench_cpu_sec() * 1e3 - began->cpu_msec,
		.msec = bench_sec() * 1e3 - began->msec,
	};
}

static struct took read_all(size_t *ret_routes)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	_cleanup_(state_freep) struct state *state = state_new();
	struct took began, took;
	int r = nl_request_new(&request);

	began = since(&(struct took){ 0 });
	if (r >= 0 && state)
		r = snapshot_read(request, NULL, state);
	took = since(&began);
	if (r < 0 || !state)
		bench_die("reading the kernel failed: %s", strerror(-r));
	*ret_routes = state_routes(state);
	return took;
}

static struct took drain(int fd, size_t *ret_messages)
{
	struct took began = since(&(struct took){ 0 });

	*ret_messages = bare_drain(fd);
	return since(&began);
}

static void compare(struct bench *bench, size_t count, double bound)
{
	double cpu[2][REPETITIONS], clock[2][REPETITIONS];
	size_t times = bench->smoke ? 2 : REPETITIONS, routes = 0, messages = 0;
	int fd = bare_socket();

	for (size_t i = 0; i < times; i++) {
		struct took ours = read_all(&routes), bare = drain(fd, &messages);

		cpu[0][i] = ours.cpu_msec;
		cpu[1][i] = bare.cpu_msec;
		clock[0][i] = ours.msec;
		clock[1][i] = bare.msec;
	}
	close(fd);
	bench_ratio(bench, "ms", cpu[0], cpu[1], times, bound,
		"%zu routes read, against a bare drain: CPU", count);
	bench_ratio(bench, "ms", clock[0], clock[1], times, BENCH_NONE,
		"the same: by the clock");
	bench_right(bench, routes == messages, "%zu routes in the state, of %zu", routes,
		messages);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t count, more = 1000000;
	struct bench bench;

	bench_begin(&bench, "read", argc, argv);
	bench_scene();
	count = bench.smoke ? 200 : 100000;
	routes = shape_routes(bench.full ? more : count, 1);
	bench_load(routes, count);
	compare(&bench, count, 1.5);
	if (bench.full) {
		bench_load(routes + count, more - count);
		compare(&bench, more, BENCH_NONE);
	}
	return bench_end(&bench);
}
