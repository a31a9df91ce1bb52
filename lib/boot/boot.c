/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/boot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const by_names[BOOT_BYS] = {
	[BOOT_BY_CMDLINE] = "kernel command line",
	[BOOT_BY_SYSTEMD] = "systemd-sysctl",
	[BOOT_BY_UDEV] = "udev rule",
	[BOOT_BY_UFW] = "ufw",
	[BOOT_BY_NETWORKD] = "systemd-networkd",
	[BOOT_BY_IFUPDOWN] = "ifupdown",
	[BOOT_BY_NETWORKMANAGER] = "NetworkManager",
	[BOOT_BY_WG_QUICK] = "wg-quick",
	[BOOT_BY_TUNED] = "tuned",
	[BOOT_BY_PROGRAM] = "program",
	[BOOT_BY_PROCPS] = "sysctl --system",
};

const char *boot_by_name(enum boot_by by)
{
	return by_names[by];
}

const char *boot_when_name(enum boot_when when)
{
	switch (when) {
	case BOOT_AT_BOOT:
		return "boot";
	case BOOT_AT_LINK:
		return "link";
	case BOOT_AT_RELOAD:
		return "reload";
	}
	return "";
}

struct boot *boot_new(void)
{
	return calloc(1, sizeof(struct boot));
}

void boot_free(struct boot *boot)
{
	if (!boot)
		return;
	array_each (&boot->files, struct boot_file, file)
		free(file->path);
	array_done(&boot->files);
	sysctl_lines_done(&boot->systemd);
	sysctl_lines_done(&boot->procps);
	array_each (&boot->others, struct boot_other, other)
		free(other->text);
	array_done(&boot->others);
	array_each (&boot->networks, struct boot_network, network)
		network_done(network);
	array_done(&boot->networks);
	array_each (&boot->notes, struct boot_note, note)
		free(note->text);
	array_done(&boot->notes);
	free(boot);
}

int64_t boot_add_file(struct boot *boot, const char *path)
{
	struct boot_file file = { .path = strdup(path) };
	int r;

	if (!file.path)
		return -ENOMEM;
	file.name = strrchr(file.path, '/');
	file.name = file.name ? file.name + 1 : file.path;
	r = array_push(&boot->files, &file);
	if (r < 0) {
		free(file.path);
		return r;
	}
	return (int64_t)boot->files.count - 1;
}

const char *boot_path(const struct boot *boot, uint32_t file)
{
	return file < boot->files.count ? boot->files.items[file].path : "";
}

const char *boot_place(
	const struct boot *boot, uint32_t file, uint32_t line, char *out, size_t size)
{
	if (line)
		(void)snprintf(out, size, "%s:%u", boot_path(boot, file), line);
	else
		(void)snprintf(out, size, "%s", boot_path(boot, file));
	return out;
}

int boot_note(struct boot *boot, const char *format, ...)
{
	struct boot_note note;
	va_list arguments;
	int r;

	if (boot->notes.count >= BOOT_NOTES) {
		boot->notes_more++;
		return 0;
	}
	va_start(arguments, format);
	r = vasprintf(&note.text, format, arguments);
	va_end(arguments);
	if (r < 0)
		return -ENOMEM;
	r = array_push(&boot->notes, &note);
	if (r < 0)
		free(note.text);
	return r;
}

int boot_add_other(struct boot *boot, const struct boot_other *other, const char *text)
{
	struct boot_other fresh = *other;
	int r;

	fresh.text = text ? strdup(text) : NULL;
	if (text && !fresh.text)
		return -ENOMEM;
	r = array_push(&boot->others, &fresh);
	if (r < 0)
		free(fresh.text);
	return r;
}

static int note_oddities(
	struct boot *boot, uint32_t file, const struct sysctl_oddities *oddities)
{
	const char *path = boot_path(boot, file);
	int r = 0;

	if (oddities->not_assigned)
		r = boot_note(boot, "%s:%u: no assignment; ignored at boot", path,
			oddities->not_assigned);
	if (r >= 0 && oddities->too_long)
		r = boot_note(boot,
			"%s:%u: a line of 1 MiB or more; the rest of the file is ignored at boot",
			path, oddities->too_long);
	return r;
}

int boot_add_sysctl(struct boot *boot, enum sysctl_dialect dialect, uint32_t file,
	const char *text, size_t size)
{
	struct sysctl_lines *lines =
		dialect == SYSCTL_SYSTEMD ? &boot->systemd : &boot->procps;
	struct sysctl_oddities oddities = { 0 };
	bool full = lines->full;
	int r = sysctl_text_parse(text, size, dialect, file, lines, &oddities);

	if (r < 0 || dialect != SYSCTL_SYSTEMD)
		return r;
	if (lines->full && !full)
		r = boot_note(boot,
			"%s: more than %d lines about net.ipv4.conf; the rest is not evaluated",
			boot_path(boot, file), SYSCTL_LINES);
	return r < 0 ? r : note_oddities(boot, file, &oddities);
}
