/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/sync/sync.h"

/* When all is read, but for audits: at the start, and again after events were lost. */

/* The first reading. Returns 0 or a negative errno. */
int resync_first(struct sync *sync);

/* Adds the timer that sync_lose() arms. Returns 0 or a negative errno. */
int resync_start(struct sync *sync, sd_event *event);
