/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "daemon/selfcheck.h"
#include "kernel/snapshot.h"
#include "model/state_equal.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/*
 * The audit reads all anew beside the state in force, and compares the two: what the kernel
 * changed in silence and nobody inferred shows there.
 *
 * A full table takes more than a second to read. So its routes are taken a piece at a time,
 * between events. These go into the state in force at once, and are kept for the fresh one,
 * which gets them when all of it is read, a piece at a time as well, until none is left.
 */

#define USEC_PER_SEC UINT64_C(1000000)
#define AUDIT_USEC (300 * USEC_PER_SEC)
#define STEP_USEC                                                                        \
	4000 /* at a time, where events come as fast as they can: half of it all */
#define REPLAY_STEP 2000 /* events: some 2 ms */

struct audit {
	struct nl_request *request; /* the daemon's is for questions meanwhile */
	struct state *fresh;
	sd_event_source *source;
	uint64_t began_usec;
};

static void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	sd_event_source_disable_unref(audit->source);
	nl_request_free(audit->request);
	state_free(audit->fresh);
	free(audit);
}
DEFINE_FREEP(struct audit, audit_free)

void audit_stop(struct daemon *daemon)
{
	if (!daemon->auditing)
		return;
	nl_reader_forget(daemon->reader);
	audit_free(daemon->auditing);
	daemon->auditing = NULL;
}

void audit_want(struct daemon *daemon, uint64_t in_usec)
{
	uint64_t at = daemon_now(daemon) + in_usec, due = 0;

	if (!daemon->audit) /* --once: nothing will come of it */
		return;
	/* coalesced: what is due sooner stays, also if it is overdue */
	if (sd_event_source_get_enabled(daemon->audit, NULL) > 0 &&
		sd_event_source_get_time(daemon->audit, &due) >= 0 && due <= at)
		return;
	(void)sd_event_source_set_time(daemon->audit, at);
	(void)sd_event_source_set_enabled(daemon->audit, SD_EVENT_ONESHOT);
}

/* --- its end -------------------------------------------------------------------------------- */

/* It came to nothing. Returns 0 where that is dealt with. */
static int give_up(struct daemon *daemon, int error)
{
	const struct audit *audit = daemon->auditing;
	uint64_t took = audit ? daemon_now(daemon) - audit->began_usec : 0;

	audit_stop(daemon);
	audit_want(daemon, AUDIT_USEC > took * 20 ? AUDIT_USEC : took * 20);
	if (error == -EBADMSG || error == -ENOMEM)
		return follow_failed(daemon, error);
	sink_say(&daemon->sink, LOG_WARNING,
		"The audit could not read the kernel: %s; trying again later.",
		error == -ENOBUFS ? "too much happened meanwhile" : strerror(-error));
	return 0;
}

static void compare(struct daemon *daemon, struct state *fresh, uint64_t took_usec)
{
	char what[STATE_DIFFERENCE], why[STATE_DIFFERENCE + 64];

	daemon->rejudge = true;
	daemon->ledger_doubtful = true;
	if (state_equal(daemon->state, fresh, what)) {
		state_free(fresh);
		malloc_trim(0);
		return;
	}
	daemon->drifts++;
	daemon->resyncs++;
	follow_take_over(daemon, fresh);
	snprintf(why, sizeof(why), "The audit found a change that was not announced (%s)",
		what);
	say_resync(daemon, why, took_usec);
}

static int finish(struct daemon *daemon)
{
	struct audit *audit = daemon->auditing;
	uint64_t took, next = AUDIT_USEC;
	bool again;
	int r;

	/* settings that are never announced may have changed since they were read, by our own hand,
	 * too; and what was announced since is newer than both states */
	r = snapshot_refresh(audit->request, audit->fresh);
	if (r < 0)
		return give_up(daemon, r);
	r = follow_catch_up(daemon, audit->fresh, true);
	if (r < 0)
		return follow_failed(daemon, r);
	took = daemon_now(daemon) - audit->began_usec;
	daemon->audits++;
	again = audit->fresh->audit_due;
	compare(daemon, take_ptr(audit->fresh), took);
	audit_stop(daemon);
	/* an audit in a storm is to be repeated, but is never more than a twentieth */
	if (again)
		next = took * 20 > AUDIT_SOON_USEC ? took * 20 : AUDIT_SOON_USEC;
	daemon->state->audit_due = false;
	audit_want(daemon, next);
	judge_later(daemon);
	return selfcheck_settle(daemon);
}

/* --- its way -------------------------------------------------------------------------------- */

/* Hands some of what was kept to the fresh state. Returns how much, or a negative errno. */
static int replay(struct daemon *daemon)
{
	struct state *fresh = daemon->auditing->fresh;
	int r;

	fresh->replaying = true;
	r = nl_reader_replay(daemon->reader, REPLAY_STEP, state_apply_handler, fresh);
	fresh->replaying = false;
	return r;
}

static int on_replay(sd_event_source *source, void *data)
{
	struct daemon *daemon = data;
	bool more;
	int r = replay(daemon);

	(void)source;
	if (r < 0)
		return give_up(daemon, r);
	if (r == REPLAY_STEP)
		return 0;
	/* as new as the queue's end both states are only when that is reached */
	r = follow_turn(daemon, &more);
	if (r < 0 || !daemon->auditing || more)
		return r;
	r = replay(daemon);
	return r < 0 ? give_up(daemon, r) : finish(daemon);
}

/*
 * All routes are read: next is what happened meanwhile. A source of this kind that stays on goes
 * before the ordinary ones, which takes events from there: a storm is caught up with only so.
 */
static int begin_replay(struct daemon *daemon)
{
	struct audit *audit = daemon->auditing;
	int r;

	audit->source = sd_event_source_disable_unref(audit->source);
	r = sd_event_add_defer(daemon->event, &audit->source, on_replay, daemon);
	return r < 0 ? r : sd_event_source_set_enabled(audit->source, SD_EVENT_ON);
}

/* Some of the routes: few at a time while all is quiet, so that no event waits for long. */
static int on_routes(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct daemon *daemon = data;
	struct audit *audit = daemon->auditing;
	uint64_t until = daemon_now(daemon) + STEP_USEC;
	int r;

	(void)source;
	(void)fd;
	(void)revents;
	do
		r = snapshot_step(audit->request, audit->fresh);
	while (r == 1 && follow_is_storm(daemon) && daemon_now(daemon) < until);
	if (r == 0)
		r = begin_replay(daemon);
	return r < 0 ? give_up(daemon, r) : 0;
}

static int begin(struct daemon *daemon)
{
	_cleanup_(audit_freep) struct audit *audit = calloc(1, sizeof(*audit));
	int r = -ENOMEM;

	if (!audit)
		return r;
	audit->began_usec = daemon_now(daemon);
	audit->fresh = state_new();
	if (audit->fresh)
		r = nl_request_new(&audit->request);
	if (r >= 0) {
		nl_reader_keep(daemon->reader);
		r = snapshot_begin(audit->request, daemon->state, audit->fresh);
	}
	if (r >= 0)
		r = sd_event_add_io(daemon->event, &audit->source,
			nl_request_fd(audit->request), EPOLLIN, on_routes, daemon);
	daemon->auditing = take_ptr(audit);
	return r;
}

int audit_due(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;
	int r;

	(void)source;
	(void)usec;
	if (!daemon->synced || daemon->auditing) {
		audit_want(daemon, daemon->synced ? AUDIT_SOON_USEC : AUDIT_USEC);
		return 0;
	}
	r = begin(daemon);
	return r < 0 ? give_up(daemon, r) : 0;
}
