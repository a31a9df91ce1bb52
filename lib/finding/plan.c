/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/plan.h"

#include "finding/remedy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * A rung is a list of values; whether it cures is asked of the same code that made the finding,
 * through an overlay that has them. The kernel is asked when they are written.
 */
struct tried {
	ARRAY(struct overlay_value) values;
};

static int try_value(struct tried *tried, int ifindex, int rp_filter)
{
	const struct overlay_value value = { ifindex, rp_filter };

	array_each (&tried->values, struct overlay_value, known) {
		if (known->ifindex == ifindex) {
			known->rp_filter = rp_filter;
			return 0;
		}
	}
	return array_push(&tried->values, &value);
}

static int try_base(struct tried *tried, const struct overlay *overlay)
{
	int r = 0;

	for (size_t i = 0; i < overlay->value_count && r >= 0; i++)
		r = try_value(
			tried, overlay->values[i].ifindex, overlay->values[i].rp_filter);
	return r;
}

static int try_plan(
	struct tried *tried, const struct overlay *overlay, const struct plan *plan)
{
	int r = try_base(tried, overlay);

	array_each (&plan->steps, const struct plan_step, step) {
		if (r >= 0)
			r = try_value(tried, step->ifindex, step->value);
	}
	return r;
}

static struct overlay overlay_tried(
	const struct overlay *overlay, const struct tried *tried)
{
	return (struct overlay){ .state = overlay->state,
		.values = tried->values.items,
		.value_count = tried->values.count };
}

int plan_is_cured(const struct overlay *overlay, const struct iface *iface,
	const char *id, const struct plan_judge *judge)
{
	_cleanup_(report_freep) struct report *report = report_new();
	int r;

	if (!report)
		return -ENOMEM;
	r = judge->judge(overlay, iface, report, judge->data);
	if (r < 0)
		return r;
	array_each (&report->unknown, const struct finding_id, unknown) {
		if (!id || strcmp(unknown->text, id) == 0)
			return -ENODATA;
	}
	array_each (&report->findings, struct finding *const, finding) {
		if (!id || strcmp((*finding)->id, id) == 0)
			return 0;
	}
	return 1;
}

static int plan_cures(const struct overlay *overlay, const struct iface *iface,
	const char *id, const struct plan *plan, const struct plan_judge *judge)
{
	struct tried tried = { 0 };
	int r = try_plan(&tried, overlay, plan);

	if (r >= 0) {
		const struct overlay seen = overlay_tried(overlay, &tried);

		r = plan_is_cured(&seen, iface, id, judge);
	}
	array_done(&tried.values);
	return r;
}

/* "net.ipv4.conf.all.rp_filter" */
static void step_key(const struct state *state, int ifindex, char key[static 64])
{
	const struct iface *iface = state_iface(state, ifindex);

	if (ifindex == NETCONF_ALL || ifindex == NETCONF_DEFAULT)
		remedy_key(ifindex == NETCONF_ALL ? "all" : "default", key);
	else
		remedy_key(iface ? iface->link.name : "?", key);
}

static int add_step(
	const struct overlay *overlay, struct plan *plan, int ifindex, int old, int value)
{
	struct plan_step step = { .ifindex = ifindex, .old = old, .value = value };

	step_key(overlay->state, ifindex, step.key);
	return array_push(&plan->steps, &step);
}

/* Any greater value acts as 2 does (docs/kernel.md 3.2): that is what is written then. */
static int plain(int value)
{
	return value > 2 ? 2 : value;
}

int plan_keeping_value(int own, int all)
{
	int effective = rp_filter_combine(0, own, all).effective;

	return plain(own) == plain(effective) ? own : plain(effective);
}

static int add_keeping(
	const struct overlay *overlay, struct plan *plan, int ifindex, int own, int all)
{
	int value = plan_keeping_value(own, all), r;

	if (value == own)
		return 0;
	r = add_step(overlay, plan, ifindex, own, value);
	if (r >= 0)
		plan->steps.items[plan->steps.count - 1].keeps = true;
	return r;
}

/*
 * Rung 3. An interface that comes while this goes on takes default's value, and one without
 * IPv4 does when it gets IPv4 back: hence default, too, and all after both.
 */
static int add_all(const struct overlay *overlay, const struct iface *target,
	const struct rp_filter *filter, struct plan *plan)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = state_ifaces(overlay->state, &ifaces, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct rp_filter other = overlay_rp_filter(overlay, ifaces[i]);

		if (ifaces[i] != target && ifaces[i]->link.has_inet)
			r = add_keeping(overlay, plan, ifaces[i]->link.ifindex, other.own,
				other.all);
	}
	if (r >= 0)
		r = add_keeping(overlay, plan, NETCONF_DEFAULT, overlay_default(overlay),
			filter->all);
	if (r >= 0)
		r = add_step(overlay, plan, NETCONF_ALL, filter->all, 0);
	if (r >= 0 && filter->own != 0)
		r = add_step(overlay, plan, target->link.ifindex, filter->own, 0);
	return r;
}

/* Puts the steps of a rung into plan. Returns 1, or 0 where there is no such rung here. */
static int build_rung(const struct overlay *overlay, const struct iface *iface,
	const struct rp_filter *filter, enum plan_rung rung, struct plan *plan)
{
	int ifindex = iface->link.ifindex, r = 0;

	array_clear(&plan->steps);
	switch (rung) {
	case PLAN_LOOSE:
		if (filter->effective != 1)
			return 0;
		r = add_step(overlay, plan, ifindex, filter->own, 2);
		break;
	case PLAN_OFF:
		if (filter->own == 0 || !overlay_zero_is_off(overlay, filter->all))
			return 0;
		r = add_step(overlay, plan, ifindex, filter->own, 0);
		break;
	case PLAN_ALL:
		if (overlay_zero_is_off(overlay, filter->all))
			return 0;
		r = add_all(overlay, iface, filter, plan);
		break;
	case PLAN_MANUAL:
		return 0;
	}
	return r < 0 ? r : 1;
}

