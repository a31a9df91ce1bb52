/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "daemon/journal/entry.h"
#include "finding/finding.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The life of each finding in time: what was said of it, what is due to be said. It asks
 * nobody and says nothing itself; time is an argument (usec of any steady clock).
 *
 *	(none) -- found --> pending -- hold_down --> open -- lost --> closing -- hold_down --> (none)
 *	pending -- lost --> (none): never said          closing -- found --> open: never said
 */
enum track_phase { TRACK_PENDING, TRACK_OPEN, TRACK_CLOSING };

struct track_item {
	int ifindex;		 /* of finding */
	uint64_t key;		 /* a hash of its id */
	struct finding *finding; /* as it is now, or was last */
	struct finding *logged;	 /* as it was last said, NULL while pending */
	enum track_phase phase;
	uint64_t since_usec;	  /* the phase's begin */
	uint64_t logged_usec;	  /* the last entry */
	unsigned int count;	  /* repeats said */
	bool refuted;		  /* the kernel says otherwise: not to be said as it is */
	unsigned int refutations; /* 1: all is being read again; 2: it was said */
	uint64_t refuted_audit;	  /* how many audits there had been then */
	uint64_t asked_usec;	  /* track_ask(); 0: never */
	uint64_t wait_usec;	  /* it is not said before, as an answer may come */
};

struct track {
	ARRAY(struct track_item) items;
	uint64_t hold_down_usec;
	uint64_t
		route_wait_usec; /* instead, for what has no reverse route: its route may come yet */
	uint64_t repeat_usec; /* 0: never */
	uint64_t
		wait_usec; /* what is said waits so long for an answer; 0: none is asked */
	uint64_t next_usec; /* nothing is due before; 0: not known */
};

void track_done(struct track *track);

/*
 * Takes what an evaluation found on one interface: *findings is emptied, the track owns them.
 * What was found there before and is not any more is on its way to be cleared. quick: do not
 * wait for hold_down (the first evaluation after a start). unknown: what could not be judged, of
 * which a finding that is open stays so. Returns 0 or -ENOMEM.
 */
int track_update(struct track *track, int ifindex, struct finding **findings,
	size_t count, const struct finding_id *unknown, size_t unknown_count, bool quick,
	uint64_t now_usec);

/*
 * The next thing to say at now: its item, and which event it is; NULL when nothing is due.
 * Call track_logged() once it is said, then ask again.
 */
struct track_item *track_due(
	struct track *track, uint64_t now_usec, enum event_kind *ret);
int track_logged(struct track *track, struct track_item *item, enum event_kind kind,
	uint64_t now_usec);

/*
 * Whether something else is to be asked about an item that is due: it was not since it is, or long
 * ago. Then it is not due until track_answered(), or for wait_usec; that it is over waits for
 * nothing. What flaps within a hold-down is not asked about.
 */
bool track_ask(struct track *track, struct track_item *item, uint64_t now_usec);
void track_answered(struct track *track, struct track_item *item);

/* When something will be due, UINT64_MAX for never. */
uint64_t track_next(struct track *track);

/* The times that were set (hold_down_usec, repeat_usec) are others now. */
void track_retime(struct track *track);

/* A finding was found with more words, by whom is known that it is the item's. Takes it. */
void track_expand(struct track_item *item, struct finding *finding);

/* How many findings are open: raised and not cleared; and how many of these are warnings. */
size_t track_open(const struct track *track);
size_t track_warnings(const struct track *track);

/* How many are to be raised and were not, other than what may find its route yet. */
size_t track_unsaid(const struct track *track);
