/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/session.h"

#include "base/time.h"
#include "daemon/correct/correct.h"
#include "daemon/correct/correction_text.h"
#include "daemon/correct/log_correction.h"
#include "daemon/correct/restore.h"
#include "daemon/evaluate/confirm.h"
#include "daemon/evaluate/evaluate.h"
#include "kernel/clock.h"
#include "kernel/devconf_write.h"
#include "state/state_apply.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define LEDGER_AGAIN_USEC (10 * USEC_PER_SEC)

/* --- the kernel, as the policy reaches it ---------------------------------------------------- */

static int port_write(void *data, int ifindex, int value)
{
	struct session *session = data;

	return devconf_write_rp_filter(session->sync->request, ifindex, value);
}

static int port_read(void *data, int ifindex, int *ret)
{
	struct session *session = data;

	return devconf_read_rp_filter(session->sync->request, ifindex, ret);
}

/* all and default reach interfaces, in silence: those are read as well. */
static int reread_all(struct sync *sync, int ifindex, int *ret)
{
	int r = -EAGAIN;

	for (int tries = 0; tries < 10 && r == -EAGAIN; tries++)
		r = nl_request_dump(sync->request, NL_DUMP_NETCONF | NL_DUMP_LINKS,
			state_apply_handler, sync->state);
	if (r < 0)
		return r;
	*ret = (ifindex == NETCONF_ALL ? sync->state->all : sync->state->conf_default)
		       .value[DEVCONF_RP_FILTER];
	return 0;
}

/*
 * What was announced comes first: applied after the reading, it would take the model back to
 * what was before.
 */
static int port_reread(void *data, int ifindex, int *ret)
{
	struct session *session = data;
	struct sync *sync = session->sync;
	const struct iface *iface;
	int r = sync_events(sync);

	if (r < 0)
		return r;
	if (ifindex < 0)
		return reread_all(sync, ifindex, ret);
	r = nl_request_link(sync->request, ifindex, state_apply_handler, sync->state);
	if (r < 0)
		return r;
	iface = state_iface(sync->state, ifindex);
	if (!iface || !iface->link.has_inet)
		return iface ? -EAFNOSUPPORT : -ENODEV;
	*ret = iface->link.conf.value[DEVCONF_RP_FILTER];
	return 0;
}

static int port_ask(void *data, const struct flow *flow, enum kernel_answer *ret)
{
	struct session *session = data;

	return kernel_confirm(session->sync->request, flow, ret);
}

static const struct state *port_state(void *data)
{
	const struct session *session = data;

	return session->sync->synced ? session->sync->state : NULL;
}

static uint64_t port_clock(void *data)
{
	(void)data;
	return clock_realtime_usec();
}

static uint64_t port_now(void *data)
{
	(void)data;
	return clock_monotonic_usec();
}

static struct kernel_port port_of(struct session *session)
{
	return (struct kernel_port){
		.data = session,
		.write = port_write,
		.read = port_read,
		.reread = port_reread,
		.ask = port_ask,
		.state = port_state,
		.clock = port_clock,
		.now = port_now,
		.judge = evaluate_judge(session->config),
	};
}

/* --- what is to be logged -------------------------------------------------------------------- */

/* Takes the entry. Without memory for it the next turn ends the daemon. */
static void keep_waiting_entry(struct session *session, struct session_entry *entry)
{
	if (array_push(&session->entries, entry) >= 0)
		return;
	entry_done(&entry->entry);
	session->entry_lost = true;
}

static void keep_entry(struct session *session, struct entry *entry)
{
	struct session_entry plain = { .entry = *entry };

	keep_waiting_entry(session, &plain);
}

static void keep_message(
	struct session *session, enum event_kind kind, const char *message)
{
	struct entry entry;

	entry_event(&entry, kind);
	entry_add(&entry, "MESSAGE", "%s", message);
	keep_entry(session, &entry);
}

/*
 * The finding as it was before the writes, with its sources in words: those cost a walk, which
 * the correction didn't wait for. NULL where there is none any more, or no memory.
 */
