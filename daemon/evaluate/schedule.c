/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "daemon/evaluate/evaluate.h"
#include "kernel/probe.h"
#include "kernel/procsys.h"
#include "kernel/snapshot.h"
#include "state/dirty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define MINUTE_USEC (60 * USEC_PER_SEC)
#define WAYS_USEC (100 * UINT64_C(1000))
#define SLOW_TURNS 1000	    /* how many evaluations one that took long is remembered */
#define REST_FROM_USEC 2000 /* an evaluation that costs more is not repeated at once */

/* --- the kernel's word ------------------------------------------------------------------------ */

/*
 * Where log_martians is on, each question that the kernel answers with "refused" writes a
 * line to its log: a handful a minute, and no more.
 */
static bool may_ask(struct daemon *daemon, const struct iface *iface)
{
	uint64_t now = daemon_now(daemon);

	if (!devconf_or(&daemon->state->all, &iface->link.conf, DEVCONF_LOG_MARTIANS))
		return true;
	if (now - daemon->questions_usec >= MINUTE_USEC) {
		daemon->questions_usec = now;
		daemon->questions = 0;
	}
	return daemon->questions++ < daemon->config->selfcheck.per_minute;
}

/* Whether something changed that bears on the finding since it was found: then it is to be
 * found anew. What changes elsewhere doesn't count, or a storm would keep it back for ever. */
static bool is_outdated(const struct daemon *daemon, const struct finding *finding)
{
	const struct iface *iface = state_iface(daemon->state, finding->ifindex);

	return !daemon->synced || !iface || iface->dirty || daemon->state->dirty.all ||
	       (daemon->state->dirty.no_route && hash_get(&daemon->depends_on_no_route,
							 (uint32_t)finding->ifindex)) ||
	       (daemon->state->dirty.addresses && !iface->addrs.count);
}

int judge_word(struct daemon *daemon, struct track_item *item)
{
	struct finding *worded;
	int r = evaluate_finding(
		daemon->state, daemon->config, item->ifindex, item->finding->id, &worded);

	if (r > 0)
		track_word(item, worded);
	else if (r == 0)
		(void)dirty_iface(daemon->state, item->ifindex);
	return r;
}

int judge_ask(struct daemon *daemon, const struct flow *flow, enum kernel_answer *ret)
{
	int r = probe_ask(daemon->request, flow);

	switch (r) {
	case 0:
		*ret = KERNEL_PASS;
		return 0;
	case -EXDEV:
	case -EINVAL: /* might mean the destination; but a finding's is the host's own */
		*ret = KERNEL_DROP;
		return 0;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -EACCES:
		*ret = KERNEL_UNJUDGED;
		return 0;
	default:
		return r;
	}
}

/*
 * Has the kernel confirm a finding. Returns 1 if it is to be said, 0 if the kernel says
 * otherwise, -EAGAIN if something changed under it and it is to be judged again, or another
 * negative errno.
 */
static int confirm(struct daemon *daemon, struct track_item *item)
{
	struct finding *finding = item->finding;
	int r;

	/* what is never announced is read first: the finding must not rest on old settings */
	r = snapshot_refresh_link(daemon->request, daemon->state, finding->ifindex);
	if (r == -ENODEV || is_outdated(daemon, finding))
		return -EAGAIN;
	r = judge_word(daemon, item);
	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	finding = item->finding;
	if (!may_ask(daemon, state_iface(daemon->state, finding->ifindex))) {
		finding->kernel = KERNEL_UNASKED;
		return item->refutations ? 0 : 1; /* the kernel's last word stands */
	}
	r = judge_ask(daemon, &finding->example, &finding->kernel);
	if (r == -ENODEV)
		return -EAGAIN;
	if (r < 0) {
		sink_say(&daemon->sink, LOG_WARNING,
			"Asking the kernel about %s failed: %s; saying it unconfirmed.",
			finding->id, strerror(-r));
		finding->kernel = KERNEL_UNASKED;
		return 1;
	}
	if (finding->kernel == KERNEL_DROP) {
		item->refutations = 0;
		return 1;
	}
	/* what was announced meanwhile may be the whole difference */
	r = follow_events(daemon);
	if (r < 0)
		return r;
	return is_outdated(daemon, finding) ? -EAGAIN : 0;
}

/*
 * The kernel is right. The first time all is read again, as the model may be old; if that
 * does not settle it, it is said once.
 */
static void refuted(struct daemon *daemon, struct track_item *item)
{
	item->refuted = true;
	track_retime(&daemon->track);
	if (!item->refutations) {
		item->refutations = 1;
		item->refuted_audit = daemon->audits;
		audit_want_at_once(daemon);
	}
	if (item->refutations > 1 || item->refuted_audit == daemon->audits)
		return;
	item->refutations = 2;
	if (item->finding->kernel == KERNEL_PASS) {
		daemon->disagreements++;
		say_disagreement(daemon, item->finding);
	} else {
		sink_say(&daemon->sink, LOG_WARNING,
			"%s: the model says drop, but the kernel can't be asked about the example; the finding is not raised.",
			item->finding->id);
	}
}

