/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "change/change.h"
#include "daemon/ctl/answer.h"
#include "daemon/ctl/changes.h"
#include "daemon/ctl/flow_lines.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/evaluate.h"
#include "finding/cure.h"
#include "net/kernel_version.h"
#include "state/dirty.h"
#include "state/state_apply.h"
#include "state/state_fork.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * The host as it was read, and a fork of it with the changes made, judged alike. What the changes
 * would do is what the two reports say differently. Nothing is run, and no kernel is asked: it
 * knows only the host as it is.
 */
struct what_if {
	struct state *changed;
};

static void what_if_done(struct what_if *what_if)
{
	state_free(what_if->changed);
}

/* --- changes ---------------------------------------------------------------------------------- */

/* Makes one. where: "line 3: ", or "". Returns 0, or a negative errno that was said. */
static int make_change(const struct ctl *ctl, struct what_if *what_if, const char *text,
	const char *where)
{
	char why[CHANGE_WHY], title[CHANGE_TITLE];
	struct change change;
	int r = change_parse(text, &change, why);

	if (r >= 0)
		r = change_apply(what_if->changed, &change, why);
	if (r == -ENOMEM)
		ctl_say(ctl, "%s", strerror(ENOMEM));
	else if (r != 0)
		ctl_say(ctl, "%s%s", where, why);
	if (r != 0)
		return r < 0 ? r : -ENODATA;
	if (change_is_idle(&change))
		ctl_say(ctl, "%s%s: no verdict depends on this setting", where,
			change_title(&change, title));
	return 0;
}

/* Whether an argument is a change by itself, and not one word of one that was not quoted. */
static bool is_whole(const char *text)
{
	return strpbrk(text, " \t=") != NULL;
}

/* `what-if ip route add …`, as it would be typed without `what-if`: all words are one change. */
static int make_unquoted(const struct ctl *ctl, struct what_if *what_if)
{
	char text[LINE_LIMIT];
	size_t length = 0;

	array_each (&ctl->arguments->words, const char *const, word) {
		int added = snprintf(text + length, sizeof(text) - length, "%s%s",
			length ? " " : "", *word);

		if (added < 0 || (size_t)added >= sizeof(text) - length) {
			ctl_say(ctl, "a change longer than %d bytes", LINE_LIMIT);
			return -EMSGSIZE;
		}
		length += (size_t)added;
	}
	return make_change(ctl, what_if, text, "");
}

static int make_arguments(const struct ctl *ctl, struct what_if *what_if)
{
	int r = 0;

	if (ctl->arguments->words.count && !is_whole(ctl->arguments->words.items[0]))
		return make_unquoted(ctl, what_if);
	array_each (&ctl->arguments->words, const char *const, word) {
		if (r >= 0)
			r = make_change(ctl, what_if, *word, "");
	}
	return r;
}

/* One line as `ip -batch` takes it. */
static int make_line(
	const struct ctl *ctl, struct what_if *what_if, const char *line, size_t number)
{
	size_t blank = strspn(line, " \t\r\v\f");
	char where[32];

	if (!line[blank] || line[blank] == '#')
		return 0;
	(void)snprintf(where, sizeof(where), "line %zu: ", number);
	return make_change(ctl, what_if, line, where);
}

/* A line that ends with a backslash goes on in the next one. */
struct joined {
	char text[LINE_LIMIT + 1];
	size_t length;
	bool open; /* it goes on */
};

/* Returns 0, or -EMSGSIZE. */
static int join_line(struct joined *joined, const char *line)
{
	size_t length = strlen(line), start = joined->open ? joined->length : 0;

	joined->open = length && line[length - 1] == '\\';
	length -= joined->open;
	if (start + length > LINE_LIMIT)
		return -EMSGSIZE;
	memcpy(joined->text + start, line, length);
	joined->length = start + length;
	joined->text[joined->length] = '\0';
	return 0;
}

static int make_lines(const struct ctl *ctl, struct what_if *what_if)
{
	struct joined joined = { .length = 0 };
	struct lines lines;
	int r = lines_init(&lines, STDIN_FILENO, NULL);
	char *line;

	for (size_t number = 1; r >= 0; number++) {
		r = lines_next(&lines, &line);
		if (r == 0)
			break;
		if (r > 0)
			r = join_line(&joined, line);
		if (r == -EMSGSIZE)
			ctl_say(ctl, "line %zu: longer than %d bytes", number,
				LINE_LIMIT);
		else if (r == -EILSEQ)
			ctl_say(ctl, "line %zu: a NUL byte; not a text file", number);
		else if (r < 0)
			ctl_say(ctl, "standard input: %s", strerror(-r));
		else if (!joined.open)
			r = make_line(ctl, what_if, joined.text, number);
	}
	lines_done(&lines);
	if (r == 0 && joined.open) {
		ctl_say(ctl,
			"the last line ends with \\: what it goes on with is missing");
		return -EINVAL;
	}
	return r;
}

