/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/corrections.h"
#include "daemon/ctl/json.h"

#include <stdio.h>

/* Which interfaces are not corrected for now, as the ledger has it: by hand, and after a fight.
 * What is over, which nobody may have struck out yet, is left out. Without a ledger there is none. */

/* A line each; none where there is none. */
void pauses_print(const struct corrections *corrections, FILE *out);

/* "paused":[{"interface":"tunl0","until":"…"|null,"why":"hand|fight"}], of all of them "all";
 * null where the ledger can't be read. 0 or -ENOMEM. */
int pauses_json(const struct corrections *corrections, struct json_object *object);
