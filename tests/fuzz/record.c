/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records seeds of the kernel that runs: fuzz_record FOLDER FILE...
 *
 * Each FILE is a golden host or a walk (host.h has the language). It is done in network
 * namespaces; what the kernel answers and announces goes to
 *
 *	FOLDER/nl_decode/KERNEL-FILE-N		a datagram
 *	FOLDER/nl_request/KERNEL-FILE-N		the datagrams of a dump
 *	FOLDER/nl_apply/KERNEL-FILE-N		what was there, then what was announced
 *	FOLDER/procfs/KERNEL-FILE-N		files of /proc
 *
 * in the form that these fuzzers take. What this kernel can't do is left out.
 */
#include "base/cleanup.h"
#include "golden/answer.h"
#include "host/host_kernel.h"
#include "kernel/nl_reader.h"

#include <errno.h>
#include <limits.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASIDE_FLOW 5 /* fuzz_nl_apply.c */
#define DATAGRAM 65536

struct recording {
	const char *folder;
	char name[80]; /* KERNEL-FILE */
	unsigned int number;
	struct nl_reader *reader; /* NULL: no host has begun */
	FILE *stream;
	char *text;
	size_t size;
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void write_seed(struct recording *recording, const char *fuzzer, const void *head,
	size_t head_size, const void *data, size_t size)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", recording->folder, fuzzer);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s-%u", recording->folder, fuzzer,
		recording->name, recording->number++);
	file = fopen(path, "we");
	if (!file || fwrite(head, 1, head_size, file) != head_size ||
		fwrite(data, 1, size, file) != size || fclose(file) != 0)
		die(path);
}

/* Takes what was announced, as it came. */
static void follow(struct recording *recording)
{
	static char datagram[DATAGRAM];
	struct pollfd poll_fd = { nl_reader_fd(recording->reader), POLLIN, 0 };
	ssize_t length;

	while (poll(&poll_fd, 1, 5) > 0) {
		length = recv(poll_fd.fd, datagram, sizeof(datagram), MSG_DONTWAIT);
		if (length <= 0)
			continue; /* what is lost is lost */
		write_seed(recording, "nl_decode", "", 0, datagram, (size_t)length);
		(void)fwrite(datagram, 1, (size_t)length, recording->stream);
	}
}

/* A dump: each datagram, framed as fuzz_nl_request.c takes it, and bare for the stream. */
static void dump(
	struct recording *recording, uint16_t type, uint8_t family, size_t header)
{
	struct {
		struct nlmsghdr header;
		char family[32];
	} question = { .header = { .nlmsg_len =
					   (uint32_t)(sizeof(question.header) + header),
			       .nlmsg_type = type,
			       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			       .nlmsg_seq = 1 },
		.family = { (char)family } };
	static char datagram[DATAGRAM];
	_cleanup_(freep) char *frames = NULL;
	size_t size;
	FILE *out = open_memstream(&frames, &size);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const int on = 1;
	bool end = false;

	if (fd < 0 || !out)
		die("a dump");
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	(void)fwrite("\0\xff", 1, 2, out);
	if (send(fd, &question, question.header.nlmsg_len, 0) < 0)
		die("a dump");
	while (!end) {
		ssize_t length = recv(fd, datagram, sizeof(datagram), 0);
		const char *at = datagram;
		size_t left = length > 0 ? (size_t)length : 0;
		const uint16_t frame = (uint16_t)left;
		const struct nlmsghdr *message;

		if (length <= 0 || left > UINT16_MAX)
			die("a dump's answer");
		write_seed(recording, "nl_decode", "", 0, datagram, left);
		(void)fwrite(&frame, sizeof(frame), 1, out);
		(void)fputc(0, out);
		(void)fwrite(datagram, 1, left, out);
		(void)fwrite(datagram, 1, left, recording->stream);
		while ((message = nl_next(&at, &left)) != NULL)
			end |= message->nlmsg_type == NLMSG_DONE ||
			       message->nlmsg_type == NLMSG_ERROR;
	}
	(void)close(fd);
	(void)fclose(out);
	write_seed(recording, "nl_request", "", 0, frames, size);
}

