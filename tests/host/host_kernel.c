/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host_kernel.h"

#include "host/host.h"
#include "host/inet_conf.h"
#include "state/devconf.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
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

bool host_begin(void)
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

/* Starts a command, its output thrown away; input: its standard input or -1; errors: where its
 * standard error goes to, or -1. */
static pid_t start(char *text, int input, int errors)
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
	if (errors >= 0)
		posix_spawn_file_actions_adddup2(&actions, errors, 2);
	else
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
	char rest[WORDS_TEXT];

	if (!at)
		return;
	snprintf(rest, sizeof(rest), "%s", at + strlen(from));
	snprintf(at, size - (size_t)(at - text), "%s%s", to, rest);
}

static bool run_ip_to(const char *line, int errors)
{
	char text[2 * WORDS_TEXT], number[64];

	snprintf(text, sizeof(text), "%s", line);
	snprintf(number, sizeof(number), "netns %d", (int)other);
	expand(text, sizeof(text), "netns other", number);
	snprintf(number, sizeof(number), "netns %d", (int)getpid());
	expand(text, sizeof(text), "netns here", number);
	snprintf(number, sizeof(number), "nsenter -t %d -n ip ", (int)other);
	expand(text, sizeof(text), "ip -n other ", number);
	return finished(start(text, -1, errors));
}

static bool run_ip(const char *line)
{
	return run_ip_to(line, -1);
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
		char line[2 * WORDS_TEXT], number[32];

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
	pid = start(text, fileno(lines), -1);
	fclose(lines);
	return pid;
}

/* Ends the program where text is no line: the mistake is the test's. */
static void parse(const char *text, struct host_line *ret)
{
	char why[WORDS_WHY];

	if (!host_parse(text, ret, why))
		fprintf(stderr, "%s: %s\n", text, why);
	else if (ret->model)
		fprintf(stderr, "%s: only the model can do this\n", text);
	else
		return;
	fflush(stderr);
	_exit(3);
}

/* Two writers, and a process that waits for both. */
static pid_t start_race(unsigned int count, const char *first, const char *second)
{
	pid_t batches[2], pid = fork();

	if (pid != 0)
		return pid;
	batches[0] = start_batch(count, first);
	batches[1] = start_batch(count, second);
	(void)finished(batches[0]);
	(void)finished(batches[1]);
	_exit(0);
}

int host_storm(const char *text)
{
	struct host_line line;
	char commands[WORDS_TEXT], *second;

	if (strncmp(text, "storm ", 6) != 0)
		return 0;
	parse(text, &line);
	snprintf(commands, sizeof(commands), "%s", line.many.command);
	second = strstr(commands, " | ");
	if (!second)
		return start_batch((unsigned int)line.many.count, commands);
	*second = '\0';
	return start_race((unsigned int)line.many.count, commands, second + 3);
}

