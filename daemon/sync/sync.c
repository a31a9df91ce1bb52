/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "state/state_apply.h"

#include "daemon/evaluate/selfcheck.h"
#include "kernel/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

/*
 * Events go straight into the state. Lost ones make the state old, which is said, and it is
 * read anew beside the old one.
 */

#define MESSAGES_A_TURN 24 /* some 100 us: then what they changed is judged */
#define MESSAGES_AT_ONCE 1024
#define TURNS_AT_ONCE 16 /* some 2 ms: then signals and timers have their say */
#define GATHER_USEC 80	 /* in a storm: what the next events are waited for ... */
#define GATHER_LEAST 10	 /* ... where they come so fast that it fills a turn ... */
#define GATHER_MOST 120	 /* ... and with what the machine takes to wake up */
#define STORM_FROM 3	 /* turns without a pause between them make one */
#define PAUSE_USEC 200	 /* that much without an event is a pause */
#define STORM_OVER_USEC 10000
#define USEC_PER_SEC UINT64_C(1000000)
#define SLOW_USEC (55 * USEC_PER_SEC) /* and 5 s late at most: 60 s */
#define BACKOFF_USEC (100 * UINT64_C(1000))
#define BACKOFF_MAX (10 * USEC_PER_SEC)
#define STORM_USEC (30 * USEC_PER_SEC) /* overruns nearer than this are one storm */

