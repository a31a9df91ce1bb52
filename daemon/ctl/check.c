/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/check.h"

#include "base/print.h"
#include "daemon/ctl/boot_files.h"
#include "daemon/ctl/list.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/evaluate.h"
#include "kernel/procsys.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What was found, confirmed by the kernel, on the interfaces that were asked for. */
struct survey {
	struct report *report;
	bool *chosen;  /* of report->ifaces, by index */
	bool refuted;  /* the kernel doesn't say of each finding that it drops */
	bool vanished; /* an interface went away meanwhile */
	size_t unjudged, judged, down, found, warnings;
	size_t unexpected; /* rows of which nothing is expected */
	bool counted;	   /* drops: the kernel's counter of this namespace */
	uint64_t drops;
	struct boot_files
		files; /* empty where nothing was found, or they cannot be read */
};

static void survey_done(struct survey *survey)
{
	report_free(survey->report);
	free(survey->chosen);
	boot_files_done(&survey->files);
}

/* Which rows are asked for: all, or those that are named. */
static int choose_ifaces(
	const struct ctl *ctl, struct survey *survey, char error[static ERROR_TEXT])
{
	const struct arguments *arguments = ctl->arguments;
	size_t count = survey->report->ifaces.count;

	survey->chosen = calloc(count + 1, sizeof(*survey->chosen));
	if (!survey->chosen)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		survey->chosen[i] = arguments->words.count == 0;
	array_each (&arguments->words, const char *, name) {
		const struct iface *iface = host_iface(&ctl->host, *name, error);

		if (!iface)
			return -EINVAL;
		for (size_t i = 0; i < count; i++) {
			if (survey->report->ifaces.items[i].ifindex ==
				iface->link.ifindex)
				survey->chosen[i] = true;
		}
	}
	return 0;
}

static bool is_chosen(const struct survey *survey, int ifindex)
{
	for (size_t i = 0; i < survey->report->ifaces.count; i++) {
		if (survey->report->ifaces.items[i].ifindex == ifindex)
			return survey->chosen[i];
	}
	return false;
}

/* Whether it is one that nothing can be said of, and that it matters of. */
static bool is_unjudged(const struct survey *survey, size_t index, bool named)
{
	const struct report_iface *row = &survey->report->ifaces.items[index];

	/* without IPv4 nothing can be dropped: worth a word only to who asks */
	return survey->chosen[index] && row->verdict == IFACE_UNJUDGED &&
	       !row->unexpected && (named || row->has_inet);
}

static void count_rows(struct survey *survey, bool named)
{
	for (size_t i = 0; i < survey->report->ifaces.count; i++) {
		if (!survey->chosen[i])
			continue;
		survey->down += survey->report->ifaces.items[i].verdict == IFACE_DOWN;
		survey->unexpected += survey->report->ifaces.items[i].unexpected;
		if (is_unjudged(survey, i, named))
			survey->unjudged++;
		else if (!survey->report->ifaces.items[i].unexpected)
			survey->judged++;
	}
}

/*
 * Takes those findings out that are not asked for, and has the kernel confirm the
 * others.
 */
static int confirm_findings(struct ctl *ctl, struct survey *survey)
{
	struct report *report = survey->report;
	size_t kept = 0;

	for (size_t i = 0; i < report->findings.count; i++) {
		struct finding *finding = report->findings.items[i];

		if (is_chosen(survey, finding->ifindex)) /* in their order */
			report->findings.items[kept++] = finding;
		else
			finding_free(finding);
	}
	survey->found = report->findings.count = kept;
	for (size_t i = 0; i < kept; i++) {
		struct finding *finding = report->findings.items[i];
		int r = host_ask(
			&ctl->host, &finding->example, RPF_DROP, &finding->kernel);

		survey->warnings += finding->severity == FINDING_WARNING;
		survey->vanished |= r == -ENODEV;
		if (r < 0 && r != -ENODEV)
			return r;
		survey->refuted |= finding->kernel == KERNEL_PASS ||
				   finding->kernel == KERNEL_UNJUDGED;
	}
	return 0;
}

static int survey_once(
	struct ctl *ctl, struct survey *survey, char error[static ERROR_TEXT])
{
	int r = evaluate(ctl->host.state, ctl->host.config,
		ctl_has(ctl, OPTION_ALL) ? DETAIL_FULL : DETAIL_SUMMARY, &survey->report);

	if (r >= 0)
		r = choose_ifaces(ctl, survey, error);
	if (r < 0)
		return r;
	count_rows(survey, ctl->arguments->words.count > 0);
	return confirm_findings(ctl, survey);
}

