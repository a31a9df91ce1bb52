/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "daemon/config/config_text.h"
#include "daemon/ctl/boot_files.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/table.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/boot_iface.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A setting of an interface: as it is, and as the files have it. */
struct whose_setting {
	struct forecast forecast;
	bool known; /* it is there now */
	int own, all;
};

struct who {
	struct boot_files files;
	struct whose_setting of[BOOT_KEYS];
};

static void who_clear(struct who *who)
{
	for (int key = 0; key < BOOT_KEYS; key++)
		forecast_done(&who->of[key].forecast);
	memset(who->of, 0, sizeof(who->of));
}

static void who_done(struct who *who)
{
	who_clear(who);
	boot_files_done(&who->files);
}

static int effective_now(const struct whose_setting *setting)
{
	return forecast_effective(setting->forecast.key, setting->all, setting->own);
}

/* Whether a boot would change what is in force. */
static bool is_drift(const struct whose_setting *setting)
{
	return setting->known &&
	       effective_now(setting) != forecast_after(&setting->forecast);
}

static int look_up(
	struct who *who, const struct iface *iface, const char *name, enum boot_key key)
{
	struct whose_setting *setting = &who->of[key];
	struct forecast_iface forecast_iface = boot_iface(iface, name);
	int r = forecast_make(
		&who->files.lines, &forecast_iface, key, &setting->forecast);

	setting->known = iface && boot_files_now(name, key, &setting->own) >= 0 &&
			 boot_files_now("all", key, &setting->all) >= 0;
	return r;
}

/* Worth a word beside rp_filter: somebody sets it, or it is set. */
static bool is_shown(const struct whose_setting *setting)
{
	return setting->forecast.key == BOOT_RP_FILTER ||
	       setting->forecast.own_sources.list.count ||
	       setting->forecast.all_sources.list.count ||
	       (setting->known && effective_now(setting) != 0);
}

/* --- JSON --- */

static int add_source(struct json_object *list, const struct boot *boot,
	const struct forecast_source *source)
{
	struct json_object *object = json_push_object(list);
	int r = json_add_text(object, "by",
		source->program ? source->program : boot_by_name(source->by));

	r |= json_add_text(object, "when", boot_when_name(source->when));
	r |= source->file == NO_FILE
		     ? json_add_null(object, "file")
		     : json_add_text(object, "file", boot_path(boot, source->file));
	r |= source->line ? json_add_number(object, "line", source->line)
			  : json_add_null(object, "line");
	r |= source->pattern ? json_add_text(object, "pattern", source->pattern)
			     : json_add_null(object, "pattern");
	r |= source->excludes || (!source->certain && source->value < 0)
		     ? json_add_null(object, "value")
		     : json_add_number(object, "value", source->value);
	r |= json_add_bool(object, "wins", source->wins);
	r |= json_add_bool(object, "certain", source->certain);
	if (source->text)
		r |= json_add_text(object, "text", source->text);
	return r;
}

static int add_sources(struct json_object *object, const char *name,
	const struct boot *boot, const struct forecast_sources *sources)
{
	struct json_object *list = json_add_array(object, name);
	int r = list ? 0 : -ENOMEM;

	array_each (&sources->list, const struct forecast_source, source)
		r |= add_source(list, boot, source);
	return r;
}

static int add_values(struct json_object *object, const char *name, bool known,
	const struct forecast_value *own, int all, int effective)
{
	struct json_object *child;
	int r;

	if (!known)
		return json_add_null(object, name);
	child = json_add_object(object, name);
	r = own->set ? json_add_number(child, "own", own->value)
		     : json_add_null(child, "own");
	r |= json_add_number(child, "all", all);
	return r | json_add_number(child, "effective", effective);
}

