/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/sync/sync.h"

/* Reads everything: at the start, and again after events were lost, beside the old state. */

/* The first reading. Returns 0 or a negative errno. */
int resync_first(struct sync *sync);

/* Adds the timer that sync_lose() arms. Returns 0 or a negative errno. */
int resync_start(struct sync *sync, sd_event *event);