static enum plan_limit limit_of(enum plan_rung rung, const struct plan_limits *limits)
{
	if (rung != PLAN_LOOSE && limits->lowest_loose)
		return PLAN_LOWEST;
	return rung == PLAN_ALL && !limits->allow_all ? PLAN_ALLOW_ALL : PLAN_FREE;
}

int plan_find(const struct overlay *overlay, const struct iface *iface, const char *id,
	const struct plan_limits *limits, const struct plan_judge *judge,
	struct plan *ret)
{
	static const enum plan_rung rungs[] = { PLAN_LOOSE, PLAN_OFF, PLAN_ALL };
	struct rp_filter filter = overlay_rp_filter(overlay, iface);

	for (size_t i = 0; i < ELEMENTS(rungs); i++) {
		int r = build_rung(overlay, iface, &filter, rungs[i], ret);

		if (r > 0)
			r = plan_cures(overlay, iface, id, ret, judge);
		if (r < 0 && r != -ENODATA)
			return r;
		if (r <= 0)
			continue;
		ret->rung = rungs[i];
		ret->limit = limit_of(rungs[i], limits);
		if (ret->limit == PLAN_FREE)
			return 0;
		break; /* the rungs above it do more, and nothing less of this */
	}
	array_clear(&ret->steps);
	ret->rung = PLAN_MANUAL;
	return 0;
}

int plan_value_cures(const struct overlay *overlay, const struct iface *iface,
	const char *id, int value, const struct plan_judge *judge)
{
	struct tried tried = { 0 };
	int r = try_base(&tried, overlay);

	if (r >= 0)
		r = try_value(&tried, iface->link.ifindex, value);
	if (r >= 0) {
		const struct overlay seen = overlay_tried(overlay, &tried);

		r = plan_is_cured(&seen, iface, id, judge);
	}
	array_done(&tried.values);
	return r;
}

/* --- what else would change ------------------------------------------------------------------- */

/* How many addresses a finding drops, 0 where there is none. */
static uint64_t dropped_in(const struct report *report, const char *id)
{
	array_each (&report->findings, struct finding *const, finding) {
		if (strcmp((*finding)->id, id) == 0)
			return (*finding)->dropped;
	}
	return 0;
}

/* The findings of a that b has not, or that drop less there, but for the one to be cured. */
static int add_missing(const struct report *a, const struct report *b, const char *id,
	bool drops, struct plan_changes *ret)
{
	int r = 0;

	array_each (&a->findings, struct finding *const, finding) {
		struct plan_change change = { .drops = drops };

		if (r < 0 || strcmp((*finding)->id, id) == 0 ||
			(*finding)->dropped <= dropped_in(b, (*finding)->id))
			continue;
		snprintf(change.finding.text, sizeof(change.finding.text), "%s",
			(*finding)->id);
		r = array_push(&ret->list, &change);
	}
	return r;
}

static bool acts_alike(const struct rp_filter *a, const struct rp_filter *b)
{
	return plain(a->effective) == plain(b->effective);
}

/* Judges each interface that the change touches, before and after. */
static int judge_touched(const struct overlay *overlay, const struct overlay *changed,
	const struct plan_judge *judge, struct report *before, struct report *after)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = state_ifaces(overlay->state, &ifaces, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct rp_filter was = overlay_rp_filter(overlay, ifaces[i]),
				 is = overlay_rp_filter(changed, ifaces[i]);

		if (acts_alike(&was, &is))
			continue;
		r = judge->judge(overlay, ifaces[i], before, judge->data);
		if (r >= 0)
			r = judge->judge(changed, ifaces[i], after, judge->data);
	}
	return r;
}

int plan_side_effects(const struct overlay *overlay, const struct plan *plan,
	const char *id, const struct plan_judge *judge, struct plan_changes *ret)
{
	_cleanup_(report_freep) struct report *before = report_new();
	_cleanup_(report_freep) struct report *after = report_new();
	struct tried tried = { 0 };
	int r = before && after ? try_plan(&tried, overlay, plan) : -ENOMEM;

	if (r >= 0) {
		const struct overlay changed = overlay_tried(overlay, &tried);

		r = judge_touched(overlay, &changed, judge, before, after);
	}
	array_done(&tried.values);
	if (r < 0)
		return r;
	ret->unknown |= after->unknown.count > 0;
	r = add_missing(before, after, id, false, ret);
	return r < 0 ? r : add_missing(after, before, id, true, ret);
}

int plan_is_worse(const struct overlay *before, const struct overlay *after, int ifindex,
	const struct plan_judge *judge)
{
	_cleanup_(report_freep) struct report *was = report_new(), *is = report_new();
	const struct iface *then = state_iface(before->state, ifindex),
			   *now = state_iface(after->state, ifindex);
	bool worse;
	int r = was && is ? 0 : -ENOMEM;

	if (r >= 0 && then)
		r = judge->judge(before, then, was, judge->data);
	if (r >= 0 && now)
		r = judge->judge(after, now, is, judge->data);
	if (r < 0)
		return r;
	worse = is->unknown.count > was->unknown.count;
	array_each (&is->findings, struct finding *const, finding)
		worse |= (*finding)->dropped > dropped_in(was, (*finding)->id);
	return worse;
}

void plan_done(struct plan *plan)
{
	array_done(&plan->steps);
}

void plan_changes_done(struct plan_changes *changes)
{
	array_done(&changes->list);
}
