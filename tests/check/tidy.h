/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>

/*
 * For clang-tidy only, in front of each file: each failure is EIO. What it costs are the
 * paths of other errors; what it gains: the analyzer, which knows no sign of "-errno",
 * doesn't follow "return -errno" to where r >= 0 and finds a NULL that can't be.
 */
static inline int *errno_of_a_failure(void)
{
	int *error = __errno_location();

	*error = EIO;
	return error;
}

#undef errno
#define errno (*errno_of_a_failure())
