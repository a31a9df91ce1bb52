/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_SEC 300
#define POLL_MSEC 10

/* Starts a program with its words to nobody. */
static pid_t spawn(const char *program, char *const *arguments)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (pid == 0) {
		int nobody = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 0; fd < 3; fd++)
			dup2(nobody, fd);
		execv(program, arguments);
		_exit(127);
	}
	return pid;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		bench_die("%s: %s", path, strerror(errno));
}

/* --- BIRD ----------------------------------------------------------------------------------- */

/* The devices are needed for the routes' gateways; else it does nothing but learn. */
static const char bird_config[] =
	"router id 10.255.0.2;\n"
	"protocol device { scan time 3600; }\n"
	"protocol kernel { learn; scan time 3600; ipv4 { import all; export none; }; }\n";

static pid_t start_bird(const char *dir)
{
	char config[128], control[128];
	char *arguments[] = { "bird", "-f", "-c", config, "-s", control, NULL };

	snprintf(config, sizeof(config), "%s/bird.conf", dir);
	snprintf(control, sizeof(control), "%s/bird.ctl", dir);
	write_file(config, bird_config);
	return spawn(peer_bird.program, arguments);
}

const struct peer peer_bird = {
	.name = "BIRD",
	.program = "/usr/sbin/bird",
	.start = start_bird,
	/* N of N routes for N networks in table master4 */
	.count =
		"birdc -s %s/bird.ctl show route count 2>/dev/null | sed -n 's/^\\([0-9]*\\) of .* routes.*/\\1/p' | head -n 1",
	.version = "bird --version 2>&1",
};

/* --- zebra ---------------------------------------------------------------------------------- */

/* It gives up root for a user of its package's, who must be able to write there. */
static pid_t start_zebra(const char *dir)
{
	char config[128], pid_file[128], served[128], directory[128], command[256];
	char *arguments[] = { "zebra", "-f", config, "-i", pid_file, "-z", served,
		"--vty_socket", directory, "-P", "0", NULL };

	snprintf(config, sizeof(config), "%s/zebra.conf", dir);
	snprintf(pid_file, sizeof(pid_file), "%s/zebra.pid", dir);
	snprintf(served, sizeof(served), "%s/zserv", dir);
	snprintf(directory, sizeof(directory), "%s", dir);
	write_file(config, "hostname bench\n");
	snprintf(command, sizeof(command), "chown -R frr:frr %s", dir);
	if (system(command) != 0)
		bench_die("failed: %s", command);
	return spawn(peer_zebra.program, arguments);
}

const struct peer peer_zebra = {
	.name = "FRR zebra",
	.program = "/usr/lib/frr/zebra",
	.start = start_zebra,
	/* Totals  RIB  FIB */
	.count =
		"vtysh --vty_socket %s -d zebra -c 'show ip route summary' 2>/dev/null | sed -n 's/^Totals *\\([0-9]*\\).*/\\1/p'",
	.version = "/usr/lib/frr/zebra --version 2>&1",
};

/* --- all of them ---------------------------------------------------------------------------- */

/* The first line of what a command prints. */
static void output_of(const char *command, char *ret, size_t size)
{
	FILE *pipe = popen(command, "re");

	ret[0] = 0;
	if (!pipe)
		bench_die("%s: %s", command, strerror(errno));
	if (fgets(ret, (int)size, pipe))
		ret[strcspn(ret, "\n")] = 0;
	pclose(pipe);
}

bool peer_is_there(struct bench *bench, const struct peer *peer)
{
	char version[64];

	if (access(peer->program, X_OK) < 0) {
		bench_note(bench, "%s: not run: %s: %s", peer->name, peer->program,
			strerror(errno));
		return false;
	}
	output_of(peer->version, version, sizeof(version));
	bench_note(bench, "%s is: %s", peer->name, version);
	return true;
}

static unsigned long count_of(const struct peer *peer, const char *dir)
{
	char command[512], answer[64];

	/* the format is one of ours */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(command, sizeof(command), peer->count, dir);
#pragma GCC diagnostic pop
	output_of(command, answer, sizeof(answer));
	return strtoul(answer, NULL, 10);
}

static void end(pid_t pid, const char *dir)
{
	char command[128];

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command) != 0)
		bench_die("failed: %s", command);
}

struct peer_run peer_run(const struct peer *peer, unsigned long routes)
{
	const struct timespec pause = { .tv_nsec = POLL_MSEC * 1000000L };
	char dir[] = "/tmp/rpfilterd-peer.XXXXXX";
	double began = bench_sec();
	struct peer_run run = { 0 };
	unsigned long count = 0;
	pid_t pid;

	if (!mkdtemp(dir))
		bench_die("mkdtemp: %s", strerror(errno));
	began = bench_sec();
	pid = peer->start(dir);
	while (count < routes && bench_sec() - began < LIMIT_SEC) {
		nanosleep(&pause, NULL);
		if (waitpid(pid, NULL, WNOHANG) == pid)
			bench_die("%s ended", peer->name);
		count = count_of(peer, dir);
	}
	run.sec = bench_sec() - began;
	if (count < routes)
		bench_die("%s has %lu of %lu routes after %d s", peer->name, count,
			routes, LIMIT_SEC);
	run.resident_kib = process_status(pid, "VmRSS");
	end(pid, dir);
	return run;
}

struct peer_run peer_run_ip(void)
{
	char *arguments[] = { "ip", "-4", "route", "show", NULL };
	double began = bench_sec();
	struct rusage usage;
	int status;
	pid_t pid = spawn("/bin/ip", arguments);

	if (pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (wait4(pid, &status, 0, &usage) != pid || status != 0)
		bench_die("ip route show failed");
	return (struct peer_run){ bench_sec() - began, usage.ru_maxrss };
}
