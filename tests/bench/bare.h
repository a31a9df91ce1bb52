/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shape.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * The yardsticks: loops that take what the kernel says and do nothing with it. They use
 * neither libnl nor anything of ours.
 */

/* An rtnetlink socket that can be asked for dumps. */
int bare_socket(void);

/* Dumps all IPv4 routes; returns how many messages there were. */
size_t bare_drain(int fd);

/* A socket in the daemon's six groups with a forced buffer of 128 MiB. */
int bare_listener(void);

/* A process that does nothing but recv() on such a one; batch: recvmmsg(), 32 at a time. */
pid_t bare_loop(int batch);

/*
 * A process that adds routes and deletes them, times over, so many changes a second or (0)
 * as fast as the kernel goes. It ends by itself, with 0 if the kernel refused none.
 */
pid_t bare_storm(const struct shape_route *routes, size_t count, size_t times,
	unsigned int per_second);

/* Waits for it; it must have ended well. */
void bare_storm_wait(pid_t pid);
