/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "kernel/nl_reader.h"
#include "kernel/nl_request.h"
#include "kernel/snapshot.h"
#include "state/state.h"
#include "state/state_equal.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * Keeps the state as the kernel has it. Events go straight into it, and mark what is dirty; who
 * evaluates that is called by nobody here: a post source runs the turn (daemon/turn.h). After an
 * overrun the state is old, which is a state of its own, until all was read again (reading.h,
 * resync.h). The audit (audit.h) proves the rest.
 */

/* Why sync was lost. */
enum sync_loss { SYNC_OVERRUN, SYNC_BAD_MESSAGE };

/* What there is to log, in its order: turn.c takes it from sync.happened. */
enum sync_event_kind {
	SYNC_RESYNCED,	     /* all was read again: .loss, .took_usec */
	SYNC_DRIFTED,	     /* the audit found .what, not announced: .took_usec */
	SYNC_MALFORMED,	     /* a message was malformed; all is read again */
	SYNC_RESYNC_FAILED,  /* .error; tried again */
	SYNC_AUDIT_FAILED,   /* .error; tried again later */
	SYNC_REFRESH_FAILED, /* .error; the settings are as known */
	SYNC_RECEIVE_FAILED, /* .error; the daemon ends */
};

struct sync_event {
	enum sync_event_kind kind;
	enum sync_loss loss;
	int error; /* negative */
	uint64_t took_usec;
	char what[STATE_DIFFERENCE];
};

struct sync;
typedef int (*sync_reading_done)(struct sync *sync, int error);

/* All is read anew beside the state in force: reading.c. */
struct sync_reading {
	struct state *fresh; /* NULL: none runs */
	struct nl_request
		*request; /* its own: the other one is for questions meanwhile */
	struct snapshot snapshot;
	sync_reading_done done; /* its end is for whoever began it: resync.c, audit.c */
	sd_event_source *source;
	uint64_t began_usec;
};

struct sync_counts {
	uint64_t overruns, resyncs, audits, drifts;
	uint64_t misheard;     /* rules were not as their events said */
	struct nl_counts read; /* messages of readings that ended */
};

struct sync {
	sd_event *event; /* borrowed; NULL with --once */
	struct nl_request *request;
	struct nl_reader *reader;
	struct state *state; /* NULL before the first reading */
	bool synced;	     /* false: the state is old, and nothing new is said of it */
	uint64_t lost_usec;
	int error; /* 0, or a negative errno that the turn ends the daemon with */
	enum sync_loss loss;
	ARRAY(struct sync_event) happened;
	struct sync_counts counts;

	/* Set here, cleared by the turn that follows: */
	bool replaced;	   /* another state is in force: evaluate all */
	bool audited;	   /* an audit ended: compare what rests on the state */
	bool evaluate_all; /* ... and evaluate all */
	bool refresh_due;  /* read again what is never announced */

	int changed_ifindex; /* an interface that changed lately, 0: none */
	uint64_t pending_events,
		pending_usec; /* not evaluated yet; since when the first */

	/* storms: see sync.c */
	uint64_t turned_usec; /* when the last turn ended */
	unsigned int busy;
	bool gathering;
	uint64_t gather_usec; /* what is taken next may have come since then */

	uint64_t backoff_usec, last_overrun_usec;
	unsigned int resyncs_failed; /* in a row */
	struct sync_reading reading;
	struct state_comparison comparison; /* of an audit */
	uint64_t audit_rest_usec;	    /* no audit before, but for a doubt */
	bool audit_doubt;		    /* the next one has all evaluated behind it */
	uint64_t audit_all_usec;	    /* so does the first one from then on */

	bool rules_due;	     /* they are read again by the timer */
	bool rules_failed;   /* ... as they could not be read, which was said */
	uint64_t rules_usec; /* ... not before */

	sd_event_source *netlink, *gather, *resync_timer, *audit_timer, *refresh_timer,
		*rules_timer;
	uint64_t refresh_usec; /* between two refreshes */
};

/*
 * Opens the sockets. fd: an inherited netlink socket, or -1. Returns 0 or a negative errno;
 * sync_done() in either case.
 */
int sync_init(struct sync *sync, int fd);
void sync_done(struct sync *sync);

/* Adds the sources of events and of the refresh, each refresh_usec. 0 or a negative errno. */
int sync_start(struct sync *sync, sd_event *event, uint64_t refresh_usec);

/* Whether events are heard of, or a resync is to come: else nothing ever is. */
bool sync_is_following(const struct sync *sync);

/*
 * Takes in up to `most` events. Returns how many; 0 also where sync was lost by that, which is
 * dealt with; or a negative errno that ends the daemon. Out of sync they only reach the record of a
 * reading.
 */
int sync_take(struct sync *sync, unsigned int most);

/* A turn has ended: what was pending is evaluated, unless it is throttled. Returns how many events
 * that were, and sets *ret_since to when the first of them was heard of. */
uint64_t sync_turned(struct sync *sync, bool throttled, uint64_t *ret_since);

/* Takes in all that the kernel announced so far, for a second at most. 0 or a negative errno. */
int sync_events(struct sync *sync);

/* Reads again what the kernel announces to nobody. 0, also where that failed; or -ENOMEM. */
int sync_refresh(struct sync *sync);

/* --- for reading.c, resync.c and audit.c ---------------------------------------------------------------- */

/* Something is to be logged. 0 or -ENOMEM. */
int sync_happened(struct sync *sync, const struct sync_event *event);

/* The state is old from now on; all is read again after a back-off. 0 or a negative errno. */
int sync_lose(struct sync *sync, enum sync_loss loss);

/* What a failed receive means. Returns 0 where it is dealt with, else the errno. */
int sync_failed(struct sync *sync, int error);

/* Where rules have changed, has them read again, now or by the timer. 0, also where that failed; or
 * a negative errno. */
int sync_settle_rules(struct sync *sync);

/* fresh takes the place of the state in force; owned from the call on. 0 or a negative errno. */
int sync_take_over(struct sync *sync, struct state *fresh);

/* Takes what is queued into the fresh state and the one in force. 0 or a negative errno. */
int sync_catch_up(struct sync *sync);

/*
 * Asks for an audit in so many microseconds; one that is due sooner stays. _now: there is a doubt,
 * and all is evaluated behind it. _soon: something was inferred that is to be proven: in two
 * seconds, but so that such audits take a twentieth of the time at most.
 */
void sync_want_audit(struct sync *sync, uint64_t in_usec);
void sync_want_audit_now(struct sync *sync);
void sync_want_audit_soon(struct sync *sync);

/* Frees what a reading has, if one runs. */
void sync_drop_reading(struct sync *sync);

/* Arms a timer of ours for once. 0 or a negative errno. */
int sync_arm(sd_event_source *timer, uint64_t at_usec);
