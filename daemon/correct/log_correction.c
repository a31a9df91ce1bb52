/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/log_correction.h"

#include "daemon/correct/correction_text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* The finding as it is after the correction: the values in effect, and the kernel's word. */
static struct finding finding_after(const struct correction *event)
{
	struct finding finding = *event->finding;

	if (event->kind == EVENT_CORRECTED) {
		finding.filter.own = event->value;
		if (event->plan && event->plan->rung == PLAN_ALL)
			finding.filter.all = 0;
		finding.filter =
			rp_filter_combine(0, finding.filter.own, finding.filter.all);
	}
	if (event->kind == EVENT_CORRECTED || event->kind == EVENT_WOULD_CORRECT) {
		finding.remedy = (struct remedy){ .kind = REMEDY_SYSCTL }; /* borrowed */
		correction_assignments(
			event->plan, finding.remedy.text, sizeof(finding.remedy.text));
	}
	if (event->outcome.kernel != KERNEL_UNASKED)
		finding.kernel = event->outcome.kernel;
	return finding;
}

static const char *error_name(const struct outcome *outcome)
{
	const char *name = strerrorname_np(-outcome->error);

	if (outcome->kind == OUTCOME_NO_EFFECT)
		return "no_effect";
	return name ? name : "unknown";
}

static void add_pause(struct entry *entry, const struct correction *event)
{
	char until[CORRECTION_TIME];

	assert(event->pause);
	entry_add(entry, "RPF_IIF", "%s", event->iif);
	if (event->ifindex)
		entry_add(entry, "RPF_IFINDEX", "%d", event->ifindex);
	entry_add(entry, "RPF_WHY", "%s", event->pause->fight ? "fight" : "hand");
	if (event->kind == EVENT_PAUSED && event->until_usec)
		entry_add(entry, "RPF_UNTIL", "%s",
			correction_time(event->until_usec, until));
}

void log_correction(struct entry *entry, const struct correction *event)
{
	char sentence[CORRECTION_TEXT];

	entry_event(entry, event->kind);
	/* an interface that went under the write is nobody's fault, and no error */
	if (event->kind == EVENT_CORRECTION_FAILED && event->outcome.error == -ENODEV)
		entry->priority = LOG_INFO;
	if (event->kind == EVENT_REFUSED && event->finding &&
		event->finding->severity == FINDING_NOTICE)
		entry->priority = LOG_NOTICE;
	entry_add(entry, "MESSAGE", "%s", correction_sentence(event, sentence));
	if (event->finding) {
		const struct finding finding = finding_after(event);

		entry_add_finding(entry, &finding);
	} else if (!event->pause) {
		entry_add(entry, "RPF_FINDING", "%s", event->id);
		entry_add(entry, "RPF_IIF", "%s", event->iif);
		entry_add(entry, "RPF_IFINDEX", "%d", event->ifindex);
		if (event->outcome.kernel != KERNEL_UNASKED)
			entry_add(entry, "RPF_KERNEL", "%s",
				kernel_answer_name(event->outcome.kernel));
	}
	if (event->kind == EVENT_PAUSED || event->kind == EVENT_RESUMED) {
		add_pause(entry, event);
		return;
	}
	if (event->kind == EVENT_REFUSED) {
		entry_add(entry, "RPF_REFUSED", "%s", refusal_name(event->refusal));
		return;
	}
	entry_add(entry, "RPF_OLD", "%d", event->old);
	entry_add(entry, "RPF_NEW", "%d", event->value);
	if (event->kind == EVENT_CORRECTION_FAILED)
		entry_add(entry, "RPF_ERROR", "%s", error_name(&event->outcome));
	if (event->kind == EVENT_FIGHT)
		entry_add(entry, "RPF_COUNT", "%zu", event->backoff->reversals.count);
}
