/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/backoff.h"

#include "base/time.h"

#include <errno.h>
#include <stdlib.h>

struct backoff *backoff_of(struct backoffs *backoffs, int ifindex, uint64_t up_usec)
{
	struct backoff *backoff = hash_get(&backoffs->by_ifindex, (uint64_t)ifindex);

	if (backoff)
		return backoff;
	backoff = calloc(1, sizeof(*backoff));
	if (!backoff)
		return NULL;
	backoff->ifindex = ifindex;
	backoff->up_usec = up_usec;
	if (hash_put(&backoffs->by_ifindex, (uint64_t)ifindex, backoff) < 0) {
		free(backoff);
		return NULL;
	}
	return backoff;
}

static void backoff_free(struct backoff *backoff)
{
	if (!backoff)
		return;
	array_done(&backoff->writes);
	array_done(&backoff->reversals);
	free(backoff);
}

void backoff_forget(struct backoffs *backoffs, int ifindex)
{
	backoff_free(hash_remove(&backoffs->by_ifindex, (uint64_t)ifindex));
}

void backoffs_done(struct backoffs *backoffs)
{
	hash_each (&backoffs->by_ifindex, slot)
		backoff_free(slot->value);
	hash_done(&backoffs->by_ifindex);
}

/* --- writes --------------------------------------------------------------------------------- */

bool backoff_may_write(
	struct backoff *backoff, unsigned int per_minute, uint64_t now, uint64_t *until)
{
	size_t old = 0;

	while (old < backoff->writes.count &&
		now - backoff->writes.items[old] >= USEC_PER_MINUTE)
		old++;
	while (old--)
		array_remove(&backoff->writes, 0);
	if (backoff->writes.count < per_minute)
		return true;
	*until = usec_add(backoff->writes.items[backoff->writes.count - per_minute],
		USEC_PER_MINUTE);
	return false;
}

int backoff_wrote(struct backoff *backoff, uint64_t now)
{
	backoff->failures = 0;
	backoff->retry_usec = 0;
	return array_push(&backoff->writes, &now);
}

/* --- somebody else -------------------------------------------------------------------------- */

int backoff_reversed(struct backoff *backoff, const struct config *config, uint64_t now)
{
	const struct reversal reversal = {
		.at_usec = backoff->theirs_usec,
		.when_usec = backoff->theirs_when_usec,
		.ours = backoff->ours,
		.theirs = backoff->theirs,
	};
	uint64_t window = config->correct.fight_window_usec;

	backoff->overwritten = false;
	/* boot scripts and network managers have their say once */
	if (reversal.at_usec - backoff->up_usec < config->correct.settle_usec)
		return 0;
	while (backoff->reversals.count &&
		reversal.at_usec - backoff->reversals.items[0].at_usec > window)
		array_remove(&backoff->reversals, 0);
	if (array_push(&backoff->reversals, &reversal) < 0)
		return -ENOMEM;
	if (backoff->reversals.count < config->correct.fight)
		return 0;
	/* the next fight of a row gets twice the pause; a window of peace ends the row */
	if (!backoff->pause_usec ||
		backoff->reversals.items[0].at_usec - backoff->paused_until > window)
		backoff->pause_usec = config->correct.pause_usec;
	else
		backoff->pause_usec *= 2;
	if (backoff->pause_usec > USEC_PER_HOUR)
		backoff->pause_usec = USEC_PER_HOUR;
	backoff->paused_until = usec_add(now, backoff->pause_usec);
	return 1;
}

void backoff_told(struct backoff *backoff)
{
	array_clear(&backoff->reversals);
}

void backoff_failed(struct backoff *backoff, uint64_t now)
{
	uint64_t wait = backoff->failures < 12 ? USEC_PER_SEC << backoff->failures
					       : USEC_PER_HOUR;

	if (backoff->failures < 12)
		backoff->failures++;
	backoff->retry_usec = usec_add(now, wait < USEC_PER_HOUR ? wait : USEC_PER_HOUR);
}
