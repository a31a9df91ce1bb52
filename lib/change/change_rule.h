/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/change_job.h"

/* Makes job->change, which is of CHANGE_RULE. For lib/change alone; returns as change_apply() does. */
int change_apply_rule(const struct change_job *job);
