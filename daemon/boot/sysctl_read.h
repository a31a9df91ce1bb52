/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot.h"
#include "daemon/boot/tree.h"

/* A file that would be there as /etc/sysctl.d/NAME, instead of one that may be there. */
struct boot_extra {
	const char *name, *text;
	size_t size;
};

/*
 * Reads sysctl.d as systemd-sysctl and procps do, into boot->systemd and boot->procps, with
 * sysctl.KEY=VALUE of the kernel's command line where the tree is this host's. extra: or NULL. Returns
 * 0 or -ENOMEM.
 */
int sysctl_read(struct tree *tree, const struct boot_extra *extra, struct boot *boot);

/* Adds a note where a file is there and cannot be read; consequence: what comes of that. */
int sysctl_note(struct boot *boot, const char *path, int error, const char *consequence);
