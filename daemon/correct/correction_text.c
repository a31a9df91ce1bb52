/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/correction_text.h"

#include "base/strbuf.h"
#include "finding/finding_text.h"
#include "finding/remedy.h"
#include "net/ifname.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int request_answer_event(struct request_answers *answers, const struct correction *event)
{
	struct request_answer answer = { .event = event_info(event->kind)->name,
		.old = event->old,
		.value = event->value };

	snprintf(answer.iif, sizeof(answer.iif), "%s", event->iif);
	correction_sentence(event, answer.text);
	return array_push(&answers->list, &answer);
}

int request_answer_words(struct request_answers *answers, const char *event,
	const char *iif, const char *format, ...)
{
	struct request_answer answer = { .event = event };
	va_list arguments;

	snprintf(answer.iif, sizeof(answer.iif), "%s", iif);
	va_start(arguments, format);
	(void)vsnprintf(answer.text, sizeof(answer.text), format, arguments);
	va_end(arguments);
	return array_push(&answers->list, &answer);
}

const char *correction_assignments(const struct plan *plan, char *out, size_t size)
{
	struct strbuf text;

	strbuf_init(&text, out, size);
	array_each (&plan->steps, const struct plan_step, step) {
		char assignment[REMEDY_ASSIGNMENT];

		(void)remedy_assignment(
			step->key, step->value, assignment, sizeof(assignment));
		strbuf_add(
			&text, "%s%s", step == plan->steps.items ? "" : " ", assignment);
	}
	return out;
}

const char *correction_advice(int error, int ifindex)
{
	switch (-error) {
	case EPERM:
	case EACCES:
		return ifindex > 0
			       ? "not permitted; rpfilterd.service needs CAP_NET_ADMIN: enable its drop-in correct.conf (rpfilterd(8), CORRECTING)"
			       : "not permitted; rpfilterd.service needs its drop-ins correct.conf and allow-all.conf (rpfilterd(8), CORRECTING)";
	case EROFS:
		return "/proc/sys is read-only; rpfilterd.service needs its drop-in allow-all.conf (rpfilterd(8), CORRECTING)";
	case ENODEV:
		return "the interface is gone";
	case EAFNOSUPPORT:
		return "the interface no longer has IPv4 (MTU below 68)";
	default:
		return strerror(-error);
	}
}

/* --- corrected ------------------------------------------------------------------------------ */

static bool is_dry(const struct correction *event)
{
	return event->kind == EVENT_WOULD_CORRECT;
}

static void append_who(struct strbuf *text, const struct correction *event)
{
	char sources[160], to[IP4_TEXT];

	if (!event->finding || !event->finding->source_count)
		return;
	strbuf_add(text, " Packets from %s to %s %s",
		finding_from(event->finding, sources, sizeof(sources)),
		ip4_format(event->finding->example.dst, to),
		is_dry(event) ? "would pass then" : "pass now");
	if (event->outcome.kernel == KERNEL_PASS)
		strbuf_add(text, ", confirmed by the kernel");
	strbuf_add(text, ".");
}

/* What was done first, so that nothing else changes. */
static void append_steps(struct strbuf *text, const struct correction *event)
{
	char value[32], old[32];
	size_t kept = 0;

	if (!event->plan || event->plan->rung != PLAN_ALL)
		return;
	array_each (&event->plan->steps, const struct plan_step, step) {
		kept += step->keeps;
		if (step->ifindex == NETCONF_ALL)
			strbuf_add(text, " %s %s from %s to %s", step->key,
				is_dry(event) ? "would change" : "changed",
				rp_filter_words(step->old, old),
				rp_filter_words(step->value, value));
	}
	if (kept)
		strbuf_add(text,
			", after %zu other setting%s, default included, %s %s effective value",
			kept, kept == 1 ? "" : "s", is_dry(event) ? "gets" : "got",
			kept == 1 ? "its" : "their");
	strbuf_add(text, ".");
}

static void append_corrected(struct strbuf *text, const struct correction *event)
{
	char key[64], old[32], value[32];

	remedy_key(event->iif, key);
	if (is_dry(event))
		strbuf_add(text, "Dry run: ");
	if (event->old == event->value)
		strbuf_add(
			text, "%s stays %s.", key, rp_filter_words(event->value, value));
	else if (is_dry(event))
		strbuf_add(text, "%s would change from %s to %s.", key,
			rp_filter_words(event->old, old),
			rp_filter_words(event->value, value));
	else
		strbuf_add(text, "%s changed from %s to %s%s%s.", key,
			rp_filter_words(event->old, old),
			rp_filter_words(event->value, value),
			event->by_hand ? " by hand" : "",
			event->replanned
				? ": loose is enough, as the interface has an address and its sources a reverse route"
				: "");
	append_steps(text, event);
	append_who(text, event);
}

/* --- what was not done ---------------------------------------------------------------------- */

