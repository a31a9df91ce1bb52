/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"

#include "base/utf8.h"

#include <stdarg.h>

#define LINE_TEXT 4096 /* no sentence of ours is half as long */

static void _printf_(2, 0)
	print_text(FILE *out, const char *format, va_list arguments, const char *end)
{
	char text[LINE_TEXT];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	utf8_printable(text);
	/* in one piece: stderr has no buffer */
	(void)fprintf(out, "%s%s", text, end);
}

void print_line(FILE *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_text(out, format, arguments, "\n");
	va_end(arguments);
}

void print_part(FILE *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_text(out, format, arguments, "");
	va_end(arguments);
}
