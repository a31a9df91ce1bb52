/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * JSON as far as the ledger's file has it: an object of texts, whole numbers and booleans, without
 * blanks; in files of older versions also of lists of such objects. It is read where it lies, and
 * nothing is allocated: json-c takes a lack of memory for damage, or crashes.
 */
#define LEDGER_FIELDS 24

enum ledger_kind {
	LEDGER_TEXT,
	LEDGER_NUMBER,
	LEDGER_BOOLEAN, /* number is 0 or 1 */
	LEDGER_LIST,
};

struct ledger_field {
	const char *key; /* as it stands in the file, and so are texts and lists */
	size_t key_length;
	enum ledger_kind kind;
	const char *value;
	size_t length;
	int64_t number;
};

struct ledger_fields {
	struct ledger_field items[LEDGER_FIELDS];
	size_t count;
};

/* The object at *at, which is moved behind it. 0 or -EBADMSG. */
int ledger_fields_parse(const char **at, const char *end, struct ledger_fields *ret);

/* NULL: there is none. */
const struct ledger_field *ledger_fields_find(
	const struct ledger_fields *fields, const char *key);

/* A text as it was before the backslashes. -EBADMSG where it is none or isn't shorter than size. */
int ledger_field_text(const struct ledger_field *field, char *out, size_t size);