static void append_failed(struct strbuf *text, const struct correction *event)
{
	const struct outcome *outcome = &event->outcome;
	char key[64];

	remedy_key(outcome->ifindex == NETCONF_ALL	 ? "all"
		   : outcome->ifindex == NETCONF_DEFAULT ? "default"
							 : event->iif,
		key);
	switch (outcome->kind) {
	case OUTCOME_NO_LEDGER:
		if (outcome->error == -E2BIG) {
			strbuf_add(text,
				"%s not set to %d: the ledger is full (%d entries); rpfilterctl revert makes room.",
				key, event->value, LEDGER_ENTRIES);
			return;
		}
		strbuf_add(text, "%s not set to %d: the ledger cannot be written (%s).",
			key, event->value,
			outcome->error == -EUCLEAN ? "something else is in its place"
						   : strerror(-outcome->error));
		return;
	case OUTCOME_NO_EFFECT:
		strbuf_add(text,
			"%s=%d has no effect: the kernel still %s the test packet", key,
			event->value,
			outcome->kernel == KERNEL_PASS ? "accepts" : "drops");
		break;
	case OUTCOME_DONE:
	case OUTCOME_STALE:
	case OUTCOME_KERNEL_DISAGREES:
	case OUTCOME_OVERWRITTEN:
	case OUTCOME_KEPT:
	case OUTCOME_ERROR:
		strbuf_add(text, "Cannot write %s for %s: %s", key, event->iif,
			correction_advice(outcome->error, outcome->ifindex));
		break;
	}
	strbuf_add(text,
		outcome->left
			? "; what was written could not be reverted and stays in the ledger."
		: outcome->alike
			? "; reverted, to a value that acts as the one before, which the kernel refuses."
		: event->plan ? "; nothing changed."
			      : "; the value and its ledger entry stay.");
}

static void append_paused(struct strbuf *text, const struct correction *event)
{
	bool all = event->pause && !*event->pause->name;
	char word[IFNAME_QUOTED], until[CORRECTION_TIME];

	strbuf_add(text, "%s paused by hand until %s%srpfilterctl resume%s%s.",
		all ? "all interfaces are" : "it is",
		event->until_usec ? correction_time(event->until_usec, until) : "",
		event->until_usec ? "; to end that: " : "", all ? "" : " ",
		all ? "" : ifname_quote(event->iif, word));
}

/* Each cause, and what would allow it. */
/* Loosening would not make the connection work. */
static void append_replies(struct strbuf *text, const struct finding *finding)
{
	strbuf_add(text, "answers would still leave by %s",
		finding && finding->replies_by[0] ? finding->replies_by : "no way");
	strbuf_add(text, "; to allow it all the same, declare the sources with expect.");
	if (finding)
		strbuf_add(text, " %s: %s", remedy_head(&finding->remedy),
			finding->remedy.text);
}

static void append_refused(struct strbuf *text, const struct correction *event)
{
	char key[64], word[IFNAME_QUOTED];

	remedy_key(event->iif, key);
	strbuf_add(text, "%s: not corrected: ", event->iif);
	switch (event->refusal) {
	case REFUSED_NOTHING:
		break;
	case REFUSED_SCOPE:
		strbuf_add(text,
			"only what is declared or comes out of a tunnel is corrected by default, and this is expected for another reason (%s); to allow it, add an entry of interfaces with mode = \"correct\".",
			event->finding ? expect_why_name(event->finding->expect) : "?");
		break;
	case REFUSED_LOWEST:
		strbuf_add(text,
			"only 0 (off) helps and correct.lowest is \"loose\"; to allow it, set \"off\"%s.",
			event->finding && event->finding->reason == RPF_NO_ROUTE
				? ""
				: ", or add an address to the interface, then 2 is enough");
		break;
	case REFUSED_ALLOW_ALL:
		strbuf_add(text,
			"%s=0 has no effect without lowering conf.all, and correct.allow_all is false; with true (and the drop-in allow-all.conf of the service), all is lowered after every other interface gets its effective value.",
			key);
		break;
	case REFUSED_PER_MINUTE:
		strbuf_add(text,
			"write limit correct.per_minute reached; it continues after one minute. To allow more, raise the limit.");
		break;
	case REFUSED_PAUSED:
		append_paused(text, event);
		break;
	case REFUSED_UNSURE:
		strbuf_add(text,
			"the kernel disagrees with the model (see the entry disagreement); corrections are suspended until they agree. To correct it all the same: rpfilterctl apply %s.",
			ifname_quote(event->iif, word));
		break;
	case REFUSED_OTHERS:
		strbuf_add(text,
			"the remedy makes other interfaces drop expected packets (rpfilterctl plan %s shows which); to allow it, add an entry of interfaces with expect = [ ] for them.",
			ifname_quote(event->iif, word));
		break;
	case REFUSED_UNCERTAIN:
		strbuf_add(text,
			"it is not certain that such packets come in; to allow it, declare their sources with expect, or the flow with flows.");
		break;
	case REFUSED_LEDGER:
		strbuf_add(text, "%s.",
			event->why
				? event->why
				: "there is no ledger; set a state directory with --state");
		break;
	case REFUSED_ROUTE:
		strbuf_add(text,
			"no route leads back to sources that are dropped, so no answer could leave, and rp_filter is not the cause; add the route. Where nobody answers (multicast, mirrors), allow it by an entry of interfaces with one_way = true.");
		break;
	case REFUSED_REPLIES:
		append_replies(text, event->finding);
		break;
	}
}

