/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * Writes all of it, and waits for whoever reads, also where somebody else made the file nonblocking.
 * Not by stdio: at exit() that waits for a thread that hangs. Returns 0 or a negative errno.
 */
int write_out(int fd, const char *text, size_t length);
