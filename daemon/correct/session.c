/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/session.h"

#include "daemon/correct/correct_text.h"
#include "daemon/daemon.h"
#include "daemon/evaluate/evaluate.h"
#include "kernel/devconf_write.h"
#include "state/state_apply.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define LEDGER_AGAIN_USEC (10 * USEC_PER_SEC)

/* --- the writer --------------------------------------------------------------------------------- */

static int do_write(void *data, int ifindex, int value)
{
	struct daemon *daemon = data;

	return devconf_write_rp_filter(daemon->request, ifindex, value);
}

static int do_read(void *data, int ifindex, int *ret)
{
	struct daemon *daemon = data;

	return devconf_read_rp_filter(daemon->request, ifindex, ret);
}

/* all and default reach interfaces, in silence: those are read as well. */
static int reread_all(struct daemon *daemon, int ifindex, int *ret)
{
	int r = -EAGAIN;

	for (int tries = 0; tries < 10 && r == -EAGAIN; tries++)
		r = nl_request_dump(daemon->request, NL_DUMP_NETCONF | NL_DUMP_LINKS,
			state_apply_handler, daemon->state);
	if (r < 0)
		return r;
	*ret = (ifindex == NETCONF_ALL ? daemon->state->all : daemon->state->conf_default)
		       .value[DEVCONF_RP_FILTER];
	return 0;
}

/*
 * What was announced comes first: applied after the reading, it would take the model back to
 * what was before.
 */
static int do_reread(void *data, int ifindex, int *ret)
{
	struct daemon *daemon = data;
	const struct iface *iface;
	int r = follow_events(daemon);

	if (r < 0)
		return r;
	if (ifindex < 0)
		return reread_all(daemon, ifindex, ret);
	r = nl_request_link(daemon->request, ifindex, state_apply_handler, daemon->state);
	if (r < 0)
		return r;
	iface = state_iface(daemon->state, ifindex);
	if (!iface || !iface->link.has_inet)
		return iface ? -EAFNOSUPPORT : -ENODEV;
	*ret = iface->link.conf.value[DEVCONF_RP_FILTER];
	return 0;
}

static int do_ask(void *data, const struct flow *flow, enum kernel_answer *ret)
{
	struct daemon *daemon = data;

	return judge_ask(daemon, flow, ret);
}

static const struct state *the_state(void *data)
{
	struct daemon *daemon = data;

	return daemon->synced ? daemon->state : NULL;
}

