/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"

#include <stdbool.h>

/* The steps of a verdict as text, to check it by hand. */
struct trace_step {
	int number; /* of the ladder in docs/verdict.md */
	char *text;
};

struct trace {
	ARRAY(struct trace_step) steps;
	bool failed; /* memory ran out: steps are missing */
};

/* Adds a step; with trace NULL, does nothing at next to no cost. */
#define trace_add(trace, number, ...)                                                    \
	do {                                                                             \
		if (trace)                                                               \
			trace_format((trace), (number), __VA_ARGS__);                    \
	} while (0)

void trace_format(struct trace *trace, int number, const char *format, ...)
	_printf_(3, 4);
void trace_done(struct trace *trace);