/* net.ipv4.conf.d0.rp_filter into /proc/sys: dots are slashes there, and slashes dots */
static bool write_sysctl(const struct change_setting *setting)
{
	char path[128], value[16];
	int length = snprintf(value, sizeof(value), "%d", setting->value);
	bool written;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", setting->key);
	for (char *c = path + strlen("/proc/sys/net/ipv4/"); *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, value, (size_t)length) == length;
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

/* A program that listens to a group, until this one ends */
static bool join(const char *device, struct ip4 group)
{
	const struct ip_mreqn request = { .imr_multiaddr.s_addr = htonl(group.host),
		.imr_ifindex = (int)if_nametoindex(device) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return request.imr_ifindex && fd >= 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) ==
		       0;
}

static bool do_line(const struct host_line *line)
{
	switch (line->object) {
	case HOST_NOTHING:
		return true;
	case HOST_CHANGE:
		if (line->change.object == CHANGE_SETTING)
			return write_sysctl(&line->change.setting);
		return run_ip(line->text);
	case HOST_NEIGHBOUR:
		return run_ip(line->text);
	case HOST_JOIN:
		return join(line->device.name, line->device.group);
	case HOST_INET_CONF:
		return inet_conf_set(line->change.setting.name,
			line->change.setting.which, line->change.setting.value);
	case HOST_CARRIER:
		return carrier(line->device.name, line->device.on);
	case HOST_NEXTHOP_GROUP:
		return nexthop_group(
			(unsigned int)line->many.id, (unsigned int)line->many.count);
	case HOST_BATCH:
		return finished(
			start_batch((unsigned int)line->many.count, line->many.command));
	case HOST_STORM: /* host_storm() */
	case HOST_KERNEL:
	case HOST_MERGED:
	case HOST_BLIND:
	case HOST_INET:
		break;
	}
	return false;
}

bool host_do(const char *text)
{
	struct host_line line;

	parse(text, &line);
	return do_line(&line);
}

bool host_do_said(const char *text, char said[static HOST_SAID])
{
	struct host_line line;
	FILE *errors = tmpfile();
	size_t length = 0;
	bool done;

	parse(text, &line);
	if (errors && line.object == HOST_CHANGE &&
		line.change.object != CHANGE_SETTING) {
		done = run_ip_to(text, fileno(errors));
		rewind(errors);
		length = fread(said, 1, HOST_SAID - 1, errors);
	} else {
		done = do_line(&line);
	}
	said[length] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (errors)
		fclose(errors);
	return done;
}

/* --- whole hosts ------------------------------------------------------------------------------ */

bool host_new(void)
{
	if (unshare(CLONE_NEWNET) < 0 || !host_begin())
		return false;
	/* not what it inherits from its maker: as the model has it */
	for (unsigned int key = 0; key < DEVCONF_COUNT; key++) {
		static const char *const names[] = { "all", "default" };
		struct change_setting setting = { .value = 0 };

		for (size_t i = 0; devconf_name(key) && i < ELEMENTS(names); i++) {
			snprintf(setting.key, sizeof(setting.key), "conf.%s.%s", names[i],
				devconf_name(key));
			(void)write_sysctl(&setting);
		}
	}
	return run_ip("ip link set lo up");
}

/* Waits until a device runs or doesn't: a carrier's change may come a second late. */
static bool runs(const char *device, bool on)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is = !on;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	for (int i = 0; is != on && i < 300; i++) {
		if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
			break;
		is = request.ifr_flags & IFF_RUNNING;
		if (is != on)
			usleep(10000);
	}
	close(fd);
	return is == on;
}

/* One end here, the other in the other namespace, up: so the cable is in. */
static bool build_veth(const struct host_line *line)
{
	char text[2 * WORDS_TEXT];

	snprintf(text, sizeof(text), "%s peer name %s netns other", line->text,
		line->change.link.name);
	if (!run_ip(text))
		return false;
	snprintf(
		text, sizeof(text), "ip -n other link set %s up", line->change.link.name);
	return run_ip(text) &&
	       (!line->change.link.up || runs(line->change.link.name, true));
}

static bool plug(const char *device, bool in)
{
	char text[64];

	snprintf(text, sizeof(text), "ip -n other link set %s %s", device,
		in ? "up" : "down");
	return run_ip(text) && runs(device, in);
}

/* A tun device, held as long as this program lives */
static bool build_tun(const struct host_line *line)
{
	const struct change_link *link = &line->change.link;
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	char text[128];

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", link->name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		return false;
	snprintf(text, sizeof(text), "ip link set %s%s%s%s", link->name,
		link->master[0] ? " master " : "", link->master, link->up ? " up" : "");
	return run_ip(text);
}

static bool can_stand_in(const char *kind)
{
	static const char *const kinds[] = { "ipip", "gre", "sit", "vti", "wireguard",
		"xfrm", "dummy", "vlan", "tun" };

	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i], kind) == 0)
			return true;
	}
	return false;
}

/* As it is said, or a tun device for a kind that this kernel hasn't. */
static bool build_link(const struct host_line *line, bool *ret_stands_in)
{
	const struct change_link *link = &line->change.link;

	if (strcmp(link->kind, "veth") == 0 && !link->peer[0])
		return build_veth(line);
	if (strcmp(link->kind, "tun") == 0)
		return build_tun(line);
	if (run_ip(line->text))
		return true;
	*ret_stands_in = can_stand_in(link->kind) && !if_nametoindex(link->name) &&
			 build_tun(line);
	return *ret_stands_in;
}

bool host_build(const struct host_line *line, bool *ret_stands_in)
{
	const struct change_link *link = &line->change.link;

	*ret_stands_in = false;
	if (!host_is(line, CHANGE_LINK))
		return do_line(line);
	if (line->change.verb == CHANGE_ADD)
		return build_link(line, ret_stands_in);
	if (link->carrier_on || link->carrier_off)
		return plug(link->name, link->carrier_on);
	return run_ip(line->text);
}
