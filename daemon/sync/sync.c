/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sync/sync.h"

#include "base/time.h"
#include "kernel/clock.h"
#include "state/state_apply.h"

#include <errno.h>
#include <malloc.h>

/*
 * An event alone is taken at once. But to wake up costs more than an event, so in a storm, which
 * shows by wake-ups that follow each other without a pause, the socket is left alone for a
 * millisecond at a time: a timer of the loop takes what has come by then, in a few calls of
 * recvmmsg(). What they changed is evaluated once, behind all of them.
 */
#define TAKEN_ALONE 24
#define GATHER_USEC USEC_PER_MSEC
#define GATHERED_MOST 512 /* some 1 ms: then the rest of the loop has its say */
#define GATHERED_FEW 4	  /* fewer than that in a millisecond is no storm any more */
#define STORM_FROM 3	  /* wake-ups without a pause between them make one */
#define PAUSE_USEC 200	  /* that much without an event is a pause */

/* What networkd asks for too. It is not memory in use, but room for a storm of events. */
#define RECEIVE_BUFFER (128u << 20)

/*
 * Events of rules are read after: the rules again, so much later, and in a storm so that it takes a
 * twentieth of the time, but no later than this. Behind the last event they are right within 0.6 s.
 */
#define RULES_USEC (100 * USEC_PER_MSEC)
#define RULES_REST 20
#define RULES_MOST (500 * USEC_PER_MSEC)

#define TAKEN_AT_ONCE 1024
#define BACKOFF_USEC (100 * USEC_PER_MSEC)
#define BACKOFF_MAX (10 * USEC_PER_SEC)
#define NEAR_USEC (30 * USEC_PER_SEC) /* overruns nearer than this are one storm */
#define AUDIT_REGULAR_USEC (300 * USEC_PER_SEC)
#define AUDIT_SOON_USEC (2 * USEC_PER_SEC)

