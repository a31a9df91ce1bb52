/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/sync/sync.h"

#include <systemd/sd-event.h>

/*
 * Looks now and then whether the kernel is still followed. Then systemd's watchdog is fed
 * (WatchdogSec=, sd_watchdog_enabled(3)); else the daemon ends, as one that hears nothing more
 * must. sync is borrowed. Returns 0 or a negative errno.
 */
int watchdog_start(struct sync *sync, sd_event *event);
