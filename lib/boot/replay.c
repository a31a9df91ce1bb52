/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/replay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * The programs, in short. systemd-sysctl reads all files in the order of their names into one table
 * by key. A key that comes again goes to the end of it, unless it says the same. Then it goes
 * through the table once: a key is written; a pattern is written to every path that it matches and
 * that is not itself a key of the table, with or without a value. A value that is there already is
 * not written. With a prefix (udev, for each link) keys are only those below it, and patterns are
 * first compared with it.
 *
 * procps keeps every line, writes one after the other, and writes what is there already, too.
 *
 * The kernel marks a setting that was written, even in vain, and copies a written "default" into
 * every interface of which it was not.
 */

void replay_world_done(struct replay_world *world)
{
	array_done(&world->ifaces);
}

int replay_add_iface(struct replay_world *world, const char *name, size_t *ret)
{
	struct replay_conf conf = world->fallback;
	int r;

	(void)snprintf(conf.name, sizeof(conf.name), "%s", name);
	for (int key = 0; key < BOOT_KEYS; key++) {
		if (conf.of[key].origin == REPLAY_LINE)
			conf.of[key].origin = REPLAY_DEFAULT;
	}
	r = array_push(&world->ifaces, &conf);
	if (r >= 0)
		*ret = world->ifaces.count - 1;
	return r;
}

void replay_pin(struct replay_conf *conf)
{
	for (int key = 0; key < BOOT_KEYS; key++)
		conf->of[key].pinned = true;
}

void replay_write(struct replay_world *world, struct replay_conf *conf, enum boot_key key,
	const char *text, enum replay_origin origin, uint32_t line, bool *refused)
{
	struct replay_value *value = &conf->of[key];

	*refused = !boot_number(text, &value->value);
	value->pinned = true;
	if (!*refused) {
		value->origin = origin;
		value->line = line;
	}
	if (conf != &world->fallback)
		return;
	array_each (&world->ifaces, struct replay_conf, iface) {
		if (iface->of[key].pinned)
			continue;
		iface->of[key].value = value->value;
		iface->of[key].origin = REPLAY_DEFAULT;
		iface->of[key].line =
			value->origin == REPLAY_START ? NO_LINE : value->line;
	}
}

/* What is there already is not written: no mark, nothing copied. */
static void write_changed(struct replay_world *world, struct replay_conf *conf,
	enum boot_key key, const struct sysctl_line *line, uint32_t index,
	const struct replay_watch *watch)
{
	char now[16];
	bool refused = false;

	(void)snprintf(now, sizeof(now), "%d", conf->of[key].value);
	if (strcmp(line->value, now) != 0) {
		replay_write(world, conf, key, line->value, REPLAY_LINE, index, &refused);
	} else {
		conf->of[key].origin = REPLAY_LINE;
		conf->of[key].line = index;
	}
	if (watch)
		watch->wrote(conf, key, index, refused, watch->data);
}

/* --- the table of systemd-sysctl --- */

static uint64_t hash_text(const char *text)
{
	return hash_bytes(0, text, strlen(text));
}

static uint32_t find_line(const struct replay_lines *lines, const char *key)
{
	uintptr_t at = (uintptr_t)hash_get(&lines->by_key, hash_text(key));

	for (uint32_t i = at ? (uint32_t)(at - 1) : NO_LINE; i != NO_LINE;
		i = lines->chain.items[i]) {
		if (strcmp(lines->boot->systemd.list.items[i].key, key) == 0)
			return i;
	}
	return NO_LINE;
}

/* The key's newest line is the first of its chain. */
static int push_line(struct replay_lines *lines, uint32_t index)
{
	uint64_t hash = hash_text(lines->boot->systemd.list.items[index].key);
	uintptr_t at = (uintptr_t)hash_get(&lines->by_key, hash);

	lines->chain.items[index] = at ? (uint32_t)(at - 1) : NO_LINE;
	return hash_put(&lines->by_key, hash, (void *)((uintptr_t)index + 1));
}