static int add_setting(struct json_object *object, const struct boot *boot,
	const struct whose_setting *setting)
{
	const struct forecast *forecast = &setting->forecast;
	const struct forecast_value now = { .set = true, .value = setting->own };
	char key[96], keeps[FORECAST_TEXT];
	struct json_object *written;
	int r;

	(void)snprintf(key, sizeof(key), "net.ipv4.conf.%s.%s", forecast->iface.name,
		boot_key_name(forecast->key));
	for (char *dot = key + 14; *dot && dot < key + 14 + strlen(forecast->iface.name);
		dot++)
		*dot = *dot == '.' ? '/' : *dot;
	r = json_add_text(object, "interface", forecast->iface.name);
	r |= json_add_text(object, "key", key);
	r |= add_values(object, "now", setting->known, &now, setting->all,
		effective_now(setting));
	r |= add_sources(object, "sources", boot, &forecast->own_sources);
	r |= add_sources(object, "sources_all", boot, &forecast->all_sources);
	r |= add_sources(object, "sources_default", boot, &forecast->default_sources);
	r |= add_values(object, "after_boot", true, &forecast->own, forecast->all.value,
		forecast_after(forecast));
	r |= add_values(object, "after_reload", true, &forecast->reloaded_own,
		forecast->reloaded_all.value, forecast_after_reload(forecast));
	r |= json_add_number(object, "default_after_boot", forecast->fallback.value);
	r |= json_add_bool(object, "unsure", forecast->unsure);
	r |= json_add_bool(object, "drift", is_drift(setting));
	if (setting->known) {
		(void)forecast_keeps(boot, forecast, effective_now(setting), keeps);
		r |= json_add_text(object, "keep", keeps);
	}
	written = json_add_array(object, "written");
	return r | (written ? 0 : -ENOMEM);
}

/* What somebody may write, in general or about no interface in particular. */
static int add_said(struct json_object *object, const struct boot *boot)
{
	struct json_object *list = json_add_array(object, "possible");
	int r = list ? 0 : -ENOMEM;

	array_each (&boot->others, const struct boot_other, other) {
		if (other->key < 0)
			r |= json_push_text(list, other->text);
	}
	list = json_add_array(object, "notes");
	r |= list ? 0 : -ENOMEM;
	array_each (&boot->notes, const struct boot_note, note)
		r |= json_push_text(list, note->text);
	return r;
}

static int add_iface(struct json_object *object, const struct who *who)
{
	struct json_object *list;
	int r = add_setting(object, who->files.boot, &who->of[BOOT_RP_FILTER]);

	list = json_add_array(object, "related");
	r |= list ? 0 : -ENOMEM;
	for (int key = BOOT_RP_FILTER + 1; key < BOOT_KEYS; key++) {
		if (is_shown(&who->of[key]))
			r |= add_setting(
				json_push_object(list), who->files.boot, &who->of[key]);
	}
	return r;
}

/* --- text --- */

static const char *mode_of(enum boot_key key, int value)
{
	if (key != BOOT_RP_FILTER)
		return value ? "on" : "off";
	return value == 0 ? "off" : value == 1 ? "strict" : "loose";
}

static int add_row(struct table *table, const struct boot *boot, const char *name,
	const struct forecast_source *source)
{
	char place[BOOT_PLACE], value[64] = "?";
	int r;

	if (source->file == NO_FILE)
		(void)snprintf(place, sizeof(place), "-");
	else
		(void)boot_place(boot, source->file, source->line, place, sizeof(place));
	if (source->excludes)
		(void)snprintf(value, sizeof(value), "left out by patterns");
	else if (source->certain || source->value >= 0)
		(void)snprintf(value, sizeof(value), "%s = %d%s", name, source->value,
			source->refused ? " (refused)" : "");
	r = table_add(table, "  %s %s",
		source->wins	  ? "*"
		: source->certain ? " "
				  : "?",
		boot_when_name(source->when));
	r |= table_add(table, "%s",
		source->program ? source->program : boot_by_name(source->by));
	r |= table_add(table, "%s", place);
	r |= table_add(table, "%s", value);
	return r | table_add(table, "%s",
			   source->text	     ? source->text
			   : source->pattern ? source->pattern
					     : "");
}

static int add_rows(struct table *table, const struct boot *boot, const char *name,
	const struct forecast_sources *sources)
{
	int r = 0;

	array_each (&sources->list, const struct forecast_source, source)
		r |= add_row(table, boot, name, source);
	return r;
}

static void print_setter(
	const struct who *who, const struct whose_setting *setting, FILE *out)
{
	const struct forecast_source *source = forecast_decider(&setting->forecast);
	char place[BOOT_PLACE];

	if (source && source->file != NO_FILE &&
		forecast_after(&setting->forecast) == effective_now(setting))
		print_line(out, "  set by      unknown: no observer runs; as %s has it",
			boot_place(who->files.boot, source->file, source->line, place,
				sizeof(place)));
	else
		print_line(out,
			"  set by      unknown: no observer runs, and a boot would not do it");
}

