/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/restore.h"

#include "base/time.h"
#include "rpf/rpf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Whether a correction is needed still is asked of the model: seen as if it had been taken back,
 * is there a finding that is none now? That costs a judging, so it is asked when something has
 * changed, and no more often than a twentieth of the time allows.
 */
#define LOOK_LEAST (50 * USEC_PER_MSEC)
#define LOOK_MOST (2 * USEC_PER_SEC)
#define AGAIN_USEC (60 * USEC_PER_SEC)
#define HOLD_USEC (3600 * USEC_PER_SEC)

static bool is_of(const struct ledger *ledger, const struct ledger_entry *entry,
	const char *finding)
{
	return strcmp(entry->netns, ledger->netns) == 0 &&
	       strcmp(entry->finding, finding) == 0;
}

/* The entries of one finding, as a plan that takes them back. */
struct group {
	char finding[FINDING_ID];
	struct plan undo;
	struct ledger_entry loosened; /* its interface's; ifindex 0 where that has none */
	char name[NAME_MAX_]; /* of its interface; "": all, which is nobody's now */
	bool has_all;
};

static int group_of(
	const struct ledger *ledger, const struct ledger_entry *first, struct group *ret)
{
	snprintf(ret->finding, sizeof(ret->finding), "%s", first->finding);
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		const struct plan_step step = { .ifindex = entry->ifindex,
			.old = entry->value,
			.value = entry->old,
			.keeps = entry->keeps };

		if (!is_of(ledger, entry, ret->finding))
			continue;
		ret->has_all |= entry->ifindex == NETCONF_ALL;
		if (entry->ifindex > 0 && !entry->keeps)
			ret->loosened = *entry;
		if (array_push(&ret->undo.steps, &step) < 0)
			return -ENOMEM;
	}
	finding_id_iif(ret->finding, ret->name);
	return 0;
}

static struct revert_candidate *candidate_of(struct policy *policy, const char *finding)
{
	struct revert_candidate fresh = { 0 };

	array_each (&policy->candidates, struct revert_candidate, candidate) {
		if (strcmp(candidate->finding, finding) == 0)
			return candidate;
	}
	snprintf(fresh.finding, sizeof(fresh.finding), "%s", finding);
	if (array_push(&policy->candidates, &fresh) < 0)
		return NULL;
	return &policy->candidates.items[policy->candidates.count - 1];
}

/* An overlay as things would be without the group. *values is to be freed. */
static int overlay_without(const struct group *group, const struct state *state,
	struct overlay_value **values, struct overlay *ret)
{
	size_t count = group->undo.steps.count;

	*values = calloc(count + 1, sizeof(**values));
	if (!*values)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		(*values)[i] = (struct overlay_value){ group->undo.steps.items[i].ifindex,
			group->undo.steps.items[i].value };
	*ret = (struct overlay){
		.state = state, .values = *values, .value_count = count
	};
	return 0;
}

/*
 * Whether something that is seen now can be a reason: an interface that is down proves nothing, nor
 * does one whose sources have no route back, as while a default route is away.
 */
static int shows_reason(const struct policy_input *input, const struct state *state,
	const struct iface *iface)
{
	_cleanup_(report_freep) struct report *report = report_new();
	const struct overlay overlay = { .state = state };
	const struct plan_judge *judge = &input->port->judge;
	int r;

	if (!iface_is_up(iface))
		return 0;
	r = report ? judge->judge(&overlay, iface, report, judge->data) : -ENOMEM;
	if (r < 0)
		return r;
	array_each (&report->findings, struct finding *const, finding) {
		if ((*finding)->reasons[RPF_NO_ROUTE])
			return 0;
	}
	return 1;
}

