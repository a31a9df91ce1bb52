/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/plans.h"

#include "base/print.h"
#include "daemon/evaluate/evaluate.h"
#include "finding/finding_text.h"
#include "finding/remedy.h"

#include <errno.h>
#include <string.h>

struct plan_judge plans_judge(const struct host *host)
{
	return evaluate_judge(host->config);
}

static int plan_one(struct ctl *ctl, const struct finding *finding, struct plans *plans)
{
	const struct config *config = ctl->host.config;
	const struct plan_limits limits = { config->correct.lowest_loose,
		config->correct.allow_all };
	const struct overlay overlay = { .state = ctl->host.state };
	const struct plan_judge judge = plans_judge(&ctl->host);
	const struct iface *iface = state_iface(ctl->host.state, finding->ifindex);
	struct planned fresh = { .finding = finding }, *planned;
	int r = array_push(&plans->list, &fresh);

	if (r < 0 || !iface)
		return r;
	planned = &plans->list.items[plans->list.count - 1];
	r = plan_find(&overlay, iface, finding->id, &limits, &judge, &planned->plan);
	if (r < 0)
		return r;
	planned->refusal = policy_forbids(config, finding, &planned->plan);
	planned->objection = policy_objects(config, finding);
	if (planned->refusal != REFUSED_NOTHING) {
		plan_done(&planned->plan);
		planned->plan = (struct plan){ .rung = PLAN_MANUAL };
	} else
		r = plan_side_effects(
			&overlay, &planned->plan, finding->id, &judge, &planned->changes);
	return r;
}

/* Whether the finding's interface was asked for. */
static bool is_chosen(const struct ctl *ctl, const struct finding *finding)
{
	array_each (&ctl->arguments->words, const char *const, name) {
		const struct iface *iface = state_iface_by_name(ctl->host.state, *name);

		if (iface && iface->link.ifindex == finding->ifindex)
			return true;
	}
	return ctl->arguments->words.count == 0;
}

static int plan_chosen(struct ctl *ctl, struct plans *plans)
{
	array_each (&plans->report->findings, struct finding *const, item) {
		struct finding *finding = *item;
		int r;

		/* what has no reverse route is nothing that a value of rp_filter mends */
		if (!is_chosen(ctl, finding) || finding->no_route)
			continue;
		r = host_ask(&ctl->host, &finding->example, RPF_DROP, &finding->kernel);
		if (r < 0 && r != -ENODEV)
			return r;
		if (finding->kernel == KERNEL_PASS)
			ctl_say(ctl,
				"%s: the kernel accepts the test packet: nothing to correct",
				finding->id);
		else
			r = plan_one(ctl, finding, plans);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

int plans_make(struct ctl *ctl, struct plans *ret)
{
	char error[ERROR_TEXT];
	int r;

	array_each (&ctl->arguments->words, const char *const, name) {
		if (!host_iface(&ctl->host, *name, error)) {
			ctl_say(ctl, "%s", error);
			return -EINVAL;
		}
	}
	r = evaluate(ctl->host.state, ctl->host.config, DETAIL_SUMMARY, &ret->report);
	if (r >= 0)
		r = plan_chosen(ctl, ret);
	if (r < 0)
		(void)ctl_fail(ctl, r);
	return r;
}

static void planned_done(struct planned *planned)
{
	plan_done(&planned->plan);
	plan_changes_done(&planned->changes);
}

void plans_drop_unasked(const struct ctl *ctl, struct plans *plans)
{
	char first[FINDING_ID];
	size_t kept = 0, dropped = 0;

	if (ctl->arguments->words.count)
		return;
	array_each (&plans->list, struct planned, planned) {
		if (planned->finding->expect <= EXPECT_TUNNEL) {
			plans->list.items[kept++] = *planned;
			continue;
		}
		if (!dropped++)
			snprintf(first, sizeof(first), "%s", planned->finding->id);
		planned_done(planned);
	}
	plans->list.count = kept;
	if (dropped == 1)
		ctl_say(ctl, "%s is skipped; name its interface to include it", first);
	else if (dropped)
		ctl_say(ctl,
			"%s and %zu more are skipped; name their interfaces to include them",
			first, dropped - 1);
}

bool plans_have_steps(const struct plans *plans)
{
	array_each (&plans->list, const struct planned, planned) {
		if (planned->plan.rung != PLAN_MANUAL)
			return true;
	}
	return false;
}

void plans_done(struct plans *plans)
{
	array_each (&plans->list, struct planned, planned)
		planned_done(planned);
	array_done(&plans->list);
	report_free(plans->report);
}

static const char *refused_because(const struct finding *finding, enum refusal refusal,
	char out[static CORRECTION_TEXT])
{
	const struct correction event = { .kind = EVENT_REFUSED,
		.finding = finding,
		.id = finding->id,
		.iif = finding->iif,
		.refusal = refusal };

	return correction_sentence(&event, out);
}

const char *plans_objection(
	const struct planned *planned, char out[static CORRECTION_TEXT])
{
	return planned->plan.rung != PLAN_MANUAL && planned->objection != REFUSED_NOTHING
		       ? refused_because(planned->finding, planned->objection, out)
		       : NULL;
}

const char *plans_refusal(const struct planned *planned, char out[static CORRECTION_TEXT])
{
	if (planned->refusal == REFUSED_NOTHING) {
		snprintf(out, CORRECTION_TEXT, "No rp_filter value helps. %s: %s",
			remedy_head(&planned->finding->remedy),
			planned->finding->remedy.text);
		return out;
	}
	return refused_because(planned->finding, planned->refusal, out);
}

static void print_step(const struct plan_step *step, FILE *out)
{
	char set[REMEDY_COMMAND], undo[REMEDY_COMMAND], old[32], value[32];

	(void)remedy_command(step->key, step->old, undo);
	(void)remedy_command(step->key, step->value, set);
	print_line(out, "  %s    # was %s, will be %s%s; undo: %s", set,
		rp_filter_words(step->old, old), rp_filter_words(step->value, value),
		step->keeps ? ", the effective value" : "", undo);
}

static void print_one(const struct planned *planned, FILE *out)
{
	char text[CORRECTION_TEXT];

	print_line(out, "%s (%s)", planned->finding->id,
		rpf_reason_name(planned->finding->reason));
	if (planned->plan.rung == PLAN_MANUAL) {
		print_line(out, "  %s", plans_refusal(planned, text));
		return;
	}
	array_each (&planned->plan.steps, const struct plan_step, step)
		print_step(step, out);
	array_each (&planned->changes.list, const struct plan_change, change)
		print_line(out, "  then %s %s", change->finding.text,
			change->drops ? "drops expected packets" : "is cleared, too");
	if (planned->changes.unknown)
		print_line(
			out, "  more verdicts may change: unsupported kernel attribute");
	else if (!planned->changes.list.count)
		print_line(out, "  no other verdict changes");
	if (plans_objection(planned, text))
		print_line(out, "  the daemon would say: %s", text);
}

void plans_print(const struct plans *plans, bool doable, FILE *out)
{
	size_t printed = 0;

	array_each (&plans->list, const struct planned, planned) {
		if (doable && planned->plan.rung == PLAN_MANUAL)
			continue;
		if (printed++)
			(void)fputc('\n', out);
		print_one(planned, out);
	}
	if (!printed)
		print_line(out, "Nothing to correct.");
}
