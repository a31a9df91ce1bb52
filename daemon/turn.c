/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/turn.h"

#include "base/time.h"
#include "daemon/evaluate/boot_iface.h"
#include "daemon/log.h"
#include "kernel/clock.h"
#include "kernel/snapshot.h"
#include "state/dirty.h"

#include <errno.h>

/* --- logging --------------------------------------------------------------------------------- */

/* Those that lack nothing, or wait in vain; in their order. */
static void log_corrections(struct daemon *daemon)
{
	uint64_t now = daemon->session.entries.count ? clock_monotonic_usec() : 0;
	size_t gone = 0, left = 0;

	array_each (&daemon->session.entries, struct session_entry, entry) {
		if (entry->lacks && entry->until_usec > now &&
			keeps_is_open(&daemon->keeps, entry->ifindex))
			break;
		log_add_keep(entry, entry->until_usec
					    ? keeps_of(&daemon->keeps, entry->ifindex)
					    : NULL);
		sink_write(&daemon->sink, &entry->entry);
		gone++;
	}
	for (size_t i = gone; i < daemon->session.entries.count; i++)
		daemon->session.entries.items[left++] = daemon->session.entries.items[i];
	daemon->session.entries.count = left;
}

void turn_log(struct daemon *daemon)
{
	struct schedule *schedule = &daemon->schedule;

	array_each (&daemon->sync.happened, const struct sync_event, event)
		log_sync(&daemon->sink, &daemon->sync, event);
	array_clear(&daemon->sync.happened);
	if (daemon->selfcheck.has_news)
		log_flow_disagreement(&daemon->sink, daemon->sync.state,
			&daemon->selfcheck.suspect, &daemon->selfcheck.difference,
			++daemon->stats.disagreements);
	daemon->selfcheck.has_news = false;
	if (schedule->blind_news)
		log_blind(&daemon->sink, daemon->sync.state);
	schedule->blind_news = false;
	array_each (&schedule->missed_news, const struct report_missed, missed)
		log_missed(&daemon->sink, missed);
	array_clear(&schedule->missed_news);
	log_corrections(daemon);
}

/* --- what the files of this host make of it ---------------------------------------------------- */

static int ask_about(struct daemon *daemon, int ifindex, const char *name, uint64_t now)
{
	const struct forecast_iface asked =
		boot_iface(state_iface(daemon->sync.state, ifindex), name);

	return keeps_ask(&daemon->keeps, ifindex, &asked, now);
}

/* Entries that lack it. Returns 0 or -ENOMEM. */
static int ask_of_corrections(struct daemon *daemon)
{
	uint64_t now = clock_monotonic_usec();
	int r = 0;

	if (!daemon->keeps.wait_usec)
		return 0;
	array_each (&daemon->session.entries, struct session_entry, entry) {
		const char *name = entry_get(&entry->entry, "RPF_IIF");

		if (r < 0 || !entry->lacks || entry->until_usec)
			continue;
		entry->until_usec = usec_add(now, daemon->keeps.wait_usec);
		/* one that has no name lacks it for memory */
		r = name ? ask_about(daemon, entry->ifindex, name, now) : -ENOMEM;
	}
	return r;
}

/* What was answered, or never will be, holds no entry up any more. */
static void take_answers(struct daemon *daemon)
{
	struct keeps *keeps = &daemon->keeps;

	if (!keeps_look(keeps, clock_monotonic_usec()))
		return;
	array_each (&daemon->track.items, struct track_item, item) {
		if (item->wait_usec && !keeps_is_open(keeps, item->ifindex))
			track_answered(&daemon->track, item);
	}
	array_each (&daemon->session.entries, struct session_entry, entry) {
		if (entry->until_usec && !keeps_is_open(keeps, entry->ifindex))
			log_add_keep(entry, keeps_of(keeps, entry->ifindex));
	}
}

/* --- the steps ------------------------------------------------------------------------------- */

/* What followed from what was read anew or compared with the kernel. */
static int take_news(struct daemon *daemon)
{
	struct sync *sync = &daemon->sync;
	bool audited = sync->audited;
	int r = 0;

	daemon->schedule.all |= sync->replaced || sync->evaluate_all;
	daemon->session.ledger_doubtful |= sync->replaced || audited;
	sync->replaced = sync->evaluate_all = sync->audited = false;
	if (audited)
		r = selfcheck_settle(&daemon->selfcheck, sync);
	daemon->schedule.all |= r > 0;
	return r < 0 ? r : 0;
}

/* Which groups are joined nobody announces here; it matters to a flow that is declared to one. */
static int read_groups(struct daemon *daemon)
{
	bool matters = false;
	int r;

	array_each (&daemon->config->flows, const struct config_flow, flow)
		matters |= flow->has_to && ip4_is_multicast(flow->to);
	r = matters ? snapshot_read_memberships(daemon->sync.state) : 0;
	return r == -ENOMEM ? r : 0;
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
	r = read_groups(daemon);
	if (r < 0)
		return r;
	r = selfcheck_run(&daemon->selfcheck, sync, &daemon->track,
		daemon->config->selfcheck.per_minute);
	daemon->schedule.all |= r > 0;
	return r < 0 ? r : 0;
}