/* Whether nothing would be dropped that is not now: 1, 0 or -ENOMEM. */
static int is_safe(const struct policy_input *input, const struct group *group,
	const struct state *state)
{
	const struct overlay overlay = { .state = state };
	const struct iface *iface = state_iface(state, group->loosened.ifindex);
	struct plan_changes changes = { 0 };
	bool drops;
	int r;

	if (input->unsure_ifindex && input->unsure_ifindex == group->loosened.ifindex)
		return 0;
	if (iface) {
		r = shows_reason(input, state, iface);
		if (r <= 0)
			return r;
	}
	r = plan_side_effects(&overlay, &group->undo, "", &input->port->judge, &changes);
	drops = changes.unknown;
	array_each (&changes.list, const struct plan_change, change)
		drops |= change->drops;
	plan_changes_done(&changes);
	return r < 0 ? r : !drops;
}

/* --- telling -------------------------------------------------------------------------------- */

struct telling {
	const struct policy_input *input;
	bool by_hand, stopping;
	int restored;
	int now; /* what the last one has */
};

static void told(
	void *data, const struct ledger_entry *entry, int now, const struct outcome *how)
{
	struct telling *telling = data;
	struct correction event = { .kind = EVENT_RESTORED,
		.id = entry->finding,
		.ifindex = entry->ifindex,
		.iif = entry->name,
		.old = entry->value,
		.value = now,
		.refused = entry->old,
		.outcome = *how,
		.by_hand = telling->by_hand,
		.stopping = telling->stopping };

	if (how->kind == OUTCOME_OVERWRITTEN || how->kind == OUTCOME_KEPT)
		return;
	telling->restored += how->kind == OUTCOME_DONE;
	telling->now = now;
	if (how->kind != OUTCOME_DONE) {
		event.kind = EVENT_CORRECTION_FAILED;
		event.value = entry->old;
	} else if (entry->keeps) {
		return; /* it changed nothing in effect, and neither does this */
	}
	telling->input->report(telling->input->report_data, &event);
}

/* --- less, where less is enough ------------------------------------------------------------- */

/* A finding as the ledger remembers it. */
static struct finding remembered(const struct ledger_entry *entry)
{
	struct finding finding = { .ifindex = entry->ifindex,
		.filter = { .own = entry->value },
		.example = entry->example };

	snprintf(finding.id, sizeof(finding.id), "%s", entry->finding);
	memcpy(finding.iif, entry->name, sizeof(finding.iif));
	return finding;
}

static int write_one(const struct policy_input *input, const struct finding *finding,
	int value, enum kernel_answer expected, struct outcome *ret)
{
	struct plan plan = { 0 };
	const struct plan_step step = {
		.ifindex = finding->ifindex, .old = finding->filter.own, .value = value
	};
	int r = array_push(&plan.steps, &step);

	if (r >= 0)
		r = transaction_apply(
			input->ledger, input->port, finding, &plan, expected, ret);
	plan_done(&plan);
	return r;
}

/* Whether 2 would do where 0 is: the interface has got an address, or the sources a route. */
static int is_less_enough(const struct policy_input *input, const struct group *group,
	const struct state *state)
{
	const struct iface *iface = state_iface(state, group->loosened.ifindex);
	struct overlay_value *values = NULL;
	struct overlay overlay;
	int r;

	if (!iface || !iface_is_up(iface) || !iface->addrs.count ||
		group->loosened.value != 0)
		return 0;
	r = overlay_without(group, state, &values, &overlay);
	/* 2 must be less than what was there before, and never over an effective 0 */
	if (r >= 0 && overlay_rp_filter(&overlay, iface).effective == 1)
		r = plan_value_cures(&overlay, iface, NULL, 2, &input->port->judge);
	free(values);
	return r == -ENODATA ? 0 : r;
}

/* all and what it took are another group from now on: they go as soon as that is safe. */
static void split_group(struct ledger *ledger, const struct group *group)
{
	array_each (&ledger->entries, struct ledger_entry, entry) {
		if (is_of(ledger, entry, group->finding) &&
			(entry->keeps || entry->ifindex < 0))
			snprintf(entry->finding, sizeof(entry->finding), "all");
	}
}

