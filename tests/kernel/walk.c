/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/walk.h"

#include "base/cleanup.h"
#include "kernel/inet_conf.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *const devices[] = { "d0", "d0", "d1", "d1", "e0", "e1", "tunl0", "br0",
	"mv0", "vx0" };

static const char *const prefixes[] = { "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16",
	"10.0.0.0/24", "10.0.1.0/24", "10.0.1.0/25", "10.0.1.128/25", "10.0.2.0/23",
	"10.0.2.7/32", "10.0.1.5/32", "192.0.2.0/24", "192.0.2.4/32", "198.51.100.0/24",
	"172.21.0.0/16", "172.21.5.5/32", "128.0.0.0/1" };

static const char *const addresses[] = { "10.0.0.1/24", "10.0.0.2/24", "10.0.1.1/25",
	"10.0.1.129/25", "10.0.2.1/23", "10.0.0.1/32", "192.0.2.4/32", "192.0.2.4/24",
	"172.21.5.5/16", "10.0.3.9/30", "10.0.3.10/30", "127.0.0.42/32" };

static const char *const gateways[] = { "10.0.0.254", "10.0.1.2", "10.0.1.130",
	"10.0.2.2", "192.0.2.9", "10.0.3.10", "172.21.0.1" };

static const char *const tables[] = { "main", "main", "main", "100", "100", "101",
	"local", "default", "4000000000" };

static const char *const metrics[] = { "", "", "", " metric 10", " metric 20",
	" metric 5" };

static const char *const toses[] = { "", "", "", "", " tos 0x10", " tos 0x04",
	" tos 0x50" };

