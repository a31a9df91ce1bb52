/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/ctl.h"

#include <stdio.h>

/* rpfilterctl: does what the command line says, returns the exit code. */
int verbs_main(int argc, char *const *argv, FILE *out, FILE *err);

/* The verbs return an exit code. */
int list_run(struct ctl *ctl);
int check_run(struct ctl *ctl);
int explain_run(struct ctl *ctl);
int plan_run(struct ctl *ctl);
int apply_run(struct ctl *ctl);
int revert_run(struct ctl *ctl);
int pause_run(struct ctl *ctl);
int resume_run(struct ctl *ctl);
int exceptions_run(struct ctl *ctl);
int suggest_run(struct ctl *ctl);
int what_if_run(struct ctl *ctl);
int snapshot_run(struct ctl *ctl);
int diff_run(struct ctl *ctl);
int who_run(struct ctl *ctl);
