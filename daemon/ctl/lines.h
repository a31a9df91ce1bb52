/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define LINE_LIMIT 65536 /* bytes of a line, without its end */

/*
 * The lines of a file or pipe, in bounded memory. Before it may have to wait for more,
 * what was written to `before` is flushed: who asks line by line gets answers line by
 * line.
 */
struct lines {
	int fd;	      /* borrowed */
	FILE *before; /* or NULL */
	char *buffer;
	size_t start, end;
	bool ended, skipping;
};

/* Returns 0 or -ENOMEM. */
int lines_init(struct lines *lines, int fd, FILE *before);
void lines_done(struct lines *lines);

/*
 * The next line, NUL-terminated, without its end, valid until the next call. Returns 1;
 * 0 at the end; -EMSGSIZE for a line over the limit, -EILSEQ for one with a NUL byte
 * (the next call goes on behind it); or another negative errno.
 */
int lines_next(struct lines *lines, char **ret);