static int arm(sd_event_source *source, uint64_t usec)
{
	int r = sd_event_source_set_time(source, usec);

	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* One event, and which interface it was about. */
static int apply_event(const struct record *record, void *data)
{
	struct daemon *daemon = data;
	int r;

	hands_saw(daemon, record);
	r = state_apply(daemon->state, record);
	if (r > 0 && record->kind == RECORD_LINK)
		daemon->changed_ifindex = record->link.ifindex;
	else if (r > 0 && record->kind == RECORD_ADDR)
		daemon->changed_ifindex = record->addr.ifindex;
	else if (r > 0 && record->kind == RECORD_NETCONF && record->netconf.ifindex > 0)
		daemon->changed_ifindex = record->netconf.ifindex;
	return r < 0 ? r : 0;
}

/* Which routes come next. */
static void foresee(uint32_t table, const struct ip4 *dsts, size_t count, void *data)
{
	const struct daemon *daemon = data;

	if (daemon->synced)
		state_ahead(daemon->state, table, dsts, count);
}

_Static_assert(NL_READER_AHEAD <= TRIE_AHEAD, "a batch is told of at once");

/* One into two states: the one in force and the one that was read beside it. */
struct both {
	struct daemon *daemon;
	struct state *fresh;
};

static int apply_both(const struct record *record, void *data)
{
	const struct both *both = data;
	int r = state_apply_handler(record, both->fresh);

	return r < 0 ? r : apply_event(record, both->daemon);
}

int follow_catch_up(struct daemon *daemon, struct state *fresh, bool both)
{
	struct both two = { daemon, fresh };
	uint64_t limit = daemon_now(daemon) + 10 * USEC_PER_SEC;
	int r;

	fresh->replaying = true;
	do
		r = nl_reader_receive(daemon->reader, MESSAGES_AT_ONCE,
			both ? apply_both : state_apply_handler,
			both ? (void *)&two : fresh);
	while (r > 0 && daemon_now(daemon) < limit);
	fresh->replaying = false;
	return r < 0 ? r : 0;
}

/* Reads all, and what happened meanwhile. */
static int read_anew(struct daemon *daemon, struct state **ret)
{
	_cleanup_(state_freep) struct state *fresh = state_new();
	int r;

	if (!fresh)
		return -ENOMEM;
	r = snapshot_read(daemon->request, daemon->state, fresh);
	if (r >= 0)
		r = follow_catch_up(daemon, fresh, false);
	if (r < 0)
		return r;
	*ret = take_ptr(fresh);
	return 0;
}

void follow_take_over(struct daemon *daemon, struct state *fresh)
{
	fresh->custom_local |= daemon->state && daemon->state->custom_local;
	hands_take_over(daemon, fresh);
	state_free(daemon->state);
	daemon->state = fresh;
	daemon->synced = true;
	daemon->synced_usec = daemon_now(daemon);
	daemon->rejudge = true;
	daemon->ledger_doubtful = true;
	if (daemon->blind_said > fresh->blind)
		daemon->blind_said = fresh->blind;
	/* the old state of a full table was tens of megabytes: give them back */
	malloc_trim(0);
}

int follow_start(struct daemon *daemon)
{
	struct state *fresh;
	int r = -ENOBUFS;

	nl_reader_set_ahead(daemon->reader, foresee, daemon);
	daemon->gather_usec = GATHER_USEC;
	for (int tries = 0; tries < 5 && (r == -ENOBUFS || r == -EBADMSG); tries++) {
		r = nl_reader_discard(daemon->reader);
		if (r >= 0)
			r = read_anew(daemon, &fresh);
	}
	if (r < 0)
		return r;
	follow_take_over(daemon, fresh);
	return 0;
}

/* --- losing and finding sync --------------------------------------------------------------- */

static int lose_sync(struct daemon *daemon, const char *why)
{
	uint64_t now = daemon_now(daemon);
	int r;

	if (daemon->last_overrun_usec && now - daemon->last_overrun_usec < STORM_USEC)
		daemon->backoff_usec =
			daemon->backoff_usec ? daemon->backoff_usec * 2 : BACKOFF_USEC;
	else
		daemon->backoff_usec = 0;
	if (daemon->backoff_usec > BACKOFF_MAX)
		daemon->backoff_usec = BACKOFF_MAX;
	daemon->last_overrun_usec = now;
	if (daemon->synced)
		daemon->lost_usec = now;
	daemon->synced = false;
	daemon->lost_why = why;
	audit_call_off(daemon);
	daemon_status(daemon);
	/* nothing more is taken in until all is read again */
	r = sd_event_source_set_enabled(daemon->netlink, SD_EVENT_OFF);
	return r < 0 ? r : arm(daemon->resync, now + daemon->backoff_usec);
}

int follow_failed(struct daemon *daemon, int error)
{
	if (error == -ENOBUFS) {
		daemon->overruns++;
		return lose_sync(daemon, "Events of the kernel's were lost");
	}
	if (error == -EBADMSG) {
		sink_say(&daemon->sink, LOG_WARNING,
			"A message of the kernel's was malformed or cut off; reading all again.");
		return lose_sync(
			daemon, "A message of the kernel's was malformed or cut off");
	}
	sink_say(&daemon->sink, LOG_ERR, "Receiving from the kernel failed: %s; ending.",
		strerror(-error));
	return error;
}

/* Takes some events. Returns how many, 0 also when sync was lost, or an errno. */
static int take_events(struct daemon *daemon, unsigned int most)
{
	int r = nl_reader_receive(daemon->reader, most, apply_event, daemon);

	if (r < 0)
		return follow_failed(daemon, r);
	if (daemon->state->audit_due) {
		daemon->state->audit_due = false;
		audit_want_soon(daemon);
	}
	return r;
}

/*
 * Waits a moment for more events. To wake up takes a virtual machine half as long again: too much
 * of that is taken off what is asked for.
 */
static void wait_for_more(struct daemon *daemon)
{
	uint32_t asked = daemon->gather_usec, room = GATHER_MOST - daemon->late_usec;
	struct timespec moment = { 0 };
	uint64_t late;

	if (asked > room)
		asked = room;
	moment.tv_nsec = (long)asked * 1000;
	(void)nanosleep(&moment, NULL);
	late = daemon_now(daemon) - daemon->woken_usec - asked;
	/* the median, step by step: the odd one that was kept waiting for long says nothing */
	if (late > daemon->late_usec && daemon->late_usec < GATHER_MOST - GATHER_LEAST)
		daemon->late_usec++;
	else if (late < daemon->late_usec)
		daemon->late_usec--;
}

/*
 * Each wake-up costs more than an event. In a storm, which shows by turns that follow each
 * other, the next events are given a moment to come, so that a turn has a dozen of them, unless
 * more than that are there already; alone, an event is taken at once. A moment that filled the
 * turn was longer than need be.
 */
static int gather(struct daemon *daemon)
{
	bool waits;
	int r;

	if (daemon->woken_usec - daemon->turned_usec > PAUSE_USEC)
		daemon->busy_turns = 0;
	else if (daemon->busy_turns < STORM_FROM)
		daemon->busy_turns++;
	waits = daemon->busy_turns == STORM_FROM && !daemon->turn_was_full;
	if (waits)
		wait_for_more(daemon);
	r = take_events(daemon, MESSAGES_A_TURN);
	daemon->turn_was_full = r == MESSAGES_A_TURN;
	if (waits && daemon->turn_was_full && daemon->gather_usec > GATHER_LEAST)
		daemon->gather_usec /= 2;
	else if (waits && r > 0 && r < MESSAGES_A_TURN / 2 &&
		 daemon->gather_usec < GATHER_USEC)
		daemon->gather_usec *= 2;
	return r;
}

bool follow_is_storm(const struct daemon *daemon)
{
	return daemon->busy_turns == STORM_FROM &&
	       daemon_now(daemon) - daemon->turned_usec < STORM_OVER_USEC;
}

int follow_turn(struct daemon *daemon, bool *ret_more)
{
	int r;

	daemon->woken_usec = daemon_now(daemon);
	r = gather(daemon);
	*ret_more = daemon->turn_was_full;
	if (r <= 0)
		return r;
	if (!daemon->unjudged_events)
		daemon->unjudged_usec = daemon->woken_usec;
	daemon->unjudged_events += (uint64_t)r;
	return 0;
}

/*
 * What they changed is judged at once. In a storm the next ones are waited for here: a round of
 * the loop between them would cost as much as they do. Now and then there has to be one.
 */
int follow_netlink(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct daemon *daemon = data;
	uint64_t events;
	int r = 0;

	(void)source;
	(void)fd;
	(void)revents;
	for (int turn = 0; r >= 0 && turn < TURNS_AT_ONCE; turn++) {
		bool more;

		events = daemon->unjudged_events;
		r = follow_turn(daemon, &more);
		if (r < 0 || !daemon->synced || daemon->unjudged_events == events)
			return r;
		r = judge_turn(NULL, daemon);
		if (daemon->busy_turns < STORM_FROM)
			return r;
	}
	return r;
}

int follow_events(struct daemon *daemon)
{
	uint64_t limit = daemon_now(daemon) + USEC_PER_SEC;
	int r;

	do
		r = take_events(daemon, MESSAGES_AT_ONCE);
	while (r > 0 && daemon_now(daemon) < limit);
	judge_later(daemon);
	return r < 0 ? r : 0;
}

int follow_resync(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;
	uint64_t began = daemon_now(daemon);
	struct state *fresh = NULL;
	int r = nl_reader_discard(daemon->reader);

	(void)source;
	(void)usec;
	if (r >= 0)
		r = read_anew(daemon, &fresh);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		if (r == -ENOBUFS)
			daemon->overruns++;
		else
			sink_say(&daemon->sink, LOG_WARNING,
				"Reading all again failed: %s; trying again.",
				strerror(-r));
		return lose_sync(daemon, daemon->lost_why);
	}
	daemon->resyncs++;
	follow_take_over(daemon, fresh);
	say_resync(daemon, daemon->lost_why, daemon_now(daemon) - began);
	judge_later(daemon);
	return sd_event_source_set_enabled(daemon->netlink, SD_EVENT_ON);
}

/* --- what is never announced ----------------------------------------------------------------- */

int follow_refresh(struct daemon *daemon)
{
	int r = snapshot_refresh(daemon->request, daemon->state);

	daemon->state->links_stale = false;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		sink_say(&daemon->sink, LOG_WARNING,
			"Reading the settings again failed: %s; keeping what is known.",
			strerror(-r));
	return 0;
}

int follow_slow(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;
	int r = 0;

	(void)usec;
	if (daemon->synced) {
		r = follow_refresh(daemon);
		judge_later(daemon);
		if (r >= 0)
			r = selfcheck_run(daemon);
	}
	return r < 0 ? r : arm(source, daemon_now(daemon) + SLOW_USEC);
}
