/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/schedule.h"

#include "base/time.h"
#include "daemon/evaluate/evaluate.h"
#include "kernel/clock.h"
#include "state/dirty.h"

#include <errno.h>
#include <stdlib.h>

#define REVERSE_USEC (100 * USEC_PER_MSEC)
#define SLOW_TURNS 1000	    /* how many evaluations one that took long is remembered */
#define REST_FROM_USEC 2000 /* an evaluation that costs more is not repeated at once */

bool schedule_is_outdated(const struct schedule *schedule, const struct state *state,
	const struct finding *finding)
{
	const struct iface *iface = state_iface(state, finding->ifindex);

	return !iface || dirty_has(state, iface,
				 hash_get(&schedule->depends_on_no_route,
					 (uint32_t)finding->ifindex) != NULL);
}

void schedule_done(struct schedule *schedule)
{
	hash_done(&schedule->depends_on_no_route);
	hash_done(&schedule->unnumbered);
	hash_done(&schedule->depends_on_foreign_routes);
	hash_done(&schedule->missed);
	array_done(&schedule->missed_news);
}

/* What a run is about. */
struct run {
	struct schedule *schedule;
	struct state *state;
	const struct config *config;
	struct track *track;
	int unsure_ifindex;
	bool quick;
};

/* --- one interface --------------------------------------------------------------------------- */

/* Remembers which interfaces depend on more than their own routes. */
static int remember_member(struct hash *set, int ifindex, bool member)
{
	if (!member) {
		(void)hash_remove(set, (uint32_t)ifindex);
		return 0;
	}
	return hash_put(set, (uint32_t)ifindex, set);
}

static int remember_iface(const struct run *run, int ifindex, const struct iface *iface,
	const struct report *report)
{
	struct schedule *schedule = run->schedule;
	const struct report_iface *row =
		report->ifaces.count ? &report->ifaces.items[0] : NULL;
	bool takes = iface && expect_takes_input(iface);
	bool wide = run->config->flows.count || (row && report_depends_on_no_route(row));
	int r;

	r = remember_member(&schedule->depends_on_no_route, ifindex, takes && wide);
	if (r >= 0)
		r = remember_member(
			&schedule->unnumbered, ifindex, takes && !iface->addrs.count);
	if (r >= 0)
		r = remember_member(&schedule->depends_on_foreign_routes, ifindex,
			takes && row && (row->by_routes || row->claimed_elsewhere));
	if (r >= 0 && report->missed.count && !schedule->missed.count)
		r = array_push(&schedule->missed_news, &report->missed.items[0]);
	return r < 0 ? r
		     : remember_member(
			       &schedule->missed, ifindex, report->missed.count > 0);
}

/* One interface, which may be gone. */
static int run_iface(const struct run *run, int ifindex)
{
	_cleanup_(report_freep) struct report *report = report_new();
	const struct overlay overlay = { .state = run->state };
	const struct iface *iface = state_iface(run->state, ifindex);
	int r = report ? 0 : -ENOMEM;

	if (iface && !iface->announced)
		iface = NULL;
	if (r >= 0 && iface)
		r = evaluate_iface(&overlay, run->config, iface, DETAIL_COUNT, report);
	if (r >= 0)
		r = remember_iface(run, ifindex, iface, report);
	if (r < 0)
		return r;
	for (size_t i = 0; i < report->findings.count; i++)
		report->findings.items[i]->unsure = run->unsure_ifindex == ifindex;
	return track_update(run->track, ifindex, report->findings.items,
		report->findings.count, report->unknown.items, report->unknown.count,
		run->quick, clock_monotonic_usec());
}

/* --- which ones ------------------------------------------------------------------------------ */

struct ifindexes {
	ARRAY(int) list;
};

static int add_set(struct ifindexes *ret, const struct hash *set)
{
	int r = 0;

	hash_each (set, slot) {
		const int ifindex = (int)slot->key;

		if (r >= 0)
			r = array_push(&ret->list, &ifindex);
	}
	return r;
}

/* Those with findings: also of ones that are gone. */
static int add_tracked(const struct run *run, struct ifindexes *ret)
{
	int r = 0;

	array_each (&run->track->items, const struct track_item, item) {
		if (r >= 0)
			r = array_push(&ret->list, &item->ifindex);
	}
	return r;
}

static bool depends_on_reverse(const struct run *run)
{
	return run->track->items.count || run->schedule->depends_on_foreign_routes.count;
}

/*
 * Which reverse route a finding has, where what is forwarded leaves, and what is expected where a
 * longer prefix of another's bears on it, change with routes that are otherwise no business of
 * the interface: followed at a pace that costs a twentieth at most.
 */
static int choose_reverse(const struct run *run, struct ifindexes *ret)
{
	struct schedule *schedule = run->schedule;
	int r;

	if (!depends_on_reverse(run) ||
		(!run->state->dirty.routes && !schedule->reverse_stale))
		return 0;
	schedule->reverse_stale = clock_monotonic_usec() < schedule->reverse_usec;
	if (schedule->reverse_stale)
		return 0;
	r = add_set(ret, &schedule->depends_on_foreign_routes);
	return r < 0 ? r : add_tracked(run, ret);
}