/* Where the kernel says otherwise, the model may just be old: once more, then. */
static int survey_of(struct ctl *ctl, struct survey *ret, char error[static ERROR_TEXT])
{
	int r = survey_once(ctl, ret, error);

	if (r < 0 || !(ret->refuted || ret->vanished))
		return r;
	r = host_reread(&ctl->host);
	if (r <= 0)
		return r;
	survey_done(ret);
	*ret = (struct survey){ 0 };
	return survey_once(ctl, ret, error);
}

/* Which packets of the chosen interfaces nothing is said of. */
static int add_missed(const struct survey *survey, struct json_object *object)
{
	struct json_object *list = json_add_array(object, "not_looked_at");
	int r = list ? 0 : -ENOMEM;

	array_each (&survey->report->missed, const struct report_missed, missed) {
		struct json_object *entry;

		if (!is_chosen(survey, missed->ifindex))
			continue;
		entry = json_push_object(list);
		r |= json_add_text(entry, "iif", missed->name);
		r |= json_add_text(entry, "what", missed->what);
	}
	return r;
}

static int add_unjudged(
	const struct survey *survey, bool named, struct json_object *object)
{
	struct json_object *list = json_add_array(object, "unjudged");
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; i < survey->report->ifaces.count; i++) {
		if (is_unjudged(survey, i, named))
			r |= json_push_text(list, survey->report->ifaces.items[i].name);
	}
	return r;
}

/* Interfaces with an address of which nobody expects anything. */
static int add_unexpected(const struct survey *survey, struct json_object *object)
{
	struct json_object *list = json_add_array(object, "unexpected");
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; i < survey->report->ifaces.count; i++) {
		const struct report_iface *row = &survey->report->ifaces.items[i];

		if (survey->chosen[i] && row->unexpected && row->numbered)
			r |= json_push_text(list, row->name);
	}
	return r;
}

/* What a boot makes of the remedy: null where it sets nothing. */
static int add_keep(const struct ctl *ctl, const struct survey *survey,
	const struct finding *finding, struct json_object *object)
{
	char keep[KEEP_TEXT];
	int r = boot_files_keep(&survey->files, ctl->host.state, finding, keep);

	return r <= 0 ? r | json_add_null(object, "keep")
		      : json_add_text(object, "keep", keep);
}

static int show_json(
	const struct ctl *ctl, const struct survey *survey, bool named, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list;
	int r = json_add_bool(object, "synced", true);

	list = json_add_array(object, "findings");
	r |= list ? 0 : -ENOMEM;
	for (size_t i = 0; i < survey->found; i++) {
		struct json_object *one = json_push_object(list);

		r |= check_json(survey->report->findings.items[i], one);
		r |= add_keep(ctl, survey, survey->report->findings.items[i], one);
	}
	r |= add_unjudged(survey, named, object);
	r |= survey->counted ? json_add_number(object, "drops", (int64_t)survey->drops)
			     : json_add_null(object, "drops");
	r |= add_unexpected(survey, object);
	r |= add_missed(survey, object);
	return r < 0 ? -ENOMEM : json_print(out, object);
}

static void print_missed(const struct survey *survey, FILE *out)
{
	array_each (&survey->report->missed, const struct report_missed, missed) {
		if (!is_chosen(survey, missed->ifindex))
			continue;
		print_line(out,
			"%s: routing rules define more flow classes than the limit of %d; not evaluated: %s.",
			missed->name, FLOWCLASSES, missed->what);
	}
}

/* They say that something was dropped, and not what. */
static void print_drops(const struct survey *survey, FILE *out)
{
	if (survey->drops)
		print_line(out,
			"The kernel has dropped %" PRIu64
			" packet%s by reverse path filtering in this network namespace (IPReversePathFilter); it does not tell which.",
			survey->drops, survey->drops == 1 ? "" : "s");
}

static void print_unexpected(const struct survey *survey, FILE *out)
{
	for (size_t i = 0; i < survey->report->ifaces.count; i++) {
		const struct report_iface *row = &survey->report->ifaces.items[i];

		if (survey->chosen[i] && row->unexpected && row->numbered)
			print_line(out, "%s: %s.", row->name, LIST_UNEXPECTED);
	}
}

static void print_keep(const struct ctl *ctl, const struct survey *survey,
	const struct finding *finding, FILE *out)
{
	char keep[KEEP_TEXT];

	if (boot_files_keep(&survey->files, ctl->host.state, finding, keep) > 0)
		print_line(out, "  keep      %s", keep);
}

