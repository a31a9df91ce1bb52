/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory while everything is read again, for which two states are held: the daemon is stopped
 * until its receive buffer has overrun, and goes on.
 */
#include "bare.h"
#include "bench.h"
#include "service.h"

#include <signal.h>

#define SMALL_BUFFER 65536
#define RESYNC_MSEC 60000

static double mib(pid_t pid, const char *key)
{
	return (double)process_status(pid, key) / 1024;
}

static void overrun(const struct shape_route *routes, size_t count)
{
	long lost = netlink_drops();

	for (int i = 0; netlink_drops() == lost; i++) {
		if (i == 100)
			bench_die("the receive buffer does not overrun");
		bare_storm_wait(bare_storm(routes, count, 1, 0));
	}
}

static void measure(
	struct bench *bench, const struct shape_route *routes, size_t spare, size_t count)
{
	bool large = count > 500000;
	struct service service;
	struct told before, after;

	if (bench->smoke)
		service_start_with(&service, "", SMALL_BUFFER);
	else
		service_start(&service, "");
	service_settle(&service, service.pid);
	before = service_tell(&service);
	bench_value(bench, "MB", mib(service.pid, "VmRSS"), large ? 40 : BENCH_NONE,
		"%zu routes: resident", count);
	bench_value(bench, "MB", mib(service.pid, "VmHWM"), large ? 80 : BENCH_NONE,
		"peak of the start");
	kill(service.pid, SIGSTOP);
	overrun(routes, spare);
	process_forget_peak(service.pid);
	kill(service.pid, SIGCONT);
	service_await(&service, "resync", RESYNC_MSEC);
	service_settle(&service, service.pid);
	bench_value(bench, "MB", mib(service.pid, "VmHWM"), large ? 80 : BENCH_NONE,
		"peak of a resync");
	bench_value(bench, "MB", mib(service.pid, "VmRSS"), large ? 40 : BENCH_NONE,
		"resident after it");
	after = service_tell(&service);
	bench_right(bench, before.routes == after.routes && after.resyncs == 1,
		"%lu routes before, %lu after %lu resync", before.routes, after.routes,
		after.resyncs);
	service_stop(&service);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t spare, count, more = 1000000;
	struct bench bench;

	bench_begin(&bench, "resync", argc, argv);
	bench_scene();
	spare = bench.smoke ? 2000 : 100000;
	count = bench.smoke ? 200 : 100000;
	routes = shape_routes(spare + (bench.full ? more : count), 1);
	bench_load(routes + spare, count);
	measure(&bench, routes, spare, count);
	if (bench.full) {
		bench_load(routes + spare + count, more - count);
		measure(&bench, routes, spare, more);
	}
	return bench_end(&bench);
}
