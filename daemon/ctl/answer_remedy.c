/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/answer_remedy.h"

#include "daemon/evaluate/evaluate.h"
#include "finding/cure.h"

#include <errno.h>

/* --- the finding of a packet ---------------------------------------------------------------- */

static bool has_source(const struct finding *finding, struct ip4 src)
{
	array_each (&finding->whole, const struct prefix4, prefix) {
		if (prefix4_has(*prefix, src))
			return true;
	}
	return false;
}

static bool is_about(const struct finding *finding, const struct flow *flow)
{
	const struct flow *example = &finding->example;
	bool to = example->dst.host == flow->dst.host;

	array_each (&finding->to.list, const struct ip4, dst)
		to |= dst->host == flow->dst.host;
	return to && example->mark == flow->mark && example->tos == flow->tos &&
	       example->proto == flow->proto && example->sport == flow->sport &&
	       example->dport == flow->dport && has_source(finding, flow->src);
}

/* Takes the finding out of the report that a packet belongs to, NULL for none. */
static struct finding *take_finding(struct report *report, const struct flow *flow)
{
	array_each (&report->findings, struct finding *, finding) {
		if (is_about(*finding, flow))
			return take_ptr(*finding);
	}
	return NULL;
}

static int find_open(const struct host *host, const struct iface *iface,
	const struct flow *flow, struct finding **ret)
{
	const struct overlay overlay = { .state = host->state };
	const struct plan_judge judge = evaluate_judge(host->config);
	_cleanup_(report_freep) struct report *report = report_new();
	int r;

	if (!report)
		return -ENOMEM;
	r = evaluate_iface(&overlay, host->config, iface, DETAIL_FULL, report);
	if (r < 0)
		return r;
	*ret = take_finding(report, flow);
	return *ret ? cure_find(&overlay, iface, &judge, *ret) : 0;
}

/* --- a finding of its own ------------------------------------------------------------------- */

/* As if the packet were declared, and nothing else of its interface. */
struct alone {
	const struct config *config;
	int ifindex;
	struct flowclasses flows;
};

static int judge_alone(const struct alone *alone, const struct overlay *overlay,
	const struct iface *iface, enum finding_detail detail, struct report *report)
{
	const struct expect_declared nothing = { .declared = true };

	return report_add(report, overlay, iface, &nothing, &alone->flows, detail);
}

static int judge_beside(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	const struct alone *alone = data;
	int r = evaluate_iface(overlay, alone->config, iface, DETAIL_COUNT, report);

	if (r < 0 || iface->link.ifindex != alone->ifindex)
		return r;
	return judge_alone(alone, overlay, iface, DETAIL_COUNT, report);
}

static int find_alone(const struct host *host, const struct iface *iface,
	const struct flow *flow, struct finding **ret)
{
	const struct overlay overlay = { .state = host->state };
	struct alone alone = { .config = host->config, .ifindex = iface->link.ifindex };
	const struct plan_judge judge = { judge_beside, &alone };
	_cleanup_(report_freep) struct report *report = report_new();
	int r = flowclass_declare(host->state, iface, prefix4(flow->src, 32), &flow->dst,
		flow, &alone.flows);

	if (!report)
		r = -ENOMEM;
	if (r >= 0)
		r = judge_alone(&alone, &overlay, iface, DETAIL_SUMMARY, report);
	if (r >= 0 && report->findings.count) {
		*ret = take_ptr(report->findings.items[0]);
		r = cure_find(&overlay, iface, &judge, *ret);
	}
	flowclasses_done(&alone.flows);
	return r == -ENOENT ? 0 : r;
}

int answer_find_remedy(const struct host *host, struct answer *answer)
{
	const struct iface *iface = state_iface(host->state, answer->flow.iif);
	int r;

	if (answer->rpf.verdict != RPF_DROP || !iface)
		return 0;
	r = find_open(host, iface, &answer->flow, &answer->finding);
	if (r >= 0 && !answer->finding)
		r = find_alone(host, iface, &answer->flow, &answer->finding);
	return r;
}
