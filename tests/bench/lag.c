/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the daemon's waking up for a route event to its having evaluated it, by the daemon's own
 * histogram: in storms as fast as ip -batch and the kernel go, and in a stream with pauses, on
 * a small table and on a full one in turns.
 */
#include "bare.h"
#include "bench.h"
#include "service.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#define REPETITIONS 5

/*
 * An event that comes alone is evaluated at once. In a storm the daemon lets events gather for
 * a millisecond and takes up to 1,024 of them, some 2 ms of work (daemon/sync/sync.c): what was
 * taken first waits for the last of them and for the evaluation of all.
 */
#define ALONE_USEC 100
#define STORM_USEC 3000

enum load { LOAD_BATCH, LOAD_FAST, LOAD_KERNEL, LOAD_PACED, LOADS };

static const struct {
	const char *what;
	size_t routes;
	unsigned int per_second;
	double bound_usec;
} loads[LOADS] = {
	[LOAD_BATCH] = { "storm of ip -batch", 100000, 0, STORM_USEC },
	[LOAD_FAST] = { "storm of 150,000 a second", 100000, 150000, STORM_USEC },
	[LOAD_KERNEL] = { "storm without pause", 100000, 0, STORM_USEC },
	[LOAD_PACED] = { "one each millisecond", 2000, 1000, ALONE_USEC },
};

static void rage(enum load load, const struct shape_route *routes, size_t count)
{
	FILE *file;

	if (load != LOAD_BATCH) {
		bare_storm_wait(bare_storm(routes, count, 1, loads[load].per_second));
		return;
	}
	file = tmpfile();
	if (!file)
		bench_die("tmpfile: %s", strerror(errno));
	shape_write(file, "add", routes, count);
	shape_write(file, "del", routes, count);
	bench_batch_wait(bench_batch(file));
}

static struct told measure(int namespace, enum load load,
	const struct shape_route *routes, size_t count, bool *right)
{
	struct service service;
	struct told before, after;

	bench_enter(namespace);
	service_start(&service, "log = { hold_down = 0; };\n");
	service_settle(&service, service.pid);
	before = service_tell(&service);
	rage(load, routes, count);
	service_settle(&service, service.pid);
	after = service_tell(&service);
	service_stop(&service);
	*right &= before.routes == after.routes && after.overruns == 0 &&
		  after.events - before.events == 2 * count;
	return after;
}

static void compare(struct bench *bench, const int namespaces[static 2], enum load load,
	const struct shape_route *routes)
{
	size_t count = bench->smoke ? 100 : loads[load].routes;
	size_t times = bench->smoke ? 1 : REPETITIONS;
	double most[2][REPETITIONS], half[REPETITIONS], longest = 0;
	bool right = true;

	for (size_t i = 0; i < times; i++) {
		for (int large = 0; large < 2; large++) {
			struct told told =
				measure(namespaces[large], load, routes, count, &right);

			most[large][i] = (double)told.most_usec;
			half[i] = (double)told.half_usec;
			if (longest < (double)told.longest_usec)
				longest = (double)told.longest_usec;
		}
	}
	bench_ratio(bench, "us", most[1], most[0], times, 1.5,
		"%s: 99th percentile, large to small", loads[load].what);
	bench_value(bench, "us", bench_percentile(most[1], times, 0.5),
		loads[load].bound_usec, "on the large table, 99th percentile");
	bench_value(bench, "us", bench_percentile(half, times, 0.5), BENCH_NONE, "half");
	bench_value(bench, "us", longest, BENCH_NONE, "longest of all runs");
	bench_right(
		bench, right, "all events counted, none lost, as many routes as before");
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t spare = 100000, small, large;
	int namespaces[2];
	struct bench bench;

	bench_begin(&bench, "lag", argc, argv);
	small = bench.smoke ? 100 : 10000;
	large = bench.smoke ? 200 : bench.full ? 1000000 : 100000;
	routes = shape_routes(spare + large, 1);
	bench_scene();
	namespaces[0] = bench_here();
	bench_load(routes + spare, small);
	bench_scene();
	namespaces[1] = bench_here();
	bench_load(routes + spare, large);
	bench_note(
		&bench, "%zu routes is the small table, %zu the large one", small, large);
	for (enum load load = 0; load < LOADS; load++)
		compare(&bench, namespaces, load, routes);
	return bench_end(&bench);
}
