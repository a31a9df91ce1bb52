/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/*
 * The state directory: only our own files in it are opened, replaced or removed. A file of ours is
 * a regular one with one link, that nobody else can write to, and that the directory's owner, root
 * or we own; that owner is root, we or, where we are root, the service's user. Nothing is followed,
 * and nothing waits for whoever has the other end of it.
 * -EUCLEAN says that something else is in the place; .problem says what, and what to do.
 */
#define STATE_PROBLEM 512

struct state_folder {
	char *path; /* owned */
	int fd;	    /* -1: it isn't open */
	bool reads; /* only to be read: whose it is doesn't matter then */
	char problem[STATE_PROBLEM];
};

/* Opens folder->path, and makes it where it is missing, unless it is only to be read. */
int state_folder_open(struct state_folder *folder);

/* Whether it is open, and still what its path leads to: it may be moved away. */
bool state_folder_is_in_place(const struct state_folder *folder);

/* Opens a file of ours. One that flags (O_CREAT) make is the owner's. Returns a descriptor,
 * -ENOENT, -EUCLEAN or another negative errno. */
int state_folder_file(struct state_folder *folder, const char *name, int flags);

/* Whether a file of ours is there: 1, 0 where there is nothing, or a negative errno. */
int state_folder_look(
	struct state_folder *folder, const char *name, struct stat *ret_status);

/* Calls what with each name. Returns 0 or a negative errno. */
int state_folder_each(struct state_folder *folder,
	void (*what)(void *data, const char *name), void *data);

void state_folder_done(struct state_folder *folder);