static int say_due(struct daemon *daemon)
{
	for (;;) {
		uint64_t now = daemon_now(daemon);
		enum event_kind kind;
		struct track_item *item = track_due(&daemon->track, now, &kind);
		int r = 1;

		if (!item)
			return 0;
		if (kind == EVENT_FINDING_RAISED || kind == EVENT_FINDING_CHANGED)
			r = confirm(daemon, item);
		else if (kind == EVENT_FINDING_REPEATED)
			r = judge_word(daemon, item) == -ENOMEM ? -ENOMEM : 1;
		if (r == -EAGAIN) {
			/* by the timer, which is due: the deferred source would come before the
			 * events that settle it, again and again */
			(void)dirty_iface(daemon->state, item->ifindex);
			return 0;
		}
		if (r < 0)
			return r;
		if (r == 0) {
			refuted(daemon, item);
			continue;
		}
		say_finding(daemon, kind, item);
		/* what is not to be corrected says so behind it */
		if (kind == EVENT_FINDING_RAISED && hands_wanted(daemon))
			judge_later(daemon);
		r = track_said(&daemon->track, item, kind, now);
		if (r < 0)
			return r;
	}
}

/* --- the model's word ------------------------------------------------------------------------- */

/* Remembers which interfaces mind more than what their own routes do. */
static int note(struct hash *set, int ifindex, bool member)
{
	if (!member) {
		(void)hash_remove(set, (uint32_t)ifindex);
		return 0;
	}
	return hash_put(set, (uint32_t)ifindex, set);
}

static int note_iface(struct daemon *daemon, int ifindex, const struct iface *iface,
	const struct report *report)
{
	const struct report_iface *row =
		report->ifaces.count ? &report->ifaces.items[0] : NULL;
	bool takes = iface && expect_takes_input(iface);
	bool wide =
		daemon->config->flows.count || (row && report_depends_on_no_route(row));
	int r;

	r = note(&daemon->depends_on_no_route, ifindex, takes && wide);
	if (r >= 0)
		r = note(&daemon->unnumbered, ifindex, takes && !iface->addrs.count);
	if (r >= 0)
		r = note(&daemon->depends_on_foreign_routes, ifindex,
			takes && row && (row->by_routes || row->claimed_elsewhere));
	if (report->missed.count && !daemon->missed.count)
		say_missed(daemon, &report->missed.items[0]);
	return r < 0 ? r : note(&daemon->missed, ifindex, report->missed.count > 0);
}

/* One interface, which may be gone. */
static int judge_iface(struct daemon *daemon, int ifindex, bool quick)
{
	_cleanup_(report_freep) struct report *report = report_new();
	const struct overlay overlay = { .state = daemon->state };
	const struct iface *iface = state_iface(daemon->state, ifindex);
	int r = report ? 0 : -ENOMEM;

	if (iface && !iface->announced)
		iface = NULL;
	if (r >= 0 && iface)
		r = evaluate_iface(&overlay, daemon->config, iface, DETAIL_COUNT, report);
	if (r >= 0)
		r = note_iface(daemon, ifindex, iface, report);
	if (r < 0)
		return r;
	for (size_t i = 0; i < report->findings.count; i++)
		report->findings.items[i]->unsure = daemon->unsure_ifindex == ifindex;
	return track_update(&daemon->track, ifindex, report->findings.items,
		report->findings.count, report->unknown.items, report->unknown.count,
		quick, daemon_now(daemon));
}

/* The interfaces to be judged, as the state's marks have them. */
struct ifindexes {
	ARRAY(int) list;
};

static int add_set(struct ifindexes *ret, const struct hash *set)
{
	int r = 0;

	hash_each (set, slot) {
		const int ifindex = (int)slot->key;

		if (r >= 0)
			r = array_push(&ret->list, &ifindex);
	}
	return r;
}

/* Those with findings: also of ones that are gone. */
static int add_found(struct daemon *daemon, struct ifindexes *ret)
{
	int r = 0;

	array_each (&daemon->track.items, const struct track_item, item) {
		if (r >= 0)
			r = array_push(&ret->list, &item->ifindex);
	}
	return r;
}

static bool minds_ways(const struct daemon *daemon)
{
	return daemon->track.items.count || daemon->depends_on_foreign_routes.count;
}

/*
 * Which way back a fault has, where what is forwarded leaves, and what is expected where a
 * longer prefix of another's bears on it, change with routes that are otherwise no business of
 * the interface: followed at a pace that costs a twentieth at most.
 */