static int evaluate_dirty(struct daemon *daemon, bool quick)
{
	int r = daemon->schedule.all ? read_groups(daemon) : 0;

	if (r < 0)
		return r;
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

/* What a turn leaves to be done. */
struct rest {
	bool again; /* another turn has to follow at once */
	bool dirty; /* something that is due waits for an evaluation */
};

/* With --once there is nothing else to be done meanwhile. Returns whether it was waited. */
static bool wait_for_files(struct daemon *daemon)
{
	if (daemon->keeps.event || !daemon->keeps.open)
		return false;
	keeps_wait(&daemon->keeps);
	take_answers(daemon);
	return true;
}

/* Logs the findings for which it is time, and asks about them before. */
static int publish(struct daemon *daemon, struct rest *rest)
{
	for (;;) {
		uint64_t now = clock_monotonic_usec();
		struct confirmation confirmation;
		enum event_kind kind;
		struct track_item *item = track_due(&daemon->track, now, &kind);
		int r;

		if (!item && wait_for_files(daemon))
			continue;
		if (!item)
			return 0;
		if (track_ask(&daemon->track, item, now)) {
			r = ask_about(daemon, item->ifindex, item->finding->iif, now);
			if (r < 0)
				return r;
			continue;
		}
		r = confirm_item(daemon, item, kind, &confirmation);
		if (r < 0)
			return r;
		if (confirmation.result == CONFIRM_AGAIN) {
			/* by the timer, which is due: the events that settle it come first */
			(void)dirty_iface(daemon->sync.state, item->ifindex);
			rest->dirty = true;
			return 0;
		}
		if (!log_confirmation(daemon, item->finding, &confirmation))
			continue;
		log_finding(&daemon->sink, daemon->sync.state, kind, item,
			daemon->keeps.wait_usec ? keeps_of(&daemon->keeps, item->ifindex)
						: NULL);
		/* what is not to be corrected is refused behind it, in a turn of its own */
		rest->again |=
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

/* Whether something was taken in behind the evaluation, by asking the kernel. */
static bool is_behind(const struct daemon *daemon)
{
	const struct state *state = daemon->sync.state;

	return !daemon->schedule.throttled &&
	       (dirty_any(state) || state->links_stale || state->links.count);
}

/* When a turn has to come without any event. */
static uint64_t next_turn(struct daemon *daemon, const struct rest *rest)
{
	uint64_t next = track_next(&daemon->track),
		 paced = schedule_next(&daemon->schedule),
		 asked = keeps_next(&daemon->keeps);

	if (!daemon->sync.synced) /* the resync brings it, but for entries that wait */
		return asked;
	if (rest->again || is_behind(daemon))
		return clock_monotonic_usec();
	paced = asked < paced ? asked : paced;
	/* what is due and waits for an evaluation is not asked about until there may be one */
	if (rest->dirty && daemon->schedule.throttled)
		return paced;
	return paced < next ? paced : next;
}

static int arm_timer(struct daemon *daemon, const struct rest *rest)
{
	uint64_t next = next_turn(daemon, rest);

	/* each call of libsystemd's is a system call (gettid) at least: too much for each turn */
	if (!daemon->timer || next == daemon->timer_usec)
		return 0;
	daemon->timer_usec = next;
	if (next == USEC_NEVER)
		return sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
	return sync_arm(daemon->timer, next);
}

/* What rpfilterctl asked for by the bus, now that all is as new as can be. */
static bool serve_requests(struct daemon *daemon)
{
	struct bus_request request;
	bool any = false;

	while (bus_next(&daemon->bus, &request)) {
		const struct request asked = { request.names, request.pause_usec };
		struct request_answers answers = { 0 };
		int r = session_serve(&daemon->session, request.request, &asked,
			daemon->selfcheck.unsure_ifindex, &answers);

		bus_answer(&daemon->bus, &request, r, &answers);
		array_done(&answers.list);
		any = true;
	}
	return any;
}

/* Tells people how it goes. */
static void tell(struct daemon *daemon)
{
	bool throttled = daemon->schedule.throttled;
	uint64_t since = 0, events;

	stats_status(&daemon->stats, &daemon->sync, &daemon->track, throttled);
	events = sync_turned(&daemon->sync, throttled, &since);
	stats_count_lag(&daemon->stats, events, since);
}

/* --- the turn -------------------------------------------------------------------------------- */

int turn_run(struct daemon *daemon, bool quick)
{
	struct sync *sync = &daemon->sync;
	struct rest rest = { 0 };
	bool throttled = false;
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
		rest.again = r > 0;
	}
	if (r >= 0 && sync->synced && !throttled)
		r = evaluate_dirty(daemon, quick);
	if (r >= 0)
		rest.again |= serve_requests(daemon);
	if (r >= 0)
		r = ask_of_corrections(daemon);
	take_answers(daemon);
	turn_log(daemon);
	if (r >= 0 && sync->synced)
		r = publish(daemon, &rest);
	if (r >= 0)
		keeps_begin(&daemon->keeps, clock_monotonic_usec());
	if (r >= 0)
		r = read_drops(daemon);
	if (r >= 0 && (daemon->session.entry_lost || daemon->sink.incomplete))
		r = -ENOMEM;
	if (r >= 0)
		r = sync->error;
	if (r >= 0)
		r = arm_timer(daemon, &rest);
	tell(daemon);
	return r;
}
