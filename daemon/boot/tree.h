/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A tree of files, this host's or one below a folder, in which links lead no further than that
 * folder, as with systemd's --root. What is read is bounded, in size, number and time. Nothing
 * blocks: a FIFO is not waited for.
 */
#define TREE_FILE_SIZE (4u << 20)
#define TREE_SIZE (64u << 20)
#define TREE_FILES 8192
#define TREE_USEC (2 * UINT64_C(1000000))

struct tree {
	int root; /* O_PATH; -1: this host's own / */
	size_t files, size;
	uint64_t end_usec; /* no file is opened any more */
	bool changed;	   /* something was not as before when it was looked at again */
	ARRAY(struct tree_seen) seen;
};

/* What was read, to see whether it is still so. */
struct tree_seen {
	int fd;
	dev_t device;
	ino_t inode;
	struct timespec modified;
	off_t size;
};

/* root: a folder, or NULL for /. *ret zeroed before. Returns 0 or a negative errno. */
int tree_open(const char *root, struct tree *ret);
void tree_done(struct tree *tree);

/*
 * The text of a file, NUL-terminated (there may be others in it). Returns 0; -ENOENT where there is
 * none, a link that leads nowhere included; -EISDIR, -ENODEV for what is no regular file (the null
 * device is an empty one); -EFBIG, -ENOSPC where the bounds do not allow it; -ETIME; or another
 * negative errno. In words: tree_error().
 */
int tree_read(struct tree *tree, const char *path, char **ret, size_t *ret_size);

/* Why a file was not read, for a person. */
const char *tree_error(int error);

/* Whether something is there, a link's end. */
bool tree_exists(struct tree *tree, const char *path);

/* The same of the entry itself: a link that leads nowhere, too. */
bool tree_has_entry(struct tree *tree, const char *path);

/* Whether a path is of links that lead in a circle. */
bool tree_is_circle(struct tree *tree, const char *path);

/* Whether a folder is there, at a link's end too. */
bool tree_is_folder(struct tree *tree, const char *path);

/* The names in a folder, sorted as strcmp() has them; freed with tree_names_done(). */
struct tree_names {
	ARRAY(char *) list;
};

/* suffix: or NULL. Returns 0 or a negative errno; -ENOENT where there is no such folder. */
int tree_list(struct tree *tree, const char *folder, const char *suffix,
	struct tree_names *ret);
void tree_names_done(struct tree_names *names);

/* Whether all that was read is still as it was then. */
bool tree_is_same(const struct tree *tree);
