/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/forecast.h"

#include "boot/network.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/*
 * A boot as one interface sees it: the kernel's command line, systemd-sysctl, udev for the link,
 * then the other writers in their order (enum boot_by). Whether the device is there when
 * systemd-sysctl runs at boot, or appears later, makes no difference but in odd cases; both are
 * played, and the forecast says where they differ.
 */
enum whose { WHOSE_OWN, WHOSE_ALL, WHOSE_DEFAULT };

struct play {
	const struct replay_lines *lines;
	const struct boot *boot;
	struct forecast *forecast;
	struct replay_world world;
	enum boot_when when;
	bool late;	     /* the device appears behind systemd-sysctl */
	bool quiet;	     /* sources are not listed: another play did */
	uint32_t last[3][3]; /* by whose and when: the line that was written last */
	int error;
};

static enum whose whose_is(const struct play *play, const struct replay_conf *conf)
{
	return conf == &play->world.all	       ? WHOSE_ALL
	       : conf == &play->world.fallback ? WHOSE_DEFAULT
					       : WHOSE_OWN;
}

static struct forecast_sources *sources_of(const struct play *play, enum whose whose)
{
	return whose == WHOSE_ALL	? &play->forecast->all_sources
	       : whose == WHOSE_DEFAULT ? &play->forecast->default_sources
					: &play->forecast->own_sources;
}

static void list_source(
	struct play *play, enum whose whose, const struct forecast_source *source)
{
	int r = play->quiet ? 0 : array_push(&sources_of(play, whose)->list, source);

	if (r < 0)
		play->error = r;
}

/* As replay_watch has it. */
static void take_write(const struct replay_conf *conf, enum boot_key key, uint32_t index,
	bool refused, void *data)
{
	struct play *play = data;

	if (key == play->forecast->key && !refused)
		play->last[whose_is(play, conf)][play->when] = index;
}

/* --- the lines that are about a setting, whether they are written or not --- */

static const char *name_of(const struct play *play, enum whose whose)
{
	return whose == WHOSE_ALL	? "all"
	       : whose == WHOSE_DEFAULT ? "default"
					: play->forecast->iface.name;
}

static bool is_about(const struct play *play, const struct sysctl_line *line,
	enum whose whose, enum boot_when when)
{
	enum boot_key key = play->forecast->key;
	const char *name = name_of(play, whose);
	char path[64];

	if (!line->glob)
		return boot_key_path(name, key, path, sizeof(path)) &&
		       strcmp(line->key, path) == 0;
	if (!line->value || !(line->keys & 1u << key))
		return false;
	switch (when) {
	case BOOT_AT_BOOT:
		return boot_glob_matches(line->key, name, key);
	case BOOT_AT_LINK:
		return boot_prefix_matches(line->key, name, key);
	case BOOT_AT_RELOAD:
		return boot_path_matches(line->key, name, key);
	}
	return false;
}

static void list_lines(struct play *play, enum whose whose, enum boot_when when)
{
	const struct sysctl_lines *lines =
		when == BOOT_AT_RELOAD ? &play->boot->procps : &play->boot->systemd;

	for (uint32_t i = 0; i < lines->list.count && !play->quiet; i++) {
		const struct sysctl_line *line = &lines->list.items[i];

		if (!is_about(play, line, whose, when))
			continue;
		struct forecast_source source = {
			.by = when == BOOT_AT_RELOAD ? BOOT_BY_PROCPS : BOOT_BY_SYSTEMD,
			.when = when,
			.file = line->file,
			.line = line->line,
			.pattern = line->glob ? line->written : NULL,
			.excludes = !line->value,
			.certain = true,
			.wins = play->last[whose][when] == i
		};

		if (!is_about(play, line, whose, when))
			continue;
		source.refused = line->value && !boot_number(line->value, &source.value);
		list_source(play, whose, &source);
	}
}

static void list_all_lines(struct play *play, enum boot_when when)
{
	list_lines(play, WHOSE_OWN, when);
	if (when == BOOT_AT_LINK)
		return;
	list_lines(play, WHOSE_ALL, when);
	list_lines(play, WHOSE_DEFAULT, when);
}

