/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/host.h"

#include <stdbool.h>

/*
 * Lines of host.h, done in the network namespace that the process is in. A line that is none ends
 * the program with a sentence.
 *
 * "netns other" in a line of ip(8) is a second namespace that host_begin() makes, and "ip
 * -n other …" works in it, where "netns here" leads back.
 */

/* Makes the other namespace, which lives as long as this process. Call it in a namespace of the
 * test's own. Returns whether it could. */
bool host_begin(void);

/* Starts a storm. Returns its process, to be waited for, or 0 where text is none. */
int host_storm(const char *text);

/* Does a line just as it is said. Returns whether the kernel took it. */
bool host_do(const char *text);

/* The same; said gets what ip(8) says to standard error, the first of it. */
#define HOST_SAID 200
bool host_do_said(const char *text, char said[static HOST_SAID]);

/*
 * Whole hosts, as golden files describe them.
 *
 * host_new() goes to a new namespace: lo up, no setting inherited. host_build() does a line there:
 * a veth has its other end in the other namespace, which is the far end of its cable, so that
 * `ip link set NAME carrier off` pulls it; where this kernel has no such kind of tunnel
 * a tun device stands in, and *ret_stands_in says so. Both return whether it could be done.
 */
bool host_new(void);
bool host_build(const struct host_line *line, bool *ret_stands_in);
