/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/suggest_print.h"

#include "base/print.h"
#include "daemon/ctl/json.h"
#include "finding/finding_text.h"
#include "finding/remedy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_USUAL "90-rpfilterd.conf"

static const char *const formats[] = { "sysctl.d", "networkd", "networkmanager",
	"ansible", "commands" };

int suggest_format_of(const char *name)
{
	for (size_t i = 0; i < ELEMENTS(formats); i++) {
		if (!name || strcmp(name, formats[i]) == 0)
			return (int)i;
	}
	return -EINVAL;
}

static const char *file_of(const struct suggestions *suggestions)
{
	return suggestions->file[0] ? suggestions->file : FILE_USUAL;
}

static const char *filter_word(int value)
{
	return value == 0 ? "no" : value == 1 ? "strict" : "loose";
}

bool suggest_format_holds(enum suggest_format format,
	const struct suggestions *suggestions, const struct suggestion *suggestion)
{
	if (!suggestion->writable)
		return false;
	switch (format) {
	case SUGGEST_NETWORKD:
		return suggestion_is_iface(suggestion) &&
		       (!suggestions->systemd_version ||
			       suggestions->systemd_version >= NETWORKD_RP_FILTER);
	case SUGGEST_NETWORKMANAGER:
		return suggestion_is_iface(suggestion);
	case SUGGEST_SYSCTL_D:
	case SUGGEST_ANSIBLE:
	case SUGGEST_COMMANDS:
		return true;
	}
	return false;
}

/* The name for a [Match] or a shell's case: as the configuration has it, else the interface's. */
static const char *matching(const struct suggestion *suggestion)
{
	return suggestion->pattern[0] ? suggestion->pattern : suggestion->name;
}

static const char *why_of(
	const struct suggestion *suggestion, char out[static FINDING_ID + 96])
{
	if (suggestion->corrected)
		(void)snprintf(out, FINDING_ID + 96, "%s, was %d: %s",
			suggestion->keeps
				? "keeps its effective value while all is lowered"
				: "corrected",
			suggestion->was, suggestion->finding);
	else
		(void)snprintf(out, FINDING_ID + 96, "%s: %s", suggestion->finding,
			suggestion->reason);
	return out;
}

/* --- one suggestion in each format --- */

/*
 * sysctl.d(5): a key that names the interface beats a pattern of another file, whatever the order.
 * With slashes, as a name may have dots. A name that either program would take for more than a name
 * (a pattern, systemd-networkd's '!') is left out before.
 */
static void print_sysctl_d(const struct suggestion *suggestion, FILE *out)
{
	char key[SUGGESTION_KEY];

	print_line(out, "%s = %d", suggestion_key(suggestion, key), suggestion->value);
	if (!suggestion_is_iface(suggestion))
		return;
	print_line(
		out, "#   or with systemd-networkd (from 255), in a .network file with");
	print_line(out, "#   [Match] Name=%s: [Network] IPv4ReversePathFilter=%s",
		matching(suggestion), filter_word(suggestion->value));
}

static void print_networkd(const struct suggestion *suggestion, FILE *out)
{
	print_line(out,
		"# a drop-in NAME.network.d/90-rpfilterd.conf of the file that configures");
	print_line(out,
		"# it now; as a file of its own, networkd takes nothing else of that one");
	print_line(out, "[Match]");
	print_line(out, "Name=%s", matching(suggestion));
	(void)fputc('\n', out);
	print_line(out, "[Network]");
	print_line(out, "IPv4ReversePathFilter=%s", filter_word(suggestion->value));
}

static void print_networkmanager(const struct suggestion *suggestion, FILE *out)
{
	print_line(out, "case $1 in");
	print_line(out, "%s) sysctl -q -w \"net/ipv4/conf/$1/rp_filter=%d\" ;;",
		matching(suggestion), suggestion->value);
	print_line(out, "esac");
}

/* A line of the file that print_head() began. */
static void print_ansible(const struct suggestion *suggestion, FILE *out)
{
	char key[SUGGESTION_KEY];

	print_line(
		out, "      %s = %d", suggestion_key(suggestion, key), suggestion->value);
}

static void print_commands(const struct suggestions *suggestions,
	const struct suggestion *suggestion, FILE *out)
{
	char key[SUGGESTION_KEY], dotted[64];

	remedy_key(suggestion->name, dotted);
	print_line(out, "sysctl -w %s=%d", dotted, suggestion->value);
	if (!suggestions->foreign)
		print_line(out, "echo '%s = %d' >>/etc/sysctl.d/%s",
			suggestion_key(suggestion, key), suggestion->value,
			file_of(suggestions));
}

