/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/sink.h"

#include "daemon/journal/write_out.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * A line an entry, the fields as `journalctl -o json` has them: all values are strings. By hand, as
 * json-c does not say where memory ran out, and a line that was cut would pass for a whole one.
 */
struct line {
	char *text; /* NULL: it is only measured */
	size_t length;
};

static void put_bytes(struct line *line, const char *text, size_t length)
{
	if (line->text)
		memcpy(line->text + line->length, text, length);
	line->length += length;
}

static void put_string(struct line *line, const char *text, size_t length)
{
	char escape[8];

	put_bytes(line, "\"", 1);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\') {
			put_bytes(line, "\\", 1);
			put_bytes(line, text + i, 1);
		} else if ((unsigned char)text[i] < ' ') {
			snprintf(escape, sizeof(escape), "\\u%04x", text[i]);
			put_bytes(line, escape, 6);
		} else {
			put_bytes(line, text + i, 1);
		}
	}
	put_bytes(line, "\"", 1);
}

static void put_field(struct line *line, const char *field)
{
	size_t key = strcspn(field, "=");

	put_bytes(line, line->length ? "," : "{", 1);
	put_string(line, field, key);
	put_bytes(line, ":", 1);
	put_string(line, field + key + 1, strlen(field + key + 1));
}

static void put_entry(struct line *line, const struct entry *entry)
{
	char own[64];

	snprintf(own, sizeof(own), "__REALTIME_TIMESTAMP=%llu",
		(unsigned long long)entry->when_usec);
	put_field(line, own);
	snprintf(own, sizeof(own), "PRIORITY=%d", entry->priority);
	put_field(line, own);
	put_field(line, "SYSLOG_IDENTIFIER=rpfilterd");
	snprintf(own, sizeof(own), "_PID=%d", (int)getpid());
	put_field(line, own);
	array_each (&entry->fields, char *const, field)
		put_field(line, *field);
	put_bytes(line, "}\n", 2);
}

int sink_json(const struct entry *entry)
{
	struct line size = { 0 }, line = { 0 };
	_cleanup_(freep) char *text = NULL;

	put_entry(&size, entry);
	text = malloc(size.length);
	if (!text)
		return -ENOMEM;
	line.text = text;
	put_entry(&line, entry);
	return write_out(STDOUT_FILENO, text, line.length);
}
