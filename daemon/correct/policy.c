/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/policy.h"

#include "base/time.h"
#include "finding/remedy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void policy_due(struct policy *policy, uint64_t at_usec)
{
	if (at_usec < policy->next_usec)
		policy->next_usec = at_usec;
}

/* --- who may be corrected ------------------------------------------------------------------- */

enum config_mode policy_mode(
	const struct policy_input *input, const char *name, const char *kind)
{
	const struct config_interface *entry =
		config_interface_for(input->config, name, kind);

	if (input->mode)
		return *input->mode;
	return entry && entry->has_mode ? entry->mode : input->config->mode;
}

/* Only what is declared, or what a tunnel is for, unless an entry asks for it by itself. */
static bool is_in_scope(const struct config *config, const struct finding *finding)
{
	const struct config_interface *entry =
		config_interface_for(config, finding->iif, finding->kind);

	return finding->expect <= EXPECT_TUNNEL ||
	       (entry && entry->has_mode && entry->mode != CONFIG_MONITOR);
}

/*
 * Sources without a route back are not dropped for rp_filter's sake: no answer could leave. At a
 * boot, and whenever a default route is lost, that is all of them. Loose changes nothing for them,
 * and whatever does would leave the interface without a filter for a route's sake.
 */
static bool is_for_route(const struct config *config, const struct finding *finding,
	const struct plan *plan)
{
	const struct config_interface *entry =
		config_interface_for(config, finding->iif, finding->kind);

	if (entry && entry->one_way)
		return false;
	return finding->no_route || finding->reason == RPF_NO_ROUTE ||
	       (plan && plan->rung != PLAN_LOOSE && finding->reasons[RPF_NO_ROUTE]);
}

enum refusal policy_forbids(const struct config *config, const struct finding *finding,
	const struct plan *plan)
{
	if (is_for_route(config, finding, plan))
		return REFUSED_ROUTE;
	if (!plan || plan->rung != PLAN_MANUAL)
		return REFUSED_NOTHING;
	switch (plan->limit) {
	case PLAN_LOWEST:
		return REFUSED_LOWEST;
	case PLAN_ALLOW_ALL:
		return REFUSED_ALLOW_ALL;
	case PLAN_FREE:
		break;
	}
	return REFUSED_NOTHING;
}

const char *refusal_name(enum refusal refusal)
{
	switch (refusal) {
	case REFUSED_NOTHING:
		break;
	case REFUSED_SCOPE:
		return "mode";
	case REFUSED_LOWEST:
		return "lowest";
	case REFUSED_ALLOW_ALL:
		return "allow_all";
	case REFUSED_PER_MINUTE:
		return "per_minute";
	case REFUSED_PAUSED:
		return "pause";
	case REFUSED_UNSURE:
		return "unsure";
	case REFUSED_OTHERS:
		return "others";
	case REFUSED_LEDGER:
		return "ledger";
	case REFUSED_UNCERTAIN:
		return "certain";
	case REFUSED_ROUTE:
		return "one_way";
	case REFUSED_REPLIES:
		return "replies";
	}
	return "nothing";
}

/* --- pauses --------------------------------------------------------------------------------- */

/* When a pause ends, as people read it. */
static uint64_t end_of(const struct policy_input *input, const struct ledger_pause *pause)
{
	return pause->until_usec ? input->when_usec + pause->until_usec - input->boot_usec
				 : 0;
}

struct correction policy_pause_event(const struct policy_input *input,
	enum event_kind kind, const struct ledger_pause *pause)
{
	return (struct correction){ .kind = kind,
		.pause = pause,
		.ifindex = pause->ifindex,
		.iif = *pause->name ? pause->name : "all",
		.until_usec = end_of(input, pause) };
}

