/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define NEVER UINT64_MAX

void correct_due(struct correct *correct, uint64_t at_usec)
{
	if (at_usec < correct->next_usec)
		correct->next_usec = at_usec;
}

static uint64_t later(uint64_t usec, uint64_t by_usec)
{
	return usec > NEVER - by_usec ? NEVER : usec + by_usec;
}

/* --- who may be corrected ----------------------------------------------------------------------- */

bool correct_wanted(const struct config *config, bool monitor, bool correct,
	const char *name, const char *kind)
{
	const struct config_interface *entry = config_interface_for(config, name, kind);

	if (monitor || correct)
		return correct;
	if (entry && entry->has_mode)
		return entry->mode == CONFIG_CORRECT;
	return config->mode == CONFIG_CORRECT;
}

/* Only what is declared, or what a tunnel is for, unless an entry asks for it by itself. */
static bool is_in_scope(const struct config *config, const struct finding *finding)
{
	const struct config_interface *entry =
		config_interface_for(config, finding->iif, finding->kind);

	return finding->expect <= EXPECT_TUNNEL ||
	       (entry && entry->has_mode && entry->mode == CONFIG_CORRECT);
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
	}
	return "nothing";
}

/* --- saying things once ------------------------------------------------------------------------- */

static struct correct_said *said_of(struct correct *correct, const char *id)
{
	struct correct_said fresh = { .seen = true };

	array_each (&correct->said, struct correct_said, said) {
		if (strcmp(said->id, id) == 0)
			return said;
	}
	snprintf(fresh.id, sizeof(fresh.id), "%s", id);
	if (array_push(&correct->said, &fresh) < 0)
		return NULL;
	return &correct->said.items[correct->said.count - 1];
}

static struct correct_event event_of(enum event_kind kind, const struct finding *finding)
{
	return (struct correct_event){ .kind = kind,
		.finding = finding,
		.id = finding->id,
		.ifindex = finding->ifindex,
		.iif = finding->iif,
		.old = finding->filter.own };
}

static bool is_said(const struct correct_input *input, const char *id)
{
	return !input->is_said || input->is_said(input->say_data, id);
}

/* A refusal is said once as long as it stands. Returns 0 or -ENOMEM. */
static int refuse(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, const struct plan *plan, enum refusal refusal)
{
	struct correct_said *said = said_of(correct, finding->id);
	struct correct_event event = event_of(EVENT_REFUSED, finding);

	if (!said)
		return -ENOMEM;
	said->seen = true;
	if (said->refusal == refusal || !is_said(input, finding->id))
		return 0;
	said->refusal = refusal;
	event.refusal = refusal;
	event.all_paused = input->ledger && ledger_all_paused(input->ledger);
	event.plan = plan;
	event.why = input->ledger_error;
	input->say(input->say_data, &event);
	return 0;
}

/* A failure is said once as long as it is the same one. */
static int failed(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, const struct plan *plan,
	const struct outcome *outcome)
{
	struct correct_said *said = said_of(correct, finding->id);
	struct correct_event event = event_of(EVENT_CORRECTION_FAILED, finding);
	int error = outcome->error ? outcome->error : -1000 - (int)outcome->kind;

	if (!said)
		return -ENOMEM;
	said->seen = true;
	if (said->error == error)
		return 0;
	said->error = error;
	event.plan = plan;
	event.outcome = *outcome;
	event.value = plan->steps.items[plan->steps.count - 1].value;
	input->say(input->say_data, &event);
	return 0;
}

static void corrected(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, const struct plan *plan, bool by_hand)
{
	struct correct_said *said = said_of(correct, finding->id);
	struct correct_event event = event_of(EVENT_CORRECTED, finding);

	if (said)
		said->refusal = REFUSED_NOTHING, said->error = 0;
	event.plan = plan;
	event.value = finding->filter.own;
	array_each (&plan->steps, const struct plan_step, step) {
		if (step->ifindex == finding->ifindex)
			event.value = step->value;
	}
	event.by_hand = by_hand;
	event.outcome.kernel = KERNEL_PASS;
	input->say(input->say_data, &event);
}

/* --- one finding -------------------------------------------------------------------------------- */

static int single_step(const struct finding *finding, struct plan *plan)
{
	const struct remedy_step *remedy = &finding->remedy.steps[0];
	struct plan_step step = { .ifindex = remedy->ifindex,
		.old = finding->filter.own,
		.value = remedy->value };

	memcpy(step.key, remedy->key, sizeof(step.key));
	plan->rung = remedy->value ? PLAN_LOOSE : PLAN_OFF;
	return array_push(&plan->steps, &step);
}

