/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A snapshot of a table written, against a bare drain of the same dump; answered from, against a
 * check of the kernel; its size, and the memory that writing it takes.
 */
#include "bare.h"
#include "bench.h"
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPETITIONS 7

/* Runs rpfilterctl; what it says goes nowhere. Returns how long that took, in milliseconds. */
static double run_ctl(const char *const *words, double *ret_resident_mb)
{
	const double began = bench_sec();
	posix_spawn_file_actions_t actions;
	long peak = 0;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
		&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, words[0], &actions, NULL, (char *const *)words, environ) !=
		0)
		bench_die("%s: %s", words[0], strerror(errno));
	posix_spawn_file_actions_destroy(&actions);
	/* ru_maxrss would count what this process had when it forked */
	while (ret_resident_mb && waitpid(pid, &status, WNOHANG) == 0) {
		long now = process_status(pid, "VmHWM");

		peak = now > peak ? now : peak;
		usleep(500);
	}
	if (ret_resident_mb)
		*ret_resident_mb = (double)peak / 1024;
	else if (waitpid(pid, &status, 0) != pid)
		bench_die("%s: %s", words[0], strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		bench_die("%s %s: failed", words[0], words[1]);
	return (bench_sec() - began) * 1e3;
}

static double drain_msec(size_t *ret_messages)
{
	const double began = bench_sec();
	int fd = bare_socket();

	*ret_messages = bare_drain(fd);
	close(fd);
	return (bench_sec() - began) * 1e3;
}

static void compare(struct bench *bench, const char *file, size_t count, bool bound)
{
	const char *const snapshot[] = { RPFILTERCTL, "snapshot", file, NULL };
	const char *const check[] = { RPFILTERCTL, "check", NULL };
	const char *const from[] = { RPFILTERCTL, "check", "--snapshot", file, NULL };
	double written[REPETITIONS], drained[REPETITIONS], live[REPETITIONS],
		away[REPETITIONS];
	size_t times = bench->smoke ? 1 : REPETITIONS, messages = 0;
	double resident_mb;
	struct stat stat_of;

	for (size_t i = 0; i < times; i++) {
		written[i] = run_ctl(snapshot, NULL);
		drained[i] = drain_msec(&messages);
		live[i] = run_ctl(check, NULL);
		away[i] = run_ctl(from, NULL);
	}
	(void)run_ctl(snapshot, &resident_mb);
	if (stat(file, &stat_of) < 0)
		bench_die("%s: %s", file, strerror(errno));
	bench_ratio(bench, "ms", written, drained, times, bound ? 2 : BENCH_NONE,
		"%zu routes: a snapshot written, against a bare drain", count);
	bench_ratio(bench, "ms", away, live, times, bound ? 1.5 : BENCH_NONE,
		"%zu routes: check from it, against check of the kernel", count);
	bench_value(bench, "bytes", (double)stat_of.st_size / (double)messages,
		bound ? 12 : BENCH_NONE, "its size, for each of %zu routes", messages);
	bench_value(bench, "MB", resident_mb, bound ? 16 : BENCH_NONE,
		"resident while it is written");
}

int main(int argc, char **argv)
{
	_cleanup_(freep) struct shape_route *routes = NULL;
	char file[] = "/tmp/bench-snapshot-XXXXXX";
	size_t count, more = 1000000;
	struct bench bench;
	int fd;

	bench_begin(&bench, "snapshot", argc, argv);
	bench_scene();
	fd = mkstemp(file);
	if (fd < 0)
		bench_die("%s: %s", file, strerror(errno));
	close(fd);
	count = bench.smoke ? 200 : 100000;
	routes = shape_routes(bench.full ? more : count, 1);
	bench_load(routes, count);
	compare(&bench, file, count, false);
	if (bench.full) {
		bench_load(routes + count, more - count);
		compare(&bench, file, more, true);
	}
	(void)unlink(file);
	return bench_end(&bench);
}
