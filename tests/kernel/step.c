/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/step.h"

#include "kernel/inet_conf.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The process that holds the other namespace; and who we are from there. */
static pid_t other;

bool step_begin(void)
{
	int ready[2];
	char byte = 0;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return false;
	other = fork();
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = unshare(CLONE_NEWNET) == 0;
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (other < 0 || read(ready[0], &byte, 1) != 1)
		byte = 0;
	close(ready[0]);
	return byte;
}

/* Starts a command, its output thrown away; input: its standard input or -1. */
static pid_t start(char *text, int input)
{
	char *words[1100], *save = NULL;
	posix_spawn_file_actions_t actions;
	size_t count = 0;
	pid_t pid;
	int failed;

	for (char *word = strtok_r(text, " ", &save); word && count < 1099;
		word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	words[count] = NULL;
	posix_spawn_file_actions_init(&actions);
	if (input >= 0)
		posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	failed = posix_spawnp(&pid, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? -1 : pid;
}

static bool finished(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* Puts what `from` stands for in its place; one place a text. */
static void expand(char *text, size_t size, const char *from, const char *to)
{
	char *at = strstr(text, from);
	char rest[STEP_TEXT];

	if (!at)
		return;
	snprintf(rest, sizeof(rest), "%s", at + strlen(from));
	snprintf(at, size - (size_t)(at - text), "%s%s", to, rest);
}

static bool run_ip(const char *step)
{
	char text[2 * STEP_TEXT], number[64];

	snprintf(text, sizeof(text), "%s", step);
	snprintf(number, sizeof(number), "netns %d", (int)other);
	expand(text, sizeof(text), "netns other", number);
	snprintf(number, sizeof(number), "netns %d", (int)getpid());
	expand(text, sizeof(text), "netns here", number);
	snprintf(number, sizeof(number), "nsenter -t %d -n ip ", (int)other);
	expand(text, sizeof(text), "ip -n other ", number);
	return finished(start(text, -1));
}

/* Starts ip -batch with count lines of command. */
static pid_t start_batch(unsigned int count, const char *command)
{
	char text[] = "ip -force -batch -";
	FILE *lines = tmpfile();
	pid_t pid;

	if (!lines)
		return -1;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t addr = 0x64400000u + i;
		char line[2 * STEP_TEXT], number[32];

		snprintf(line, sizeof(line), "%s", command);
		snprintf(number, sizeof(number), "%u.%u.%u.%u", addr >> 24,
			addr >> 16 & 0xff, addr >> 8 & 0xff, addr & 0xff);
		expand(line, sizeof(line), "%a", number);
		snprintf(number, sizeof(number), "%u", i + 1);
		expand(line, sizeof(line), "%n", number);
		fprintf(lines, "%s\n", line);
	}
	fflush(lines);
	rewind(lines);
	pid = start(text, fileno(lines));
	fclose(lines);
	return pid;
}

static pid_t batch(const struct step *step, const char *word)
{
	size_t length = strlen(word);
	char *command;
	unsigned long count;

	if (strncmp(step->text, word, length) != 0)
		return 0;
	count = strtoul(step->text + length, &command, 10);
	return start_batch((unsigned int)count, command + 1);
}

int step_storm(const struct step *step)
{
	return batch(step, "storm ");
}

/* "net.ipv4.conf.d0.rp_filter=1" into /proc/sys; no name here has a dot */
static bool write_sysctl(char *assignment)
{
	char path[STEP_TEXT + 16], *value = strchr(assignment, '=');
	bool written;
	int fd;

	*value++ = '\0';
	for (char *c = assignment; *c; c++)
		*c = *c == '.' ? '/' : *c;
	snprintf(path, sizeof(path), "/proc/sys/%s", assignment);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, value, strlen(value)) > 0;
	close(fd);
	return written;
}

/* A tun device has a carrier while somebody holds it. Returns whether that was to be changed. */
static bool carrier(const char *device, bool on)
{
	static struct { /* a walk has one at a time */
		char device[IFNAMSIZ];
		int fd;
	} held = { .fd = -1 };
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	if (!on) {
		if (held.fd < 0 || strcmp(held.device, device) != 0)
			return false;
		close(held.fd);
		held.fd = -1;
		return true;
	}
	if (held.fd >= 0)
		return false;
	held.fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	/* what doesn't exist must not be made by this */
	if (held.fd >= 0 && if_nametoindex(device) &&
		ioctl(held.fd, TUNSETIFF, &request) == 0) {
		memcpy(held.device, request.ifr_name, sizeof(held.device));
		return true;
	}
	if (held.fd >= 0)
		close(held.fd);
	held.fd = -1;
	return false;
}

/* The nexthops 1 to count as a group: ip(8) has no room for more than 100 in a message. */
static bool nexthop_group(unsigned int id, unsigned int count)
{
	struct nhmsg header = { .nh_family = AF_UNSPEC };
	struct nexthop_grp *members = calloc(count, sizeof(*members));
	struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWNEXTHOP, NLM_F_CREATE);
	struct nl_sock *socket = nl_socket_alloc();
	int r = members && message && socket ? nl_connect(socket, NETLINK_ROUTE) : -1;

	for (unsigned int i = 0; members && i < count; i++)
		members[i].id = i + 1;
	if (r >= 0)
		r = nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
	if (r >= 0)
		r = nla_put_u32(message, NHA_ID, id);
	if (r >= 0)
		r = nla_put(message, NHA_GROUP, (int)(count * sizeof(*members)), members);
	if (r >= 0)
		r = nl_send_sync(socket, message); /* frees the message */
	else
		nlmsg_free(message);
	nl_socket_free(socket);
	free(members);
	return r >= 0;
}

bool step_do(const struct step *step)
{
	char text[STEP_TEXT], device[16], word[32];
	unsigned int id, count;
	int value;

	memcpy(text, step->text, sizeof(text));
	if (strncmp(text, "sysctl -w ", 10) == 0)
		return write_sysctl(text + 10);
	if (sscanf(text, "inet-conf %15s %31s %d", device, word, &value) == 3)
		return inet_conf_set(device, word, value);
	if (sscanf(text, "carrier %15s %31s", device, word) == 2)
		return carrier(device, strcmp(word, "on") == 0);
	if (sscanf(text, "nexthop-group %u %u", &id, &count) == 2)
		return nexthop_group(id, count);
	if (strncmp(text, "batch ", 6) == 0)
		return finished(batch(step, "batch "));
	return run_ip(text);
}
