/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/backoff.h"

#include <errno.h>
#include <stdlib.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define MINUTE_USEC (60 * USEC_PER_SEC)
#define HOUR_USEC (3600 * USEC_PER_SEC)

struct patience *patience_find(const struct patiences *patiences, int ifindex)
{
	return hash_get(&patiences->by_ifindex, (uint64_t)ifindex);
}

struct patience *patience_of(struct patiences *patiences, int ifindex, uint64_t up_usec)
{
	struct patience *patience = patience_find(patiences, ifindex);

	if (patience)
		return patience;
	patience = calloc(1, sizeof(*patience));
	if (!patience)
		return NULL;
	patience->ifindex = ifindex;
	patience->up_usec = up_usec;
	if (hash_put(&patiences->by_ifindex, (uint64_t)ifindex, patience) < 0) {
		free(patience);
		return NULL;
	}
	return patience;
}

static void patience_free(struct patience *patience)
{
	if (!patience)
		return;
	array_done(&patience->writes);
	array_done(&patience->reversals);
	free(patience);
}

void patience_forget(struct patiences *patiences, int ifindex)
{
	patience_free(hash_remove(&patiences->by_ifindex, (uint64_t)ifindex));
}

void patiences_done(struct patiences *patiences)
{
	hash_each (&patiences->by_ifindex, slot)
		patience_free(slot->value);
	hash_done(&patiences->by_ifindex);
}

/* --- writes ------------------------------------------------------------------------------------- */

static uint64_t later(uint64_t usec, uint64_t by_usec)
{
	return usec > UINT64_MAX - by_usec ? UINT64_MAX : usec + by_usec;
}

bool patience_may_write(
	struct patience *patience, unsigned int per_minute, uint64_t now, uint64_t *until)
{
	size_t old = 0;

	while (old < patience->writes.count &&
		now - patience->writes.items[old] >= MINUTE_USEC)
		old++;
	while (old--)
		array_remove(&patience->writes, 0);
	if (patience->writes.count < per_minute)
		return true;
	*until = later(
		patience->writes.items[patience->writes.count - per_minute], MINUTE_USEC);
	return false;
}

int patience_wrote(struct patience *patience, uint64_t now)
{
	patience->failures = 0;
	patience->retry_usec = 0;
	return array_push(&patience->writes, &now);
}

/* --- somebody else ------------------------------------------------------------------------------ */

int patience_reversed(struct patience *patience, const struct config *config,
	uint64_t now, uint64_t when)
{
	const struct reversal reversal = {
		.at_usec = now,
		.when_usec = when,
		.ours = patience->ours,
		.theirs = patience->theirs,
	};
	uint64_t window = config->correct.fight_window_usec;
	patience->overwritten = false;
	/* boot scripts and network managers have their say once */
	if (now - patience->up_usec < config->correct.settle_usec)
		return 0;
	while (patience->reversals.count &&
		now - patience->reversals.items[0].at_usec > window)
		array_remove(&patience->reversals, 0);
	if (array_push(&patience->reversals, &reversal) < 0)
		return -ENOMEM;
	if (patience->reversals.count < config->correct.fight)
		return 0;
	/* the next fight of a row gets twice the pause; a window of peace ends the row */
	if (!patience->pause_usec ||
		patience->reversals.items[0].at_usec - patience->paused_until > window)
		patience->pause_usec = config->correct.pause_usec;
	else
		patience->pause_usec *= 2;
	if (patience->pause_usec > HOUR_USEC)
		patience->pause_usec = HOUR_USEC;
	patience->paused_until = later(now, patience->pause_usec);
	return 1;
}

void patience_told(struct patience *patience)
{
	array_clear(&patience->reversals);
}

void patience_failed(struct patience *patience, uint64_t now)
{
	uint64_t wait =
		patience->failures < 12 ? USEC_PER_SEC << patience->failures : HOUR_USEC;

	if (patience->failures < 12)
		patience->failures++;
	patience->retry_usec = later(now, wait < HOUR_USEC ? wait : HOUR_USEC);
}
