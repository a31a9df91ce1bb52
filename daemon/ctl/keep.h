/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/boot_files.h"
#include "finding/finding.h"

/*
 * What becomes of a finding's remedy at the next boot (forecast_keeps()). Returns 1 with out set; 0
 * where the remedy sets nothing on the interface; or -ENOMEM.
 */
#define KEEP_TEXT (FORECAST_TEXT + 64)
int keep_of(const struct boot_files *files, const struct state *state,
	const struct finding *finding, char out[static KEEP_TEXT]);
