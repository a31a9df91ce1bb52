/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The name of this thread's network namespace, which no other one has until the next boot:
 * "c" and its cookie (SO_NETNS_COOKIE, Linux 5.14). Older kernels have only the number of its
 * inode, "i" and that, which a later namespace may get again.
 */
#define NETNS_ID 24

/* Returns 0 or a negative errno. */
int netns_id(char ret[static NETNS_ID]);
