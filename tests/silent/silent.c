/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What nobody announces: each setting that this kernel has is written, in /proc and by
 * IFLA_INET_CONF, links are changed, groups joined. What the model then doesn't know from the
 * events must be in the list (kernel/silent.h), and known once it is read again; what is in
 * the list must have been silent once; and docs/verdict.md must have the very same words.
 *
 *	silent [--docs FILE]
 */
#include "kernel/silent.h"
#include "host/host_kernel.h"
#include "host/inet_conf.h"
#include "kernel/follow.h"

#include "base/cleanup.h"
#include "kernel/snapshot.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/ip.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UP "d0"
#define DOWN "d1"
#define WORDS_MAX 32

struct sweep {
	struct world world;
	bool seen[WORDS_MAX]; /* of silent_words(): one was silent */
	unsigned int tried, failed;
};

static void wrong(struct sweep *sweep, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void wrong(struct sweep *sweep, const char *format, ...)
{
	va_list arguments;

	sweep->failed++;
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void heard_silence(struct sweep *sweep, const char *word)
{
	size_t count;
	const char *const *words = silent_words(&count);

	for (size_t i = 0; i < count; i++)
		sweep->seen[i] |= words[i] == word;
}

/* After a change: is it known, and if not, is that as the list says? word: of the list, or NULL. */
static void judge(struct sweep *sweep, const char *word, const char *change)
{
	char difference[STATE_DIFFERENCE];
	bool known = false;

	sweep->tried++;
	/* what is announced is announced at once, but for what linkwatch hands on */
	for (int turn = 0; turn < 3 && !known; turn++) {
		if (turn)
			(void)world_hears(&sweep->world, 50);
		world_follow(&sweep->world, false);
		known = world_is_true(&sweep->world, difference);
	}
	if (known)
		return;
	if (word)
		heard_silence(sweep, word);
	else
		wrong(sweep, "%s: announced by nobody, and not in the list (%s)", change,
			difference);
	world_follow(&sweep->world, true);
	if (!world_is_true(&sweep->world, difference))
		wrong(sweep, "%s: not even read again (%s)", change, difference);
}

/* --- settings in /proc ------------------------------------------------------------------------ */

/* Reads a file with one number. */
static bool number_read(const char *path, int *ret)
{
	FILE *file = fopen(path, "re");
	bool one = file && fscanf(file, "%d", ret) == 1 && fgetc(file) == '\n' &&
		   fgetc(file) == EOF;

	if (file)
		fclose(file);
	return one;
}

static bool number_write(const char *path, int value)
{
	char text[16];
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int length = snprintf(text, sizeof(text), "%d", value);
	bool written = fd >= 0 && write(fd, text, (size_t)length) == length;

	if (fd >= 0)
		close(fd);
	return written;
}

/* Each number in a directory is turned, and back. */
static void sweep_directory(struct sweep *sweep, const char *directory)
{
	DIR *list = opendir(directory);
	struct dirent *entry;
	unsigned int written = 0;

	while (list && (entry = readdir(list)) != NULL) {
		const char *word = silent_setting(entry->d_name);
		char path[512];
		int value;

		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (!number_read(path, &value) || !number_write(path, value ? 0 : 1))
			continue;
		written++;
		judge(sweep, word, path);
		(void)number_write(path, value);
		judge(sweep, word, path);
	}
	if (list)
		closedir(list);
	/* every kernel has some thirty of an interface */
	if (written < 20)
		wrong(sweep, "only %u settings could be written in %s", written,
			directory);
}

/* --- the other ways ------------------------------------------------------------------------- */

static void sweep_inet_conf(struct sweep *sweep, const char *device)
{
	unsigned int written = 0;

	for (unsigned int key = 0; key < IPV4_DEVCONF_MAX; key++) {
		char text[64], number[16];
		int value;

		snprintf(number, sizeof(number), "%u", key);
		snprintf(text, sizeof(text), "inet-conf %s %s 1", device,
			devconf_name(key) ?: number);
		for (value = 1; value >= 0; value--) {
			/* by the words of the list, as the device is now */
			const char *word = silent_word(sweep->world.state, text);

			if (!inet_conf_put(device, key, value))
				break;
			written++;
			judge(sweep, word, text);
		}
	}
	if (written < 40)
		wrong(sweep, "only %u writes by IFLA_INET_CONF were taken for %s",
			written, device);
}

static void sweep_links(struct sweep *sweep)
{
	static const char *const changes[] = { "group 7", "group 0", "mtu 1400",
		"mtu 1500", "txqueuelen 500", "alias x", "promisc on", "promisc off",
		"multicast off", "multicast on", "arp off", "arp on", "master br0",
		"nomaster", "address 02:00:00:00:00:77" };
	static const char *const devices[] = { UP, DOWN };

	for (size_t i = 0; i < ELEMENTS(devices) * ELEMENTS(changes); i++) {
		char text[64];
		const char *word;

		snprintf(text, sizeof(text), "ip link set dev %s %s",
			devices[i / ELEMENTS(changes)], changes[i % ELEMENTS(changes)]);
		word = silent_word(sweep->world.state, text);
		if (!host_do(text))
			wrong(sweep, "%s: refused", text);
		judge(sweep, word, text);
	}
}

/* A group that is joined shows in /proc/net/igmp only. */
static void sweep_groups(struct sweep *sweep)
{
	struct ip_mreqn request = { .imr_ifindex = (int)if_nametoindex(UP) };
	struct ip4 group = { 0xef010203 }; /* 239.1.2.3 */
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.imr_multiaddr.s_addr = htonl(group.host);
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) < 0)
		wrong(sweep, "a group can't be joined: %s", strerror(errno));
	sweep->tried++;
	world_follow(&sweep->world, false);
	if (!state_has_joined(sweep->world.state, request.imr_ifindex, group)) {
		size_t count;

		heard_silence(sweep, silent_words(&count)[count - 1]);
	}
	world_follow(&sweep->world, true);
	if (!state_has_joined(sweep->world.state, request.imr_ifindex, group))
		wrong(sweep, "a group joined is not even read again");
	close(fd);
}

