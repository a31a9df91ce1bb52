/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's file as text: each byte may be in it, and nothing that we would not write is read. */
#include "fixture_ledger.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void clear(struct ledger *ledger)
{
	array_done(&ledger->entries);
	array_done(&ledger->pauses);
	array_done(&ledger->saved);
}

/* Lines, each of which is filled up to a slot: what is to be freed, *length bytes of it. */
static char *slots_of(const char *lines, size_t *length)
{
	char *text;

	*length = 0;
	for (const char *at = lines; *at; at++)
		*length += *at == '\n' ? LEDGER_SLOT : 0;
	text = malloc(*length + 1);
	ck_assert_ptr_nonnull(text);
	memset(text, ' ', *length);
	for (size_t slot = 0; *lines; slot++) {
		size_t line = strcspn(lines, "\n");

		ck_assert_uint_lt(line, LEDGER_SLOT);
		memcpy(text + slot * LEDGER_SLOT, lines, line);
		text[(slot + 1) * LEDGER_SLOT - 1] = '\n';
		lines += line + 1;
	}
	return text;
}

static int parses(const char *text, size_t length)
{
	struct ledger ledger = { .boot = "b", .netns = "c7" };
	int r = ledger_parse(&ledger, text, length);

	if (r < 0)
		ck_assert(!ledger.entries.count && !ledger.pauses.count &&
			  !ledger.saved.count);
	clear(&ledger);
	return r;
}

static int parses_lines(const char *lines)
{
	size_t length;
	_cleanup_(freep) char *text = slots_of(lines, &length);

	return parses(text, length);
}

#define FIELDS(ifindex)                                                                  \
	"\"netns\":\"c7\",\"ifindex\":" ifindex ",\"name\":\"t0\",\"identity\":\"1f\","  \
	"\"old\":1,\"was\":1,\"value\":2,\"done\":false,\"keeps\":false,"                \
	"\"finding\":\"t0/local\",\"src\":\"192.0.2.1\",\"dst\":\"192.0.2.2\",\"when\":1}"
#define ENTRY "{\"number\":4," FIELDS("5") "\n"
#define OTHER "{\"number\":3," FIELDS("6") "\n"
#define PAUSE "{\"pause\":\"t0\",\"netns\":\"c7\",\"ifindex\":5,\"identity\":\"1f\"}\n"
#define WAITS "{\"pause\":\"t1\",\"netns\":\"c7\",\"ifindex\":0,\"identity\":\"0\"}\n"
#define TIMED(more)                                                                      \
	"{\"pause\":\"t1\",\"netns\":\"c7\",\"ifindex\":0,\"identity\":\"0\"," more "}\n"
#define HEADER "{\"version\":2,\"boot\":\"b\",\"slots\":5}\n"
#define WHOLE HEADER ENTRY PAUSE "\n" OTHER WAITS

/* --- any byte --------------------------------------------------------------------------------- */

static void format(const struct ledger *ledger, char *text)
{
	size_t slot = 1;

	ck_assert_int_eq(ledger_format_header(ledger,
				 ledger->entries.count + ledger->pauses.count, text),
		0);
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		const struct ledger_content content = { .entry = entry };

		ck_assert_int_eq(
			ledger_format_slot(&content, text + slot++ * LEDGER_SLOT), 0);
	}
	array_each (&ledger->pauses, const struct ledger_pause, pause) {
		const struct ledger_content content = { .pause = pause };

		ck_assert_int_eq(
			ledger_format_slot(&content, text + slot++ * LEDGER_SLOT), 0);
	}
}

/* Whoever reads JSON reads printable ASCII. */
static void is_plain(const char *text, size_t length)
{
	bool plain = true;

	for (size_t i = 0; i < length; i++)
		plain &= i % LEDGER_SLOT == LEDGER_SLOT - 1
				 ? text[i] == '\n'
				 : text[i] >= ' ' && text[i] <= '~';
	ck_assert_msg(plain, "%.*s", (int)length, text);
}

