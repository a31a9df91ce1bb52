/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/report.h"

#include <stdio.h>

/* The interfaces of a report, as JSON or as a table. 0 or -ENOMEM. */
int list_json(const struct report *report, FILE *out);
int list_table(const struct report *report, FILE *out);

/* What is said of an interface with an address of which nobody expects anything. */
#define LIST_UNEXPECTED "nothing is expected here; declare it"

/* The exit code; notices: they count, too. */
int list_code(const struct report *report, bool notices);
