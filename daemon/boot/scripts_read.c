/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/scripts_read.h"

#include "boot/interfaces_text.h"
#include "boot/script_text.h"
#include "daemon/boot/masked.h"
#include "daemon/boot/sysctl_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SOURCES 64 /* files and folders that interfaces(5) leads to */

/* What a folder of scripts or rules has in common. */
struct scripts {
	enum boot_by by;
	const char *program, *suffix, *text;
	const char *folders[5];
};

static const struct scripts all_scripts[] = {
	{ BOOT_BY_UDEV, "udev rule", ".rules",
		"a rule runs it for links that fit its conditions",
		{ "/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d",
			"/usr/lib/udev/rules.d", NULL } },
	{ BOOT_BY_IFUPDOWN, "ifupdown script", NULL, "a script of ifupdown has it",
		{ "/etc/network/if-pre-up.d", "/etc/network/if-up.d", NULL } },
	{ BOOT_BY_NETWORKMANAGER, "NetworkManager dispatcher", NULL,
		"a script of NetworkManager's dispatcher has it",
		{ "/etc/NetworkManager/dispatcher.d",
			"/usr/lib/NetworkManager/dispatcher.d", NULL } },
	{ BOOT_BY_NETWORKMANAGER, "NetworkManager dispatcher", NULL,
		"a script of NetworkManager's dispatcher has it",
		{ "/etc/NetworkManager/dispatcher.d/pre-up.d",
			"/usr/lib/NetworkManager/dispatcher.d/pre-up.d", NULL } },
	{ BOOT_BY_NETWORKD, "networkd-dispatcher", NULL,
		"a script of networkd-dispatcher has it",
		{ "/etc/networkd-dispatcher/routable.d",
			"/etc/networkd-dispatcher/configured.d",
			"/etc/networkd-dispatcher/carrier.d", NULL } },
	{ BOOT_BY_WG_QUICK, "wg-quick", ".conf", "PostUp or PreUp of wg-quick has it",
		{ "/etc/wireguard", NULL } },
	{ BOOT_BY_PROGRAM, "rc.local", ".local", "rc.local has it",
		{ "/etc", "/etc/rc.d", NULL } },
};

struct taking {
	struct boot *boot;
	struct boot_other other;
	const char *text;
};

/* A name with a variable in it, or one that was cut, may be any. */
static void set_name(struct boot_other *other, const char *name)
{
	(void)snprintf(other->name, sizeof(other->name), "%s",
		!*name || strpbrk(name, "$%") ? "*" : name);
}

static int take_script(const struct script_line *line, void *data)
{
	struct taking *taking = data;
	struct boot_other other = taking->other;

	other.line = line->line;
	other.key = (int)line->key;
	other.value = line->has_value ? line->value : -1;
	set_name(&other, line->name);
	return boot_add_other(taking->boot, &other, taking->text);
}

/* systemd's own rule is what replay_link() plays. */
static bool is_own_rule(const char *path)
{
	return strcmp(strrchr(path, '/') + 1, "99-systemd.rules") == 0;
}

static int read_script(struct tree *tree, struct boot *boot,
	const struct scripts *scripts, const char *path)
{
	struct taking taking = { boot,
		{ .by = scripts->by, .when = BOOT_AT_LINK, .program = scripts->program },
		scripts->text };
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int64_t file;
	int r = tree_read(tree, path, &text, &size);

	if (r == -EISDIR)
		return 0;
	if (r < 0)
		return r == -ENOMEM ? r
				    : sysctl_note(boot, path, r,
					      "whether it writes rp_filter is not known");
	if (!memmem(text, size, "ipv4", 4))
		return 0;
	file = boot_add_file(boot, path);
	if (file < 0)
		return (int)file;
	taking.other.file = (uint32_t)file;
	return script_read(text, size, take_script, &taking);
}

