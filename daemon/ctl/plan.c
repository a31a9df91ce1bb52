/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/json.h"
#include "daemon/ctl/pauses.h"
#include "daemon/ctl/plans.h"
#include "daemon/ctl/verbs.h"

#include <errno.h>

static int add_steps(struct json_object *object, const struct plan *plan)
{
	struct json_object *steps = json_add_array(object, "steps");
	int r = steps ? 0 : -ENOMEM;

	array_each (&plan->steps, const struct plan_step, step) {
		struct json_object *entry = json_push_object(steps), *undo;

		r |= json_add_text(entry, "key", step->key);
		r |= json_add_number(entry, "ifindex", step->ifindex);
		r |= json_add_number(entry, "old", step->old);
		r |= json_add_number(entry, "value", step->value);
		r |= json_add_bool(entry, "keeps", step->keeps);
		undo = json_add_object(entry, "undo");
		r |= json_add_text(undo, "key", step->key);
		r |= json_add_number(undo, "value", step->old);
	}
	return r;
}

static int add_changes(struct json_object *object, const struct plan_changes *changes)
{
	struct json_object *list = json_add_array(object, "changes");
	int r = list ? 0 : -ENOMEM;

	array_each (&changes->list, const struct plan_change, change) {
		struct json_object *entry = json_push_object(list);

		r |= json_add_text(entry, "finding", change->finding.text);
		r |= json_add_text(entry, "becomes", change->drops ? "drops" : "ok");
	}
	return r;
}

static int add_refused(struct json_object *object, const struct planned *planned)
{
	const char *setting = planned->refusal == REFUSED_LOWEST ? "correct.lowest"
			      : planned->refusal == REFUSED_ALLOW_ALL
				      ? "correct.allow_all"
			      : planned->refusal == REFUSED_ROUTE ? "interfaces.one_way"
								  : NULL;
	struct json_object *refused;
	char text[CORRECTION_TEXT];
	int r;

	if (planned->plan.rung != PLAN_MANUAL)
		return json_add_null(object, "refused");
	refused = json_add_object(object, "refused");
	r = setting ? json_add_text(refused, "setting", setting)
		    : json_add_null(refused, "setting");
	return r | json_add_text(refused, "text", plans_refusal(planned, text));
}

static int plan_json(
	const struct plans *plans, const struct corrections *corrections, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list = json_add_array(object, "plans");
	int r = list ? 0 : -ENOMEM;

	array_each (&plans->list, const struct planned, planned) {
		const struct finding *finding = planned->finding;
		struct json_object *entry = json_push_object(list);
		char text[CORRECTION_TEXT];

		r |= json_add_text(entry, "finding", finding->id);
		r |= json_add_text(entry, "iif", finding->iif);
		r |= json_add_text(entry, "kernel", kernel_answer_name(finding->kernel));
		r |= add_steps(entry, &planned->plan);
		r |= add_changes(entry, &planned->changes);
		r |= add_refused(entry, planned);
		r |= plans_objection(planned, text)
			     ? json_add_text(entry, "daemon_refuses", text)
			     : json_add_null(entry, "daemon_refuses");
	}
	r |= pauses_json(corrections, object);
	return r < 0 ? -ENOMEM : json_print(out, object);
}

/* What is paused. The ledger of a snapshot's host is not in it, only whether nothing was. */
static int read_pauses(const struct ctl *ctl, struct corrections *ret)
{
	int r;

	if (ctl->host.snapshot) {
		if (!snapshot_notes_find(&ctl->host.notes, HOST_NOTE_PAUSES))
			ret->error = -ENODATA;
		return 0;
	}
	r = corrections_read(ctl, ret);
	if (r >= 0)
		corrections_say_error(ctl, ret, "what is paused is unknown");
	return r;
}

int plan_run(struct ctl *ctl)
{
	_cleanup_(corrections_done) struct corrections corrections = { 0 };
	struct plans plans = { 0 };
	int r, code;

	if (ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	r = plans_make(ctl, &plans);
	code = plans.list.count ? CTL_FOUND : CTL_FINE;
	if (r >= 0)
		r = read_pauses(ctl, &corrections);
	if (r >= 0 && ctl_has(ctl, OPTION_JSON)) {
		r = plan_json(&plans, &corrections, ctl->out);
	} else if (r >= 0) {
		plans_print(&plans, false, ctl->out);
		pauses_print(&corrections, ctl->out);
	}
	plans_done(&plans);
	return r < 0 ? CTL_FAILED : code;
}