/* Ends what is over, and says so of all that has ended. Returns 0 or -ENOMEM. */
static int end_pauses(struct policy *policy, const struct policy_input *input)
{
	struct ledger *ledger = input->ledger;
	uint64_t next;
	int r = 0;

	/* not saved it is over all the same when it is read again */
	if (ledger_end_due(ledger, input->boot_usec))
		r = ledger_save(ledger);
	array_each (&ledger->ended, const struct ledger_pause, pause) {
		struct backoff *backoff =
			hash_get(&policy->backoffs.by_ifindex, (uint64_t)pause->ifindex);
		const struct correction event =
			policy_pause_event(input, EVENT_RESUMED, pause);

		/* while the machine sleeps, the one clock stands and the other does not */
		if (backoff && pause->fight && input->now_usec < backoff->paused_until)
			backoff->paused_until = input->now_usec;
		input->report(input->report_data, &event);
	}
	array_clear(&ledger->ended);
	next = ledger_next_end(ledger);
	if (next != USEC_NEVER)
		policy_due(policy, usec_add(input->now_usec, next - input->boot_usec));
	return r == -ENOMEM ? r : 0;
}

/* --- saying things once --------------------------------------------------------------------- */

static struct policy_reported *reported_of(struct policy *policy, const char *id)
{
	struct policy_reported fresh = { .seen = true };

	array_each (&policy->reported, struct policy_reported, reported) {
		if (strcmp(reported->id, id) == 0)
			return reported;
	}
	snprintf(fresh.id, sizeof(fresh.id), "%s", id);
	if (array_push(&policy->reported, &fresh) < 0)
		return NULL;
	return &policy->reported.items[policy->reported.count - 1];
}

static struct correction event_of(enum event_kind kind, const struct finding *finding)
{
	return (struct correction){ .kind = kind,
		.finding = finding,
		.id = finding->id,
		.ifindex = finding->ifindex,
		.iif = finding->iif,
		.old = finding->filter.own };
}

static bool is_reported(const struct policy_input *input, const char *id)
{
	return !input->is_reported || input->is_reported(input->report_data, id);
}

/* A refusal is reported once as long as it stands. Returns 0 or -ENOMEM. */
static int refuse(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan, enum refusal refusal)
{
	struct policy_reported *reported = reported_of(policy, finding->id);
	struct correction event = event_of(EVENT_REFUSED, finding);

	if (!reported)
		return -ENOMEM;
	reported->seen = true;
	if (reported->refusal == refusal || !is_reported(input, finding->id))
		return 0;
	reported->refusal = refusal;
	event.refusal = refusal;
	if (refusal == REFUSED_PAUSED) {
		event.pause =
			ledger_pause_of(input->ledger, finding->ifindex, finding->iif);
		event.until_usec = end_of(input, event.pause);
	}
	event.plan = plan;
	event.why = input->ledger_error;
	input->report(input->report_data, &event);
	return 0;
}

/* A failure is reported once as long as it is the same one. */
static int failed(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan,
	const struct outcome *outcome)
{
	struct policy_reported *reported = reported_of(policy, finding->id);
	struct correction event = event_of(EVENT_CORRECTION_FAILED, finding);
	int error = outcome->error ? outcome->error : -1000 - (int)outcome->kind;

	if (!reported)
		return -ENOMEM;
	reported->seen = true;
	if (reported->error == error)
		return 0;
	reported->error = error;
	event.plan = plan;
	event.outcome = *outcome;
	event.value = plan->steps.items[plan->steps.count - 1].value;
	input->report(input->report_data, &event);
	return 0;
}

/* The value that the interface itself gets. */
static int planned_value(const struct finding *finding, const struct plan *plan)
{
	array_each (&plan->steps, const struct plan_step, step) {
		if (step->ifindex == finding->ifindex)
			return step->value;
	}
	return finding->filter.own;
}

static void corrected(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan, bool by_hand)
{
	struct policy_reported *reported = reported_of(policy, finding->id);
	struct correction event = event_of(EVENT_CORRECTED, finding);

	if (reported)
		reported->refusal = REFUSED_NOTHING, reported->error = 0;
	event.plan = plan;
	event.value = planned_value(finding, plan);
	event.by_hand = by_hand;
	event.outcome.kernel = KERNEL_PASS;
	input->report(input->report_data, &event);
}