static int choose_ways(struct daemon *daemon, struct ifindexes *ret)
{
	int r;

	if (!minds_ways(daemon) ||
		(!daemon->state->dirty.routes && !daemon->reverse_stale))
		return 0;
	daemon->reverse_stale = daemon_now(daemon) < daemon->reverse_usec;
	if (daemon->reverse_stale)
		return 0;
	r = add_set(ret, &daemon->depends_on_foreign_routes);
	return r < 0 ? r : add_found(daemon, ret);
}

/* What is to be judged now, and in `ways` what is to be looked at again behind it. */
static int choose(struct daemon *daemon, struct ifindexes *ret, struct ifindexes *ways)
{
	const struct state *state = daemon->state;
	int r = 0;

	if (state->dirty.all || daemon->rejudge) {
		daemon->reverse_stale = false;
		r = add_set(ret, &state->ifaces);
		return r < 0 ? r : add_found(daemon, ret);
	}
	array_each (&state->dirty.ifaces, const int, ifindex) {
		if (r >= 0)
			r = array_push(&ret->list, ifindex);
	}
	if (r >= 0 && state->dirty.no_route)
		r = add_set(ret, &daemon->depends_on_no_route);
	if (r >= 0 && state->dirty.addresses)
		r = add_set(ret, &daemon->unnumbered);
	return r < 0 ? r : choose_ways(daemon, ways);
}

static int by_number(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	return (left > right) - (left < right);
}

/*
 * CPU time: what an evaluation costs others. By the clock, one that was interrupted for some
 * milliseconds on a busy machine would look like a long one, and be followed by nine times that.
 */
static uint64_t spent_usec(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * USEC_PER_SEC + (uint64_t)spent.tv_nsec / 1000;
}

/* Judges the chosen ones that were not among those before. */
static int judge_chosen(struct daemon *daemon, struct ifindexes *chosen,
	const struct ifindexes *before, bool quick)
{
	int r = 0;

	if (chosen->list.count > 1)
		qsort(chosen->list.items, chosen->list.count, sizeof(int), by_number);
	for (size_t i = 0; r >= 0 && i < chosen->list.count; i++) {
		const int ifindex = chosen->list.items[i];

		if (i > 0 && ifindex == chosen->list.items[i - 1])
			continue;
		if (before && before->list.count &&
			bsearch(&ifindex, before->list.items, before->list.count,
				sizeof(int), by_number))
			continue;
		r = judge_iface(daemon, ifindex, quick);
	}
	return r;
}

/* What is looked at again has a pace of its own, and lets nothing else rest. */
static int judge_ways(struct daemon *daemon, struct ifindexes *ways,
	const struct ifindexes *before, bool quick)
{
	uint64_t began = spent_usec(), rest;
	int r = judge_chosen(daemon, ways, before, quick);

	rest = (spent_usec() - began) * 20;
	daemon->reverse_usec = daemon_now(daemon) + (rest > WAYS_USEC ? rest : WAYS_USEC);
	return r;
}

/*
 * What an evaluation costs. Asking for the CPU time is a system call, so that is done only
 * where one has lately taken long by the clock, which nearly all don't: the first long one is
 * followed by no rest.
 */
struct stopwatch {
	uint64_t began_usec, spent_usec;
};

static struct stopwatch start_watch(const struct daemon *daemon)
{
	return (struct stopwatch){ daemon_now(daemon),
		daemon->slow_turns ? spent_usec() : 0 };
}

/* Evaluations that take long are followed by nine times that without one. */
static void rest_after(struct daemon *daemon, const struct stopwatch *watch, bool once)
{
	uint64_t now = daemon_now(daemon);

	if (now - watch->began_usec <= REST_FROM_USEC) {
		daemon->slow_turns -= daemon->slow_turns > 0;
		return;
	}
	if (daemon->slow_turns && !once) {
		uint64_t cost = spent_usec() - watch->spent_usec;

		if (cost > REST_FROM_USEC)
			daemon->throttled_until_usec = now + cost * 9;
	}
	daemon->slow_turns = SLOW_TURNS;
}

/* Judges what may be otherwise by now, and no more. */
static int judge_state(struct daemon *daemon, bool quick)
{
	/* what was read anew is judged once, however long that takes: others pace it */
	bool once = quick || daemon->rejudge;
	struct ifindexes chosen = { 0 }, ways = { 0 };
	const struct stopwatch watch = start_watch(daemon);
	int r = choose(daemon, &chosen, &ways);

	daemon->reverse_stale &= minds_ways(daemon);
	daemon->judged = daemon->state->generation;
	daemon->rejudge = false;
	dirty_settle(daemon->state);
	if (r >= 0)
		r = judge_chosen(daemon, &chosen, NULL, quick);
	rest_after(daemon, &watch, once);
	if (r >= 0 && ways.list.count)
		r = judge_ways(daemon, &ways, &chosen, quick);
	array_done(&chosen.list);
	array_done(&ways.list);
	if (daemon->state->blind > daemon->blind_said) {
		daemon->blind_said = daemon->state->blind;
		say_blind(daemon);
	}
	return r;
}

