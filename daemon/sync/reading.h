/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/sync/sync.h"

/*
 * Reads everything anew into a fresh state, in pieces between events, beside the state in force: at
 * the start, after events were lost, and for an audit. What happens meanwhile is recorded, and
 * handed to the fresh state behind the dumps, until none is left.
 */

/*
 * Begins one; none must be running. In the event loop, done is called once: with 0 when
 * sync->reading.fresh is as new as all that was heard, or with a negative errno; it drops the
 * reading (sync_drop_reading()), at once or later. Not called where sync was lost meanwhile: the
 * reading is dropped then. Returns 0 or a negative errno; then it is still to be dropped.
 */
int reading_begin(struct sync *sync, sync_reading_done done);

/* All of it at once, without an event loop. Returns 0 or a negative errno; then it is dropped. */
int reading_whole(struct sync *sync);

/* For who follows on with the fresh state: hands it some of what was recorded. Returns 1 where more
 * is left, 0, or a negative errno. */
int reading_replay(struct sync *sync);
