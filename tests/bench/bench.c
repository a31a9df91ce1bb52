/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void bench_begin(struct bench *bench, const char *name, int argc, char **argv)
{
	*bench = (struct bench){ .name = name };
	for (int i = 1; i < argc; i++) {
		bench->full |= strcmp(argv[i], "--full") == 0;
		bench->smoke |= strcmp(argv[i], "--smoke") == 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int bench_end(const struct bench *bench)
{
	return bench->missed;
}

_Noreturn void bench_die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(2);
}

_Noreturn void bench_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("not run: ");
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	exit(BENCH_SKIPPED);
}

static double read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_sec(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

double bench_cpu_sec(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* --- rows ----------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double bench_percentile(double *values, size_t count, double share)
{
	size_t at = (size_t)ceil(share * (double)count);

	qsort(values, count, sizeof(*values), by_value);
	return values[at ? at - 1 : 0];
}

static double median(const double *values, size_t count)
{
	double *sorted = calloc(count, sizeof(*sorted)), result;

	if (!sorted)
		bench_die("no memory");
	memcpy(sorted, values, count * sizeof(*sorted));
	result = bench_percentile(sorted, count, 0.5);
	free(sorted);
	return result;
}

/* Three digits that count. */
static const char *number(double value, const char *unit, char out[static 32])
{
	int decimals = fabs(value) >= 100 ? 0 : fabs(value) >= 10 ? 1 : 2;

	if (value == floor(value) && fabs(value) < 1e6)
		decimals = 0;
	snprintf(out, 32, "%.*f%s%s", decimals, value, *unit ? " " : "", unit);
	return out;
}

static const char *verdict(struct bench *bench, double value, double bound)
{
	if (isnan(bound) || bench->smoke)
		return "-";
	if (value <= bound)
		return "ok";
	bench->missed = true;
	return "MISSED";
}

static void row(const struct bench *bench, const char *what, const char *ours,
	const char *peer, const char *ratio, double bound, const char *verdict_)
{
	char text[32] = "-";

	if (!isnan(bound))
		number(bound, "", text);
	printf("%-8s %-60s %12s %12s %-20s %6s  %s\n", bench->name, what, ours, peer,
		ratio, text, verdict_);
}

#define WHAT(text)                                                                       \
	char text[128];                                                                  \
	va_list arguments;                                                               \
	va_start(arguments, what);                                                       \
	vsnprintf(text, sizeof(text), what, arguments);                                  \
	va_end(arguments)

void bench_ratio(struct bench *bench, const char *unit, const double *ours,
	const double *peer, size_t count, double bound, const char *what, ...)
{
	double *ratios = calloc(count, sizeof(*ratios)), middle;
	char left[32], right[32], ratio[64];
	WHAT(text);

	if (!ratios)
		bench_die("no memory");
	for (size_t i = 0; i < count; i++)
		ratios[i] = ours[i] / peer[i];
	middle = bench_percentile(ratios, count, 0.5);
	snprintf(ratio, sizeof(ratio), "%.2f (%.2f..%.2f)", middle, ratios[0],
		ratios[count - 1]);
	free(ratios);
	row(bench, text, number(median(ours, count), unit, left),
		number(median(peer, count), unit, right), ratio, bound,
		verdict(bench, middle, bound));
}

void bench_value(struct bench *bench, const char *unit, double value, double bound,
	const char *what, ...)
{
	char ours[32];
	WHAT(text);

	row(bench, text, number(value, unit, ours), "-", "-", bound,
		verdict(bench, value, bound));
}

void bench_right(struct bench *bench, bool right, const char *what, ...)
{
	WHAT(text);

	/* wrong is wrong with any size */
	bench->missed |= !right;
	row(bench, text, "", "", "", BENCH_NONE, right ? "ok" : "WRONG");
}

void bench_note(const struct bench *bench, const char *what, ...)
{
	WHAT(text);

	printf("%-8s %s\n", bench->name, text);
}

/* --- the scene ------------------------------------------------------------------------------ */

void bench_ip(const char *format, ...)
{
	char command[512] = "ip ";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command + 3, sizeof(command) - 3, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		bench_die("failed: %s", command);
}

void bench_sysctl(const char *path, int value)
{
	char file[256];
	FILE *out;

	snprintf(file, sizeof(file), "/proc/sys/net/ipv4/%s", path);
	out = fopen(file, "we");
	if (!out || fprintf(out, "%d", value) < 0 || fclose(out) != 0)
		bench_die("%s: %s", file, strerror(errno));
}

void bench_scene(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		bench_skip("no network namespace: %s", strerror(errno));
	bench_ip("link set lo up");
	for (int i = 0; i < 2; i++) {
		bench_ip("link add g%d type veth peer name h%d", i, i);
		bench_ip("link set h%d up", i);
		bench_ip("link set g%d up", i);
		bench_ip("address add " SHAPE_OWN "/24 dev g%d", i, i);
	}
}

int bench_here(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		bench_die("/proc/self/ns/net: %s", strerror(errno));
	return fd;
}

void bench_enter(int namespace)
{
	if (setns(namespace, CLONE_NEWNET) < 0)
		bench_die("setns: %s", strerror(errno));
}

int bench_tunnel(void)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "tunl0" };
	int tun;

	bench_scene();
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0)
		bench_skip("no tun device: %s", strerror(errno));
	bench_ip("link set tunl0 up");
	bench_ip("address add 192.0.2.1/32 dev tunl0");
	bench_sysctl("conf/all/rp_filter", 0);
	bench_sysctl("conf/tunl0/rp_filter", 0);
	return tun;
}

pid_t bench_batch(FILE *file)
{
	pid_t pid;

	rewind(file);
	pid = fork();
	if (pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (pid == 0) {
		dup2(fileno(file), STDIN_FILENO);
		execlp("ip", "ip", "-batch", "-", (char *)NULL);
		_exit(127);
	}
	fclose(file);
	return pid;
}

void bench_batch_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		bench_die("ip -batch failed");
}

void bench_load(const struct shape_route *routes, size_t count)
{
	FILE *file = tmpfile();

	if (!file)
		bench_die("tmpfile: %s", strerror(errno));
	shape_write(file, "add", routes, count);
	bench_batch_wait(bench_batch(file));
}
