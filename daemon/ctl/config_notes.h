/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config.h"
#include "kernel/anonymize.h"

/*
 * A configuration for an anonymous snapshot: of each interface that anonymizer has heard of what config
 * says, under its other name, with other addresses; and what bears on plans. Not what only a daemon
 * heeds, and no pattern: it would tell names. *ret is for free(). Returns 0 or -ENOMEM.
 */
int config_notes_anonymous(
	const struct config *config, struct anonymizer *anonymizer, char **ret);
