/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct report *report_new(void)
{
	return calloc(1, sizeof(struct report));
}

void report_free(struct report *report)
{
	if (!report)
		return;
	array_each (&report->ifaces, struct report_iface, row)
		array_done(&row->expect.list);
	for (size_t i = 0; i < report->findings.count; i++)
		finding_free(report->findings.items[i]);
	array_done(&report->ifaces);
	array_done(&report->findings);
	array_done(&report->unknown);
	free(report);
}

const char *iface_verdict_name(enum iface_verdict verdict)
{
	switch (verdict) {
	case IFACE_OK:
		return "ok";
	case IFACE_DROPS:
		return "drops";
	case IFACE_OFF:
		return "off";
	case IFACE_DOWN:
		return "down";
	case IFACE_UNJUDGED:
		return "unjudged";
	}
	return "unjudged";
}

/* What came of judging an interface. */
struct tally {
	size_t faults;
	bool unjudged; /* something could not be judged */
};

static int add_unknown(struct report *report, const struct iface *iface,
	const struct flowclass *class, struct tally *tally)
{
	const struct finding_id id = finding_id_of(iface, class);

	tally->unjudged = true;
	return array_push(&report->unknown, &id);
}

/* Finds the faults of one interface, class by class. Returns 0 or -ENOMEM. */
static int find_faults(struct report *report, const struct view *view,
	const struct iface *iface, const struct expect *expect,
	const struct flowclass *classes, size_t count, struct tally *tally)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_(finding_freep) struct finding *finding = NULL;
		int r = finding_of(view, iface, expect, &classes[i], &finding);

		if (r == -ENODATA)
			r = add_unknown(report, iface, &classes[i], tally);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		r = array_push(&report->findings, &finding);
		if (r < 0)
			return r;
		finding = NULL;
		tally->faults++;
	}
	return 0;
}

/* A declared flow expects its own sources, whatever else is expected of the interface. */
static int find_flow_faults(struct report *report, const struct view *view,
	const struct iface *iface, const struct flowclasses *flows, struct tally *tally)
{
	array_each (&flows->list, const struct flowclass, class) {
		const struct expect_declared declared = { true, &class->from, 1 };
		struct expect expect = { 0 };
		int r = expect_of(view->state, iface, &declared, &expect);

		/* what is only forwarded is looked up another way, which is not built yet */
		if (r >= 0 && expect.items.list.count &&
			!state_is_own(view->state, class->flow.dst))
			r = add_unknown(report, iface, class, tally);
		else if (r >= 0 && expect.items.list.count)
			r = find_faults(report, view, iface, &expect, class, 1, tally);
		expect_done(&expect);
		if (r < 0)
			return r;
	}
	return 0;
}

static enum iface_verdict verdict_of(const struct iface *iface,
	const struct rp_filter *filter, const struct tally *tally)
{
	if (!iface_is_up(iface))
		return IFACE_DOWN;
	if (tally->faults)
		return IFACE_DROPS;
	if (!iface->link.has_inet || tally->unjudged)
		return IFACE_UNJUDGED;
	return filter->effective ? IFACE_OK : IFACE_OFF;
}

/* Takes expect's items over. */
static int add_row(struct report *report, const struct view *view,
	const struct iface *iface, struct expect *expect, const struct tally *tally)
{
	struct report_iface row = {
		.ifindex = iface->link.ifindex,
		.up = iface_is_up(iface),
		.has_inet = iface->link.has_inet,
		.numbered = iface->addrs.count > 0,
		.filter = view_rp_filter(view, iface),
	};
	int r;

	memcpy(row.name, iface->link.name, sizeof(row.name));
	strncpy(row.kind, iface_kind(iface), sizeof(row.kind) - 1);
	row.verdict = verdict_of(iface, &row.filter, tally);
	row.expect = expect->items;
	r = array_push(&report->ifaces, &row);
	if (r < 0)
		return r;
	memset(&expect->items.list, 0, sizeof(expect->items));
	report->unjudged += tally->unjudged;
	return 0;
}

static int add(struct report *report, const struct view *view, const struct iface *iface,
	struct expect *expect, struct flowclasses *classes,
	const struct flowclasses *flows)
{
	struct tally tally = { 0 };
	int r = 0;

	if (expect->items.list.count) {
		r = flowclasses_of(view->state, iface, classes);
		if (r >= 0)
			r = find_faults(report, view, iface, expect, classes->list.items,
				classes->list.count, &tally);
	}
	if (r >= 0)
		r = find_flow_faults(report, view, iface, flows, &tally);
	return r < 0 ? r : add_row(report, view, iface, expect, &tally);
}

int report_add(struct report *report, const struct view *view, const struct iface *iface,
	const struct expect_declared *declared, const struct flowclasses *flows)
{
	struct expect expect = { 0 };
	struct flowclasses classes = { 0 };
	int r = expect_of(view->state, iface, declared, &expect);

	if (r >= 0)
		r = add(report, view, iface, &expect, &classes, flows);
	expect_done(&expect);
	flowclasses_done(&classes);
	return r;
}