static int loosen_less(struct policy *policy, const struct policy_input *input,
	const struct group *group, const struct state *state)
{
	struct backoff *backoff = backoff_of(
		&policy->backoffs, group->loosened.ifindex, policy->began_usec);
	struct finding finding = remembered(&group->loosened);
	struct correction event = { .kind = EVENT_CORRECTED,
		.id = finding.id,
		.ifindex = finding.ifindex,
		.iif = finding.iif,
		.old = group->loosened.value,
		.value = 2,
		.replanned = true };
	int r;

	if (!backoff)
		return -ENOMEM;
	if (input->now_usec < backoff->replan_usec)
		return 0;
	r = is_less_enough(input, group, state);
	if (r <= 0)
		return r;
	r = write_one(input, &finding, 2, KERNEL_PASS, &event.outcome);
	if (r < 0)
		return r;
	if (event.outcome.kind != OUTCOME_DONE) {
		backoff->replan_usec = usec_add(input->now_usec, AGAIN_USEC);
		return 0;
	}
	if (group->has_all) {
		split_group(input->ledger, group);
		(void)ledger_save(input->ledger); /* in memory is enough for today */
	}
	input->report(input->report_data, &event);
	return 1;
}

/* --- nothing, where nothing is needed ------------------------------------------------------- */

/*
 * Takes a group back. Where the model says that its example passes without it and the kernel
 * drops it then, the kernel is right: it is put back again, and stays for long.
 */
static int restore(struct revert_candidate *candidate, const struct policy_input *input,
	const struct group *group, const struct state *state)
{
	struct finding finding = remembered(&group->loosened);
	struct telling telling = { .input = input, .now = group->loosened.old };
	struct overlay_value *values = NULL;
	enum kernel_answer kernel = KERNEL_UNASKED;
	struct outcome outcome;
	struct overlay overlay;
	bool passes = false;
	int r = overlay_without(group, state, &values, &overlay);

	if (r >= 0 && finding.ifindex && !group->has_all)
		passes = rpf_judge(&overlay, &finding.example, NULL).verdict == RPF_PASS;
	free(values);
	if (r < 0)
		return r;
	r = transaction_revert(
		input->ledger, input->port, group->finding, told, &telling);
	if (r < 0) {
		candidate->hold_usec = usec_add(input->now_usec, AGAIN_USEC);
		return r == -ENOMEM ? r : 0;
	}
	if (!telling.restored) /* kept, as it would change what is in effect */
		candidate->hold_usec = usec_add(input->now_usec, AGAIN_USEC);
	if (!passes || input->port->ask(input->port->data, &finding.example, &kernel) < 0)
		return telling.restored;
	if (kernel == KERNEL_DROP) {
		finding.filter.own = telling.now;
		candidate->hold_usec = usec_add(input->now_usec, HOLD_USEC);
		r = write_one(
			input, &finding, group->loosened.value, KERNEL_DROP, &outcome);
	}
	return r < 0 ? r : 1;
}

static int look_at_group(struct policy *policy, const struct policy_input *input,
	const struct group *group, bool *looked)
{
	const struct state *state = input->port->state(input->port->data);
	struct revert_candidate *candidate = candidate_of(policy, group->finding);
	uint64_t now = input->now_usec, deadline;
	int r = 0;

	if (!candidate || !state)
		return candidate ? 0 : -ENOMEM;
	if (state_link_went(state, group->loosened.ifindex))
		return 0; /* its entries go with the next turn */
	if (candidate->judged != state->generation + 1) {
		if (now < policy->look_usec) {
			policy_due(policy, policy->look_usec);
			return 0;
		}
		*looked = true;
		if (group->loosened.ifindex)
			r = loosen_less(policy, input, group, state);
		if (r == 0 && input->config->correct.restore == RESTORE_WHEN_SAFE)
			r = is_safe(input, group, state);
		else if (r > 0)
			return r;
		if (r < 0)
			return r;
		if (r && !candidate->safe)
			candidate->since_usec = now;
		candidate->safe = r > 0;
		candidate->judged = state->generation + 1;
	}
	if (!candidate->safe)
		return 0;
	deadline = usec_add(
		candidate->since_usec, input->config->correct.restore_after_usec);
	if (deadline < candidate->hold_usec)
		deadline = candidate->hold_usec;
	if (now < deadline) {
		policy_due(policy, deadline);
		return 0;
	}
	candidate->safe = false;
	candidate->judged = 0;
	return restore(candidate, input, group, state);
}

