/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/suggestions.h"

#include "base/print.h"
#include "daemon/boot/boot_read.h"
#include "daemon/boot/tree.h"
#include "daemon/evaluate/boot_iface.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * A file is tried under several names, by a replay of the boot with it: the usual name first, then
 * ones that sort behind what undoes it. Explicit keys beat patterns wherever they stand, so only
 * other explicit keys, and what is no sysctl.d, can undo them.
 */
#define FILE_NAME 64

static int print_lines(
	const struct suggestions *suggestions, char **ret, size_t *ret_size)
{
	FILE *out = open_memstream(ret, ret_size);

	if (!out)
		return -ENOMEM;
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		char key[SUGGESTION_KEY];

		if (suggestion->writable)
			print_line(out, "%s = %d", suggestion_key(suggestion, key),
				suggestion->value);
	}
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

/* How it would be with the file. */
static int read_with(const struct ctl *ctl, const struct suggestions *suggestions,
	const char *name, struct boot_files *ret)
{
	_cleanup_(freep) char *text = NULL;
	struct boot_extra extra = { .name = name };
	int r = print_lines(suggestions, &text, &extra.size);

	extra.text = text;
	if (r >= 0)
		r = boot_read_with(
			ctl->arguments->root, name ? &extra : NULL, &ret->boot);
	if (r >= 0)
		r = replay_lines_init(ret->boot, &ret->lines);
	return r;
}

/* What all should be: as suggested, else as it is. */
static int wanted_all(const struct ctl *ctl, const struct suggestions *suggestions)
{
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		if (suggestion->ifindex == NETCONF_ALL)
			return suggestion->value;
	}
	return ctl->host.state->all.value[DEVCONF_RP_FILTER];
}

static char *copy_path(const struct boot *boot, const struct forecast_source *source)
{
	return strdup(source->file == NO_FILE ? "" : boot_path(boot, source->file));
}

static char *copy_place(const struct boot *boot, const struct forecast_source *source)
{
	char place[BOOT_PLACE];

	if (source->file == NO_FILE)
		return strdup(
			source->program ? source->program : boot_by_name(source->by));
	return strdup(boot_place(boot, source->file, source->line, place, sizeof(place)));
}

static struct suggestion_undo *undo_new(const struct boot *boot,
	const struct forecast_source *source, int value, int wanted)
{
	struct suggestion_undo *undo = calloc(1, sizeof(*undo));

	if (!undo)
		return NULL;
	undo->value = value;
	undo->wanted = wanted;
	undo->place = source ? copy_place(boot, source) : strdup("the kernel's default");
	undo->path = source ? copy_path(boot, source) : strdup("");
	undo->line = source ? source->line : 0;
	undo->by = source ? source->by : BOOT_BY_PROGRAM;
	return undo;
}

/* The source that decides after a reload. */
static const struct forecast_source *reload_decider(const struct forecast *forecast)
{
	const struct forecast_value *all = &forecast->reloaded_all;
	const struct forecast_value *own = &forecast->reloaded_own;
	bool by_all = all->value > own->value;
	int at = by_all ? all->by : own->by;

	if (at < 0)
		return NULL;
	return by_all ? &forecast->all_sources.list.items[at]
		      : &forecast->own_sources.list.items[at];
}

/* The value that counts: in effect for an interface, the value itself for all and default. */
static int value_after(
	const struct suggestion *suggestion, const struct forecast *forecast, bool reload)
{
	if (suggestion->ifindex == NETCONF_ALL)
		return reload ? forecast->reloaded_all.value : forecast->all.value;
	if (suggestion->ifindex == NETCONF_DEFAULT)
		return forecast->fallback.value;
	return reload ? forecast_after_reload(forecast) : forecast_after(forecast);
}

static const struct forecast_source *undoer(
	const struct suggestion *suggestion, const struct forecast *forecast, bool reload)
{
	const struct forecast_sources *list = &forecast->all_sources;
	int at = reload ? forecast->reloaded_all.by : forecast->all.by;

	if (suggestion_is_iface(suggestion))
		return reload ? reload_decider(forecast) : forecast_decider(forecast);
	if (suggestion->ifindex == NETCONF_DEFAULT) {
		list = &forecast->default_sources;
		at = forecast->fallback.by;
	}
	return at < 0 ? NULL : &list->list.items[at];
}

static int judge_one(const struct ctl *ctl, const struct boot_files *files, int all,
	struct suggestion *suggestion, size_t *undone)
{
	const struct iface *iface = state_iface(ctl->host.state, suggestion->ifindex);
	struct forecast_iface forecast_iface = boot_iface(iface, suggestion->name);
	struct forecast forecast = { 0 };
	int wanted = suggestion_is_iface(suggestion) && all > suggestion->value
			     ? all
			     : suggestion->value;
	int r = forecast_make(&files->lines, &forecast_iface, BOOT_RP_FILTER, &forecast);

