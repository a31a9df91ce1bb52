/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/ini.h"

#include "base/cleanup.h"
#include "boot/joined.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *strip_blanks(char *text)
{
	size_t length;

	text += strspn(text, " \t\r");
	length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	return text;
}

static char *strip_quotes(char *text)
{
	size_t length = strlen(text);

	if (length < 2 || (*text != '"' && *text != '\'') || text[length - 1] != *text)
		return text;
	text[length - 1] = '\0';
	return text + 1;
}

int ini_read(const char *text, size_t size,
	int (*take)(const struct ini_line *line, void *data), void *data)
{
	_cleanup_(freep) char *copy = strndup(text, size);
	struct ini_line line = { .section = "" };
	struct joined joined;
	char *at;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	joined_begin(&joined, copy);
	while (r >= 0 && (at = joined_next(&joined, &line.line))) {
		char *value, *end;

		at = strip_blanks(at);
		if (*at == '#' || *at == ';' || !*at)
			continue;
		end = strchr(at, ']');
		if (*at == '[' && end) {
			*end = '\0';
			line.section = at + 1;
			continue;
		}
		value = strchr(at, '=');
		if (!value)
			continue;
		*value++ = '\0';
		line.key = strip_blanks(at);
		line.value = strip_quotes(strip_blanks(value));
		r = take(&line, data);
	}
	return r < 0 ? r : 0;
}
