/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What holds of the verdicts on any state: ranges, shares and drop sets say of each source what a
 * look-up and a verdict of its own say.
 */

#include "finding/finding_text.h"
#include "finding/report.h"
#include "fuzz/fuzz.h"
#include "rpf/rpf.h"

#define VERDICTS_IFACES 6 /* that are evaluated, of each state */

struct verdicts_part {
	struct lookup_result result;
	uint64_t by_range, by_share;
};

struct verdicts_walk {
	const struct overlay *overlay;
	struct lookup_flow flow;
	ARRAY(struct verdicts_part) parts;
};

static inline bool verdicts_same(
	const struct lookup_result *a, const struct lookup_result *b)
{
	return a->error == b->error && a->info == b->info && a->rule == b->rule &&
	       a->blind == b->blind;
}

static inline struct verdicts_part *verdicts_part_of(
	struct verdicts_walk *walk, const struct lookup_result *result)
{
	struct verdicts_part fresh = { .result = *result };

	array_each (&walk->parts, struct verdicts_part, part)
		if (verdicts_same(&part->result, result))
			return part;
	assert(array_push(&walk->parts, &fresh) == 0);
	return &walk->parts.items[walk->parts.count - 1];
}

static inline int verdicts_range(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct verdicts_walk *walk = data;

	assert(first <= last);
	for (int end = 0; end < 2; end++) {
		struct lookup_result alone;

		walk->flow.dst = ip4(end ? last : first);
		alone = lookup(walk->overlay, &walk->flow, NULL, 0);
		assert(verdicts_same(&alone, result));
		assert(!result->info ||
			(alone.prefix.len == result->prefix.len &&
				alone.prefix.addr.host == result->prefix.addr.host));
	}
	verdicts_part_of(walk, result)->by_range += (uint64_t)last - first + 1;
	return 0;
}

static inline int verdicts_share(const struct lookup_result *result,
	const struct fib_list *list, uint64_t count, void *data)
{
	(void)list;
	verdicts_part_of(data, result)->by_share += count;
	return 0;
}

/* A reverse look-up of all sources at once is one of each; and so is what is only counted. */
static inline void verdicts_of_ranges(
	const struct overlay *overlay, const struct lookup_flow *flow)
{
	struct verdicts_walk walk = { .overlay = overlay, .flow = *flow };
	struct prefixset all = { 0 };
	uint64_t sum = 0;

	assert(prefixset_add(&all, 0, UINT32_MAX) == 0);
	assert(lookup_range(overlay, flow, 0, UINT32_MAX, verdicts_range, &walk) == 0);
	assert(lookup_shares(overlay, flow, &all, verdicts_share, &walk) == 0);
	array_each (&walk.parts, const struct verdicts_part, part) {
		assert(part->by_range == part->by_share);
		sum += part->by_range;
	}
	assert(sum == UINT64_C(1) << 32);
	array_done(&walk.parts);
	prefixset_done(&all);
}

/* Whether src is in the set as a verdict on it says. */
static inline void verdicts_of_source(const struct overlay *overlay, struct flow flow,
	uint32_t src, const struct dropset *dropset)
{
	struct rpf rpf;

	flow.src = ip4(src);
	rpf = rpf_judge(overlay, &flow, NULL);
	if (rpf.looked_up && rpf.reason != RPF_BLIND)
		assert(prefixset_has(&dropset->by[DROP_FILTER].dropped, flow.src) ==
			(rpf.reason == RPF_STRICT_ASYMMETRIC ||
				rpf.reason == RPF_UNNUMBERED ||
				rpf.reason == RPF_NO_ROUTE));
}