/* Any program that reads JSON reads a slot. */
static void reads_as_json(const char *text)
{
	for (size_t slot = 0; slot < 3; slot++) {
		const char *line = text + slot * LEDGER_SLOT;
		struct json_tokener *tokener = json_tokener_new();
		struct json_object *object;
		size_t length = LEDGER_SLOT - 1;

		while (line[length - 1] == ' ')
			length--;
		ck_assert_ptr_nonnull(tokener);
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
		object = json_tokener_parse_ex(tokener, line, (int)length);
		ck_assert_ptr_nonnull(object);
		json_object_put(object);
		json_tokener_free(tokener);
	}
}

/* An entry and a pause with that name and finding. */
static void comes_back(const char *name, const char *finding)
{
	static char text[3 * LEDGER_SLOT];
	struct ledger ledger = { .boot = "b", .netns = "c7" }, again = ledger;
	struct ledger_entry entry = entry_of(5, name);

	entry.number = 1;
	snprintf(entry.finding, sizeof(entry.finding), "%s", finding);
	ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
	ledger.entries.items[0].number = 1;
	ck_assert_int_eq(ledger_pause(&ledger, NULL, name, 0), 1);
	format(&ledger, text);
	is_plain(text, sizeof(text));
	ck_assert_msg(ledger_parse(&again, text, sizeof(text)) == 0, "%.*s",
		(int)sizeof(text), text);
	ck_assert_ptr_nonnull(ledger_find(&again, 5));
	ck_assert_str_eq(ledger_find(&again, 5)->name, name);
	same(ledger_find(&again, 5), &entry);
	ck_assert(ledger_is_paused(&again, 0, name));
	reads_as_json(text);
	clear(&ledger);
	clear(&again);
}

static const char *const odd_names[] = {
	"caf\xc3\xa9",
	"a\xc2\x9b.",	/* U+009B, a terminal's control character */
	"\xed\xbf\xbf", /* a surrogate */
	"\xf0\x9f\x98\x80",
	"\xc3",
	"back\\slash",
	"\\xff",
	"\\xff\xff",
	"\\\\\xff\\",
	"quo\"te\xff",
	" ~",
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
};

