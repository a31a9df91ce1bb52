/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* The kernel's counter of packets dropped by reverse path (IPReversePathFilter), now and then. */
struct drops {
	sd_event_source *timer;
	bool due;	  /* the timer went off: the turn reads the counter */
	bool unreadable;  /* that was reported */
	bool has_counter; /* false: there is nothing to compare with */
	uint64_t counter; /* as last read */
};

/* Adds the timer. Returns 0 or a negative errno. */
int drops_start(struct drops *drops, sd_event *event, uint64_t period_usec);
void drops_done(struct drops *drops);

/* The next look is in so long from now. Returns 0 or a negative errno. */
int drops_arm(struct drops *drops, uint64_t period_usec);

/*
 * Reads the counter. Returns 1 where it rose, by *ret_rise; 0 where there is nothing to report; or
 * a negative errno, once as long as it can't be read.
 */
int drops_read(struct drops *drops, uint64_t *ret_rise);
