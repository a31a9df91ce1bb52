/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/drops.h"

#include "kernel/clock.h"
#include "kernel/procsys.h"

static int on_due(sd_event_source *source, uint64_t usec, void *data)
{
	struct drops *drops = data;

	(void)source;
	(void)usec;
	drops->due = true;
	return 0;
}

int drops_start(struct drops *drops, sd_event *event, uint64_t period_usec)
{
	int r = sd_event_add_time(event, &drops->timer, CLOCK_MONOTONIC,
		clock_monotonic_usec() + period_usec, period_usec / 8, on_due, drops);

	drops->due = true;
	return r < 0 ? r : sd_event_source_set_exit_on_failure(drops->timer, true);
}

void drops_done(struct drops *drops)
{
	sd_event_source_disable_unref(drops->timer);
}

int drops_arm(struct drops *drops, uint64_t period_usec)
{
	int r;

	if (!drops->timer)
		return 0;
	r = sd_event_source_set_time(drops->timer, clock_monotonic_usec() + period_usec);
	return r < 0 ? r : sd_event_source_set_enabled(drops->timer, SD_EVENT_ONESHOT);
}

int drops_read(struct drops *drops, uint64_t *ret_rise)
{
	uint64_t before = drops->counter;
	bool had = drops->has_counter;
	int r = procsys_rpf_drops(&drops->counter);

	drops->due = false;
	drops->has_counter = r >= 0;
	if (r < 0) {
		r = drops->unreadable ? 0 : r;
		drops->unreadable = true;
		return r;
	}
	drops->unreadable = false;
	*ret_rise = drops->counter - before;
	return had && drops->counter > before;
}
