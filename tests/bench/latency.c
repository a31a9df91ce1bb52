/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a write to rp_filter to the entry about it, and what the daemon costs when nothing
 * happens. One process writes, listens to the kernel beside the daemon, and reads its entries.
 */
#include "bare.h"
#include "bench.h"
#include "service.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TOGGLES 300
#define IDLE_SEC 30
#define ENTRY_SEC 5
#define PAUSE_MAX_US 40000

static const char config[] =
	"interfaces = ( { match = \"tunl0\"; expect = [ \"0.0.0.0/0\" ]; } );\n"
	"log = { hold_down = 0; };\n";

/* The realserver of the story: VIP on the tunnel, everything else by g0. */
static int scene(void)
{
	int tun = bench_tunnel();

	bench_ip("route add default via 10.255.0.1");
	return tun;
}

struct times {
	double write, event, entry;
};

struct lines {
	char text[8192];
	size_t filled;
};

/* Takes what the pipe has; whether a line with event was among it. */
static bool take_lines(int fd, struct lines *lines, const char *event)
{
	ssize_t got = read(
		fd, lines->text + lines->filled, sizeof(lines->text) - 1 - lines->filled);
	bool found = false;
	char *end;

	if (got <= 0)
		bench_die("the daemon's entries ended");
	lines->filled += (size_t)got;
	lines->text[lines->filled] = 0;
	while ((end = strchr(lines->text, '\n')) != NULL) {
		*end = 0;
		found |= strstr(lines->text, event) != NULL;
		lines->filled -= (size_t)(end + 1 - lines->text);
		memmove(lines->text, end + 1, lines->filled + 1);
	}
	return found;
}

/* Waits for the kernel's event and the daemon's entry, whichever comes first. */
static struct times toggle(
	struct service *service, int listener, struct lines *lines, bool on)
{
	const char *event = on ? "\"finding-raised\"" : "\"finding-cleared\"";
	struct times times = { 0 };
	char buffer[8192];

	while (recv(listener, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
	times.write = bench_sec();
	bench_sysctl("conf/tunl0/rp_filter", on);
	while (times.event <= 0 || times.entry <= 0) {
		struct pollfd wait[] = { { .fd = listener, .events = POLLIN },
			{ .fd = service->out, .events = POLLIN } };

		if (poll(wait, 2, ENTRY_SEC * 1000) <= 0)
			bench_die("no entry within %d s", ENTRY_SEC);
		if (wait[0].revents) {
			if (recv(listener, buffer, sizeof(buffer), 0) < 0)
				bench_die("recv: %s", strerror(errno));
			times.event = times.event > 0 ? times.event : bench_sec();
		}
		if (wait[1].revents && take_lines(service->out, lines, event))
			times.entry = bench_sec();
	}
	return times;
}

static void latency(struct bench *bench)
{
	double from_write[TOGGLES], from_event[TOGGLES];
	size_t count = bench->smoke ? 4 : TOGGLES;
	struct lines lines = { 0 };
	uint64_t seed = 1;
	struct service service;
	int listener;

	service_start(&service, config);
	service_settle(&service, service.pid);
	listener = bare_listener();
	for (size_t i = 0; i < count; i++) {
		struct timespec pause = {
			.tv_nsec = (long)(shape_random(&seed) % PAUSE_MAX_US) * 1000
		};

		nanosleep(&pause, NULL);
		struct times times = toggle(&service, listener, &lines, i % 2 == 0);
		from_write[i] = (times.entry - times.write) * 1e3;
		from_event[i] = (times.entry - times.event) * 1e3;
		service_listen(&service, 0);
	}
	close(listener);
	service_stop(&service);
	bench_value(bench, "ms", bench_percentile(from_write, count, 0.5), 2,
		"kernel write to entry, median of %zu", count);
	bench_value(bench, "ms", bench_percentile(from_write, count, 0.99), 10,
		"kernel write to entry, 99th percentile");
	bench_value(bench, "ms", bench_percentile(from_write, count, 1), BENCH_NONE,
		"kernel write to entry, longest");
	bench_value(bench, "ms", bench_percentile(from_event, count, 0.5), BENCH_NONE,
		"event heard beside it to entry, median");
	bench_value(bench, "ms", bench_percentile(from_event, count, 0.99), BENCH_NONE,
		"event heard beside it to entry, 99th percentile");
}

static void idle(struct bench *bench)
{
	_cleanup_(freep) struct shape_route *routes = shape_routes(20, 1);
	int seconds = bench->smoke ? 1 : IDLE_SEC;
	struct service service;
	long woken;
	double used;

	bench_load(routes, 20);
	service_start(&service, "");
	/* behind the audit that the first links ask for */
	service_listen(&service, bench->smoke ? 100 : 5000);
	woken = process_status(service.pid, "voluntary_ctxt_switches");
	used = process_cpu_sec(service.pid);
	service_listen(&service, seconds * 1000);
	woken = process_status(service.pid, "voluntary_ctxt_switches") - woken;
	used = process_cpu_sec(service.pid) - used;
	bench_value(bench, "", (double)woken, 3, "idle, 20 routes: wake-ups in %d s",
		seconds);
	bench_value(bench, "ms", used * 1e3, BENCH_NONE, "idle, 20 routes: CPU in %d s",
		seconds);
	bench_value(bench, "MB", (double)process_status(service.pid, "RssAnon") / 1024, 1,
		"idle, 20 routes: anonymous memory");
	bench_value(bench, "MB", (double)process_status(service.pid, "VmRSS") / 1024, 6,
		"idle, 20 routes: resident");
	service_stop(&service);
}

int main(int argc, char **argv)
{
	struct bench bench;
	int tun;

	bench_begin(&bench, "latency", argc, argv);
	tun = scene();
	latency(&bench);
	idle(&bench);
	close(tun);
	return bench_end(&bench);
}