START_TEST(any_byte_comes_back)
{
	char name[NAME_MAX_], finding[FINDING_ID];

	for (size_t i = 0; i < ELEMENTS(odd_names); i++) {
		snprintf(finding, sizeof(finding), "%s/local", odd_names[i]);
		comes_back(odd_names[i], finding);
	}
	for (int byte = 1; byte <= 255; byte++) {
		if (byte == '/')
			continue;
		snprintf(name, sizeof(name), "%c", byte);
		if (byte == '.')
			snprintf(name, sizeof(name), "a.");
		snprintf(finding, sizeof(finding), "%s/%c%s", name, byte, name);
		comes_back(name, finding);
		/* the longest there is, of that byte only */
		memset(name, byte, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		memset(finding, byte, sizeof(finding) - 1);
		finding[sizeof(finding) - 1] = '\0';
		finding[15] = '/';
		comes_back(name, finding);
	}
}
END_TEST

/* --- only what we write ----------------------------------------------------------------------- */

START_TEST(only_whole_files_are_read)
{
	size_t length;
	_cleanup_(freep) char *text = slots_of(WHOLE, &length);

	ck_assert_int_eq(parses(text, length), 0);
	for (size_t most = 0; most < length; most++)
		ck_assert_msg(
			parses(text, most) == -EBADMSG, "%zu bytes are taken", most);
	text[length] = '\0';
	ck_assert_int_eq(parses(text, length + 1), -EBADMSG);
}
END_TEST

START_TEST(they_are_in_their_order)
{
	size_t length;
	_cleanup_(freep) char *text = slots_of(WHOLE, &length);
	struct ledger ledger = { .boot = "b", .netns = "c7" };

	ck_assert_int_eq(ledger_parse(&ledger, text, length), 0);
	ck_assert_uint_eq(ledger.saved.count, 5);
	ck_assert_uint_eq(ledger.entries.count, 2);
	ck_assert_int_eq(ledger.entries.items[0].ifindex, 6);
	ck_assert_uint_eq(ledger.entries.items[0].slot, 4);
	ck_assert_uint_eq(ledger.number, 4);
	ck_assert_uint_eq(ledger.pauses.count, 2);
	ck_assert(ledger_is_paused(&ledger, 5, "other"));
	ck_assert(!ledger_is_paused(&ledger, 0, "t0"));
	ck_assert(ledger_is_paused(&ledger, 0, "t1"));
	clear(&ledger);
}
END_TEST

/* A pause may have an end and a cause; a file of before they were written has neither. */
START_TEST(pauses_may_end)
{
	static char again[2 * LEDGER_SLOT];
	size_t length;
	_cleanup_(freep) char *text =
		slots_of("{\"version\":2,\"boot\":\"b\",\"slots\":1}\n" TIMED(
				 "\"until\":86400000000,\"fight\":true"),
			&length);
	struct ledger ledger = { .boot = "b", .netns = "c7" };

	ck_assert_int_eq(ledger_parse(&ledger, text, length), 0);
	ck_assert_uint_eq(ledger.pauses.count, 1);
	ck_assert_uint_eq(ledger.pauses.items[0].until_usec, 86400000000);
	ck_assert(ledger.pauses.items[0].fight);
	format(&ledger, again);
	ck_assert_mem_eq(again, text, length);
	ck_assert_uint_eq(ledger_next_end(&ledger), 86400000000);
	ck_assert(!ledger_end_due(&ledger, 86399999999));
	ck_assert(ledger_end_due(&ledger, 86400000000));
	ck_assert_uint_eq(ledger.pauses.count, 0);
	ck_assert_uint_eq(ledger.ended.count, 1);
	array_done(&ledger.ended);
	clear(&ledger);
}
END_TEST

/* Text that is replaced in a right file makes a wrong one. */
static const struct {
	const char *right, *wrong;
} wrongs[] = {
	{ "\"version\":2", "\"version\":1" },
	{ "\"version\":2", "\"version\":3" },
	{ "\"version\":2", "\"version\":\"2\"" },
	{ "\"boot\":\"b\"", "\"boot\":\"other\"" },
	{ "\"boot\":\"b\",", "" },
	{ "\"slots\":5", "\"slots\":4" },
	{ "\"slots\":5", "\"slots\":6" },
	{ "\"slots\":5", "\"slots\":\"5\"" },
	{ HEADER, "\n" },
	{ HEADER, ENTRY },
	{ "\"number\":4", "\"number\":0" },
	{ "\"number\":4", "\"number\":-4" },
	{ "\"number\":4", "\"number\":3" }, /* the other one's */
	{ "\"number\":4", "\"number\":9223372036854775807" },
	{ "\"number\":4,", "" },
	{ "\"netns\":\"c7\"", "\"netns\":\"\"" },
	{ "\"netns\":\"c7\"", "\"netns\":\"c\"" },
	{ "\"netns\":\"c7\"", "\"netns\":\"x7\"" },
	{ "\"netns\":\"c7\"", "\"netns\":\"c7x\"" },
	{ "\"netns\":\"c7\"", "\"netns\":7" },
	{ "\"ifindex\":5", "\"ifindex\":0" },
	{ "\"ifindex\":5", "\"ifindex\":6" }, /* the other one's */
	{ "\"ifindex\":5", "\"ifindex\":-3" },
	{ "\"ifindex\":5", "\"ifindex\":-1" }, /* all is called all */
	{ "\"ifindex\":5", "\"ifindex\":5.5" },
	{ "\"ifindex\":5", "\"ifindex\":4294967301" },
	{ "\"name\":\"t0\"", "\"name\":\"\"" },
	{ "\"name\":\"t0\"", "\"name\":\"a/b\"" },
	{ "\"name\":\"t0\"", "\"name\":\".\"" },
	{ "\"name\":\"t0\"", "\"name\":\"..\"" },
	{ "\"name\":\"t0\"", "\"name\":\"sixteen-letters-\"" },
	{ "\"name\":\"t0\"", "\"name\":\"t\\u0000x\"" },
	/* escapes where there is no need, not just as they are written, or beside the text */
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t0\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\\\\x5c\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\\\\x30\\\\xff\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\\\\xff\\\\x00\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\\\\xFF\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\\\\xf\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\\\\x 1\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\\\\xff\\\\\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"t\xff\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":\"sixteen-letters\\\\xff\"" },
	{ "\"name\":\"t0\"", "\"name_escaped\":7" },
	{ "\"name\":\"t0\"", "\"name\":\"t0\",\"name_escaped\":\"\\\\xff\"" },
	/* JSON that we don't write */
	{ "\"name\":\"t0\"", "\"name\":\"t0\",\"name\":\"t0\"" },
	{ "\"name\":\"t0\"", "\"name\":\"\\u0074\"" },
	{ "\"name\":\"t0\"", "\"name\":\"\\t\"" },
	{ "\"name\":\"t0\"", "\"name\":[\"t0\"]" },
	{ "\"name\":\"t0\"", "\"name\": \"t0\"" },
	{ "\"name\":\"t0\"", "\"name\":\"t0\"," },
	{ "\"name\":\"t0\"", "\"name\":\"t0" },
	{ "\"name\":\"t0\"", "\"name\"" },
	{ "\"name\":\"t0\"", "\"name\":" },
	{ "\"ifindex\":5", "\"ifindex\":05" },
	{ "\"ifindex\":5", "\"ifindex\":+5" },
	{ "\"ifindex\":5", "\"ifindex\":5e0" },
	{ "\"old\":1", "\"old\":-0" },
	{ "\"when\":1", "\"when\":9223372036854775808" },
	{ "\"done\":false", "\"done\":falsee" },
	/* bytes that aren't printable */
	{ "\"name\":\"t0\"", "\"name\":\"t\xff\"" },
	{ "\"name\":\"t0\"", "\"name\":\"caf\xc3\xa9\"" },
	{ "\"name\":\"t0\"", "\"name\":\"\x7f\"" },
	{ "\"identity\":\"1f\"", "\"identity\":\"1g\"" },
	{ "\"identity\":\"1f\"", "\"identity\":\"0x1f\"" },
	{ "\"identity\":\"1f\"", "\"identity\":\"1F\"" },
	{ "\"identity\":\"1f\"", "\"identity\":31" },
	/* what was there before us may be odd, what we write is not, and done is another value */
	{ "\"old\":1", "\"old\":2147483648" },
	{ "\"old\":1", "\"old\":2147483647" },
	{ "\"old\":1", "\"old\":128" },
	{ "\"old\":1", "\"old\":-129" },
	{ "\"old\":1", "\"old\":null" },
	{ "\"was\":1,", "" },
	{ "\"was\":1", "\"was\":3" },
	{ "\"was\":1", "\"was\":-1" },
	{ "\"value\":2", "\"value\":true" },
	{ "\"value\":2", "\"value\":3" },
	{ "\"value\":2", "\"value\":-1" },
	{ "\"value\":2", "\"value\":2147483647" },
	{ "\"old\":1,\"was\":1,\"value\":2", "\"old\":7,\"was\":7,\"value\":8" },
	{ "\"old\":1,\"was\":1,\"value\":2,\"done\":false",
		"\"old\":7,\"was\":7,\"value\":7,\"done\":true" },
	{ "\"value\":2,\"done\":false", "\"value\":1,\"done\":true" },
	{ "\"done\":false", "\"done\":true" }, /* was is not value */
	{ "\"done\":false", "\"done\":0" },
	{ "\"keeps\":false", "\"keeps\":\"no\"" },
	{ "\"finding\":\"t0/local\"", "\"finding\":\"\"" },
	{ "\"finding\":\"t0/local\"", "\"finding\":\"t0\"" },
	{ "\"finding\":\"t0/local\"", "\"finding\":\"t0/\"" },
	{ "\"finding\":\"t0/local\"", "\"finding\":\"/local\"" },
	{ "\"finding\":\"t0/local\"", "\"finding\":\"../local\"" },
	{ "\"finding\":\"t0/local\"", "\"finding\":\"sixteen-letters-/local\"" },
	{ "\"src\":\"192.0.2.1\"", "\"src\":\"192.0.2\"" },
	{ "\"when\":1", "\"mark\":4294967296,\"when\":1" },
	{ "\"when\":1", "\"mark\":\"1\",\"when\":1" },
	{ "\"when\":1", "\"tos\":256,\"when\":1" },
	{ "\"when\":1", "\"ipproto\":-1,\"when\":1" },
	{ "\"when\":1", "\"sport\":65536,\"when\":1" },
	{ "\"when\":1", "\"dport\":1.5,\"when\":1" },
	{ "\"when\":1", "\"when\":-1" },
	{ "\"when\":1}", "\"when\":1},{}" },
	{ "\"when\":1}", "\"when\":1" },
	{ PAUSE, "7\n" },
	{ PAUSE, "[]\n" },
	{ PAUSE, "{}\n" },
	{ PAUSE, "\t\n" },
	{ PAUSE, ENTRY },
	{ WAITS, TIMED("\"until\":0") },
	{ WAITS, TIMED("\"until\":-1") },
	{ WAITS, TIMED("\"until\":\"5\"") },
	{ WAITS, TIMED("\"until\":true") },
	{ WAITS, TIMED("\"fight\":false") },
	{ WAITS, TIMED("\"fight\":1") },
	{ "\"pause\":\"t0\"", "\"pause\":\"a/b\"" },
	{ "\"pause\":\"t0\"", "\"pause\":\"..\"" },
	{ "\"pause\":\"t0\"", "\"pause\":\"\"" }, /* all of them are no interface */
	{ "\"pause\":\"t0\"", "\"pause\":5" },
	{ "\"pause\":\"t0\",\"netns\":\"c7\"", "\"pause\":\"t0\",\"netns\":\"c\"" },
	{ "\"ifindex\":5,\"identity\":\"1f\"}", "\"ifindex\":-1,\"identity\":\"1f\"}" },
	{ "\"ifindex\":5,\"identity\":\"1f\"}", "\"ifindex\":0,\"identity\":\"1f\"}" },
	{ "\"ifindex\":5,\"identity\":\"1f\"}", "\"ifindex\":5}" },
};

