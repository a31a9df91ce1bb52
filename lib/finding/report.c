/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/report.h"

#include "finding/feasible.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_EXPECT                                                                    \
	16 /* items that are listed, before feasible ones are only counted */

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
	array_done(&report->missed);
	array_done(&report->undelivered);
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

bool report_depends_on_no_route(const struct report_iface *row)
{
	array_each (&row->expect.list, const struct expect_item, item) {
		if (item->why <= EXPECT_DIRECT)
			return true;
	}
	return row->filter.effective != 0 && row->filter.effective != 1;
}

/* What came of judging an interface. */
struct tally {
	size_t findings;
	bool warns;    /* one of them is a warning */
	bool unjudged; /* nothing of some class could be evaluated */
	bool by_routes;
	bool flows; /* some are declared */
	struct finding_notes notes;
};

static int add_unknown(struct report *report, const struct iface *iface,
	const struct flowclass *class, struct tally *tally)
{
	int r = 0;

	tally->unjudged = true;
	for (int kind = 0; kind < DROP_KINDS && r >= 0; kind++) {
		const struct finding_id id =
			finding_id_of(iface, class, (enum drop_kind)kind);

		r = array_push(&report->unknown, &id);
	}
	return r;
}

/*
 * Where a forwarded packet leaves may depend on its source, too: what was found must hold for
 * its own example.
 */
static bool holds_for_example(const struct overlay *overlay,
	const struct flowclass *class, const struct finding *finding)
{
	return !class->oif ||
	       rpf_judge(overlay, &finding->example, NULL).verdict == RPF_DROP;
}

static bool has_address(const struct addresses *addresses, struct ip4 addr)
{
	array_each (&addresses->list, const struct ip4, other) {
		if (other->host == addr.host)
			return true;
	}
	return false;
}

/* Whether two findings differ in nothing but their class: then one is enough. */
static bool is_same_finding(const struct finding *a, const struct finding *b)
{
	bool same = a->reason == b->reason && a->expect == b->expect &&
		    a->no_route == b->no_route && strcmp(a->because, b->because) == 0 &&
		    a->dropped == b->dropped && a->blind == b->blind &&
		    a->source_count == b->source_count &&
		    a->sources_more == b->sources_more && !finding_differs(a, b) &&
		    a->reverse.known == b->reverse.known &&
		    a->reverse.table == b->reverse.table &&
		    strcmp(a->reverse.via, b->reverse.via) == 0;

	for (size_t i = 0; same && i < a->source_count; i++)
		same = a->sources[i].len == b->sources[i].len &&
		       a->sources[i].addr.host == b->sources[i].addr.host;
	return same;
}

