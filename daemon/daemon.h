/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/parts.h"

/* The life of rpfilterd: how it starts, what wakes it, how it ends. */

/*
 * Sets up everything and reads the kernel. Takes config. Returns 0; or a negative errno after
 * logging in one line what failed. daemon_done() in either case.
 */
int daemon_init(
	struct daemon *daemon, const struct options *options, struct config *config);
void daemon_done(struct daemon *daemon);

/* Runs until a signal ends it. Returns the exit code: 0, or 1 when something failed, which may
 * be tried again (2 is for a wrong configuration or command line, which may not). */
int daemon_run(struct daemon *daemon);

/* Evaluates and logs once. Returns the exit code of --once. */
int daemon_once(struct daemon *daemon);