int sync_arm(sd_event_source *timer, uint64_t at_usec)
{
	int r = sd_event_source_set_time(timer, at_usec);

	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

int sync_happened(struct sync *sync, const struct sync_event *event)
{
	return array_push(&sync->happened, event);
}

/* --- rules ----------------------------------------------------------------------------------- */

/* They are tried again, and said once to be as known. */
static int rules_unread(struct sync *sync, int error)
{
	struct sync_event event = { .kind = SYNC_REFRESH_FAILED, .error = error };
	int r = 0;

	if (sync->event) {
		sync->rules_due = true;
		r = sync_arm(sync->rules_timer, clock_monotonic_usec() + RULES_MOST);
	}
	if (r < 0 || sync->rules_failed)
		return r;
	sync->rules_failed = true;
	return sync_happened(sync, &event);
}

static int read_rules(struct sync *sync)
{
	uint64_t began = clock_monotonic_usec(), took;
	int r = snapshot_refresh_rules(sync->request, sync->state);

	sync->rules_usec = clock_monotonic_usec();
	took = (sync->rules_usec - began) * RULES_REST;
	sync->rules_usec += took < RULES_MOST ? took : RULES_MOST;
	if (r == -ENOMEM)
		return r;
	sync->counts.misheard += r > 0;
	if (r < 0)
		return rules_unread(sync, r);
	sync->rules_failed = false;
	return 0;
}

/*
 * While local and main are merged, the answer decides whether rules count at all: it is awaited
 * before anything is evaluated. Else the events' word is taken for the moment.
 */
int sync_settle_rules(struct sync *sync)
{
	uint64_t at = clock_monotonic_usec() + RULES_USEC;

	if (!sync->state->rules_stale || sync->rules_due)
		return 0;
	if (sync->state->local_main_merged || !sync->event)
		return read_rules(sync);
	sync->rules_due = true;
	return sync_arm(sync->rules_timer, at > sync->rules_usec ? at : sync->rules_usec);
}

static int on_rules(sd_event_source *source, uint64_t usec, void *data)
{
	struct sync *sync = data;

	(void)source;
	(void)usec;
	sync->rules_due = false;
	return sync->synced && sync->state->rules_stale ? read_rules(sync) : 0;
}

/* --- events ---------------------------------------------------------------------------------- */

/* One event, and which interface it was about. */
static int apply_event(const struct record *record, void *data)
{
	struct sync *sync = data;
	int r = state_apply(sync->state, record);

	if (r > 0 && record->kind == RECORD_LINK)
		sync->changed_ifindex = record->link.ifindex;
	else if (r > 0 && record->kind == RECORD_ADDR)
		sync->changed_ifindex = record->addr.ifindex;
	else if (r > 0 && record->kind == RECORD_NETCONF && record->netconf.ifindex > 0)
		sync->changed_ifindex = record->netconf.ifindex;
	return r < 0 ? r : 0;
}

/* Which routes come next. */
static void foresee(uint32_t table, const struct ip4 *dsts, size_t count, void *data)
{
	const struct sync *sync = data;

	if (sync->synced)
		state_ahead(sync->state, table, dsts, count);
}

_Static_assert(NL_READER_AHEAD <= TRIE_AHEAD, "a batch is told of at once");

/* Out of sync what is heard of is for the fresh state alone, from the record. */
static int leave(const struct record *record, void *data)
{
	(void)record;
	(void)data;
	return 0;
}

int sync_take(struct sync *sync, unsigned int most)
{
	uint64_t now = clock_monotonic_usec();
	bool synced = sync->synced;
	int r = nl_reader_receive(sync->reader, most, synced ? apply_event : leave, sync),
	    settled;

	if (r < 0)
		return sync_failed(sync, r);
	if (!synced)
		return r;
	if (r > 0 && !sync->pending_events)
		sync->pending_usec = sync->gathering ? sync->gather_usec : now;
	sync->pending_events += (uint64_t)r;
	if (sync->state->audit_due) {
		sync->state->audit_due = false;
		sync_want_audit_soon(sync);
	}
	settled = sync_settle_rules(sync);
	return settled < 0 ? settled : r;
}

int sync_events(struct sync *sync)
{
	uint64_t limit = clock_monotonic_usec() + USEC_PER_SEC;
	int r;

	do
		r = sync_take(sync, TAKEN_AT_ONCE);
	while (r > 0 && clock_monotonic_usec() < limit);
	return r < 0 ? r : 0;
}

/* One record into two states: the one in force and the one that was read beside it. */
struct both {
	struct sync *sync;
	struct state *fresh;
};

static int apply_both(const struct record *record, void *data)
{
	const struct both *both = data;
	int r = state_apply_handler(record, both->fresh);

	return r < 0 ? r : apply_event(record, both->sync);
}

int sync_catch_up(struct sync *sync)
{
	struct state *fresh = sync->reading.fresh;
	struct both both = { sync, fresh };
	uint64_t limit = clock_monotonic_usec() + USEC_PER_SEC;
	int r;

	fresh->replaying = true;
	do
		r = nl_reader_receive(sync->reader, TAKEN_AT_ONCE, apply_both, &both);
	while (r > 0 && clock_monotonic_usec() < limit);
	fresh->replaying = false;
	return r < 0 ? r : 0;
}

/* --- storms ---------------------------------------------------------------------------------- */

static int on_netlink(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct sync *sync = data;
	uint64_t now = clock_monotonic_usec();
	int r = sync_take(sync, TAKEN_ALONE);

	(void)fd;
	(void)revents;
	if (r <= 0)
		return r;
	sync->busy = now - sync->turned_usec > PAUSE_USEC ? 0 : sync->busy + 1;
	if (sync->busy < STORM_FROM)
		return 0;
	sync->gathering = true;
	sync->gather_usec = now;
	r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return r < 0 ? r : sync_arm(sync->gather, now + GATHER_USEC);
}

static int on_gather(sd_event_source *source, uint64_t usec, void *data)
{
	struct sync *sync = data;
	uint64_t now = clock_monotonic_usec();
	int r = sync_take(sync, GATHERED_MOST);

	(void)usec;
	if (r < 0 || !sync->gathering) /* it was lost */
		return r < 0 ? r : 0;
	sync->gather_usec = now;
	if (r >= GATHERED_FEW)
		return sync_arm(source, r == GATHERED_MOST ? now : now + GATHER_USEC);
	sync->gathering = false;
	sync->busy = 0;
	return sd_event_source_set_enabled(sync->netlink, SD_EVENT_ON);
}

uint64_t sync_turned(struct sync *sync, bool throttled, uint64_t *ret_since)
{
	uint64_t events = sync->pending_events;

	sync->turned_usec = clock_monotonic_usec();
	if (throttled || !sync->synced)
		return 0;
	*ret_since = sync->pending_usec;
	sync->pending_events = 0;
	return events;
}

/* --- losing sync ----------------------------------------------------------------------------- */

/* Each overrun that follows soon doubles the pause before the next reading. */
static void back_off(struct sync *sync, uint64_t now)
{
	if (!sync->last_overrun_usec || now - sync->last_overrun_usec >= NEAR_USEC)
		sync->backoff_usec = 0;
	else if (!sync->backoff_usec)
		sync->backoff_usec = BACKOFF_USEC;
	else if (sync->backoff_usec < BACKOFF_MAX / 2)
		sync->backoff_usec *= 2;
	else
		sync->backoff_usec = BACKOFF_MAX;
	sync->last_overrun_usec = now;
}

int sync_lose(struct sync *sync, enum sync_loss loss)
{
	uint64_t now = clock_monotonic_usec();
	int r;

	back_off(sync, now);
	if (sync->synced)
		sync->lost_usec = now;
	sync->synced = false;
	sync->loss = loss;
	/* all is read again instead: the next audit is the regular one */
	sync_drop_reading(sync);
	sync_want_audit(sync, AUDIT_REGULAR_USEC);
	if (!sync->event) /* --once: nobody would read it again */
		return -ENOBUFS;
	/* nothing more is taken in until then */
	sync->gathering = false;
	sync->busy = 0;
	r = sd_event_source_set_enabled(sync->netlink, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_enabled(sync->gather, SD_EVENT_OFF);
	return r < 0 ? r : sync_arm(sync->resync_timer, now + sync->backoff_usec);
}

int sync_failed(struct sync *sync, int error)
{
	struct sync_event event = { .kind = SYNC_RECEIVE_FAILED, .error = error };
	int r;

	if (error == -ENOBUFS) {
		sync->counts.overruns++;
		return sync_lose(sync, SYNC_OVERRUN);
	}
	if (error == -EBADMSG)
		event.kind = SYNC_MALFORMED;
	r = sync_happened(sync, &event);
	if (error != -EBADMSG)
		return error;
	return r < 0 ? r : sync_lose(sync, SYNC_BAD_MESSAGE);
}

int sync_take_over(struct sync *sync, struct state *fresh)
{
	_cleanup_(state_freep) struct state *owned = fresh;
	int r = sync->state ? state_adopt_links(fresh, sync->state) : 0;

	if (r < 0)
		return r;
	if (!sync->state)
		array_clear(&fresh->links); /* nobody knew another state of them */
	fresh->custom_local |= sync->state && sync->state->custom_local;
	state_free(sync->state);
	sync->state = take_ptr(owned);
	sync->synced = true;
	sync->replaced = true;
	/* the old state of a full table was tens of megabytes: give them back */
	malloc_trim(0);
	return sync_settle_rules(sync);
}

void sync_drop_reading(struct sync *sync)
{
	struct sync_reading *reading = &sync->reading;

	nl_reader_record_stop(sync->reader);
	sd_event_source_disable_unref(reading->source);
	if (reading->request)
		nl_counts_add(&sync->counts.read, nl_request_counts(reading->request));
	nl_request_free(reading->request);
	state_free(reading->fresh);
	*reading = (struct sync_reading){ 0 };
	sync->comparison = (struct state_comparison){ 0 };
}

/* --- audits: when ---------------------------------------------------------------------------- */

void sync_want_audit(struct sync *sync, uint64_t in_usec)
{
	uint64_t at = clock_monotonic_usec() + in_usec, due = 0;
	int r;

	if (!sync->audit_timer) /* --once: nothing will come of it */
		return;
	/* coalesced: what is due sooner stays, also if it is overdue */
	if (sd_event_source_get_enabled(sync->audit_timer, NULL) > 0 &&
		sd_event_source_get_time(sync->audit_timer, &due) >= 0 && due <= at)
		return;
	r = sync_arm(sync->audit_timer, at);
	if (r < 0)
		sync->error = r;
}

void sync_want_audit_now(struct sync *sync)
{
	sync->audit_doubt = true;
	sync_want_audit(sync, 1);
}

void sync_want_audit_soon(struct sync *sync)
{
	uint64_t now = clock_monotonic_usec(), in = AUDIT_SOON_USEC;

	if (sync->reading.fresh)
		return; /* its fresh state is asked the same, and that is seen at its end */
	if (sync->audit_rest_usec > now + in)
		in = sync->audit_rest_usec - now;
	sync_want_audit(sync, in);
}

/* --- what is never announced ----------------------------------------------------------------- */

int sync_refresh(struct sync *sync)
{
	struct sync_event event = { .kind = SYNC_REFRESH_FAILED };
	int r = snapshot_refresh(sync->request, sync->state);

	sync->state->links_stale = false;
	sync->refresh_due = false;
	if (r == -ENOMEM)
		return r;
	if (r >= 0)
		return 0;
	event.error = r;
	r = sync->event
		    ? sync_arm(sync->refresh_timer, clock_monotonic_usec() + USEC_PER_SEC)
		    : 0;
	return r < 0 ? r : sync_happened(sync, &event);
}

static int on_refresh(sd_event_source *source, uint64_t usec, void *data)
{
	struct sync *sync = data;

	(void)usec;
	sync->refresh_due = sync->synced;
	return sync_arm(source, clock_monotonic_usec() + sync->refresh_usec);
}

/* --- life ------------------------------------------------------------------------------------ */

int sync_init(struct sync *sync, int fd)
{
	int r;

	*sync = (struct sync){ 0 };
	r = nl_request_new(&sync->request);
	if (r >= 0)
		r = nl_reader_new(fd, RECEIVE_BUFFER, &sync->reader);
	if (r >= 0)
		nl_reader_set_ahead(sync->reader, foresee, sync);
	return r;
}

void sync_done(struct sync *sync)
{
	if (sync->reader)
		sync_drop_reading(sync);
	sd_event_source_disable_unref(sync->netlink);
	sd_event_source_disable_unref(sync->gather);
	sd_event_source_disable_unref(sync->resync_timer);
	sd_event_source_disable_unref(sync->audit_timer);
	sd_event_source_disable_unref(sync->refresh_timer);
	sd_event_source_disable_unref(sync->rules_timer);
	state_free(sync->state);
	nl_reader_free(sync->reader);
	nl_request_free(sync->request);
	array_done(&sync->happened);
}

static bool is_on(sd_event_source *source)
{
	return source && sd_event_source_get_enabled(source, NULL) > 0;
}

bool sync_is_following(const struct sync *sync)
{
	return is_on(sync->netlink) || is_on(sync->gather) || is_on(sync->resync_timer);
}

int sync_start(struct sync *sync, sd_event *event, uint64_t refresh_usec)
{
	uint64_t now = clock_monotonic_usec();
	int r;

	sync->event = event;
	sync->refresh_usec = refresh_usec;
	r = sd_event_add_io(event, &sync->netlink, nl_reader_fd(sync->reader), EPOLLIN,
		on_netlink, sync);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(sync->netlink, true);
	if (r >= 0)
		r = sd_event_add_time(event, &sync->gather, CLOCK_MONOTONIC, USEC_NEVER,
			1, on_gather, sync);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(sync->gather, true);
	if (r >= 0)
		r = sd_event_source_set_enabled(sync->gather, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(event, &sync->rules_timer, CLOCK_MONOTONIC,
			USEC_NEVER, USEC_PER_MSEC, on_rules, sync);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(sync->rules_timer, true);
	if (r >= 0)
		r = sd_event_source_set_enabled(sync->rules_timer, SD_EVENT_OFF);
	if (r >= 0) /* it may come late, so that the machine can sleep on */
		r = sd_event_add_time(event, &sync->refresh_timer, CLOCK_MONOTONIC,
			now + refresh_usec, refresh_usec / 11, on_refresh, sync);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(sync->refresh_timer, true);
	return r < 0 ? r : 0;
}
