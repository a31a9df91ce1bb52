/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/json.h"
#include "finding/finding.h"

#include <stdio.h>

/* One finding as JSON (rpfilterctl(1)) into object (0 or -ENOMEM); or for a person. */
int check_json(const struct finding *finding, struct json_object *object);
void check_print(const struct finding *finding, FILE *out);
