/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sync/audit.h"

#include "base/time.h"
#include "daemon/sync/reading.h"
#include "kernel/clock.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

/*
 * Behind the reading the fresh state is as new as the one in force, and stays so, as it gets the
 * same events. It is compared a piece at a time, too.
 */

#define SOON_USEC (2 * USEC_PER_SEC)
#define AUDIT_USEC (300 * USEC_PER_SEC)
#define COMPARE_STEP 5000 /* entries of a table: some 0.2 ms */
#define REST 20		  /* times what one took, before one that was only asked for */

/* --- its end -------------------------------------------------------------------------------- */

/* It came to nothing. Returns 0 where that is dealt with. */
static int give_up(struct sync *sync, int error)
{
	struct sync_event event = { .kind = SYNC_AUDIT_FAILED, .error = error };
	uint64_t now = clock_monotonic_usec(), rest;

	rest = sync->reading.request ? (now - sync->reading.began_usec) * REST : 0;
	sync_drop_reading(sync);
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
	r = sync_take_over(sync, take_ptr(sync->reading.fresh));
	return r < 0 ? r : sync_happened(sync, &event);
}

/*
 * What differs may be what is never announced, and was read of the kernel at two times, or
 * changed by our own hand: it is read again, and all that was announced since is newer than that.
 */
static int compare_again(struct sync *sync, bool *ret_equal, char *what)
{
	const struct sync_reading *reading = &sync->reading;
	int r = snapshot_refresh(reading->request, reading->fresh);

	if (r < 0)
		return give_up(sync, r);
	r = sync_catch_up(sync);
	if (r < 0)
		return sync_failed(sync, r);
	r = sync_settle_rules(sync);
	if (r < 0)
		return r;
	*ret_equal = state_equal(sync->state, reading->fresh, what);
	return 1;
}

static int finish_audit(struct sync *sync, bool equal, char *what)
{
	const struct sync_reading *reading = &sync->reading;
	uint64_t took;
	bool again;
	int r;

	if (!equal) {
		r = compare_again(sync, &equal, what);
		if (r <= 0)
			return r;
	}
	took = clock_monotonic_usec() - reading->began_usec;
	again = reading->fresh->audit_due;
	r = settle(sync, equal, what, took);
	sync_drop_reading(sync);
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

static int on_compare(sd_event_source *source, void *data);

/* Has on_compare() called once, behind what is due already. */
static int go_on(struct sync *sync)
{
	struct sync_reading *reading = &sync->reading;
	int r;

	/* one that is used again would keep its place before the others */
	reading->source = sd_event_source_disable_unref(reading->source);
	r = sd_event_add_defer(sync->event, &reading->source, on_compare, sync);
	return r < 0 ? r : sd_event_source_set_exit_on_failure(reading->source, true);
}

/* Both states are as new as each other: compares a piece. */
static int on_compare(sd_event_source *source, void *data)
{
	struct sync *sync = data;
	char what[STATE_DIFFERENCE];
	int r = reading_replay(sync);

	(void)source;
	if (r < 0)
		return give_up(sync, r);
	if (r == 0) {
		r = state_compare(sync->state, sync->reading.fresh, &sync->comparison,
			COMPARE_STEP, what);
		if (r <= 0)
			return finish_audit(sync, r == 0, what);
	}
	r = go_on(sync);
	return r < 0 ? give_up(sync, r) : 0;
}

static int on_read(struct sync *sync, int error)
{
	int r = error < 0 ? error : go_on(sync);

	return r < 0 ? give_up(sync, r) : 0;
}

static int on_due(sd_event_source *source, uint64_t usec, void *data)
{
	struct sync *sync = data;
	int r;

	(void)source;
	(void)usec;
	if (!sync->synced || sync->reading.fresh) {
		sync_want_audit(sync, sync->synced ? SOON_USEC : AUDIT_USEC);
		return 0;
	}
	r = reading_begin(sync, on_read);
	return r < 0 ? give_up(sync, r) : 0;
}

int audit_start(struct sync *sync, sd_event *event)
{
	int r = sd_event_add_time(event, &sync->audit_timer, CLOCK_MONOTONIC,
		clock_monotonic_usec() + AUDIT_USEC, USEC_PER_SEC, on_due, sync);

	return r < 0 ? r : sd_event_source_set_exit_on_failure(sync->audit_timer, true);
}