static bool same_value(const struct sysctl_line *a, const struct sysctl_line *b)
{
	return a->value == b->value ||
	       (a->value && b->value && strcmp(a->value, b->value) == 0);
}

int replay_lines_init(const struct boot *boot, struct replay_lines *ret)
{
	const struct sysctl_line *list = boot->systemd.list.items;
	size_t count = boot->systemd.list.count;
	const uint32_t none = NO_LINE;
	int r = 0;

	ret->boot = boot;
	for (uint32_t i = 0; r >= 0 && i < count; i++) {
		uint32_t known = find_line(ret, list[i].key);

		r = array_push(&ret->chain, &none);
		if (r >= 0 && (known == NO_LINE || !same_value(&list[known], &list[i])))
			r = push_line(ret, i);
	}
	/* what a later line of the same key has replaced is no longer found by its key */
	for (uint32_t i = 0; r >= 0 && i < count; i++) {
		if (find_line(ret, list[i].key) == i)
			r = array_push(&ret->order, &i);
	}
	return r;
}

void replay_lines_done(struct replay_lines *lines)
{
	array_done(&lines->order);
	array_done(&lines->chain);
	hash_done(&lines->by_key);
}

/* --- its runs --- */

static bool is_explicit(
	const struct replay_lines *lines, const char *name, enum boot_key key)
{
	char path[64];

	return boot_key_path(name, key, path, sizeof(path)) &&
	       find_line(lines, path) != NO_LINE;
}

static struct replay_conf *find_conf(
	struct replay_world *world, const char *name, size_t length)
{
	if (length == 3 && memcmp(name, "all", 3) == 0)
		return &world->all;
	if (length == 7 && memcmp(name, "default", 7) == 0)
		return &world->fallback;
	array_each (&world->ifaces, struct replay_conf, iface) {
		if (strncmp(iface->name, name, length) == 0 && !iface->name[length])
			return iface;
	}
	return NULL;
}

static const char *conf_name(
	const struct replay_world *world, const struct replay_conf *conf)
{
	return conf == &world->all	  ? "all"
	       : conf == &world->fallback ? "default"
					  : conf->name;
}

/* all, default, and then the interfaces */
static struct replay_conf *conf_at(struct replay_world *world, size_t index)
{
	return index == 0   ? &world->all
	       : index == 1 ? &world->fallback
			    : &world->ifaces.items[index - 2];
}

/* A key that names its path: the file of an interface that is there. */
static void write_named(struct replay_world *world, const struct sysctl_line *line,
	uint32_t index, const struct replay_watch *watch)
{
	const char *name;
	size_t length;
	int key = boot_key_split(line->key, &name, &length);
	struct replay_conf *conf = key < 0 ? NULL : find_conf(world, name, length);

	if (conf)
		write_changed(world, conf, (enum boot_key)key, line, index, watch);
}

/*
 * What a pattern says of an interface. One that matches nothing stands for itself (GLOB_NOCHECK), but
 * is then a key of the table, and so is not written: an interface "e[x]" cannot be named.
 */
static void write_pattern(const struct replay_lines *lines, struct replay_world *world,
	struct replay_conf *conf, uint32_t index,
	bool (*matches)(const char *glob, const char *name, enum boot_key key),
	const struct replay_watch *watch)
{
	const struct sysctl_line *line = &lines->boot->systemd.list.items[index];
	const char *name = conf_name(world, conf);

	for (int k = 0; k < BOOT_KEYS; k++) {
		enum boot_key key = (enum boot_key)k;

		if (line->keys & 1u << k && matches(line->key, name, key) &&
			!is_explicit(lines, name, key))
			write_changed(world, conf, key, line, index, watch);
	}
}

