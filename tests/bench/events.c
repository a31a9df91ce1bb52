/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPU that route events cost the daemon, against loops that only receive them. Each gets
 * the same events from ip -batch, one after the other, alone with it on the machine.
 */
#include "bare.h"
#include "bench.h"
#include "service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define REPETITIONS 5
#define STATUS_MSEC 5500

struct storm {
	const struct shape_route *routes;
	size_t count;
	double seconds; /* how long the last one took */
};

/* What one run of the daemon showed. */
struct run {
	double cpu_sec;
	long drops;
	long before, after; /* routes it says it knows */
	long peak_kib, steady_kib, anon_kib;
};

/*
 * How many routes it knows now: it tells that when something changes, but seldom, so long
 * after the last time one more is added.
 */
static long known_routes(struct service *service)
{
	service_listen(service, STATUS_MSEC);
	bench_ip("route add blackhole 10.254.0.0/24");
	service_listen(service, 200);
	bench_ip("route del blackhole 10.254.0.0/24");
	return service_count(service, "routes") - 1;
}

/* All routes added, then all deleted. */
static void rage(struct storm *storm, struct service *service)
{
	FILE *file = tmpfile();
	double began;

	if (!file)
		bench_die("tmpfile: %s", strerror(errno));
	shape_write(file, "add", storm->routes, storm->count);
	shape_write(file, "del", storm->routes, storm->count);
	began = bench_sec();
	service_batch(service, file);
	storm->seconds = bench_sec() - began;
}

static struct run run_daemon(struct storm *storm, bool count)
{
	struct run run = { 0 };
	struct service service;
	double before;

	service_start(&service, "log = { hold_down = 0; };\n");
	service_settle(&service, service.pid);
	run.before = service_count(&service, "routes");
	run.drops = netlink_drops();
	before = process_cpu_sec(service.pid);
	rage(storm, &service);
	service_settle(&service, service.pid);
	run.cpu_sec = process_cpu_sec(service.pid) - before;
	run.drops = netlink_drops() - run.drops;
	run.peak_kib = process_status(service.pid, "VmHWM");
	run.steady_kib = process_status(service.pid, "VmRSS");
	run.anon_kib = process_status(service.pid, "RssAnon");
	run.after = count ? known_routes(&service) : run.before;
	service_stop(&service);
	return run;
}

static double run_bare(struct storm *storm, int batch)
{
	pid_t pid = bare_loop(batch);
	double used;

	rage(storm, NULL);
	service_settle(NULL, pid);
	used = process_cpu_sec(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return used;
}

static void compare(struct bench *bench, struct storm *storm, size_t under)
{
	double ours[REPETITIONS], bare[REPETITIONS], batched[REPETITIONS];
	double events = 2.0 * (double)storm->count;
	size_t times = bench->smoke ? 1 : REPETITIONS;
	struct run run = { 0 };
	long drops = 0;
	bool right = true;

	for (size_t i = 0; i < times; i++) {
		run = run_daemon(storm, i == times - 1);
		drops += run.drops;
		right &= run.before > 0 && run.before == run.after;
		ours[i] = run.cpu_sec / events * 1e6;
		bare[i] = run_bare(storm, 0) / events * 1e6;
		batched[i] = run_bare(storm, 1) / events * 1e6;
	}
	bench_ratio(bench, "us", ours, bare, times, 1.3,
		"CPU an event of %.0f on %zu routes, recv()", events, under);
	bench_ratio(bench, "us", ours, batched, times, BENCH_NONE,
		"the same, against recvmmsg()");
	bench_value(bench, "/s", events / storm->seconds, BENCH_NONE, "events a second");
	bench_value(bench, "", (double)drops, 0, "events lost");
	bench_right(bench, right, "%ld routes before, %ld after", run.before, run.after);
	bench_value(bench, "MB", (double)run.peak_kib / 1024,
		under > 500000 ? 80 : BENCH_NONE, "peak resident");
	bench_value(bench, "MB", (double)run.steady_kib / 1024,
		under > 500000 ? 40 : BENCH_NONE, "resident after it");
	bench_value(
		bench, "MB", (double)run.anon_kib / 1024, BENCH_NONE, "of it anonymous");
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t under = 1000000;
	struct storm storm;
	struct bench bench;

	bench_begin(&bench, "events", argc, argv);
	bench_scene();
	storm.count = bench.smoke ? 200 : 100000;
	routes = shape_routes(storm.count + (bench.full ? under : 0), 1);
	storm.routes = routes;
	compare(&bench, &storm, 0);
	if (bench.full) {
		bench_load(routes + storm.count, under);
		compare(&bench, &storm, under);
	}
	return bench_end(&bench);
}
