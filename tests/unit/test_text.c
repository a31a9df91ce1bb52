/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/print.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "fixture_run.h"
#include "net/flow.h"
#include "net/ifname.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
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
		const char *text, *printable;
		size_t count;
	} rows[] = {
		{ "", "", 0 },
		{ "tunl0", "tunl0", 5 },
		{ "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", 3 },
		{ "a\nb\033[2J\x7f", "a?b?[2J?", 8 },
		{ "x\xc2\x9b"
		  "2J",
			"x?2J", 4 }, /* CSI, of C1 */
		{ "x\x9b"
		  "2J",
			"x?2J", 4 }, /* a byte alone */
		{ "\xc2\x80\xc2\x9f", "??", 2 },
		{ "\xc2\xa0", "\xc2\xa0", 1 }, /* the first behind C1 */
		{ "a\xe2\x80\xae"
		  "b",
			"a?b", 3 },			/* U+202E */
		{ "\xd8\x9c\xd8\x9b", "?\xd8\x9b", 2 }, /* U+061C */
		{ "\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x90",
			"\xe2\x80\x8d??\xe2\x80\x90", 4 },
		{ "\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xaf",
			"\xe2\x80\xa9????\xe2\x80\xaf", 6 },
		{ "\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9\xe2\x81\xaa",
			"\xe2\x81\xa5????\xe2\x81\xaa", 6 },
		{ "\xef\xb7\x8f\xef\xb7\x90\xef\xb7\xaf\xef\xb7\xb0",
			"\xef\xb7\x8f??\xef\xb7\xb0", 4 }, /* U+FDD0 to U+FDEF */
		{ "\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd??", 3 },
		{ "\xf0\x9f\xbf\xbe\xf4\x8f\xbf\xbd\xf4\x8f\xbf\xbf",
			"?\xf4\x8f\xbf\xbd?", 3 },
		{ "t\xed\xbf\xbf"
		  "A",
			"t???A", 5 }, /* a surrogate, three bytes that are no character */
		{ "\xed\x9f\xbf\xed\xa0\x80\xee\x80\x80", "\xed\x9f\xbf???\xee\x80\x80",
			5 },
		{ "\xff\xfe", "??", 2 },
		{ "a\xc3", "a?", 2 },
		{ "\xc0\x80\xc1\xbf\xe0\x9f\xbf\xf0\x8f\xbf\xbf", "???????????", 11 },
		{ "\xf4\x90\x80\x80\xf8\x88\x80\x80\x80", "?????????", 9 },
		{ "\xf0\x9f\x90\xf0\x9f\x90\xa7", "???\xf0\x9f\x90\xa7", 4 },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char text[64];

		strcpy(text, rows[i].text);
		ck_assert_msg(utf8_count(text) == rows[i].count, "row %zu", i);
		utf8_printable(text);
		ck_assert_msg(
			strcmp(text, rows[i].printable) == 0, "row %zu: %s", i, text);
	}
}
END_TEST

/* Bytes that are near to UTF-8 more often than any would be. */
static unsigned char any_byte(unsigned int *seed)
{
	static const unsigned char near[] = { 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4,
		0x80, 0x81, 0x8f, 0x90, 0x9b, 0x9f, 0xa0, 0xa6, 0xb7, 0xbe, 0xbf, 'a',
		0x1b, 0x7f, 0xff };
	int roll = rand_r(seed);

	if (roll % 8)
		return near[roll / 8 % (int)ELEMENTS(near)];
	return (unsigned char)(1 + roll / 8 % 255);
}

