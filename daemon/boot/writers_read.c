/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/writers_read.h"

#include "base/cleanup.h"
#include "daemon/boot/networkd_read.h"
#include "daemon/boot/scripts_read.h"
#include "daemon/boot/services_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libsystemd-shared-252.so, or -257.4-1.fc42.so: the number stands in the name. */
static int version_of(struct tree *tree, const char *folder)
{
	static const char prefix[] = "libsystemd-shared-";
	_cleanup_(tree_names_done) struct tree_names names = { 0 };
	int version = 0;

	(void)tree_list(tree, folder, NULL, &names);
	array_each (&names.list, char *const, name) {
		if (strncmp(*name, prefix, sizeof(prefix) - 1) == 0)
			version = atoi(*name + sizeof(prefix) - 1);
	}
	return version;
}

/* Where a distribution has the library: a folder of its own, or the architecture's. */
static int find_version(struct tree *tree, int *ret)
{
	_cleanup_(tree_names_done) struct tree_names names = { 0 };
	int r = tree_list(tree, "/usr/lib", NULL, &names);

	*ret = version_of(tree, "/usr/lib/systemd");
	if (!*ret)
		*ret = version_of(tree, "/lib/systemd");
	if (!*ret)
		*ret = version_of(tree, "/usr/lib64/systemd");
	array_each (&names.list, char *const, name) {
		char folder[512];

		if (*ret || !strstr(*name, "-linux-gnu"))
			continue;
		(void)snprintf(folder, sizeof(folder), "/usr/lib/%s/systemd", *name);
		*ret = version_of(tree, folder);
	}
	return r == -ENOMEM ? r : 0;
}

static bool has_any(struct tree *tree, const char *const *paths)
{
	for (; *paths; paths++) {
		if (tree_exists(tree, *paths))
			return true;
	}
	return false;
}

int programs_read(struct tree *tree, struct boot *boot)
{
	static const char *const systemd[] = { "/usr/lib/systemd/systemd-sysctl",
		"/lib/systemd/systemd-sysctl", NULL };
	int r = 0;

	/* a tree that was made of a few files need not have it */
	if (tree->root < 0 && !has_any(tree, systemd))
		r = boot_note(boot,
			"there is no systemd-sysctl: shown is what it would do; what reads sysctl.d here at boot is not known");
	return r < 0 ? r : find_version(tree, &boot->systemd_version);
}

int writers_read(struct tree *tree, struct boot *boot)
{
	int (*const readers[])(struct tree *, struct boot *) = { scripts_read,
		interfaces_read, networkd_read, ufw_read, tuned_read, habits_read };
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(readers) && r >= 0; i++)
		r = readers[i](tree, boot);
	return r;
}
