/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "state/state_apply.h"

#include "daemon/evaluate/selfcheck.h"
#include "kernel/snapshot.h"
#include "state/state_equal.h"

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
 * A full table takes more than a second to read. So all is done a piece at a time, between
 * events: reading; then handing the fresh state what happened meanwhile, which the state in force
 * had at once and which is kept for it, until none is left; then comparing, as it goes on to be.
 */

#define USEC_PER_SEC UINT64_C(1000000)
#define AUDIT_USEC (300 * USEC_PER_SEC)
#define STEP_USEC                                                                        \
	4000 /* at a time, where events come as fast as they can: half of it all */
#define REPLAY_STEP 2000  /* events: some 2 ms */
#define COMPARE_STEP 5000 /* entries of a table: some 0.2 ms */
#define REST 20		  /* times what one took, before one that was only asked for */
#define SOON_USEC (2 * USEC_PER_SEC)

struct audit {
	struct nl_request *request; /* the daemon's is for questions meanwhile */
	struct snapshot snapshot;
	struct state *fresh;
	struct state_comparison comparison;
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
	nl_reader_record_stop(daemon->reader);
	audit_free(daemon->auditing);
	daemon->auditing = NULL;
}

static void want(struct daemon *daemon, uint64_t in_usec)
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

void audit_call_off(struct daemon *daemon)
{
	audit_stop(daemon);
	want(daemon, AUDIT_USEC);
}

void audit_want_at_once(struct daemon *daemon)
{
	daemon->audit_all = true;
	want(daemon, 1);
}

void audit_want_soon(struct daemon *daemon)
{
	uint64_t now = daemon_now(daemon), in = SOON_USEC;

	if (daemon->auditing)
		return; /* its fresh state is asked the same, and finish() sees it there */
	if (daemon->audit_rest_usec > now + in)
		in = daemon->audit_rest_usec - now;
	want(daemon, in);
}

/* --- its end -------------------------------------------------------------------------------- */

/* It came to nothing. Returns 0 where that is dealt with. */
static int give_up(struct daemon *daemon, int error)
{
	const struct audit *audit = daemon->auditing;
	uint64_t took = audit ? daemon_now(daemon) - audit->began_usec : 0;

	audit_stop(daemon);
	daemon->audit_rest_usec = daemon_now(daemon) + took * REST;
	want(daemon, AUDIT_USEC > took * REST ? AUDIT_USEC : took * REST);
	if (error == -EBADMSG || error == -ENOMEM)
		return follow_failed(daemon, error);
	sink_say(&daemon->sink, LOG_WARNING,
		"The audit could not read the kernel: %s; trying again later.",
		error == -ENOBUFS ? "too much happened meanwhile" : strerror(-error));
	return 0;
}

/* Both are equal, or the fresh one takes the other's place. */
static void settle(
	struct daemon *daemon, bool equal, const char *what, uint64_t took_usec)
{
	char why[STATE_DIFFERENCE + 64];

	daemon->ledger_doubtful = true;
	/* at times all is judged, too, whatever was thought to be touched: with many links no little */
	if (daemon->audit_all || daemon_now(daemon) >= daemon->judge_all_usec) {
		daemon->rejudge = true;
		daemon->judge_all_usec = daemon_now(daemon) + AUDIT_USEC;
	}
	daemon->audit_all = false;
	if (equal)
		return;
	daemon->drifts++;
	daemon->resyncs++;
	follow_take_over(daemon, take_ptr(daemon->auditing->fresh));
	snprintf(why, sizeof(why), "The audit found a change that was not announced (%s)",
		what);
	say_resync(daemon, why, took_usec);
}

/*
 * What differs may be what is never announced, and was read of the kernel at two times, or
 * changed by our own hand: it is read again, and all that was announced since is newer than that.
 */