static struct replay_conf *conf_of_iface(struct play *play)
{
	return play->world.ifaces.count ? &play->world.ifaces.items[0] : NULL;
}

static void add_device(struct play *play)
{
	size_t index;
	int r = replay_add_iface(&play->world, play->forecast->iface.name, &index);

	if (r < 0)
		play->error = r;
	else if (play->forecast->iface.loopback)
		replay_pin(&play->world.ifaces.items[index]);
}

/* --- the other writers --- */

/* Whether the value comes from a line that names the key itself. */
static bool is_named(const struct play *play, const struct replay_conf *conf)
{
	const struct replay_value *value = &conf->of[play->forecast->key];

	return value->origin == REPLAY_LINE &&
	       !play->boot->systemd.list.items[value->line].glob;
}

static void write_other(struct play *play, struct replay_conf *conf,
	const struct forecast_source *source, uint32_t index)
{
	char number[16];
	bool refused;

	list_source(play, whose_is(play, conf), source);
	if (!source->certain)
		return;
	(void)snprintf(number, sizeof(number), "%d", source->value);
	replay_write(&play->world, conf, play->forecast->key, number, REPLAY_OTHER, index,
		&refused);
}

static struct replay_conf *conf_of_other(
	struct play *play, const struct boot_other *other)
{
	struct replay_conf *own = conf_of_iface(play);

	if (strcmp(other->name, "all") == 0)
		return &play->world.all;
	if (strcmp(other->name, "default") == 0)
		return &play->world.fallback;
	return own && fnmatch(other->name, own->name, 0) == 0 ? own : NULL;
}

static void play_others(struct play *play, enum boot_by by)
{
	for (uint32_t i = 0; i < play->boot->others.count; i++) {
		const struct boot_other *other = &play->boot->others.items[i];
		struct replay_conf *conf =
			other->by == by ? conf_of_other(play, other) : NULL;
		struct forecast_source source = { .by = by,
			.when = other->when,
			.program = other->program,
			.file = other->file,
			.line = other->line,
			.pattern = strpbrk(other->name, "*?[") ? other->name : NULL,
			.value = other->value,
			.certain = other->certain,
			.text = other->text };

		if (!conf || other->key != (int)play->forecast->key)
			continue;
		if (other->yields && is_named(play, conf))
			source.certain = false;
		write_other(play, conf, &source, i);
	}
}

/* Whether this systemd-networkd has the setting. */
static bool knows_setting(const struct boot *boot, enum boot_key key)
{
	int first = key == BOOT_RP_FILTER	 ? NETWORKD_RP_FILTER
		    : key == BOOT_SRC_VALID_MARK ? NETWORKD_SRC_VALID_MARK
						 : 0;

	return !boot->systemd_version || boot->systemd_version >= first;
}

/* The first file that matches counts; behind one that may match nothing is certain. */
static void play_networkd(struct play *play)
{
	const struct forecast_iface *iface = &play->forecast->iface;
	struct replay_conf *own = conf_of_iface(play);
	bool certain = !play->boot->networkd_off;

	if (!own || iface->loopback)
		return;
	array_each (&play->boot->networks, const struct boot_network, network) {
		enum network_match match =
			network_matches(network, iface->name, iface->kind);
		const struct boot_network_value *value =
			&network->of[play->forecast->key];
		struct forecast_source source = { .by = BOOT_BY_NETWORKD,
			.when = BOOT_AT_LINK,
			.file = value->file,
			.line = value->line,
			.pattern = network->names,
			.value = value->value };

		if (match == NETWORK_NO)
			continue;
		certain &= match == NETWORK_YES;
		source.certain =
			certain && knows_setting(play->boot, play->forecast->key);
		source.text =
			source.certain ? NULL
			: !knows_setting(play->boot, play->forecast->key)
				? "this systemd-networkd is too old for the setting"
			: play->boot->networkd_off
				? "no unit starts systemd-networkd"
				: "its [Match] has more conditions than are evaluated";
		if (value->set)
			write_other(play, own, &source, NO_LINE - 1);
		if (match == NETWORK_YES)
			return;
	}
}

