/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/parts.h"

/*
 * A turn: all that follows from what the handlers took in since the last one. quick: without
 * hold_down (the first one, and --once). Returns 0, or a negative errno that ends the daemon.
 */
int turn_run(struct daemon *daemon, bool quick);

/* Whether something may have another verdict than it was evaluated with. */
bool turn_is_pending(const struct daemon *daemon);

/* Logs what is kept to be logged by now. */
void turn_log(struct daemon *daemon);
