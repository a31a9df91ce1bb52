/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/time.h"
#include "daemon/journal/sink.h"
#include "fixture_run.h"
#include "kernel/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

/* A pipe stands at standard error, or at standard output, full to the brim, and nobody reads. */
static struct {
	int at, kept; /* the descriptor, and what was there before */
	int reader;
	size_t filled;
} blocked;

static void block(int at)
{
	int ends[2];
	ssize_t written;

	ck_assert_int_eq(pipe(ends), 0);
	blocked.at = at;
	blocked.kept = dup(at);
	blocked.reader = ends[0];
	ck_assert_int_eq(dup2(ends[1], at), at);
	ck_assert_int_eq(fcntl(at, F_SETFL, O_NONBLOCK), 0);
	for (blocked.filled = 0; (written = write(at, "\n", 1)) == 1; blocked.filled++)
		;
	ck_assert_int_eq(fcntl(at, F_SETFL, 0), 0);
	close(ends[1]);
}

/* Somebody reads again, up to what ends with the word. *ret is to be freed. */
static void read_up_to(const char *word, char **ret)
{
	size_t size = 0, length = 0;
	char *text = NULL;

	do {
		ssize_t got;

		if (size - length < 4096) {
			size += 1 << 20;
			text = realloc(text, size);
		}
		got = read(blocked.reader, text + length, size - length - 1);
		ck_assert_int_gt(got, 0);
		length += (size_t)got;
		text[length] = '\0';
	} while (!strstr(text + (length > 8192 ? length - 8192 : 0), word));
	*ret = text;
}

static void unblock(void)
{
	ck_assert_int_eq(dup2(blocked.kept, blocked.at), blocked.at);
	close(blocked.kept);
	close(blocked.reader);
}

static void write_numbered(struct sink *sink, unsigned int number, const char *more)
{
	struct entry entry;

	entry_event(&entry, EVENT_SYNCED);
	entry_add(&entry, "MESSAGE", "entry %u%s", number, more);
	sink_write(sink, &entry);
	ck_assert_ptr_null(entry.fields.items);
}

/* Checks that entries come in order, and that each gap is told, in its place. Returns the gaps. */
static unsigned int check_order(char *text, unsigned int entries)
{
	unsigned int expected = 0, number, lost, gaps = 0;
	char *at = NULL;

	for (char *line = strtok_r(text, "\n", &at); line;
		line = strtok_r(NULL, "\n", &at)) {
		char *message = strstr(line, "entry "), *gap = strstr(line, "warning: ");

		if (gap && sscanf(gap, "warning: %u log entr", &lost) == 1) {
			expected += lost;
			gaps++;
		} else if (message && sscanf(message, "entry %u", &number) == 1) {
			ck_assert_uint_eq(number, expected);
			expected++;
		}
	}
	ck_assert_uint_eq(expected, entries);
	return gaps;
}

START_TEST(nobody_reads_and_nobody_waits)
{
	struct sink sink = { .kind = SINK_STDERR, .level = LOG_INFO };
	uint64_t began;
	char *text;

	block(STDERR_FILENO);
	sink_start(&sink);
	began = clock_monotonic_usec();
	for (unsigned int i = 0; i < 3000; i++) /* whoever waits here waits for ever */
		write_numbered(&sink, i, "");
	ck_assert_uint_lt(clock_monotonic_usec() - began, 30 * USEC_PER_SEC);
	read_up_to("lost: whoever", &text);
	write_numbered(&sink, 3000, " is the last");
	sink_stop(&sink);
	text = realloc(text, strlen(text) + 65536);
	text[strlen(text) + (size_t)read(blocked.reader, text + strlen(text), 65535)] =
		'\0';
	unblock();
	ck_assert_ptr_nonnull(strstr(text, "entry 3000 is the last"));
	ck_assert_uint_eq(check_order(text, 3001), 1);
	free(text);
}
END_TEST

START_TEST(long_entries_are_bounded_in_bytes)
{
	struct sink sink = { .kind = SINK_STDERR, .level = LOG_INFO };
	_cleanup_(freep) char *more = malloc(1 << 20);
	char *text;

	memset(more, 'x', 1 << 20);
	more[(1 << 20) - 1] = '\0';
	block(STDERR_FILENO);
	sink_start(&sink);
	for (unsigned int i = 0; i < 20; i++)
		write_numbered(&sink, i, more);
	read_up_to("lost: whoever", &text);
	unblock();
	sink_stop(&sink);
	/* four wait, and one is being written */
	ck_assert_uint_eq(check_order(text, 20), 1);
	ck_assert_uint_lt(strlen(text), 6 << 20);
	free(text);
}
END_TEST