static uint64_t the_time(void *data)
{
	struct timespec now;

	(void)data;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

static int judge_one(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	return evaluate_iface(overlay, data, iface, DETAIL_COUNT, report);
}

struct writer hands_writer(struct daemon *daemon)
{
	return (struct writer){
		.data = daemon,
		.write = do_write,
		.read = do_read,
		.reread = do_reread,
		.ask = do_ask,
		.state = the_state,
		.clock = the_time,
		.judge = { judge_one, daemon->config },
	};
}

/* --- what there is to say ----------------------------------------------------------------------- */

/*
 * The finding as it was before the writes, with its sources in words: those cost a walk, which
 * the correction didn't wait for. NULL where there is none any more, or no memory.
 */
static struct finding *word_before(
	const struct daemon *daemon, const struct correct_event *event)
{
	_cleanup_(report_freep) struct report *report = report_new();
	_cleanup_(freep) struct overlay_value *values = NULL;
	const struct iface *iface = state_iface(daemon->state, event->ifindex);
	struct overlay overlay = { .state = daemon->state };

	values = calloc(event->plan->steps.count + 1, sizeof(*values));
	if (!report || !values || !iface)
		return NULL;
	array_each (&event->plan->steps, const struct plan_step, step)
		values[overlay.value_count++] =
			(struct overlay_value){ step->ifindex, step->old };
	overlay.values = values;
	if (evaluate_iface(&overlay, daemon->config, iface, DETAIL_SUMMARY, report) < 0)
		return NULL;
	array_each (&report->findings, struct finding *, finding) {
		if (strcmp((*finding)->id, event->id) == 0)
			return take_ptr(*finding);
	}
	return NULL;
}

/* Words and fields are made while all is at hand; they go out when the kernel is done with. */
static void say_later(void *data, const struct correct_event *event)
{
	_cleanup_(finding_freep) struct finding *worded = NULL;
	struct correct_event full = *event;
	struct daemon *daemon = data;
	struct entry entry;

	if (event->kind == EVENT_CORRECTED && event->finding &&
		event->finding->detail == DETAIL_COUNT)
		worded = word_before(daemon, event);
	if (worded)
		full.finding = worded;
	event = &full;
	/* whoever asked reads it, too; without memory for that he reads less */
	if (daemon->answers)
		(void)correct_answer_event(daemon->answers, event);
	say_correction(&entry, event);
	if (array_push(&daemon->to_be_said, &entry) < 0) {
		(void)sink_write(&daemon->sink, &entry);
		entry_done(&entry);
	}
}

void hands_say(struct daemon *daemon)
{
	array_each (&daemon->to_be_said, struct entry, entry) {
		(void)sink_write(&daemon->sink, entry);
		entry_done(entry);
	}
	array_clear(&daemon->to_be_said);
}

/* --- the ledger --------------------------------------------------------------------------------- */

bool hands_wanted(const struct daemon *daemon)
{
	const struct options *options = daemon->options;

	return !options->once && !options->monitor &&
	       (options->correct || config_wants_correct(daemon->config));
}

/* One that can't be written any more is kept: it alone knows what is to be taken back. */
static void no_ledger(struct daemon *daemon, const char *error)
{
	daemon->ledger_usec = daemon_now(daemon) + LEDGER_AGAIN_USEC;
	if (strcmp(daemon->ledger_error, error) == 0)
		return;
	snprintf(daemon->ledger_error, sizeof(daemon->ledger_error), "%s", error);
	sink_say(&daemon->sink, LOG_ERR,
		"Nothing is corrected, as nothing could be taken back: %s.", error);
}

/* The state directory; systemd may name several, of which the first is ours. */
static bool directory(const struct daemon *daemon, char out[static PATH_MAX])
{
	const char *path = daemon->options->state_directory;

	if (!path)
		path = getenv("STATE_DIRECTORY");
	if (!path || !*path)
		return false;
	snprintf(out, PATH_MAX, "%.*s",
		daemon->options->state_directory ? PATH_MAX - 1 : (int)strcspn(path, ":"),
		path);
	return true;
}

static void cant_save(struct daemon *daemon)
{
	char error[LEDGER_ERROR];

	ledger_explain(daemon->ledger, daemon->ledger->error, error);
	no_ledger(daemon, error);
}

static void left_alone(void *data, const struct ledger_entry *entry)
{
	struct daemon *daemon = data;
	char text[CORRECT_LEFT];

	correct_text_left(entry, text);
	sink_say(&daemon->sink, LOG_NOTICE, "%s", text);
}

bool hands_has_ledger(const struct daemon *daemon)
{
	return daemon->ledger && !daemon->ledger_error[0];
}

static void open_ledger(struct daemon *daemon)
{
	const struct writer writer = hands_writer(daemon);
	char path[PATH_MAX], error[LEDGER_ERROR];
	int r;

	if (hands_has_ledger(daemon) || !daemon->synced ||
		daemon_now(daemon) < daemon->ledger_usec)
		return;
	if (!daemon->ledger && !directory(daemon, path)) {
		no_ledger(daemon,
			"there is no state directory for the ledger; name one with --state");
		return;
	}
	if (!daemon->ledger && ledger_open(path, &daemon->ledger, error) < 0) {
		no_ledger(daemon, error);
		return;
	}
	/* first, as what can't be written may have to be taken back */
	r = carry_on(daemon->ledger, &writer, left_alone, daemon);
	if (r >= 0)
		r = ledger_check_writable(daemon->ledger);
	if (r < 0) {
		cant_save(daemon);
		return;
	}
	daemon->ledger_doubtful = false;
	if (daemon->ledger_error[0])
		sink_say(&daemon->sink, LOG_NOTICE,
			"The ledger can be written again: correcting.");
	daemon->ledger_error[0] = '\0';
}

static void hold_against_kernel(struct daemon *daemon)
{
	const struct writer writer = hands_writer(daemon);

	if (!hands_has_ledger(daemon) || !daemon->ledger_doubtful || !daemon->synced)
		return;
	daemon->ledger_doubtful = false;
	if (carry_on(daemon->ledger, &writer, left_alone, daemon) < 0)
		cant_save(daemon);
}

/* --- turns -------------------------------------------------------------------------------------- */

static int arm(struct daemon *daemon)
{
	uint64_t next = daemon->correct.next_usec;
	int r;

	if (!daemon->correction)
		return 0;
	if (hands_wanted(daemon) && !hands_has_ledger(daemon) &&
		daemon->ledger_usec < next)
		next = daemon->ledger_usec;
	if (next == UINT64_MAX)
		return sd_event_source_set_enabled(daemon->correction, SD_EVENT_OFF);
	r = sd_event_source_set_time(daemon->correction, next);
	return r < 0 ? r
		     : sd_event_source_set_enabled(daemon->correction, SD_EVENT_ONESHOT);
}

/* The findings that may be acted upon: not those that are over, or that the kernel refuted. */
static int gather(struct daemon *daemon, const struct finding ***ret, size_t *count)
{
	*count = 0;
	*ret = calloc(daemon->track.items.count + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	array_each (&daemon->track.items, struct track_item, item) {
		if (item->phase == TRACK_CLOSING || item->refuted)
			continue;
		/* the kernel is asked about an example; as a rule it was had at no cost */
		if (!item->finding->example.src.host && judge_word(daemon, item) < 0)
			return -ENOMEM;
		(*ret)[(*count)++] = item->finding;
	}
	return 0;
}

static bool is_said(void *data, const char *id)
{
	const struct daemon *daemon = data;

	array_each (&daemon->track.items, const struct track_item, item) {
		if (strcmp(item->finding->id, id) == 0)
			return item->said != NULL;
	}
	return false;
}

static struct correct_input input_of(struct daemon *daemon, const struct writer *writer,
	const struct finding **findings, size_t count)
{
	return (struct correct_input){
		.config = daemon->config,
		.monitor = daemon->options->monitor,
		.correct = daemon->options->correct,
		.ledger = daemon->ledger,
		.ledger_fails = !hands_has_ledger(daemon),
		.ledger_error = daemon->ledger_error,
		.writer = writer,
		.findings = findings,
		.count = count,
		.unsure_ifindex = daemon->unsure_ifindex,
		.now_usec = daemon_now(daemon),
		.when_usec = the_time(daemon),
		.say = say_later,
		.say_data = daemon,
		.is_said = is_said,
	};
}

int hands_input(struct daemon *daemon, const struct writer *writer,
	const struct finding ***findings, struct correct_input *ret)
{
	size_t count;
	int r = gather(daemon, findings, &count);

	if (r >= 0)
		*ret = input_of(daemon, writer, *findings, count);
	return r;
}

void hands_saw(struct daemon *daemon, const struct record *record)
{
	if (record->kind == RECORD_LINK_GONE && hands_wanted(daemon))
		correct_saw_gone(&daemon->correct, daemon->ledger, record->link.ifindex);
}

/* Those that came up, whichever way that was heard of: by an event or by a reading. */
static void take_risen(struct daemon *daemon)
{
	array_each (&daemon->state->risen, const int, ifindex) {
		if (hands_wanted(daemon))
			correct_saw_up(&daemon->correct, *ifindex, daemon_now(daemon));
	}
	array_clear(&daemon->state->risen);
}

void hands_take_over(struct daemon *daemon, struct state *fresh)
{
	size_t kept = 0;

	if (daemon->state)
		take_risen(daemon);
	/* to a state just read all of them are new */
	array_each (&fresh->risen, const int, ifindex) {
		const struct iface *known =
			daemon->state ? state_iface(daemon->state, *ifindex) : NULL;

		if (daemon->state && (!known || !iface_is_up(known)))
			fresh->risen.items[kept++] = *ifindex;
	}
	fresh->risen.count = kept;
}

int hands_turn(struct daemon *daemon)
{
	_cleanup_(freep) const struct finding **findings = NULL;
	const struct writer writer = hands_writer(daemon);
	struct correct_input input;
	int r;

	take_risen(daemon);
	if (!hands_wanted(daemon))
		return 0;
	open_ledger(daemon);
	hold_against_kernel(daemon);
	r = hands_input(daemon, &writer, &findings, &input);
	if (r < 0)
		return r;
	r = correct_turn(&daemon->correct, &input);
	if (r == -EIO) {
		cant_save(daemon);
		r = 0;
	}
	/* what a write leaves to be done is done in a turn of its own */
	if (r > 0)
		judge_later(daemon);
	return r < 0 ? r : arm(daemon);
}

int hands_due(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	return judge_now(data, false);
}

void hands_reload(struct daemon *daemon)
{
	daemon->ledger_usec = 0;
	array_clear(
		&daemon->correct.safe); /* another configuration expects other things */
	if (hands_wanted(daemon)) {
		bus_start(daemon);
		return;
	}
	bus_stop(daemon);
	/* the next one to correct may be rpfilterctl */
	ledger_free(daemon->ledger);
	daemon->ledger = NULL;
	daemon->ledger_error[0] = '\0';
}

static bool has_own(const struct ledger *ledger)
{
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		if (strcmp(entry->netns, ledger->netns) == 0)
			return true;
	}
	return false;
}

void hands_stop(struct daemon *daemon)
{
	const struct writer writer = hands_writer(daemon);
	const struct correct_input input = input_of(daemon, &writer, NULL, 0);
	bool back = hands_wanted(daemon) && daemon->ledger &&
		    daemon->config->correct.restore == RESTORE_ON_STOP;

	if (!back)
		return;
	if (!daemon->synced ? has_own(daemon->ledger)
			    : correct_stop(&daemon->correct, &input) < 0)
		sink_say(&daemon->sink, LOG_ERR,
			"Not all corrections could be taken back; they are in the ledger: rpfilterctl revert --all.");
	hands_say(daemon);
}

void hands_done(struct daemon *daemon)
{
	hands_say(daemon);
	array_done(&daemon->to_be_said);
	correct_done(&daemon->correct);
	ledger_free(daemon->ledger);
}
