/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/boot_read.h"

#include "daemon/boot/sysctl_read.h"
#include "daemon/boot/tree.h"
#include "daemon/boot/writers_read.h"

#include <errno.h>

#define TRIES 3

static int read_once(
	const char *root, const struct boot_extra *extra, struct boot *boot, bool *same)
{
	_cleanup_(tree_done) struct tree tree = { .root = -1 };
	int r = tree_open(root, &tree);

	if (r >= 0)
		r = programs_read(&tree, boot);
	if (r >= 0)
		r = sysctl_read(&tree, extra, boot);
	if (r >= 0)
		r = writers_read(&tree, boot);
	*same = tree_is_same(&tree);
	return r;
}

int boot_read(const char *root, struct boot **ret)
{
	return boot_read_with(root, NULL, ret);
}

int boot_read_with(const char *root, const struct boot_extra *extra, struct boot **ret)
{
	for (int tries = 1;; tries++) {
		_cleanup_(boot_freep) struct boot *boot = boot_new();
		bool same = false;
		int r = boot ? read_once(root, extra, boot, &same) : -ENOMEM;

		if (r >= 0 && !same && tries == TRIES)
			r = boot_note(
				boot, "files change while they are read; try again");
		if (r < 0)
			return r;
		if (same || tries == TRIES) {
			*ret = take_ptr(boot);
			return 0;
		}
	}
}
