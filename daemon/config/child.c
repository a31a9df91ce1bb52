/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config/child.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* All but the pipe: what the daemon has open, a lock among it, is not to outlive it here. */
static void close_others(int fd)
{
	if (fd > 3)
		(void)close_range(3, (unsigned int)fd - 1, 0);
	(void)close_range((unsigned int)fd + 1, ~0u, 0);
}

int child_start(struct child *child, size_t most, bool alone,
	bool (*work)(int fd, const void *data), const void *data)
{
	int ends[2], r = 0;

	*child = (struct child){ .fd = -1, .most = most };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(ends[0]);
		if (alone)
			close_others(ends[1]);
		_exit(work(ends[1], data) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	if (child->pid < 0)
		r = -errno;
	(void)close(ends[1]);
	child->fd = ends[0];
	if (r >= 0 && fcntl(child->fd, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	return r;
}

int child_hear(struct child *child)
{
	char *grown = child->text;
	ssize_t n;

	if (child->size == child->capacity) {
		if (child->capacity > child->most)
			return -EFBIG;
		grown = realloc(child->text, child->capacity * 2 + 4096);
		if (!grown)
			return -ENOMEM;
		child->text = grown;
		child->capacity = child->capacity * 2 + 4096;
	}
	n = read(child->fd, grown + child->size, child->capacity - child->size);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	child->size += (size_t)n;
	child->ended = n == 0;
	return n > 0;
}

void child_done(struct child *child)
{
	/* one that has ended may be no process of ours any more; nobody waits for it, as one that
	 * hangs on a dead disk can't even be killed */
	if (child_is_there(child))
		(void)kill(child->pid, SIGKILL);
	if (child->pid > 0)
		(void)waitpid(child->pid, NULL, WNOHANG);
	if (child->pid)
		closep(&child->fd);
	free(child->text);
	*child = (struct child){ .fd = -1 };
}
