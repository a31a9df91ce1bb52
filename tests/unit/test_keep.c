/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/time.h"
#include "boot/keep.h"
#include "daemon/config/child.h"
#include "daemon/keeps.h"
#include "fixture_run.h"
#include "kernel/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one file of sysctl.d makes of t. */
static struct keep *keep_of(const char *text, bool note)
{
	const struct forecast_iface iface = { .name = "t" };
	struct boot *boot = boot_new();
	struct replay_lines lines = { 0 };
	struct keep *keep = NULL;

	ck_assert_ptr_nonnull(boot);
	ck_assert_int_eq(boot_add_file(boot, "/etc/sysctl.d/10.conf"), 0);
	ck_assert_int_eq(boot_add_sysctl(boot, SYSCTL_SYSTEMD, 0, text, strlen(text)), 0);
	ck_assert_int_eq(boot_add_sysctl(boot, SYSCTL_PROCPS, 0, text, strlen(text)), 0);
	if (note)
		ck_assert_int_eq(boot_note(boot, "x: cannot be read"), 0);
	ck_assert_int_eq(replay_lines_init(boot, &lines), 0);
	ck_assert_int_eq(keep_make(&lines, &iface, 7, &keep), 0);
	replay_lines_done(&lines);
	boot_free(boot);
	return keep;
}

#define K(name, value) "net.ipv4.conf." name ".rp_filter=" value "\n"
#define FILE_ "/etc/sysctl.d/10.conf"

/* own, all: where the value 1 of each stands; words: of a value of 2 in effect */
static const struct {
	const char *text;
	bool note;
	const char *words, *own, *all;
} keeps[] = {
	{ "", false, "lasts until the next boot", NULL, NULL },
	{ "", true, "lasts until the next boot (not every file could be read)", NULL,
		NULL },
	{ K("t", "1"), false, FILE_ ":1 sets it to 1 again at boot", FILE_ ":1", NULL },
	{ K("t", "1") K("t", "2"), false, "a boot keeps it (" FILE_ ":2)", FILE_ ":1",
		NULL },
	{ K("*", "1") K("t", "1"), true,
		FILE_ ":2 sets it to 1 again at boot (not every file could be read)",
		FILE_ ":2", FILE_ ":1" },
	{ K("all", "1") K("t", "x"), false, FILE_ ":1 sets it to 1 again at boot", NULL,
		FILE_ ":1" },
	{ K("t*", "1") "-net.ipv4.conf.t.rp_filter\n", false, "lasts until the next boot",
		NULL, NULL },
	{ K("default", "1"), false, FILE_ ":1 sets it to 1 again at boot", NULL, NULL },
};

START_TEST(words)
{
	for (size_t i = 0; i < ELEMENTS(keeps); i++) {
		struct keep *keep = keep_of(keeps[i].text, keeps[i].note);
		char text[KEEP_TEXT];

		ck_assert_str_eq(keep_words(keep, 2, text), keeps[i].words);
		ck_assert_pstr_eq(keep_place(keep, false, 1), keeps[i].own);
		ck_assert_pstr_eq(keep_place(keep, true, 1), keeps[i].all);
		ck_assert_pstr_eq(keep_place(keep, true, 5), NULL);
		free(keep);
	}
}
END_TEST

/* More values than there is room for: the first are kept, and the deciding place. */
START_TEST(many_values)
{
	char text[100 * 64], place[64];
	size_t length = 0;
	struct keep *keep;

	for (int i = 0; i < 100; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
			"net.ipv4.conf.t%s.rp_filter=%d\n", i % 2 ? "" : "*", i);
	keep = keep_of(text, false);
	ck_assert_int_eq(keep->after, 99);
	ck_assert_str_eq(keep->text, FILE_ ":100");
	ck_assert_uint_eq(keep->count, KEEP_LINES);
	for (uint32_t i = 0; i < keep->count; i++) {
		snprintf(place, sizeof(place), FILE_ ":%d", keep->lines[i].value + 1);
		ck_assert_pstr_eq(keep_place(keep, false, keep->lines[i].value), place);
	}
	free(keep);
}
END_TEST

static const struct {
	int error;
	const char *words;
} unknown[] = {
	{ ENOMEM, "not known: cannot read the files: Cannot allocate memory" },
	{ ETIMEDOUT, "not known: the files were not read in time" },
	{ ECHILD, "not known: the process that reads the files has died" },
	{ ECANCELED, "not known: rpfilterd ended before the files were read" },
	{ -1, "not known: cannot read the files: Unknown error -1" },
};

