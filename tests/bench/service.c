/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service.h"

#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_SEC 60

static const char *program(void)
{
	const char *path = getenv("RPFILTERD");

	return path ? path : RPFILTERD;
}

/* An abstract socket: it belongs to the namespace, and goes with it. */
static int notify_socket(char name[static 64])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int length = snprintf(name, 64, "@rpfilterd-bench-%d", (int)getpid());

	memcpy(address.sun_path, name, (size_t)length);
	address.sun_path[0] = 0;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					  (size_t)length)) < 0)
		bench_die("notify socket: %s", strerror(errno));
	return fd;
}

static void write_config(char path[static 64], const char *text)
{
	int fd;

	strcpy(path, "/tmp/rpfilterd-bench.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		bench_die("%s: %s", path, strerror(errno));
	close(fd);
}

void service_start(struct service *service, const char *config)
{
	char name[64], path[64];
	double limit = bench_sec() + START_SEC;
	int out[2];

	*service = (struct service){ .notify = notify_socket(name) };
	write_config(path, config);
	if (access(program(), X_OK) < 0)
		bench_skip("%s: %s", program(), strerror(errno));
	if (pipe(out) < 0)
		bench_die("pipe: %s", strerror(errno));
	service->pid = fork();
	if (service->pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (service->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		setenv("NOTIFY_SOCKET", name, 1);
		execl(program(), program(), "--log", "json", "--config", path,
			(char *)NULL);
		_exit(127);
	}
	close(out[1]);
	service->out = out[0];
	while (!service->ready && bench_sec() < limit &&
		waitpid(service->pid, NULL, WNOHANG) == 0)
		service_listen(service, 50);
	unlink(path);
	if (!service->ready)
		bench_die("the daemon did not get ready");
}

void service_stop(struct service *service)
{
	int status;

	kill(service->pid, SIGTERM);
	waitpid(service->pid, &status, 0);
	close(service->out);
	close(service->notify);
	if (status != 0)
		bench_die("the daemon ended with status %#x", status);
}

static void take_notification(struct service *service)
{
	char text[1024];
	ssize_t length = recv(service->notify, text, sizeof(text) - 1, 0);
	char *save = NULL;

	if (length < 0)
		return;
	text[length] = 0;
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		if (strcmp(line, "READY=1") == 0)
			service->ready = 1;
		if (strncmp(line, "STATUS=", 7) == 0)
			snprintf(
				service->status, sizeof(service->status), "%s", line + 7);
	}
}

void service_listen(struct service *service, int timeout_ms)
{
	double limit = bench_sec() + timeout_ms / 1e3;
	bool heard;

	do {
		struct pollfd wait = { .fd = service ? service->notify : -1,
			.events = POLLIN };
		double left = (limit - bench_sec()) * 1e3;

		heard = poll(&wait, 1, left > 0 ? (int)left + 1 : 0) > 0;
		if (heard)
			take_notification(service);
	} while (heard || bench_sec() < limit);
}

void service_settle(struct service *service, pid_t pid)
{
	double before;

	do {
		before = process_cpu_sec(pid);
		service_listen(service, 300);
	} while (process_cpu_sec(pid) > before);
}

long service_count(const struct service *service, const char *word)
{
	char pattern[32];
	const char *at;

	snprintf(pattern, sizeof(pattern), " %s", word);
	at = strstr(service->status, pattern);
	if (!at)
		return -1;
	while (at > service->status && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtol(at, NULL, 10);
}

double process_cpu_sec(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
		bench_die("process %d is gone", (int)pid);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

long process_status(pid_t pid, const char *key)
{
	char path[64], line[256];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (!file)
		bench_die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (colon && (size_t)(colon - line) == strlen(key) &&
			strncmp(line, key, strlen(key)) == 0)
			value = strtol(colon + 1, NULL, 10);
	}
	fclose(file);
	return value;
}

long netlink_drops(void)
{
	FILE *file = fopen("/proc/self/net/netlink", "re");
	char line[256];
	long total = 0, drops;

	if (!file)
		bench_die("/proc/self/net/netlink: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		/* sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode */
		if (sscanf(line, "%*s %*d %*d %*x %*d %*d %*d %*d %ld", &drops) == 1)
			total += drops;
	}
	fclose(file);
	return total;
}
