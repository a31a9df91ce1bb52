/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/tree.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int tree_open(const char *root, struct tree *ret)
{
	ret->root = -1;
	ret->end_usec = now_usec() + TREE_USEC;
	if (!root || strcmp(root, "/") == 0)
		return 0;
	ret->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return ret->root < 0 ? -errno : 0;
}

void tree_done(struct tree *tree)
{
	closep(&tree->root);
	array_each (&tree->seen, struct tree_seen, seen)
		closep(&seen->fd);
	array_done(&tree->seen);
}

/* Below a root, every link is followed as if the root were / (openat2, Linux 5.6). */
static int open_path(const struct tree *tree, const char *path, int flags)
{
	const struct open_how how = { .flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd;

	if (tree->root < 0)
		fd = open(path, flags | O_CLOEXEC);
	else
		fd = (int)syscall(SYS_openat2, tree->root, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* What cannot be remembered, for want of memory or descriptors, is only not looked at again. */
static void remember(struct tree *tree, int fd, const struct stat *stat)
{
	struct tree_seen seen = { .fd = -1,
		.device = stat->st_dev,
		.inode = stat->st_ino,
		.modified = stat->st_mtim,
		.size = stat->st_size };

	if (tree->seen.count >= 256)
		return;
	seen.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (seen.fd < 0 || array_push(&tree->seen, &seen) < 0)
		closep(&seen.fd);
}

bool tree_is_same(const struct tree *tree)
{
	struct stat now;

	array_each (&tree->seen, const struct tree_seen, seen) {
		if (fstat(seen->fd, &now) < 0 || now.st_nlink == 0 ||
			now.st_size != seen->size ||
			now.st_mtim.tv_sec != seen->modified.tv_sec ||
			now.st_mtim.tv_nsec != seen->modified.tv_nsec)
			return false;
	}
	return !tree->changed;
}

static int read_bytes(int fd, size_t size, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	size_t length = 0;

	if (!text)
		return -ENOMEM;
	while (length < size) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
	*ret = take_ptr(text);
	*ret_size = length;
	return 0;
}

/* A file of /proc has no size; of no other one more is read than it had. */
static int read_regular(
	struct tree *tree, int fd, const struct stat *stat, char **ret, size_t *ret_size)
{
	size_t size = (size_t)stat->st_size;
	struct stat after;
	int r;

	if (stat->st_size > TREE_FILE_SIZE)
		return -EFBIG;
	if (tree->size + size > TREE_SIZE)
		return -ENOSPC;
	r = read_bytes(fd, size ? size : 65536, ret, ret_size);
	if (r < 0)
		return r;
	tree->size += *ret_size;
	if (size && (fstat(fd, &after) < 0 || after.st_size != stat->st_size ||
			    *ret_size != size))
		tree->changed = true;
	remember(tree, fd, stat);
	return 0;
}

int tree_read(struct tree *tree, const char *path, char **ret, size_t *ret_size)
{
	_cleanup_(closep) int fd = -1;
	struct stat stat;

	if (tree->files >= TREE_FILES)
		return -ENOSPC;
	if (now_usec() > tree->end_usec)
		return -ETIME;
	tree->files++;
	fd = open_path(tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) < 0)
		return -errno;
	if (S_ISREG(stat.st_mode))
		return read_regular(tree, fd, &stat, ret, ret_size);
	if (S_ISDIR(stat.st_mode))
		return -EISDIR;
	if (S_ISCHR(stat.st_mode) && stat.st_rdev == makedev(1, 3))
		return read_bytes(fd, 0, ret, ret_size);
	return -ENODEV;
}

const char *tree_error(int error)
{
	switch (-error) {
	case EISDIR:
		return "a directory, not a file";
	case ENODEV:
		return "not a regular file";
	case EFBIG:
		return "larger than 4 MiB";
	case ENOSPC:
		return "more files than are read at once";
	case ETIME:
		return "reading took too long";
	case ELOOP:
		return "links that lead in a circle";
	default:
		return strerror(-error);
	}
}

bool tree_exists(struct tree *tree, const char *path)
{
	_cleanup_(closep) int fd = open_path(tree, path, O_PATH);

	return fd >= 0;
}

bool tree_has_entry(struct tree *tree, const char *path)
{
	_cleanup_(closep) int fd = open_path(tree, path, O_PATH | O_NOFOLLOW);

	return fd >= 0;
}

bool tree_is_circle(struct tree *tree, const char *path)
{
	_cleanup_(closep) int fd = open_path(tree, path, O_PATH);

	return fd == -ELOOP;
}

bool tree_is_folder(struct tree *tree, const char *path)
{
	_cleanup_(closep) int fd = open_path(tree, path, O_PATH | O_DIRECTORY);

	return fd >= 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct tree_names *names, const char *name, const char *suffix)
{
	size_t length = strlen(name), end = suffix ? strlen(suffix) : 0;
	char *copy;
	int r;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || length < end ||
		(suffix && strcmp(name + length - end, suffix) != 0))
		return 0;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	r = array_push(&names->list, &copy);
	if (r < 0)
		free(copy);
	return r;
}

int tree_list(
	struct tree *tree, const char *folder, const char *suffix, struct tree_names *ret)
{
	int fd = open_path(tree, folder, O_RDONLY | O_DIRECTORY);
	struct dirent *entry;
	struct stat stat;
	DIR *directory;
	int r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) == 0)
		remember(tree, fd, &stat);
	directory = fdopendir(fd);
	if (!directory) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (r >= 0 && ret->list.count < TREE_FILES &&
		(errno = 0, entry = readdir(directory)))
		r = add_name(ret, entry->d_name, suffix);
	if (r >= 0 && errno)
		r = -errno;
	(void)closedir(directory);
	if (ret->list.count)
		qsort(ret->list.items, ret->list.count, sizeof(*ret->list.items),
			compare_names);
	return r;
}

void tree_names_done(struct tree_names *names)
{
	array_each (&names->list, char *, name)
		free(*name);
	array_done(&names->list);
}
