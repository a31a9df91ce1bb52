/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/finding.h"

#include <json-c/json.h>
#include <stdio.h>

/* Remedies as rpfilterctl(1) shows them, of a finding or of one packet. */

/* Adds "remedy" and "alternatives". Returns 0 or -ENOMEM. */
int remedy_json_all(const struct finding *finding, struct json_object *object);

/* For a person: what would do, and what else would, each line behind an indentation. */
void remedy_print(const struct finding *finding, const char *indent, FILE *out);
