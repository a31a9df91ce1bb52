/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/track.h"

#include "base/time.h"

#include <errno.h>
#include <string.h>

#define STALE_USEC (10 * USEC_PER_SEC) /* an answer: more than is waited for one */

static void item_done(struct track_item *item)
{
	finding_free(item->finding);
	if (item->logged != item->finding)
		finding_free(item->logged);
}

void track_done(struct track *track)
{
	array_each (&track->items, struct track_item, item)
		item_done(item);
	array_done(&track->items);
}

static uint64_t id_key(const char *id)
{
	return hash_bytes(0, id, strlen(id));
}

/* Whatever the interface's index: one that comes again under its name has its findings. */
static struct track_item *find_item(struct track *track, const char *id)
{
	uint64_t key = id_key(id);

	array_each (&track->items, struct track_item, item) {
		if (item->key == key && strcmp(item->finding->id, id) == 0)
			return item;
	}
	return NULL;
}

static void phase_set(struct track_item *item, enum track_phase phase, uint64_t now_usec)
{
	item->phase = phase;
	item->since_usec = now_usec;
}

/* A finding was found (again): the newer words replace the older. */
static void item_found(
	struct track_item *item, struct finding *finding, uint64_t now_usec)
{
	finding->kernel = item->finding->kernel;
	if (item->finding != item->logged)
		finding_free(item->finding);
	item->finding = finding;
	item->ifindex = finding->ifindex;
	item->refuted = false;
	if (item->phase == TRACK_CLOSING)
		phase_set(item, TRACK_OPEN, now_usec);
}

static bool is_among(const char *id, struct finding *const *findings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(findings[i]->id, id) == 0)
			return true;
	}
	return false;
}

static bool is_unknown(const char *id, const struct finding_id *unknown, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(unknown[i].text, id) == 0)
			return true;
	}
	return false;
}

static void drop_lost(struct track *track, int ifindex, struct finding *const *findings,
	size_t count, const struct finding_id *unknown, size_t unknown_count,
	uint64_t now_usec)
{
	for (size_t i = track->items.count; i-- > 0;) {
		struct track_item *item = &track->items.items[i];

		if (item->ifindex != ifindex ||
			is_among(item->finding->id, findings, count) ||
			is_unknown(item->finding->id, unknown, unknown_count))
			continue;
		if (item->phase == TRACK_OPEN) {
			phase_set(item, TRACK_CLOSING, now_usec);
		} else if (item->phase == TRACK_PENDING) {
			item_done(item);
			array_remove(&track->items, i);
		}
	}
}

int track_update(struct track *track, int ifindex, struct finding **findings,
	size_t count, const struct finding_id *unknown, size_t unknown_count, bool quick,
	uint64_t now_usec)
{
	if (!count && !track->items.count)
		return 0;
	track->next_usec = 0;
	drop_lost(track, ifindex, findings, count, unknown, unknown_count, now_usec);
	for (size_t i = 0; i < count; i++) {
		struct track_item *item = find_item(track, findings[i]->id);
		struct track_item fresh = { .finding = findings[i],
			.ifindex = findings[i]->ifindex,
			.key = id_key(findings[i]->id) };

		if (item) {
			item_found(item, take_ptr(findings[i]), now_usec);
			continue;
		}
		phase_set(&fresh, TRACK_PENDING,
			quick && !findings[i]->no_route ? 0 : now_usec);
		if (array_push(&track->items, &fresh) < 0)
			return -ENOMEM;
		findings[i] = NULL;
	}
	return 0;
}

/* A route that is lost, or not there yet, is not worth a word for a while. */
static uint64_t raise_after(const struct track *track, const struct track_item *item)
{
	return item->finding->no_route && track->route_wait_usec > track->hold_down_usec
		       ? track->route_wait_usec
		       : track->hold_down_usec;
}