/* --- one finding ---------------------------------------------------------------------------- */

static int single_step(const struct finding *finding, struct plan *plan)
{
	struct plan_step step = { .ifindex = finding->ifindex,
		.old = finding->filter.own,
		.value = finding->loosened };

	remedy_key(finding->iif, step.key);
	plan->rung = finding->loosened ? PLAN_LOOSE : PLAN_OFF;
	return array_push(&plan->steps, &step);
}

/*
 * The plan for a finding. Where its remedy is one step that may be taken, that is it: the rest
 * of the ladder, which costs a judging a rung, is climbed only where that isn't so.
 */
static int plan_for(
	const struct policy_input *input, const struct finding *finding, struct plan *ret)
{
	const struct plan_limits limits = {
		.lowest_loose = input->config->correct.lowest_loose,
		.allow_all = input->config->correct.allow_all,
	};
	const struct state *state = input->port->state(input->port->data);
	const struct overlay overlay = { .state = state };
	const struct iface *iface = state ? state_iface(state, finding->ifindex) : NULL;

	ret->rung = PLAN_MANUAL;
	if (!iface)
		return 0;
	if (finding->loosened > 0 || (finding->loosened == 0 && !limits.lowest_loose))
		return single_step(finding, ret);
	return plan_find(&overlay, iface, finding->id, &limits, &input->port->judge, ret);
}

/* Whether the plan would make others drop: 1, 0 or -ENOMEM. Below rung 3 it can't. */
static int harms(const struct policy_input *input, const struct finding *finding,
	const struct plan *plan)
{
	const struct state *state = input->port->state(input->port->data);
	const struct overlay overlay = { .state = state };
	struct plan_changes changes = { 0 };
	int r, harm = 0;

	if (plan->rung != PLAN_ALL || !state)
		return 0;
	r = plan_side_effects(&overlay, plan, finding->id, &input->port->judge, &changes);
	harm = changes.unknown;
	array_each (&changes.list, const struct plan_change, change)
		harm |= change->drops;
	plan_changes_done(&changes);
	return r < 0 ? r : harm;
}

/* What carrying it out came to is kept in mind. */
static int remember_write(struct policy *policy, const struct policy_input *input,
	struct backoff *backoff, bool done)
{
	if (done)
		return backoff_wrote(backoff, input->now_usec);
	backoff_failed(backoff, input->now_usec);
	policy_due(policy, backoff->retry_usec);
	return array_push(&backoff->writes, &input->now_usec);
}

static int apply_plan(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan, struct backoff *backoff,
	bool by_hand)
{
	struct outcome outcome;
	int r = transaction_apply(
		input->ledger, input->port, finding, plan, KERNEL_DROP, &outcome);

	if (r < 0)
		return r;
	switch (outcome.kind) {
	case OUTCOME_DONE:
		r = remember_write(policy, input, backoff, true);
		corrected(policy, input, finding, plan, by_hand);
		return r < 0 ? r : 1;
	case OUTCOME_STALE:
	case OUTCOME_KERNEL_DISAGREES:
		/* a write is one, though it was put back */
		r = outcome.wrote ? array_push(&backoff->writes, &input->now_usec) : 0;
		/* what is being announced will tell; what isn't, the next look at the kernel */
		policy_due(policy, usec_add(input->now_usec, USEC_PER_SEC));
		return r;
	case OUTCOME_NO_LEDGER:
		/* a full one is as good as ever to those who stand in it */
		if (outcome.error != -E2BIG) {
			r = failed(policy, input, finding, plan, &outcome);
			return r < 0 ? r : -EIO;
		}
		/* fallthrough */
	default:
		r = remember_write(policy, input, backoff, false);
		return r < 0 ? r : failed(policy, input, finding, plan, &outcome);
	}
}