static struct finding *expand_before(
	const struct session *session, const struct correction *correction)
{
	_cleanup_(report_freep) struct report *report = report_new();
	_cleanup_(freep) struct overlay_value *values = NULL;
	struct overlay overlay = { .state = session->sync->state };
	const struct iface *iface = state_iface(overlay.state, correction->ifindex);

	values = calloc(correction->plan->steps.count + 1, sizeof(*values));
	if (!report || !values || !iface)
		return NULL;
	array_each (&correction->plan->steps, const struct plan_step, step)
		values[overlay.value_count++] =
			(struct overlay_value){ step->ifindex, step->old };
	overlay.values = values;
	if (evaluate_iface(&overlay, session->config, iface, DETAIL_SUMMARY, report) < 0)
		return NULL;
	array_each (&report->findings, struct finding *, finding) {
		if (strcmp((*finding)->id, correction->id) == 0)
			return take_ptr(*finding);
	}
	return NULL;
}

/* The effective rp_filter that the plan makes of the finding's. */
static int effective_behind(const struct correction *correction)
{
	int all = correction->finding->filter.all, own = correction->finding->filter.own;

	array_each (&correction->plan->steps, const struct plan_step, step) {
		if (step->ifindex == NETCONF_ALL)
			all = step->value;
		if (step->ifindex == correction->ifindex)
			own = step->value;
	}
	return rp_filter_combine(0, own, all).effective;
}

static void set_lack(struct session_entry *entry, const struct correction *correction)
{
	bool done = correction->kind == EVENT_CORRECTED ||
		    correction->kind == EVENT_WOULD_CORRECT;

	entry->ifindex = correction->ifindex;
	if (done && correction->finding && correction->plan) {
		entry->lacks = SESSION_LACKS_KEEP;
		entry->value = effective_behind(correction);
	}
	if (correction->kind == EVENT_FIGHT) {
		entry->lacks = SESSION_LACKS_PLACE;
		entry->value = correction->value;
		entry->of_all = correction->backoff->of_all;
	}
}

/* Words and fields are made while all is at hand; they go out when the kernel is done with. */
static void on_report(void *data, const struct correction *correction)
{
	_cleanup_(finding_freep) struct finding *expanded = NULL;
	struct correction full = *correction;
	struct session *session = data;
	struct session_entry entry = { 0 };

	if ((full.kind == EVENT_CORRECTED || full.kind == EVENT_WOULD_CORRECT) &&
		full.finding && full.finding->detail == DETAIL_COUNT)
		expanded = expand_before(session, correction);
	/* it names what would help, which is not looked for before */
	if (full.kind == EVENT_REFUSED && full.refusal == REFUSED_REPLIES &&
		full.finding && full.finding->detail == DETAIL_COUNT)
		(void)evaluate_finding(session->sync->state, session->config,
			full.ifindex, full.id, &expanded);
	if (expanded)
		full.finding = expanded;
	/* whoever asked reads it, too; without memory for that he reads less */
	if (session->answers)
		(void)request_answer_event(session->answers, &full);
	log_correction(&entry.entry, &full);
	set_lack(&entry, &full);
	keep_waiting_entry(session, &entry);
}

/* --- the ledger ------------------------------------------------------------------------------ */

enum config_mode session_mode(const struct session *session)
{
	if (session->once)
		return CONFIG_MONITOR;
	return session->mode ? *session->mode : config_mode_most(session->config);
}

/* One that can't be written any more is kept: it alone knows what is to be taken back. */
static void no_ledger(struct session *session, const char *error)
{
	char message[LEDGER_ERROR + 64];

	session->ledger_usec = clock_monotonic_usec() + LEDGER_AGAIN_USEC;
	if (strcmp(session->ledger_error, error) == 0)
		return;
	snprintf(session->ledger_error, sizeof(session->ledger_error), "%s", error);
	snprintf(message, sizeof(message), "Corrections disabled: %s.", error);
	keep_message(session, EVENT_LEDGER_FAILED, message);
}

/* The state directory; systemd may name several, of which the first is ours. */
static bool find_directory(const struct session *session, char out[static PATH_MAX])
{
	const char *path = session->state_directory;

	if (!path)
		path = getenv("STATE_DIRECTORY");
	if (!path || !*path)
		return false;
	snprintf(out, PATH_MAX, "%.*s",
		session->state_directory ? PATH_MAX - 1 : (int)strcspn(path, ":"), path);
	return true;
}

static void cant_save(struct session *session)
{
	char error[LEDGER_ERROR];

	ledger_explain(session->ledger, session->ledger->error, error);
	no_ledger(session, error);
}

