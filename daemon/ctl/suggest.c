/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "daemon/config/config_text.h"
#include "daemon/ctl/corrections.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/plans.h"
#include "daemon/ctl/verbs.h"
#include "finding/remedy.h"
#include "net/ifname.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A value that one interface, all or default should have. */
struct suggestion {
	int ifindex; /* or NETCONF_ALL, NETCONF_DEFAULT */
	char name[NAME_MAX_];
	int value, was;
	bool corrected; /* it has it already; else it is planned */
	bool keeps;	/* as plan_step */
	char finding[FINDING_ID];
	const char *reason; /* NULL: the ledger doesn't have it */
};

struct suggestions {
	ARRAY(struct suggestion) list;
	struct corrections corrections;
	struct plans plans;
};

static void suggestions_done(struct suggestions *suggestions)
{
	array_done(&suggestions->list);
	corrections_done(&suggestions->corrections);
	plans_done(&suggestions->plans);
}

/* How much a value lets in: 0 (off) most, then 2 (loose). */
static int looseness(int value)
{
	return value == 0 ? 2 : value == 2;
}

/* A key stands in a file once: a correction's, and of two what both findings are cured by. */
static int add_suggestion(struct suggestions *suggestions, const struct suggestion *fresh)
{
	array_each (&suggestions->list, struct suggestion, known) {
		if (known->ifindex != fresh->ifindex)
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
 * sysctl.d(5): a key that names the interface beats a pattern of another file, whatever the
 * order. With slashes, as a name may have dots. A name that either program would take for more
 * than a name (a pattern, systemd-networkd's '!') is left out before.
 */
static void print_key(FILE *out, const char *name, int value, const char *why)
{
	print_line(out, "# %s", why);
	print_line(out, "net/ipv4/conf/%s/rp_filter = %d", name, value);
}

/* What systemd-networkd has for it (v255); NetworkManager has nothing of the kind. */
static void print_networkd(FILE *out, const char *name, int value)
{
	print_line(out, "#   or with systemd-networkd, in a .network file with");
	print_line(out, "#   [Match] Name=%s: [Network] IPv4ReversePathFilter=%s", name,
		value == 0   ? "no"
		: value == 1 ? "strict"
			     : "loose");
	(void)fputc('\n', out);
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
		if (r >= 0 && fresh.name[0])
			r = add_suggestion(suggestions, &fresh);
	}
	return r;
}

static void print_one(const struct suggestion *suggestion, FILE *out)
{
	const char *name = suggestion->name;
	char why[FINDING_ID + 96];

	if (suggestion->corrected)
		(void)snprintf(why, sizeof(why), "%s, was %d: %s",
			suggestion->keeps
				? "keeps its effective value while all is lowered"
				: "corrected",
			suggestion->was, suggestion->finding);
	else
		(void)snprintf(why, sizeof(why), "%s: %s", suggestion->finding,
			suggestion->reason);
	print_key(out, name, suggestion->value, why);
	if (suggestion->ifindex > 0)
		print_networkd(out, name, suggestion->value);
}

static void print_text(const struct suggestions *suggestions, FILE *out)
{
	print_line(out, "# /etc/sysctl.d/90-rpfilterd.conf, suggested by rpfilterctl");
	(void)fputc('\n', out);
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		if (ifname_is_plain(suggestion->name)) {
			print_one(suggestion, out);
			continue;
		}
		print_line(out, "# left out, its name cannot be written in this file: %s",
			suggestion->name);
		(void)fputc('\n', out);
	}
	if (!suggestions->list.count)
		print_line(out, "%s",
			suggestions->corrections.error < 0
				? "# nothing found, but the ledger cannot be read"
				: "# nothing needed");
}

static int add_one(struct json_object *object, const struct suggestion *suggestion)
{
	char key[64];
	int r;

	remedy_key(suggestion->name, key);
	r = json_add_text(object, "name", suggestion->name);
	r |= json_add_text(object, "key", key);
	r |= json_add_number(object, "value", suggestion->value);
	r |= json_add_number(object, "was", suggestion->was);
	r |= json_add_bool(object, "corrected", suggestion->corrected);
	r |= json_add_bool(object, "keeps", suggestion->keeps);
	r |= json_add_bool(object, "writable", ifname_is_plain(suggestion->name));
	r |= json_add_text(object, "finding", suggestion->finding);
	return r |
	       (suggestion->reason ? json_add_text(object, "reason", suggestion->reason)
				   : json_add_null(object, "reason"));
}

static int print_json(const struct suggestions *suggestions, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list;
	int r = json_add_bool(object, "ledger_read", suggestions->corrections.error >= 0);

	list = json_add_array(object, "suggestions");
	r |= list ? 0 : -ENOMEM;
	array_each (&suggestions->list, const struct suggestion, suggestion)
		r |= add_one(json_push_object(list), suggestion);
	return r < 0 ? -ENOMEM : json_print(out, object);
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

static int collect_suggestions(struct ctl *ctl, struct suggestions *ret)
{
	int r = read_ledger(ctl, ret);

	plans_drop_unasked(ctl, &ret->plans);
	array_each (&ret->plans.list, const struct planned, planned)
		r = r < 0 ? r : add_plan(ctl, planned, ret);
	return r;
}

/* 1 where the file lacks something that is needed, 2 where nobody can tell whether it does. */
static int code_of(const struct ctl *ctl, const struct suggestions *suggestions)
{
	int code = CTL_FINE;

	array_each (&suggestions->list, const struct suggestion, suggestion) {
		char quoted[CONFIG_QUOTE_TEXT];

		if (ifname_is_plain(suggestion->name))
			continue;
		ctl_say(ctl, "%s: this name cannot be written in a sysctl.d file",
			config_text_quote(suggestion->name, quoted));
		code = CTL_FOUND;
	}
	return suggestions->corrections.error < 0 && !suggestions->list.count ? CTL_FAILED
									      : code;
}

int suggest_run(struct ctl *ctl)
{
	_cleanup_(suggestions_done) struct suggestions suggestions = { 0 };
	int r;

	if (ctl_open(ctl, true) < 0 || plans_make(ctl, &suggestions.plans) < 0)
		return CTL_FAILED;
	r = collect_suggestions(ctl, &suggestions);
	if (r >= 0 && ctl_has(ctl, OPTION_JSON))
		r = print_json(&suggestions, ctl->out);
	else if (r >= 0)
		print_text(&suggestions, ctl->out);
	if (r < 0)
		return ctl_fail(ctl, r);
	return code_of(ctl, &suggestions);
}