/* Whether it is too early: an address may be on its way that makes loose enough. */
static bool waits_for_address(const struct policy_input *input,
	const struct finding *finding, const struct plan *plan,
	const struct backoff *backoff, uint64_t *until)
{
	const struct state *state = input->port->state(input->port->data);
	const struct iface *iface = state ? state_iface(state, finding->ifindex) : NULL;

	if (plan->rung == PLAN_LOOSE || !iface || iface->addrs.count)
		return false;
	*until = usec_add(backoff->up_usec, input->config->correct.address_wait_usec);
	return input->now_usec < *until;
}

/* Refuses a plan that is none, or may not be carried out. 1, 0 where it may be, or -ENOMEM. */
static int plan_refused(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan, struct backoff *backoff)
{
	enum refusal refusal = policy_forbids(input->config, finding, plan);
	int r = 0;

	if (refusal == REFUSED_NOTHING && plan->rung != PLAN_MANUAL)
		return 0;
	/* the words are in the finding; the ladder is climbed again later, for it costs */
	if (is_reported(input, finding->id))
		backoff->replan_usec = usec_add(input->now_usec, USEC_PER_SEC);
	if (refusal != REFUSED_NOTHING)
		r = refuse(policy, input, finding, plan, refusal);
	return r < 0 ? r : 1;
}

/* The pause after a fight outlives us, as one by hand does. */
static int remember_fight(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct backoff *backoff)
{
	struct ledger *ledger = input->ledger;
	uint64_t until = usec_add(input->boot_usec, backoff->pause_usec);
	struct correction event;
	int r = ledger_pause_fight(
		ledger, input->port->state(input->port->data), finding->iif, until);

	if (r <= 0)
		return r == -ENOMEM ? r : 0;
	r = ledger_save(ledger);
	event = policy_pause_event(input, EVENT_PAUSED,
		ledger_pause_of(ledger, finding->ifindex, finding->iif));
	input->report(input->report_data, &event);
	policy_due(policy, backoff->paused_until);
	return r == -ENOMEM ? r : 0;
}

/* A fight: it is reported, and this interface is left alone. */
static int fight(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, struct backoff *backoff)
{
	struct correction event = event_of(EVENT_FIGHT, finding);

	event.backoff = backoff;
	event.old = backoff->ours;
	event.value = backoff->theirs;
	input->report(input->report_data, &event);
	backoff_told(backoff);
	policy_due(policy, backoff->paused_until);
	return remember_fight(policy, input, finding, backoff);
}

/* What tells one plan for a finding from another. */
static unsigned int plan_mark(const struct finding *finding, const struct plan *plan)
{
	return (unsigned int)(plan->steps.count * 4) +
	       (unsigned int)planned_value(finding, plan) + 1;
}

/* The same as apply_plan(), up to the first write. It counts as one, so that a dry run is no
 * louder than what it plays. */
static int would_apply(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan, struct backoff *backoff)
{
	struct policy_reported *reported = reported_of(policy, finding->id);
	struct correction event = event_of(EVENT_WOULD_CORRECT, finding);

	if (!reported)
		return -ENOMEM;
	if (!transaction_rehearse(
		    input->port, finding, plan, KERNEL_DROP, &event.outcome)) {
		policy_due(policy, usec_add(input->now_usec, USEC_PER_SEC));
		return 0;
	}
	reported->refusal = REFUSED_NOTHING;
	reported->would = plan_mark(finding, plan);
	event.plan = plan;
	event.value = planned_value(finding, plan);
	input->report(input->report_data, &event);
	return array_push(&backoff->writes, &input->now_usec);
}

/* Whether a dry run has said this already. */
static bool is_said(
	struct policy *policy, const struct finding *finding, const struct plan *plan)
{
	const struct policy_reported *reported = reported_of(policy, finding->id);

	return reported && reported->would == plan_mark(finding, plan);
}

