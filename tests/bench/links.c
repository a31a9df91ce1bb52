/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it costs that one interface goes down and comes up, on a host with 10,000 of them and
 * on one with 100. Each is filtered strictly and has a network of its own. The audit that a
 * loss is followed by, 2 seconds later and at once for all that was lost meanwhile, reads
 * everything: it stands in a row of its own.
 */
#include "bench.h"
#include "service.h"

#include <errno.h>
#include <string.h>

#define REPETITIONS 5
#define TOGGLES 20
#define TRIES 5
#define AUDIT_MSEC 3500

/*
 * As a host has it. Without hold_down an interface that is up, and whose routes are announced
 * next, would be a finding for that moment, and the kernel's word about a link waits for whoever
 * changes links: it is that wait which would be measured.
 */
static const char config[] = "";

/* Devices of a kind that is everywhere: macvlans on one end of a pair. */
static void make_links(size_t count)
{
	FILE *file = tmpfile();

	if (!file)
		bench_die("tmpfile: %s", strerror(errno));
	/* so many neighbours of each other's would keep IPv6 busy for minutes */
	bench_sysctl("../ipv6/conf/default/disable_ipv6", 1);
	bench_sysctl("conf/default/rp_filter", 1);
	for (size_t i = 0; i < count; i++)
		fprintf(file,
			"link add link h0 name m%zu type macvlan mode bridge\n"
			"address add 100.%zu.%zu.1/24 dev m%zu\n"
			"link set m%zu up\n",
			i, 64 + (i >> 8), i & 255, i, i);
	bench_batch_wait(bench_batch(file));
}

/* Some of them down and up, one after the other. Who is told of it listens: a daemon that nobody
 * listens to waits. */
static void toggle(struct service *service, size_t links, size_t times, uint64_t *seed)
{
	FILE *file = tmpfile();

	if (!file)
		bench_die("tmpfile: %s", strerror(errno));
	for (size_t i = 0; i < times; i++) {
		size_t which = shape_random(seed) % links;

		fprintf(file, "link set m%zu down\nlink set m%zu up\n", which, which);
	}
	service_batch(service, file);
}

struct result {
	double cpu_usec;  /* a link that went down and came up */
	double most_usec; /* 99 of 100 of its events were judged within */
	double audit_msec;
	bool right;
};

/* The audit must not fall into the measurement: it comes 2 s after the first loss. */
static double cost_of_toggles(
	struct service *service, size_t links, size_t times, uint64_t *seed)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned long audits = service_tell(service).audits;
		double before = process_cpu_sec(service->pid), after, began = bench_sec();

		toggle(service, links, times, seed);
		service_listen(service, 300);
		after = process_cpu_sec(service->pid);
		if (service_tell(service).audits == audits && bench_sec() - began < 1.9)
			return (after - before) / (double)times * 1e6;
		service_listen(service, AUDIT_MSEC);
		service_settle(service, service->pid);
		times = times > 1 ? times / 2 : 1;
	}
	bench_die("an audit fell into each measurement");
}

static struct result measure(int namespace, size_t links, size_t times)
{
	struct result result = { 0 };
	struct service service;
	struct told before, after;
	uint64_t seed = 3;
	double cpu;

	bench_enter(namespace);
	service_start(&service, config);
	service_settle(&service, service.pid);
	before = service_tell(&service);
	result.cpu_usec = cost_of_toggles(&service, links, times, &seed);
	result.most_usec = (double)service_tell(&service).most_usec;
	cpu = process_cpu_sec(service.pid);
	service_listen(&service, AUDIT_MSEC);
	service_settle(&service, service.pid);
	after = service_tell(&service);
	result.audit_msec = (process_cpu_sec(service.pid) - cpu) * 1e3;
	result.right = before.routes == after.routes && after.audits > before.audits &&
		       !after.drifts && !after.overruns;
	service_stop(&service);
	return result;
}

int main(int argc, char **argv)
{
	double cpu[2][REPETITIONS], most[2][REPETITIONS], audit[2][REPETITIONS];
	size_t links[2] = { 100, 10000 }, turns = REPETITIONS, times = TOGGLES;
	int namespaces[2];
	bool right = true;
	struct bench bench;

	bench_begin(&bench, "links", argc, argv);
	if (bench.smoke)
		links[0] = 5, links[1] = 10, turns = 1, times = 3;
	else if (!bench.full)
		links[1] = 1000;
	for (int large = 0; large < 2; large++) {
		bench_scene();
		namespaces[large] = bench_here();
		make_links(links[large]);
	}
	for (size_t i = 0; i < turns; i++) {
		for (int large = 0; large < 2; large++) {
			struct result result =
				measure(namespaces[large], links[large], times);

			cpu[large][i] = result.cpu_usec;
			most[large][i] = result.most_usec;
			audit[large][i] = result.audit_msec;
			right &= result.right;
		}
	}
	bench_ratio(&bench, "us", cpu[1], cpu[0], turns, 2,
		"a link down and up, %zu links to %zu: CPU", links[1], links[0]);
	bench_ratio(&bench, "us", most[1], most[0], turns, 2,
		"the same: its events judged, 99th percentile");
	bench_ratio(&bench, "ms", audit[1], audit[0], turns, BENCH_NONE,
		"the audit after it: CPU");
	bench_right(&bench, right, "as many routes as before, the audits found nothing");
	return bench_end(&bench);
}
