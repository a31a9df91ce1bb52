/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "udev.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UDEVD "/lib/systemd/systemd-udevd"
#define RULES "/run/udev/rules.d"
#define SHIPPED "/usr/lib/udev/rules.d"

bool udev_is_there(const struct bench *bench)
{
	char version[40] = "";
	FILE *pipe;

	if (access(UDEVD, X_OK) < 0) {
		bench_note(bench, "udev: not run: no " UDEVD " (Debian's package udev)");
		return false;
	}
	pipe = popen("udevadm --version", "re");
	if (!pipe || !fgets(version, sizeof(version), pipe))
		bench_die("udevadm --version: %s", strerror(errno));
	pclose(pipe);
	version[strcspn(version, "\n")] = '\0';
	bench_note(bench, "udev %s with a rule that runs sysctl", version);
	return true;
}

static void must(int r, const char *what)
{
	if (r < 0)
		bench_die("udev: %s: %s", what, strerror(errno));
}

/* Nothing of the host's: neither its sockets and database, nor the rules of its packages. */
static void own_mounts(const char *rule)
{
	FILE *file;

	must(unshare(CLONE_NEWNS), "a mount namespace");
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	must(mount("tmpfs", "/run", "tmpfs", 0, NULL), "/run");
	must(mount("sysfs", "/sys", "sysfs", 0, NULL), "/sys");
	if (access(SHIPPED, F_OK) == 0)
		must(mount("tmpfs", SHIPPED, "tmpfs", 0, NULL), SHIPPED);
	must(mkdir("/run/udev", 0755), "/run/udev");
	must(mkdir(RULES, 0755), RULES);
	file = fopen(RULES "/99-bench.rules", "we");
	if (!file || fprintf(file, "%s\n", rule) < 0 || fclose(file) != 0)
		bench_die("udev: its rule: %s", strerror(errno));
}

pid_t udev_start(const char *rule)
{
	char control[64];
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		own_mounts(rule);
		setenv("SYSTEMD_LOG_LEVEL", "err", 1);
		execl(UDEVD, "systemd-udevd", NULL);
		bench_die("%s: %s", UDEVD, strerror(errno));
	}
	snprintf(control, sizeof(control), "/proc/%d/root/run/udev/control", (int)pid);
	for (int i = 0; access(control, F_OK) < 0; i++) {
		if (i == 500 || waitpid(pid, NULL, WNOHANG) == pid)
			bench_die("udev: it did not start");
		usleep(10000);
	}
	usleep(200000); /* what it finds at its start */
	return pid;
}

void udev_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}
