/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/trace.h"

#include <stdarg.h>
#include <stdio.h>

void trace_format(struct trace *trace, int number, const char *format, ...)
{
	struct trace_step step = { .number = number };
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&step.text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		trace->failed = true;
		return;
	}
	if (array_push(&trace->steps, &step) < 0) {
		free(step.text);
		trace->failed = true;
	}
}

void trace_done(struct trace *trace)
{
	array_each (&trace->steps, struct trace_step, step)
		free(step->text);
	array_done(&trace->steps);
}
