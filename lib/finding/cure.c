/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/cure.h"

#include "finding/cure_rule.h"
#include "finding/cure_source.h"
#include "net/ifname.h"
#include "state/state_apply.h"
#include "state/state_fork.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Each rung makes a fork, changes it as its commands would change the kernel, and has the
 * interface judged there. That costs a copy of all interfaces, so a rung looks first whether it
 * may help at all.
 */
struct climb {
	const struct overlay *overlay;
	const struct iface *iface;
	const struct plan_judge *judge;
	struct finding *finding;
	struct cure_rules *rules;
	struct remedy found[1 + FINDING_ALTERNATIVES];
	size_t count;
};

/* Takes a remedy over; one too many is dropped. */
static void keep_remedy(struct climb *climb, struct remedy *remedy)
{
	if (climb->count < ELEMENTS(climb->found))
		climb->found[climb->count++] = *remedy;
	else
		remedy_done(remedy);
	*remedy = (struct remedy){ 0 };
}

/* --- trying --------------------------------------------------------------------------------- */

/* A fork, and values of rp_filter on it. */
struct trial {
	struct state *state;
	struct overlay_value value;
	struct overlay overlay;
};

static void trial_done(struct trial *trial)
{
	state_free(trial->state);
}

/* rp_filter: of the interface, -1: as it is. Returns 0 or -ENOMEM. */
static int trial_begin(const struct climb *climb, int rp_filter, struct trial *ret)
{
	ret->state = state_fork(climb->overlay->state);
	if (!ret->state)
		return -ENOMEM;
	ret->value = (struct overlay_value){ climb->iface->link.ifindex, rp_filter };
	ret->overlay = (struct overlay){
		.state = ret->state, .values = &ret->value, .value_count = rp_filter >= 0
	};
	return 0;
}

/* 1 where the finding is gone, and everything about it was understood; 0, or -ENOMEM. */
static int is_cured(const struct climb *climb, const struct trial *trial)
{
	int r = plan_is_cured(&trial->overlay,
		state_iface(trial->state, climb->iface->link.ifindex), climb->finding->id,
		climb->judge);

	return r == -ENODATA ? 0 : r;
}

/* 1 where no interface drops more than before; 0, or -ENOMEM. */
static int harms_nobody(const struct climb *climb, const struct trial *trial)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = state_ifaces(trial->state, &ifaces, &count), worse = 0;

	for (size_t i = 0; i < count && r >= 0 && !worse; i++)
		r = worse = plan_is_worse(climb->overlay, &trial->overlay,
			ifaces[i]->link.ifindex, climb->judge);
	return r < 0 ? r : !worse;
}

/* What an interface's, or all's, setting becomes. Returns 0 or -ENOMEM. */
static int set_devconf(struct state *state, int ifindex, enum devconf_key key, int value)
{
	struct record record = {
		.kind = RECORD_NETCONF,
		.netconf = { .ifindex = ifindex, .has = UINT64_C(1) << key },
	};
	int r;

	record.netconf.conf.value[key] = value;
	r = state_apply(state, &record);
	return r < 0 ? r : 0;
}

/* --- src_valid_mark ------------------------------------------------------------------------- */

/* Sets it as `value` wherever it is otherwise; on is the interface's own. 0 or -ENOMEM. */
static int set_mark(
	const struct climb *climb, struct state *state, int value, struct remedy *remedy)
{
	const struct link_record *link = &climb->iface->link;
	const int all = climb->overlay->state->all.value[DEVCONF_SRC_VALID_MARK],
		  own = link->conf.value[DEVCONF_SRC_VALID_MARK];
	const char *name = devconf_name(DEVCONF_SRC_VALID_MARK);
	int r = 0;

	if (!value && all) {
		r = set_devconf(state, NETCONF_ALL, DEVCONF_SRC_VALID_MARK, 0);
		if (r >= 0)
			r = remedy_set(remedy, NETCONF_ALL, "all", name, all, 0);
	}
	if (r >= 0 && !own != !value) {
		r = set_devconf(state, link->ifindex, DEVCONF_SRC_VALID_MARK, value);
		if (r >= 0)
			r = remedy_set(
				remedy, link->ifindex, link->name, name, own, value);
	}
	return r;
}

static int try_mark(struct climb *climb)
{
	_cleanup_(trial_done) struct trial trial = { 0 };
	_cleanup_(remedy_done) struct remedy remedy = { .kind = REMEDY_SYSCTL };
	bool on = devconf_or(&climb->overlay->state->all, &climb->iface->link.conf,
		DEVCONF_SRC_VALID_MARK);
	int r;

	if (!climb->finding->example.mark || climb->finding->expect != EXPECT_DECLARED)
		return 0;
	r = trial_begin(climb, -1, &trial);
	if (r >= 0)
		r = set_mark(climb, trial.state, !on, &remedy);
	if (r >= 0)
		r = is_cured(climb, &trial);
	if (r > 0)
		r = harms_nobody(climb, &trial);
	if (r <= 0)
		return r;
	remedy_write(&remedy, "");
	keep_remedy(climb, &remedy);
	return 0;
}