static void print_values(const char *when, const struct forecast *forecast, int all,
	const struct forecast_value *own, FILE *out)
{
	int effective = forecast_effective(forecast->key, all, own->value);

	if (own->set)
		print_line(out, "  %-11s own %d, all %d: %s", when, own->value, all,
			mode_of(forecast->key, effective));
	else
		print_line(out, "  %-11s own %d (inherited), all %d: %s", when,
			own->value, all, mode_of(forecast->key, effective));
}

static void print_why(const struct forecast *forecast, FILE *out)
{
	const struct forecast_source *source = forecast_decider(forecast);
	bool all = forecast_effective(forecast->key, 0, forecast->own.value) !=
		   forecast_after(forecast);

	if (!source)
		print_line(out, "  why         no file sets it: the kernel's 0 stays");
	else if (all)
		print_line(out, "  why         all is greater; %s",
			forecast_why(&forecast->all_sources, source));
	else if (forecast->own.set)
		print_line(out, "  why         %s",
			forecast_why(&forecast->own_sources, source));
	else
		print_line(
			out, "  why         nothing sets its own: it inherits default");
	if (forecast->unsure)
		print_line(out,
			"  unsure      it depends on whether the interface appears before systemd-sysctl runs");
}

static int print_setting(
	const struct who *who, const struct whose_setting *setting, FILE *out)
{
	const struct forecast *forecast = &setting->forecast;
	const struct boot *boot = who->files.boot;
	const struct forecast_value now = { .set = true, .value = setting->own };
	struct table table = { .columns = 5 };
	char keeps[FORECAST_TEXT];
	int r;

	print_line(out, "%s %s", forecast->iface.name, boot_key_name(forecast->key));
	if (setting->known) {
		print_values("now", forecast, setting->all, &now, out);
		print_setter(who, setting, out);
	} else {
		print_line(out, "  now         no such interface");
	}
	r = add_rows(&table, boot, forecast->iface.name, &forecast->own_sources);
	r |= add_rows(&table, boot, "all", &forecast->all_sources);
	if (!forecast->own.set)
		r |= add_rows(&table, boot, "default", &forecast->default_sources);
	if (r >= 0)
		table_print(&table, out, NULL);
	table_done(&table);
	print_why(forecast, out);
	print_values("after boot", forecast, forecast->all.value, &forecast->own, out);
	if (forecast_after_reload(forecast) != forecast_after(forecast))
		print_values("after sysctl --system", forecast,
			forecast->reloaded_all.value, &forecast->reloaded_own, out);
	if (setting->known) {
		bool kept = forecast_keeps(boot, forecast, effective_now(setting), keeps);

		print_line(out, "  %-11s %s", kept ? "keep" : "drift", keeps);
	}
	return r;
}

static int print_iface(const struct who *who, FILE *out)
{
	int r = 0;

	for (int key = 0; key < BOOT_KEYS; key++) {
		if (!is_shown(&who->of[key]))
			continue;
		if (key)
			(void)fputc('\n', out);
		r |= print_setting(who, &who->of[key], out);
	}
	return r;
}

static void print_said(const struct boot *boot, FILE *out)
{
	array_each (&boot->others, const struct boot_other, other) {
		if (other->key < 0)
			print_line(out, "%s", other->text);
	}
}

static void print_foreign(const struct ctl *ctl)
{
	if (boot_files_is_foreign(ctl))
		ctl_say(ctl,
			"this is not the network namespace that a boot sets up; shown is what its files would do here");
}

/* --- one interface --- */

static int look_up_all(struct who *who, const struct iface *iface, const char *name)
{
	int r = 0;

	for (int key = 0; key < BOOT_KEYS && r >= 0; key++)
		r = look_up(who, iface, name, (enum boot_key)key);
	return r;
}