/* Whether the interface that it was loosened for is one that we are to correct. Where that is
 * gone, all should not stay lowered for nobody. */
static bool is_wanted(const struct policy_input *input, const struct group *group)
{
	const struct state *state = input->port->state(input->port->data);
	const struct iface *iface =
		state ? state_iface_by_name(state, group->name) : NULL;

	return !iface ||
	       policy_mode(input, group->name, iface_kind(iface)) == CONFIG_CORRECT;
}

static bool is_paused(const struct policy_input *input, const struct group *group)
{
	const struct state *state = input->port->state(input->port->data);
	const struct iface *iface =
		state ? state_iface_by_name(state, group->name) : NULL;

	return *group->name ? ledger_is_paused(input->ledger,
				      iface ? iface->link.ifindex : 0, group->name)
			    : ledger_all_paused(input->ledger);
}

/* The first entry of each finding; NULL when there is none behind *index. */
static const struct ledger_entry *next_group(const struct ledger *ledger, size_t *index)
{
	while (*index < ledger->entries.count) {
		const struct ledger_entry *entry = &ledger->entries.items[(*index)++];
		bool first = strcmp(entry->netns, ledger->netns) == 0;

		for (const struct ledger_entry *other = ledger->entries.items;
			first && other < entry; other++)
			first = !is_of(ledger, other, entry->finding);
		if (first)
			return entry;
	}
	return NULL;
}

int restore_turn(struct policy *policy, const struct policy_input *input)
{
	uint64_t began = input->port->now(input->port->data), took, pace;
	const struct ledger_entry *entry;
	bool looked = false;
	size_t index = 0;
	int r = 0;

	if (!input->port->state(input->port->data))
		return 0;
	while (r == 0 && (entry = next_group(input->ledger, &index)) != NULL) {
		struct group group = { 0 };

		r = group_of(input->ledger, entry, &group);
		if (r >= 0 && is_wanted(input, &group) && !is_paused(input, &group))
			r = look_at_group(policy, input, &group, &looked);
		plan_done(&group.undo);
	}
	if (looked) {
		took = input->port->now(input->port->data) - began;
		pace = input->config->correct.restore_after_usec / 8;
		pace = pace < LOOK_LEAST  ? LOOK_LEAST
		       : pace > LOOK_MOST ? LOOK_MOST
					  : pace;
		pace = took < HOLD_USEC && took * 20 > pace ? took * 20 : pace;
		policy->look_usec = usec_add(input->now_usec, pace);
	}
	/* what came of it is looked at in a turn of its own */
	if (r > 0)
		policy_due(policy, input->now_usec);
	return r;
}

int restore_by_hand(
	struct policy *policy, const struct policy_input *input, const char *finding)
{
	struct telling telling = { .input = input, .by_hand = true };
	int r;

	(void)policy;
	r = transaction_revert(input->ledger, input->port, finding, told, &telling);
	return r < 0 ? r : telling.restored;
}

int restore_all(struct policy *policy, const struct policy_input *input)
{
	struct telling telling = { .input = input, .stopping = true };
	const struct ledger_entry *entry;
	int r = 0, left = 0;

	(void)policy;
	if (!input->ledger || input->config->correct.restore != RESTORE_ON_STOP)
		return 0;
	for (size_t index = 0; (entry = next_group(input->ledger, &index)) != NULL;) {
		size_t count = input->ledger->entries.count;
		struct group group = { 0 };

		r = group_of(input->ledger, entry, &group);
		if (r >= 0 && is_wanted(input, &group))
			r = transaction_revert(input->ledger, input->port, group.finding,
				told, &telling);
		plan_done(&group.undo);
		if (r == -ENOMEM)
			return r;
		left += r < 0;
		/* those that were taken back are gone from the list */
		if (input->ledger->entries.count < count)
			index = 0;
	}
	return left ? -EIO : 0;
}
