/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sync/audit.h"

#include "base/time.h"
#include "kernel/clock.h"
#include "state/state_apply.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

/*
 * A full table takes more than a second to read. So all is done a piece at a time, between events.
 * First it reads. Then it hands the fresh state what happened meanwhile, which the state in force
 * had at once and which was recorded, until none is left. Then it compares, and hands on events.
 */

#define SOON_USEC (2 * USEC_PER_SEC)
#define AUDIT_USEC (300 * USEC_PER_SEC)
#define STEP_USEC (4 * USEC_PER_MSEC) /* in a storm, at a time: half of it all */
#define REPLAY_STEP 2000	      /* events: some 2 ms */
#define COMPARE_STEP 5000	      /* entries of a table: some 0.2 ms */
#define TAKEN_AT_ONCE 256	      /* events, some 0.5 ms */
#define REST 20 /* times what one took, before one that was only asked for */

/* --- its end -------------------------------------------------------------------------------- */

/* It came to nothing. Returns 0 where that is dealt with. */
static int give_up(struct sync *sync, int error)
{
	struct sync_event event = { .kind = SYNC_AUDIT_FAILED, .error = error };
	uint64_t now = clock_monotonic_usec(), rest;

	rest = sync->audit.request ? (now - sync->audit.began_usec) * REST : 0;
	sync_drop_audit(sync);
	sync->audit_rest_usec = now + rest;
	sync_want_audit(sync, AUDIT_USEC > rest ? AUDIT_USEC : rest);
	if (error == -EBADMSG || error == -ENOMEM)
		return sync_failed(sync, error);
	return sync_happened(sync, &event);
}

/* Both are equal, or the fresh one takes the other's place. 0 or -ENOMEM. */
static int settle(struct sync *sync, bool equal, const char *what, uint64_t took_usec)
{
	struct sync_event event = { .kind = SYNC_DRIFTED, .took_usec = took_usec };
	uint64_t now = clock_monotonic_usec();
	int r;

	sync->counts.audits++;
	sync->audited = true;
	/* at times all is evaluated, whatever is dirty: with many links that is no little */
	if (sync->audit_doubt || now >= sync->audit_all_usec) {
		sync->evaluate_all = true;
		sync->audit_all_usec = now + AUDIT_USEC;
	}
	sync->audit_doubt = false;
	if (equal)
		return 0;
	sync->counts.drifts++;
	sync->counts.resyncs++;
	memcpy(event.what, what, sizeof(event.what));
	r = sync_take_over(sync, take_ptr(sync->audit.fresh));
	return r < 0 ? r : sync_happened(sync, &event);
}

/*
 * What differs may be what is never announced, and was read of the kernel at two times, or
 * changed by our own hand: it is read again, and all that was announced since is newer than that.
 */
static int compare_again(struct sync *sync, bool *ret_equal, char *what)
{
	struct sync_audit *audit = &sync->audit;
	int r = snapshot_refresh(audit->request, audit->fresh);

	if (r < 0)
		return give_up(sync, r);
	r = sync_catch_up(sync, audit->fresh, true);
	if (r < 0)
		return sync_failed(sync, r);
	r = sync_settle_rules(sync);
	if (r < 0)
		return r;
	*ret_equal = state_equal(sync->state, audit->fresh, what);
	return 1;
}

static int finish_audit(struct sync *sync, bool equal, char *what)
{
	struct sync_audit *audit = &sync->audit;
	uint64_t took;
	bool again;
	int r;

	if (!equal) {
		r = compare_again(sync, &equal, what);
		if (r <= 0)
			return r;
	}
	took = clock_monotonic_usec() - audit->began_usec;
	again = audit->fresh->audit_due;
	r = settle(sync, equal, what, took);
	sync_drop_audit(sync);
	/* the fresh state of a full table was tens of megabytes: give them back */
	malloc_trim(0);
	sync->audit_rest_usec = clock_monotonic_usec() + took * REST;
	sync->state->audit_due = false;
	sync_want_audit(sync, AUDIT_USEC);
	if (again)
		sync_want_audit_soon(sync);
	return r;
}

/* --- its way -------------------------------------------------------------------------------- */

/* Hands some of what was kept to the fresh state. Returns how much, or a negative errno. */
static int replay(struct sync *sync)
{
	struct state *fresh = sync->audit.fresh;
	int r;

	fresh->replaying = true;
	r = nl_reader_replay(sync->reader, REPLAY_STEP, state_apply_handler, fresh);
	fresh->replaying = false;
	return r;
}

