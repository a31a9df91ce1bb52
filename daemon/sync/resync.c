/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sync/resync.h"

#include "base/time.h"
#include "kernel/clock.h"

#include <errno.h>

/* A daemon that can't read the kernel does not follow it: after so many in a row it ends. */
#define FAILURES_MOST 5

/* Reads all, and what happened meanwhile. */
static int read_anew(struct sync *sync, struct state **ret)
{
	_cleanup_(state_freep) struct state *fresh = state_new();
	int r;

	if (!fresh)
		return -ENOMEM;
	r = snapshot_read(sync->request, sync->state, fresh);
	if (r >= 0)
		r = sync_catch_up(sync, fresh, false);
	if (r < 0)
		return r;
	*ret = take_ptr(fresh);
	return 0;
}

int resync_first(struct sync *sync)
{
	struct state *fresh;
	int r = -ENOBUFS;

	for (int tries = 0; tries < 5 && (r == -ENOBUFS || r == -EBADMSG); tries++) {
		r = nl_reader_discard(sync->reader);
		if (r >= 0)
			r = read_anew(sync, &fresh);
	}
	return r < 0 ? r : sync_take_over(sync, fresh);
}

/* Whether the kernel was only too busy: that is over at some time. */
static bool is_passing(int error)
{
	return error == -ENOBUFS || error == -EBADMSG || error == -EAGAIN;
}

static int on_resync(sd_event_source *source, uint64_t usec, void *data)
{
	struct sync *sync = data;
	uint64_t began = clock_monotonic_usec();
	struct sync_event event = { .kind = SYNC_RESYNCED, .loss = sync->loss };
	struct state *fresh = NULL;
	int r = nl_reader_discard(sync->reader);

	(void)source;
	(void)usec;
	if (r >= 0)
		r = read_anew(sync, &fresh);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && !is_passing(r) && ++sync->resyncs_failed >= FAILURES_MOST)
		return r;
	if (r < 0) {
		event.kind = SYNC_RESYNC_FAILED;
		event.error = r;
		if (r == -ENOBUFS)
			sync->counts.overruns++;
		else if (sync_happened(sync, &event) < 0)
			return -ENOMEM;
		return sync_lose(sync, sync->loss);
	}
	r = sync_take_over(sync, fresh);
	if (r < 0)
		return r;
	sync->counts.resyncs++;
	sync->resyncs_failed = 0;
	event.took_usec = clock_monotonic_usec() - began;
	r = sync_happened(sync, &event);
	return r < 0 ? r : sd_event_source_set_enabled(sync->netlink, SD_EVENT_ON);
}

int resync_start(struct sync *sync, sd_event *event)
{
	int r = sd_event_add_time(event, &sync->resync_timer, CLOCK_MONOTONIC, USEC_NEVER,
		1000, on_resync, sync);

	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(sync->resync_timer, true);
	return r < 0 ? r : sd_event_source_set_enabled(sync->resync_timer, SD_EVENT_OFF);
}
