/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/state_folder.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define SERVICE_USER "rpfilterd"
#define SERVICE_FOLDER "/var/lib/rpfilterd"

/* What a thing is that should be a file of ours, NULL where its kind is right. */
static const char *wrong_kind(mode_t mode, mode_t right)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFDIR:
		return right == S_IFDIR ? NULL : "a directory";
	case S_IFREG:
		return right == S_IFREG ? NULL : "a file";
	default:
		return "a device";
	}
}

static bool is_owner(const struct stat *status, uid_t other)
{
	return status->st_uid == 0 || status->st_uid == geteuid() ||
	       status->st_uid == other;
}

/* Sets folder->problem. */
static int check_file(
	struct state_folder *folder, const char *name, const struct stat *status)
{
	const char *kind = wrong_kind(status->st_mode, S_IFREG);
	struct stat around;

	if (fstat(folder->fd, &around) < 0)
		return -errno;
	if (kind)
		snprintf(folder->problem, sizeof(folder->problem),
			"%s/%s is %s and not a file of rpfilterd: move it away",
			folder->path, name, kind);
	else if (status->st_nlink != 1)
		snprintf(folder->problem, sizeof(folder->problem),
			"%s/%s has other hard links: find them (find / -xdev -inum %llu), then move it away",
			folder->path, name, (unsigned long long)status->st_ino);
	else if (!is_owner(status, around.st_uid))
		snprintf(folder->problem, sizeof(folder->problem),
			"%s/%s belongs to user %u and not to rpfilterd: move it away",
			folder->path, name, (unsigned int)status->st_uid);
	else if (status->st_mode & OTHERS_WRITE)
		snprintf(folder->problem, sizeof(folder->problem),
			"%s/%s can be written by others: check it, then chmod go-w it",
			folder->path, name);
	else
		return 0;
	return -EUCLEAN;
}

/* By its name, or as systemd made its directory for the unit's User=. */
static bool is_service(uid_t user)
{
	const struct passwd *service = getpwnam(SERVICE_USER);
	struct stat status;

	return (service && service->pw_uid == user) ||
	       (lstat(SERVICE_FOLDER, &status) == 0 && S_ISDIR(status.st_mode) &&
		       status.st_uid == user);
}

/* Root may work in the directory of the service's user, and make what that one goes on with; in
 * anybody else's it would write what he put there. */
static bool is_folder_owner(const struct stat *status)
{
	return is_owner(status, 0) || (geteuid() == 0 && is_service(status->st_uid));
}

static int check_folder(struct state_folder *folder, const struct stat *status)
{
	const char *kind = wrong_kind(status->st_mode, S_IFDIR);

	if (kind)
		snprintf(folder->problem, sizeof(folder->problem),
			"the state directory %s is %s: make it a directory", folder->path,
			kind);
	else if (!folder->reads && !is_folder_owner(status))
		snprintf(folder->problem, sizeof(folder->problem),
			"the state directory %s belongs to user %u: chown it to the user of rpfilterd",
			folder->path, (unsigned int)status->st_uid);
	else if (status->st_mode & OTHERS_WRITE)
		snprintf(folder->problem, sizeof(folder->problem),
			"the state directory %s can be written by others: check it, then chmod go-w it",
			folder->path);
	else
		return 0;
	return -EUCLEAN;
}

int state_folder_open(struct state_folder *folder)
{
	_cleanup_(closep) int fd = -1;
	size_t length = strlen(folder->path);
	struct stat status;
	int r;

	/* behind a slash a link would be followed */
	while (length > 1 && folder->path[length - 1] == '/')
		folder->path[--length] = '\0';
	/* what --state names may be new; systemd makes its own */
	if (!folder->reads && mkdir(folder->path, 0700) < 0 && errno != EEXIST &&
		errno != EROFS)
		return -errno;
	fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : 0;
	if (r == -ENOTDIR || r == -ELOOP) {
		if (lstat(folder->path, &status) < 0 || S_ISDIR(status.st_mode))
			return r; /* it is a part of the path */
		return check_folder(folder, &status);
	}
	if (r < 0 || fstat(fd, &status) < 0)
		return r < 0 ? r : -errno;
	r = check_folder(folder, &status);
	if (r >= 0)
		folder->fd = take_fd(&fd);
	return r;
}

/* What root makes by rpfilterctl is the service's, which is another user, too. */
static void give_to_owner(const struct state_folder *folder, int fd)
{
	struct stat status;

	if (geteuid() == 0 && fstat(folder->fd, &status) == 0)
		(void)!fchown(fd, status.st_uid, status.st_gid); /* at worst it says so */
}

bool state_folder_is_in_place(const struct state_folder *folder)
{
	struct stat here, there;

	if (folder->fd < 0 || fstat(folder->fd, &here) < 0)
		return false;
	if (lstat(folder->path, &there) < 0)
		return errno != ENOENT && errno != ENOTDIR; /* else who knows */
	return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

int state_folder_file(struct state_folder *folder, const char *name, int flags)
{
	_cleanup_(closep) int fd = openat(folder->fd, name,
		flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat status;
	int r = fd < 0 ? -errno : 0;

	/* a link, a FIFO that nobody reads, a socket, a directory */
	if (r == -ELOOP || r == -ENXIO || r == -EISDIR) {
		int looked = state_folder_look(folder, name, &status);

		return looked < 0 ? looked : r;
	}
	if (r >= 0 && fstat(fd, &status) < 0)
		r = -errno;
	if (r >= 0)
		r = check_file(folder, name, &status);
	if (r < 0)
		return r;
	if (flags & O_CREAT)
		give_to_owner(folder, fd);
	return take_fd(&fd);
}

int state_folder_look(
	struct state_folder *folder, const char *name, struct stat *ret_status)
{
	int r;

	if (fstatat(folder->fd, name, ret_status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = check_file(folder, name, ret_status);
	return r < 0 ? r : 1;
}

/* At the end errno is 0. */
static struct dirent *next_name(DIR *names)
{
	errno = 0;
	return readdir(names);
}

int state_folder_each(struct state_folder *folder,
	void (*what)(void *data, const char *name), void *data)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *file;
	int r = names ? 0 : -errno;

	if (!names && fd >= 0)
		(void)close(fd);
	while (names && (file = next_name(names)) != NULL)
		what(data, file->d_name);
	if (names) {
		r = -errno;
		(void)closedir(names);
	}
	return r;
}

void state_folder_done(struct state_folder *folder)
{
	closep(&folder->fd);
	free(folder->path);
}
