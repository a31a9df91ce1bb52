/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/save_file.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file that name leads to, also where it is not there yet. */
static int resolve(const char *name, char **ret, bool *direct)
{
	struct stat stat_of;

	*direct = false;
	*ret = realpath(name, NULL);
	if (!*ret && errno != ENOENT)
		return -errno;
	if (!*ret) {
		*ret = strdup(name);
		return *ret ? 0 : -ENOMEM;
	}
	if (stat(*ret, &stat_of) < 0)
		return -errno;
	if (S_ISDIR(stat_of.st_mode))
		return -EISDIR;
	*direct = !S_ISREG(stat_of.st_mode);
	return 0;
}

/* As mkstemp(), but for the mode, which is that of any new file. */
static int open_temporary(struct save_file *save)
{
	int r = -EEXIST;

	for (unsigned int i = 0; i < 100 && r == -EEXIST; i++) {
		free(save->temporary);
		save->temporary = NULL;
		if (asprintf(&save->temporary, "%s.%d-%u", save->path, (int)getpid(), i) <
			0) {
			save->temporary = NULL;
			return -ENOMEM;
		}
		save->fd = open(
			save->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		r = save->fd < 0 ? -errno : 0;
	}
	if (r < 0) {
		free(save->temporary);
		save->temporary = NULL;
	}
	return r;
}

static int open_target(struct save_file *save, const char *name)
{
	bool direct;
	int r;

	if (strcmp(name, "-") == 0) {
		if (isatty(STDOUT_FILENO))
			return -ENOTTY;
		save->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return save->fd < 0 ? -errno : 0;
	}
	r = resolve(name, &save->path, &direct);
	if (r < 0)
		return r;
	if (!direct)
		return open_temporary(save);
	save->fd = open(save->path, O_WRONLY | O_CLOEXEC);
	r = save->fd < 0 ? -errno : 0;
	free(save->path);
	save->path = NULL;
	return r;
}

int save_file_begin(
	struct save_file *save, const char *name, char error[static ERROR_TEXT])
{
	int r;

	*save = (struct save_file){ .fd = -1 };
	r = open_target(save, name);
	if (r == -ENOTTY)
		(void)snprintf(error, ERROR_TEXT,
			"standard output is a terminal; name a file, or redirect it");
	else if (r < 0)
		(void)snprintf(error, ERROR_TEXT, "%s: %s", name, strerror(-r));
	return r;
}

int save_file_commit(struct save_file *save)
{
	int r = close(take_fd(&save->fd)) < 0 ? -errno : 0;

	if (r < 0 || !save->temporary)
		return r;
	if (rename(save->temporary, save->path) < 0)
		return -errno;
	free(save->temporary);
	save->temporary = NULL;
	return 0;
}

void save_file_done(struct save_file *save)
{
	closep(&save->fd);
	if (save->temporary)
		(void)unlink(save->temporary);
	free(save->temporary);
	free(save->path);
	*save = (struct save_file){ .fd = -1 };
}