/* When an item has something to say, and what. */
static uint64_t item_due(
	const struct track *track, const struct track_item *item, enum event_kind *ret)
{
	*ret = EVENT_FINDING_CLEARED;
	if (item->refuted && item->phase != TRACK_CLOSING)
		return UINT64_MAX;
	switch (item->phase) {
	case TRACK_PENDING:
		*ret = EVENT_FINDING_RAISED;
		return item->since_usec
			       ? usec_add(item->since_usec, raise_after(track, item))
			       : 0;
	case TRACK_CLOSING:
		return usec_add(item->since_usec, track->hold_down_usec);
	case TRACK_OPEN:
		if (finding_differs(item->finding, item->logged)) {
			*ret = EVENT_FINDING_CHANGED;
			return usec_add(item->logged_usec, track->hold_down_usec);
		}
		*ret = EVENT_FINDING_REPEATED;
		return track->repeat_usec
			       ? usec_add(item->logged_usec, track->repeat_usec)
			       : UINT64_MAX;
	}
	return UINT64_MAX;
}

/* The same, but an answer may have to be waited for. */
static uint64_t item_ready(
	const struct track *track, const struct track_item *item, enum event_kind *ret)
{
	uint64_t due = item_due(track, item, ret);

	return *ret != EVENT_FINDING_CLEARED && item->wait_usec > due ? item->wait_usec
								      : due;
}

bool track_ask(struct track *track, struct track_item *item, uint64_t now_usec)
{
	enum event_kind kind;
	uint64_t due = item_due(track, item, &kind);
	bool is_asked = item->asked_usec && item->asked_usec >= due &&
			now_usec - item->asked_usec < STALE_USEC;

	if (!track->wait_usec || kind == EVENT_FINDING_CLEARED || is_asked)
		return false;
	track->next_usec = 0;
	item->asked_usec = now_usec;
	item->wait_usec = usec_add(now_usec, track->wait_usec);
	return true;
}

void track_answered(struct track *track, struct track_item *item)
{
	track->next_usec = 0;
	item->wait_usec = 0;
}

struct track_item *track_due(struct track *track, uint64_t now_usec, enum event_kind *ret)
{
	if (track_next(track) > now_usec)
		return NULL;
	array_each (&track->items, struct track_item, item) {
		if (item_ready(track, item, ret) <= now_usec)
			return item;
	}
	track->next_usec = 0; /* an item was refuted meanwhile */
	return NULL;
}

int track_logged(struct track *track, struct track_item *item, enum event_kind kind,
	uint64_t now_usec)
{
	track->next_usec = 0;
	if (kind == EVENT_FINDING_CLEARED) {
		item_done(item);
		array_remove(&track->items, (size_t)(item - track->items.items));
		return 0;
	}
	if (item->logged != item->finding)
		finding_free(item->logged);
	item->logged = item->finding;
	item->logged_usec = now_usec;
	if (kind == EVENT_FINDING_REPEATED)
		item->count++;
	if (item->phase == TRACK_PENDING)
		phase_set(item, TRACK_OPEN, now_usec);
	return 0;
}

uint64_t track_next(struct track *track)
{
	uint64_t next = UINT64_MAX;

	if (track->next_usec)
		return track->next_usec;
	array_each (&track->items, const struct track_item, item) {
		enum event_kind kind;
		uint64_t ready = item_ready(track, item, &kind);

		next = ready < next ? ready : next;
	}
	/* 0 is "at once": any time at all is as good, and not taken for "not known" */
	track->next_usec = next ? next : 1;
	return track->next_usec;
}

size_t track_open(const struct track *track)
{
	size_t open = 0;

	array_each (&track->items, const struct track_item, item)
		open += item->phase != TRACK_PENDING;
	return open;
}

size_t track_warnings(const struct track *track)
{
	size_t warnings = 0;

	array_each (&track->items, const struct track_item, item)
		warnings += item->phase != TRACK_PENDING &&
			    item->finding->severity == FINDING_WARNING;
	return warnings;
}

size_t track_unsaid(const struct track *track)
{
	size_t unsaid = 0;

	array_each (&track->items, const struct track_item, item)
		unsaid += item->phase == TRACK_PENDING && !item->finding->no_route;
	return unsaid;
}

void track_retime(struct track *track)
{
	track->next_usec = 0;
}

void track_expand(struct track_item *item, struct finding *finding)
{
	finding->kernel = item->finding->kernel;
	finding->unsure = item->finding->unsure;
	if (item->finding != item->logged)
		finding_free(item->finding);
	item->finding = finding;
}
