/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/sync/sync.h"

/*
 * The audit reads all anew beside the state in force, and compares the two: what the kernel
 * changed in silence and nobody inferred shows there. When: sync_want_audit().
 */

/* Adds its timer; the first one is the regular one. Returns 0 or a negative errno. */
int audit_start(struct sync *sync, sd_event *event);
