/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A day that never ends: a full table is added and removed by ip -batch, over and over. The
 * daemon's memory must be the same at the end as in the beginning, nothing may be lost, and the
 * audits, of which the last comes when all is quiet, must find nothing.
 */
#include "bench.h"
#include "service.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#define WARM 2 /* rounds before memory counts: arrays double, the allocator settles */
#define MEASURED                                                                         \
	3 /* rounds of which the least is compared: into one an audit may fall, which
		      holds two states */
#define ROUNDS_MAX 4096
#define AUDIT_SEC 300 /* a long audit is followed by 20 times as long without one */

struct soak {
	const struct shape_route *routes;
	size_t count;
	double seconds;
	double peaks[ROUNDS_MAX]; /* KiB, a round each */
	double ends
		[ROUNDS_MAX]; /* the same: what is resident when all is removed again */
	size_t rounds;
	size_t findings; /* entries; there is nothing to find */
};

/* Takes what it says and counts what it finds; an entry may come while nothing is asked. */
static void hear(struct soak *soak, struct service *service, int timeout_ms)
{
	static char line[sizeof(service->lines)];
	char event[64];

	while (service_entry(service, timeout_ms, line, sizeof(line))) {
		entry_field(line, "RPF_EVENT", event, sizeof(event));
		soak->findings += strncmp(event, "finding", 7) == 0;
	}
}

static void round_of(struct soak *soak, struct service *service)
{
	FILE *file = tmpfile();
	pid_t pid;
	int status;

	if (!file)
		bench_die("tmpfile: %s", strerror(errno));
	shape_write(file, "add", soak->routes, soak->count);
	shape_write(file, "del", soak->routes, soak->count);
	process_forget_peak(service->pid);
	pid = bench_batch(file);
	while (waitpid(pid, &status, WNOHANG) == 0)
		hear(soak, service, 100);
	if (status != 0)
		bench_die("ip -batch failed");
	service_settle(service, service->pid);
	soak->ends[soak->rounds] = (double)process_status(service->pid, "VmRSS");
	soak->peaks[soak->rounds++] = (double)process_status(service->pid, "VmHWM");
}

static double least(const double *values, size_t count)
{
	double least = values[0];

	for (size_t i = 1; i < count; i++)
		least = fmin(least, values[i]);
	return least;
}

/* The last rounds against the first. */
static void compare(struct bench *bench, const struct soak *soak, const double *values,
	const char *what)
{
	size_t few = soak->rounds < WARM + 2 * MEASURED ? 1 : MEASURED;
	double last = least(values + soak->rounds - few, few) / 1024, first = last;

	if (soak->rounds >= WARM + 2 * few)
		first = least(values + WARM, few) / 1024;
	bench_ratio(bench, "MB", &last, &first, 1, 1.05,
		"%s, the last rounds against the first behind %d", what, WARM);
}

/* An address that goes asks for an audit. */
static struct told audit(struct soak *soak, struct service *service)
{
	struct told before = service_tell(service), after;
	double until = bench_sec() + AUDIT_SEC;

	bench_ip("address add 10.77.0.1/32 dev lo");
	bench_ip("address del 10.77.0.1/32 dev lo");
	do {
		hear(soak, service, 500);
		after = service_tell(service);
	} while (after.audits == before.audits && bench_sec() < until);
	if (after.audits == before.audits)
		bench_die("no audit in %d s", AUDIT_SEC);
	return after;
}

static void report(struct bench *bench, const struct soak *soak,
	const struct told *before, const struct told *after, double cpu_sec)
{
	double events = 2.0 * (double)soak->count * (double)soak->rounds;
	bench_value(bench, "", (double)soak->rounds, BENCH_NONE,
		"rounds of %zu routes added and removed, in %.0f s", soak->count,
		soak->seconds);
	bench_value(bench, "us", cpu_sec / events * 1e6, BENCH_NONE, "CPU an event");
	compare(bench, soak, soak->peaks, "peak resident of a round");
	compare(bench, soak, soak->ends, "resident at its end");
	bench_value(bench, "", (double)(after->overruns + after->resyncs), 0,
		"overruns and resyncs");
	bench_right(bench, after->drifts == 0, "%lu audits found %lu differences",
		after->audits, after->drifts);
	bench_right(bench, before->routes == after->routes && soak->findings == 0,
		"%lu routes before, %lu after; %zu findings", before->routes,
		after->routes, soak->findings);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	static struct soak soak;
	struct told before, after;
	struct service service;
	struct bench bench;
	double until, cpu_sec;

	bench_begin(&bench, "soak", argc, argv);
	bench_scene();
	soak.count = bench.smoke ? 200 : bench.full ? 1000000 : 100000;
	soak.seconds = bench.smoke ? 0.5 : bench.full ? 600 : 30;
	soak.routes = routes = shape_routes(soak.count, 1);
	service_start(&service, "log = { hold_down = 0; };\n");
	service_settle(&service, service.pid);
	before = service_tell(&service);
	cpu_sec = process_cpu_sec(service.pid);
	until = bench_sec() + soak.seconds;
	/* however long that takes, there are rounds enough to be compared */
	do
		round_of(&soak, &service);
	while ((bench_sec() < until ||
		       (bench.full && soak.rounds < WARM + 2 * MEASURED)) &&
		soak.rounds < ROUNDS_MAX);
	service_settle(&service, service.pid);
	cpu_sec = process_cpu_sec(service.pid) - cpu_sec;
	after = audit(&soak, &service);
	service_stop(&service);
	report(&bench, &soak, &before, &after, cpu_sec);
	return bench_end(&bench);
}