static int write_plan(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan, struct backoff *backoff,
	bool dry)
{
	uint64_t until;
	int r;

	r = plan_refused(policy, input, finding, plan, backoff);
	if (r != 0)
		return r < 0 ? r : 0;
	if (waits_for_address(input, finding, plan, backoff, &until)) {
		policy_due(policy, until);
		return 0;
	}
	if (dry && is_said(policy, finding, plan))
		return 0;
	if (backoff->overwritten) {
		r = backoff_reversed(backoff, input->config, input->now_usec);
		if (r != 0)
			return r < 0 ? r : fight(policy, input, finding, backoff);
	}
	if (!backoff_may_write(backoff, input->config->correct.per_minute,
		    input->now_usec, &until)) {
		policy_due(policy, until);
		return refuse(policy, input, finding, plan, REFUSED_PER_MINUTE);
	}
	r = harms(input, finding, plan);
	if (r != 0)
		return r < 0 ? r : refuse(policy, input, finding, plan, REFUSED_OTHERS);
	return dry ? would_apply(policy, input, finding, plan, backoff)
		   : apply_plan(policy, input, finding, plan, backoff, false);
}

static const struct ledger_pause *pause_of(
	const struct policy_input *input, const struct finding *finding)
{
	return input->ledger
		       ? ledger_pause_of(input->ledger, finding->ifindex, finding->iif)
		       : NULL;
}

enum refusal policy_objects(const struct config *config, const struct finding *finding)
{
	enum refusal refusal = policy_forbids(config, finding, NULL);

	if (refusal != REFUSED_NOTHING)
		return refusal;
	if (!finding->certain)
		return REFUSED_UNCERTAIN;
	/* loosening would not make the connection work; first, as who allows it for its scope
	 * would get this refusal next */
	if (finding->replies_lost && finding->expect > EXPECT_TUNNEL)
		return REFUSED_REPLIES;
	return is_in_scope(config, finding) ? REFUSED_NOTHING : REFUSED_SCOPE;
}

/* Why a finding that is to be corrected may not be, whatever the plan. */
static enum refusal forbidden(
	const struct policy_input *input, const struct finding *finding, bool dry)
{
	enum refusal refusal = policy_objects(input->config, finding);

	if (refusal != REFUSED_NOTHING)
		return refusal;
	if (finding->unsure || finding->ifindex == input->unsure_ifindex)
		return REFUSED_UNSURE;
	if (!dry && (!input->ledger || input->ledger_fails))
		return REFUSED_LEDGER;
	if (pause_of(input, finding))
		return REFUSED_PAUSED;
	return REFUSED_NOTHING;
}

/* Returns 1 if it was corrected, 0 if not, or a negative errno. */
static int attempt(struct policy *policy, const struct policy_input *input,
	const struct finding *finding)
{
	uint64_t now = input->now_usec;
	struct backoff *backoff;
	struct plan plan = { 0 };
	enum refusal refusal;
	enum config_mode mode = policy_mode(input, finding->iif, finding->kind);
	int r;

	if (mode == CONFIG_MONITOR)
		return 0;
	/* another one may have its index by now: what was found is not about that */
	if (state_link_went(input->port->state(input->port->data), finding->ifindex))
		return 0;
	/* with most of the routes away nothing is written: what has none is refused aloud */
	if (finding->no_route_beside > finding->dropped)
		return 0;
	refusal = forbidden(input, finding, mode == CONFIG_DRY_RUN);
	/* after a fight that was said, and its end will be */
	if (refusal == REFUSED_PAUSED && pause_of(input, finding)->fight)
		return 0;
	if (refusal != REFUSED_NOTHING)
		return refuse(policy, input, finding, NULL, refusal);
	backoff = backoff_of(&policy->backoffs, finding->ifindex, policy->began_usec);
	if (!backoff)
		return -ENOMEM;
	memcpy(backoff->name, finding->iif, sizeof(backoff->name));
	if (now < backoff->paused_until || now < backoff->retry_usec) {
		policy_due(policy, now < backoff->paused_until ? backoff->paused_until
							       : backoff->retry_usec);
		return 0;
	}
	/* a plan in words costs more than one that is carried out */
	if (now < backoff->replan_usec && finding->loosened < 0) {
		policy_due(policy, backoff->replan_usec);
		return 0;
	}
	r = plan_for(input, finding, &plan);
	if (r >= 0)
		r = write_plan(
			policy, input, finding, &plan, backoff, mode == CONFIG_DRY_RUN);
	plan_done(&plan);
	return r;
}

