/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/arguments.h"

/*
 * A file that is there as a whole or not at all: it is written beside its name, and renamed. What is
 * no regular file (a pipe, a device) is written as it is.
 */
struct save_file {
	int fd;
	char *path; /* where it goes, with links followed; NULL: fd is written as it is */
	char *temporary; /* where it is until then */
};

/* Begins: name, or standard output for "-". Returns 0, or a negative errno with error set;
 * save_file_done() in either case, which removes what was not committed. */
int save_file_begin(
	struct save_file *save, const char *name, char error[static ERROR_TEXT]);
void save_file_done(struct save_file *save);

/* All is written: now it has its name. Returns 0 or a negative errno. */
int save_file_commit(struct save_file *save);