static void print_one(const struct suggestions *suggestions, enum suggest_format format,
	const struct suggestion *suggestion, FILE *out)
{
	char why[FINDING_ID + 96];

	print_line(out, "%s# %s", format == SUGGEST_ANSIBLE ? "      " : "",
		why_of(suggestion, why));
	switch (format) {
	case SUGGEST_SYSCTL_D:
		print_sysctl_d(suggestion, out);
		break;
	case SUGGEST_NETWORKD:
		print_networkd(suggestion, out);
		break;
	case SUGGEST_NETWORKMANAGER:
		print_networkmanager(suggestion, out);
		break;
	case SUGGEST_ANSIBLE:
		print_ansible(suggestion, out);
		break;
	case SUGGEST_COMMANDS:
		print_commands(suggestions, suggestion, out);
		break;
	}
}

/* --- around them --- */

static void print_foreign(const struct suggestions *suggestions, FILE *out)
{
	print_line(out,
		"# This network namespace is not the one that a boot sets up: nobody reads");
	print_line(out, "# files for it. Whoever makes the namespace has to run in it:");
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		char command[REMEDY_COMMAND], key[REMEDY_KEY];

		remedy_key(suggestion->name, key);
		if (suggestion->writable &&
			remedy_command(key, suggestion->value, command))
			print_line(out, "#   %s", command);
	}
}

static void print_title(
	const struct suggestions *suggestions, enum suggest_format format, FILE *out)
{
	switch (format) {
	case SUGGEST_SYSCTL_D:
		print_line(out, "# /etc/sysctl.d/%s, suggested by rpfilterctl",
			file_of(suggestions));
		break;
	case SUGGEST_NETWORKD:
		print_line(out, "# for systemd-networkd, suggested by rpfilterctl");
		break;
	case SUGGEST_NETWORKMANAGER:
		print_line(out, "#!/bin/sh");
		print_line(out,
			"# /etc/NetworkManager/dispatcher.d/90-rpfilterd, suggested by rpfilterctl");
		print_line(out, "[ \"$2\" = up ] || exit 0");
		break;
	case SUGGEST_ANSIBLE:
		print_line(out, "# a task, suggested by rpfilterctl");
		break;
	case SUGGEST_COMMANDS:
		print_line(out, "# suggested by rpfilterctl");
		break;
	}
}

static bool is_sysctl_d(enum suggest_format format)
{
	return format == SUGGEST_SYSCTL_D || format == SUGGEST_ANSIBLE ||
	       format == SUGGEST_COMMANDS;
}

static void print_head(
	const struct suggestions *suggestions, enum suggest_format format, FILE *out)
{
	print_title(suggestions, format, out);
	if (suggestions->foreign && suggestions->list.count)
		print_foreign(suggestions, out);
	if (!suggestions->tried && suggestions->list.count)
		print_line(out,
			"# A snapshot has no files: whether this lasts is unknown (--root DIR).");
	if (is_sysctl_d(format) && suggestions->tried &&
		strcmp(suggestions->file, FILE_USUAL) != 0) {
		array_each (&suggestions->behind, char *const, place)
			print_line(out, "# It must sort behind %s, which would undo it.",
				*place);
	}
	(void)fputc('\n', out);
	if (format != SUGGEST_ANSIBLE || !suggestions->list.count)
		return;
	print_line(out, "- name: rp_filter as rpfilterctl suggests");
	print_line(out, "  ansible.builtin.copy:");
	print_line(out, "    dest: /etc/sysctl.d/%s", file_of(suggestions));
	print_line(out, "    mode: \"0644\"");
	print_line(out, "    content: |");
}

/* A line that undoes it, as diff(1) shows a change. */
static void print_undo(const struct suggestion_undo *undo, const char *when, FILE *out)
{
	print_line(
		out, "# %s undoes it: %s makes it %d.", when, undo->place, undo->value);
	if (!undo->after) {
		print_line(out, "# That has to change by hand.");
		return;
	}
	print_line(out, "# That line has to change:");
	print_line(out, "# --- %s", undo->path);
	print_line(out, "# +++ %s", undo->path);
	print_line(out, "# @@ -%u +%u @@", undo->line, undo->line);
	print_line(out, "# -%s", undo->before);
	print_line(out, "# +%s", undo->after);
}

static void print_undone(const struct suggestion *suggestion, FILE *out)
{
	if (suggestion->undo)
		print_undo(suggestion->undo, "A boot", out);
	else if (suggestion->undo_reload)
		print_undo(suggestion->undo_reload, "`sysctl --system`", out);
}

static void print_left_out(const struct suggestions *suggestions,
	const struct suggestion *suggestion, FILE *out)
{
	if (!suggestion->writable)
		print_line(out, "# left out, its name cannot be written in this file: %s",
			suggestion->name);
	else if (!suggestion_is_iface(suggestion))
		print_line(out,
			"# left out, only sysctl.d has it: net.ipv4.conf.%s.rp_filter = %d",
			suggestion->name, suggestion->value);
	else
		print_line(out,
			"# left out, systemd-networkd has the setting from 255, here is %d: %s",
			suggestions->systemd_version, suggestion->name);
}

