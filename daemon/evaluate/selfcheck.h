/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/evaluate/track.h"
#include "daemon/sync/sync.h"
#include "rpf/rpf.h"

#include <stdbool.h>
#include <stdint.h>

/* Model and kernel differ on the suspect. */
struct selfcheck_difference {
	struct rpf rpf;
	int kernel_errno; /* positive; 0: it takes the packet */
};

/*
 * The model held against the kernel while the daemon runs: a few flows a minute, those of findings
 * and of interfaces that just changed first, the rest at random, near the ends of prefixes as
 * often as anywhere. It rides on the refresh (sync.h), so that nothing wakes up for it.
 */
struct selfcheck {
	uint64_t checks;     /* questions so far */
	bool has_suspect;    /* model and kernel differed; all is being read again */
	struct flow suspect; /* on this flow */
	int unsure_ifindex; /* reading again did not settle it: findings here are unsure */
	bool has_news;	    /* ... which is to be logged; the turn clears it */
	struct selfcheck_difference difference;
};

/*
 * Asks this minute's questions, so many. A difference has all read again. Returns 1 where
 * unsure_ifindex is another one now, so that all is to be evaluated; 0; or a negative errno.
 */
int selfcheck_run(struct selfcheck *check, struct sync *sync, const struct track *track,
	unsigned int questions);

/*
 * After all was read again: is the flow in question settled? Returns 1 where it isn't: that is
 * news, and all is to be evaluated; 0; or a negative errno.
 */
int selfcheck_settle(struct selfcheck *check, struct sync *sync);
