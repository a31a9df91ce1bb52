/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/boot/tree.h"

/*
 * Files of several folders, sorted by their names, of which each counts once: that of the first
 * folder that has it (sysctl.d, systemd's units and networks, udev's rules).
 */
struct masked {
	ARRAY(char *) paths;
	bool all; /* asked for: those that do not count, too, behind the one that does */
	const char *
		failed; /* a folder that is there and cannot be read, borrowed; NULL: none */
	int error;
};

/* folders: up to NULL. A folder that is not there is passed over. Returns 0 or -ENOMEM. */
int masked_list(struct tree *tree, const char *const *folders, const char *suffix,
	struct masked *ret);
void masked_done(struct masked *masked);
