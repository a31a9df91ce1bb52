/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/hash.h"
#include "daemon/config/config.h"
#include "daemon/evaluate/track.h"
#include "finding/report.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Which interfaces are evaluated, and when: those that the state calls dirty, at once; what other
 * routes may change, at a pace; and where evaluations take long, with rests between them.
 */
struct schedule {
	bool all; /* evaluate every interface: another state, another configuration */
	struct hash depends_on_no_route;       /* ifindexes: see state.dirty.no_route */
	struct hash unnumbered;		       /* ifindexes: see state.dirty.addresses */
	struct hash depends_on_foreign_routes; /* ifindexes: report_iface's by_routes */
	struct hash
		missed; /* ifindexes: their rules tell more classes apart than are evaluated */
	bool reverse_stale;    /* findings may have another reverse route by now */
	uint64_t reverse_usec; /* when that is looked at */
	bool throttled;	       /* something is dirty, and waits until ... */
	uint64_t throttled_until_usec; /* ... then, as the last evaluation took long */
	unsigned int slow_turns; /* evaluations left for which a long one is remembered */
	size_t blind;		 /* messages not understood that were logged */

	/* What is to be logged; the turn clears it. */
	bool blind_news;
	ARRAY(struct report_missed) missed_news;
};

void schedule_done(struct schedule *schedule);

/* Whether something may have another verdict than it was evaluated with. */
bool schedule_is_pending(const struct schedule *schedule, const struct state *state);

/* Evaluations that take long leave time for everything else: whether it is too early for one. */
bool schedule_throttle(struct schedule *schedule, const struct state *state, bool quick);

/*
 * Evaluates what is pending into track. quick: without hold_down. unsure_ifindex: model and kernel
 * differ there (0: nowhere). Returns 0 or -ENOMEM.
 */
int schedule_run(struct schedule *schedule, struct state *state,
	const struct config *config, struct track *track, int unsure_ifindex, bool quick);

/* When something will be due, USEC_NEVER for never. */
uint64_t schedule_next(const struct schedule *schedule);

/*
 * Whether something changed that bears on a finding since it was evaluated. What changes elsewhere
 * doesn't count, or a storm would keep it back for ever.
 */
bool schedule_is_outdated(const struct schedule *schedule, const struct state *state,
	const struct finding *finding);
