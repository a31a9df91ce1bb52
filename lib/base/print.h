/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"

#include <stdio.h>

/*
 * The way out for lines of text that are no entry: what may not be shown becomes '?' (utf8.h). The
 * end of the line is added.
 */
void print_line(FILE *out, const char *format, ...) _printf_(2, 3);

/* The same, and the line goes on. */
void print_part(FILE *out, const char *format, ...) _printf_(2, 3);
