/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/netns_id.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* 0 where the kernel has none. */
static uint64_t cookie(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(uint64_t);
	uint64_t value = 0;

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &value, &size) < 0)
		value = 0;
	(void)close(fd);
	return value;
}

int netns_id(char ret[static NETNS_ID])
{
	uint64_t number = cookie();
	struct stat status;

	if (number) {
		snprintf(ret, NETNS_ID, "c%" PRIu64, number);
		return 0;
	}
	if (stat("/proc/thread-self/ns/net", &status) < 0)
		return -errno;
	snprintf(ret, NETNS_ID, "i%" PRIu64, (uint64_t)status.st_ino);
	return 0;
}