/* --- an address ----------------------------------------------------------------------------- */

/* The first of 127.0.0.42 and up that nobody has. */
static struct ip4 free_host_address(const struct state *state)
{
	struct ip4 addr = ip4(0x7f00002a);

	while (state_is_local_addr(state, addr))
		addr.host++;
	return addr;
}

/* kind: RECORD_ADDR, or RECORD_ADDR_GONE. */
static int apply_address(
	struct state *state, enum record_kind kind, int ifindex, struct ip4 addr)
{
	const struct record record = {
		.kind = kind,
		.addr = { .ifindex = ifindex,
			.local = addr,
			.peer = addr,
			.len = 32,
			.scope = SCOPE_HOST },
	};
	int r = state_apply(state, &record);

	return r < 0 ? r : 0;
}

/* With its last address an interface loses its routes (docs/kernel.md 4.4): whoever undoes the
 * remedy would lose those that he had before. 1, 0 or -ENOMEM; the trial is over then. */
static int can_be_undone(
	const struct climb *climb, const struct trial *trial, struct ip4 addr)
{
	int r = apply_address(
		trial->state, RECORD_ADDR_GONE, climb->iface->link.ifindex, addr);

	return r < 0 ? r
		     : state_routes(trial->state) == state_routes(climb->overlay->state);
}

/* Loose acts as strict only where there is no address. */
static int try_address(struct climb *climb)
{
	const struct iface *iface = climb->iface;
	const struct rp_filter filter = overlay_rp_filter(climb->overlay, iface);
	struct ip4 addr = free_host_address(climb->overlay->state);
	_cleanup_(trial_done) struct trial trial = { 0 };
	_cleanup_(remedy_done) struct remedy remedy = { .kind = REMEDY_ADDRESS };
	char run[REMEDY_COMMAND], undo[REMEDY_COMMAND], text[IP4_TEXT],
		name[IFNAME_QUOTED];
	int r;

	if (iface->addrs.count || climb->finding->loosened >= 0 ||
		(climb->finding->reason != RPF_STRICT_ASYMMETRIC &&
			climb->finding->reason != RPF_UNNUMBERED))
		return 0;
	r = trial_begin(climb, filter.effective == 1 ? 2 : -1, &trial);
	if (r >= 0)
		r = apply_address(trial.state, RECORD_ADDR, iface->link.ifindex, addr);
	if (r >= 0)
		r = is_cured(climb, &trial);
	if (r > 0)
		r = can_be_undone(climb, &trial, addr);
	if (r <= 0)
		return r;
	ip4_format(addr, text);
	ifname_quote(iface->link.name, name);
	snprintf(run, sizeof(run), "ip address add %s/32 scope host dev %s", text, name);
	snprintf(undo, sizeof(undo), "ip address del %s/32 dev %s", text, name);
	r = remedy_run(&remedy, run, undo);
	if (r >= 0 && filter.effective == 1)
		r = remedy_set(&remedy, iface->link.ifindex, iface->link.name,
			"rp_filter", filter.own, 2);
	if (r < 0)
		return r;
	remedy_write(&remedy, "");
	if (climb->finding->replies_lost)
		remedy_lets_in_only(&remedy, climb->finding->replies_by);
	keep_remedy(climb, &remedy);
	return 0;
}

/* --- all ------------------------------------------------------------------------------------ */

/* As an alternative no more commands than a person would look through. */
#define ALTERNATIVE_STEPS 16

static int add_steps(
	const struct climb *climb, const struct plan *plan, struct remedy *remedy)
{
	int r = 0;

	array_each (&plan->steps, const struct plan_step, step) {
		const struct iface *iface =
			state_iface(climb->overlay->state, step->ifindex);
		const char *name = step->ifindex == NETCONF_ALL	      ? "all"
				   : step->ifindex == NETCONF_DEFAULT ? "default"
				   : iface			      ? iface->link.name
								      : "";

		if (r >= 0)
			r = remedy_set(remedy, step->ifindex, name, "rp_filter",
				step->old, step->value);
	}
	return r;
}

