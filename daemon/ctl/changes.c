/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/changes.h"

#include "base/print.h"
#include "daemon/ctl/check.h"
#include "finding/finding_text.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct finding *find_by_id(const struct report *report, const char *id)
{
	array_each (&report->findings, struct finding *const, finding) {
		if (strcmp((*finding)->id, id) == 0)
			return *finding;
	}
	return NULL;
}

/* Whether nobody could tell if there is such a finding: silence is no cure. */
static bool is_unknown(const struct report *report, const char *id)
{
	array_each (&report->unknown, const struct finding_id, unknown) {
		if (strcmp(unknown->text, id) == 0)
			return true;
	}
	return false;
}

static int compare_numbers(uint64_t before, uint64_t after)
{
	return (after > before) - (after < before);
}

/* Which of the two is worse: greater than 0, where it is the second. */
static int compare_severity(const struct finding *before, const struct finding *after)
{
	int r = compare_numbers(before->severity, after->severity);

	if (r == 0) /* the strongest expectation comes first */
		r = compare_numbers(after->expect, before->expect);
	return r ? r : compare_numbers(before->dropped, after->dropped);
}

static bool sources_differ(const struct finding *a, const struct finding *b)
{
	if (a->source_count != b->source_count || a->sources_more != b->sources_more ||
		a->dropped != b->dropped || a->expected != b->expected ||
		a->blind != b->blind)
		return true;
	for (size_t i = 0; i < a->source_count; i++) {
		if (a->sources[i].addr.host != b->sources[i].addr.host ||
			a->sources[i].len != b->sources[i].len)
			return true;
	}
	return memcmp(a->reasons, b->reasons, sizeof(a->reasons)) != 0;
}

static bool destinations_differ(const struct finding *a, const struct finding *b)
{
	if (a->to.list.count != b->to.list.count || a->forwarded != b->forwarded ||
		strcmp(a->out, b->out) != 0)
		return true;
	for (size_t i = 0; i < a->to.list.count; i++) {
		if (a->to.list.items[i].host != b->to.list.items[i].host)
			return true;
	}
	return false;
}

static bool reverses_differ(const struct reverse *a, const struct reverse *b)
{
	if (!a->known || !b->known)
		return a->known != b->known;
	return a->type != b->type || a->table != b->table || a->rule != b->rule ||
	       a->prefix.addr.host != b->prefix.addr.host ||
	       a->prefix.len != b->prefix.len || strcmp(a->via, b->via) != 0 ||
	       !reverse_same_devices(a, b);
}

/* Whether anything is said differently, but for the example: any will do. */
static bool is_changed(const struct finding *before, const struct finding *after)
{
	return finding_differs(before, after) || compare_severity(before, after) != 0 ||
	       sources_differ(before, after) || destinations_differ(before, after) ||
	       reverses_differ(&before->reverse, &after->reverse);
}

static int add_change(struct changes *changes, enum changes_kind kind,
	const struct finding *before, const struct finding *after)
{
	const struct changes_item change = { kind, before, after };

	return array_push(&changes->list, &change);
}

/* Those of one report that the other has not. */
static int add_missing(const struct report *there, const struct report *missing,
	enum changes_kind kind, struct changes *changes)
{
	int r = 0;