static void print_open(const struct suggestions *suggestions, FILE *out)
{
	array_each (&suggestions->open, const struct suggestion_open, open) {
		char sentence[FINDING_TEXT];

		print_line(out, "# open, a %s: %s",
			finding_severity_name(open->finding->severity),
			finding_sentence(open->finding, sentence));
	}
}

void suggest_print(
	const struct suggestions *suggestions, enum suggest_format format, FILE *out)
{
	print_head(suggestions, format, out);
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		if (suggest_format_holds(format, suggestions, suggestion)) {
			print_one(suggestions, format, suggestion, out);
			if (format != SUGGEST_ANSIBLE)
				(void)fputc('\n', out);
		}
	}
	if (format == SUGGEST_ANSIBLE && suggestions->list.count)
		(void)fputc('\n', out);
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		if (suggest_format_holds(format, suggestions, suggestion))
			print_undone(suggestion, out);
		else
			print_left_out(suggestions, suggestion, out);
	}
	print_open(suggestions, out);
	if (!suggestions->open.count && !suggestions->list.count)
		print_line(out, "%s",
			suggestions->corrections.error < 0
				? "# nothing found, but the ledger cannot be read"
				: "# nothing needed");
}

/* --- JSON --- */

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
	r |= json_add_bool(object, "writable", suggestion->writable);
	r |= json_add_text(object, "finding", suggestion->finding);
	return r |
	       (suggestion->reason ? json_add_text(object, "reason", suggestion->reason)
				   : json_add_null(object, "reason"));
}

static int add_undo(struct json_object *list, const char *name, const char *when,
	const struct suggestion_undo *undo)
{
	struct json_object *object = json_push_object(list);
	int r = json_add_text(object, "name", name);

	r |= json_add_text(object, "when", when);
	r |= undo->path[0] ? json_add_text(object, "file", undo->path)
			   : json_add_null(object, "file");
	r |= undo->line ? json_add_number(object, "line", undo->line)
			: json_add_null(object, "line");
	r |= json_add_text(object, "place", undo->place);
	r |= json_add_number(object, "value", undo->value);
	r |= undo->before ? json_add_text(object, "before", undo->before)
			  : json_add_null(object, "before");
	return r | (undo->after ? json_add_text(object, "after", undo->after)
				: json_add_null(object, "after"));
}

static int add_undone(const struct suggestions *suggestions, struct json_object *object)
{
	struct json_object *list = json_add_array(object, "undone");
	int r = list ? 0 : -ENOMEM;

	array_each (&suggestions->list, const struct suggestion, suggestion) {
		if (suggestion->undo)
			r |= add_undo(list, suggestion->name, "boot", suggestion->undo);
		if (suggestion->undo_reload)
			r |= add_undo(list, suggestion->name, "reload",
				suggestion->undo_reload);
	}
	return r;
}

static int add_open(const struct suggestions *suggestions, struct json_object *object)
{
	struct json_object *list = json_add_array(object, "open");
	int r = list ? 0 : -ENOMEM;

	array_each (&suggestions->open, const struct suggestion_open, open) {
		struct json_object *one = json_push_object(list);
		char sentence[FINDING_TEXT];

		r |= json_add_text(one, "finding", open->finding->id);
		r |= json_add_text(
			one, "severity", finding_severity_name(open->finding->severity));
		r |= json_add_text(
			one, "text", finding_sentence(open->finding, sentence));
	}
	return r;
}

/* The file itself, line by line: a text of JSON has no line ends here. */
static int add_lines(const struct suggestions *suggestions, enum suggest_format format,
	struct json_object *object)
{
	struct json_object *list = json_add_array(object, "lines");
	_cleanup_(freep) char *text = NULL;
	char *rest, *line;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	int r = list ? 0 : -ENOMEM;

	if (!memory)
		return -ENOMEM;
	suggest_print(suggestions, format, memory);
	if (fclose(memory) != 0)
		return -ENOMEM;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (rest)
			r |= json_push_text(list, line);
	}
	return r;
}

int suggest_print_json(
	const struct suggestions *suggestions, enum suggest_format format, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list;
	int r = json_add_bool(object, "ledger_read", suggestions->corrections.error >= 0);

	list = json_add_array(object, "suggestions");
	r |= list ? 0 : -ENOMEM;
	array_each (&suggestions->list, const struct suggestion, suggestion)
		r |= add_one(json_push_object(list), suggestion);
	r |= json_add_text(object, "file", file_of(suggestions));
	r |= json_add_bool(object, "tried", suggestions->tried);
	r |= json_add_bool(object, "foreign", suggestions->foreign);
	r |= add_undone(suggestions, object);
	r |= add_open(suggestions, object);
	r |= add_lines(suggestions, format, object);
	return r < 0 ? -ENOMEM : json_print(out, object);
}
