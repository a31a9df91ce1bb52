/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sync/resync.h"

#include "base/time.h"
#include "daemon/sync/reading.h"
#include "kernel/clock.h"

#include <errno.h>

/* A daemon that can't read the kernel does not follow it: after so many in a row it ends. */
#define FAILURES_MOST 5

int resync_first(struct sync *sync)
{
	int r = -ENOBUFS;

	for (int tries = 0; tries < 5 && (r == -ENOBUFS || r == -EBADMSG); tries++) {
		r = nl_reader_discard(sync->reader);
		if (r >= 0)
			r = reading_whole(sync);
	}
	if (r >= 0)
		r = sync_take_over(sync, take_ptr(sync->reading.fresh));
	sync_drop_reading(sync);
	return r;
}

/* Whether the kernel was only too busy: that is over at some time. */
static bool is_passing(int error)
{
	return error == -ENOBUFS || error == -EBADMSG || error == -EAGAIN;
}

/* Once more, after a back-off. 0 where that is so, or the errno that the daemon ends with. */
static int fail(struct sync *sync, int error)
{
	struct sync_event event = { .kind = SYNC_RESYNC_FAILED, .error = error };

	if (error == -ENOMEM)
		return error;
	if (!is_passing(error) && ++sync->resyncs_failed >= FAILURES_MOST)
		return error;
	if (error == -ENOBUFS)
		sync->counts.overruns++;
	else if (sync_happened(sync, &event) < 0)
		return -ENOMEM;
	return sync_lose(sync, sync->loss);
}

static int on_read(struct sync *sync, int error)
{
	struct sync_event event = { .kind = SYNC_RESYNCED, .loss = sync->loss };
	uint64_t began = sync->reading.began_usec;
	int r;

	if (error < 0)
		return fail(sync, error);
	r = sync_take_over(sync, take_ptr(sync->reading.fresh));
	sync_drop_reading(sync);
	if (r < 0)
		return r;
	sync->counts.resyncs++;
	sync->resyncs_failed = 0;
	event.took_usec = clock_monotonic_usec() - began;
	return sync_happened(sync, &event);
}

static int on_resync(sd_event_source *source, uint64_t usec, void *data)
{
	struct sync *sync = data;
	int r = nl_reader_discard(sync->reader);

	(void)source;
	(void)usec;
	if (r >= 0)
		r = reading_begin(sync, on_read);
	if (r < 0)
		return fail(sync, r);
	/* what is heard of from now on is recorded */
	return sd_event_source_set_enabled(sync->netlink, SD_EVENT_ON);
}

int resync_start(struct sync *sync, sd_event *event)
{
	int r = sd_event_add_time(event, &sync->resync_timer, CLOCK_MONOTONIC, USEC_NEVER,
		1000, on_resync, sync);

	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(sync->resync_timer, true);
	return r < 0 ? r : sd_event_source_set_enabled(sync->resync_timer, SD_EVENT_OFF);
}
