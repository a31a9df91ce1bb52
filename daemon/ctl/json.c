/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/json.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_value(
	struct json_object *object, const char *key, struct json_object *value)
{
	if (object && value && json_object_object_add(object, key, value) == 0)
		return 0;
	(void)json_object_put(value);
	return -ENOMEM;
}

static int push_value(struct json_object *array, struct json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return 0;
	(void)json_object_put(value);
	return -ENOMEM;
}

static struct json_object *text_new(const char *text)
{
	struct json_object *object;
	char *clean = strdup(text);

	if (!clean)
		return NULL;
	utf8_printable(clean);
	object = json_object_new_string(clean);
	free(clean);
	return object;
}

int json_add_text(struct json_object *object, const char *key, const char *text)
{
	return add_value(object, key, text_new(text));
}

int json_add_number(struct json_object *object, const char *key, int64_t number)
{
	return add_value(object, key, json_object_new_int64(number));
}

int json_add_decimal(struct json_object *object, const char *key, const char *text)
{
	return add_value(object, key, json_object_new_double_s(strtod(text, NULL), text));
}

int json_add_bool(struct json_object *object, const char *key, bool value)
{
	return add_value(object, key, json_object_new_boolean(value));
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

	return add_value(object, key, child) < 0 ? NULL : child;
}

struct json_object *json_add_array(struct json_object *object, const char *key)
{
	struct json_object *child = json_object_new_array();

	return add_value(object, key, child) < 0 ? NULL : child;
}

int json_push_text(struct json_object *array, const char *text)
{
	return push_value(array, text_new(text));
}

struct json_object *json_push_object(struct json_object *array)
{
	struct json_object *child = json_object_new_object();

	return push_value(array, child) < 0 ? NULL : child;
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
	(void)fputs(text, out); /* verbs_main() looks at ferror() in the end */
	(void)fputc('\n', out);
	return 0;
}
