/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "rpf/overlay.h"
#include "rpf/reverse.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * json-c with one way to run out of memory: each json_add_x() returns 0 or -ENOMEM, also
 * for a NULL object, so the results of many can be ored together and looked at once.
 * What is made belongs to the object that it was added to.
 */
static inline void json_putp(struct json_object **object)
{
	(void)json_object_put(*object);
}

/* text: what of it is not UTF-8 becomes '?' (an interface's name may be any bytes). */
int json_add_text(struct json_object *object, const char *key, const char *text);
int json_add_number(struct json_object *object, const char *key, int64_t number);
/* text: a decimal number, printed as it stands */
int json_add_decimal(struct json_object *object, const char *key, const char *text);
int json_add_bool(struct json_object *object, const char *key, bool value);
int json_add_null(struct json_object *object, const char *key);
struct json_object *json_add_object(struct json_object *object, const char *key);
struct json_object *json_add_array(struct json_object *object, const char *key);

/* At the end of an array. */
int json_push_text(struct json_object *array, const char *text);
struct json_object *json_push_object(struct json_object *array);

/* {"effective":1,"own":1,"all":0}, into object itself */
int json_add_filter(struct json_object *object, const struct rp_filter *filter);

/* "reverse":{…}, null where there is no reverse route */
int json_add_reverse(struct json_object *object, const struct reverse *reverse);

/* Prints object in a line. Returns 0 or -ENOMEM; whether it could be written out says. */
int json_print(FILE *out, struct json_object *object);
