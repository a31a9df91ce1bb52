/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/time.h"
#include "daemon/config/child.h"
#include "daemon/config/config.h"

#include <stdbool.h>

/*
 * The configuration file as a child process reads it, for who can't wait: config_load() does the
 * same and waits. Zeroed memory is none.
 */
#define CONFIG_WAIT_USEC (10 * USEC_PER_SEC) /* it is given up then */

struct config_child {
	struct child process;
	const char *path; /* borrowed */
};

/* Returns 0, or a negative errno with *ret_error as config_load() has it; config_child_done() in
 * either case. */
int config_child_start(
	struct config_child *child, const char *path, bool must_exist, char **ret_error);

/* Takes what there is. Returns 1 while more is to come, 0 with *ret, or a negative errno with
 * *ret_error, as config_load() has them. */
int config_child_take(struct config_child *child, struct config **ret, char **ret_error);

/* It is given up: returns -ETIMEDOUT, with *ret_error. */
int config_child_late(const struct config_child *child, char **ret_error);

void config_child_done(struct config_child *child);