static void left_alone(void *data, const struct ledger_entry *entry)
{
	char text[CORRECTION_LEFT];
	struct entry left;

	correction_text_left(entry, text);
	entry_event(&left, EVENT_VALUE_LEFT);
	entry_add(&left, "MESSAGE", "%s", text);
	entry_add(&left, "RPF_IIF", "%s", entry->name);
	entry_add(&left, "RPF_IFINDEX", "%d", entry->ifindex);
	entry_add(&left, "RPF_OWN", "%d", entry->value);
	keep_entry(data, &left);
}

/* At the end: nobody will take them back. */
static void keep_left(struct session *session, const char *message)
{
	struct entry entry;

	entry_event(&entry, EVENT_VALUE_LEFT);
	entry.priority = LOG_ERR;
	entry_add(&entry, "MESSAGE", "%s", message);
	keep_entry(session, &entry);
}

static bool has_ledger(const struct session *session)
{
	return session->ledger && !session->ledger_error[0];
}

static void open_ledger(struct session *session)
{
	const struct kernel_port port = port_of(session);
	char path[PATH_MAX], error[LEDGER_ERROR];
	int r;

	if (has_ledger(session) || clock_monotonic_usec() < session->ledger_usec)
		return;
	if (!session->ledger && !find_directory(session, path)) {
		no_ledger(session,
			"no state directory for the ledger; set one with --state");
		return;
	}
	if (!session->ledger && ledger_open(path, &session->ledger, error) < 0) {
		no_ledger(session, error);
		return;
	}
	/* first, as what can't be written may have to be taken back */
	r = ledger_reconcile(session->ledger, &port, left_alone, session);
	if (r >= 0)
		r = ledger_check_writable(session->ledger);
	if (r < 0) {
		cant_save(session);
		return;
	}
	session->ledger_doubtful = false;
	if (session->ledger_error[0])
		keep_message(session, EVENT_LEDGER_WORKS,
			"Corrections enabled: the ledger can be written again.");
	session->ledger_error[0] = '\0';
}

static void compare_ledger(struct session *session)
{
	const struct kernel_port port = port_of(session);

	if (!has_ledger(session) || !session->ledger_doubtful)
		return;
	session->ledger_doubtful = false;
	if (ledger_reconcile(session->ledger, &port, left_alone, session) < 0)
		cant_save(session);
}

/* --- turns ----------------------------------------------------------------------------------- */

static int arm_timer(struct session *session)
{
	uint64_t next = session->policy.next_usec;

	if (!session->timer)
		return 0;
	if (session_writes(session) && !has_ledger(session) &&
		session->ledger_usec < next)
		next = session->ledger_usec;
	if (next == USEC_NEVER)
		return sd_event_source_set_enabled(session->timer, SD_EVENT_OFF);
	return sync_arm(session->timer, next);
}

