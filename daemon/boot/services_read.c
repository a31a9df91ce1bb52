/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/services_read.h"

#include "boot/ini.h"
#include "daemon/boot/sysctl_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INCLUDES 8 /* of tuned's profiles, one in the other */

/* A variable of a file of assignments, "" where it has none. */
struct variable {
	const char *section, *key;
	char value[256];
};

static int take_variable(const struct ini_line *line, void *data)
{
	struct variable *variable = data;

	if (strcmp(line->key, variable->key) == 0 &&
		(!variable->section || strcmp(line->section, variable->section) == 0))
		(void)snprintf(
			variable->value, sizeof(variable->value), "%s", line->value);
	return 0;
}

static int read_variable(
	struct tree *tree, struct boot *boot, const char *path, struct variable *variable)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int r = tree_read(tree, path, &text, &size);

	variable->value[0] = '\0';
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return sysctl_note(boot, path, r, "what it sets is not known");
	return ini_read(text, size, take_variable, variable);
}

/* --- ufw: sysctl -e -q -p $IPT_SYSCTL --- */

static int take_ufw_lines(
	struct boot *boot, const struct sysctl_lines *lines, bool enabled)
{
	int r = 0;

	array_each (&lines->list, const struct sysctl_line, line) {
		struct boot_other other = { .by = BOOT_BY_UFW,
			.when = BOOT_AT_BOOT,
			.file = line->file,
			.line = line->line,
			.certain = enabled };
		const char *name;
		size_t length;

		other.key = boot_key_split(line->key, &name, &length);
		if (other.key < 0 || length >= sizeof(other.name) || !line->value ||
			!boot_number(line->value, &other.value))
			continue;
		memcpy(other.name, name, length);
		r = r < 0 ? r
			  : boot_add_other(
				    boot, &other, enabled ? NULL : "ufw is not enabled");
	}
	return r;
}

int ufw_read(struct tree *tree, struct boot *boot)
{
	struct variable file = { .key = "IPT_SYSCTL" }, enabled = { .key = "ENABLED" };
	struct sysctl_lines lines = { 0 };
	struct sysctl_oddities oddities = { 0 };
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int64_t index;
	int r = read_variable(tree, boot, "/etc/default/ufw", &file);

	if (r < 0 || file.value[0] != '/')
		return r;
	r = read_variable(tree, boot, "/etc/ufw/ufw.conf", &enabled);
	if (r >= 0)
		r = tree_read(tree, file.value, &text, &size);
	if (r < 0)
		return r == -ENOMEM ? r
				    : sysctl_note(boot, file.value, r,
					      "what ufw sets is not known");
	index = boot_add_file(boot, file.value);
	r = index < 0 ? (int)index
		      : sysctl_text_parse(text, size, SYSCTL_PROCPS, (uint32_t)index,
				&lines, &oddities);
	if (r >= 0)
		r = take_ufw_lines(boot, &lines, strcasecmp(enabled.value, "yes") == 0);
	sysctl_lines_done(&lines);
	return r;
}

/* --- tuned: [sysctl] of the active profile, and of what it includes --- */

struct profile {
	struct boot *boot;
	uint32_t file;
	bool yields, only_include;
	char include[256];
};

static int take_profile(const struct ini_line *line, void *data)
{
	struct profile *profile = data;
	struct boot_other other = { .by = BOOT_BY_TUNED,
		.when = BOOT_AT_BOOT,
		.file = profile->file,
		.line = line->line,
		.certain = true,
		.yields = profile->yields };
	char key[256];
	const char *name;
	size_t length;

	if (strcmp(line->section, "main") == 0 && strcmp(line->key, "include") == 0)
		(void)snprintf(
			profile->include, sizeof(profile->include), "%s", line->value);
	if (profile->only_include || strcmp(line->section, "sysctl") != 0)
		return 0;
	(void)snprintf(key, sizeof(key), "%s", line->key);
	sysctl_normalize(key);
	other.key = boot_key_split(key, &name, &length);
	if (other.key < 0 || length >= sizeof(other.name))
		return 0;
	memcpy(other.name, name, length);
	if (!boot_number(line->value, &other.value)) {
		other.certain = false; /* a variable or a function of tuned's */
		other.value = -1;
	}
	return boot_add_other(profile->boot, &other,
		!other.certain ? "tuned works the value out"
		: other.yields ? "tuned applies sysctl.d again behind its profile"
			       : NULL);
}

static int read_profile(
	struct tree *tree, struct profile *profile, const char *name, bool *found)
{
	static const char *const folders[] = { "/etc/tuned", "/etc/tuned/profiles",
		"/usr/lib/tuned", "/usr/lib/tuned/profiles" };
	int r = 0;

	*found = false;
	for (size_t i = 0; i < ELEMENTS(folders) && !*found && r >= 0; i++) {
		_cleanup_(freep) char *text = NULL;
		char path[400];
		size_t size;
		int64_t file;

		(void)snprintf(path, sizeof(path), "%s/%s/tuned.conf", folders[i], name);
		r = tree_read(tree, path, &text, &size);
		if (r == -ENOMEM)
			return r;
		*found = r != -ENOENT && r != -ENOTDIR;
		if (r < 0) {
			r = *found ? sysctl_note(profile->boot, path, r,
					     "what tuned sets is not known")
				   : 0;
			continue;
		}
		file = boot_add_file(profile->boot, path);
		profile->file = (uint32_t)file;
		r = file < 0 ? (int)file : ini_read(text, size, take_profile, profile);
	}
	return r;
}

/*
 * What a profile includes is played first, so that its own lines stand: it is read once for the
 * include, and then for the lines.
 */
static int read_profiles(struct tree *tree, struct boot *boot, const char *name,
	bool yields, unsigned int depth)
{
	struct profile profile = { .boot = boot, .yields = yields, .only_include = true };
	bool found;
	int r = read_profile(tree, &profile, name, &found);

	if (r >= 0 && !found)
		r = boot_note(boot,
			"tuned's profile %s is not found; what it sets is not known",
			name);
	if (r >= 0 && profile.include[0])
		r = depth ? read_profiles(tree, boot, profile.include, yields, depth - 1)
			  : boot_note(boot, "tuned's profile %s includes too many others",
				    name);
	profile.only_include = false;
	return r < 0 ? r : read_profile(tree, &profile, name, &found);
}

int tuned_read(struct tree *tree, struct boot *boot)
{
	struct variable reapply = { .key = "reapply_sysctl" };
	_cleanup_(freep) char *text = NULL;
	char *rest = NULL;
	size_t size;
	int r = tree_read(tree, "/etc/tuned/active_profile", &text, &size);

	if (r < 0)
		return r == -ENOMEM ? r
				    : sysctl_note(boot, "/etc/tuned/active_profile", r,
					      "what tuned sets is not known");
	r = read_variable(tree, boot, "/etc/tuned/tuned-main.conf", &reapply);
	for (char *name = strtok_r(text, " \t\n", &rest); name && r >= 0;
		name = strtok_r(NULL, " \t\n", &rest))
		r = read_profiles(
			tree, boot, name, strcmp(reapply.value, "0") != 0, INCLUDES);
	return r;
}
