/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service.h"

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_SEC 60
#define TELL_MSEC 20000
#define NOBODY 65534
#define RECEIVE_BUFFER (128 << 20) /* as in systemd/rpfilterd.socket */
#define PROGRAM_FD 20

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

/*
 * Becomes an ordinary user without privilege, but for the socket: the one of the socket unit,
 * in no group and with its buffer. Nobody can run what is in a directory that he can't enter:
 * so the program is opened before.
 */
/* The one capability outlasts the change of user and the program's start. */
static int keep_net_admin(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { {
		.effective = 1u << CAP_NET_ADMIN,
		.permitted = 1u << CAP_NET_ADMIN,
		.inheritable = 1u << CAP_NET_ADMIN,
	} };

	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

static void become_service(int size, bool correcting)
{
	const struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	int executable = open(program(), O_PATH | O_CLOEXEC);
	char pid[16];

	if (fd < 0 || executable < 0 ||
		bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		_exit(126);
	executable = fcntl(executable, F_DUPFD_CLOEXEC, 10);
	if (executable < 0 || dup2(fd, 3) < 0 || (fd != 3 && close(fd) < 0))
		_exit(126);
	if (dup2(executable, PROGRAM_FD) < 0 ||
		fcntl(PROGRAM_FD, F_SETFD, FD_CLOEXEC) < 0)
		_exit(126);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	if (correcting)
		prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(126);
	if (correcting && keep_net_admin() < 0)
		_exit(126);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* a change of user takes it away */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void write_config(char path[static 64], const char *text)
{
	int fd;

	strcpy(path, "/tmp/rpfilterd-bench.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
		fchmod(fd, 0644) < 0)
		bench_die("%s: %s", path, strerror(errno));
	close(fd);
}

static void start_as(
	struct service *service, const char *config, int receive_buffer, bool correcting)
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
	service->began_sec = bench_sec();
	service->pid = fork();
	if (service->pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (service->pid == 0) {
		char *arguments[] = { "rpfilterd", "--log", "json", "--config", path,
			NULL };

		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		setenv("NOTIFY_SOCKET", name, 1);
		become_service(receive_buffer, correcting);
		fexecve(PROGRAM_FD, arguments, environ);
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

void service_start_with(struct service *service, const char *config, int receive_buffer)
{
	start_as(service, config, receive_buffer, false);
}

void service_start_correcting(struct service *service, const char *config)
{
	start_as(service, config, RECEIVE_BUFFER, true);
}

void service_start(struct service *service, const char *config)
{
	service_start_with(service, config, RECEIVE_BUFFER);
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
			service->ready = 1, service->ready_sec = bench_sec(),
			service->ready_cpu_sec = process_cpu_sec(service->pid);
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

void service_batch(struct service *service, FILE *file)
{
	pid_t pid = bench_batch(file);
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0)
		service_listen(service, 5);
	if (status != 0)
		bench_die("ip -batch failed");
}

/* A line that is there; or false. */
static bool take_line(struct service *service, char *ret, size_t size)
{
	char *end = memchr(service->lines, '\n', service->filled);
	size_t length;

	if (!end)
		return false;
	*end++ = 0;
	snprintf(ret, size, "%s", service->lines);
	length = (size_t)(end - service->lines);
	service->filled -= length;
	memmove(service->lines, end, service->filled);
	return true;
}

bool service_entry(struct service *service, int timeout_ms, char *ret, size_t size)
{
	double limit = bench_sec() + timeout_ms / 1e3;

	while (!take_line(service, ret, size)) {
		struct pollfd wait[] = { { .fd = service->out, .events = POLLIN },
			{ .fd = service->notify, .events = POLLIN } };
		double left = (limit - bench_sec()) * 1e3;
		ssize_t got;

		if (poll(wait, 2, left > 0 ? (int)left + 1 : 0) <= 0)
			return false;
		if (wait[1].revents)
			take_notification(service);
		if (!wait[0].revents)
			continue;
		if (service->filled == sizeof(service->lines))
			bench_die("an entry is too long");
		got = read(service->out, service->lines + service->filled,
			sizeof(service->lines) - service->filled);
		if (got <= 0)
			bench_die("the daemon's entries ended");
		service->filled += (size_t)got;
	}
	return true;
}

const char *entry_field(const char *line, const char *key, char *ret, size_t size)
{
	char pattern[64];
	const char *at;

	snprintf(pattern, sizeof(pattern), "\"%s\":\"", key);
	at = strstr(line, pattern);
	ret[0] = 0;
	if (at) {
		at += strlen(pattern);
		snprintf(ret, size, "%.*s", (int)strcspn(at, "\""), at);
	}
	return ret;
}

void service_await(struct service *service, const char *event, int timeout_ms)
{
	static char line[sizeof(service->lines)];
	double limit = bench_sec() + timeout_ms / 1e3;
	char name[64];

	while (bench_sec() < limit &&
		service_entry(service, timeout_ms, line, sizeof(line))) {
		if (strcmp(entry_field(line, "RPF_EVENT", name, sizeof(name)), event) ==
			0)
			return;
	}
	bench_die("no %s within %d ms", event, timeout_ms);
}

/* The number before words. */
static unsigned long number_before(const char *text, const char *words)
{
	const char *at = strstr(text, words);

	if (!at)
		bench_die("it does not say how many%s: %s", words, text);
	while (at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtoul(at, NULL, 10);
}

static unsigned long number_after(const char *text, const char *words)
{
	const char *at = strstr(text, words);

	if (!at)
		bench_die("it does not say: %s: %s", words, text);
	return strtoul(at + strlen(words), NULL, 10);
}

struct told service_tell(struct service *service)
{
	static char line[sizeof(service->lines)];

	kill(service->pid, SIGUSR1);
	for (;;) {
		if (!service_entry(service, TELL_MSEC, line, sizeof(line)))
			bench_die("no answer to SIGUSR1");
		if (strstr(line, "event to verdict"))
			break;
	}
	return (struct told){
		.events = number_before(line, " events"),
		.half_usec = number_after(line, "50% "),
		.most_usec = number_after(line, " 99% "),
		.longest_usec = number_after(line, "longest "),
		.routes = number_before(line, " routes"),
		.overruns = number_before(line, " overruns"),
		.resyncs = number_before(line, " resyncs"),
		.audits = number_before(line, " audits"),
		.drifts = number_before(line, " found changes"),
	};
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

void process_forget_peak(pid_t pid)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)pid);
	file = fopen(path, "we");
	if (!file || fputs("5", file) < 0 || fclose(file) != 0)
		bench_die("%s: %s", path, strerror(errno));
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
