/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bare.h"

#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DUMP_SIZE (128 * 1024)
#define SLOTS 32
#define SLOT_SIZE (64 * 1024)

int bare_socket(void)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	/* one without an address of its own hears nothing */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		bench_die("netlink: %s", strerror(errno));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return fd;
}

size_t bare_drain(int fd)
{
	static char buffer[DUMP_SIZE] __attribute__((aligned(8)));
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} question = {
		.header = { .nlmsg_len = sizeof(question),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.route = { .rtm_family = AF_INET },
	};
	size_t count = 0;

	if (send(fd, &question, sizeof(question), 0) < 0)
		bench_die("send: %s", strerror(errno));
	for (;;) {
		ssize_t length = recv(fd, buffer, sizeof(buffer), 0);

		if (length < 0)
			bench_die("recv: %s", strerror(errno));
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		unsigned int left = (unsigned int)length;
		for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
			if (message->nlmsg_type == NLMSG_DONE)
				return count;
			if (message->nlmsg_type == NLMSG_ERROR)
				bench_die("the kernel refused a dump");
			count++;
		}
	}
}

int bare_listener(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV4_NETCONF,
		RTNLGRP_NEXTHOP };
	const int size = 128 << 20;
	int fd = bare_socket();

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	for (size_t i = 0; i < ELEMENTS(groups); i++) {
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			    sizeof(groups[i])) < 0)
			bench_die("group %d: %s", groups[i], strerror(errno));
	}
	return fd;
}

static void take_one_by_one(int fd)
{
	static char buffer[SLOT_SIZE];

	for (;;) {
		if (recv(fd, buffer, sizeof(buffer), 0) < 0)
			_exit(1);
	}
}

static void take_many(int fd)
{
	static char buffer[SLOTS][SLOT_SIZE];
	struct iovec parts[SLOTS];
	struct mmsghdr messages[SLOTS] = { 0 };

	for (size_t i = 0; i < SLOTS; i++) {
		parts[i] = (struct iovec){ buffer[i], SLOT_SIZE };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (;;) {
		if (recvmmsg(fd, messages, SLOTS, MSG_WAITFORONE, NULL) < 0)
			_exit(1);
	}
}

pid_t bare_loop(int batch)
{
	int fd = bare_listener(); /* made here, so that nothing is missed */
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (batch)
			take_many(fd);
		take_one_by_one(fd);
	}
	close(fd);
	return pid;
}

/* --- a storm -------------------------------------------------------------------------------- */

#define AT_ONCE 64 /* messages a call */

struct change {
	struct nlmsghdr header;
	struct rtmsg route;
	struct rtattr dst_head;
	uint32_t dst;
	struct rtattr gateway_head;
	uint32_t gateway;
};

static struct change change_of(const struct shape_route *route, bool add)
{
	return (struct change){
		.header = { .nlmsg_len = sizeof(struct change),
			.nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE,
			.nlmsg_flags =
				NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_EXCL : 0) },
		.route = { .rtm_family = AF_INET,
			.rtm_dst_len = route->dst.len,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_BOOT,
			.rtm_type = RTN_UNICAST },
		.dst_head = { RTA_LENGTH(4), RTA_DST },
		.dst = htonl(route->dst.addr.host),
		.gateway_head = { RTA_LENGTH(4), RTA_GATEWAY },
		.gateway = htonl(0x0aff0001u + (uint32_t)route->gateway * 256),
	};
}

/* Only refusals are answered, as no message asks for an answer. */
static void send_changes(int fd, const struct change *changes, size_t count)
{
	char answer[8192];

	if (send(fd, changes, count * sizeof(*changes), 0) < 0 ||
		recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		_exit(1);
}

/* Waits until `done` changes are due, of per_second. */
static void keep_pace(
	const struct timespec *began, unsigned int per_second, uint64_t done)
{
	uint64_t due =
		done * UINT64_C(1000000000) / per_second + (uint64_t)began->tv_nsec;
	const struct timespec at = { began->tv_sec + (time_t)(due / 1000000000),
		(long)(due % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void change_all(int fd, const struct shape_route *routes, size_t count, bool add,
	unsigned int per_second)
{
	/* slow ones come singly */
	size_t filled = 0,
	       at_once = per_second && per_second < 1000 * AT_ONCE ? 1 : AT_ONCE;
	struct change changes[AT_ONCE];
	struct timespec began;

	clock_gettime(CLOCK_MONOTONIC, &began);
	for (size_t i = 0; i < count; i++) {
		changes[filled++] = change_of(&routes[i], add);
		if (filled < at_once && i + 1 < count)
			continue;
		send_changes(fd, changes, filled);
		filled = 0;
		if (per_second)
			keep_pace(&began, per_second, i + 1);
	}
}

pid_t bare_storm(const struct shape_route *routes, size_t count, size_t times,
	unsigned int per_second)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork: %s", strerror(errno));
	if (pid == 0) {
		int fd = bare_socket();

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_TIMERSLACK, 1);
		for (size_t i = 0; i < times; i++) {
			change_all(fd, routes, count, true, per_second);
			change_all(fd, routes, count, false, per_second);
		}
		_exit(0);
	}
	return pid;
}

void bare_storm_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		bench_die("the kernel refused a route of the storm");
}
