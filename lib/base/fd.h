/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>
#include <unistd.h>

/*
 * Descriptors and streams for _cleanup_ (base/cleanup.h). -1 and NULL own nothing. An error of
 * close() or fclose() is ignored: whoever writes checks before.
 */
static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static inline void fclosep(FILE **file)
{
	if (*file)
		(void)fclose(*file);
	*file = NULL;
}

/* Returns the descriptor and leaves -1: the caller's variable owns it no longer. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