static void dump_all(struct recording *recording)
{
	dump(recording, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg));
	dump(recording, RTM_GETNETCONF, AF_INET, 4);
	dump(recording, RTM_GETADDR, AF_INET, 8);
	dump(recording, RTM_GETNEXTHOP, AF_UNSPEC, sizeof(struct nhmsg));
	dump(recording, RTM_GETRULE, AF_INET, 12);
	dump(recording, RTM_GETROUTE, AF_INET, sizeof(struct rtmsg));
}

static void read_proc(struct recording *recording, const char *path, char which)
{
	char text[8192];
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(text, 1, sizeof(text), file) : 0;

	if (file)
		(void)fclose(file);
	write_seed(recording, "procfs", &which, 1, text, size);
}

static void end_host(struct recording *recording)
{
	if (!recording->reader)
		return;
	dump_all(recording);
	read_proc(recording, "/proc/thread-self/net/igmp", 0);
	read_proc(recording, "/proc/thread-self/net/netstat", 1);
	read_proc(recording, "/proc/sys/net/ipv4/conf/all/rp_filter", 3);
	nl_reader_free(recording->reader);
	recording->reader = NULL;
	(void)fclose(recording->stream);
	write_seed(recording, "nl_apply", "", 0, recording->text, recording->size);
	free(recording->text);
}

static void begin_host(struct recording *recording)
{
	end_host(recording);
	if (!host_new() || nl_reader_new(-1, 1 << 22, &recording->reader) < 0)
		die("a network namespace");
	recording->stream = open_memstream(&recording->text, &recording->size);
	if (!recording->stream)
		die("memory");
	dump_all(recording);
}

/* A question about a packet becomes a message of the stream. */
static bool take_question(struct recording *recording, const char *text)
{
	char iif[NAME_MAX_], why[WORDS_WHY];
	struct flow flow;

	if (!host_parse_flow(text, &flow, iif, why))
		return false;
	struct {
		struct nlmsghdr header;
		uint32_t iif, src, dst, mark;
		uint16_t sport, dport;
		uint8_t tos, proto, rest[2];
	} aside = { .header = { .nlmsg_len = sizeof(aside), .nlmsg_type = ASIDE_FLOW },
		.iif = if_nametoindex(iif),
		.src = flow.src.host,
		.dst = flow.dst.host,
		.mark = flow.mark,
		.sport = flow.sport,
		.dport = flow.dport,
		.tos = flow.tos,
		.proto = flow.proto };
	(void)fwrite(&aside, sizeof(aside), 1, recording->stream);
	return true;
}

static void take_line(struct recording *recording, char *text)
{
	struct host_line line;
	char why[WORDS_WHY];
	const char *packet = answer_packet(text);
	bool stands_in;
	char *expect;

	if (!recording->reader || strcmp(text, "new") == 0)
		begin_host(recording);
	if (strncmp(text, "ask ", 4) == 0) {
		packet = text + 4;
		expect = strstr(text, " expect");
		if (expect)
			*expect = '\0';
	}
	if (packet) {
		(void)take_question(recording, packet);
		return;
	}
	if (strncmp(text, "storm ", 6) == 0 || !host_parse(text, &line, why) ||
		line.model)
		return;
	if (host_is(&line, CHANGE_LINK) && line.change.verb == CHANGE_ADD)
		(void)host_build(&line, &stands_in);
	else
		(void)host_do(text);
	follow(recording);
}

static void record_file(const char *folder, const char *path)
{
	struct recording recording = { .folder = folder };
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *line = NULL;
	FILE *file = fopen(path, "re");
	struct utsname kernel;
	size_t size = 0;
	ssize_t length;

	if (!file || uname(&kernel) < 0)
		die(path);
	snprintf(recording.name, sizeof(recording.name), "%.*s-%s",
		(int)strcspn(kernel.release, "-"), kernel.release,
		slash ? slash + 1 : path);
	while ((length = getline(&line, &size, file)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		take_line(&recording, line);
	}
	end_host(&recording);
	(void)fclose(file);
}

int main(int argc, char **argv)
{
	int failed = 0, status;

	if (argc < 3) {
		fprintf(stderr, "usage: fuzz_record FOLDER FILE...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			record_file(argv[1], argv[i]);
			exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
			fprintf(stderr, "%s: not recorded\n", argv[i]);
			failed = 1;
		}
	}
	return failed;
}