bool judge_is_pending(const struct daemon *daemon)
{
	const struct state *state = daemon->state;

	return daemon->rejudge || daemon->reverse_stale || state->dirty.all ||
	       state->dirty.routes || state->dirty.no_route || state->dirty.addresses ||
	       state->dirty.ifaces.count;
}

static int arm_due(struct daemon *daemon)
{
	uint64_t next = track_next(&daemon->track);
	int r;

	if (!daemon->due)
		return 0;
	if (daemon->reverse_stale && daemon->reverse_usec < next)
		next = daemon->reverse_usec;
	if (daemon->throttled && daemon->throttled_until_usec < next)
		next = daemon->throttled_until_usec;
	/* each call of libsystemd's is a system call (gettid) at least: too much for each turn */
	if (next == daemon->due_usec)
		return 0;
	daemon->due_usec = next;
	if (next == UINT64_MAX)
		return sd_event_source_set_enabled(daemon->due, SD_EVENT_OFF);
	r = sd_event_source_set_time(daemon->due, next);
	return r < 0 ? r : sd_event_source_set_enabled(daemon->due, SD_EVENT_ONESHOT);
}

int judge_now(struct daemon *daemon, bool quick)
{
	int r = 0;

	if (!daemon->synced)
		return 0;
	if (daemon->state->links_stale)
		r = follow_refresh(daemon);
	/* evaluations that take long leave time for everything else */
	daemon->throttled = !quick && !daemon->rejudge && judge_is_pending(daemon) &&
			    daemon_now(daemon) < daemon->throttled_until_usec;
	if (r >= 0 && !daemon->throttled && judge_is_pending(daemon))
		r = judge_state(daemon, quick);
	/* the kernel first: a correction waits for no entry, and no finding is said that it cured */
	if (r >= 0)
		r = hands_turn(daemon);
	if (r >= 0 && daemon->synced && !daemon->throttled && judge_is_pending(daemon))
		r = judge_state(daemon, quick);
	hands_say(daemon);
	if (r >= 0 && daemon->synced)
		r = say_due(daemon);
	if (r >= 0)
		r = arm_due(daemon);
	daemon_status(daemon);
	return r;
}

void judge_later(struct daemon *daemon)
{
	if (daemon->judge)
		(void)sd_event_source_set_enabled(daemon->judge, SD_EVENT_ONESHOT);
}

/* What rests is not judged yet: it counts when it is. */
static void count_lag(struct daemon *daemon)
{
	if (!daemon->unjudged_events || daemon->throttled || !daemon->synced)
		return;
	histogram_add(&daemon->lag, daemon_now(daemon) - daemon->unjudged_usec,
		daemon->unjudged_events);
	daemon->unjudged_events = 0;
}

int judge_turn(sd_event_source *source, void *data)
{
	struct daemon *daemon = data;
	int r = judge_now(daemon, false);

	(void)source;
	daemon->turned_usec = daemon_now(daemon);
	count_lag(daemon);
	return r;
}

int judge_due(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;
	int r;

	(void)source;
	(void)usec;
	daemon->due_usec = 0; /* it is off now */
	r = judge_now(daemon, false);
	count_lag(daemon);
	return r;
}

/* --- the counter -------------------------------------------------------------------------------- */

int judge_drops_later(struct daemon *daemon)
{
	int r;

	if (!daemon->counter)
		return 0;
	r = sd_event_source_set_time(
		daemon->counter, daemon_now(daemon) + daemon->config->log.drops_usec);
	return r < 0 ? r : sd_event_source_set_enabled(daemon->counter, SD_EVENT_ONESHOT);
}

int judge_drops(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;
	uint64_t drops;
	int r = procsys_rpf_drops(&drops);

	(void)source;
	(void)usec;
	if (r < 0) {
		if (!daemon->drops_unread)
			sink_say(&daemon->sink, LOG_WARNING,
				"The counter IPReversePathFilter can't be read: %s; drops are not counted until it can.",
				strerror(-r));
		daemon->drops_unread = true;
		daemon->has_drops = false;
		return judge_drops_later(daemon);
	}
	if (daemon->has_drops && drops > daemon->drops)
		say_drops(daemon, drops - daemon->drops);
	daemon->drops_unread = false;
	daemon->has_drops = true;
	daemon->drops = drops;
	return judge_drops_later(daemon);
}