static int compare_again(struct daemon *daemon, bool *ret_equal, char *what)
{
	struct audit *audit = daemon->auditing;
	int r = snapshot_refresh(audit->request, audit->fresh);

	if (r < 0)
		return give_up(daemon, r);
	r = follow_catch_up(daemon, audit->fresh, true);
	if (r < 0)
		return follow_failed(daemon, r);
	*ret_equal = state_equal(daemon->state, audit->fresh, what);
	return 1;
}

static int finish(struct daemon *daemon, bool equal, char *what)
{
	struct audit *audit = daemon->auditing;
	uint64_t took;
	bool again;
	int r;

	if (!equal) {
		r = compare_again(daemon, &equal, what);
		if (r <= 0)
			return r;
	}
	took = daemon_now(daemon) - audit->began_usec;
	daemon->audits++;
	again = audit->fresh->audit_due;
	settle(daemon, equal, what, took);
	audit_stop(daemon);
	/* the fresh state of a full table was tens of megabytes: give them back */
	malloc_trim(0);
	daemon->audit_rest_usec = daemon_now(daemon) + took * REST;
	daemon->state->audit_due = false;
	want(daemon, AUDIT_USEC);
	if (again)
		audit_want_soon(daemon);
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

/* Has handler called once, behind what is due already. */
static int go_on(struct daemon *daemon, sd_event_handler_t handler)
{
	struct audit *audit = daemon->auditing;

	/* one that is used again would keep its place before the others */
	audit->source = sd_event_source_disable_unref(audit->source);
	return sd_event_add_defer(daemon->event, &audit->source, handler, daemon);
}

/* Both states are as new as each other: compares a piece. */
static int on_compare(sd_event_source *source, void *data)
{
	struct daemon *daemon = data;
	struct audit *audit = daemon->auditing;
	char what[STATE_DIFFERENCE];
	int r = replay(daemon);

	(void)source;
	if (r < 0)
		return give_up(daemon, r);
	if (r < REPLAY_STEP) {
		r = state_compare(daemon->state, audit->fresh, &audit->comparison,
			COMPARE_STEP, what);
		if (r <= 0)
			return finish(daemon, r == 0, what);
	}
	r = go_on(daemon, on_compare);
	return r < 0 ? give_up(daemon, r) : 0;
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
	judge_later(daemon);
	if (r < 0 || !daemon->auditing || more)
		return r;
	r = snapshot_refresh_conf(daemon->auditing->fresh);
	if (r >= 0)
		r = go_on(daemon, on_compare);
	return r < 0 ? give_up(daemon, r) : 0;
}

/*
 * All is read: next is what happened meanwhile. A source of this kind that stays on goes
 * before the ordinary ones, which takes events from there: a storm is caught up with only so.
 */
static int begin_replay(struct daemon *daemon)
{
	int r = go_on(daemon, on_replay);

	return r < 0 ? r
		     : sd_event_source_set_enabled(daemon->auditing->source, SD_EVENT_ON);
}

/* Some of what there is to read: little at a time while all is quiet, so that no event waits for
 * long. */
static int on_dump(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct daemon *daemon = data;
	struct audit *audit = daemon->auditing;
	uint64_t until = daemon_now(daemon) + STEP_USEC;
	int r;

	(void)revents;
	do
		r = snapshot_step(&audit->snapshot);
	while (r == 1 && follow_is_storm(daemon) && daemon_now(daemon) < until);
	if (r == 0)
		r = begin_replay(daemon);
	else if (r > 0 && nl_request_fd(audit->request) != fd)
		r = sd_event_source_set_io_fd(source, nl_request_fd(audit->request));
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
		nl_reader_record_start(daemon->reader);
		r = snapshot_begin(
			&audit->snapshot, audit->request, daemon->state, audit->fresh);
	}
	if (r >= 0)
		r = sd_event_add_io(daemon->event, &audit->source,
			nl_request_fd(audit->request), EPOLLIN, on_dump, daemon);
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
		want(daemon, daemon->synced ? SOON_USEC : AUDIT_USEC);
		return 0;
	}
	r = begin(daemon);
	return r < 0 ? give_up(daemon, r) : 0;
}