/* Has handler called once, behind what is due already. */
static int go_on(struct sync *sync, sd_event_handler_t handler)
{
	struct sync_audit *audit = &sync->audit;

	int r;

	/* one that is used again would keep its place before the others */
	audit->source = sd_event_source_disable_unref(audit->source);
	r = sd_event_add_defer(sync->event, &audit->source, handler, sync);
	return r < 0 ? r : sd_event_source_set_exit_on_failure(audit->source, true);
}

/* Both states are as new as each other: compares a piece. */
static int on_compare(sd_event_source *source, void *data)
{
	struct sync *sync = data;
	struct sync_audit *audit = &sync->audit;
	char what[STATE_DIFFERENCE];
	int r = replay(sync);

	(void)source;
	if (r < 0)
		return give_up(sync, r);
	if (r < REPLAY_STEP) {
		r = state_compare(sync->state, audit->fresh, &audit->comparison,
			COMPARE_STEP, what);
		if (r <= 0)
			return finish_audit(sync, r == 0, what);
	}
	r = go_on(sync, on_compare);
	return r < 0 ? give_up(sync, r) : 0;
}

static int on_replay(sd_event_source *source, void *data)
{
	struct sync *sync = data;
	int r = replay(sync);

	(void)source;
	if (r < 0)
		return give_up(sync, r);
	if (r == REPLAY_STEP)
		return 0;
	/* as new as the queue's end both states are only when that is reached */
	r = sync_take(sync, TAKEN_AT_ONCE);
	if (r < 0 || !sync->synced || r == TAKEN_AT_ONCE)
		return r < 0 ? r : 0;
	r = snapshot_refresh_conf(sync->audit.fresh);
	if (r >= 0)
		r = go_on(sync, on_compare);
	return r < 0 ? give_up(sync, r) : 0;
}

/*
 * All is read: next is what happened meanwhile. A source of this kind that stays on goes
 * before the ordinary ones, which takes events from there: a storm is caught up with only so.
 */
static int begin_replay(struct sync *sync)
{
	int r = go_on(sync, on_replay);

	return r < 0 ? r : sd_event_source_set_enabled(sync->audit.source, SD_EVENT_ON);
}

/* Some of what there is to read: little at a time while all is quiet, so that no event waits for
 * long. */
static int on_dump(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct sync *sync = data;
	struct sync_audit *audit = &sync->audit;
	uint64_t until = clock_monotonic_usec() + STEP_USEC;
	int r;

	(void)revents;
	do
		r = snapshot_step(&audit->snapshot);
	while (r == 1 && sync->gathering && clock_monotonic_usec() < until);
	if (r == 0)
		r = begin_replay(sync);
	else if (r > 0 && nl_request_fd(audit->request) != fd)
		r = sd_event_source_set_io_fd(source, nl_request_fd(audit->request));
	return r < 0 ? give_up(sync, r) : 0;
}

static int begin_audit(struct sync *sync)
{
	struct sync_audit *audit = &sync->audit;
	int r;

	audit->began_usec = clock_monotonic_usec();
	audit->fresh = state_new();
	r = audit->fresh ? nl_request_new(&audit->request) : -ENOMEM;
	if (r >= 0) {
		nl_reader_record_start(sync->reader);
		r = snapshot_begin(
			&audit->snapshot, audit->request, sync->state, audit->fresh);
	}
	if (r >= 0)
		r = sd_event_add_io(sync->event, &audit->source,
			nl_request_fd(audit->request), EPOLLIN, on_dump, sync);
	return r < 0 ? r : sd_event_source_set_exit_on_failure(audit->source, true);
}

static int on_due(sd_event_source *source, uint64_t usec, void *data)
{
	struct sync *sync = data;
	int r;

	(void)source;
	(void)usec;
	if (!sync->synced || sync->audit.request) {
		sync_want_audit(sync, sync->synced ? SOON_USEC : AUDIT_USEC);
		return 0;
	}
	r = begin_audit(sync);
	return r < 0 ? give_up(sync, r) : 0;
}

int audit_start(struct sync *sync, sd_event *event)
{
	int r = sd_event_add_time(event, &sync->audit_timer, CLOCK_MONOTONIC,
		clock_monotonic_usec() + AUDIT_USEC, USEC_PER_SEC, on_due, sync);

	return r < 0 ? r : sd_event_source_set_exit_on_failure(sync->audit_timer, true);
}
