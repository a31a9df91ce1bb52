/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "daemon/evaluate.h"
#include "kernel/probe.h"
#include "kernel/procsys.h"
#include "kernel/snapshot.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define MINUTE_USEC (60 * USEC_PER_SEC)

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

/* Whether something changed since the finding was found: then it is to be found anew. */
static bool is_outdated(const struct daemon *daemon, const struct finding *finding)
{
	return !daemon->synced || daemon->state->generation != daemon->judged ||
	       !state_iface(daemon->state, finding->ifindex);
}

int judge_ask(struct daemon *daemon, const struct flow *flow, enum kernel_answer *ret)
{
	struct probe_answer answer;
	int r = probe_flow(daemon->request, flow, &answer);

	if (r < 0)
		return r;
	/* EINVAL may mean the destination; but a finding's is the host's own address */
	if (answer.verdict == PROBE_DROP || answer.error == EINVAL)
		*ret = KERNEL_DROP;
	else
		*ret = answer.verdict == PROBE_PASS ? KERNEL_PASS : KERNEL_UNJUDGED;
	return 0;
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
	if (!item->refutations) {
		item->refutations = 1;
		item->refuted_audit = daemon->audits;
		follow_want_audit(daemon, 1);
	}
	if (item->refutations > 1 || item->refuted_audit == daemon->audits)
		return;
	item->refutations = 2;
	if (item->finding->kernel == KERNEL_PASS) {
		daemon->disagreements++;
		say_disagreement(daemon, item->finding);
	} else {
		sink_say(&daemon->sink, LOG_WARNING,
			"%s: the model says drop, but the kernel can't be asked about "
			"the "
			"example; the finding is not raised.",
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
		if (r == -EAGAIN) {
			/* by the timer, which is due: the deferred source would come before the
			 * events that settle it, again and again */
			daemon->rejudge = true;
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

static int judge_state(struct daemon *daemon, bool quick)
{
	_cleanup_(report_freep) struct report *report = NULL;
	int r;

	if (daemon->judged == daemon->state->generation && !daemon->rejudge)
		return 0;
	r = evaluate(daemon->state, daemon->config, &report);
	if (r < 0)
		return r;
	for (size_t i = 0; i < report->findings.count && daemon->unsure_ifindex; i++)
		report->findings.items[i]->unsure =
			report->findings.items[i]->ifindex == daemon->unsure_ifindex;
	r = track_update(&daemon->track, report->findings.items, report->findings.count,
		report->unknown.items, report->unknown.count, quick, daemon_now(daemon));
	if (r < 0)
		return r;
	daemon->judged = daemon->state->generation;
	daemon->rejudge = false;
	report_free(daemon->report);
	daemon->report = take_ptr(report);
	if (daemon->report->missed.count && !daemon->missed_said)
		say_missed(daemon);
	daemon->missed_said = daemon->report->missed.count > 0;
	if (daemon->state->blind > daemon->blind_said) {
		daemon->blind_said = daemon->state->blind;
		say_blind(daemon);
	}
	return 0;
}

static int arm_due(struct daemon *daemon)
{
	uint64_t next = track_next(&daemon->track);
	int r;

	if (!daemon->due)
		return 0;
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
	if (r >= 0)
		r = judge_state(daemon, quick);
	/* the kernel first: a correction waits for no entry, and no finding is said that it cured */
	if (r >= 0)
		r = hands_turn(daemon);
	if (r >= 0 && daemon->synced)
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

int judge_turn(sd_event_source *source, void *daemon)
{
	(void)source;
	return judge_now(daemon, false);
}

int judge_due(sd_event_source *source, uint64_t usec, void *daemon)
{
	(void)source;
	(void)usec;
	return judge_now(daemon, false);
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
				"The counter IPReversePathFilter can't be read: %s; "
				"drops are "
				"not counted until it can.",
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
