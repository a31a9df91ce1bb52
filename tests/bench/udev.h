/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bench.h"

/*
 * What many use today: a udev rule that runs sysctl(8) when a tunnel is added. The real
 * systemd-udevd, in the benchmark's network namespace, where it hears of that one's devices
 * only, and in a mount namespace of its own; this rule is its only one.
 */

/* Whether it can be run here; prints a row with its version, or why not. */
bool udev_is_there(const struct bench *bench);

/* Starts it and waits until it listens. Returns its process; udev_stop() ends it. */
pid_t udev_start(const char *rule);
void udev_stop(pid_t pid);