static void write_step(struct step *step, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void write_step(struct step *step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(step->text, sizeof(step->text), format, arguments);
	va_end(arguments);
}

/* --- making steps ------------------------------------------------------------------------- */

static void make_device(struct rng *rng, struct step *step)
{
	switch (rng_below(rng, 8)) {
	case 0:
	case 1:
	case 2:
	case 3: {
		unsigned int pair = rng_below(rng, 2);

		write_step(step, "ip link add d%u type veth peer name e%u", pair, pair);
		return;
	}
	case 4:
		write_step(step, "ip link add br0 type bridge");
		return;
	case 5:
		write_step(step, "ip link add mv0 link %s type macvlan mode bridge",
			RNG_PICK(rng, devices));
		return;
	case 6:
		write_step(step, "ip tuntap add dev tunl0 mode tun");
		return;
	default:
		write_step(step,
			"ip link add vx0 type vxlan id 7 dstport 4789 local 10.0.0.1");
		return;
	}
}

static void change_link(struct rng *rng, struct step *step)
{
	const char *device = RNG_PICK(rng, devices);

	switch (rng_below(rng, 21)) {
	case 16:
		write_step(step, "ip link set dev %s netns other", device);
		return;
	case 17:
		write_step(step, "ip -n other link set dev %s netns here", device);
		return;
	case 18:
		write_step(step, "ip link add vrf0 type vrf table 100");
		return;
	case 19:
		write_step(step, "ip link set dev vrf0 up");
		return;
	case 20:
		write_step(step, "ip link set dev %s master vrf0", device);
		return;
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
		write_step(step, "ip link set dev %s up", device);
		return;
	case 7:
	case 8:
	case 9:
		write_step(step, "ip link set dev %s down", device);
		return;
	case 10:
		write_step(step, "ip link del dev %s", device);
		return;
	case 11:
		write_step(step, "ip link set dev %s name %s", device,
			RNG_PICK(rng, devices));
		return;
	case 12:
		write_step(step, "ip link set dev %s master br0", device);
		return;
	case 13:
		write_step(step, "ip link set dev %s nomaster", device);
		return;
	case 14:
		write_step(
			step, "ip link set dev %s group %u", device, rng_below(rng, 3));
		return;
	default:
		make_device(rng, step);
		return;
	}
}

static void change_address(struct rng *rng, struct step *step)
{
	static const char *const words[] = { "add", "add", "add", "del" };
	static const char *const rest[] = { "", "", " brd +", " scope host",
		" noprefixroute", " peer 10.9.9.9/32" };

	if (rng_below(rng, 20) == 0)
		write_step(step, "ip address flush dev %s", RNG_PICK(rng, devices));
	else
		write_step(step, "ip address %s %s dev %s%s", RNG_PICK(rng, words),
			RNG_PICK(rng, addresses),
			rng_below(rng, 12) ? RNG_PICK(rng, devices) : "lo",
			RNG_PICK(rng, rest));
}

static void change_route(struct rng *rng, struct step *step)
{
	static const char *const words[] = { "add", "add", "append", "prepend", "replace",
		"change", "del", "del" };
	static const char *const types[] = { "blackhole", "unreachable", "prohibit",
		"throw", "local", "broadcast", "multicast", "anycast" };
	const char *word = RNG_PICK(rng, words), *prefix = RNG_PICK(rng, prefixes);
	const char *table = RNG_PICK(rng, tables), *metric = RNG_PICK(rng, metrics);
	const char *tos = RNG_PICK(rng, toses), *device = RNG_PICK(rng, devices);

	switch (rng_below(rng, 12)) {
	case 0:
	case 1:
		write_step(step, "ip route %s %s %s table %s%s%s", word,
			RNG_PICK(rng, types), prefix, table, metric, tos);
		return;
	case 2:
		write_step(step, "ip route %s %s dev %s table %s%s src 10.0.0.1", word,
			prefix, device, table, metric);
		return;
	case 3:
		write_step(step,
			"ip route %s %s table %s%s nexthop dev %s nexthop dev %s weight "
			"3",
			word, prefix, table, metric, device, RNG_PICK(rng, devices));
		return;
	case 4:
	case 5:
		write_step(step, "ip route %s %s via %s table %s%s%s", word, prefix,
			RNG_PICK(rng, gateways), table, metric, tos);
		return;
	case 6:
	case 7:
		write_step(step, "ip route %s %s nhid %u table %s%s", word, prefix,
			1 + rng_below(rng, 6), table, metric);
		return;
	case 8:
		write_step(step, "ip route %s %s %s dev %s table %s", word, "local",
			prefix, rng_below(rng, 2) ? "lo" : device, table);
		return;
	case 9:
		if (rng_below(rng, 4) == 0) {
			write_step(
				step, "ip route flush table %s", RNG_PICK(rng, tables));
			return;
		}
		/* fall through */
	default:
		write_step(step, "ip route %s %s dev %s table %s%s%s", word, prefix,
			device, table, metric, tos);
		return;
	}
}

static void change_rule(struct rng *rng, struct step *step)
{
	static const char *const selectors[] = { "", " from 10.0.0.0/24",
		" from 10.0.0.1", " from 192.0.2.4", " to 10.0.0.0/16",
		" to 192.0.2.0/24", " iif lo", " iif d0", " iif d1", " oif d1",
		" fwmark 1", " fwmark 0x10/0xf0", " tos 0x10", " ipproto udp",
		" ipproto tcp sport 80", " dport 53", " sport 1000-2000", " uidrange 0-0",
		" uidrange 1-5", " from 0.0.0.0/32" };
	static const char *const actions[] = { " lookup 100", " lookup 101",
		" lookup 100", " lookup main", " lookup main suppress_prefixlength 0",
		" lookup main suppress_ifgroup 1", " lookup 4000000000", " blackhole",
		" unreachable", " prohibit", " goto 200", " goto 32766", " goto 777",
		" nop", " lookup 100 suppress_prefixlength 8" };
	static const unsigned int priorities[] = { 50, 100, 100, 150, 200, 777, 32766,
		40000 };

	if (rng_below(rng, 3) == 0)
		write_step(step, "ip rule del priority %u", RNG_PICK(rng, priorities));
	else
		write_step(step, "ip rule add%s%s%s priority %u%s",
			rng_below(rng, 8) == 0 ? " not" : "", RNG_PICK(rng, selectors),
			rng_below(rng, 3) == 0 ? RNG_PICK(rng, selectors) : "",
			RNG_PICK(rng, priorities), RNG_PICK(rng, actions));
}

static void change_nexthop(struct rng *rng, struct step *step)
{
	static const char *const words[] = { "add", "add", "replace" };
	unsigned int id = 1 + rng_below(rng, 6);

	switch (rng_below(rng, 6)) {
	case 0:
		write_step(step, "ip nexthop del id %u", id);
		return;
	case 1:
		write_step(
			step, "ip nexthop %s id %u blackhole", RNG_PICK(rng, words), id);
		return;
	case 2:
		write_step(step, "ip nexthop %s id %u group %u/%u,2",
			RNG_PICK(rng, words), id, 1 + rng_below(rng, 6),
			1 + rng_below(rng, 6));
		return;
	case 3:
		write_step(step, "ip nexthop %s id %u via %s dev %s",
			RNG_PICK(rng, words), id, RNG_PICK(rng, gateways),
			RNG_PICK(rng, devices));
		return;
	default:
		write_step(step, "ip nexthop %s id %u dev %s", RNG_PICK(rng, words), id,
			RNG_PICK(rng, devices));
		return;
	}
}

static void change_setting(struct rng *rng, struct step *step)
{
	static const char *const keys[] = { "rp_filter", "rp_filter", "rp_filter",
		"rp_filter", "accept_local", "src_valid_mark", "forwarding",
		"ignore_routes_with_linkdown", "send_redirects", "route_localnet",
		"bc_forwarding" };
	static const char *const values[] = { "0", "1", "1", "2", "2", "3", "-1" };
	const char *key = RNG_PICK(rng, keys);
	bool filter = strcmp(key, "rp_filter") == 0;
	const char *value = filter		? RNG_PICK(rng, values)
			    : rng_below(rng, 2) ? "1"
						: "0";
	const char *device = RNG_PICK(rng, devices);

	if (rng_below(rng, 10) == 0)
		write_step(step, "inet-conf %s %s %s", device, "rp_filter",
			RNG_PICK(rng, values));
	else if (rng_below(rng, 24) == 0)
		write_step(step, "sysctl -w net.ipv4.nexthop_compat_mode=%u",
			rng_below(rng, 2));
	else
		write_step(step, "sysctl -w net.ipv4.conf.%s.%s=%s",
			rng_below(rng, 4)   ? device
			: rng_below(rng, 2) ? "all"
					    : "default",
			key, value);
}

/* A world has two wires, an address or two, routes, and something that filters. */
void walk_build(struct rng *rng, unsigned int number, struct step *ret)
{
	static const char *const first[] = { "ip link add d0 type veth peer name e0",
		"ip link add d1 type veth peer name e1",
		"ip tuntap add dev tunl0 mode tun", "ip link set dev d0 up",
		"ip link set dev e0 up", "ip link set dev d1 up", "ip link set dev e1 up",
		"ip link set dev tunl0 up", "ip address add 10.0.0.1/24 dev d0",
		"ip address add 10.0.1.1/25 dev d1" };
	static const char *const filters[] = { "d0", "d1", "tunl0", "all", "e0" };

	if (number < ELEMENTS(first) && rng_below(rng, 8))
		snprintf(ret->text, sizeof(ret->text), "%s", first[number]);
	else if (number < 12)
		change_address(rng, ret);
	else if (number < 15)
		write_step(ret, "sysctl -w net.ipv4.conf.%s.rp_filter=%u",
			RNG_PICK(rng, filters), 1 + rng_below(rng, 2));
	else if (number < 18)
		write_step(ret, "sysctl -w net.ipv4.conf.%s.forwarding=1",
			RNG_PICK(rng, filters));
	else if (number < 22)
		write_step(ret, "ip route append %s dev %s", RNG_PICK(rng, prefixes),
			RNG_PICK(rng, filters));
	else
		walk_change(rng, ret);
}

void walk_change(struct rng *rng, struct step *ret)
{
	static void (*const changes[])(struct rng *, struct step *) = { change_link,
		change_link, change_address, change_address, change_route, change_route,
		change_route, change_route, change_rule, change_nexthop, change_setting,
		change_setting, change_setting };

	/* half of the worlds never see a rule: there local and main stay one trie */
	do
		RNG_PICK(rng, changes)(rng, ret);
	while ((rng->state & 1) && strncmp(ret->text, "ip rule", 7) == 0 &&
		rng_below(rng, 8));
}

/* --- doing them --------------------------------------------------------------------------- */

/* The process that holds the other namespace; and who we are from there. */
static pid_t other;

bool walk_begin(void)
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

int walk_storm(const struct step *step)
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

bool walk_do(const struct step *step)
{
	char text[STEP_TEXT], device[16], key[32];
	int value;

	memcpy(text, step->text, sizeof(text));
	if (strncmp(text, "sysctl -w ", 10) == 0)
		return write_sysctl(text + 10);
	if (sscanf(text, "inet-conf %15s %31s %d", device, key, &value) == 3)
		return inet_conf_set(device, value);
	if (strncmp(text, "batch ", 6) == 0)
		return finished(batch(step, "batch "));
	return run_ip(text);
}

bool walk_is_silent(const struct step *step)
{
	return strncmp(step->text, "sysctl", 6) == 0 ||
	       strncmp(step->text, "inet-conf", 9) == 0 ||
	       strstr(step->text, " group ") != NULL; /* of a link that is down */
}
