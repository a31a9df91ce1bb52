/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/sink.h"

#include "daemon/journal/write_out.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A line an entry, the fields as `journalctl -o json` has them: all values are strings. */

static int add_text(struct json_object *object, const char *key, const char *value)
{
	struct json_object *string = json_object_new_string(value);

	if (!string)
		return -ENOMEM;
	if (json_object_object_add(object, key, string) < 0) {
		json_object_put(string);
		return -ENOMEM;
	}
	return 0;
}

static int add_number(
	struct json_object *object, const char *key, unsigned long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	return add_text(object, key, text);
}

static int add_own(struct json_object *object, const struct entry *entry)
{
	int r = add_number(object, "__REALTIME_TIMESTAMP", entry->when_usec);

	if (r >= 0)
		r = add_number(object, "PRIORITY", (unsigned long long)entry->priority);
	if (r >= 0)
		r = add_text(object, "SYSLOG_IDENTIFIER", "rpfilterd");
	return r < 0 ? r : add_number(object, "_PID", (unsigned long long)getpid());
}

static int write_line(struct json_object *object)
{
	_cleanup_(freep) char *line = NULL;
	int length = asprintf(&line, "%s\n",
		json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	if (length < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return write_out(STDOUT_FILENO, line, (size_t)length);
}

int sink_json(const struct entry *entry)
{
	struct json_object *object = json_object_new_object();
	int r = object ? add_own(object, entry) : -ENOMEM;

	array_each (&entry->fields, char *const, field) {
		char *equals = strchr(*field, '=');
		char key[64];

		if (r < 0)
			break;
		snprintf(key, sizeof(key), "%.*s", (int)(equals - *field), *field);
		r = add_text(object, key, equals + 1);
	}
	if (r >= 0)
		r = write_line(object);
	json_object_put(object);
	return r;
}