/* Ends with a signal, as a thread that hangs leaves behind what a memory checker calls lost. */
static void end_while_blocked(int result)
{
	struct sink sink = { .kind = SINK_JSON, .level = LOG_INFO };
	uint64_t began, took;

	block(STDOUT_FILENO);
	sink_start(&sink);
	write_numbered(&sink, 0, "");
	began = clock_monotonic_usec();
	sink_stop(&sink);
	took = clock_monotonic_usec() - began;
	write_numbered(&sink, 1, ""); /* waits no more than the one before */
	ck_assert_int_eq(write(result, &took, sizeof(took)), sizeof(took));
	(void)raise(SIGKILL);
}

/* The thread may hang for ever, but nobody else. */
START_TEST(an_end_is_not_put_off)
{
	uint64_t took = 0;
	int result[2];
	pid_t child;

	ck_assert_int_eq(pipe(result), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		end_while_blocked(result[1]);
	close(result[1]);
	ck_assert_int_eq(read(result[0], &took, sizeof(took)), sizeof(took));
	close(result[0]);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_uint_ge(took, 500 * USEC_PER_MSEC);
	ck_assert_uint_lt(took, 900 * USEC_PER_MSEC);
}
END_TEST

START_TEST(without_a_thread_all_is_written_at_once)
{
	struct sink sink = { .kind = SINK_STDERR, .level = LOG_NOTICE };
	char text[256];
	ssize_t got;

	block(STDERR_FILENO);
	while (blocked.filled > 0)
		blocked.filled -= (size_t)read(blocked.reader, text, sizeof(text));
	log_event(&sink, EVENT_STATISTICS, "not wanted");
	log_event(&sink, EVENT_FAILED, "%s", "t\xed\xbf\xbf\n");
	got = read(blocked.reader, text, sizeof(text) - 1);
	unblock();
	ck_assert_int_gt(got, 0);
	text[got] = '\0';
	ck_assert_ptr_nonnull(strstr(text, " error: t????\n"));
	ck_assert_ptr_null(strstr(text, "not wanted"));
}
END_TEST

START_TEST(json_is_escaped)
{
	static const char expected[] =
		"{\"__REALTIME_TIMESTAMP\":\"1700000000123456\",\"PRIORITY\":\"4\","
		"\"SYSLOG_IDENTIFIER\":\"rpfilterd\",\"_PID\":\"";
	static const char fields[] =
		"\",\"MESSAGE\":\"a\\\"b\\\\c/d=?\303\274\",\"RPF_EMPTY\":\"\",\"RAW\":\"\\u001b\"}\n";
	struct entry entry = { .priority = LOG_WARNING };
	char text[512], *raw = strdup("RAW=\033"), *end;
	ssize_t got;

	entry.when_usec = 1700000000123456;
	entry_add(&entry, "MESSAGE", "%s", "a\"b\\c/d=\n\303\274");
	entry_add(&entry, "RPF_EMPTY", "%s", "");
	ck_assert_int_eq(array_push(&entry.fields, &raw), 0);
	block(STDOUT_FILENO);
	while (blocked.filled > 0)
		blocked.filled -= (size_t)read(blocked.reader, text, sizeof(text));
	ck_assert_int_eq(sink_json(&entry), 0);
	got = read(blocked.reader, text, sizeof(text) - 1);
	unblock();
	entry_done(&entry);
	ck_assert_int_gt(got, (ssize_t)strlen(expected));
	text[got] = '\0';
	ck_assert_mem_eq(text, expected, strlen(expected));
	ck_assert_int_eq(strtol(text + strlen(expected), &end, 10), getpid());
	ck_assert_str_eq(end, fields);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { nobody_reads_and_nobody_waits,
		long_entries_are_bounded_in_bytes, an_end_is_not_put_off,
		without_a_thread_all_is_written_at_once, json_is_escaped };

	return fixture_run("sink", tests, ELEMENTS(tests));
}