/* --- a boot --- */

static void play_boot(struct play *play)
{
	const struct replay_watch watch = { take_write, play };

	if (!play->late)
		add_device(play);
	play->when = BOOT_AT_BOOT;
	play_others(play, BOOT_BY_CMDLINE);
	replay_boot(play->lines, &play->world, &watch);
	list_all_lines(play, BOOT_AT_BOOT);
	if (play->late)
		add_device(play);
	if (play->error < 0)
		return;
	play->when = BOOT_AT_LINK;
	if (!play->forecast->iface.loopback) {
		replay_link(play->lines, &play->world, 0, &watch);
		list_all_lines(play, BOOT_AT_LINK);
	}
	for (int by = BOOT_BY_UDEV; by < BOOT_BY_PROCPS; by++) {
		if (by == BOOT_BY_NETWORKD)
			play_networkd(play);
		else
			play_others(play, (enum boot_by)by);
	}
}

static void play_reload(struct play *play)
{
	const struct replay_watch watch = { take_write, play };
	int r;

	if (play->forecast->iface.numbered)
		replay_pin(&play->world.ifaces.items[0]);
	play->when = BOOT_AT_RELOAD;
	r = replay_reload(play->boot, &play->world, &watch);
	list_all_lines(play, BOOT_AT_RELOAD);
	if (r < 0)
		play->error = r;
}

static void play_begin(struct play *play)
{
	memset(play->last, 0xff, sizeof(play->last)); /* NO_LINE */
}

/*
 * Another writer has the last word over all lines of sysctl.d at its time; the lines' own winners
 * are known from the replay.
 */
static void mark_winners(struct forecast_sources *sources)
{
	struct forecast_source *last[3] = { NULL };

	array_each (&sources->list, struct forecast_source, source) {
		bool line = source->by == BOOT_BY_SYSTEMD || source->by == BOOT_BY_PROCPS;

		if (!(line ? source->wins : source->certain))
			continue;
		if (last[source->when])
			last[source->when]->wins = false;
		source->wins = true;
		last[source->when] = source;
	}
}

/* The last source that wins; -1 where there is none. */
static int last_winner(const struct forecast_sources *sources, bool reload)
{
	int found = -1;

	for (size_t i = 0; i < sources->list.count; i++) {
		const struct forecast_source *source = &sources->list.items[i];

		if (source->wins && (reload || source->when != BOOT_AT_RELOAD))
			found = (int)i;
	}
	return found;
}

static struct forecast_value value_of(const struct replay_value *value)
{
	return (struct forecast_value){ .set = value->origin == REPLAY_LINE ||
					       value->origin == REPLAY_OTHER,
		.value = value->value,
		.by = -1 };
}

static void finish_sources(struct forecast *forecast)
{
	mark_winners(&forecast->own_sources);
	mark_winners(&forecast->all_sources);
	mark_winners(&forecast->default_sources);
	forecast->own.by = last_winner(&forecast->own_sources, false);
	forecast->all.by = last_winner(&forecast->all_sources, false);
	forecast->fallback.by = last_winner(&forecast->default_sources, false);
	forecast->reloaded_own.by = last_winner(&forecast->own_sources, true);
	forecast->reloaded_all.by = last_winner(&forecast->all_sources, true);
}

static int play_late(const struct replay_lines *lines, struct forecast *forecast)
{
	struct play play = { .lines = lines,
		.boot = lines->boot,
		.forecast = forecast,
		.late = true,
		.quiet = true };

	play_begin(&play);
	play_boot(&play);
	if (play.error >= 0)
		forecast->unsure |= play.world.ifaces.items[0].of[forecast->key].value !=
				    forecast->own.value;
	replay_world_done(&play.world);
	return play.error;
}

int forecast_make(const struct replay_lines *lines, const struct forecast_iface *iface,
	enum boot_key key, struct forecast *ret)
{
	struct play play = { .lines = lines, .boot = lines->boot, .forecast = ret };
	const struct replay_conf *own;