/* The sources that are dropped of packets for the host itself. */
static inline void verdicts_of_dropset(
	const struct overlay *overlay, const struct iface *iface, const struct flow *flow)
{
	const struct flowclass class = { .flow = *flow };
	struct dropset dropset = { .one_way = true }, count = dropset;
	struct prefixset all = { 0 };

	assert(prefixset_add(&all, 0, UINT32_MAX) == 0);
	assert(dropset_of(overlay, iface, &class, &all, &dropset) == 0);
	assert(dropset_count(overlay, iface, &class, &all, &count) == 0);
	assert(dropset.by[DROP_FILTER].count == count.by[DROP_FILTER].count &&
		dropset.blind == count.blind);
	assert(dropset.by[DROP_FILTER].count ==
		prefixset_size(&dropset.by[DROP_FILTER].dropped));
	for (size_t i = 0; i < dropset.by[DROP_FILTER].dropped.ranges.count && i < 16;
		i++) {
		const struct range *range =
			&dropset.by[DROP_FILTER].dropped.ranges.items[i];

		verdicts_of_source(overlay, *flow, range->first - 1, &dropset);
		verdicts_of_source(overlay, *flow, range->first, &dropset);
		verdicts_of_source(overlay, *flow, range->last, &dropset);
		verdicts_of_source(overlay, *flow, range->last + 1, &dropset);
	}
	dropset_done(&dropset);
	dropset_done(&count);
	prefixset_done(&all);
}

static inline void verdicts_of_flow(
	const struct overlay *overlay, const struct flow *flow)
{
	const struct iface *iface = state_iface(overlay->state, flow->iif);
	struct rpf rpf = rpf_judge(overlay, flow, NULL), again;
	struct lookup_result forward;
	struct reverse reverse = { 0 };
	struct lookup_flow key;
	struct trace trace = { 0 };

	again = rpf_judge(overlay, flow, &trace);
	assert(rpf.verdict == again.verdict && rpf.reason == again.reason);
	assert(rpf_reason_verdict(rpf.reason) == rpf.verdict);
	trace_done(&trace);
	if (rpf.looked_up)
		assert(reverse_of(overlay, &rpf.reverse, &reverse) == 0);
	reverse_done(&reverse);
	if (!iface || !iface->link.has_inet)
		return;
	key = rpf_forward_flow(overlay, iface, flow);
	verdicts_of_ranges(overlay, &key);
	forward = lookup(overlay, &key, NULL, 0);
	if (!forward.error && !forward.blind && forward.info->type == ROUTE_LOCAL &&
		!ip4_is_multicast(flow->dst) && !ip4_is_lbcast(flow->dst))
		verdicts_of_dropset(overlay, iface, flow);
}

static inline struct report *verdicts_report(const struct overlay *overlay,
	const struct iface *iface, enum finding_detail detail)
{
	const struct expect_declared silent = { 0 };
	const struct flowclasses none = { 0 };
	struct report *report = report_new();

	assert(report);
	assert(report_add(report, overlay, iface, &silent, &none, detail) == 0);
	return report;
}

/* What is found on an interface, in full and counted. */
static inline void verdicts_of_iface(
	const struct overlay *overlay, const struct iface *iface)
{
	_cleanup_(report_freep) struct report *full =
		verdicts_report(overlay, iface, DETAIL_FULL);
	_cleanup_(report_freep) struct report *count =
		verdicts_report(overlay, iface, DETAIL_COUNT);
	char text[FINDING_TEXT], flow[FLOW_TEXT];

	assert(full->ifaces.items[0].verdict == count->ifaces.items[0].verdict);
	array_each (&full->findings, struct finding *const, finding) {
		struct rpf rpf = rpf_judge(overlay, &(*finding)->example, NULL);

		(void)finding_sentence(*finding, text);
		assert((*finding)->dropped &&
			(*finding)->dropped <= (*finding)->expected);
		/* what is not understood, or the kernel's hash secret, may decide of one packet */
		if (rpf.verdict == RPF_DROP || rpf.reason == RPF_BLIND ||
			rpf.reason == RPF_MULTIPATH)
			continue;
		flow_format(&(*finding)->example, iface->link.name, flow);
		fprintf(stderr, "%s\nits example %s: %s\n", text, flow,
			rpf_reason_name(rpf.reason));
		abort();
	}
	assert(report_list_routed(full, overlay->state) == 0);
}

static inline void verdicts_of_ifaces(const struct overlay *overlay)
{
	const struct iface **ifaces = NULL;
	size_t count = 0;

	assert(state_ifaces(overlay->state, &ifaces, &count) == 0);
	for (size_t i = 0, most = VERDICTS_IFACES; i < count && most; i++) {
		if (!ifaces[i]->announced)
			continue;
		verdicts_of_iface(overlay, ifaces[i]);
		most--;
	}
	free(ifaces);
}