static int try_all(struct climb *climb)
{
	const struct plan_limits limits = { .allow_all = true };
	_cleanup_(plan_done) struct plan plan = { 0 };
	_cleanup_(remedy_done) struct remedy remedy = { .kind = REMEDY_SYSCTL };
	int r;

	if (climb->finding->loosened >= 0 || climb->finding->reason == RPF_LOCAL_SOURCE ||
		climb->finding->reason == RPF_INVALID_SOURCE ||
		(climb->count && climb->overlay->state->ifaces.count > ALTERNATIVE_STEPS))
		return 0;
	r = plan_find(climb->overlay, climb->iface, climb->finding->id, &limits,
		climb->judge, &plan);
	if (r < 0 || plan.rung != PLAN_ALL)
		return r;
	r = add_steps(climb, &plan, &remedy);
	if (r < 0)
		return r;
	remedy_write(&remedy,
		"set every other interface, and default, to the value that is in effect there; then net.ipv4.conf.all.rp_filter=0; then the interface's own to 0");
	if (climb->finding->replies_lost)
		remedy_lets_in_only(&remedy, climb->finding->replies_by);
	keep_remedy(climb, &remedy);
	return 0;
}

/* --- accept_local --------------------------------------------------------------------------- */

static int try_accept_local(struct climb *climb)
{
	const struct link_record *link = &climb->iface->link;
	const struct rp_filter filter = overlay_rp_filter(climb->overlay, climb->iface);
	_cleanup_(trial_done) struct trial trial = { 0 };
	_cleanup_(remedy_done) struct remedy remedy = { .kind = REMEDY_SYSCTL };
	int r;

	if (climb->finding->reason != RPF_LOCAL_SOURCE)
		return 0;
	r = trial_begin(climb, filter.effective == 1 ? 2 : -1, &trial);
	if (r >= 0)
		r = set_devconf(trial.state, link->ifindex, DEVCONF_ACCEPT_LOCAL, 1);
	if (r >= 0)
		r = is_cured(climb, &trial);
	if (r <= 0)
		return r;
	r = remedy_set(&remedy, link->ifindex, link->name,
		devconf_name(DEVCONF_ACCEPT_LOCAL),
		link->conf.value[DEVCONF_ACCEPT_LOCAL], 1);
	if (r >= 0 && filter.effective == 1)
		r = remedy_set(
			&remedy, link->ifindex, link->name, "rp_filter", filter.own, 2);
	if (r < 0)
		return r;
	remedy_write(&remedy, "");
	keep_remedy(climb, &remedy);
	return 0;
}

/* --- the climb ----------------------------------------------------------------------------- */

static int try_rule(struct climb *climb)
{
	_cleanup_(remedy_done) struct remedy remedy = { 0 };
	int r = cure_rule(climb->overlay, climb->iface, climb->judge, climb->finding,
		climb->rules, &remedy);

	if (r > 0)
		keep_remedy(climb, &remedy);
	return r < 0 ? r : 0;
}

static int try_source(struct climb *climb)
{
	_cleanup_(remedy_done) struct remedy remedy = { 0 };
	int r = climb->count ? 0
			     : cure_source(climb->overlay, climb->iface, climb->judge,
				       climb->finding, &remedy);

	if (r > 0)
		keep_remedy(climb, &remedy);
	return r < 0 ? r : 0;
}

/* What was found without a fork. */
static int take_loosening(struct climb *climb)
{
	if (climb->finding->loosened >= 0)
		keep_remedy(climb, &climb->finding->remedy);
	return 0;
}

static int climb_for(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, struct finding *finding, struct cure_rules *rules)
{
	static int (*const rungs[])(struct climb *) = { try_rule, try_source, try_mark,
		take_loosening, try_address, try_all, try_accept_local };
	struct climb climb = { .overlay = overlay,
		.iface = iface,
		.judge = judge,
		.finding = finding,
		.rules = rules };
	int r = 0;

	if (finding->no_route)
		return 0;
	for (size_t i = 0; i < ELEMENTS(rungs) && r >= 0; i++)
		r = rungs[i](&climb);
	if (!climb.count) /* its words stay */
		return r;
	remedy_done(&finding->remedy);
	finding->remedy = climb.found[0];
	finding->alternative_count = climb.count - 1;
	memcpy(finding->alternatives, climb.found + 1,
		finding->alternative_count * sizeof(*finding->alternatives));
	return r;
}

int cure_find(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, struct finding *finding)
{
	_cleanup_(cure_rules_done) struct cure_rules rules = { 0 };

	return climb_for(overlay, iface, judge, finding, &rules);
}

int cure_report(const struct overlay *overlay, const struct plan_judge *judge,
	struct report *report)
{
	_cleanup_(cure_rules_done) struct cure_rules rules = { 0 };
	int r = cure_rules_prepare(overlay, judge, report, &rules);

	array_each (&report->findings, struct finding *const, finding) {
		const struct iface *iface =
			state_iface(overlay->state, (*finding)->ifindex);

		if (r >= 0 && iface)
			r = climb_for(overlay, iface, judge, *finding, &rules);
	}
	return r;
}
