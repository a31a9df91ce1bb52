/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/ledger_fields.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct cursor {
	const char *at, *end;
};

static bool is_at(const struct cursor *cursor, char c)
{
	return cursor->at < cursor->end && *cursor->at == c;
}

static bool is_digit(const struct cursor *cursor)
{
	return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

/* Moves behind the word, if it is there. */
static bool take_word(struct cursor *cursor, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(cursor->end - cursor->at) < length ||
		memcmp(cursor->at, word, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

/* What stands between its quotes. */
static int parse_string(struct cursor *cursor, const char **ret, size_t *ret_length)
{
	if (!take_word(cursor, "\""))
		return -EBADMSG;
	*ret = cursor->at;
	for (; !is_at(cursor, '"'); cursor->at++) {
		if (is_at(cursor, '\\'))
			cursor->at++;
		if (cursor->at >= cursor->end || *cursor->at < ' ' || *cursor->at > '~')
			return -EBADMSG;
	}
	*ret_length = (size_t)(cursor->at++ - *ret);
	return 0;
}

static int parse_number(struct cursor *cursor, int64_t *ret)
{
	bool negative = take_word(cursor, "-");
	int64_t number = 0;

	if (!is_digit(cursor))
		return -EBADMSG;
	if (take_word(cursor, "0")) {
		*ret = 0;
		return negative || is_digit(cursor) ? -EBADMSG : 0;
	}
	for (; is_digit(cursor); cursor->at++) {
		int digit = *cursor->at - '0';

		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(
				number, negative ? -digit : digit, &number))
			return -EBADMSG;
	}
	*ret = number;
	return 0;
}

/* What stands between its brackets: whoever wants it reads its objects. */
static int parse_list(struct cursor *cursor, struct ledger_field *ret)
{
	const char *text;
	size_t length;

	cursor->at++;
	ret->value = cursor->at;
	while (cursor->at < cursor->end && !is_at(cursor, ']') && !is_at(cursor, '[')) {
		if (!is_at(cursor, '"'))
			cursor->at++;
		else if (parse_string(cursor, &text, &length) < 0)
			return -EBADMSG;
	}
	ret->length = (size_t)(cursor->at - ret->value);
	return take_word(cursor, "]") ? 0 : -EBADMSG;
}

static int parse_value(struct cursor *cursor, struct ledger_field *ret)
{
	ret->kind = LEDGER_BOOLEAN;
	ret->number = take_word(cursor, "true");
	if (ret->number || take_word(cursor, "false"))
		return 0;
	if (is_at(cursor, '"')) {
		ret->kind = LEDGER_TEXT;
		return parse_string(cursor, &ret->value, &ret->length);
	}
	if (is_at(cursor, '[')) {
		ret->kind = LEDGER_LIST;
		return parse_list(cursor, ret);
	}
	ret->kind = LEDGER_NUMBER;
	return parse_number(cursor, &ret->number);
}

static const struct ledger_field *find_key(
	const struct ledger_fields *fields, const char *key, size_t length)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (fields->items[i].key_length == length &&
			memcmp(fields->items[i].key, key, length) == 0)
			return &fields->items[i];
	}
	return NULL;
}

/* No key comes twice. */
static int parse_field(struct cursor *cursor, struct ledger_fields *ret)
{
	struct ledger_field field = { 0 };

	if (ret->count == LEDGER_FIELDS ||
		parse_string(cursor, &field.key, &field.key_length) < 0 ||
		find_key(ret, field.key, field.key_length) || !take_word(cursor, ":") ||
		parse_value(cursor, &field) < 0)
		return -EBADMSG;
	ret->items[ret->count++] = field;
	return 0;
}

int ledger_fields_parse(const char **at, const char *end, struct ledger_fields *ret)
{
	struct cursor cursor = { *at, end };
	int r = take_word(&cursor, "{") ? 0 : -EBADMSG;
	bool more = !is_at(&cursor, '}');

	ret->count = 0;
	while (r >= 0 && more) {
		r = parse_field(&cursor, ret);
		more = take_word(&cursor, ",");
	}
	if (r < 0 || !take_word(&cursor, "}"))
		return -EBADMSG;
	*at = cursor.at;
	return 0;
}

const struct ledger_field *ledger_fields_find(
	const struct ledger_fields *fields, const char *key)
{
	return find_key(fields, key, strlen(key));
}

/* json-c, which wrote the files of older versions, wrote a control character as \u00XX. */
static int control_character(const char *digits, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	const char *low;

	if (length < 4 || digits[0] != '0' || digits[1] != '0' ||
		(digits[2] != '0' && digits[2] != '1'))
		return -EBADMSG;
	low = strchr(hex, digits[3]);
	return low ? (digits[2] - '0') * 16 + (int)(low - hex) : -EBADMSG;
}

/* The byte behind a backslash; *ret: how many stand for it. */
static int escaped_byte(const char *at, size_t length, size_t *ret)
{
	*ret = 1;
	switch (*at) {
	case '"':
	case '\\':
	case '/':
		return *at;
	case 'b':
		return '\b';
	case 'u':
		*ret = 5;
		return control_character(at + 1, length - 1);
	default:
		return -EBADMSG;
	}
}

int ledger_field_text(const struct ledger_field *field, char *out, size_t size)
{
	size_t from = 0, length = 0, taken;

	if (field->kind != LEDGER_TEXT)
		return -EBADMSG;
	while (from < field->length) {
		int byte = (unsigned char)field->value[from++];

		if (byte == '\\') {
			byte = escaped_byte(
				field->value + from, field->length - from, &taken);
			from += taken;
		}
		if (byte <= 0 || length + 1 >= size)
			return -EBADMSG;
		out[length++] = (char)byte;
	}
	out[length] = '\0';
	return 0;
}
