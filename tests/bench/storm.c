/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A finding that appears while routes come and go, 150,000 a second and as fast as this machine
 * can have them: from the write to rp_filter to the entry.
 */
#include "bare.h"
#include "bench.h"
#include "service.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define TOGGLES 100
#define ENTRY_MSEC 5000
#define PAUSE_USEC 20000
#define BOUND_MSEC 20
#define PER_SECOND 150000
#define PARTS 20
#define TUNNEL "conf/tunl0/rp_filter"
#define UPLINK "conf/g1/rp_filter"

static const char config[] =
	"interfaces = ( { match = \"tunl0\"; expect = [ \"0.0.0.0/0\" ]; },\n"
	"\t{ match = \"g1\"; expect = [ \"0.0.0.0/0\" ]; } );\n"
	"log = { hold_down = 0; };\n";

struct weather {
	const struct shape_route *routes;
	size_t count;
	unsigned int per_second; /* 0: as fast as can be */
	pid_t storm;
	double began, seconds; /* of the storms that ended */
	double events;
};

/* There is always one: the next begins where the last ended. */
static void keep_raging(struct weather *weather)
{
	int status;

	if (weather->storm && waitpid(weather->storm, &status, WNOHANG) == 0)
		return;
	if (weather->storm) {
		if (status != 0)
			bench_die("the kernel refused a route of the storm");
		weather->seconds += bench_sec() - weather->began;
		weather->events += 2 * (double)weather->count;
	}
	weather->began = bench_sec();
	weather->storm =
		bare_storm(weather->routes, weather->count, 1, weather->per_second);
}

/* Until the entry is there, milliseconds; *ret_write: of it the write itself. */
static double toggle(struct service *service, const char *key, bool on, double *ret_write)
{
	double began = bench_sec();

	bench_sysctl(key, on);
	*ret_write = (bench_sec() - began) * 1e3;
	service_await(service, on ? "finding-raised" : "finding-cleared", ENTRY_MSEC);
	return (bench_sec() - began) * 1e3;
}

static void pause_usec(uint64_t usec)
{
	const struct timespec pause = { .tv_nsec = (long)usec * 1000 };

	nanosleep(&pause, NULL);
}

static void measure(struct bench *bench, struct weather *weather, size_t routes)
{
	double raised[TOGGLES], writes[TOGGLES];
	size_t count = bench->smoke ? 2 : TOGGLES;
	struct service service;
	struct told before, after;
	uint64_t seed = 1;

	*weather = (struct weather){ .routes = weather->routes,
		.count = weather->count,
		.per_second = weather->per_second };
	service_start(&service, config);
	service_settle(&service, service.pid);
	before = service_tell(&service);
	for (size_t i = 0; i < count; i++) {
		double ignored;

		keep_raging(weather);
		pause_usec(shape_random(&seed) % PAUSE_USEC);
		raised[i] = toggle(&service, TUNNEL, true, &writes[i]);
		keep_raging(weather);
		(void)toggle(&service, TUNNEL, false, &ignored);
	}
	bare_storm_wait(weather->storm);
	weather->seconds += bench_sec() - weather->began;
	weather->events += 2 * (double)weather->count;
	service_settle(&service, service.pid);
	after = service_tell(&service);
	bench_value(bench, "/s", floor(weather->events / weather->seconds), BENCH_NONE,
		"%zu routes: events a second", routes);
	bench_value(bench, "ms", bench_percentile(raised, count, 0.5), BENCH_NONE,
		"write to entry in it, median of %zu", count);
	bench_value(bench, "ms", bench_percentile(raised, count, 0.99),
		weather->per_second ? BOUND_MSEC : BENCH_NONE, "99th percentile");
	bench_value(
		bench, "ms", bench_percentile(raised, count, 1), BENCH_NONE, "longest");
	bench_value(bench, "ms", bench_percentile(writes, count, 0.99), BENCH_NONE,
		"of it the write itself, 99th percentile");
	bench_value(bench, "", (double)(after.overruns + after.resyncs), 0,
		"overruns and resyncs");
	bench_right(bench, before.routes == after.routes, "%lu routes before, %lu after",
		before.routes, after.routes);
	service_stop(&service);
}

/*
 * All is quiet, but what is dropped is a part, two thirds of prefixes that lie side by side: it
 * is looked for by a walk, and put into words.
 */
static void measure_part(struct bench *bench, size_t routes)
{
	size_t count = bench->smoke ? 2 : PARTS;
	double raised[PARTS], ignored;
	struct service service;

	service_start(&service, config);
	service_settle(&service, service.pid);
	for (size_t i = 0; i < count; i++) {
		raised[i] = toggle(&service, UPLINK, true, &ignored);
		pause_usec(PAUSE_USEC);
		(void)toggle(&service, UPLINK, false, &ignored);
		pause_usec(PAUSE_USEC);
	}
	bench_value(bench, "ms", bench_percentile(raised, count, 0.5), BENCH_NONE,
		"%zu routes, quiet: write to entry of what drops a part, median of %zu",
		routes, count);
	service_stop(&service);
}

static void measure_both(struct bench *bench, struct weather *weather, size_t routes)
{
	weather->per_second = PER_SECOND;
	measure(bench, weather, routes);
	weather->per_second = 0;
	measure(bench, weather, routes);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	size_t under = 1000000;
	struct weather weather = { 0 };
	struct bench bench;

	bench_begin(&bench, "storm", argc, argv);
	(void)bench_tunnel();
	bench_ip("route add default via 10.255.0.1");
	weather.count = bench.smoke ? 200 : 100000;
	routes = shape_routes(weather.count + (bench.full ? under : 0), 1);
	weather.routes = routes;
	measure_both(&bench, &weather, 0);
	measure_part(&bench, 0);
	if (bench.full) {
		bench_load(routes + weather.count, under);
		measure_both(&bench, &weather, under);
		measure_part(&bench, under);
	}
	return bench_end(&bench);
}
