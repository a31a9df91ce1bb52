/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/table.h"

#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	utf8_printable(cell);
	r = array_push(&table->cells, &cell);
	if (r < 0)
		free(cell);
	return r;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < table->cells.count; i += table->columns) {
		size_t width = utf8_count(table->cells.items[i]);

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
		size_t pad = last ? 0 : widths[column] - utf8_count(cell) + 2;

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