static int read_scripts(
	struct tree *tree, struct boot *boot, const struct scripts *scripts)
{
	_cleanup_(masked_done) struct masked files = { 0 };
	int r = masked_list(tree, scripts->folders, scripts->suffix, &files);

	if (r >= 0 && files.failed)
		r = sysctl_note(boot, files.failed, files.error,
			"whether its files write rp_filter is not known");
	array_each (&files.paths, char *const, path) {
		if (r >= 0 && !is_own_rule(*path))
			r = read_script(tree, boot, scripts, *path);
	}
	return r;
}

int scripts_read(struct tree *tree, struct boot *boot)
{
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(all_scripts) && r >= 0; i++)
		r = read_scripts(tree, boot, &all_scripts[i]);
	return r;
}

/* --- ifupdown --- */

static int take_interfaces(struct tree *tree, struct boot *boot, const char *path,
	struct interfaces *interfaces)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int64_t file;
	int r = tree_read(tree, path, &text, &size);

	if (r < 0)
		return r == -ENOMEM ? r
				    : sysctl_note(boot, path, r,
					      "what ifupdown does is not known");
	file = boot_add_file(boot, path);
	if (file < 0)
		return (int)file;
	return interfaces_take(interfaces, (uint32_t)file, text, size);
}

/* "source interfaces.d/ *", "source-directory interfaces.d": a folder, with a pattern for names. */
static int take_source(struct tree *tree, struct boot *boot, const char *source,
	struct interfaces *interfaces)
{
	_cleanup_(tree_names_done) struct tree_names names = { 0 };
	char path[PATH_MAX], *pattern;
	int r;

	(void)snprintf(path, sizeof(path), "%s%s", *source == '/' ? "" : "/etc/network/",
		source);
	pattern = strrchr(path, '/');
	if (!strpbrk(pattern, "*?[") && !tree_is_folder(tree, path))
		return take_interfaces(tree, boot, path, interfaces);
	if (strpbrk(pattern, "*?["))
		*pattern = '\0';
	r = tree_list(tree, path, NULL, &names);
	if (r < 0)
		return r == -ENOMEM ? r
				    : sysctl_note(boot, path, r,
					      "what ifupdown does is not known");
	array_each (&names.list, char *const, name) {
		char file[PATH_MAX + 260];

		(void)snprintf(file, sizeof(file), "%s/%s", path, *name);
		if (r >= 0 && (*name)[0] != '.')
			r = take_interfaces(tree, boot, file, interfaces);
	}
	return r;
}

static int add_command(struct boot *boot, const struct interfaces *interfaces,
	const struct interfaces_command *command)
{
	struct boot_other other = { .by = BOOT_BY_IFUPDOWN,
		.when = BOOT_AT_LINK,
		.file = command->file,
		.line = command->line.line,
		.key = (int)command->line.key,
		.value = command->line.has_value ? command->line.value : -1 };
	const char *name = command->line.name;
	bool own = strcmp(name, "$IFACE") == 0;

	if (own)
		name = command->iface;
	set_name(&other, name);
	other.certain = command->up && command->line.has_value &&
			!strpbrk(other.name, "*?[") &&
			interfaces_is_automatic(interfaces, command->iface);
	return boot_add_other(boot, &other,
		other.certain ? NULL
		: command->up ? "ifupdown does it when the interface is brought up"
			      : "ifupdown does it when the interface is taken down");
}

int interfaces_read(struct tree *tree, struct boot *boot)
{
	_cleanup_(interfaces_done) struct interfaces interfaces = { 0 };
	int r = take_interfaces(tree, boot, "/etc/network/interfaces", &interfaces);

	/* what is read may lead to more */
	for (size_t i = 0; r >= 0 && i < interfaces.sources.count && i < SOURCES; i++)
		r = take_source(tree, boot, interfaces.sources.items[i], &interfaces);
	array_each (&interfaces.commands, const struct interfaces_command, command)
		r = r < 0 ? r : add_command(boot, &interfaces, command);
	return r;
}
