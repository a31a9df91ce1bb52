/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the start of the daemon to READY, when it has evaluated everything once, against a bare
 * drain of the route dump; and how long others need until they have the routes, and what memory.
 */
#include "bare.h"
#include "bench.h"
#include "peer.h"
#include "service.h"

#include <unistd.h>

#define REPETITIONS 7
#define PEER_REPETITIONS 3

struct took {
	double sec[REPETITIONS], cpu_sec[REPETITIONS];
};

static void run_daemon(struct took *took, size_t turn, size_t routes, struct bench *bench)
{
	struct service service;
	struct told told;

	service_start(&service, "");
	took->sec[turn] = service.ready_sec - service.began_sec;
	took->cpu_sec[turn] = service.ready_cpu_sec;
	if (turn == 0) {
		told = service_tell(&service);
		bench_right(bench, told.routes == routes,
			"rpfilterd: %lu routes at READY, of %zu", told.routes, routes);
		bench_value(bench, "MB",
			(double)process_status(service.pid, "VmRSS") / 1024,
			routes > 500000 ? 40 : BENCH_NONE, "rpfilterd: resident then");
	}
	service_stop(&service);
}

static size_t run_bare(struct took *took, size_t turn)
{
	double began = bench_sec(), cpu_began = bench_cpu_sec();
	int fd = bare_socket();
	size_t messages = bare_drain(fd);

	close(fd);
	took->sec[turn] = bench_sec() - began;
	took->cpu_sec[turn] = bench_cpu_sec() - cpu_began;
	return messages;
}

static void compare_peer(struct bench *bench, const struct peer *peer, size_t routes)
{
	double theirs[PEER_REPETITIONS], bare[PEER_REPETITIONS];
	size_t times = bench->smoke ? 1 : PEER_REPETITIONS;
	const char *name = peer ? peer->name : "ip route show";
	struct peer_run run = { 0 };
	struct took took;

	if (peer && !peer_is_there(bench, peer))
		return;
	for (size_t i = 0; i < times; i++) {
		run = peer ? peer_run(peer, routes) : peer_run_ip();
		theirs[i] = run.sec * 1e3;
		(void)run_bare(&took, i);
		bare[i] = took.sec[i] * 1e3;
	}
	bench_ratio(bench, "ms", theirs, bare, times, BENCH_NONE,
		"%s: until it has them, against a bare drain", name);
	bench_value(bench, "MB", (double)run.resident_kib / 1024, BENCH_NONE,
		"%s: resident then", name);
}

static void compare(struct bench *bench, size_t routes, double bound)
{
	size_t times = bench->smoke ? 1 : REPETITIONS, messages = 0;
	struct took ours, bare;

	for (size_t i = 0; i < times; i++) {
		messages = run_bare(&bare, i);
		run_daemon(&ours, i, messages, bench);
	}
	for (size_t i = 0; i < times; i++) {
		ours.sec[i] *= 1e3, ours.cpu_sec[i] *= 1e3;
		bare.sec[i] *= 1e3, bare.cpu_sec[i] *= 1e3;
	}
	bench_ratio(bench, "ms", ours.sec, bare.sec, times, bound,
		"%zu routes, start to READY, against a bare drain", routes);
	bench_ratio(bench, "ms", ours.cpu_sec, bare.cpu_sec, times, BENCH_NONE,
		"the same: CPU");
	compare_peer(bench, NULL, routes);
	compare_peer(bench, &peer_bird, routes);
	compare_peer(bench, &peer_zebra, routes);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t count, more = 1000000;
	struct bench bench;

	bench_begin(&bench, "start", argc, argv);
	bench_scene();
	count = bench.smoke ? 200 : 100000;
	routes = shape_routes(bench.full ? more : count, 1);
	bench_load(routes, count);
	compare(&bench, count, BENCH_NONE);
	if (bench.full) {
		bench_load(routes + count, more - count);
		compare(&bench, more, 1.25);
	}
	return bench_end(&bench);
}
