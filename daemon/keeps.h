/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/hash.h"
#include "boot/keep.h"
#include "daemon/config/child.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * What the files of this host make of an interface, for the entries about it. Reading them may take
 * long, or hang: a child process does, and nobody waits for it but those entries, for wait_usec at
 * most. Zeroed memory with wait_usec asks nobody yet.
 */
#define KEEPS_WAIT_USEC (5 * USEC_PER_SEC) /* the longest wait_usec */

struct keeps {
	sd_event *event; /* borrowed; NULL: there is no loop, keeps_wait() */
	sd_event_source *io;
	struct child child;
	size_t taken;	       /* of what the child said */
	pid_t stuck;	       /* one that was given up, and may be unable to die */
	struct hash questions; /* by the interface's index */
	size_t open;	       /* of these: neither answered nor given up */
	uint64_t wait_usec;
	uint64_t begin_usec; /* no child is begun before */
	bool news;	     /* something was answered or given up: keeps_look() */
};

void keeps_done(struct keeps *keeps);

/* Asks about an interface, unless that is being asked. Returns 0 or -ENOMEM. */
int keeps_ask(struct keeps *keeps, int ifindex, const struct forecast_iface *iface,
	uint64_t now_usec);

/* Whether an answer may yet come. */
bool keeps_is_open(const struct keeps *keeps, int ifindex);

/*
 * The last answer, which says so itself where nothing is known, with the reason; NULL where nothing
 * was asked, or too long ago. Borrowed until keeps_begin().
 */
const struct keep *keeps_of(const struct keeps *keeps, int ifindex);

/* Gives up what took too long. Returns whether anything is no longer open since the last look. */
bool keeps_look(struct keeps *keeps, uint64_t now_usec);

/* Has a child answer what was asked, unless there is one. Where none can be, that is the answer. */
void keeps_begin(struct keeps *keeps, uint64_t now_usec);

/* Without an event loop: waits until nothing is open. */
void keeps_wait(struct keeps *keeps);

/* When it is time for keeps_look() or keeps_begin(); USEC_NEVER: the child will tell. */
uint64_t keeps_next(const struct keeps *keeps);

/* Gives up all that is open. */
void keeps_stop(struct keeps *keeps);