START_TEST(what_is_not_right_is_refused)
{
	static const char text[] = WHOLE;

	ck_assert_int_eq(parses_lines(text), 0);
	for (size_t i = 0; i < ELEMENTS(wrongs); i++) {
		const char *at = strstr(text, wrongs[i].right);
		char changed[4096];

		ck_assert_ptr_nonnull(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text,
			wrongs[i].wrong, at + strlen(wrongs[i].right));
		ck_assert_msg(parses_lines(changed) == -EBADMSG, "%s for %s is taken",
			wrongs[i].wrong, wrongs[i].right);
	}
}
END_TEST

/* Values that a correction goes through, and so the daemon writes down. */
START_TEST(values_that_there_are)
{
	static const struct {
		int old, was, value;
		bool done;
	} rows[] = {
		{ 1, 1, 2, false }, /* before the first write */
		{ 1, 2, 2, true },  /* done */
		{ 1, 0, 2, false }, /* less than before */
		{ 1, 2, 1, false }, /* being put back */
		{ -1, -1, 2, false },
		{ -1, 2, -1, false },
		{ -1, 2, 2, true },
		{ 7, 7, 0, false },
		{ 7, 0, 0, true },
		{ 7, 0, 7, false },
		{ LEDGER_MOST, 2, LEDGER_MOST, false },
		{ LEDGER_LEAST, LEDGER_LEAST, 0, false },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char text[2 * LEDGER_SLOT];
		struct ledger ledger = { .boot = "b", .netns = "c7" };
		struct ledger_entry entry = entry_of(5, "t0");

		entry.old = rows[i].old;
		entry.was = rows[i].was;
		entry.value = rows[i].value;
		entry.done = rows[i].done;
		ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
		ledger.entries.items[0].number = 1;
		format(&ledger, text);
		ck_assert_msg(parses(text, sizeof(text)) == 0, "row %zu", i);
		clear(&ledger);
	}
}
END_TEST

