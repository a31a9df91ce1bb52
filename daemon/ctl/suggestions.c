/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/suggestions.h"

#include "net/ifname.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void suggestion_undo_free(struct suggestion_undo *undo)
{
	if (!undo)
		return;
	free(undo->place);
	free(undo->path);
	free(undo->before);
	free(undo->after);
	free(undo);
}

void suggestions_done(struct suggestions *suggestions)
{
	array_each (&suggestions->list, struct suggestion, suggestion) {
		suggestion_undo_free(suggestion->undo);
		suggestion_undo_free(suggestion->undo_reload);
	}
	array_done(&suggestions->list);
	array_done(&suggestions->open);
	array_each (&suggestions->behind, char *, place)
		free(*place);
	array_done(&suggestions->behind);
	corrections_done(&suggestions->corrections);
	plans_done(&suggestions->plans);
}

const char *suggestion_key(
	const struct suggestion *suggestion, char out[static SUGGESTION_KEY])
{
	(void)snprintf(out, SUGGESTION_KEY, "net/ipv4/conf/%s/rp_filter",
		suggestion->pattern[0] ? suggestion->pattern : suggestion->name);
	return out;
}

/* --- what is needed --- */

/* How much a value lets in: 0 (off) most, then 2 (loose). */
static int looseness(int value)
{
	return value == 0 ? 2 : value == 2;
}

/* A key stands in a file once: a correction's, and of two what both findings are cured by. */
static int add_suggestion(struct suggestions *suggestions, const struct suggestion *fresh)
{
	char key[SUGGESTION_KEY], other[SUGGESTION_KEY];

	suggestion_key(fresh, key);
	array_each (&suggestions->list, struct suggestion, known) {
		if (known->ifindex != fresh->ifindex &&
			strcmp(suggestion_key(known, other), key) != 0)
			continue;
		if (known->keeps != fresh->keeps
				? known->keeps
				: looseness(fresh->value) > looseness(known->value))
			*known = *fresh;
		return 0;
	}
	return array_push(&suggestions->list, fresh);
}

/*
 * Fills in what follows from the name. Where the configuration has a pattern for it, its name is one
 * of many that come and go, and the pattern is what lasts.
 */
static void finish_suggestion(const struct ctl *ctl, struct suggestion *suggestion)
{
	const struct iface *iface = state_iface(ctl->host.state, suggestion->ifindex);
	const struct config_interface *entry;

	suggestion->writable = ifname_is_plain(suggestion->name);
	suggestion->lasts = suggestion->lasts_reload = true; /* until it is tried */
	if (!iface)
		return;
	(void)snprintf(
		suggestion->kind, sizeof(suggestion->kind), "%s", iface->link.kind);
	entry = config_interface_for(
		ctl->host.config, suggestion->name, iface_kind(iface));
	if (entry && entry->match && boot_is_glob(entry->match) &&
		strlen(entry->match) < sizeof(suggestion->pattern) &&
		!strpbrk(entry->match, "/ \t=") && strcmp(entry->match, "*") != 0)
		(void)snprintf(suggestion->pattern, sizeof(suggestion->pattern), "%s",
			entry->match);
}

/* Whether an interface was asked for by one of its names, or none was. */
static bool is_chosen(const struct ctl *ctl, int ifindex)
{
	array_each (&ctl->arguments->words, const char *const, word) {
		const struct iface *iface = state_iface_by_name(ctl->host.state, *word);

		if (iface && iface->link.ifindex == ifindex)
			return true;
	}
	return ctl->arguments->words.count == 0;
}

/* Entries of one finding go together: all was lowered for the interface that is asked for. */
static bool is_for_chosen(
	const struct ctl *ctl, const struct ledger *ledger, const char *finding)
{
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		if (strcmp(entry->netns, ledger->netns) == 0 && !entry->keeps &&
			strcmp(entry->finding, finding) == 0 &&
			is_chosen(ctl, entry->ifindex))
			return true;
	}
	return false;
}

