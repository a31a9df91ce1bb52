/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/write_out.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int write_out(int fd, const char *text, size_t length)
{
	struct pollfd waiting = { .fd = fd, .events = POLLOUT };

	while (length) {
		ssize_t written = write(fd, text, length);

		if (written >= 0) {
			text += written;
			length -= (size_t)written;
		} else if (errno == EAGAIN) {
			(void)poll(&waiting, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}