/*
 * The plan for a finding. Where its remedy is one step that may be taken, that is it: the rest
 * of the ladder, which costs a judging a rung, is climbed only where that isn't so.
 */
static int plan_for(const struct correct_input *input, const struct finding *finding,
	struct plan *ret)
{
	const struct plan_limits limits = {
		.lowest_loose = input->config->correct.lowest_loose,
		.allow_all = input->config->correct.allow_all,
	};
	const struct state *state = input->writer->state(input->writer->data);
	const struct overlay overlay = { .state = state };
	const struct iface *iface = state ? state_iface(state, finding->ifindex) : NULL;

	ret->rung = PLAN_MANUAL;
	if (!iface)
		return 0;
	if (finding->remedy.step_count &&
		(finding->remedy.steps[0].value || !limits.lowest_loose))
		return single_step(finding, ret);
	return plan_find(
		&overlay, iface, finding->id, &limits, &input->writer->judge, ret);
}

/* Whether the plan would make others drop: 1, 0 or -ENOMEM. Below rung 3 it can't. */
static int harms(const struct correct_input *input, const struct finding *finding,
	const struct plan *plan)
{
	const struct state *state = input->writer->state(input->writer->data);
	const struct overlay overlay = { .state = state };
	struct plan_changes changes = { 0 };
	int r, harm = 0;

	if (plan->rung != PLAN_ALL || !state)
		return 0;
	r = plan_side_effects(
		&overlay, plan, NULL, finding->id, &input->writer->judge, &changes);
	harm = changes.unknown;
	array_each (&changes.list, const struct plan_change, change)
		harm |= change->drops;
	plan_changes_done(&changes);
	return r < 0 ? r : harm;
}

static int count_write(struct correct *correct, const struct correct_input *input,
	const struct finding *finding)
{
	struct patience *patience = patience_find(&correct->patiences, finding->ifindex);

	return patience ? array_push(&patience->writes, &input->now_usec) : 0;
}

/* What carrying it out came to is kept in mind, unless the interface went under it. */
static int remember(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, bool done)
{
	struct patience *patience = patience_find(&correct->patiences, finding->ifindex);

	if (!patience)
		return 0;
	if (done)
		return patience_wrote(patience, input->now_usec);
	patience_failed(patience, input->now_usec);
	correct_due(correct, patience->retry_usec);
	return count_write(correct, input, finding);
}

static int carry(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, const struct plan *plan, bool by_hand)
{
	struct outcome outcome;
	int r = carry_out(
		input->ledger, input->writer, finding, plan, KERNEL_DROP, &outcome);

	if (r < 0)
		return r;
	switch (outcome.kind) {
	case OUTCOME_DONE:
		r = remember(correct, input, finding, true);
		corrected(correct, input, finding, plan, by_hand);
		return r < 0 ? r : 1;
	case OUTCOME_STALE:
	case OUTCOME_OTHERWISE:
		/* a write is one, though it was put back */
		r = outcome.wrote ? count_write(correct, input, finding) : 0;
		/* what is being announced will tell; what isn't, the next look at the kernel */
		correct_due(correct, later(input->now_usec, USEC_PER_SEC));
		return r;
	case OUTCOME_NO_LEDGER:
		/* a full one is as good as ever to those who stand in it */
		if (outcome.error != -E2BIG) {
			r = failed(correct, input, finding, plan, &outcome);
			return r < 0 ? r : -EIO;
		}
		/* fallthrough */
	default:
		r = remember(correct, input, finding, false);
		return r < 0 ? r : failed(correct, input, finding, plan, &outcome);
	}
}

/* Whether it is too early: an address may be on its way that makes loose enough. */
static bool waits_for_address(const struct correct *correct,
	const struct correct_input *input, const struct finding *finding,
	const struct plan *plan, const struct patience *patience, uint64_t *until)
{
	const struct state *state = input->writer->state(input->writer->data);
	const struct iface *iface = state ? state_iface(state, finding->ifindex) : NULL;

	(void)correct;
	if (plan->rung == PLAN_LOOSE || !iface || iface->addrs.count)
		return false;
	*until = later(patience->up_usec, input->config->correct.address_wait_usec);
	return input->now_usec < *until;
}

/* What follows from a plan that is none. */
static int plan_refused(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, const struct plan *plan, struct patience *patience)
{
	/* the words are in the finding; the ladder is climbed again later, for it costs */
	if (is_said(input, finding->id))
		patience->replan_usec = later(input->now_usec, USEC_PER_SEC);
	switch (plan->limit) {
	case PLAN_LOWEST:
		return refuse(correct, input, finding, plan, REFUSED_LOWEST);
	case PLAN_ALLOW_ALL:
		return refuse(correct, input, finding, plan, REFUSED_ALLOW_ALL);
	case PLAN_FREE:
		break;
	}
	return 0;
}

