/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sync/reading.h"

#include "base/time.h"
#include "kernel/clock.h"
#include "state/state_apply.h"

#include <errno.h>
#include <poll.h>

/*
 * A full table takes more than a second to read, and ten of them ten. So all is done a piece at a
 * time: first it reads, then it hands the fresh state what happened meanwhile.
 */
#define STEP_USEC                                                                        \
	(4 * USEC_PER_MSEC) /* at a time, where nobody is kept waiting by that */
#define REPLAY_STEP 2000    /* events: some 2 ms */
#define TAKEN_AT_ONCE 256   /* events, some 0.5 ms */
#define WAIT_MSEC 30000

/* --- pieces ---------------------------------------------------------------------------------- */

/*
 * Some of the dumps: little at a time while all is quiet, so that no event waits for long. In a
 * storm, where events wait for their gathering anyway, it is half of the time; and out of sync
 * nothing is judged before the end. Returns as snapshot_step().
 */
static int read_some(struct sync *sync)
{
	uint64_t until = clock_monotonic_usec() + STEP_USEC;
	int r;

	do
		r = snapshot_step(&sync->reading.snapshot);
	while (r == 1 && (sync->gathering || !sync->synced) &&
		clock_monotonic_usec() < until);
	return r;
}

int reading_replay(struct sync *sync)
{
	struct state *fresh = sync->reading.fresh;
	int r;

	fresh->replaying = true;
	r = nl_reader_replay(sync->reader, REPLAY_STEP, state_apply_handler, fresh);
	fresh->replaying = false;
	return r == REPLAY_STEP ? 1 : r < 0 ? r : 0;
}

/*
 * What happened meanwhile. As new as the queue's end the fresh state is only when that is reached.
 * Returns 1 where more is left, 0, or a negative errno. The reading may be dropped by that.
 */
static int catch_up(struct sync *sync)
{
	int r = reading_replay(sync);

	if (r != 0)
		return r;
	r = sync_take(sync, TAKEN_AT_ONCE);
	if (r < 0 || r == TAKEN_AT_ONCE || !sync->reading.fresh)
		return r < 0 ? r : 1;
	r = reading_replay(sync);
	return r == 0 ? snapshot_refresh_conf(sync->reading.fresh) : r;
}

/* --- in the event loop ----------------------------------------------------------------------- */

static int on_replay(sd_event_source *source, void *data)
{
	struct sync *sync = data;
	int r = catch_up(sync);

	(void)source;
	if (r > 0)
		return 0;
	if (!sync->reading
			.fresh) /* it was lost, which is dealt with, or the daemon ends */
		return r;
	sync->reading.source = sd_event_source_disable_unref(sync->reading.source);
	return sync->reading.done(sync, r);
}

/*
 * A source of this kind that stays on goes before the ordinary ones, which takes events from there:
 * a storm is caught up with only so.
 */
static int begin_replay(struct sync *sync)
{
	struct sync_reading *reading = &sync->reading;
	int r;

	reading->source = sd_event_source_disable_unref(reading->source);
	r = sd_event_add_defer(sync->event, &reading->source, on_replay, sync);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(reading->source, true);
	return r < 0 ? r : sd_event_source_set_enabled(reading->source, SD_EVENT_ON);
}

static int on_dump(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct sync *sync = data;
	int r = read_some(sync);

	(void)revents;
	if (r == 0)
		r = begin_replay(sync);
	else if (r > 0 && nl_request_fd(sync->reading.request) != fd)
		r = sd_event_source_set_io_fd(
			source, nl_request_fd(sync->reading.request));
	return r < 0 ? sync->reading.done(sync, r) : 0;
}

static int add_source(struct sync *sync)
{
	struct sync_reading *reading = &sync->reading;
	int r = sd_event_add_io(sync->event, &reading->source,
		nl_request_fd(reading->request), EPOLLIN, on_dump, sync);

	return r < 0 ? r : sd_event_source_set_exit_on_failure(reading->source, true);
}

static int open_reading(struct sync *sync)
{
	struct sync_reading *reading = &sync->reading;
	int r;

	*reading = (struct sync_reading){ .began_usec = clock_monotonic_usec(),
		.fresh = state_new() };
	r = reading->fresh ? nl_request_new(&reading->request) : -ENOMEM;
	if (r < 0)
		return r;
	nl_reader_record_start(sync->reader);
	return snapshot_begin(
		&reading->snapshot, reading->request, sync->state, reading->fresh);
}

int reading_begin(struct sync *sync, sync_reading_done done)
{
	int r = open_reading(sync);

	sync->reading.done = done;
	return r < 0 ? r : add_source(sync);
}

/* --- without one ----------------------------------------------------------------------------- */

/* Waits for answers or events. 0 or a negative errno. */
static int wait_for_more(const struct sync *sync)
{
	struct pollfd more[] = {
		{ .fd = nl_request_fd(sync->reading.request), .events = POLLIN },
		{ .fd = nl_reader_fd(sync->reader), .events = POLLIN },
	};
	int r = poll(more, ELEMENTS(more), WAIT_MSEC);

	if (r < 0 && errno != EINTR)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

int reading_whole(struct sync *sync)
{
	int r = open_reading(sync);

	while (r >= 0) {
		r = read_some(sync);
		if (r <= 0)
			break;
		if (r == 2)
			r = wait_for_more(sync);
		if (r >= 0)
			r = sync_take(sync, TAKEN_AT_ONCE);
	}
	if (r == 0)
		do
			r = catch_up(sync);
		while (r > 0);
	if (r < 0)
		sync_drop_reading(sync);
	return r;
}