/* The findings that may be acted upon: not those that are over, or that the kernel refuted. */
static int gather_findings(
	struct session *session, const struct finding ***ret, size_t *count)
{
	*count = 0;
	*ret = calloc(session->track->items.count + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	array_each (&session->track->items, struct track_item, item) {
		if (item->phase == TRACK_CLOSING || item->refuted)
			continue;
		/* the kernel is asked about an example; as a rule it was had at no cost */
		if (!item->finding->example.src.host &&
			finding_expand(session->sync->state, session->config, item) < 0)
			return -ENOMEM;
		(*ret)[(*count)++] = item->finding;
	}
	return 0;
}

static bool is_logged(void *data, const char *id)
{
	const struct session *session = data;

	array_each (&session->track->items, const struct track_item, item) {
		if (strcmp(item->finding->id, id) == 0)
			return item->logged != NULL;
	}
	return false;
}

static struct policy_input input_of(struct session *session,
	const struct kernel_port *port, const struct finding **findings, size_t count,
	int unsure_ifindex)
{
	return (struct policy_input){
		.config = session->config,
		.mode = session->mode,
		.ledger = session->ledger,
		.ledger_fails = !has_ledger(session),
		.ledger_error = session->ledger_error,
		.port = port,
		.findings = findings,
		.count = count,
		.unsure_ifindex = unsure_ifindex,
		.now_usec = clock_monotonic_usec(),
		.when_usec = clock_realtime_usec(),
		.boot_usec = clock_boottime_usec(),
		.report = on_report,
		.report_data = session,
		.is_reported = is_logged,
	};
}

void session_follow_links(struct session *session)
{
	struct state *state = session->sync->state;
	uint64_t now = clock_monotonic_usec();

	if (!state->links.count)
		return;
	array_each (&state->links, const struct link_change, change) {
		if (session_wanted(session))
			policy_follow(&session->policy, session->ledger, change, now);
	}
	array_clear(&state->links);
}

int session_turn(struct session *session, int unsure_ifindex)
{
	_cleanup_(freep) const struct finding **findings = NULL;
	const struct kernel_port port = port_of(session);
	struct policy_input input;
	size_t count;
	int r, armed;

	if (!session_wanted(session))
		return 0;
	if (session_writes(session)) {
		open_ledger(session);
		compare_ledger(session);
	}
	r = gather_findings(session, &findings, &count);
	if (r < 0)
		return r;
	input = input_of(session, &port, findings, count, unsure_ifindex);
	r = correct_turn(&session->policy, &input);
	if (r == -EIO) {
		cant_save(session);
		r = 0;
	}
	armed = r < 0 ? r : arm_timer(session);
	if (armed < 0)
		return armed;
	/* what a write leaves to be done is done in a turn of its own */
	return r > 0;
}

void session_use_config(struct session *session, const struct config *config)
{
	session->config = config;
	session->ledger_usec = 0;
	/* another configuration expects other things */
	array_clear(&session->policy.candidates);
	if (session_writes(session))
		return;
	/* the next one to correct may be rpfilterctl */
	ledger_free(session->ledger);
	session->ledger = NULL;
	session->ledger_error[0] = '\0';
}

/* --- by hand --------------------------------------------------------------------------------- */

typedef int (*request_work)(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret);

static int do_request(struct session *session, request_work work,
	const struct request *request, int unsure_ifindex, struct request_answers *ret)
{
	_cleanup_(freep) const struct finding **findings = NULL;
	const struct kernel_port port = port_of(session);
	struct policy_input input;
	size_t count;
	int r = gather_findings(session, &findings, &count);

	if (r < 0)
		return r;
	input = input_of(session, &port, findings, count, unsure_ifindex);
	input.is_reported = NULL;
	session->answers = ret;
	r = work(&session->policy, &input, request, ret);
	session->answers = NULL;
	return r;
}

int session_serve(struct session *session, enum session_request what,
	const struct request *request, int unsure_ifindex, struct request_answers *ret)
{
	request_work work = NULL;

	if (!session->sync->synced)
		return -EAGAIN;
	/* one that can't be written is enough to take back what stands in it */
	if (!session->ledger)
		return -ENOLCK;
	switch (what) {
	case SESSION_APPLY:
		work = request_apply;
		break;
	case SESSION_REVERT:
		/* else it would be corrected again at once; not saved it holds as long as we run */
		(void)do_request(session, request_pause, request, unsure_ifindex, ret);
		work = request_revert;
		break;
	case SESSION_PAUSE:
		work = request_pause;
		break;
	case SESSION_RESUME:
		work = request_resume;
		break;
	}
	return do_request(session, work, request, unsure_ifindex, ret);
}

/* --- life ------------------------------------------------------------------------------------ */

/* The turn that follows each handler looks at the time itself. */
static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	(void)data;
	return 0;
}

int session_start(struct session *session, sd_event *event)
{
	int r = sd_event_add_time(event, &session->timer, CLOCK_MONOTONIC, USEC_NEVER,
		1000, on_timer, session);

	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(session->timer, true);
	return r < 0 ? r : sd_event_source_set_enabled(session->timer, SD_EVENT_OFF);
}

static bool has_own_entries(const struct ledger *ledger)
{
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		if (strcmp(entry->netns, ledger->netns) == 0)
			return true;
	}
	return false;
}

void session_stop(struct session *session)
{
	const struct kernel_port port = port_of(session);
	const struct policy_input input = input_of(session, &port, NULL, 0, 0);
	bool left;

	if (!session_writes(session) || !session->ledger ||
		session->config->correct.restore != RESTORE_ON_STOP)
		return;
	left = session->sync->synced ? restore_all(&session->policy, &input) < 0
				     : has_own_entries(session->ledger);
	if (left)
		keep_left(session,
			"Some corrections could not be reverted and stay in the ledger; use rpfilterctl revert --all.");
}

void session_done(struct session *session)
{
	sd_event_source_disable_unref(session->timer);
	array_each (&session->entries, struct session_entry, entry)
		entry_done(&entry->entry);
	array_done(&session->entries);
	policy_done(&session->policy);
	ledger_free(session->ledger);
}
