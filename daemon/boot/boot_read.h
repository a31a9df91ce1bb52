/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot.h"
#include "daemon/boot/sysctl_read.h"

/*
 * Reads what the files of this host, or of the tree at root, say of our settings. What cannot be
 * read becomes a note in *ret (boot.h), and the rest is read. A tree that changes meanwhile is read
 * again, twice at most. Returns 0; -ENOMEM; or a negative errno where root cannot be opened.
 */
int boot_read(const char *root, struct boot **ret);

/* The same as it would be with one more file; extra: or NULL. */
int boot_read_with(const char *root, const struct boot_extra *extra, struct boot **ret);
