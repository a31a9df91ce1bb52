/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/turn.h"

#include "base/time.h"
#include "daemon/log.h"
#include "kernel/clock.h"
#include "state/dirty.h"

#include <errno.h>

/* --- logging --------------------------------------------------------------------------------- */

void turn_log(struct daemon *daemon)
{
	struct schedule *schedule = &daemon->schedule;

	array_each (&daemon->sync.happened, const struct sync_event, event)
		log_sync(&daemon->sink, &daemon->sync, event);
	array_clear(&daemon->sync.happened);
	if (schedule->blind_news)
		log_blind(&daemon->sink, daemon->sync.state);
	schedule->blind_news = false;
	array_each (&schedule->missed_news, const struct report_missed, missed)
		log_missed(&daemon->sink, missed);
	array_clear(&schedule->missed_news);
	array_each (&daemon->session.entries, struct entry, entry) {
		(void)sink_write(&daemon->sink, entry);
		entry_done(entry);
	}
	array_clear(&daemon->session.entries);
}

/* --- the steps ------------------------------------------------------------------------------- */

/* What followed from what was read anew or compared with the kernel. */
static int take_news(struct daemon *daemon)
{
	struct sync *sync = &daemon->sync;
	struct selfcheck_difference difference;
	bool audited = sync->audited;
	int r;

	daemon->schedule.all |= sync->replaced || sync->evaluate_all;
	daemon->session.ledger_doubtful |= sync->replaced || audited;
	sync->replaced = sync->evaluate_all = sync->audited = false;
	if (!audited)
		return 0;
	r = selfcheck_settle(&daemon->selfcheck, sync, &difference);
	if (r <= 0)
		return r;
	daemon->schedule.all = true;
	log_flow_disagreement(&daemon->sink, sync->state, &daemon->selfcheck.suspect,
		&difference, ++daemon->stats.disagreements);
	return 0;
}

/* What the kernel announces to nobody is read again; once a minute the model is checked, too. */
static int refresh(struct daemon *daemon)
{
	struct sync *sync = &daemon->sync;
	bool due = sync->refresh_due;
	int r;

	if (!due && !sync->state->links_stale)
		return 0;
	r = sync_refresh(sync);
	if (r < 0 || !due)
		return r;
	r = selfcheck_run(&daemon->selfcheck, sync, &daemon->track,
		daemon->config->selfcheck.per_minute);
	daemon->schedule.all |= r > 0;
	return r < 0 ? r : 0;
}

static int evaluate_dirty(struct daemon *daemon, bool quick)
{
	return schedule_run(&daemon->schedule, daemon->sync.state, daemon->config,
		&daemon->track, daemon->selfcheck.unsure_ifindex, quick);
}

bool turn_is_pending(const struct daemon *daemon)
{
	return schedule_is_pending(&daemon->schedule, daemon->sync.state);
}

/* Logs what came of asking the kernel. Returns whether the finding itself may be logged. */
static bool log_confirmation(struct daemon *daemon, const struct finding *finding,
	const struct confirmation *confirmation)
{
	switch (confirmation->result) {
	case CONFIRM_LOG:
		if (confirmation->error)
			log_unconfirmed(&daemon->sink, finding, confirmation->error);
		return true;
	case CONFIRM_DISAGREES:
		log_disagreement(&daemon->sink, finding, ++daemon->stats.disagreements);
		break;
	case CONFIRM_CANT_ASK:
		log_cant_ask(&daemon->sink, finding);
		break;
	case CONFIRM_REFUTED:
	case CONFIRM_AGAIN:
		break;
	}
	return false;
}

/* Has the kernel confirm what is to be logged, or words it anew. 0 or a negative errno. */
static int confirm_item(struct daemon *daemon, struct track_item *item,
	enum event_kind kind, struct confirmation *ret)
{
	int r;

	*ret = (struct confirmation){ CONFIRM_LOG, 0 };
	if (kind == EVENT_FINDING_RAISED || kind == EVENT_FINDING_CHANGED)
		return confirm_finding(&daemon->confirm, &daemon->sync, &daemon->schedule,
			daemon->config, &daemon->track, item, ret);
	if (kind != EVENT_FINDING_REPEATED)
		return 0;
	r = finding_expand(daemon->sync.state, daemon->config, item);
	return r < 0 ? r : 0;
}