/* A fight: it is said, and this interface is left alone. */
static int fight(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, struct patience *patience)
{
	struct correct_event event = event_of(EVENT_FIGHT, finding);

	event.patience = patience;
	event.old = patience->ours;
	event.value = patience->theirs;
	input->say(input->say_data, &event);
	patience_told(patience);
	correct_due(correct, patience->paused_until);
	return 0;
}

static int write_plan(struct correct *correct, const struct correct_input *input,
	const struct finding *finding, const struct plan *plan, struct patience *patience)
{
	uint64_t until;
	int r;

	if (plan->rung == PLAN_MANUAL)
		return plan_refused(correct, input, finding, plan, patience);
	if (waits_for_address(correct, input, finding, plan, patience, &until)) {
		correct_due(correct, until);
		return 0;
	}
	if (patience->overwritten) {
		r = patience_reversed(
			patience, input->config, input->now_usec, input->when_usec);
		if (r != 0)
			return r < 0 ? r : fight(correct, input, finding, patience);
	}
	if (!patience_may_write(patience, input->config->correct.per_minute,
		    input->now_usec, &until)) {
		correct_due(correct, until);
		return refuse(correct, input, finding, plan, REFUSED_PER_MINUTE);
	}
	r = harms(input, finding, plan);
	if (r != 0)
		return r < 0 ? r : refuse(correct, input, finding, plan, REFUSED_OTHERS);
	return carry(correct, input, finding, plan, false);
}

/* Why a finding that is to be corrected may not be, whatever the plan. */
static enum refusal forbidden(
	const struct correct_input *input, const struct finding *finding)
{
	if (!is_in_scope(input->config, finding))
		return REFUSED_SCOPE;
	if (finding->unsure || finding->ifindex == input->unsure_ifindex)
		return REFUSED_UNSURE;
	if (!input->ledger || input->ledger_fails)
		return REFUSED_LEDGER;
	if (ledger_is_paused(input->ledger, finding->iif))
		return REFUSED_PAUSED;
	return REFUSED_NOTHING;
}

/* Returns 1 if it was corrected, 0 if not, or a negative errno. */
static int attempt(struct correct *correct, const struct correct_input *input,
	const struct finding *finding)
{
	uint64_t now = input->now_usec;
	struct patience *patience;
	struct plan plan = { 0 };
	enum refusal refusal;
	int r;

	if (!correct_wanted(input->config, input->monitor, input->correct, finding->iif,
		    finding->kind))
		return 0;
	refusal = forbidden(input, finding);
	if (refusal != REFUSED_NOTHING)
		return refuse(correct, input, finding, NULL, refusal);
	patience =
		patience_of(&correct->patiences, finding->ifindex, correct->began_usec);
	if (!patience)
		return -ENOMEM;
	memcpy(patience->name, finding->iif, sizeof(patience->name));
	if (now < patience->paused_until || now < patience->retry_usec) {
		correct_due(correct, now < patience->paused_until ? patience->paused_until
								  : patience->retry_usec);
		return 0;
	}
	/* a plan in words costs more than one that is carried out */
	if (now < patience->replan_usec && !finding->remedy.step_count) {
		correct_due(correct, patience->replan_usec);
		return 0;
	}
	r = plan_for(input, finding, &plan);
	if (r >= 0)
		r = write_plan(correct, input, finding, &plan, patience);
	plan_done(&plan);
	return r;
}

/* --- somebody else's values --------------------------------------------------------------------- */

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

/* Somebody else has written over it: that counts against correcting the interface. */
static int note_overwritten(struct correct *correct, const struct state *state,
	const struct ledger_entry *entry, int value)
{
	const struct iface *iface = concerned(state, entry);
	struct patience *patience;

	if (!iface || !iface->link.has_inet)
		return 0;
	patience = patience_of(
		&correct->patiences, iface->link.ifindex, correct->began_usec);
	if (!patience)
		return -ENOMEM;
	patience->overwritten = true;
	patience->of_all = entry->ifindex == NETCONF_ALL;
	patience->ours = entry->value;
	patience->theirs = value;
	return 0;
}

