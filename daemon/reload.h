/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config_child.h"

#include <systemd/sd-event.h>

/* SIGHUP: a child reads the configuration anew, and nothing waits for it. Zeroed memory is none. */
struct reload {
	struct config_child child;
	sd_event_source *io, *timer; /* while it is read */
	bool again;		     /* asked for meanwhile */
	bool ended;		     /* what follows is to be taken: */
	int result;		     /* as config_load() returns it */
	struct config *config;
	char *error;
};

/* Begins; while it is being read already, it is read once more behind that. Returns 0, or a negative
 * errno that ends the daemon. */
int reload_begin(
	struct reload *reload, sd_event *event, const char *path, bool must_exist);

/* Where it has ended: returns true and what config_load() would have, the caller's then. */
bool reload_take(
	struct reload *reload, int *ret_result, struct config **ret, char **ret_error);

void reload_done(struct reload *reload);
