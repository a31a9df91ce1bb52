/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "golden/answer.h"

#include "base/cleanup.h"
#include "finding/cure.h"
#include "finding/finding_text.h"
#include "host/host_model.h"

#include <stdlib.h>
#include <string.h>

static void explain(FILE *out, const struct state *state, const char *text, bool steps)
{
	const struct overlay overlay = model_overlay(state);
	struct flow flow = model_flow(state, text);
	struct trace trace = { 0 };
	struct rpf rpf = rpf_judge(&overlay, &flow, &trace);

	fprintf(out, "%s: %s %s\n", text, rpf_verdict_name(rpf.verdict),
		rpf_reason_name(rpf.reason));
	array_each (&trace.steps, const struct trace_step, step) {
		if (steps)
			fprintf(out, "  %2d %s\n", step->number, step->text);
	}
	trace_done(&trace);
}

void answer_iface(FILE *out, const struct report_iface *row)
{
	char prefix[PREFIX4_TEXT];

	fprintf(out, "%s: %s", row->name,
		row->unexpected && row->verdict == IFACE_UNJUDGED
			? "nothing is expected"
			: iface_verdict_name(row->verdict));
	array_each (&row->expect.list, const struct expect_item, item)
		fprintf(out, ", %s (%s%s%s)", prefix4_format(item->prefix, prefix),
			expect_why_name(item->why), item->because[0] ? ": " : "",
			item->because);
	fprintf(out, "\n");
}

static bool declare_expect(struct declared_list *declared, char *text)
{
	struct declared one = { 0 };
	char *rest = NULL;
	const char *word = strtok_r(text, " ", &rest);

	if (!word)
		abort();
	snprintf(one.name, sizeof(one.name), "%s", word);
	while ((word = strtok_r(NULL, " ", &rest)) && one.count < ELEMENTS(one.prefixes))
		one.prefixes[one.count++] = model_prefix(word);
	return array_push(&declared->list, &one) == 0;
}

static bool declare_flow(struct declared_list *declared, char *text)
{
	struct declared_flow one = { 0 };
	char *rest = NULL;
	const char *word = strtok_r(text, " ", &rest), *value;

	if (!word)
		abort();
	snprintf(one.iif, sizeof(one.iif), "%s", word);
	while ((word = strtok_r(NULL, " ", &rest)) &&
		(value = strtok_r(NULL, " ", &rest))) {
		if (strcmp(word, "from") == 0) {
			one.from = model_prefix(value);
		} else if (strcmp(word, "to") == 0) {
			one.to = model_ip4(value);
			one.has_to = true;
		} else if (strcmp(word, "mark") == 0) {
			one.mark = (uint32_t)strtoul(value, NULL, 0);
		} else {
			abort();
		}
	}
	return array_push(&declared->flows, &one) == 0;
}

bool declare(struct declared_list *declared, const char *line)
{
	bool flow = strncmp(line, "flow ", 5) == 0;
	char copy[WORDS_TEXT];

	if (!flow && strncmp(line, "expect ", 7) != 0)
		return false;
	snprintf(copy, sizeof(copy), "%s", line + (flow ? 5 : 7));
	if (!(flow ? declare_flow(declared, copy) : declare_expect(declared, copy)))
		abort();
	return true;
}

void declared_done(struct declared_list *declared)
{
	array_done(&declared->list);
	array_done(&declared->flows);
}

static void flows_of(const struct state *state, const struct declared_list *declared,
	const struct iface *iface, struct flowclasses *ret)
{
	array_each (&declared->flows, const struct declared_flow, flow) {
		const struct flow rest = { .mark = flow->mark, .proto = FLOW_UDP };

		if (strcmp(flow->iif, iface->link.name) == 0 &&
			flowclass_declare(state, iface, flow->from,
				flow->has_to ? &flow->to : NULL, &rest, ret) < 0)
			abort();
	}
}

static struct expect_declared declared_of(
	const struct declared_list *declared, const struct iface *iface)
{
	struct expect_declared ret = { 0 };

	array_each (&declared->list, const struct declared, one) {
		if (strcmp(one->name, iface->link.name) == 0)
			ret = (struct expect_declared){ true, one->prefixes, one->count,
				false };
	}
	return ret;
}

static int judge_iface(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	const struct flowclasses none = { 0 };
	const struct expect_declared expected = declared_of(data, iface);

	return report_add(report, overlay, iface, &expected, &none, DETAIL_COUNT);
}

struct report *answer_report(
	const struct state *state, const struct declared_list *declared)
{
	const struct overlay overlay = model_overlay(state);
	const struct plan_judge judge = { judge_iface, declared };
	struct report *report = report_new();
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;

	if (!report || state_ifaces(state, &ifaces, &count) < 0)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct expect_declared expected = declared_of(declared, ifaces[i]);
		struct flowclasses flows = { 0 };

		flows_of(state, declared, ifaces[i], &flows);
		if (report_add(report, &overlay, ifaces[i], &expected, &flows,
			    DETAIL_SUMMARY) < 0)
			abort();
		flowclasses_done(&flows);
	}
	if (cure_report(&overlay, &judge, report) < 0 ||
		report_list_routed(report, state) < 0)
		abort();
	report_sort(report);
	return report;
}

size_t answer_sentences(
	FILE *out, const struct state *state, const struct declared_list *declared)
{
	_cleanup_(report_freep) struct report *report = answer_report(state, declared);

	array_each (&report->findings, struct finding *const, finding) {
		char text[FINDING_TEXT];

		(*finding)->kernel = KERNEL_DROP; /* as golden_kernel holds of each */
		fprintf(out, "%s\n", finding_sentence(*finding, text));
	}
	return report->findings.count;
}

static void check(
	FILE *out, const struct state *state, const struct declared_list *declared)
{
	_cleanup_(report_freep) struct report *report = answer_report(state, declared);

	array_each (&report->ifaces, const struct report_iface, row) {
		if (row->expect.list.count || row->verdict == IFACE_UNJUDGED)
			answer_iface(out, row);
	}
	if (!report->findings.count)
		fprintf(out, "no finding\n");
	array_each (&report->findings, struct finding *const, finding) {
		char text[FINDING_TEXT];

		(*finding)->kernel = KERNEL_DROP; /* as golden_kernel holds of each */
		fprintf(out, "%s [%s, %s, %s]: %s\n", (*finding)->id,
			finding_severity_name((*finding)->severity),
			expect_why_name((*finding)->expect),
			rpf_reason_name((*finding)->reason),
			finding_sentence(*finding, text));
	}
	array_each (&report->undelivered, const struct report_undelivered, flow)
		fprintf(out, "%s/%s: not evaluated: %s\n", flow->name, flow->class,
			rpf_reason_name(flow->reason));
	array_each (&report->missed, const struct report_missed, missed)
		fprintf(out, "%s: not evaluated: %s\n", missed->name, missed->what);
}

const char *answer_packet(const char *line)
{
	return strncmp(line, "explain ", 8) == 0 || strncmp(line, "verdict ", 8) == 0
		       ? line + 8
		       : NULL;
}

bool answer(FILE *out, const struct state *state, const struct declared_list *declared,
	const char *line)
{
	if (answer_packet(line))
		explain(out, state, answer_packet(line), line[0] == 'e');
	else if (strcmp(line, "check") == 0)
		check(out, state, declared);
	else
		return false;
	return true;
}