/* Entries that are not ours any more leave the ledger. Returns 0 or -ENOMEM. */
static int let_go(struct correct *correct, const struct correct_input *input,
	const struct state *state)
{
	struct ledger *ledger = input->ledger;
	bool changed = false;

	for (size_t i = ledger->entries.count; i-- > 0;) {
		struct ledger_entry *entry = &ledger->entries.items[i];
		const struct iface *iface = state_iface(state, entry->ifindex);
		int value = 0;

		if (strcmp(entry->netns, ledger->netns) != 0 || !entry->done)
			continue;
		if (value_of(state, entry->ifindex, &value) && value == entry->value) {
			/* the same index all along: it was given another name or address */
			changed |= iface && ledger_follow(ledger, entry, iface->link.name,
						    iface->link.identity);
			continue;
		}
		if (note_overwritten(correct, state, entry, value) < 0)
			return -ENOMEM;
		ledger_remove(ledger, entry);
		changed = true;
	}
	ledger_follow_end(ledger);
	/* not saved it is read as not ours, too: the kernel's value says so */
	return changed && ledger_save(ledger) == -ENOMEM ? -ENOMEM : 0;
}

/* A value of somebody else's that needs no correction is no reversal. */
static void forget_overwritten(struct correct *correct, const struct correct_input *input)
{
	hash_each (&correct->patiences.by_ifindex, slot) {
		struct patience *patience = slot->value;
		bool found = false;

		if (!patience->overwritten)
			continue;
		for (size_t i = 0; i < input->count; i++)
			found |= input->findings[i]->ifindex == patience->ifindex;
		patience->overwritten = found;
	}
}

/* --- turns -------------------------------------------------------------------------------------- */

static void forget_unseen(struct correct *correct)
{
	for (size_t i = correct->said.count; i-- > 0;) {
		if (!correct->said.items[i].seen)
			array_remove(&correct->said, i);
	}
}

static void mark_seen(struct correct *correct, const struct correct_input *input)
{
	array_each (&correct->said, struct correct_said, said) {
		said->seen = false;
		for (size_t i = 0; i < input->count; i++)
			said->seen |= strcmp(input->findings[i]->id, said->id) == 0;
	}
}

int correct_turn(struct correct *correct, const struct correct_input *input)
{
	const struct state *state = input->writer->state(input->writer->data);
	int r = 0, written = 0;

	correct->next_usec = NEVER;
	if (!state)
		return 0;
	if (!correct->began_usec)
		correct->began_usec = input->now_usec;
	mark_seen(correct, input);
	if (input->ledger)
		r = let_go(correct, input, state);
	for (size_t i = 0; i < input->count && r >= 0; i++) {
		/* one write may cure several findings of an interface, or lose the sync */
		if (!input->writer->state(input->writer->data))
			break;
		r = attempt(correct, input, input->findings[i]);
		written += r > 0;
	}
	forget_unseen(correct);
	forget_overwritten(correct, input);
	if (r >= 0 && input->ledger && !written) {
		r = correct_take_back(correct, input);
		written += r > 0 ? r : 0;
	}
	return r < 0 ? r : written;
}

int correct_by_hand(struct correct *correct, const struct correct_input *input,
	const struct finding *finding)
{
	struct patience *patience =
		patience_of(&correct->patiences, finding->ifindex, correct->began_usec);
	struct plan plan = { 0 };
	int r;

	if (!patience)
		return -ENOMEM;
	if (!input->ledger || input->ledger_fails)
		return refuse(correct, input, finding, NULL, REFUSED_LEDGER);
	memcpy(patience->name, finding->iif, sizeof(patience->name));
	r = plan_for(input, finding, &plan);
	if (r >= 0 && plan.rung == PLAN_MANUAL)
		r = plan_refused(correct, input, finding, &plan, patience);
	else if (r >= 0) {
		r = harms(input, finding, &plan);
		if (r > 0)
			r = refuse(correct, input, finding, &plan, REFUSED_OTHERS);
		else if (r == 0)
			r = carry(correct, input, finding, &plan, true);
	}
	plan_done(&plan);
	return r;
}

void correct_saw_up(struct correct *correct, int ifindex, uint64_t now_usec)
{
	struct patience *patience = patience_of(&correct->patiences, ifindex, now_usec);

	/* without memory for it, settle begins with the daemon */
	if (patience)
		patience->up_usec = now_usec;
}

void correct_saw_gone(struct correct *correct, struct ledger *ledger, int ifindex)
{
	struct ledger_entry *entry = ledger ? ledger_find(ledger, ifindex) : NULL;

	patience_forget(&correct->patiences, ifindex);
	if (!entry)
		return;
	ledger_remove(ledger, entry);
	(void)ledger_save(
		ledger); /* at worst it is compared with the kernel, and goes then */
}

void correct_done(struct correct *correct)
{
	patiences_done(&correct->patiences);
	array_done(&correct->said);
	array_done(&correct->safe);
}
