/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add(struct json_object *object, const char *key, struct json_object *value)
{
	if (object && value && json_object_object_add(object, key, value) == 0)
		return 0;
	(void)json_object_put(value);
	return -ENOMEM;
}

static int push(struct json_object *array, struct json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return 0;
	(void)json_object_put(value);
	return -ENOMEM;
}

/* How many bytes the character at text has, 0 where it is no UTF-8 (RFC 3629). */
static size_t utf8_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80	 ? 1
			: text[0] < 0xc2 ? 0
			: text[0] < 0xe0 ? 2
			: text[0] < 0xf0 ? 3
			: text[0] < 0xf5 ? 4
					 : 0;

	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
		(text[0] == 0xf0 && text[1] < 0x90) ||
		(text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static struct json_object *text_new(const char *text)
{
	struct json_object *object;
	char *clean = strdup(text);

	if (!clean)
		return NULL;
	for (char *c = clean; *c;) {
		size_t length = utf8_length((const unsigned char *)c);

		if (!length)
			*c = '?';
		c += length ? length : 1;
	}
	object = json_object_new_string(clean);
	free(clean);
	return object;
}

int json_add_text(struct json_object *object, const char *key, const char *text)
{
	return add(object, key, text_new(text));
}

int json_add_number(struct json_object *object, const char *key, int64_t number)
{
	return add(object, key, json_object_new_int64(number));
}

int json_add_decimal(struct json_object *object, const char *key, const char *text)
{
	return add(object, key, json_object_new_double_s(strtod(text, NULL), text));
}

int json_add_bool(struct json_object *object, const char *key, bool value)
{
	return add(object, key, json_object_new_boolean(value));
}

int json_add_null(struct json_object *object, const char *key)
{
	if (object && json_object_object_add(object, key, NULL) == 0)
		return 0;
	return -ENOMEM;
}

struct json_object *json_add_object(struct json_object *object, const char *key)
{
	struct json_object *child = json_object_new_object();

	return add(object, key, child) < 0 ? NULL : child;
}

struct json_object *json_add_array(struct json_object *object, const char *key)
{
	struct json_object *child = json_object_new_array();

	return add(object, key, child) < 0 ? NULL : child;
}

int json_push_text(struct json_object *array, const char *text)
{
	return push(array, text_new(text));
}

struct json_object *json_push_object(struct json_object *array)
{
	struct json_object *child = json_object_new_object();

	return push(array, child) < 0 ? NULL : child;
}

int json_add_filter(struct json_object *object, const struct rp_filter *filter)
{
	int r = json_add_number(object, "effective", filter->effective);

	r |= json_add_number(object, "own", filter->own);
	r |= json_add_number(object, "all", filter->all);
	return r;
}

int json_add_reverse(struct json_object *object, const struct reverse *reverse)
{
	struct json_object *child, *devices;
	char prefix[PREFIX4_TEXT];
	int r;

	if (!reverse->known)
		return json_add_null(object, "reverse");
	child = json_add_object(object, "reverse");
	r = json_add_text(child, "type", route_type_name(reverse->type));
	r |= json_add_text(child, "prefix", prefix4_format(reverse->prefix, prefix));
	r |= json_add_number(child, "table", reverse->table);
	r |= json_add_number(child, "rule", reverse->rule);
	devices = json_add_array(child, "dev");
	if (!devices)
		return -ENOMEM;
	array_each (&reverse->devices, const struct device_name, device)
		r |= json_push_text(devices, device->name);
	r |= reverse->via[0] ? json_add_text(child, "via", reverse->via)
			     : json_add_null(child, "via");
	return r;
}

int json_print(FILE *out, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		return -ENOMEM;
	(void)fputs(text, out); /* ctl_main() looks at ferror() in the end */
	(void)fputc('\n', out);
	return 0;
}
