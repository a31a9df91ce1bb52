/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/watchdog.h"

#include "base/time.h"
#include "daemon/notify.h"
#include "kernel/clock.h"

#include <errno.h>
#include <systemd/sd-daemon.h>

/* Where systemd sets no limit. */
#define PERIOD_USEC (60 * USEC_PER_SEC)

/* A third of systemd's limit: a tick may be late by another third. */
static uint64_t period_usec(void)
{
	uint64_t limit;

	return sd_watchdog_enabled(0, &limit) > 0 ? limit / 3 : PERIOD_USEC;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	const struct sync *sync = data;

	(void)usec;
	if (!sync_is_following(sync))
		return -ENOTRECOVERABLE;
	(void)notify_systemd("WATCHDOG", "1");
	return sync_arm(source, clock_monotonic_usec() + period_usec());
}

int watchdog_start(struct sync *sync, sd_event *event)
{
	uint64_t period = period_usec();
	sd_event_source *source = NULL;
	int r = sd_event_add_time(event, &source, CLOCK_MONOTONIC,
		clock_monotonic_usec() + period, period / 3, on_tick, sync);

	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(source, true);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return r < 0 ? r : 0;
}
