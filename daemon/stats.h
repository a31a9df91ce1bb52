/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/histogram.h"
#include "daemon/evaluate/selfcheck.h"
#include "daemon/evaluate/track.h"
#include "daemon/journal/sink.h"
#include "daemon/sync/sync.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is counted for people: systemctl status, and the log after SIGUSR1. */
struct stats {
	struct histogram lag; /* usec from heard of to evaluated, an event each */
	uint64_t disagreements;
	bool status_synced; /* what systemd was last told, and when */
	size_t status_findings;
	uint64_t status_usec;
	bool ready;		/* stats_ready() was called */
	uint64_t ready_by_usec; /* it waits for the first findings' entries no longer */
	bool ready_owed;	/* systemd did not take READY=1 */
};

/* So many events have been evaluated, the first of which was heard of then. */
void stats_count_lag(struct stats *stats, uint64_t events, uint64_t since_usec);

/* Tells systemd that all is read (READY=1). Where it is not taken, stats_status() tries again. */
void stats_ready(struct stats *stats);

/* Tells systemd how things are (STATUS=), where that is news or it was long ago. */
void stats_status(struct stats *stats, const struct sync *sync, const struct track *track,
	bool throttled);

/* Logs all of it (SIGUSR1). */
void stats_log(const struct stats *stats, const struct sync *sync,
	const struct track *track, const struct selfcheck *selfcheck, struct sink *sink);