START_TEST(nothing_known)
{
	for (size_t i = 0; i < ELEMENTS(unknown); i++) {
		struct keep *keep, *taken;
		char text[KEEP_TEXT];
		size_t used;

		ck_assert_int_eq(keep_unknown(7, unknown[i].error, &keep), 0);
		ck_assert_int_eq(keep_take((char *)keep, keep->size, &taken, &used), 1);
		ck_assert_int_eq(taken->ifindex, 7);
		ck_assert_str_eq(keep_words(taken, 2, text), unknown[i].words);
		ck_assert_pstr_eq(keep_place(taken, false, 0), NULL);
		free(taken);
		free(keep);
	}
}
END_TEST

/* --- at the door: cut off anywhere it is not taken, spoiled anywhere nothing is read behind it */

START_TEST(cut_or_spoiled)
{
	struct keep *keep = keep_of(K("*", "1") K("t", "2"), false), *taken = NULL;
	size_t size = keep->size, used = 0;

	for (size_t i = 0; i <= size; i++) {
		char *cut = malloc(i + 1);

		memcpy(cut, keep, i);
		ck_assert_int_eq(keep_take(cut, i, &taken, &used), i == size);
		free(cut);
	}
	ck_assert_uint_eq(used, size);
	ck_assert_mem_eq(taken, keep, size);
	free(taken);
	for (size_t i = 0; i < size * 256; i++) {
		char *spoiled = malloc(size), text[KEEP_TEXT];

		memcpy(spoiled, keep, size);
		spoiled[i / 256] = (char)i;
		taken = NULL;
		if (keep_take(spoiled, size, &taken, &used) > 0) {
			ck_assert_uint_eq(used, size);
			(void)keep_words(taken, 2, text);
			(void)keep_place(taken, true, -1);
		}
		free(taken);
		free(spoiled);
	}
	free(keep);
}
END_TEST

START_TEST(none)
{
	struct keep *keep = keep_of("", false), *taken = NULL, wrong;
	size_t size = keep->size, used;

	wrong = *keep;
	wrong.count = KEEP_LINES + 1;
	ck_assert_int_eq(keep_take((char *)&wrong, size, &taken, &used), -EBADMSG);
	wrong = *keep;
	wrong.size = 1;
	ck_assert_int_eq(keep_take((char *)&wrong, size, &taken, &used), -EBADMSG);
	wrong.size = UINT32_MAX;
	ck_assert_int_eq(keep_take((char *)&wrong, size, &taken, &used), -EBADMSG);
	keep->count = 1;
	ck_assert_int_eq(keep_take((char *)keep, size, &taken, &used), -EBADMSG);
	keep->count = 0;
	keep->text[0] = 'x'; /* its NUL is gone */
	ck_assert_int_eq(keep_take((char *)keep, size, &taken, &used), -EBADMSG);
	free(keep);
}
END_TEST

/* --- children ------------------------------------------------------------------------------------ */

static bool says_much(int fd, const void *data)
{
	for (int i = 0; i < *(const int *)data; i++) {
		if (write(fd, "0123456789abcdef", 16) != 16)
			return false;
	}
	return true;
}

static int hear_all(struct child *child)
{
	int r;

	do {
		struct pollfd poll_fd = { .fd = child->fd, .events = POLLIN };

		(void)poll(&poll_fd, 1, -1);
		r = child_hear(child);
	} while (r > 0);
	return r;
}

START_TEST(bounded)
{
	const int counts[] = { 0, 1, 1000, 100000 };

	for (size_t i = 0; i < ELEMENTS(counts); i++) {
		struct child child = { 0 };

		ck_assert_int_eq(
			child_start(&child, 65536, true, says_much, &counts[i]), 0);
		ck_assert_int_eq(hear_all(&child), i < 3 ? 0 : -EFBIG);
		if (i < 3)
			ck_assert_uint_eq(child.size, 16u * (unsigned int)counts[i]);
		ck_assert_int_eq(child_is_there(&child), i == 3);
		child_done(&child);
		child_done(&child);
	}
}
END_TEST

static const struct forecast_iface one = { .name = "no-such" };
static const struct forecast_iface renamed = { .name = "nor-such" };

static void ck_says(const struct keeps *asked, const char *said)
{
	char text[KEEP_TEXT];

	ck_assert_ptr_nonnull(keeps_of(asked, 7));
	ck_assert_str_eq(keep_words(keeps_of(asked, 7), 2, text), said);
}

#define TOO_LATE "not known: the files were not read in time"

