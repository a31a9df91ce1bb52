/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(const char *text, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *c = (const unsigned char *)text;
	size_t length = c[0] < 0x80   ? 1
			: c[0] < 0xc0 ? 0
			: c[0] < 0xe0 ? 2
			: c[0] < 0xf0 ? 3
			: c[0] < 0xf8 ? 4
				      : 0;
	uint32_t character = length > 1 ? c[0] & (0xffu >> (length + 1)) : c[0];

	for (size_t i = 1; i < length; i++) {
		if ((c[i] & 0xc0) != 0x80) /* also the end of text */
			return 0;
		character = character << 6 | (c[i] & 0x3f);
	}
	if (!length || character < least[length] || character > 0x10ffff ||
		(character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret = character;
	return length;
}

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

static bool is_direction(uint32_t character)
{
	return character == 0x061c || character == 0x200e || character == 0x200f ||
	       (character >= 0x202a && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

static bool is_noncharacter(uint32_t character)
{
	return (character >= 0xfdd0 && character <= 0xfdef) ||
	       (character & 0xfffe) == 0xfffe;
}

bool utf8_is_printable(uint32_t character)
{
	return !is_control(character) && !is_direction(character) &&
	       !is_noncharacter(character);
}

void utf8_printable(char *text)
{
	char *out = text;

	while (*text) {
		uint32_t character;
		size_t length = utf8_decode(text, &character);

		if (length && utf8_is_printable(character)) {
			memmove(out, text, length);
			out += length;
		} else {
			*out++ = '?';
		}
		text += length ? length : 1;
	}
	*out = '\0';
}

size_t utf8_count(const char *text)
{
	size_t count = 0;

	while (*text) {
		uint32_t character;
		size_t length = utf8_decode(text, &character);

		text += length ? length : 1;
		count++;
	}
	return count;
}