/* What is to be evaluated now, and in `reverse` what is to be looked at again behind it. */
static int choose_dirty(
	const struct run *run, struct ifindexes *ret, struct ifindexes *reverse)
{
	const struct state *state = run->state;
	int r = 0;

	if (state->dirty.all || run->schedule->all) {
		run->schedule->reverse_stale = false;
		r = add_set(ret, &state->ifaces);
		return r < 0 ? r : add_tracked(run, ret);
	}
	array_each (&state->dirty.ifaces, const int, ifindex) {
		if (r >= 0)
			r = array_push(&ret->list, ifindex);
	}
	if (r >= 0 && state->dirty.no_route)
		r = add_set(ret, &run->schedule->depends_on_no_route);
	if (r >= 0 && state->dirty.addresses)
		r = add_set(ret, &run->schedule->unnumbered);
	return r < 0 ? r : choose_reverse(run, reverse);
}

static int by_number(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	return (left > right) - (left < right);
}

/* Evaluates the chosen ones that were not among those before. */
static int run_chosen(
	const struct run *run, struct ifindexes *chosen, const struct ifindexes *before)
{
	int r = 0;

	if (chosen->list.count > 1)
		qsort(chosen->list.items, chosen->list.count, sizeof(int), by_number);
	for (size_t i = 0; r >= 0 && i < chosen->list.count; i++) {
		const int ifindex = chosen->list.items[i];

		if (i > 0 && ifindex == chosen->list.items[i - 1])
			continue;
		if (before && before->list.count &&
			bsearch(&ifindex, before->list.items, before->list.count,
				sizeof(int), by_number))
			continue;
		r = run_iface(run, ifindex);
	}
	return r;
}

/* --- at what pace ---------------------------------------------------------------------------- */

/* What is looked at again has a pace of its own, and throttles nothing else. */
static int run_reverse(
	const struct run *run, struct ifindexes *reverse, const struct ifindexes *before)
{
	uint64_t began = clock_cpu_usec(), rest;
	int r = run_chosen(run, reverse, before);

	rest = (clock_cpu_usec() - began) * 20;
	run->schedule->reverse_usec =
		clock_monotonic_usec() + (rest > REVERSE_USEC ? rest : REVERSE_USEC);
	return r;
}

/*
 * What an evaluation costs others, in processor time: by the clock, one that was interrupted for
 * some milliseconds would look like a long one. Asking for it is a system call, so that is done
 * only where one has lately taken long by the clock, which nearly all don't: the first long one
 * is followed by no rest.
 */
struct stopwatch {
	uint64_t began_usec, cpu_usec;
};

static struct stopwatch start_watch(const struct schedule *schedule)
{
	return (struct stopwatch){ clock_monotonic_usec(),
		schedule->slow_turns ? clock_cpu_usec() : 0 };
}

/* Evaluations that take long are followed by nine times that without one. */
static void rest_after(
	struct schedule *schedule, const struct stopwatch *watch, bool once)
{
	uint64_t now = clock_monotonic_usec();

	if (now - watch->began_usec <= REST_FROM_USEC) {
		schedule->slow_turns -= schedule->slow_turns > 0;
		return;
	}
	if (schedule->slow_turns && !once) {
		uint64_t cost = clock_cpu_usec() - watch->cpu_usec;

		if (cost > REST_FROM_USEC)
			schedule->throttled_until_usec = now + cost * 9;
	}
	schedule->slow_turns = SLOW_TURNS;
}

static void note_blind(struct schedule *schedule, const struct state *state)
{
	schedule->blind_news |= state->blind > schedule->blind;
	schedule->blind = state->blind;
}

/* Evaluates what is pending, and no more. */
static int run_pending(const struct run *run)
{
	struct schedule *schedule = run->schedule;
	/* what was read anew is evaluated once, however long that takes: others pace it */
	bool once = run->quick || schedule->all;
	struct ifindexes chosen = { 0 }, reverse = { 0 };
	const struct stopwatch watch = start_watch(schedule);
	int r = choose_dirty(run, &chosen, &reverse);

	schedule->reverse_stale &= depends_on_reverse(run);
	schedule->all = false;
	dirty_settle(run->state);
	if (r >= 0)
		r = run_chosen(run, &chosen, NULL);
	rest_after(schedule, &watch, once);
	if (r >= 0 && reverse.list.count)
		r = run_reverse(run, &reverse, &chosen);
	array_done(&chosen.list);
	array_done(&reverse.list);
	note_blind(schedule, run->state);
	return r;
}

bool schedule_is_pending(const struct schedule *schedule, const struct state *state)
{
	return schedule->all || schedule->reverse_stale || dirty_any(state);
}

bool schedule_throttle(struct schedule *schedule, const struct state *state, bool quick)
{
	schedule->throttled = !quick && !schedule->all &&
			      schedule_is_pending(schedule, state) &&
			      clock_monotonic_usec() < schedule->throttled_until_usec;
	return schedule->throttled;
}

int schedule_run(struct schedule *schedule, struct state *state,
	const struct config *config, struct track *track, int unsure_ifindex, bool quick)
{
	const struct run run = { schedule, state, config, track, unsure_ifindex, quick };

	return schedule_is_pending(schedule, state) ? run_pending(&run) : 0;
}

uint64_t schedule_next(const struct schedule *schedule)
{
	if (schedule->throttled)
		return schedule->throttled_until_usec;
	return schedule->reverse_stale ? schedule->reverse_usec : USEC_NEVER;
}