START_TEST(asked_and_answered)
{
	struct keeps asked = { .wait_usec = 30 * USEC_PER_SEC };
	uint64_t now = clock_monotonic_usec();
	const struct keep *answer;

	ck_assert_uint_eq(keeps_next(&asked), USEC_NEVER);
	ck_assert_ptr_null(keeps_of(&asked, 7));
	ck_assert_int_eq(keeps_ask(&asked, 7, &one, now), 0);
	ck_assert(keeps_is_open(&asked, 7));
	ck_says(&asked, TOO_LATE); /* to whom it matters by now */
	keeps_wait(&asked);
	ck_assert(keeps_look(&asked, clock_monotonic_usec()));
	ck_assert(!keeps_look(&asked, clock_monotonic_usec()));
	ck_assert(!keeps_is_open(&asked, 7));
	answer = keeps_of(&asked, 7);
	ck_assert_int_eq(answer->error, 0);
	/* files may be others by now; whoever was answered still has that */
	ck_assert_int_eq(keeps_ask(&asked, 7, &one, now + 1), 0);
	ck_assert(keeps_is_open(&asked, 7));
	ck_assert_ptr_eq(keeps_of(&asked, 7), answer);
	ck_assert_int_eq(keeps_ask(&asked, 7, &renamed, now + 2), 0);
	ck_assert_uint_eq(asked.open, 1);
	keeps_stop(&asked);
	ck_assert(!keeps_is_open(&asked, 7));
	ck_says(&asked, "not known: rpfilterd ended before the files were read");
	keeps_done(&asked);
}
END_TEST

/* A child that hangs is given up in time. It can't be waited for: it may be unable to die. */
START_TEST(given_up)
{
	struct keeps asked = { .wait_usec = USEC_PER_SEC };
	uint64_t now = clock_monotonic_usec();
	pid_t pid;

	ck_assert_int_eq(keeps_ask(&asked, 7, &one, now), 0);
	keeps_begin(&asked, now);
	pid = asked.child.pid;
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	ck_assert_uint_eq(keeps_next(&asked), now + USEC_PER_SEC);
	ck_assert(!keeps_look(&asked, now + USEC_PER_SEC - 1));
	ck_assert(keeps_look(&asked, now + USEC_PER_SEC));
	ck_assert(!keeps_is_open(&asked, 7));
	ck_says(&asked, TOO_LATE);
	ck_assert_uint_eq(keeps_next(&asked), USEC_NEVER);
	keeps_done(&asked);
}
END_TEST

/* As long as one that was given up is there, there is no other one. */
START_TEST(stuck)
{
	struct keeps asked = { .wait_usec = USEC_PER_SEC };
	uint64_t now = clock_monotonic_usec();
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	asked.stuck = pid;
	ck_assert_int_eq(keeps_ask(&asked, 7, &one, now), 0);
	keeps_begin(&asked, now);
	ck_assert_int_eq(asked.child.pid, 0);
	ck_assert_uint_gt(keeps_next(&asked), now);
	ck_assert(keeps_look(&asked, now + USEC_PER_SEC));
	ck_says(&asked, TOO_LATE);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	while (waitpid(pid, NULL, WNOHANG) == 0)
		(void)poll(NULL, 0, 1);
	ck_assert_int_eq(keeps_ask(&asked, 7, &one, now), 0);
	keeps_begin(&asked, now + USEC_PER_SEC - 1);
	ck_assert_int_gt(asked.child.pid, 0);
	keeps_done(&asked);
}
END_TEST

/* One that is killed, and one that can't be made, end it at once, with the reason. */
START_TEST(no_child)
{
	struct keeps asked = { .wait_usec = 30 * USEC_PER_SEC };
	uint64_t now = clock_monotonic_usec();
	struct rlimit limit, no_more = { 0 };

	ck_assert_int_eq(keeps_ask(&asked, 7, &one, now), 0);
	keeps_begin(&asked, now);
	ck_assert_int_eq(kill(asked.child.pid, SIGKILL), 0);
	keeps_wait(&asked);
	/* it may have been faster */
	if (keeps_of(&asked, 7)->error)
		ck_says(&asked, "not known: the process that reads the files has died");
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	no_more.rlim_max = limit.rlim_max;
	ck_assert_int_eq(keeps_ask(&asked, 7, &one, now), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &no_more), 0);
	keeps_wait(&asked);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_says(&asked, "not known: cannot read the files: Too many open files");
	keeps_done(&asked);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { words, many_values, nothing_known, cut_or_spoiled,
		none, bounded, asked_and_answered, given_up, stuck, no_child };

	return fixture_run("keep", tests, ELEMENTS(tests));
}
