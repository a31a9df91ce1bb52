/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/ledger.h"
#include "fixture_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/ledger-XXXXXX";

static char *in_directory(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static struct ledger *opened(void)
{
	struct ledger *ledger = NULL;
	char error[LEDGER_ERROR] = "";
	int r = ledger_open(directory, &ledger, error);

	ck_assert_msg(r == 0, "%s", error);
	return ledger;
}

static struct ledger_entry entry_of(int ifindex, const char *name)
{
	struct ledger_entry entry = { .ifindex = ifindex,
		.identity = 0xfedcba9876543210u,
		.old = 1,
		.was = 1,
		.value = 2,
		.keeps = ifindex == 3,
		.finding = "tunl0/local",
		.example = { .iif = ifindex,
			.src = { 0xc6336401 },
			.dst = { 0xc0000201 },
			.proto = FLOW_UDP },
		.when_usec = 1795000000000000u };

	snprintf(entry.name, sizeof(entry.name), "%s", name);
	return entry;
}

static void same(const struct ledger_entry *a, const struct ledger_entry *b)
{
	ck_assert_str_eq(a->name, b->name);
	ck_assert_str_eq(a->finding, b->finding);
	ck_assert_int_eq(a->ifindex, b->ifindex);
	ck_assert(a->identity == b->identity && a->when_usec == b->when_usec);
	ck_assert(a->old == b->old && a->was == b->was && a->value == b->value);
	ck_assert(a->done == b->done && a->keeps == b->keeps);
	ck_assert(a->example.iif == b->example.iif &&
		  a->example.src.host == b->example.src.host &&
		  a->example.dst.host == b->example.dst.host);
	ck_assert(a->example.mark == b->example.mark &&
		  a->example.tos == b->example.tos &&
		  a->example.proto == b->example.proto &&
		  a->example.sport == b->example.sport &&
		  a->example.dport == b->example.dport);
}

START_TEST(what_was_written_is_read)
{
	struct ledger_entry entries[] = { entry_of(5, "tunl0"),
		entry_of(3, "od\"d \xff\x7f\x01"), entry_of(NETCONF_ALL, "all"),
		entry_of(NETCONF_DEFAULT, "default") };
	struct ledger *ledger = opened();

	/* of packets that rules tell apart: all that they go by */
	entries[1].example.mark = UINT32_MAX;
	entries[1].example.tos = 0x10;
	entries[1].example.proto = 6;
	entries[1].example.sport = UINT16_MAX;
	entries[1].example.dport = 80;
	entries[2].example.proto = 0;
	ck_assert_uint_eq(ledger->entries.count, 0);
	for (size_t i = 0; i < ELEMENTS(entries); i++)
		ck_assert_int_eq(ledger_put(ledger, &entries[i]), 0);
	ledger->entries.items[1].old = INT_MIN;
	ledger->entries.items[1].value = INT_MAX;
	ck_assert_int_eq(ledger_pause(ledger, "gre0"), 1);
	ck_assert_int_eq(ledger_pause(ledger, "gre0"), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_free(ledger);

	ledger = opened();
	ck_assert_uint_eq(ledger->entries.count, ELEMENTS(entries));
	for (size_t i = 0; i < ELEMENTS(entries); i++) {
		const struct ledger_entry *found =
			ledger_find(ledger, entries[i].ifindex);
		struct ledger_entry wanted = entries[i];

		if (i == 1)
			wanted.old = INT_MIN, wanted.value = INT_MAX;
		ck_assert_ptr_nonnull(found);
		same(found, &wanted);
	}
	ck_assert_ptr_null(ledger_find(ledger, 6));
	ck_assert(ledger_is_paused(ledger, "gre0") && !ledger_is_paused(ledger, "gre1"));
	ledger_remove(ledger, ledger_find(ledger, 5));
	ck_assert_ptr_null(ledger_find(ledger, 5));
	ledger_free(ledger);
}
END_TEST

START_TEST(an_interface_has_one_entry)
{
	struct ledger *ledger = opened();
	struct ledger_entry entry = entry_of(5, "tunl0");

	array_clear(&ledger->entries);
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	entry.value = 0;
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_uint_eq(ledger->entries.count, 1);
	ck_assert_int_eq(ledger_find(ledger, 5)->value, 0);
	/* another namespace's is not ours, and stays */
	snprintf(ledger->entries.items[0].netns, NETNS_ID, "c12345678901");
	ck_assert_ptr_null(ledger_find(ledger, 5));
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_uint_eq(ledger->entries.count, 2);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_free(ledger);
	ledger = opened();
	ck_assert_uint_eq(ledger->entries.count, 2);
	for (int i = 6; ledger->entries.count < LEDGER_ENTRIES; i++) {
		entry.ifindex = i;
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	}
	/* there is room for ours as long as there are others */
	entry.ifindex = 99998;
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_uint_eq(ledger->entries.count, LEDGER_ENTRIES);
	array_each (&ledger->entries, const struct ledger_entry, each)
		ck_assert_str_eq(each->netns, ledger->netns);
	entry.ifindex = 99999;
	ck_assert_int_eq(ledger_put(ledger, &entry), -E2BIG);
	array_clear(&ledger->entries);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_free(ledger);
}
END_TEST

static char *current(const struct ledger *ledger)
{
	char name[96];

	snprintf(name, sizeof(name), "ledger-%s.%u.json", ledger->boot,
		(unsigned int)ledger->serial);
	return in_directory(name);
}

static off_t length_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_size;
}

/* As whoever comes beside reads it: entry is its interface's. */
static void reads_back(const struct ledger_entry *entry)
{
	struct ledger *second = NULL;

	ck_assert_int_eq(ledger_open_readonly(directory, &second), 0);
	ck_assert_ptr_nonnull(ledger_find(second, entry->ifindex));
	same(ledger_find(second, entry->ifindex), entry);
	ledger_free(second);
}

/* Saves it once more, a moment later. */
static void mark_changed(struct ledger *ledger, struct ledger_entry *entry)
{
	entry->when_usec++;
	ck_assert_int_eq(ledger_put(ledger, entry), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
}

START_TEST(a_save_writes_what_changed)
{
	struct ledger *ledger = opened(), *second = NULL;
	struct ledger_entry entry = entry_of(5, "tunl0");
	uint64_t serial = ledger->serial;
	off_t before, line;

	for (int i = 100; i < 400; i++) {
		entry.ifindex = entry.example.iif = i;
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	}
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_uint_gt(ledger->serial, serial); /* more than a page: anew */
	serial = ledger->serial;
	before = length_of(current(ledger));
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(length_of(current(ledger)), before);
	/* the first but one done, the last gone, one more, a pause */
	ledger_find(ledger, 101)->was = 2;
	ledger_find(ledger, 101)->done = true;
	ledger_remove(ledger, ledger_find(ledger, 399));
	entry.ifindex = entry.example.iif = 400;
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_eq(ledger_pause(ledger, "gre7"), 1);
	ck_assert_int_eq(ledger_save(ledger), 0);
	line = length_of(current(ledger)) - before;
	ck_assert_int_gt(line, 0);
	ck_assert_int_le(line, 4096 + 1024);
	ck_assert_int_eq(ledger_open_readonly(directory, &second), 0);
	ck_assert_uint_eq(second->entries.count, 300);
	ck_assert(ledger_find(second, 101)->done && !ledger_find(second, 102)->done);
	ck_assert_ptr_null(ledger_find(second, 399));
	same(ledger_find(second, 400), &entry);
	ck_assert(ledger_is_paused(second, "gre7"));
	ledger_free(second);
	/* one that goes and comes again is behind the others */
	entry = *ledger_find(ledger, 100);
	ledger_remove(ledger, ledger_find(ledger, 100));
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_eq(ledger_resume(ledger, "gre7"), 1);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_uint_eq(ledger->serial, serial);
	ck_assert_int_eq(ledger_open_readonly(directory, &second), 0);
	ck_assert_uint_eq(second->entries.count, 300);
	same(&second->entries.items[299], &entry);
	ck_assert(!ledger_is_paused(second, "gre7"));
	ledger_free(second);
	ledger_free(ledger);
}
END_TEST

/* No line goes from one page into the next, so that none is cut off when we are killed. */
START_TEST(a_line_lies_in_one_page)
{
	static char text[1 << 20];
	struct ledger *ledger = opened();
	struct ledger_entry entry = entry_of(5, "tunl0");
	uint64_t serial;
	size_t first, length, lines = 0, files = 0;
	FILE *file;

	array_clear(&ledger->entries);
	ck_assert_int_eq(ledger_save(ledger), 0);
	serial = ledger->serial;
	for (int i = 0; i < 3000; i++) {
		entry.when_usec++;
		snprintf(entry.finding, sizeof(entry.finding), "%.*s", 1 + i % 30,
			"tunl0/and-more-of-that-as-it-goes");
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
		ck_assert_int_eq(ledger_save(ledger), 0);
		ck_assert_uint_eq((uint64_t)length_of(current(ledger)), ledger->length);
		if (ledger->serial == serial)
			continue;
		/* as long as it gets, and the one before is gone */
		ck_assert_uint_eq(ledger->serial, ++serial);
		files++;
	}
	ck_assert_uint_ge(files, 2);
	ck_assert_uint_le(files, 6);
	file = fopen(current(ledger), "re");
	ck_assert_ptr_nonnull(file);
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	first = strcspn(text, "\n") + 1;
	for (size_t at = first; at < length; lines++) {
		size_t begin = at + strspn(text + at, " ");

		at = begin + strcspn(text + begin, "\n") + 1;
		ck_assert_uint_eq(begin / 4096, (at - 1) / 4096);
	}
	ck_assert_uint_gt(lines, 100);
	ledger_free(ledger);
	ledger = opened();
	same(ledger_find(ledger, 5), &entry);
	ledger_free(ledger);
}
END_TEST

/* Somebody's rm, or a pen of his: all of it is written anew. */
START_TEST(a_file_that_was_touched_is_made_anew)
{
	struct ledger *ledger = opened(), *second = NULL;
	struct ledger_entry entry = entry_of(5, "tunl0");
	char path[128];
	FILE *file;

	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(unlink(current(ledger)), 0);
	mark_changed(ledger, &entry);
	reads_back(&entry);
	/* moved away it is another one's */
	snprintf(path, sizeof(path), "%s", in_directory("kept"));
	ck_assert_int_eq(rename(current(ledger), path), 0);
	mark_changed(ledger, &entry);
	reads_back(&entry);
	ck_assert_int_eq(unlink(path), 0);
	file = fopen(current(ledger), "ae");
	ck_assert_ptr_nonnull(file);
	fputs("# mine", file);
	fclose(file);
	ck_assert_int_eq(ledger_open_readonly(directory, &second), -EBADMSG);
	ledger_free(second);
	ck_assert_int_eq(ledger_save(ledger), 0);
	reads_back(&entry);
	ledger_free(ledger);
}
END_TEST

/* Without its folder it is kept in memory, and written where there is one again. */
START_TEST(a_folder_that_went_is_made_anew)
{
	struct ledger *ledger = opened(), *second = NULL;
	struct ledger_entry entry = entry_of(5, "tunl0");
	char command[96], error[LEDGER_ERROR];

	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	snprintf(command, sizeof(command), "rm -r %s && touch %s", directory, directory);
	ck_assert_int_eq(system(command), 0);
	entry.when_usec++;
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_lt(ledger_save(ledger), 0);
	ck_assert_int_lt(ledger_save(ledger), 0);
	ck_assert_int_lt(ledger->error, 0);
	ledger_explain(ledger, ledger->error, error);
	ck_assert_ptr_nonnull(strstr(error, directory));
	ck_assert_int_eq(unlink(directory), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(ledger->error, 0);
	ck_assert_int_eq(ledger_open(directory, &second, error), -EWOULDBLOCK);
	reads_back(&entry);
	/* where another one was faster, it has the new folder: nothing is written in it */
	snprintf(command, sizeof(command), "rm -r %s", directory);
	ck_assert_int_eq(system(command), 0);
	second = opened();
	for (int i = 0; i < 3; i++) {
		entry.when_usec++;
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
		ck_assert_int_eq(ledger_check_writable(ledger), -EWOULDBLOCK);
	}
	ledger_free(second);
	ck_assert_int_eq(ledger_check_writable(ledger), 0);
	ledger_free(ledger);
}
END_TEST

/* What was there is gone on with, without a new file: a full disk has no room for one. */
START_TEST(an_old_file_is_gone_on_with)
{
	struct ledger *ledger = opened();
	struct ledger_entry entry = entry_of(5, "tunl0");
	uint64_t serial;
	off_t before;

	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	serial = ledger->serial;
	before = length_of(current(ledger));
	ledger_free(ledger);
	ledger = opened();
	ck_assert_uint_eq(ledger->serial, serial);
	ck_assert_int_eq(length_of(current(ledger)), before);
	/* a proof that it can be written changes nothing */
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(length_of(current(ledger)), before);
	ck_assert_int_eq(ledger_check_writable(ledger), 0);
	ck_assert_int_gt(length_of(current(ledger)), before);
	/* of room for what will be written, not only for itself */
	while (ledger->length % 4096 < 4096 - 1023) {
		mark_changed(ledger, &entry);
	}
	ck_assert_int_eq(ledger_check_writable(ledger), 0);
	ck_assert_uint_lt(ledger->length % 4096, 100);
	before = length_of(current(ledger));
	mark_changed(ledger, &entry);
	ck_assert_uint_eq(ledger->serial, serial);
	ck_assert_int_gt(length_of(current(ledger)), before);
	ledger_free(ledger);
	ledger = opened();
	same(ledger_find(ledger, 5), &entry);
	ledger_free(ledger);
}
END_TEST

START_TEST(pauses_are_by_name_or_for_all)
{
	struct ledger *ledger = opened();

	array_clear(&ledger->pauses);
	ck_assert_int_eq(ledger_pause(ledger, NULL), 1);
	ck_assert(ledger_is_paused(ledger, "gre1"));
	ck_assert_int_eq(ledger_pause(ledger, "gre1"), 1);
	ck_assert_int_eq(ledger_resume(ledger, "gre1"), 1);
	ck_assert_int_eq(ledger_resume(ledger, "gre1"), 0);
	ck_assert(ledger_is_paused(ledger, "gre1"));
	ck_assert_int_eq(ledger_pause(ledger, "gre2"), 1);
	ck_assert_int_eq(ledger_resume(ledger, NULL), 1);
	ck_assert(!ledger_is_paused(ledger, "gre1") && !ledger_is_paused(ledger, "gre2"));
	ledger_free(ledger);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct ledger *ledger = opened(), *second = NULL;
	char error[LEDGER_ERROR];

	ck_assert_int_eq(ledger_open(directory, &second, error), -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(error, "in use by another"));
	ledger_free(ledger);
	ledger_free(opened());
}
END_TEST

START_TEST(another_boots_file_is_removed_unread)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s",
		in_directory("ledger-00000000-0000-0000-0000-000000000000.json"));
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs("nonsense", file);
	fclose(file);
	ledger_free(opened());
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

/* --- the text ------------------------------------------------------------------------------- */

static int parses(const char *text, size_t length)
{
	struct ledger ledger = { .boot = "b", .netns = "c7" };
	int r = ledger_parse(&ledger, text, length);

	if (r < 0)
		ck_assert(!ledger.entries.count && !ledger.pauses.count);
	array_done(&ledger.entries);
	array_done(&ledger.pauses);
	return r;
}

#define ENTRY                                                                            \
	"{\"netns\":\"c7\",\"ifindex\":5,\"name\":\"t0\",\"identity\":\"1f\",\"old\":1," \
	"\"was\":1,\"value\":2,\"done\":false,\"keeps\":false,\"finding\":\"t0/local\"," \
	"\"src\":\"192.0.2.1\",\"dst\":\"192.0.2.2\",\"when\":1}"
#define PAUSE "{\"netns\":\"c7\",\"name\":\"t0\"}"
#define FILE_OF(entries, pauses)                                                         \
	"{\"version\":1,\"boot\":\"b\",\"entries\":[" entries "],\"pauses\":[" pauses    \
	"]}\n"
#define CHANGE(gone, entries) "{\"gone\":[" gone "],\"entries\":[" entries "]}\n"
#define GONE "{\"netns\":\"c7\",\"ifindex\":5}"

static const char *const odd_names[] = {
	"\xff",
	"\x7f",
	"\x01\x1f",
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

/* Each version of json-c reads printable ASCII. */
static void is_plain(const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(text[length - 1], '\n');
	for (size_t i = 0; i < length - 1; i++)
		ck_assert_msg(text[i] >= ' ' && text[i] <= '~', "%s", text);
}

START_TEST(any_name_comes_back)
{
	for (size_t i = 0; i < ELEMENTS(odd_names); i++) {
		struct ledger ledger = { .boot = "b", .netns = "c7" }, again = ledger;
		struct ledger_entry entry = entry_of(5, odd_names[i]);
		_cleanup_(freep) char *whole = NULL, *change = NULL, *both = NULL;

		snprintf(entry.finding, sizeof(entry.finding), "%s/local", odd_names[i]);
		ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
		ck_assert_int_eq(ledger_pause(&ledger, odd_names[i]), 1);
		ck_assert_int_eq(ledger_format(&ledger, &whole), 0);
		is_plain(whole);
		entry.ifindex = entry.example.iif = 6;
		ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
		ck_assert_int_eq(ledger_format_change(&ledger, true, &change), 0);
		is_plain(change);
		ck_assert_int_gt(asprintf(&both, "%s%s", whole, change), 0);
		ck_assert_msg(ledger_parse(&again, both, strlen(both)) == 0, "%s", both);
		ck_assert_ptr_nonnull(ledger_find(&again, 5));
		ck_assert_ptr_nonnull(ledger_find(&again, 6));
		ck_assert_str_eq(ledger_find(&again, 5)->name, odd_names[i]);
		same(ledger_find(&again, 6), &entry);
		ck_assert(ledger_is_paused(&again, odd_names[i]));
		array_done(&ledger.entries);
		array_done(&ledger.pauses);
		array_done(&again.entries);
		array_done(&again.pauses);
	}
}
END_TEST

#define ODD(name)                                                                        \
	"{\"netns\":\"c7\",\"ifindex\":5,\"name\":\"" name                               \
	"\",\"identity\":\"1f\",\"old\":1,\"was\":1,\"value\":2,\"done\":false,"         \
	"\"keeps\":false,\"finding\":\"" name                                            \
	"\\/local\",\"src\":\"192.0.2.1\",\"dst\":\"192.0.2.2\",\"when\":1}"
#define OLD(name)                                                                        \
	"{\"version\":1,\"boot\":\"b\",\"entries\":[" ODD(                               \
		name) "],\"pauses\":[{\"netns\":"                                        \
		      "\"c7\",\"name\":\"" name "\"}]}\n"

/* As it was written before there were escapes, with any version of json-c. */
START_TEST(old_files_are_read)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ OLD("t\xff"), "t\xff" },
		{ OLD("caf\xc3\xa9"), "caf\xc3\xa9" },
		{ OLD("\xed\xbf\xbf"), "\xed\xbf\xbf" },
		{ OLD("\x7f"), "\x7f" },
		{ OLD("\\u0001"), "\x01" },
		{ OLD("a\\\\xff"), "a\\xff" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct ledger ledger = { .boot = "b", .netns = "c7" };
		char finding[FINDING_ID];

		ck_assert_msg(
			ledger_parse(&ledger, rows[i].text, strlen(rows[i].text)) == 0,
			"%s", rows[i].text);
		snprintf(finding, sizeof(finding), "%s/local", rows[i].name);
		ck_assert_str_eq(ledger_find(&ledger, 5)->name, rows[i].name);
		ck_assert_str_eq(ledger_find(&ledger, 5)->finding, finding);
		ck_assert(ledger_is_paused(&ledger, rows[i].name));
		array_done(&ledger.entries);
		array_done(&ledger.pauses);
	}
}
END_TEST

START_TEST(only_whole_files_are_read)
{
	static const char text[] = FILE_OF(ENTRY, PAUSE);

	ck_assert_int_eq(parses(text, sizeof(text) - 1), 0);
	for (size_t length = 0; length < sizeof(text) - 1; length++)
		ck_assert_int_eq(parses(text, length), -EBADMSG);
	ck_assert_int_eq(parses(text, sizeof(text)), -EBADMSG); /* its NUL */
}
END_TEST

START_TEST(only_whole_lines_of_changes_are_read)
{
	static const char text[] = FILE_OF(ENTRY, PAUSE) "   " CHANGE(GONE, "")
		CHANGE("", ENTRY) "{\"gone\":[],\"entries\":[],\"pauses\":[" PAUSE "]}\n";
	size_t length = strlen(FILE_OF(ENTRY, PAUSE));

	ck_assert_int_eq(parses(text, sizeof(text) - 1), 0);
	for (; length < sizeof(text) - 1; length++) {
		size_t before = length;

		while (text[before - 1] == ' ')
			before--;
		/* it may be cut off between the lines, or in the blanks; not in a line */
		ck_assert_int_eq(
			parses(text, length), text[before - 1] == '\n' ? 0 : -EBADMSG);
	}
}
END_TEST

static const char *const wrong_changes[] = {
	"\n",
	"{}\n",
	"[]\n",
	"{\"gone\":[]}\n",
	"{\"entries\":[]}\n",
	"{\"gone\":{},\"entries\":[]}\n",
	"{\"gone\":[5],\"entries\":[]}\n",
	"{\"gone\":[],\"entries\":[5]}\n",
	"{\"gone\":[],\"entries\":[],\"pauses\":5}\n",
	"{\"gone\":[],\"entries\":[],\"pauses\":[{}]}\n",
	"{\"gone\":[{\"netns\":\"c7\",\"ifindex\":6}],\"entries\":[]}\n",
	"{\"gone\":[{\"netns\":\"c8\",\"ifindex\":5}],\"entries\":[]}\n",
	"{\"gone\":[" GONE "," GONE "],\"entries\":[]}\n",
	CHANGE("", "") " {",
	CHANGE("", "") "\t",
	FILE_OF(ENTRY, PAUSE),
};

START_TEST(what_is_no_change_is_refused)
{
	for (size_t i = 0; i < ELEMENTS(wrong_changes); i++) {
		char text[4096];
		int length = snprintf(text, sizeof(text), "%s%s", FILE_OF(ENTRY, PAUSE),
			wrong_changes[i]);

		ck_assert_msg(parses(text, (size_t)length) == -EBADMSG, "%s is taken",
			wrong_changes[i]);
	}
}
END_TEST

/* Text that is replaced in a right file makes a wrong one. */
static const struct {
	const char *right, *wrong;
} wrongs[] = {
	{ "\"version\":1", "\"version\":2" },
	{ "\"version\":1", "\"version\":\"1\"" },
	{ "\"boot\":\"b\"", "\"boot\":\"other\"" },
	{ "\"boot\":\"b\",", "" },
	{ "\"ifindex\":5", "\"ifindex\":0" },
	{ "\"ifindex\":5", "\"ifindex\":-3" },
	{ "\"ifindex\":5", "\"ifindex\":5.5" },
	{ "\"ifindex\":5", "\"ifindex\":4294967301" },
	{ "\"name\":\"t0\"", "\"name\":\"\"" },
	{ "\"name\":\"t0\"", "\"name\":\"a/b\"" },
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
	/* JSON of somebody else's, with a byte that only older versions wrote */
	{ "\"name\":\"t0\"", "\"name\": \"t\xff\"" },
	{ "\"name\":\"t0\"", "'name':\"t\xff\"" },
	{ "\"identity\":\"1f\"", "\"identity\":\"1g\"" },
	{ "\"identity\":\"1f\"", "\"identity\":\"0x1f\"" },
	{ "\"identity\":\"1f\"", "\"identity\":31" },
	{ "\"old\":1", "\"old\":2147483648" },
	{ "\"old\":1", "\"old\":null" },
	{ "\"was\":1,", "" },
	{ "\"value\":2", "\"value\":true" },
	{ "\"done\":false", "\"done\":true" }, /* was is not value */
	{ "\"done\":false", "\"done\":0" },
	{ "\"keeps\":false", "\"keeps\":\"no\"" },
	{ "\"src\":\"192.0.2.1\"", "\"src\":\"192.0.2\"" },
	{ "\"when\":1", "\"mark\":4294967296,\"when\":1" },
	{ "\"when\":1", "\"mark\":\"1\",\"when\":1" },
	{ "\"when\":1", "\"tos\":256,\"when\":1" },
	{ "\"when\":1", "\"ipproto\":-1,\"when\":1" },
	{ "\"when\":1", "\"sport\":65536,\"when\":1" },
	{ "\"when\":1", "\"dport\":1.5,\"when\":1" },
	{ "\"when\":1", "\"when\":-1" },
	{ "\"pauses\":[", "\"pauses\":{}, \"x\":[" },
	{ PAUSE, "7" },
	{ ENTRY, ENTRY "," ENTRY }, /* the same interface twice */
	{ "]}", "],}" },
	{ "\n", "" },
	{ "\n", "\n\n" },
	{ "\n", " \n" },
};

START_TEST(what_is_not_right_is_refused)
{
	static const char text[] = FILE_OF(ENTRY, PAUSE);

	for (size_t i = 0; i < ELEMENTS(wrongs); i++) {
		const char *at = strstr(text, wrongs[i].right);
		char changed[2048];
		int length;

		ck_assert_ptr_nonnull(at);
		length = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text),
			text, wrongs[i].wrong, at + strlen(wrongs[i].right));
		ck_assert_msg(parses(changed, (size_t)length) == -EBADMSG,
			"%s for %s is taken", wrongs[i].wrong, wrongs[i].right);
	}
}
END_TEST