/* --- somebody else's values ----------------------------------------------------------------- */

/* The value that the model has for an entry's key; false where the thing is gone. */
static bool value_of(const struct state *state, int ifindex, int *ret)
{
	const struct iface *iface = state_iface(state, ifindex);

	if (ifindex == NETCONF_ALL)
		*ret = state->all.value[DEVCONF_RP_FILTER];
	else if (ifindex == NETCONF_DEFAULT)
		*ret = state->conf_default.value[DEVCONF_RP_FILTER];
	else if (iface && iface->link.has_inet)
		*ret = iface->link.conf.value[DEVCONF_RP_FILTER];
	else
		return false;
	return true;
}

/* The interface that an entry was written for: all is lowered for one, too. */
static const struct iface *concerned(
	const struct state *state, const struct ledger_entry *entry)
{
	char name[NAME_MAX_];

	if (entry->ifindex != NETCONF_ALL)
		return state_iface(state, entry->ifindex);
	finding_id_iif(entry->finding, name);
	return state_iface_by_name(state, name);
}

/*
 * Somebody else has written over it: that counts against correcting the interface. What is set
 * during a pause does not: who told us to keep away may set what he likes.
 */
static int note_overwritten(struct policy *policy, const struct policy_input *input,
	const struct state *state, const struct ledger_entry *entry, int value)
{
	const struct iface *iface = concerned(state, entry);
	struct backoff *backoff;

	if (!iface || !iface->link.has_inet ||
		ledger_is_paused(input->ledger, iface->link.ifindex, iface->link.name))
		return 0;
	backoff = backoff_of(&policy->backoffs, iface->link.ifindex, policy->began_usec);
	if (!backoff)
		return -ENOMEM;
	backoff->overwritten = true;
	backoff->theirs_usec = input->now_usec;
	backoff->theirs_when_usec = input->when_usec;
	backoff->of_all = entry->ifindex == NETCONF_ALL;
	backoff->ours = entry->value;
	backoff->theirs = value;
	return 0;
}

/* Entries that are not ours any more leave the ledger. Returns 0 or -ENOMEM. */
static int drop_overwritten(struct policy *policy, const struct policy_input *input,
	const struct state *state)
{
	struct ledger *ledger = input->ledger;
	bool changed = false;

	for (size_t i = ledger->entries.count; i-- > 0;) {
		struct ledger_entry *entry = &ledger->entries.items[i];
		const struct iface *iface = state_iface(state, entry->ifindex);
		int value = 0;

		/* what went in this turn goes with the next one, and is not the new owner's */
		if (strcmp(entry->netns, ledger->netns) != 0 || !entry->done ||
			state_link_went(state, entry->ifindex))
			continue;
		if (value_of(state, entry->ifindex, &value) && value == entry->value) {
			/* the same index all along: it was given another name or address */
			changed |= iface && ledger_follow(ledger, entry, iface->link.name,
						    iface->link.identity);
			continue;
		}
		if (note_overwritten(policy, input, state, entry, value) < 0)
			return -ENOMEM;
		ledger_remove(ledger, entry);
		changed = true;
	}
	ledger_follow_end(ledger);
	changed |= ledger_follow_pauses(ledger, state, false);
	/* not saved it is read as not ours, too: the kernel's value says so */
	return changed && ledger_save(ledger) == -ENOMEM ? -ENOMEM : 0;
}

