/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "fixture_run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* --- UTF-8 ----------------------------------------------------------------------------------- */

START_TEST(utf8_decodes_strictly)
{
	static const struct {
		const char *bytes;
		size_t length;
		uint32_t character;
	} rows[] = {
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 }, /* a later byte alone */
		{ "\xbf", 0, 0 },
		{ "\xc0\x80", 0, 0 },	      /* overlong: 0 in two bytes */
		{ "\xc1\xbf", 0, 0 },	      /* overlong */
		{ "\xe0\x9f\xbf", 0, 0 },     /* overlong */
		{ "\xf0\x8f\xbf\xbf", 0, 0 }, /* overlong */
		{ "\xed\xa0\x80", 0, 0 },     /* the first surrogate */
		{ "\xed\xbf\xbf", 0, 0 },     /* the last one */
		{ "\xf4\x90\x80\x80", 0, 0 }, /* U+110000 */
		{ "\xf7\xbf\xbf\xbf", 0, 0 },
		{ "\xf8\x88\x80\x80\x80", 0, 0 }, /* five bytes */
		{ "\xff", 0, 0 },
		{ "\xc3", 0, 0 }, /* cut off */
		{ "\xe2\x82", 0, 0 },
		{ "\xf0\x9f\x90", 0, 0 },
		{ "\xc3"
		  "a",
			0, 0 },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		uint32_t character = 0;
		size_t length = utf8_decode(rows[i].bytes, &character);

		ck_assert_msg(length == rows[i].length && character == rows[i].character,
			"row %zu: %zu bytes, U+%04X", i, length, character);
	}
}
END_TEST

/* Every character there is, encoded by hand, comes back; a surrogate does not. */
START_TEST(utf8_decodes_every_character)
{
	uint32_t wrong = 0;

	for (uint32_t c = 0x80; c <= 0x10ffff && !wrong; c++) {
		bool surrogate = c >= 0xd800 && c <= 0xdfff;
		size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, decoded;
		uint32_t character = 0;
		char bytes[5] = "";

		for (size_t i = length; i-- > 0;)
			bytes[i] = (char)(0x80 | (c >> 6 * (length - 1 - i) & 0x3f));
		bytes[0] = (char)(0xf0 << (4 - length) | c >> 6 * (length - 1));
		decoded = utf8_decode(bytes, &character);
		if (decoded != (surrogate ? 0 : length) || (!surrogate && character != c))
			wrong = c;
	}
	ck_assert_msg(!wrong, "U+%04X is decoded as something else", wrong);
}
END_TEST

START_TEST(utf8_texts)
{
	static const struct {
		const char *text, *repaired, *printable;
		size_t count;
	} rows[] = {
		{ "", "", "", 0 },
		{ "tunl0", "tunl0", "tunl0", 5 },
		{ "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", 3 },
		{ "a\nb\033[2J\x7f", "a\nb\033[2J\x7f", "a?b?[2J?", 8 },
		{ "x\xc2\x9b"
		  "2J",
			"x\xc2\x9b"
			"2J",
			"x?2J", 4 }, /* CSI, of C1 */
		{ "x\x9b"
		  "2J",
			"x?2J", "x?2J", 4 },		   /* a byte alone */
		{ "\xc2\xa0", "\xc2\xa0", "\xc2\xa0", 1 }, /* the first behind C1 */
		{ "a\xe2\x80\xae"
		  "b",
			"a\xe2\x80\xae"
			"b",
			"a?b", 3 },		    /* U+202E */
		{ "\xd8\x9c", "\xd8\x9c", "?", 1 }, /* U+061C */
		{ "\xe2\x81\xa6\xe2\x81\xaa", "\xe2\x81\xa6\xe2\x81\xaa", "?\xe2\x81\xaa",
			2 },
		{ "\xed\xa0\x80", "???", "???", 3 },
		{ "\xff\xfe", "??", "??", 2 },
		{ "a\xc3", "a?", "a?", 2 },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char text[64];

		strcpy(text, rows[i].text);
		ck_assert_uint_eq(utf8_count(text), rows[i].count);
		utf8_repair(text);
		ck_assert_str_eq(text, rows[i].repaired);
		strcpy(text, rows[i].text);
		utf8_printable(text);
		ck_assert_str_eq(text, rows[i].printable);
	}
}
END_TEST

/* --- a text of bounded size ------------------------------------------------------------------ */

START_TEST(strbuf_cuts_what_does_not_fit)
{
	char text[9] = "........";
	struct strbuf buf;

	strbuf_init(&buf, text, 8);
	ck_assert_str_eq(text, "");
	strbuf_add(&buf, "%d%s", 12, "ab");
	ck_assert_str_eq(text, "12ab");
	strbuf_add(&buf, "cde");
	ck_assert_str_eq(text, "12abcde");
	strbuf_add(&buf, "f");
	ck_assert_str_eq(text, "12abcde");
	ck_assert_uint_eq(buf.length, 7);

	strbuf_init(&buf, text, 4);
	strbuf_add(&buf, "much too long");
	ck_assert_str_eq(text, "muc");
	strbuf_add(&buf, "%s", "");
	ck_assert_uint_eq(buf.length, 3);
	ck_assert_msg(text[4] == 'c', "a byte behind the end was written");

	strbuf_init(&buf, text, 1);
	strbuf_add(&buf, "x");
	ck_assert_str_eq(text, "");
}
END_TEST

/* --- time ------------------------------------------------------------------------------------ */

START_TEST(time_does_not_wrap)
{
	ck_assert_uint_eq(usec_add(1, 2), 3);
	ck_assert_uint_eq(usec_add(USEC_NEVER, 0), USEC_NEVER);
	ck_assert_uint_eq(usec_add(USEC_NEVER, 1), USEC_NEVER);
	ck_assert_uint_eq(usec_add(USEC_NEVER - 1, 1), USEC_NEVER);
	ck_assert_uint_eq(usec_add(USEC_NEVER - 1, 2), USEC_NEVER);
	ck_assert_uint_eq(usec_add(5, USEC_NEVER), USEC_NEVER);
	ck_assert_uint_eq(USEC_PER_HOUR, 60 * USEC_PER_MINUTE);
}
END_TEST

/* --- descriptors ----------------------------------------------------------------------------- */

START_TEST(descriptors_are_closed_once)
{
	int seen = -1, given = -1;

	{
		_cleanup_(closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_(closep) int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_(closep) int none = -1;

		ck_assert_int_ge(fd, 0);
		ck_assert_int_ge(other, 0);
		ck_assert_int_eq(take_fd(&none), -1);
		seen = fd;
		given = take_fd(&other);
		ck_assert_int_eq(other, -1);
	}
	ck_assert_int_eq(fcntl(seen, F_GETFD), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_ne(fcntl(given, F_GETFD), -1);
	closep(&given);
	ck_assert_int_eq(given, -1);
	{
		_cleanup_(fclosep) FILE *none = NULL;
		_cleanup_(fclosep) FILE *file = fopen("/dev/null", "re");

		ck_assert_ptr_nonnull(file);
		seen = fileno(file);
	}
	ck_assert_int_eq(fcntl(seen, F_GETFD), -1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { utf8_decodes_strictly,
		utf8_decodes_every_character, utf8_texts, strbuf_cuts_what_does_not_fit,
		time_does_not_wrap, descriptors_are_closed_once };

	return fixture_run("text", tests, ELEMENTS(tests));
}
