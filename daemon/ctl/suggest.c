/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "daemon/config/config_text.h"
#include "daemon/ctl/boot_files.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/suggest_print.h"
#include "daemon/ctl/table.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/boot_iface.h"

#include <errno.h>

/* 1 where the file lacks something that is needed, 2 where nobody can tell whether it does. */
static int code_of(const struct ctl *ctl, const struct suggestions *suggestions,
	enum suggest_format format)
{
	bool left_out = false;

	array_each (&suggestions->list, const struct suggestion, suggestion) {
		char quoted[CONFIG_QUOTE_TEXT];

		left_out |= !suggest_format_holds(format, suggestions, suggestion);
		if (!suggestion->writable)
			ctl_say(ctl, "%s: this name cannot be written in a sysctl.d file",
				config_text_quote(suggestion->name, quoted));
	}
	if (suggestions->corrections.error < 0 && !suggestions->list.count)
		return CTL_FAILED;
	return left_out || suggestions_leave_open(suggestions) ? CTL_FOUND : CTL_FINE;
}

/* --- --check: what a boot would undo of what is in force --- */

struct undone {
	const struct boot_files *files;
	struct json_object *list; /* NULL: text */
	FILE *out;
	size_t count;
};

static int print_one(struct undone *undone, const struct iface *iface, int now,
	const struct forecast *forecast, const char *keeps)
{
	struct json_object *object;
	int r;

	if (!undone->list) {
		print_line(undone->out, "%s: effective %d now, %d after a boot: %s",
			iface->link.name, now, forecast_after(forecast), keeps);
		return 0;
	}
	object = json_push_object(undone->list);
	r = json_add_text(object, "interface", iface->link.name);
	r |= json_add_number(object, "now", now);
	r |= json_add_number(object, "after_boot", forecast_after(forecast));
	return r | json_add_text(object, "keep", keeps);
}

static int check_one(struct undone *undone, const struct iface *iface, int all)
{
	struct forecast_iface forecast_iface = boot_iface(iface, iface->link.name);
	struct forecast forecast = { 0 };
	char keeps[FORECAST_TEXT];
	int own = iface->link.conf.value[DEVCONF_RP_FILTER];
	int now = forecast_effective(BOOT_RP_FILTER, all, own);
	int r;

	if (!iface->link.has_inet)
		return 0;
	r = forecast_make(
		&undone->files->lines, &forecast_iface, BOOT_RP_FILTER, &forecast);
	if (r >= 0 && !forecast_keeps(undone->files->boot, &forecast, now, keeps)) {
		undone->count++;
		r = print_one(undone, iface, now, &forecast, keeps);
	}
	forecast_done(&forecast);
	return r;
}

static bool is_asked(const struct ctl *ctl, const struct iface *iface)
{
	array_each (&ctl->arguments->words, const char *const, word) {
		if (state_iface_by_name(ctl->host.state, *word) == iface)
			return true;
	}
	return ctl->arguments->words.count == 0;
}

static int check_all(struct ctl *ctl, struct undone *undone)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	int all = ctl->host.state->all.value[DEVCONF_RP_FILTER];
	size_t count = 0;
	int r = state_ifaces(ctl->host.state, &ifaces, &count);

	for (size_t i = 0; i < count && r >= 0; i++) {
		if (is_asked(ctl, ifaces[i]))
			r = check_one(undone, ifaces[i], all);
	}
	return r;
}

static int run_check(struct ctl *ctl)
{
	_cleanup_(boot_files_done) struct boot_files files = { 0 };
	_cleanup_(json_putp) struct json_object *object = NULL;
	struct undone undone = { .files = &files, .out = ctl->out };
	char error[ERROR_TEXT];
	int r;

	if (ctl->host.snapshot && !ctl->arguments->root) {
		ctl_say(ctl,
			"a snapshot does not have the files of its host: --root DIR says where they are");
		return CTL_FAILED;
	}
	array_each (&ctl->arguments->words, const char *const, name) {
		if (!host_iface(&ctl->host, *name, error)) {
			ctl_say(ctl, "%s", error);
			return CTL_FAILED;
		}
	}
	if (boot_files_open(ctl, false, &files) < 0)
		return CTL_FAILED;
	if (ctl_has(ctl, OPTION_JSON)) {
		object = json_object_new_object();
		undone.list = json_add_array(object, "undone");
	}
	r = check_all(ctl, &undone);
	if (r >= 0 && object)
		r = json_print(ctl->out, object);
	if (r < 0)
		return ctl_fail(ctl, r);
	return undone.count ? CTL_FOUND : CTL_FINE;
}

int suggest_run(struct ctl *ctl)
{
	_cleanup_(suggestions_done) struct suggestions suggestions = { 0 };
	int format = suggest_format_of(ctl->arguments->format);
	char quoted[CONFIG_QUOTE_TEXT];
	int r;

	if (format < 0) {
		ctl_say(ctl,
			"unknown format %s; the formats are sysctl.d, networkd, networkmanager, ansible, commands",
			config_text_quote(ctl->arguments->format, quoted));
		return CTL_FAILED;
	}
	if (ctl_has(ctl, OPTION_CHECK) && ctl_has(ctl, OPTION_FORMAT)) {
		ctl_say(ctl,
			"--check and --format exclude each other: --check writes no file");
		return CTL_FAILED;
	}
	if (!boot_files_has_root(ctl) || ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	if (ctl_has(ctl, OPTION_CHECK))
		return run_check(ctl);
	if (plans_make(ctl, &suggestions.plans) < 0)
		return CTL_FAILED;
	r = suggestions_collect(ctl, &suggestions);
	if (r >= 0 && suggestions.list.count &&
		(!ctl->host.snapshot || ctl->arguments->root))
		r = suggestions_try(ctl, &suggestions);
	if (r >= 0 && ctl_has(ctl, OPTION_JSON))
		r = suggest_print_json(
			&suggestions, (enum suggest_format)format, ctl->out);
	else if (r >= 0)
		suggest_print(&suggestions, (enum suggest_format)format, ctl->out);
	if (r < 0)
		return ctl_fail(ctl, r);
	return code_of(ctl, &suggestions, (enum suggest_format)format);
}
