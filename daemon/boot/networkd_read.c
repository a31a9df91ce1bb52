/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/networkd_read.h"

#include "daemon/boot/masked.h"
#include "daemon/boot/sysctl_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const folders[] = { "/etc/systemd/network", "/run/systemd/network",
	"/usr/local/lib/systemd/network", "/usr/lib/systemd/network", NULL };

static int take_file(struct tree *tree, struct boot *boot, const char *path,
	struct boot_network *network, bool main)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int64_t file;
	int r = tree_read(tree, path, &text, &size);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return sysctl_note(
			boot, path, r, "what systemd-networkd sets is not known");
	file = boot_add_file(boot, path);
	if (file < 0)
		return (int)file;
	if (main)
		network->file = (uint32_t)file;
	return network_take(network, (uint32_t)file, text, size);
}

/* NAME.network.d in each folder; one name counts once. */
static int take_dropins(struct tree *tree, struct boot *boot, const char *name,
	struct boot_network *network)
{
	_cleanup_(masked_done) struct masked files = { 0 };
	char folder[4][256];
	const char *list[5] = { NULL };
	int r;

	for (size_t i = 0; folders[i]; i++) {
		(void)snprintf(
			folder[i], sizeof(folder[i]), "%s/%.200s.d", folders[i], name);
		list[i] = folder[i];
	}
	r = masked_list(tree, list, ".conf", &files);
	array_each (&files.paths, char *const, path)
		r = r < 0 ? r : take_file(tree, boot, *path, network, false);
	return r;
}

static int take_network(struct tree *tree, struct boot *boot, const char *path)
{
	struct boot_network network = { .file = NO_FILE };
	int r = take_file(tree, boot, path, &network, true);

	if (r >= 0)
		r = take_dropins(tree, boot, strrchr(path, '/') + 1, &network);
	if (r >= 0)
		r = array_push(&boot->networks, &network);
	if (r < 0)
		network_done(&network);
	return r;
}

/*
 * Whether a unit wants it: a link in some folder *.wants. Where a tree has no units of its own at
 * all, as one that was made of a few files, nothing is said against it.
 */
static bool is_off(struct tree *tree)
{
	static const char *const units[] = {
		"/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
		"/etc/systemd/system/sysinit.target.wants/systemd-networkd.service",
		"/etc/systemd/system/dbus-org.freedesktop.network1.service",
		"/usr/lib/systemd/system/multi-user.target.wants/systemd-networkd.service",
		"/usr/lib/systemd/system/sysinit.target.wants/systemd-networkd.service",
		"/run/systemd/system/multi-user.target.wants/systemd-networkd.service",
		"/run/systemd/generator/multi-user.target.wants/systemd-networkd.service"
	};

	for (size_t i = 0; i < ELEMENTS(units); i++) {
		if (tree_has_entry(tree, units[i]))
			return false;
	}
	return tree_exists(tree, "/etc/systemd/system");
}

int networkd_read(struct tree *tree, struct boot *boot)
{
	_cleanup_(masked_done) struct masked files = { 0 };
	int r = masked_list(tree, folders, ".network", &files);

	array_each (&files.paths, char *const, path)
		r = r < 0 ? r : take_network(tree, boot, *path);
	boot->networkd_off = boot->networks.count && is_off(tree);
	return r;
}