/* Merges a finding into one that says the same. */
static int merge_into(struct finding *finding, const struct finding *other)
{
	finding->forwarded |= other->forwarded;
	for (size_t i = 0; !finding->out[0] && !other->out[0] && i < other->to.list.count;
		i++) {
		struct ip4 dst = other->to.list.items[i];

		if (!has_address(&finding->to, dst) &&
			array_push(&finding->to.list, &dst) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Keeps a finding, or has one that is there already speak for it. 0 or -ENOMEM. */
static int keep_finding(struct report *report, struct finding **finding, size_t begin)
{
	int r;

	for (size_t i = begin; i < report->findings.count; i++) {
		if (is_same_finding(report->findings.items[i], *finding))
			return merge_into(report->findings.items[i], *finding);
	}
	r = array_push(&report->findings, finding);
	if (r >= 0)
		*finding = NULL;
	return r;
}

/* What was found of a class, by kind. */
struct found {
	struct finding *by[DROP_KINDS];
};

static void found_done(struct found *found)
{
	for (int kind = 0; kind < DROP_KINDS; kind++) {
		finding_free(found->by[kind]);
		found->by[kind] = NULL;
	}
}

static bool has_examples(const struct found *found)
{
	for (int kind = 0; kind < DROP_KINDS; kind++) {
		if (found->by[kind] && !found->by[kind]->example.src.host)
			return false;
	}
	return true;
}

/* As finding_of(); of what is only forwarded an example is needed in any case. */
static int find_class(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class,
	enum finding_detail detail, struct tally *tally, struct found *ret)
{
	int r = finding_of(overlay, iface, expect, class, detail, &tally->notes,
		&ret->by[DROP_FILTER], &ret->by[DROP_NO_ROUTE]);

	if (r <= 0 || !class->oif || has_examples(ret))
		return r;
	found_done(ret);
	return finding_of(overlay, iface, expect, class, DETAIL_SUMMARY, &tally->notes,
		&ret->by[DROP_FILTER], &ret->by[DROP_NO_ROUTE]);
}

/* Keeps what was found of a class. *ret_missed: an example does not show it. 0 or -ENOMEM. */
static int keep_found(struct report *report, const struct overlay *overlay,
	const struct flowclass *class, struct found *found, size_t begin,
	bool *ret_missed)
{
	int r = 0;

	for (int kind = 0; kind < DROP_KINDS && r >= 0; kind++) {
		if (!found->by[kind])
			continue;
		if (holds_for_example(overlay, class, found->by[kind]))
			r = keep_finding(report, &found->by[kind], begin);
		else
			*ret_missed = true;
	}
	return r;
}

/* Makes the findings of one interface, class by class. Returns 0 or -ENOMEM. */
static int find_in_classes(struct report *report, const struct overlay *overlay,
	const struct iface *iface, const struct expect *expect,
	struct flowclasses *classes, enum finding_detail detail, struct tally *tally)
{
	size_t begin = report->findings.count;

	array_each (&classes->list, const struct flowclass, class) {
		_cleanup_(found_done) struct found found = { 0 };
		int r = find_class(overlay, iface, expect, class, detail, tally, &found);

		if (r == -ENODATA)
			r = add_unknown(report, iface, class, tally);
		else if (r > 0)
			r = keep_found(report, overlay, class, &found, begin,
				&classes->missed_forwarded);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_missed(struct report *report, const struct iface *iface,
	const struct flowclasses *classes)
{
	struct report_missed missed = { .ifindex = iface->link.ifindex };

	flowclasses_missed(classes, missed.what);
	if (!missed.what[0])
		return 0;
	memcpy(missed.name, iface->link.name, sizeof(missed.name));
	return array_push(&report->missed, &missed);
}

static int add_undelivered(struct report *report, const struct iface *iface,
	const struct flowclass *class, struct tally *tally)
{
	struct report_undelivered undelivered = { .ifindex = iface->link.ifindex,
		.reason = class->undeliverable };
	int r;

	memcpy(undelivered.name, iface->link.name, sizeof(undelivered.name));
	memcpy(undelivered.class, class->name, sizeof(undelivered.class));
	r = array_push(&report->undelivered, &undelivered);
	return r < 0 ? r : add_unknown(report, iface, class, tally);
}

/* One flow of the configuration. Returns 0 or -ENOMEM. */
static int find_in_flow(struct report *report, const struct overlay *overlay,
	const struct iface *iface, const struct expect *expect,
	const struct flowclass *class, enum finding_detail detail, struct tally *tally)
{
	_cleanup_(found_done) struct found found = { 0 };
	bool missed = false;
	int r;

	if (class->undeliverable)
		return add_undelivered(report, iface, class, tally);
	r = find_class(overlay, iface, expect, class, detail, tally, &found);
	if (r > 0) /* it is nobody's but its own */
		r = keep_found(
			report, overlay, class, &found, report->findings.count, &missed);
	if (r == -ENODATA || (r >= 0 && missed))
		r = add_unknown(report, iface, class, tally);
	return r;
}

/* A declared flow expects its own sources, whatever else is expected of the interface. */
static int find_in_flows(struct report *report, const struct overlay *overlay,
	const struct iface *iface, const struct flowclasses *flows, bool one_way,
	enum finding_detail detail, struct tally *tally)
{
	array_each (&flows->list, const struct flowclass, class) {
		const struct expect_declared declared = { true, &class->from, 1,
			one_way };
		struct expect expect = { 0 };
		int r = expect_of(overlay->state, iface, &declared, &expect);

		if (r >= 0 && expect.items.list.count)
			r = find_in_flow(
				report, overlay, iface, &expect, class, detail, tally);
		expect_done(&expect);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What was judged is ok; where nothing is expected, nothing was. */
static enum iface_verdict verdict_of(const struct report_iface *row,
	const struct iface *iface, const struct tally *tally)
{
	if (!iface_is_up(iface))
		return IFACE_DOWN;
	/* without IPv4 there is no filter either, but that is worth a word */
	if (iface->link.has_inet && !expect_takes_input(iface))
		return IFACE_OFF;
	if (tally->findings)
		return IFACE_DROPS;
	if (!iface->link.has_inet || tally->unjudged || tally->notes.blind)
		return IFACE_UNJUDGED;
	if (!row->filter.effective)
		return IFACE_OFF;
	return row->unexpected ? IFACE_UNJUDGED : IFACE_OK;
}

/* Takes expect's items over. */
static int add_row(struct report *report, const struct overlay *overlay,
	const struct iface *iface, struct expect *expect, const struct tally *tally)
{
	struct report_iface row = {
		.ifindex = iface->link.ifindex,
		.up = iface_is_up(iface),
		.has_inet = iface->link.has_inet,
		.numbered = iface->addrs.count > 0,
		.filter = overlay_rp_filter(overlay, iface),
		.warns = tally->warns,
		.claimed_elsewhere = tally->notes.claimed_elsewhere,
		.routed = expect->routed,
		.by_routes = tally->by_routes,
	};
	int r;

	memcpy(row.name, iface->link.name, sizeof(row.name));
	strncpy(row.kind, iface_kind(iface), sizeof(row.kind) - 1);
	row.unexpected = expect_takes_input(iface) && !expect->declared &&
			 !expect->items.list.count && !tally->notes.expected &&
			 !tally->flows && !feasible_any(overlay->state, iface);
	row.verdict = verdict_of(&row, iface, tally);
	row.expect = expect->items;
	r = array_push(&report->ifaces, &row);
	if (r < 0)
		return r;
	memset(&expect->items.list, 0, sizeof(expect->items));
	report->unjudged += tally->unjudged || tally->notes.blind;
	return 0;
}

static int add_class(struct report *report, const struct overlay *overlay,
	const struct iface *iface, struct expect *expect, struct flowclasses *classes,
	const struct flowclasses *flows, enum finding_detail detail)
{
	bool filters = overlay_rp_filter(overlay, iface).effective != 0;
	struct tally tally = { .flows = flows->list.count > 0 };
	size_t begin = report->findings.count;
	int r = 0;

	/* where nothing is filtered there is nothing to distinguish */
	if ((expect->items.list.count || expect->routed) &&
		(filters || overlay->state->blind || expect->declared)) {
		r = flowclasses_of(overlay->state, iface, classes);
		if (r >= 0)
			r = find_in_classes(
				report, overlay, iface, expect, classes, detail, &tally);
		if (r >= 0 && filters)
			r = add_missed(report, iface, classes);
	}
	if (r >= 0)
		r = find_in_flows(
			report, overlay, iface, flows, expect->one_way, detail, &tally);
	tally.findings = report->findings.count - begin;
	for (size_t i = begin; i < report->findings.count; i++)
		tally.warns |= report->findings.items[i]->severity == FINDING_WARNING;
	tally.by_routes = classes->by_routes || flows->by_routes;
	return r < 0 ? r : add_row(report, overlay, iface, expect, &tally);
}

int report_add(struct report *report, const struct overlay *overlay,
	const struct iface *iface, const struct expect_declared *declared,
	const struct flowclasses *flows, enum finding_detail detail)
{
	struct expect expect = { 0 };
	struct flowclasses classes = { 0 };
	int r = expect_of(overlay->state, iface, declared, &expect);

	if (r >= 0)
		r = add_class(report, overlay, iface, &expect, &classes, flows, detail);
	expect_done(&expect);
	flowclasses_done(&classes);
	return r;
}

int report_list_routed(struct report *report, const struct state *state)
{
	int r = 0;

	array_each (&report->ifaces, struct report_iface, row) {
		const struct iface *iface = state_iface(state, row->ifindex);

		if (r >= 0 && row->routed && iface)
			r = expect_add_routed(state, iface, REPORT_EXPECT, &row->expect,
				&row->expect_more);
	}
	return r;
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *left = *(const struct finding *const *)a,
			     *right = *(const struct finding *const *)b;

	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->share > right->share || left->share < right->share)
		return left->share > right->share ? -1 : 1;
	return left->ifindex != right->ifindex ? left->ifindex - right->ifindex
					       : strcmp(left->id, right->id);
}

void report_sort(struct report *report)
{
	if (report->findings.count > 1)
		qsort(report->findings.items, report->findings.count,
			sizeof(*report->findings.items), by_weight);
}
