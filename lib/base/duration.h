/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DURATION_MOST_DAYS 366

/* A duration as people write it: "500ms", "90s", "10m", "2h" or "1d". A whole number, not 0, of at
 * most 366 days. Returns whether it is one. */
bool duration_parse(const char *text, uint64_t *ret_usec);