	ret->iface = *iface;
	ret->key = key;
	play_begin(&play);
	play_boot(&play);
	if (play.error >= 0) {
		own = &play.world.ifaces.items[0];
		ret->own = value_of(&own->of[key]);
		ret->all = value_of(&play.world.all.of[key]);
		ret->fallback = value_of(&play.world.fallback.of[key]);
		play_reload(&play);
		ret->reloaded_own = value_of(&own->of[key]);
		ret->reloaded_all = value_of(&play.world.all.of[key]);
	}
	replay_world_done(&play.world);
	finish_sources(ret);
	if (play.error < 0 || iface->loopback)
		return play.error;
	return play_late(lines, ret);
}

void forecast_done(struct forecast *forecast)
{
	array_done(&forecast->own_sources.list);
	array_done(&forecast->all_sources.list);
	array_done(&forecast->default_sources.list);
}

int forecast_effective(enum boot_key key, int all, int own)
{
	switch (key) {
	case BOOT_RP_FILTER:
	case BOOT_ARP_IGNORE:
		return all > own ? all : own;
	case BOOT_SRC_VALID_MARK:
	case BOOT_ACCEPT_LOCAL:
		return all || own;
	}
	return own;
}

int forecast_after(const struct forecast *forecast)
{
	return forecast_effective(
		forecast->key, forecast->all.value, forecast->own.value);
}

int forecast_after_reload(const struct forecast *forecast)
{
	return forecast_effective(forecast->key, forecast->reloaded_all.value,
		forecast->reloaded_own.value);
}

static const struct forecast_source *source_at(
	const struct forecast_sources *sources, const struct forecast_value *value)
{
	return value->by < 0 ? NULL : &sources->list.items[value->by];
}

const struct forecast_source *forecast_decider(const struct forecast *forecast)
{
	int after = forecast_after(forecast);
	int own = forecast_effective(forecast->key, 0, forecast->own.value);

	if (own != after)
		return source_at(&forecast->all_sources, &forecast->all);
	if (forecast->own.set)
		return source_at(&forecast->own_sources, &forecast->own);
	return source_at(&forecast->default_sources, &forecast->fallback);
}

const char *forecast_why(
	const struct forecast_sources *sources, const struct forecast_source *winner)
{
	size_t patterns = 0, named = 0;

	if (winner->by != BOOT_BY_SYSTEMD && winner->by != BOOT_BY_PROCPS)
		return "it is written behind sysctl.d";
	array_each (&sources->list, const struct forecast_source, source) {
		if (source->when != winner->when)
			continue;
		patterns += source->pattern != NULL;
		named += !source->pattern;
	}
	if (named + patterns == 1)
		return "it is the only line";
	if (winner->pattern)
		return patterns == 1
			       ? "no line names the interface"
			       : "no line names the interface, and it is the last pattern";
	return named == 1
		       ? "it names the interface, so patterns leave it out"
		       : "of the lines that name it, it is the last: files are read by name";
}

const char *forecast_place(const struct boot *boot, const struct forecast_source *source,
	char out[static BOOT_PLACE])
{
	if (source->file != NO_FILE)
		return boot_place(boot, source->file, source->line, out, BOOT_PLACE);
	(void)snprintf(out, BOOT_PLACE, "%s",
		source->program ? source->program : boot_by_name(source->by));
	return out;
}

bool forecast_words(
	const char *place, int after, int effective, char out[static FORECAST_TEXT])
{
	if (after == effective)
		(void)snprintf(out, FORECAST_TEXT, "a boot keeps it (%s)",
			place ? place : "the kernel's default");
	else if (place)
		(void)snprintf(out, FORECAST_TEXT, "%s sets it to %d again at boot",
			place, after);
	else
		(void)snprintf(out, FORECAST_TEXT, "lasts until the next boot");
	return after == effective;
}

bool forecast_keeps(const struct boot *boot, const struct forecast *forecast,
	int effective, char out[static FORECAST_TEXT])
{
	const struct forecast_source *source = forecast_decider(forecast);
	char place[BOOT_PLACE];

	return forecast_words(source ? forecast_place(boot, source, place) : NULL,
		forecast_after(forecast), effective, out);
}
