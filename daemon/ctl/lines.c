/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE (4 * LINE_LIMIT)

int lines_init(struct lines *lines, int fd, FILE *before)
{
	*lines = (struct lines){ .fd = fd, .before = before };
	lines->buffer = malloc(BUFFER_SIZE + 1);
	return lines->buffer ? 0 : -ENOMEM;
}

void lines_done(struct lines *lines)
{
	free(lines->buffer);
}

static ssize_t read_some(const struct lines *lines)
{
	struct pollfd poll_fd = { .fd = lines->fd, .events = POLLIN };
	ssize_t count;

	for (;;) {
		count = read(
			lines->fd, lines->buffer + lines->end, BUFFER_SIZE - lines->end);
		if (count >= 0)
			return count;
		if (errno == EAGAIN) /* somebody made stdin nonblocking */
			(void)poll(&poll_fd, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
}

static int fill(struct lines *lines)
{
	ssize_t count;

	if (lines->before)
		(void)fflush(lines->before); /* the writer looks at ferror() */
	memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
	count = read_some(lines);
	if (count < 0)
		return (int)count;
	lines->ended = count == 0;
	lines->end += (size_t)count;
	return 0;
}

/* The line from start up to end, with `taken` bytes. */
static int take_line(struct lines *lines, size_t length, size_t taken, char **ret)
{
	char *line = lines->buffer + lines->start;

	lines->start += taken;
	if (lines->skipping || length > LINE_LIMIT) {
		lines->skipping = false;
		return -EMSGSIZE;
	}
	if (memchr(line, '\0', length))
		return -EILSEQ;
	line[length] = '\0';
	*ret = line;
	return 1;
}

int lines_next(struct lines *lines, char **ret)
{
	size_t searched = 0;
	int r;

	for (;;) {
		size_t held = lines->end - lines->start;
		char *line = lines->buffer + lines->start;
		char *newline = memchr(line + searched, '\n', held - searched);

		if (newline) {
			size_t length = (size_t)(newline - line);

			return take_line(lines, length, length + 1, ret);
		}
		if (lines->ended)
			return held || lines->skipping ? take_line(lines, held, held, ret)
						       : 0;
		searched = held;
		if (held > LINE_LIMIT) {
			lines->skipping = true;
			lines->start = lines->end;
			searched = 0;
		}
		r = fill(lines);
		if (r < 0)
			return r;
	}
}
