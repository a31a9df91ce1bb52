/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/evaluate.h"

#include "finding/cure.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

static int declared_flows(const struct state *state, const struct config *config,
	const struct iface *iface, struct flowclasses *ret)
{
	array_each (&config->flows, const struct config_flow, flow) {
		const struct flow rest = {
			.mark = flow->mark,
			.tos = flow->tos,
			.proto = flow->ipproto,
			.sport = flow->sport,
			.dport = flow->dport,
		};
		int r;

		if (fnmatch(flow->iif, iface->link.name, 0) != 0)
			continue;
		r = flowclass_declare(state, iface, flow->from,
			flow->has_to ? &flow->to : NULL, &rest, ret);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

int evaluate_iface(const struct overlay *overlay, const struct config *config,
	const struct iface *iface, enum finding_detail detail, struct report *report)
{
	const struct config_interface *entry =
		config_interface_for(config, iface->link.name, iface_kind(iface));
	struct expect_declared declared = { 0 };
	struct flowclasses flows = { 0 };
	int r;

	if (entry && entry->has_expect) {
		declared.declared = true;
		declared.prefixes = entry->expect.items;
		declared.count = entry->expect.count;
	}
	declared.one_way = entry && entry->one_way;
	r = declared_flows(overlay->state, config, iface, &flows);
	if (r >= 0)
		r = report_add(report, overlay, iface, &declared, &flows, detail);
	flowclasses_done(&flows);
	return r;
}

static int count_iface(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	return evaluate_iface(overlay, data, iface, DETAIL_COUNT, report);
}

struct plan_judge evaluate_judge(const struct config *config)
{
	return (struct plan_judge){ count_iface, config };
}

int evaluate(const struct state *state, const struct config *config,
	enum finding_detail detail, struct report **ret)
{
	_cleanup_(report_freep) struct report *report = report_new();
	_cleanup_(freep) const struct iface **ifaces = NULL;
	const struct overlay overlay = { .state = state };
	const struct plan_judge judge = evaluate_judge(config);
	size_t count;
	int r;

	if (!report)
		return -ENOMEM;
	r = state_ifaces(state, &ifaces, &count);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = evaluate_iface(&overlay, config, ifaces[i], detail, report);
	if (r >= 0 && detail != DETAIL_COUNT)
		r = cure_report(&overlay, &judge, report);
	if (r < 0)
		return r;
	report_sort(report);
	*ret = take_ptr(report);
	return 0;
}

int evaluate_finding(const struct state *state, const struct config *config, int ifindex,
	const char *id, struct finding **ret)
{
	_cleanup_(report_freep) struct report *report = report_new();
	const struct overlay overlay = { .state = state };
	const struct iface *iface = state_iface(state, ifindex);
	const struct plan_judge judge = evaluate_judge(config);
	int r;

	if (!report)
		return -ENOMEM;
	if (!iface || !iface->announced)
		return 0;
	r = evaluate_iface(&overlay, config, iface, DETAIL_SUMMARY, report);
	if (r < 0)
		return r;
	for (size_t i = 0; i < report->findings.count; i++) {
		if (strcmp(report->findings.items[i]->id, id) != 0)
			continue;
		r = cure_find(&overlay, iface, &judge, report->findings.items[i]);
		if (r < 0)
			return r;
		*ret = take_ptr(report->findings.items[i]);
		return 1;
	}
	return 0;
}
