/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * inherit BYTES COMMAND...: starts a program the way that a socket unit does: with a routing
 * socket of such a receive buffer as descriptor 3. The socket is in all groups already; it stops
 * itself (SIGCONT has it go on) before it starts the program, so that events can queue before.
 */
static int fail(const char *what)
{
	fprintf(stderr, "inherit: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV4_NETCONF };
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), size;
	char pid[16];

	if (argc < 3) {
		fputs("inherit BYTES COMMAND...\n", stderr);
		return 2;
	}
	size = atoi(argv[1]);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		return fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		return fail("SO_RCVBUFFORCE");
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			    sizeof(groups[i])) < 0)
			return fail("NETLINK_ADD_MEMBERSHIP");
	}
	(void)raise(SIGSTOP);
	if (fd != 3 && dup2(fd, 3) < 0)
		return fail("dup2");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	execvp(argv[2], argv + 2);
	return fail(argv[2]);
}