/* Logs the findings for which it is time. Sets *again where a turn has to follow. */
static int publish(struct daemon *daemon, bool *again)
{
	for (;;) {
		uint64_t now = clock_monotonic_usec();
		struct confirmation confirmation;
		enum event_kind kind;
		struct track_item *item = track_due(&daemon->track, now, &kind);
		int r;

		if (!item)
			return 0;
		r = confirm_item(daemon, item, kind, &confirmation);
		if (r < 0)
			return r;
		if (confirmation.result == CONFIRM_AGAIN) {
			/* by the timer, which is due: the events that settle it come first */
			(void)dirty_iface(daemon->sync.state, item->ifindex);
			return 0;
		}
		if (!log_confirmation(daemon, item->finding, &confirmation))
			continue;
		log_finding(&daemon->sink, daemon->sync.state, kind, item);
		/* what is not to be corrected is refused behind it, in a turn of its own */
		*again |=
			kind == EVENT_FINDING_RAISED && session_wanted(&daemon->session);
		r = track_logged(&daemon->track, item, kind, now);
		if (r < 0)
			return r;
	}
}

static int read_drops(struct daemon *daemon)
{
	uint64_t rise;
	int r;

	if (!daemon->drops.due)
		return 0;
	r = drops_read(&daemon->drops, &rise);
	if (r < 0)
		log_drops_unreadable(&daemon->sink, r);
	else if (r > 0)
		log_drops(&daemon->sink, &daemon->track, rise);
	return drops_arm(&daemon->drops, daemon->config->log.drops_usec);
}

/* The next turn comes without any event when something is due; at once with again. */
static int arm_timer(struct daemon *daemon, bool again)
{
	uint64_t next = track_next(&daemon->track),
		 paced = schedule_next(&daemon->schedule);

	if (!daemon->timer)
		return 0;
	if (paced < next)
		next = paced;
	if (again)
		next = clock_monotonic_usec();
	/* each call of libsystemd's is a system call (gettid) at least: too much for each turn */
	if (next == daemon->timer_usec)
		return 0;
	daemon->timer_usec = next;
	if (next == USEC_NEVER)
		return sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
	return sync_arm(daemon->timer, next);
}

/* --- the turn -------------------------------------------------------------------------------- */

int turn_run(struct daemon *daemon, bool quick)
{
	struct sync *sync = &daemon->sync;
	bool again = false, throttled = false;
	int r = 0;

	session_follow_links(&daemon->session);
	if (sync->synced)
		r = take_news(daemon);
	if (r >= 0 && sync->synced)
		r = refresh(daemon);
	if (r >= 0 && sync->synced)
		throttled = schedule_throttle(&daemon->schedule, sync->state, quick);
	if (r >= 0 && sync->synced && !throttled)
		r = evaluate_dirty(daemon, quick);
	/* the kernel first: a correction waits for no entry, and no finding is logged that it cured */
	if (r >= 0 && sync->synced) {
		r = session_turn(&daemon->session, daemon->selfcheck.unsure_ifindex);
		again = r > 0;
	}
	if (r >= 0 && sync->synced && !throttled)
		r = evaluate_dirty(daemon, quick);
	turn_log(daemon);
	if (r >= 0 && sync->synced)
		r = publish(daemon, &again);
	if (r >= 0)
		r = read_drops(daemon);
	if (r >= 0)
		r = arm_timer(daemon, again);
	stats_status(&daemon->stats, sync, &daemon->track, daemon->schedule.throttled);
	stats_count_lag(&daemon->stats, sync, daemon->schedule.throttled);
	sync->turned_usec = clock_monotonic_usec();
	return r;
}

int turn_serve(void *data, enum session_request request, char *const *names,
	struct request_answers *ret)
{
	struct daemon *daemon = data;
	int r = turn_run(daemon, false);

	if (r >= 0)
		r = session_serve(&daemon->session, request, names,
			daemon->selfcheck.unsure_ifindex, ret);
	turn_log(daemon);
	return r;
}