/* --- files of older versions ------------------------------------------------------------------ */

#define OLD_ENTRY "{" FIELDS("5")
#define OLD_PAUSE "{\"netns\":\"c7\",\"name\":\"t0\"}"
#define OLD_FILE(entries, pauses)                                                        \
	"{\"version\":1,\"boot\":\"b\",\"entries\":[" entries "],\"pauses\":[" pauses    \
	"]}\n"
#define CHANGE(gone, entries) "{\"gone\":[" gone "],\"entries\":[" entries "]}\n"
#define GONE "{\"netns\":\"c7\",\"ifindex\":5}"
#define OLD OLD_FILE(OLD_ENTRY, OLD_PAUSE)

/* How many entries and pauses there are, 10 each entry; or a negative errno. */
static int parses_old(const char *text, size_t length)
{
	struct ledger ledger = { .boot = "b", .netns = "c7" };
	int r = ledger_parse_old(&ledger, text, length);

	ck_assert(!ledger.saved.count);
	if (r < 0)
		ck_assert(!ledger.entries.count && !ledger.pauses.count);
	else
		r = (int)(10 * ledger.entries.count + ledger.pauses.count);
	clear(&ledger);
	return r;
}

static const struct {
	const char *text;
	int count; /* or an error */
} old_files[] = {
	{ OLD, 11 },
	{ OLD "   " CHANGE(GONE, ""), 1 },
	{ OLD CHANGE(GONE, "") CHANGE("", OLD_ENTRY), 11 },
	{ OLD CHANGE("", OLD_ENTRY), 11 },
	{ OLD CHANGE("", "{" FIELDS("6")) "  ", 21 },
	{ OLD "{\"gone\":[],\"entries\":[],\"pauses\":[]}\n", 10 },
	{ OLD_FILE("", "{\"netns\":\"c7\",\"name\":\"]\\\"}\"}," OLD_PAUSE), 2 },
	{ OLD_FILE("", "{\"netns\":\"c7\",\"name\":\"a\\u001f\\b\"}"), 1 },
	{ "", -EBADMSG },
	{ OLD_FILE("", OLD_PAUSE ","), -EBADMSG },
	{ OLD_FILE("", OLD_PAUSE OLD_PAUSE), -EBADMSG },
	{ OLD_FILE("", "{\"netns\":\"c7\",\"name\":[[]]}"), -EBADMSG },
	{ OLD_FILE("", "{\"netns\":\"c7\",\"name\":\"\\u0000\"}"), -EBADMSG },
	{ OLD_FILE("", "") "\n", -EBADMSG },
	{ OLD "{}\n", -EBADMSG },
	{ OLD "[]\n", -EBADMSG },
	{ OLD "{\"gone\":[]}\n", -EBADMSG },
	{ OLD "{\"entries\":[]}\n", -EBADMSG },
	{ OLD "{\"gone\":{},\"entries\":[]}\n", -EBADMSG },
	{ OLD "{\"gone\":[5],\"entries\":[]}\n", -EBADMSG },
	{ OLD "{\"gone\":[],\"entries\":[5]}\n", -EBADMSG },
	{ OLD "{\"gone\":[],\"entries\":[],\"pauses\":5}\n", -EBADMSG },
	{ OLD "{\"gone\":[],\"entries\":[],\"pauses\":[{}]}\n", -EBADMSG },
	{ OLD CHANGE("{\"netns\":\"c8\",\"ifindex\":5}", ""), -EBADMSG },
	{ OLD CHANGE(GONE "," GONE, ""), -EBADMSG },
	{ OLD "\t", -EBADMSG },
	{ OLD OLD, -EBADMSG },
	{ CHANGE("", OLD_ENTRY), -EBADMSG },
	{ HEADER, -EBADMSG },
};

START_TEST(older_files_are_read)
{
	static const char text[] = OLD;

	for (size_t i = 0; i < ELEMENTS(old_files); i++)
		ck_assert_msg(parses_old(old_files[i].text, strlen(old_files[i].text)) ==
				      old_files[i].count,
			"%s", old_files[i].text);
	for (size_t length = 0; length < sizeof(text) - 1; length++)
		ck_assert_int_eq(parses_old(text, length), -EBADMSG);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { any_byte_comes_back, only_whole_files_are_read,
		they_are_in_their_order, pauses_may_end, what_is_not_right_is_refused,
		values_that_there_are, older_files_are_read };

	return ledger_tests("ledger_text", tests, ELEMENTS(tests));
}