void replay_boot(const struct replay_lines *lines, struct replay_world *world,
	const struct replay_watch *watch)
{
	array_each (&lines->order, const uint32_t, index) {
		const struct sysctl_line *line = &lines->boot->systemd.list.items[*index];

		if (!line->value)
			continue;
		if (!line->glob)
			write_named(world, line, *index, watch);
		for (size_t i = 0; line->glob && i < world->ifaces.count + 2; i++)
			write_pattern(lines, world, conf_at(world, i), *index,
				boot_glob_matches, watch);
	}
}

void replay_link(const struct replay_lines *lines, struct replay_world *world,
	size_t iface, const struct replay_watch *watch)
{
	struct replay_conf *conf = &world->ifaces.items[iface];

	array_each (&lines->order, const uint32_t, index) {
		const struct sysctl_line *line = &lines->boot->systemd.list.items[*index];
		const char *name;
		size_t length;
		int key;

		if (!line->value)
			continue;
		if (line->glob) {
			write_pattern(
				lines, world, conf, *index, boot_prefix_matches, watch);
			continue;
		}
		key = boot_key_split(line->key, &name, &length);
		if (key >= 0 && strlen(conf->name) == length &&
			strncmp(conf->name, name, length) == 0)
			write_changed(
				world, conf, (enum boot_key)key, line, *index, watch);
	}
}

/* --- procps --- */

static void write_always(struct replay_world *world, struct replay_conf *conf,
	enum boot_key key, const struct sysctl_line *line, uint32_t index,
	const struct replay_watch *watch)
{
	bool refused;

	replay_write(world, conf, key, line->value, REPLAY_LINE, index, &refused);
	if (watch)
		watch->wrote(conf, key, index, refused, watch->data);
}

/*
 * Every line's key is exempt from patterns, if both are written in their shortest form: procps
 * compares the texts. Braces mean nothing to it.
 */
static int collect_keys(const struct boot *boot, struct hash *ret)
{
	int r = 0;

	array_each (&boot->procps.list, struct sysctl_line, line) {
		if (r >= 0 && !line->rough)
			r = hash_put(ret, hash_text(line->key), line);
	}
	return r;
}

static bool has_key(const struct hash *keys, const char *name, enum boot_key key)
{
	const struct sysctl_line *line;
	char path[64];

	if (!boot_key_path(name, key, path, sizeof(path)))
		return false;
	line = hash_get(keys, hash_text(path));
	return line && strcmp(line->key, path) == 0;
}

static void reload_pattern(const struct hash *keys, struct replay_world *world,
	const struct sysctl_line *line, uint32_t index, const struct replay_watch *watch)
{
	for (size_t i = 0; i < world->ifaces.count + 2; i++) {
		struct replay_conf *conf = conf_at(world, i);
		const char *name = conf_name(world, conf);

		for (int k = 0; k < BOOT_KEYS; k++) {
			enum boot_key key = (enum boot_key)k;

			if (line->keys & 1u << k &&
				boot_path_matches(line->key, name, key) &&
				(line->rough || !has_key(keys, name, key)))
				write_always(world, conf, key, line, index, watch);
		}
	}
}

int replay_reload(const struct boot *boot, struct replay_world *world,
	const struct replay_watch *watch)
{
	struct hash keys = { 0 };
	int r = collect_keys(boot, &keys);

	for (uint32_t i = 0; r >= 0 && i < boot->procps.list.count; i++) {
		const struct sysctl_line *line = &boot->procps.list.items[i];
		const char *name;
		size_t length;
		int key = boot_key_split(line->key, &name, &length);
		struct replay_conf *conf =
			key < 0 ? NULL : find_conf(world, name, length);

		if (!line->value)
			continue;
		if (line->glob)
			reload_pattern(&keys, world, line, i, watch);
		else if (conf)
			write_always(world, conf, (enum boot_key)key, line, i, watch);
	}
	hash_done(&keys);
	return r;
}
