/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/answer.h"
#include "daemon/ctl/ctl.h"

/* `explain --batch`: a flow a line. Returns the exit code. */
int explain_batch(struct ctl *ctl);

/* Puts an answer out: as JSON, or for a person, in a line or in full. 0 or -ENOMEM. */
int explain_show(const struct ctl *ctl, const struct answer *answer, bool in_a_line);