static bool is_stdin(const char *file)
{
	return file && strcmp(file, "-") == 0;
}

static bool reads_stdin(const struct ctl *ctl)
{
	return ctl->arguments->words.count == 1 &&
	       is_stdin(ctl->arguments->words.items[0]);
}

static int set_kernel(const struct ctl *ctl, struct what_if *what_if)
{
	struct record record = { .kind = RECORD_KERNEL };
	const char *text = ctl->arguments->kernel;

	if (!text)
		return 0;
	if (kernel_version_parse(text, &record.kernel) < 0) {
		ctl_say(ctl,
			"--kernel %s: not a version; allowed is one such as 2.6.26, 5.10 or 6.18.44",
			text);
		return -EINVAL;
	}
	return state_apply(what_if->changed, &record);
}

/* Reads the host and makes the changes on a fork of it. Returns 0, or a negative errno that was
 * said. */
static int prepare(struct ctl *ctl, void *userdata)
{
	struct what_if *what_if = userdata;
	int r = ctl_open(ctl, true);

	if (r < 0)
		return r;
	what_if->changed = state_fork(ctl->host.state);
	if (!what_if->changed) {
		(void)ctl_fail(ctl, -ENOMEM);
		return -ENOMEM;
	}
	/* the running kernel makes them; what comes out is judged by the other one */
	r = reads_stdin(ctl) ? make_lines(ctl, what_if) : make_arguments(ctl, what_if);
	return r < 0 ? r : set_kernel(ctl, what_if);
}

/* --- flows ------------------------------------------------------------------------------------ */

struct verdicts {
	struct rpf before, after;
};

static struct rpf judge_on(
	const struct state *state, const struct question *question, bool *ret_there)
{
	const struct iface *iface = state_iface_by_name(state, question->iif);
	const struct overlay overlay = { .state = state };
	struct flow flow = question->flow;

	*ret_there |= iface && iface->announced;
	flow.iif = iface ? iface->link.ifindex : 0;
	return rpf_judge(&overlay, &flow, NULL);
}

/* A packet that comes in now and would not is worse, whatever becomes of it. */
static bool is_worse(const struct verdicts *verdicts)
{
	return verdicts->before.verdict != verdicts->after.verdict &&
	       (verdicts->before.verdict == RPF_PASS ||
		       verdicts->after.verdict == RPF_DROP);
}

static bool is_unknown(const struct verdicts *verdicts)
{
	return verdicts->after.reason == RPF_BLIND ||
	       verdicts->after.reason == RPF_MULTIPATH;
}

static int show_verdicts_json(
	const struct ctl *ctl, const struct verdicts *verdicts, size_t number)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	int r = json_add_number(object, "line", (int64_t)number);

	r |= json_add_text(object, "before", rpf_verdict_name(verdicts->before.verdict));
	r |= json_add_text(object, "after", rpf_verdict_name(verdicts->after.verdict));
	r |= json_add_text(
		object, "reason_before", rpf_reason_name(verdicts->before.reason));
	r |= json_add_text(
		object, "reason_after", rpf_reason_name(verdicts->after.reason));
	return r < 0 ? -ENOMEM : json_print(ctl->out, object);
}

static void show_verdicts(const struct ctl *ctl, const struct verdicts *verdicts,
	const struct question *question)
{
	const struct rpf *before = &verdicts->before, *after = &verdicts->after;
	char words[FLOW_TEXT];

	flow_format(&question->flow, question->iif, words);
	if (before->verdict == after->verdict && before->reason == after->reason)
		print_line(ctl->out, "same: %s: %s (%s)", words,
			rpf_verdict_name(after->verdict), rpf_reason_name(after->reason));
	else
		print_line(ctl->out, "%s: %s: %s (%s) becomes %s (%s)",
			is_worse(verdicts)		    ? "worse"
			: before->verdict == after->verdict ? "different"
							    : "better",
			words, rpf_verdict_name(before->verdict),
			rpf_reason_name(before->reason), rpf_verdict_name(after->verdict),
			rpf_reason_name(after->reason));
}