/* --- fights, restored ----------------------------------------------------------------------- */

static void append_fight(struct strbuf *text, const struct correction *event)
{
	const struct backoff *backoff = event->backoff;
	size_t count = backoff->reversals.count, from = count > 10 ? count - 10 : 0;
	char key[64];

	remedy_key(event->iif, key);
	if (backoff->of_all)
		remedy_key("all", key);
	strbuf_add(text,
		"Another program changed %s back %zu times; corrections of %s pause for %llu s.",
		key, count, event->iif,
		(unsigned long long)(backoff->pause_usec / 1000000));
	for (size_t i = from; i < count; i++) {
		const struct reversal *reversal = &backoff->reversals.items[i];
		time_t when = (time_t)(reversal->when_usec / 1000000);
		struct tm broken;
		char clock[32] = "?";

		if (gmtime_r(&when, &broken))
			strftime(clock, sizeof(clock), "%H:%M:%S", &broken);
		strbuf_add(text, "%s%s.%03llu UTC %d over %d",
			i == from ? " Last: " : ", ", clock,
			(unsigned long long)(reversal->when_usec / 1000 % 1000),
			reversal->theirs, reversal->ours);
	}
	strbuf_add(text, ". Find that program; only one of the two may write it.");
}

static void append_restored(struct strbuf *text, const struct correction *event)
{
	char key[64], old[32], value[32];

	remedy_key(event->iif, key);
	strbuf_add(text, "%s restored from %s to %s%s.", key,
		rp_filter_words(event->old, old), rp_filter_words(event->value, value),
		event->by_hand	  ? " by hand"
		: event->stopping ? ": rpfilterd stops and correct.restore is \"on-stop\""
				  : ": no longer needed");
	if (event->outcome.alike)
		strbuf_add(text,
			" It was %s; the kernel takes that by /proc/sys alone, which is not writable, and %d acts the same.",
			rp_filter_words(event->refused, old), event->value);
}

/* --- pauses --------------------------------------------------------------------------------- */

const char *correction_time(uint64_t when_usec, char out[static CORRECTION_TIME])
{
	time_t when = (time_t)(when_usec / 1000000);
	struct tm broken;

	snprintf(out, CORRECTION_TIME, "-");
	if (when && gmtime_r(&when, &broken))
		(void)strftime(out, CORRECTION_TIME, "%Y-%m-%dT%H:%M:%SZ", &broken);
	return out;
}

static const char *pause_name(const struct correction *event)
{
	return *event->pause->name ? event->iif : "all interfaces";
}

static void append_pause(struct strbuf *text, const struct correction *event)
{
	char until[CORRECTION_TIME];

	strbuf_add(text, "%s: corrections paused until %s%s%s.", pause_name(event),
		event->until_usec ? correction_time(event->until_usec, until)
				  : "rpfilterctl resume",
		event->pause->fight ? ": another program insists on its value" : "",
		event->absent ? "; no such interface now" : "");
}

static void append_resumed(struct strbuf *text, const struct correction *event)
{
	if (event->pause->gone)
		strbuf_add(text, "%s: the pause has ended with the interface.",
			pause_name(event));
	else
		strbuf_add(text, "%s: corrections resumed%s%s.", pause_name(event),
			event->by_hand ? "" : ": the pause is over",
			event->absent ? "; no such interface now" : "");
}

const char *correction_sentence(
	const struct correction *event, char out[static CORRECTION_TEXT])
{
	struct strbuf text;

	strbuf_init(&text, out, CORRECTION_TEXT);
	if (event->kind == EVENT_CORRECTED || is_dry(event))
		append_corrected(&text, event);
	else if (event->kind == EVENT_CORRECTION_FAILED)
		append_failed(&text, event);
	else if (event->kind == EVENT_REFUSED)
		append_refused(&text, event);
	else if (event->kind == EVENT_FIGHT)
		append_fight(&text, event);
	else if (event->kind == EVENT_RESTORED)
		append_restored(&text, event);
	else if (event->kind == EVENT_PAUSED)
		append_pause(&text, event);
	else if (event->kind == EVENT_RESUMED)
		append_resumed(&text, event);
	return out;
}

void correction_text_left(
	const struct ledger_entry *entry, char out[static CORRECTION_LEFT])
{
	snprintf(out, CORRECTION_LEFT,
		"%s (index %d) is a different interface now (other kind or hardware address); leaving rp_filter=%d unchanged.",
		entry->name, entry->ifindex, entry->value);
}