/* What was corrected already, and is so still. */
static int add_ledger(const struct ctl *ctl, struct suggestions *suggestions)
{
	const struct ledger *ledger = suggestions->corrections.ledger;
	int r = 0;

	array_each (&ledger->entries, const struct ledger_entry, entry) {
		struct suggestion fresh = { .ifindex = entry->ifindex,
			.was = entry->old,
			.corrected = true,
			.keeps = entry->keeps };

		if (strcmp(entry->netns, ledger->netns) != 0 ||
			corrections_judge(ctl, entry, &fresh.value) !=
				CORRECTION_STANDS ||
			!is_for_chosen(ctl, ledger, entry->finding))
			continue;
		memcpy(fresh.name, entry->name, sizeof(fresh.name));
		memcpy(fresh.finding, entry->finding, sizeof(fresh.finding));
		finish_suggestion(ctl, &fresh);
		r = r < 0 ? r : add_suggestion(suggestions, &fresh);
	}
	return r;
}

/* What would be. */
static int add_plan(const struct ctl *ctl, const struct planned *planned,
	struct suggestions *suggestions)
{
	int r = 0;

	array_each (&planned->plan.steps, const struct plan_step, step) {
		const struct iface *iface = state_iface(ctl->host.state, step->ifindex);
		struct suggestion fresh = { .ifindex = step->ifindex,
			.value = step->value,
			.was = step->old,
			.keeps = step->keeps,
			.reason = rpf_reason_name(planned->finding->reason) };

		snprintf(fresh.name, sizeof(fresh.name), "%s",
			step->ifindex == NETCONF_ALL	   ? "all"
			: step->ifindex == NETCONF_DEFAULT ? "default"
			: iface				   ? iface->link.name
							   : "");
		memcpy(fresh.finding, planned->finding->id, sizeof(fresh.finding));
		finish_suggestion(ctl, &fresh);
		if (r >= 0 && fresh.name[0])
			r = add_suggestion(suggestions, &fresh);
	}
	return r;
}

/* A finding that the kernel confirms, and that no step is planned for. */
static int add_open(const struct ctl *ctl, struct suggestions *suggestions)
{
	int r = 0;

	array_each (&suggestions->plans.report->findings, struct finding *const, item) {
		struct suggestion_open open = { *item };
		bool planned = false;

		array_each (&suggestions->plans.list, const struct planned, one) {
			if (one->finding == *item && one->plan.steps.count)
				planned = true;
		}
		if (!planned && is_chosen(ctl, (*item)->ifindex) &&
			(*item)->kernel != KERNEL_PASS)
			r = r < 0 ? r : array_push(&suggestions->open, &open);
	}
	return r;
}

/* The ledger of a snapshot's host is not in it, only whether that was empty. */
static int read_ledger(struct ctl *ctl, struct suggestions *ret)
{
	int r;

	if (ctl->host.snapshot) {
		if (snapshot_notes_find(&ctl->host.notes, HOST_NOTE_LEDGER))
			return 0;
		ret->corrections.error = -ENODATA;
		ctl_say(ctl,
			"a snapshot does not have the ledger: existing corrections are left out");
		return 0;
	}
	r = corrections_read(ctl, &ret->corrections);
	corrections_say_error(
		ctl, &ret->corrections, "existing corrections are left out");
	return r < 0 ? r : add_ledger(ctl, ret);
}

int suggestions_collect(struct ctl *ctl, struct suggestions *ret)
{
	int r = read_ledger(ctl, ret);

	plans_drop_unasked(ctl, &ret->plans);
	array_each (&ret->plans.list, const struct planned, planned)
		r = r < 0 ? r : add_plan(ctl, planned, ret);
	ret->foreign = boot_files_is_foreign(ctl);
	return r < 0 ? r : add_open(ctl, ret);
}

bool suggestions_leave_open(const struct suggestions *suggestions)
{
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		if (!suggestion->writable || !suggestion->lasts)
			return true;
	}
	array_each (&suggestions->open, const struct suggestion_open, open) {
		if (open->finding->severity == FINDING_WARNING)
			return true;
	}
	/* nobody reads the file there, and who runs it on the files there would undo it */
	return suggestions->foreign && suggestions->behind.count;
}