START_TEST(a_damaged_file_is_named)
{
	struct ledger *ledger = opened(), *second = NULL;
	char error[LEDGER_ERROR], path[128];

	snprintf(path, sizeof(path), "%s", current(ledger));
	ledger_free(ledger);
	ck_assert_int_eq(truncate(path, 20), 0);
	ck_assert_int_eq(ledger_open(directory, &second, error), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(error, path));
	ck_assert_int_eq(truncate(path, (4 << 20)), 0);
	ck_assert_int_eq(ledger_open(directory, &second, error), -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(ledger_open(directory, &second, error), -EBADMSG);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(ledger_open(directory, &second, error), -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);
	ledger_free(opened());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_was_written_is_read,
		an_interface_has_one_entry, a_save_writes_what_changed,
		a_line_lies_in_one_page, a_file_that_was_touched_is_made_anew,
		a_folder_that_went_is_made_anew, an_old_file_is_gone_on_with,
		pauses_are_by_name_or_for_all, one_at_a_time,
		another_boots_file_is_removed_unread, any_name_comes_back,
		old_files_are_read, only_whole_files_are_read,
		only_whole_lines_of_changes_are_read, what_is_not_right_is_refused,
		what_is_no_change_is_refused, a_damaged_file_is_named };
	char command[64];
	int r;

	if (!mkdtemp(directory))
		return 1;
	r = fixture_run("ledger", tests, ELEMENTS(tests));
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) == 0 ? r : 1;
}
