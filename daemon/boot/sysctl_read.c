/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/sysctl_read.h"

#include "daemon/boot/masked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSCTL_CONF "/etc/sysctl.conf"

/* In this order; a name that was in one of them is not looked for in the next. */
static const char *const folders[] = { "/etc/sysctl.d", "/run/sysctl.d",
	"/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d", NULL };

int sysctl_note(struct boot *boot, const char *path, int error, const char *consequence)
{
	if (error == -ENOENT)
		return 0;
	return boot_note(
		boot, "%s: cannot be read: %s; %s", path, tree_error(error), consequence);
}

/* Which of the programs take a file. */
struct takers {
	bool systemd, procps;
};

static int add_text(struct boot *boot, const char *path, const struct takers *takers,
	const char *text, size_t size)
{
	int64_t file = boot_add_file(boot, path);
	int r = file < 0 ? (int)file : 0;

	if (r >= 0 && takers->systemd)
		r = boot_add_sysctl(boot, SYSCTL_SYSTEMD, (uint32_t)file, text, size);
	if (r >= 0 && takers->procps)
		r = boot_add_sysctl(boot, SYSCTL_PROCPS, (uint32_t)file, text, size);
	return r;
}

static int read_one(struct tree *tree, struct boot *boot, const char *path,
	const struct takers *takers)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int r = tree_read(tree, path, &text, &size);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return sysctl_note(boot, path, r, "what it sets is not known");
	return add_text(boot, path, takers, text, size);
}

/*
 * systemd passes over hidden files. Up to 254 it may be built for a /lib of its own; where that is
 * /usr/lib, the names are known already.
 */
static bool systemd_reads(const struct boot *boot, const char *path)
{
	return strrchr(path, '/')[1] != '.' &&
	       (strncmp(path, "/lib/", 5) != 0 || boot->systemd_version < 255);
}

/* Of a name the first file counts; for a newer systemd not one that is a circle of links. */
static struct takers take_path(struct tree *tree, const struct boot *boot,
	const char *path, struct takers *taken)
{
	struct takers ret = { !taken->systemd && systemd_reads(boot, path),
		!taken->procps };

	taken->procps = true;
	if (ret.systemd && boot->systemd_version >= 258 && tree_is_circle(tree, path))
		ret.systemd = false;
	else
		taken->systemd |= ret.systemd;
	return ret;
}

static int add_extra(struct boot *boot, const struct boot_extra *extra)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "/etc/sysctl.d/%s", extra->name);
	return add_text(
		boot, path, &(struct takers){ true, true }, extra->text, extra->size);
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* The files in their order, with the extra one at its place. */
static int read_files(struct tree *tree, const struct boot_extra *extra,
	const struct masked *files, struct boot *boot)
{
	struct takers taken = { 0 };
	bool waiting = extra != NULL;
	const char *last = "";
	int r = 0;

	for (size_t i = 0; i <= files->paths.count && r >= 0; i++) {
		const char *path = i < files->paths.count ? files->paths.items[i] : NULL;
		const char *name = path ? name_of(path) : NULL;
		struct takers takers;

		if (waiting && (!name || strcmp(name, extra->name) >= 0)) {
			waiting = false;
			r = add_extra(boot, extra);
		}
		if (r < 0 || !name || (extra && strcmp(name, extra->name) == 0))
			continue;
		if (strcmp(name, last) != 0)
			taken = (struct takers){ 0 };
		last = name;
		takers = take_path(tree, boot, path, &taken);
		if (takers.systemd || takers.procps)
			r = read_one(tree, boot, path, &takers);
	}
	return r;
}

static int read_folders(
	struct tree *tree, const struct boot_extra *extra, struct boot *boot)
{
	_cleanup_(masked_done) struct masked files = { .all = true };
	int r = masked_list(tree, folders, ".conf", &files);

	if (r >= 0 && files.failed)
		r = sysctl_note(boot, files.failed, files.error,
			"what its files set is not known");
	return r < 0 ? r : read_files(tree, extra, &files, boot);
}

/* sysctl.net.ipv4.conf.all.rp_filter=1: the kernel sets it before it starts init (from 5.8). */
static int take_word(struct boot *boot, uint32_t file, char *word)
{
	struct boot_other other = {
		.by = BOOT_BY_CMDLINE, .file = file, .when = BOOT_AT_BOOT, .certain = true
	};
	char *value = strchr(word, '=');
	const char *name;
	size_t length;

	if (strncmp(word, "sysctl.", 7) != 0 || !value)
		return 0;
	*value++ = '\0';
	sysctl_normalize(word + 7);
	other.key = boot_key_split(word + 7, &name, &length);
	if (other.key < 0 || length >= sizeof(other.name) ||
		!boot_number(value, &other.value))
		return 0;
	memcpy(other.name, name, length);
	return boot_add_other(boot, &other, NULL);
}

static int read_cmdline(struct tree *tree, struct boot *boot)
{
	_cleanup_(freep) char *text = NULL;
	char *rest = NULL;
	int64_t file;
	size_t size;
	int r = tree_read(tree, "/proc/cmdline", &text, &size);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	file = boot_add_file(boot, "/proc/cmdline");
	if (file < 0)
		return (int)file;
	for (char *word = strtok_r(text, " \t\n", &rest); word && r >= 0;
		word = strtok_r(NULL, " \t\n", &rest))
		r = take_word(boot, (uint32_t)file, word);
	return r;
}

/* procps reads it behind all others; systemd only by a link in sysctl.d. */
static int read_sysctl_conf(struct tree *tree, struct boot *boot)
{
	return read_one(tree, boot, SYSCTL_CONF, &(struct takers){ false, true });
}

int sysctl_read(struct tree *tree, const struct boot_extra *extra, struct boot *boot)
{
	int r = read_folders(tree, extra, boot);

	if (r >= 0)
		r = read_sysctl_conf(tree, boot);
	if (r >= 0 && tree->root < 0)
		r = read_cmdline(tree, boot);
	return r;
}