static int who_one(struct ctl *ctl, struct who *who, const char *name)
{
	char error[ERROR_TEXT];
	const struct iface *iface = host_iface(&ctl->host, name, error);
	_cleanup_(json_putp) struct json_object *object = NULL;
	int r;

	if (!iface && !ctl->arguments->root) {
		ctl_say(ctl, "%s", error);
		return CTL_FAILED;
	}
	if (strlen(name) >= NAME_MAX_ || strchr(name, '/')) {
		ctl_say(ctl, "%s", error);
		return CTL_FAILED;
	}
	print_foreign(ctl);
	r = look_up_all(who, iface, iface ? iface->link.name : name);
	if (r >= 0 && ctl_has(ctl, OPTION_JSON)) {
		object = json_object_new_object();
		r = add_iface(object, who);
		r |= add_said(object, who->files.boot);
		r = r < 0 ? -ENOMEM : json_print(ctl->out, object);
	} else if (r >= 0) {
		r = print_iface(who, ctl->out);
		print_said(who->files.boot, ctl->out);
	}
	if (r < 0)
		return ctl_fail(ctl, r);
	return is_drift(&who->of[BOOT_RP_FILTER]) ? CTL_FOUND : CTL_FINE;
}

/* --- all interfaces: what differs --- */

static int add_drift(struct table *table, const struct who *who)
{
	const struct whose_setting *setting = &who->of[BOOT_RP_FILTER];
	char keeps[FORECAST_TEXT];
	int after = forecast_after(&setting->forecast);
	int r = table_add(table, "%s", setting->forecast.iface.name);

	(void)forecast_keeps(
		who->files.boot, &setting->forecast, effective_now(setting), keeps);
	r |= table_add(table, "%d", effective_now(setting));
	r |= table_add(table, "%d", after);
	return r | table_add(table, "%s", keeps);
}

static int take_iface(struct who *who, const struct iface *iface, struct table *table,
	struct json_object *list)
{
	int r = list ? look_up_all(who, iface, iface->link.name)
		     : look_up(who, iface, iface->link.name, BOOT_RP_FILTER);

	if (r >= 0 && list)
		r = add_iface(json_push_object(list), who);
	else if (r >= 0 && is_drift(&who->of[BOOT_RP_FILTER]))
		r = add_drift(table, who);
	return r;
}

static void print_drift(const struct ctl *ctl, const struct table *table,
	const struct who *who, size_t count)
{
	if (table->cells.count > table->columns)
		table_print(table, ctl->out, NULL);
	else
		print_line(ctl->out,
			"A boot keeps rp_filter of %zu interface%s as it is.", count,
			count == 1 ? "" : "s");
	print_said(who->files.boot, ctl->out);
}

static int who_each(struct ctl *ctl, struct who *who)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list = NULL;
	struct table table = { .columns = 4 };
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count = 0, drift = 0;
	int r = state_ifaces(ctl->host.state, &ifaces, &count);

	print_foreign(ctl);
	if (ctl_has(ctl, OPTION_JSON))
		list = json_add_array(object, "interfaces");
	r |= table_add(&table, "NAME");
	r |= table_add(&table, "NOW");
	r |= table_add(&table, "BOOT");
	r |= table_add(&table, "WHY");
	for (size_t i = 0; i < count && r >= 0; i++) {
		r = take_iface(who, ifaces[i], &table, list);
		drift += is_drift(&who->of[BOOT_RP_FILTER]);
		who_clear(who);
	}
	if (r >= 0 && list) {
		r = json_add_number(object, "drift", (int64_t)drift);
		r |= add_said(object, who->files.boot);
		r = r < 0 ? -ENOMEM : json_print(ctl->out, object);
	} else if (r >= 0) {
		print_drift(ctl, &table, who, count);
	}
	table_done(&table);
	if (r < 0)
		return ctl_fail(ctl, r);
	return drift ? CTL_FOUND : CTL_FINE;
}

int who_run(struct ctl *ctl)
{
	_cleanup_(who_done) struct who who = { 0 };
	size_t words = ctl->arguments->words.count;
	char quoted[CONFIG_QUOTE_TEXT];

	if (words > 1) {
		ctl_say(ctl, "unexpected %s; it takes one interface",
			config_text_quote(ctl->arguments->words.items[1], quoted));
		return CTL_FAILED;
	}
	if (ctl_open(ctl, false) < 0 ||
		boot_files_open(ctl, ctl_has(ctl, OPTION_JSON), &who.files) < 0)
		return CTL_FAILED;
	return words ? who_one(ctl, &who, ctl->arguments->words.items[0])
		     : who_each(ctl, &who);
}