	array_each (&there->findings, struct finding *const, item) {
		const struct finding *finding = *item;

		if (find_by_id(missing, finding->id))
			continue;
		if (is_unknown(missing, finding->id))
			r = array_push(&changes->unknown, &finding);
		else if (kind == CHANGES_WORSE)
			r = add_change(changes, kind, NULL, finding);
		else
			r = add_change(changes, kind, finding, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static enum changes_kind kind_of(
	const struct finding *before, const struct finding *after)
{
	int worse = compare_severity(before, after);

	return worse > 0 ? CHANGES_WORSE : worse < 0 ? CHANGES_BETTER : CHANGES_OTHER;
}

static int add_changed(const struct report *before, const struct report *after,
	enum changes_kind kind, struct changes *changes)
{
	array_each (&before->findings, struct finding *const, item) {
		const struct finding *found = find_by_id(after, (*item)->id);
		int r = 0;

		if (found && is_changed(*item, found) && kind_of(*item, found) == kind)
			r = add_change(changes, kind, *item, found);
		if (r < 0)
			return r;
	}
	return 0;
}

int changes_find(
	const struct report *before, const struct report *after, struct changes *ret)
{
	int r = add_missing(after, before, CHANGES_WORSE, ret);

	if (r >= 0)
		r = add_changed(before, after, CHANGES_WORSE, ret);
	if (r >= 0)
		r = add_missing(before, after, CHANGES_BETTER, ret);
	if (r >= 0)
		r = add_changed(before, after, CHANGES_BETTER, ret);
	if (r >= 0)
		r = add_changed(before, after, CHANGES_OTHER, ret);
	return r;
}

void changes_done(struct changes *changes)
{
	array_done(&changes->list);
	array_done(&changes->unknown);
}

static size_t count_kind(const struct changes *changes, enum changes_kind kind)
{
	size_t count = 0;

	array_each (&changes->list, const struct changes_item, change)
		count += change->kind == kind;
	return count;
}

bool changes_are_worse(const struct changes *changes)
{
	return count_kind(changes, CHANGES_WORSE) > 0;
}

int changes_json(const struct changes *changes, struct json_object *object)
{
	struct json_object *findings = json_add_object(object, "findings"), *unknown;
	struct json_object *fresh = json_add_array(findings, "new");
	struct json_object *gone = json_add_array(findings, "gone");
	struct json_object *changed = json_add_array(findings, "changed");
	int r = fresh && gone && changed ? 0 : -ENOMEM;

	array_each (&changes->list, const struct changes_item, change) {
		struct json_object *pair;

		if (!change->before) {
			r |= check_json(change->after, json_push_object(fresh));
			continue;
		}
		if (!change->after) {
			r |= check_json(change->before, json_push_object(gone));
			continue;
		}
		pair = json_push_object(changed);
		r |= check_json(change->before, json_add_object(pair, "before"));
		r |= check_json(change->after, json_add_object(pair, "after"));
	}
	r |= json_add_number(
		object, "worse", (int64_t)count_kind(changes, CHANGES_WORSE));
	r |= json_add_number(
		object, "better", (int64_t)count_kind(changes, CHANGES_BETTER));
	unknown = json_add_array(object, "unknown");
	array_each (&changes->unknown, const struct finding *const, finding)
		r |= json_push_text(unknown, (*finding)->id);
	return r < 0 || !unknown ? -ENOMEM : 0;
}

static void print_sentence(const char *label, const struct finding *finding, FILE *out)
{
	char sentence[FINDING_TEXT];

	print_line(out, "  %-9s %s", label, finding_sentence(finding, sentence));
}

static void print_example(const struct finding *finding, FILE *out)
{
	char words[FLOW_TEXT];

	print_line(out, "  example   rpfilterctl explain %s",
		flow_format(&finding->example, finding->iif, words));
}

static const char *kind_name(enum changes_kind kind)
{
	switch (kind) {
	case CHANGES_WORSE:
		return "worse";
	case CHANGES_BETTER:
		return "better";
	case CHANGES_OTHER:
		return "different";
	}
	return "different";
}

static void print_change(const struct changes_item *change, FILE *out)
{
	const struct finding *before = change->before, *after = change->after;
	const struct finding *last = after ? after : before;
	const char *from = before ? finding_severity_name(before->severity) : "";
	const char *to = after ? finding_severity_name(after->severity) : "";

	assert(last);
	(void)fputc('\n', out);
	print_part(out, "%s: %s %s (", kind_name(change->kind),
		!before	 ? "new"
		: !after ? "gone"
			 : "changed",
		last->id);
	if (before && after && before->severity != after->severity)
		print_line(out, "%s, now %s)", from, to);
	else
		print_line(out, "%s)", finding_severity_name(last->severity));
	if (before)
		print_sentence("before", before, out);
	if (after)
		print_sentence("after", after, out);
	print_example(last, out);
}

void changes_print(const struct changes *changes, FILE *out)
{
	size_t other = count_kind(changes, CHANGES_OTHER);

	if (changes->list.count)
		print_line(out, "%zu worse, %zu better, %zu different.",
			count_kind(changes, CHANGES_WORSE),
			count_kind(changes, CHANGES_BETTER), other);
	else
		print_line(out, "No finding changes.");
	array_each (&changes->list, const struct changes_item, change)
		print_change(change, out);
	if (changes->unknown.count)
		(void)fputc('\n', out);
	array_each (&changes->unknown, const struct finding *const, finding)
		print_line(out, "unknown: %s: not evaluated on one of the two sides",
			(*finding)->id);
}

static int show(const struct ctl *ctl, const struct changes *changes)
{
	_cleanup_(json_putp) struct json_object *object = NULL;

	if (!ctl_has(ctl, OPTION_JSON)) {
		changes_print(changes, ctl->out);
		return 0;
	}
	object = json_object_new_object();
	return changes_json(changes, object) < 0 ? -ENOMEM : json_print(ctl->out, object);
}

/* What is not there cannot be asked. */
static void take_kernel_away(struct report *report)
{
	array_each (&report->findings, struct finding *const, finding)
		(*finding)->kernel = KERNEL_ABSENT;
}

int changes_answer(const struct ctl *ctl, struct report *before, struct report *after)
{
	_cleanup_(changes_done) struct changes changes = { 0 };
	int r;

	take_kernel_away(before);
	take_kernel_away(after);
	r = changes_find(before, after, &changes);
	if (r >= 0)
		r = show(ctl, &changes);
	if (r < 0)
		return ctl_fail(ctl, r);
	if (changes_are_worse(&changes))
		return CTL_FOUND;
	return changes.unknown.count ? CTL_FAILED : CTL_FINE;
}