	if (r >= 0) {
		int after = value_after(suggestion, &forecast, false);
		int reloaded = value_after(suggestion, &forecast, true);

		suggestion->lasts = after == wanted;
		suggestion->lasts_reload = reloaded == wanted;
		if (!suggestion->lasts)
			suggestion->undo = undo_new(files->boot,
				undoer(suggestion, &forecast, false), after,
				forecast.all.value > wanted ? all : suggestion->value);
		if (!suggestion->lasts_reload)
			suggestion->undo_reload = undo_new(files->boot,
				undoer(suggestion, &forecast, true), reloaded,
				forecast.reloaded_all.value > wanted ? all
								     : suggestion->value);
		*undone += suggestion->writable *
			   (2 * !suggestion->lasts + !suggestion->lasts_reload);
		if ((!suggestion->lasts && !suggestion->undo) ||
			(!suggestion->lasts_reload && !suggestion->undo_reload))
			r = -ENOMEM;
	}
	forecast_done(&forecast);
	return r;
}

static void forget_judgement(struct suggestions *suggestions)
{
	array_each (&suggestions->list, struct suggestion, suggestion) {
		suggestion_undo_free(suggestion->undo);
		suggestion_undo_free(suggestion->undo_reload);
		suggestion->undo = suggestion->undo_reload = NULL;
	}
}

/* *undone: how much of it does not last under this name. */
static int judge_name(const struct ctl *ctl, struct suggestions *suggestions,
	const char *name, size_t *undone)
{
	_cleanup_(boot_files_done) struct boot_files files = { 0 };
	int r = read_with(ctl, suggestions, name, &files);

	*undone = 0;
	suggestions->systemd_version = r < 0 ? 0 : files.boot->systemd_version;
	forget_judgement(suggestions);
	array_each (&suggestions->list, struct suggestion, suggestion) {
		r = r < 0 ? r
			  : judge_one(ctl, &files, wanted_all(ctl, suggestions),
				    suggestion, undone);
	}
	return r;
}

/* Places of explicit lines that the usual name loses to, each once. */
static int remember_places(struct suggestions *suggestions)
{
	array_each (&suggestions->list, const struct suggestion, suggestion) {
		bool known = false;
		char *place;
		int r;

		if (!suggestion->undo)
			continue;
		array_each (&suggestions->behind, char *const, other)
			known |= strcmp(*other, suggestion->undo->place) == 0;
		if (known)
			continue;
		place = strdup(suggestion->undo->place);
		r = place ? array_push(&suggestions->behind, &place) : -ENOMEM;
		if (r < 0) {
			free(place);
			return r;
		}
	}
	return 0;
}

/* Behind the last file of sysctl.d: "zzz.conf" is followed by "zzz_rpfilterd.conf". */
static int last_name(const struct ctl *ctl, char out[static FILE_NAME])
{
	_cleanup_(boot_freep) struct boot *boot = NULL;
	const char *last = "";
	size_t length;
	int r = boot_read_with(ctl->arguments->root, NULL, &boot);

	if (r < 0)
		return r;
	array_each (&boot->systemd.list, const struct sysctl_line, line) {
		const char *name = boot->files.items[line->file].name;

		if (strcmp(name, last) > 0)
			last = name;
	}
	length = strlen(last);
	length = length > 5 ? length - 5 : 0;
	return snprintf(out, FILE_NAME, "%.*s_rpfilterd.conf", (int)length, last) <
			       FILE_NAME
		       ? 0
		       : -ENAMETOOLONG;
}

/* Looks for the name under which the least is undone. Returns how much, or a negative errno. */
static int64_t try_names(const struct ctl *ctl, struct suggestions *suggestions)
{
	char last[FILE_NAME] = "";
	const char *const names[] = { "90-rpfilterd.conf", "99-rpfilterd.conf",
		"99-zz-rpfilterd.conf", "99-zzzz-rpfilterd.conf", "zz-rpfilterd.conf",
		last };
	size_t best = SIZE_MAX, undone;
	int r = last_name(ctl, last);

	if (r < 0 && r != -ENAMETOOLONG)
		return r;
	for (size_t i = 0; i < ELEMENTS(names) && best > 0; i++) {
		if (!names[i][0])
			continue;
		r = judge_name(ctl, suggestions, names[i], &undone);
		if (r >= 0 && i == 0)
			r = remember_places(suggestions);
		if (r < 0)
			return r;
		if (undone >= best)
			continue;
		best = undone;
		(void)snprintf(
			suggestions->file, sizeof(suggestions->file), "%s", names[i]);
	}
	return (int64_t)best;
}

/* A pattern loses to a line that names the interface: then it has to be named here, too. */
static bool name_patterns(struct suggestions *suggestions)
{
	bool changed = false;

	array_each (&suggestions->list, struct suggestion, suggestion) {
		if (suggestion->lasts || !suggestion->pattern[0])
			continue;
		suggestion->pattern[0] = '\0';
		changed = true;
	}
	return changed;
}

int suggestions_try(const struct ctl *ctl, struct suggestions *suggestions)
{
	int64_t undone = try_names(ctl, suggestions);
	size_t left;
	int r;

	if (undone > 0 && name_patterns(suggestions))
		undone = try_names(ctl, suggestions);
	if (undone < 0)
		return (int)undone;
	/* once more, so that what is said is of the name that was chosen */
	suggestions->tried = true;
	r = judge_name(ctl, suggestions, suggestions->file, &left);
	return r < 0 ? r : suggestions_find_changes(ctl, suggestions);
}
