/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * rcvbuf PID DESCRIPTOR: how many bytes the receive buffer of another process's socket
 * has. ss shows it of a netlink socket up to iproute2 6.1, and not in 6.15 any more.
 */
static int fail(const char *what)
{
	fprintf(stderr, "rcvbuf: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	socklen_t length = sizeof(int);
	int process, fd, size;

	if (argc != 3) {
		fputs("rcvbuf PID DESCRIPTOR\n", stderr);
		return 2;
	}
	process = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	if (process < 0)
		return fail("pidfd_open");
	fd = (int)syscall(SYS_pidfd_getfd, process, atoi(argv[2]), 0);
	if (fd < 0)
		return fail("pidfd_getfd");
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) < 0)
		return fail("SO_RCVBUF");
	printf("%d\n", size);
	return 0;
}
