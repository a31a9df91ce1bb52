/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/table.h"

#include <assert.h>

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void clean(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

int table_add(struct table *table, const char *format, ...)
{
	va_list arguments;
	char *cell;
	int r;

	va_start(arguments, format);
	r = vasprintf(&cell, format, arguments);
	va_end(arguments);
	if (r < 0)
		return -ENOMEM;
	clean(cell);
	r = array_push(&table->cells, &cell);
	if (r < 0)
		free(cell);
	return r;
}

/* In characters: the second and later bytes of one (UTF-8) take no room. */
static size_t width_of(const char *cell)
{
	size_t width = 0;

	for (; *cell; cell++)
		width += ((unsigned char)*cell & 0xc0) != 0x80;
	return width;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < table->cells.count; i += table->columns) {
		size_t width = width_of(table->cells.items[i]);

		if (width > widest)
			widest = width;
	}
	return widest;
}

void table_print(
	const struct table *table, FILE *out, const char *(*colour)(const char *))
{
	size_t widths[TABLE_COLUMNS];

	assert(table->columns > 0);

	for (size_t i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; i < table->cells.count; i++) {
		const char *cell = table->cells.items[i];
		size_t column = i % table->columns;
		bool last = column == table->columns - 1;
		const char *start = last && colour ? colour(cell) : "";
		size_t pad = last ? 0 : widths[column] - width_of(cell) + 2;

		(void)fprintf(out, "%s%s%s%*s%s", start, cell, start[0] ? "\033[0m" : "",
			(int)pad, "", last ? "\n" : "");
	}
}

void table_done(struct table *table)
{
	array_each (&table->cells, char *, cell)
		free(*cell);
	array_done(&table->cells);
}

bool table_wants_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no_color && *no_color) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

void table_print_clean(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		(void)fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}