/* A value of somebody else's that needs no correction is no reversal. */
static void forget_overwritten(struct policy *policy, const struct policy_input *input)
{
	hash_each (&policy->backoffs.by_ifindex, slot) {
		struct backoff *backoff = slot->value;
		bool found = false;

		if (!backoff->overwritten)
			continue;
		for (size_t i = 0; i < input->count; i++)
			found |= input->findings[i]->ifindex == backoff->ifindex;
		backoff->overwritten = found;
	}
}

/* --- turns ---------------------------------------------------------------------------------- */

static void forget_unseen(struct policy *policy)
{
	for (size_t i = policy->reported.count; i-- > 0;) {
		if (!policy->reported.items[i].seen)
			array_remove(&policy->reported, i);
	}
}

static void mark_seen(struct policy *policy, const struct policy_input *input)
{
	array_each (&policy->reported, struct policy_reported, reported) {
		reported->seen = false;
		for (size_t i = 0; i < input->count; i++)
			reported->seen |=
				strcmp(input->findings[i]->id, reported->id) == 0;
	}
}

int policy_turn(struct policy *policy, const struct policy_input *input)
{
	const struct state *state = input->port->state(input->port->data);
	int r = 0, written = 0;

	policy->next_usec = USEC_NEVER;
	if (!state)
		return 0;
	if (!policy->began_usec)
		policy->began_usec = input->now_usec;
	mark_seen(policy, input);
	if (input->ledger)
		r = drop_overwritten(policy, input, state);
	if (input->ledger && r >= 0)
		r = end_pauses(policy, input);
	for (size_t i = 0; i < input->count && r >= 0; i++) {
		/* one write may cure several findings of an interface, or lose the sync */
		if (!input->port->state(input->port->data))
			break;
		r = attempt(policy, input, input->findings[i]);
		written += r > 0;
	}
	forget_unseen(policy);
	forget_overwritten(policy, input);
	return r < 0 ? r : written;
}

static int apply_by_hand(struct policy *policy, const struct policy_input *input,
	const struct finding *finding, const struct plan *plan, struct backoff *backoff)
{
	int r = plan_refused(policy, input, finding, plan, backoff);

	if (r != 0)
		return r < 0 ? r : 0;
	if (!input->ledger || input->ledger_fails)
		return refuse(policy, input, finding, plan, REFUSED_LEDGER);
	r = harms(input, finding, plan);
	if (r != 0)
		return r < 0 ? r : refuse(policy, input, finding, plan, REFUSED_OTHERS);
	return apply_plan(policy, input, finding, plan, backoff, true);
}

int policy_by_hand(struct policy *policy, const struct policy_input *input,
	const struct finding *finding)
{
	struct backoff *backoff =
		backoff_of(&policy->backoffs, finding->ifindex, policy->began_usec);
	struct plan plan = { 0 };
	int r;

	if (!backoff)
		return -ENOMEM;
	memcpy(backoff->name, finding->iif, sizeof(backoff->name));
	r = plan_for(input, finding, &plan);
	if (r >= 0)
		r = apply_by_hand(policy, input, finding, &plan, backoff);
	plan_done(&plan);
	return r;
}

void policy_follow(struct policy *policy, struct ledger *ledger,
	const struct link_change *change, uint64_t now_usec)
{
	struct ledger_entry *entry;
	struct backoff *backoff;
	bool changed;

	if (!change->gone) {
		backoff = backoff_of(&policy->backoffs, change->ifindex, now_usec);
		/* without memory for it, settle begins with the daemon */
		if (backoff)
			backoff->up_usec = now_usec;
		return;
	}
	backoff_forget(&policy->backoffs, change->ifindex);
	if (!ledger)
		return;
	changed = ledger_end_pauses(ledger, change->ifindex);
	entry = ledger_find(ledger, change->ifindex);
	if (entry)
		ledger_remove(ledger, entry);
	/* at worst it is compared with the kernel, and goes then */
	if (entry || changed)
		(void)ledger_save(ledger);
}

void policy_done(struct policy *policy)
{
	backoffs_done(&policy->backoffs);
	array_done(&policy->reported);
	array_done(&policy->candidates);
}
