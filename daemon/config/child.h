/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A child process that does what may hang or fail, and says by a pipe what came of it: whatever
 * becomes of it, its parent goes on. Parent and child are the same program, so structs are the same
 * to both. Nobody reaps it but in passing: whoever starts many has SIGCHLD ignored. Zeroed memory
 * is none.
 */
struct child {
	pid_t pid;
	int fd;	    /* to be read from, without waiting */
	char *text; /* what came so far */
	size_t size, capacity, most;
	bool ended;
};

/*
 * Has a child call work, which writes to fd and returns whether all went well. alone: it has nothing
 * open but that. most: bytes that are taken from it. Returns 0 or a negative errno; child_done() in
 * either case.
 */
int child_start(struct child *child, size_t most, bool alone,
	bool (*work)(int fd, const void *data), const void *data);

/* Takes what there is into .text. Returns 1 while more is to come, 0 at its end, or a negative
 * errno. */
int child_hear(struct child *child);

/* Whether there is one, which was not heard to its end. */
static inline bool child_is_there(const struct child *child)
{
	return child->pid > 0 && !child->ended;
}

/* It is killed where it has not ended. */
void child_done(struct child *child);
