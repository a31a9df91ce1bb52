/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether what the daemon and rpfilterctl say is dropped is right while a table churns: on a
 * strict tunnel that all sources are expected on, and on an uplink whose default route lost.
 * Both are held against a sum of the table's own text, before, in the middle of, and after
 * the churn. The kernel stands still meanwhile: ip -batch is stopped where it is.
 */
#include "bench.h"
#include "service.h"
#include "sum.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STOPS 5
#define SETTLE_MSEC 1500
#define SETTLE_TRIES 6
#define EXACT 0.000002 /* of six decimals */
#define SAID 0.000102  /* a change below 0.0001 is no news */

static const char config[] =
	"interfaces = ( { match = \"tunl0\"; expect = [ \"0.0.0.0/0\" ]; } );\n"
	"log = { hold_down = 0; };\n";
static const char *const devices[] = { "tunl0", "g1" };

struct answer {
	double said[2];		    /* by the daemon, last; -1: nothing yet */
	double off_said, off_asked; /* the largest differences */
	size_t compared;
};

static void listen_for(struct service *service, struct answer *answer, int msec)
{
	static char line[sizeof(service->lines)];
	char name[64], share[64];

	while (service_entry(service, msec, line, sizeof(line))) {
		for (int i = 0; i < 2; i++) {
			entry_field(line, "RPF_IIF", name, sizeof(name));
			entry_field(line, "RPF_SHARE", share, sizeof(share));
			if (strcmp(name, devices[i]) == 0 && share[0])
				answer->said[i] = strtod(share, NULL);
		}
	}
}

static double expected_share(int which)
{
	struct sum sum = sum_of(devices[which]);

	/* on the uplink what its own routes are for */
	return which == 0 ? (sum.all - sum.routed) / sum.all
			  : (sum.known - sum.routed) / sum.known;
}

/* What rpfilterctl says now; -1: no finding. */
static double asked_share(const char *config_path, const char *device)
{
	char command[512], text[64] = "-1";
	FILE *pipe;

	snprintf(command, sizeof(command),
		"%s check --json --config %s %s | grep -o '\"share\":[0-9.]*' | head -n 1 | cut -d : -f 2",
		RPFILTERCTL, config_path, device);
	pipe = popen(command, "re");
	if (!pipe)
		bench_die("rpfilterctl: %s", strerror(errno));
	if (!fgets(text, sizeof(text), pipe))
		snprintf(text, sizeof(text), "-1");
	pclose(pipe);
	return strtod(text, NULL);
}

static void worst(double *worst_, double a, double b)
{
	if (*worst_ < fabs(a - b))
		*worst_ = fabs(a - b);
}

static void compare(
	struct service *service, const char *config_path, struct answer *answer)
{
	double shares[2];
	bool settled = false;

	for (int i = 0; i < 2; i++)
		shares[i] = expected_share(i);
	/* the table stands still meanwhile: a slow daemon gets there later, a wrong one never */
	for (int tries = 0; tries < SETTLE_TRIES && !settled; tries++) {
		listen_for(service, answer, SETTLE_MSEC);
		settled = fabs(answer->said[0] - shares[0]) <= SAID &&
			  fabs(answer->said[1] - shares[1]) <= SAID;
	}
	for (int i = 0; i < 2; i++) {
		double right = shares[i];

		worst(&answer->off_said, answer->said[i], right);
		worst(&answer->off_asked, asked_share(config_path, devices[i]), right);
		answer->compared++;
	}
}

static void churn(struct service *service, const char *config_path, struct answer *answer,
	const struct shape_route *routes, size_t count)
{
	FILE *file = tmpfile();
	struct timespec moment = { .tv_nsec = 20000000 };
	pid_t pid;

	if (!file)
		bench_die("tmpfile: %s", strerror(errno));
	shape_write(file, "add", routes, count);
	shape_write(file, "del", routes, count / 2);
	pid = bench_batch(file);
	for (int i = 0; i < STOPS; i++) {
		nanosleep(&moment, NULL);
		kill(pid, SIGSTOP);
		compare(service, config_path, answer);
		kill(pid, SIGCONT);
	}
	bench_batch_wait(pid);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	struct answer answer = { .said = { -1, -1 } };
	char config_path[] = "/tmp/rpfilterd-answer.XXXXXX";
	size_t spare, count;
	struct service service;
	struct bench bench;
	int fd;

	bench_begin(&bench, "answer", argc, argv);
	(void)bench_tunnel();
	spare = bench.smoke ? 20000 : 200000;
	count = bench.smoke ? 200 : bench.full ? 1000000 : 100000;
	routes = shape_routes(spare + count, 1);
	bench_load(routes + spare, count);
	bench_ip("route add default via 10.255.0.1");
	bench_ip("route add default via 10.255.1.1 metric 100");
	bench_ip("route add 96.0.0.0/3 dev tunl0");
	bench_sysctl("conf/tunl0/rp_filter", 1);
	bench_sysctl("conf/g1/rp_filter", 1);
	fd = mkstemp(config_path);
	if (fd < 0 || write(fd, config, strlen(config)) < 0 || close(fd) < 0)
		bench_die("%s: %s", config_path, strerror(errno));
	service_start(&service, config);
	compare(&service, config_path, &answer);
	churn(&service, config_path, &answer, routes, spare);
	compare(&service, config_path, &answer);
	service_stop(&service);
	unlink(config_path);
	bench_right(&bench, answer.off_said <= SAID,
		"shares that the daemon said, off by %.6f at most, %zu compared",
		answer.off_said, answer.compared);
	bench_right(&bench, answer.off_asked <= EXACT,
		"shares that rpfilterctl says, off by %.6f at most", answer.off_asked);
	return bench_end(&bench);
}