/* --- the page ------------------------------------------------------------------------------- */

/* Takes the `words` of a row's first cell out of the list of those still to be found. */
static void take_words(struct sweep *sweep, char *row, bool found[WORDS_MAX])
{
	char *end = strchr(row + 1, '|'), *word, *behind;
	size_t count, i;
	const char *const *words = silent_words(&count);

	if (end)
		*end = '\0';
	for (word = strchr(row, '`'); word; word = strchr(behind + 1, '`')) {
		behind = strchr(++word, '`');
		if (!behind)
			return;
		*behind = '\0';
		for (i = 0; i < count && strcmp(words[i], word) != 0; i++)
			;
		if (i < count)
			found[i] = true;
		else
			wrong(sweep,
				"docs: %s is said to be silent, and isn't in the list",
				word);
	}
}

static void compare_docs(struct sweep *sweep, const char *path)
{
	FILE *file = fopen(path, "re");
	bool found[WORDS_MAX] = { false }, inside = false;
	char line[1024];
	size_t count;
	const char *const *words = silent_words(&count);

	if (!file)
		world_die(path, errno);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "*Read again*", 12) == 0)
			inside = true;
		else if (strncmp(line, "*Audited*", 9) == 0)
			inside = false;
		else if (inside && line[0] == '|')
			take_words(sweep, line, found);
	}
	fclose(file);
	for (size_t i = 0; i < count; i++) {
		if (!found[i])
			wrong(sweep,
				"docs: %s is missing in the table of what is read again",
				words[i]);
	}
}

/* --- all ------------------------------------------------------------------------------------ */

static void begin(struct sweep *sweep)
{
	/* in parentheses what is put together: clang takes it for a forgotten comma */
	static const char *const steps[] = { "ip link set dev lo up",
		("ip link add " UP " type veth peer name e0"),
		("ip link add " DOWN " type veth peer name e1"),
		"ip link add br0 type bridge", ("ip link set dev " UP " up"),
		"ip link set dev e0 up", ("ip address add 10.0.0.1/24 dev " UP) };

	if (unshare(CLONE_NEWNET) < 0) {
		printf("skipped: a network namespace is refused here\n");
		exit(77);
	}
	for (size_t i = 0; i < ELEMENTS(steps); i++) {
		if (!host_do(steps[i]))
			world_die(steps[i], ENOTSUP);
	}
	world_begin(&sweep->world, 8 << 20);
	judge(sweep, NULL, "nothing");
}

int main(int argc, char **argv)
{
	static const char *const directories[] = { "/proc/sys/net/ipv4/conf/" UP,
		"/proc/sys/net/ipv4/conf/" DOWN, "/proc/sys/net/ipv4/conf/all",
		"/proc/sys/net/ipv4/conf/default", "/proc/sys/net/ipv4" };
	static const struct option options[] = { { "docs", 1, NULL, 'd' }, { 0 } };
	struct sweep sweep = { 0 };
	const char *docs = NULL;
	size_t count;
	const char *const *words = silent_words(&count);
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'd')
			return 2;
		docs = optarg;
	}
	begin(&sweep);
	for (size_t i = 0; i < ELEMENTS(directories); i++)
		sweep_directory(&sweep, directories[i]);
	sweep_inet_conf(&sweep, UP);
	sweep_inet_conf(&sweep, DOWN);
	sweep_links(&sweep);
	sweep_groups(&sweep);
	for (size_t i = 0; i < count; i++) {
		if (!sweep.seen[i])
			wrong(&sweep, "%s is in the list, and was never silent",
				words[i]);
	}
	if (docs)
		compare_docs(&sweep, docs);
	world_end(&sweep.world);
	printf("%u changes tried: %zu words, %u failed\n", sweep.tried, count,
		sweep.failed);
	return sweep.failed != 0;
}