/* libc's own decoder takes what comes out, it is no longer, and stays as it is. */
START_TEST(utf8_of_any_bytes)
{
	unsigned int seed = 14;
	iconv_t convert = iconv_open("UTF-32LE", "UTF-8");

	ck_assert_ptr_ne(convert, (iconv_t)-1);
	for (int round = 0; round < 50000; round++) {
		char text[16] = "", again[16], *in = text;
		uint32_t characters[16];
		char *out = (char *)characters;
		size_t length = (size_t)(rand_r(&seed) % 16), in_left;
		size_t out_left = sizeof(characters);

		for (size_t i = 0; i < length; i++)
			text[i] = (char)any_byte(&seed);
		utf8_printable(text);
		ck_assert_uint_le(strlen(text), length);
		strcpy(again, text);
		utf8_printable(again);
		ck_assert_str_eq(again, text);
		in_left = strlen(text);
		ck_assert_msg(
			iconv(convert, &in, &in_left, &out, &out_left) == 0 && !in_left,
			"seed 14, round %d", round);
		for (uint32_t *c = characters; (char *)c < out; c++)
			ck_assert_msg(
				utf8_is_printable(*c), "round %d: U+%04X", round, *c);
	}
	iconv_close(convert);
}
END_TEST

/* One write, whatever is in it: stderr has no buffer. */
START_TEST(lines_are_printable)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	print_part(out, "%s is", "\x01\xff");
	print_line(out, " %d\n", 7);
	print_line(out, "%5000s", "cut");
	(void)fclose(out);
	ck_assert_uint_eq(strncmp(text, "?? is 7?\n   ", 12), 0);
	ck_assert_uint_eq(size, 9 + 4095 + 1);
	ck_assert_int_eq(text[size - 1], '\n');
	free(text);
}
END_TEST

/* An interface's name in a command. The other words are digits, so a shell has nothing to do. */
START_TEST(names_as_words)
{
	static const struct {
		const char *name, *word;
	} rows[] = {
		{ "tunl0", "tunl0" },
		{ "eth0.7@x:1+-_", "eth0.7@x:1+-_" },
		{ "odd;id", "'odd;id'" },
		{ "a\"c\\", "'a\"c\\'" },
		{ "$(id)", "'$(id)'" },
		{ "a'b", "\"$(printf %b 'a\\0047b')\"" },
		{ "a'b\"c\\", "\"$(printf %b 'a\\0047b\\0042c\\0134')\"" },
		{ "t\xed\xbf\xbf"
		  "7",
			"\"$(printf %b 't\\0355\\0277\\02777')\"" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
			"\"$(printf %b '\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377')\"" },
	};
	const struct flow flow = { .mark = 0xffffffff,
		.tos = 255,
		.proto = 255,
		.sport = 65535,
		.dport = 65535,
		.src = { 0xffffffff },
		.dst = { 0xffffffff } };
	char word[IFNAME_QUOTED], text[FLOW_TEXT];

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		ck_assert_str_eq(ifname_quote(rows[i].name, word), rows[i].word);
		ck_assert_ptr_nonnull(
			strstr(flow_format(&flow, rows[i].name, text), rows[i].word));
		ck_assert_ptr_nonnull(strstr(text, " dport 65535"));
	}
}
END_TEST

/* What no interface can be called: the kernel's dev_valid_name(), and what settings are called. */
START_TEST(names_of_interfaces)
{
	static const char *const valid[] = { "-x", "eth*", "odd;id", "Default", "a'b",
		"123456789012345", "\xff" };
	static const char *const invalid[] = { "", ".", "..", "a/b", "all", "default",
		"t\n", "a b", "1234567890123456" };

	for (size_t i = 0; i < ELEMENTS(valid); i++)
		ck_assert_msg(ifname_is_valid(valid[i]), "%s", valid[i]);
	for (size_t i = 0; i < ELEMENTS(invalid); i++)
		ck_assert_msg(!ifname_is_valid(invalid[i]), "%s", invalid[i]);
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
		ck_assert_ptr_null(none);
		seen = fileno(file);
	}
	ck_assert_int_eq(fcntl(seen, F_GETFD), -1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { utf8_decodes_strictly,
		utf8_decodes_every_character, utf8_texts, utf8_of_any_bytes,
		lines_are_printable, names_as_words, names_of_interfaces,
		strbuf_cuts_what_does_not_fit, time_does_not_wrap,
		descriptors_are_closed_once };

	return fixture_run("text", tests, ELEMENTS(tests));
}