static int answer_flow(struct ctl *ctl, const struct question *question, size_t number,
	int *code, char error[static ERROR_TEXT], void *userdata)
{
	const struct what_if *what_if = userdata;
	struct verdicts verdicts;
	bool there = false;

	verdicts.before = judge_on(ctl->host.state, question, &there);
	verdicts.after = judge_on(what_if->changed, question, &there);
	if (!there)
		return host_iface(&ctl->host, question->iif, error) ? 0 : -EINVAL;
	if (is_unknown(&verdicts))
		*code = CTL_FAILED;
	else if (is_worse(&verdicts) && *code == CTL_FINE)
		*code = CTL_FOUND;
	if (ctl_has(ctl, OPTION_JSON))
		return show_verdicts_json(ctl, &verdicts, number);
	show_verdicts(ctl, &verdicts, question);
	return 0;
}

/* --- findings --------------------------------------------------------------------------------- */

/* Whether something is to be said of an interface: the changes bear on it, or what is counted of it
 * is another number. */
static bool is_touched(
	const struct what_if *what_if, const struct changes *counted, int ifindex)
{
	const struct iface *iface = state_iface(what_if->changed, ifindex);

	if (!iface || dirty_has(what_if->changed, iface, true))
		return true;
	array_each (&counted->list, const struct changes_item, item) {
		const struct finding *finding = item->after ? item->after : item->before;

		if (finding->ifindex == ifindex)
			return true;
	}
	return false;
}

/* The findings of the touched interfaces, in words: to find these takes a walk over the tables. */
static int word_touched(const struct ctl *ctl, const struct what_if *what_if,
	const struct state *state, const struct changes *counted, struct report *report)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	const struct overlay overlay = { .state = state };
	const struct plan_judge judge = evaluate_judge(ctl->host.config);
	size_t count;
	int r = state_ifaces(state, &ifaces, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (is_touched(what_if, counted, ifaces[i]->link.ifindex))
			r = evaluate_iface(&overlay, ctl->host.config, ifaces[i],
				DETAIL_SUMMARY, report);
	}
	return r < 0 ? r : cure_report(&overlay, &judge, report);
}

static int count_changes(const struct ctl *ctl, const struct what_if *what_if,
	struct report **before, struct report **after, struct changes *ret)
{
	int r = evaluate(ctl->host.state, ctl->host.config, DETAIL_COUNT, before);

	if (r >= 0)
		r = evaluate(what_if->changed, ctl->host.config, DETAIL_COUNT, after);
	return r < 0 ? r : changes_find(*before, *after, ret);
}

static int compare(const struct ctl *ctl, const struct what_if *what_if)
{
	_cleanup_(report_freep) struct report *count_before = NULL;
	_cleanup_(report_freep) struct report *count_after = NULL;
	_cleanup_(report_freep) struct report *before = report_new();
	_cleanup_(report_freep) struct report *after = report_new();
	_cleanup_(changes_done) struct changes counted = { 0 };
	int r = before && after ? 0 : -ENOMEM;

	if (r >= 0)
		r = count_changes(ctl, what_if, &count_before, &count_after, &counted);
	if (r >= 0)
		r = word_touched(ctl, what_if, ctl->host.state, &counted, before);
	if (r >= 0)
		r = word_touched(ctl, what_if, what_if->changed, &counted, after);
	return r < 0 ? ctl_fail(ctl, r) : changes_answer(ctl, before, after);
}

/* Whether the command line says what to do; else says what is wrong. */
static bool is_sound(const struct ctl *ctl)
{
	const struct arguments *arguments = ctl->arguments;

	if (!arguments->words.count && !arguments->kernel) {
		ctl_say(ctl,
			"a change is missing, such as net.ipv4.conf.all.rp_filter=1 or 'route add 192.0.2.0/24 dev eth0'; - reads them from standard input");
		return false;
	}
	if (reads_stdin(ctl) + is_stdin(arguments->flows) +
			is_stdin(arguments->snapshot) >
		1) {
		ctl_say(ctl,
			"only one of changes, --flows and --snapshot can be standard input");
		return false;
	}
	return true;
}

int what_if_run(struct ctl *ctl)
{
	_cleanup_(what_if_done) struct what_if what_if = { 0 };

	if (!is_sound(ctl))
		return CTL_FAILED;
	if (ctl->arguments->flows)
		return flow_lines_file(ctl, "--flows", ctl->arguments->flows, prepare,
			answer_flow, &what_if);
	if (prepare(ctl, &what_if) < 0)
		return CTL_FAILED;
	return compare(ctl, &what_if);
}
