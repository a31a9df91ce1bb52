/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/hash.h"
#include "daemon/config/config.h"
#include "state/record.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How often an interface may be written to, and when somebody else insists: what the corrector
 * remembers of one interface. Time is an argument (usec of any steady clock).
 */
struct reversal {
	uint64_t at_usec;   /* steady */
	uint64_t when_usec; /* since 1970, for people */
	int ours, theirs;
};

struct backoff {
	int ifindex;
	char name[NAME_MAX_];
	uint64_t up_usec; /* when it appeared or came up, or we began */
	ARRAY(uint64_t) writes;
	ARRAY(struct reversal) reversals;
	bool overwritten; /* by .theirs, which was not answered yet */
	bool of_all;	  /* not its own value, but that of all, which it needs lowered */
	int ours, theirs;
	uint64_t theirs_usec, theirs_when_usec; /* when it was seen: steady, since 1970 */
	uint64_t paused_until, pause_usec;	/* after a fight; the pause's length */
	uint64_t retry_usec;			/* after a failure: not before */
	unsigned int failures;
	uint64_t replan_usec; /* not before: planning costs */
};

struct backoffs {
	struct hash by_ifindex;
};

/* The one of an interface, made at need; NULL on lack of memory. */
struct backoff *backoff_of(struct backoffs *backoffs, int ifindex, uint64_t up_usec);
void backoff_forget(struct backoffs *backoffs, int ifindex);
void backoffs_done(struct backoffs *backoffs);

/* Whether one more write is within per_minute; else *until is when it will be. */
bool backoff_may_write(
	struct backoff *backoff, unsigned int per_minute, uint64_t now, uint64_t *until);
int backoff_wrote(struct backoff *backoff, uint64_t now);

/*
 * Somebody wrote theirs over ours, and we would have to write again. When he did counts, not when
 * we come to answer it. Returns 0 to go on; 1 for
 * a fight: the interface is paused from now on, and .reversals has what happened; -ENOMEM.
 */
int backoff_reversed(struct backoff *backoff, const struct config *config, uint64_t now);

/* The reversals of a fight were told. */
void backoff_told(struct backoff *backoff);

/* Something failed: it is not tried again for a while that doubles, up to an hour. */
void backoff_failed(struct backoff *backoff, uint64_t now);