static void show_text(const struct ctl *ctl, const struct survey *survey, FILE *out)
{
	for (size_t i = 0; i < survey->found; i++) {
		if (i)
			(void)fputc('\n', out);
		check_print(survey->report->findings.items[i], out);
		print_keep(ctl, survey, survey->report->findings.items[i], out);
	}
	if (!survey->found && survey->judged) {
		print_part(out, "No expected source is dropped on %zu interface%s",
			survey->judged, survey->judged == 1 ? "" : "s");
		if (survey->down)
			print_part(out, ", %zu of them down", survey->down);
		print_line(out, ".");
	}
	if ((survey->unjudged || survey->unexpected) && survey->found)
		(void)fputc('\n', out);
	print_unexpected(survey, out);
	if (survey->unjudged)
		print_line(out, "%zu interface%s not evaluated.", survey->unjudged,
			survey->unjudged == 1 ? "" : "s");
}

/* Flows of the configuration whose packets get nowhere on this host. */
static bool print_undelivered(
	const struct ctl *ctl, const struct survey *survey, int ifindex)
{
	bool any = false;

	array_each (&survey->report->undelivered, const struct report_undelivered, flow) {
		if (flow->ifindex != ifindex)
			continue;
		any = true;
		ctl_say(ctl, "%s/%s: not evaluated: such packets get nowhere here (%s)",
			flow->name, flow->class, rpf_reason_name(flow->reason));
	}
	return any;
}

static void report_doubts(const struct ctl *ctl, const struct survey *survey)
{
	bool named = ctl->arguments->words.count > 0;

	for (size_t i = 0; i < survey->found; i++) {
		const struct finding *finding = survey->report->findings.items[i];

		if (finding->kernel == KERNEL_PASS)
			ctl_say(ctl,
				"%s: the kernel disagrees: it accepts the test packet",
				finding->id);
		else if (finding->kernel == KERNEL_UNJUDGED)
			ctl_say(ctl,
				"%s: not confirmed: the kernel rejects the test packet for another reason",
				finding->id);
	}
	for (size_t i = 0; i < survey->report->ifaces.count; i++) {
		const struct report_iface *row = &survey->report->ifaces.items[i];

		if (!survey->chosen[i] || row->verdict != IFACE_UNJUDGED ||
			row->unexpected || print_undelivered(ctl, survey, row->ifindex))
			continue;
		if (row->has_inet)
			ctl_say(ctl, "%s: not evaluated: unsupported kernel attribute",
				row->name);
		else if (named)
			ctl_say(ctl, "%s: not evaluated: no IPv4 (MTU below 68)",
				row->name);
	}
	if (survey->vanished)
		ctl_say(ctl, "an interface has disappeared");
}

/* What the kernel has counted in this namespace, or had in that of a snapshot: whether it is known. */
static bool count_drops(const struct ctl *ctl, uint64_t *ret)
{
	const struct snapshot_note *note;

	if (!ctl->host.snapshot)
		return procsys_rpf_drops(ret) >= 0;
	note = snapshot_notes_find(&ctl->host.notes, HOST_NOTE_DROPS);
	return note && strspn(note->text, "0123456789") == note->length && note->length &&
	       note->length < 19 && sscanf(note->text, "%" SCNu64, ret) == 1;
}

int check_run(struct ctl *ctl)
{
	_cleanup_(survey_done) struct survey survey = { 0 };
	char error[ERROR_TEXT];
	bool notices;
	int r;

	if (!ctl_severity(ctl, &notices) || ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	r = survey_of(ctl, &survey, error);
	if (r == -EINVAL) {
		ctl_say(ctl, "%s", error);
		return CTL_FAILED;
	}
	survey.counted = count_drops(ctl, &survey.drops);
	if (r >= 0 && survey.found && !ctl->host.snapshot)
		(void)boot_files_open(ctl, true, &survey.files);
	if (r >= 0 && ctl_has(ctl, OPTION_JSON))
		r = show_json(ctl, &survey, ctl->arguments->words.count > 0, ctl->out);
	else if (r >= 0) {
		show_text(ctl, &survey, ctl->out);
		print_missed(&survey, ctl->out);
		print_drops(&survey, ctl->out);
	}
	if (r < 0)
		return ctl_fail(ctl, r);
	report_doubts(ctl, &survey);
	if (survey.refuted || survey.vanished)
		return CTL_FAILED;
	if (survey.unjudged && (ctl->arguments->words.count || !survey.found))
		return CTL_FAILED;
	return survey.warnings || (notices && survey.found) ? CTL_FOUND : CTL_FINE;
}
