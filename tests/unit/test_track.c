/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/track.h"
#include "fixture_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000)
#define HOLD_DOWN SECOND
#define REPEAT (3600 * SECOND)

/* A finding of an id whose words are told by its own setting. */
static struct finding *fake(const char *id, int own)
{
	struct finding *finding = calloc(1, sizeof(*finding));

	if (!finding)
		abort();
	snprintf(finding->id, sizeof(finding->id), "%s", id);
	finding->filter.own = own;
	finding->no_route = *id == 'n';
	finding->severity = *id == 'w' ? FINDING_WARNING : FINDING_NOTICE;
	return finding;
}

/*
 * What an evaluation at a time finds: "a1 b1" are findings a and b, both with own 1. Then all
 * that is due is said, written "raised:a1 cleared:b1".
 */
static void evaluates(struct track *track, const char *found, bool quick, uint64_t now)
{
	struct finding *findings[4];
	size_t count = 0;

	for (const char *at = found; *at; at += at[2] ? 3 : 2) {
		const char id[2] = { at[0], '\0' };

		findings[count++] = fake(id, at[1] - '0');
	}
	ck_assert_int_eq(track_update(track, 0, findings, count, NULL, 0, quick, now), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_ptr_null(findings[i]);
}

static const char *says(struct track *track, uint64_t now, char out[static 128])
{
	enum event_kind kind;
	struct track_item *item;
	size_t length = 0;

	out[0] = '\0';
	while ((item = track_due(track, now, &kind)) != NULL) {
		const char *name = kind == EVENT_FINDING_RAISED	    ? "raised"
				   : kind == EVENT_FINDING_CHANGED  ? "changed"
				   : kind == EVENT_FINDING_REPEATED ? "repeated"
				   : kind == EVENT_FINDING_CLEARED  ? "cleared"
								    : "?";

		ck_assert_uint_lt(length, 100);
		length += (size_t)snprintf(out + length, 128 - length, "%s%s:%s%d",
			length ? " " : "", name, item->finding->id,
			item->finding->filter.own);
		ck_assert_int_eq(track_logged(track, item, kind, now), 0);
	}
	return out;
}

/* A row: at a time (ms) an evaluation finds this (NULL: none is made), and this is said. */
struct row {
	uint64_t at_ms;
	const char *found;
	const char *said;
	uint64_t next_ms; /* when something is due behind it; 0: never */
};

static void plays(const char *what, const struct row *rows, size_t count)
{
	struct track track = { .hold_down_usec = HOLD_DOWN, .repeat_usec = REPEAT };

	for (size_t i = 0; i < count; i++) {
		uint64_t now = 1000 * SECOND + rows[i].at_ms * 1000;
		uint64_t next = rows[i].next_ms ? 1000 * SECOND + rows[i].next_ms * 1000
						: UINT64_MAX;
		char text[128];

		if (rows[i].found)
			evaluates(&track, rows[i].found, false, now);
		ck_assert_msg(strcmp(says(&track, now, text), rows[i].said) == 0,
			"%s, at %llu ms: '%s' is said, not '%s'", what,
			(unsigned long long)rows[i].at_ms, text, rows[i].said);
		ck_assert_msg(track_next(&track) == next,
			"%s, at %llu ms: the next is due at %lld", what,
			(unsigned long long)rows[i].at_ms,
			(long long)(track_next(&track) - 1000 * SECOND) / 1000);
	}
	track_done(&track);
}

#define PLAYS(what, rows) plays((what), (rows), ELEMENTS(rows))
#define HOUR 3600000

START_TEST(a_life)
{
	static const struct row rows[] = {
		{ 0, "", "", 0 },
		{ 100, "a1", "", 1100 },
		{ 1099, NULL, "", 1100 },
		{ 1100, NULL, "raised:a1", 1100 + HOUR },
		{ 5000, "a1", "", 1100 + HOUR },
		{ 9000, "", "", 10000 },
		{ 9999, NULL, "", 10000 },
		{ 10000, NULL, "cleared:a1", 0 },
		{ 20000, "", "", 0 },
	};

	PLAYS("a life", rows);
}
END_TEST

START_TEST(what_goes_before_it_was_said_was_never_there)
{
	static const struct row rows[] = {
		{ 0, "a1", "", 1000 },
		{ 500, "", "", 0 },
		{ 5000, NULL, "", 0 },
		{ 6000, "a1", "", 7000 }, /* and waits anew */
		{ 6500, "a2", "", 7000 }, /* other words, the same wait */
		{ 7000, NULL, "raised:a2", 7000 + HOUR },
	};

	PLAYS("raise and clear within hold_down", rows);
}
END_TEST

START_TEST(what_comes_back_before_it_was_cleared_never_went)
{
	static const struct row rows[] = {
		{ 0, "a1", "", 1000 }, { 1000, NULL, "raised:a1", 1000 + HOUR },
		{ 2000, "", "", 3000 }, { 2900, "a1", "", 1000 + HOUR },
		{ 4000, NULL, "", 1000 + HOUR }, { 5000, "", "", 6000 },
		{ 5500, "a2", "changed:a2", 5500 + HOUR }, /* back with other words */
	};

	PLAYS("clear and raise within hold_down", rows);
}
END_TEST

START_TEST(changes_are_said_at_most_once_a_hold_down)
{
	static const struct row rows[] = {
		{ 0, "a1", "", 1000 },
		{ 1000, NULL, "raised:a1", 1000 + HOUR },
		{ 1100, "a2", "", 2000 },
		{ 1200, "a3", "", 2000 },
		{ 1300, "a1", "", 1000 + HOUR }, /* as it was said: nothing is due */
		{ 1400, "a4", "", 2000 },
		{ 2000, NULL, "changed:a4", 2000 + HOUR },
		{ 9000, "a5", "changed:a5", 9000 + HOUR },
		{ 9001, "a6", "", 10000 },
		{ 10000, NULL, "changed:a6", 10000 + HOUR },
	};

	PLAYS("changes", rows);
}
END_TEST

START_TEST(it_is_repeated)
{
	static const struct row rows[] = {
		{ 0, "a1", "", 1000 },
		{ 1000, NULL, "raised:a1", 1000 + HOUR },
		{ 999 + HOUR, "a1", "", 1000 + HOUR },
		{ 1000 + HOUR, NULL, "repeated:a1", 1000 + 2 * HOUR },
		{ 5000 + HOUR, "a2", "changed:a2", 5000 + 2 * HOUR }, /* puts it off */
		{ 5000 + 2 * HOUR, NULL, "repeated:a2", 5000 + 3 * HOUR },
		{ 6000 + 2 * HOUR, "", "", 7000 + 2 * HOUR },
		{ 7000 + 2 * HOUR, NULL, "cleared:a2", 0 },
	};

	PLAYS("repeats", rows);
}
END_TEST

START_TEST(several_at_once)
{
	static const struct row rows[] = {
		{ 0, "a1 b1", "", 1000 },
		{ 500, "a1 b1 c1", "", 1000 },
		{ 1000, NULL, "raised:a1 raised:b1", 1500 },
		{ 1500, "b1 c1", "raised:c1", 2500 },
		{ 1600, "c1", "", 2500 },
		{ 3000, NULL, "cleared:a1 cleared:b1", 1500 + HOUR },
	};

	PLAYS("several", rows);
}
END_TEST

START_TEST(the_first_evaluation_does_not_wait)
{
	struct track track = { .hold_down_usec = HOLD_DOWN, .repeat_usec = 0 };
	char text[128];

	evaluates(&track, "a1 b1", true, 7 * SECOND);
	ck_assert_uint_eq(track_open(&track), 0);
	ck_assert_str_eq(says(&track, 7 * SECOND, text), "raised:a1 raised:b1");
	ck_assert_uint_eq(track_open(&track), 2);
	ck_assert_msg(track_next(&track) == UINT64_MAX, "with repeat 0 something is due");
	evaluates(&track, "a1", false, 8 * SECOND);
	ck_assert_uint_eq(track_open(&track), 2); /* closing is not closed */
	ck_assert_str_eq(says(&track, 9 * SECOND, text), "cleared:b1");
	ck_assert_uint_eq(track_open(&track), 1);
	track_done(&track);
}
END_TEST

START_TEST(the_refuted_is_not_raised_until_it_is_found_anew)
{
	struct track track = { .hold_down_usec = HOLD_DOWN, .repeat_usec = REPEAT };
	enum event_kind kind;
	char text[128];

	evaluates(&track, "a1", false, SECOND);
	track.items.items[0].refuted = true;
	track.items.items[0].finding->kernel = KERNEL_PASS;
	ck_assert_ptr_null(track_due(&track, 50 * SECOND, &kind));
	ck_assert_msg(track_next(&track) == UINT64_MAX, "a refuted one is due");
	evaluates(&track, "a1", false, 51 * SECOND);
	ck_assert_msg(track.items.items[0].finding->kernel == KERNEL_PASS,
		"the kernel's answer is forgotten");
	ck_assert_str_eq(says(&track, 51 * SECOND, text), "raised:a1");
	track_done(&track);
}
END_TEST

START_TEST(repeats_are_counted)
{
	struct track track = { .hold_down_usec = HOLD_DOWN, .repeat_usec = REPEAT };
	char text[128];

	evaluates(&track, "a1", true, SECOND);
	says(&track, SECOND, text);
	ck_assert_uint_eq(track.items.items[0].count, 0);
	for (unsigned int i = 1; i < 4; i++) {
		says(&track, SECOND + i * REPEAT, text);
		ck_assert_uint_eq(track.items.items[0].count, i);
	}
	track_done(&track);
}
END_TEST

/* What can't be judged just now is neither over nor new. */
START_TEST(the_unknown_stays_as_it_is)
{
	const struct finding_id unknown[] = { { "a" } };
	struct track track = { .hold_down_usec = HOLD_DOWN };
	char text[128];

	evaluates(&track, "a1 b1", true, SECOND);
	says(&track, SECOND, text);
	ck_assert_int_eq(
		track_update(&track, 0, NULL, 0, unknown, 1, false, 2 * SECOND), 0);
	ck_assert_str_eq(says(&track, 9 * SECOND, text), "cleared:b1");
	ck_assert_uint_eq(track_open(&track), 1);
	evaluates(&track, "", false, 10 * SECOND);
	ck_assert_str_eq(says(&track, 20 * SECOND, text), "cleared:a1");
	track_done(&track);
}
END_TEST

/* Everything is freed once, whatever it was in the middle of (the sanitizer looks). */
START_TEST(it_ends_anywhere)
{
	static const char *const steps[] = { "a1", "a2", "", "a3", "b1 a1", "b2", "" };

	for (size_t stop = 0; stop <= ELEMENTS(steps); stop++) {
		for (uint64_t pace = SECOND / 4; pace <= 4 * SECOND; pace *= 2) {
			struct track track = { .hold_down_usec = HOLD_DOWN };
			char text[128];

			for (size_t i = 0; i < stop; i++) {
				evaluates(&track, steps[i], false, SECOND + i * pace);
				says(&track, SECOND + i * pace, text);
			}
			track_done(&track);
			ck_assert_uint_eq(track.items.count, 0);
		}
	}
}
END_TEST

/* A route that is lost, or not there yet at the start, is no news for a while. */
START_TEST(a_missing_route_waits)
{
	struct track track = { .hold_down_usec = HOLD_DOWN,
		.route_wait_usec = 30 * SECOND,
		.repeat_usec = REPEAT };
	char text[128];

	evaluates(&track, "n1 w1", true, 1000 * SECOND);
	ck_assert_str_eq(says(&track, 1000 * SECOND, text), "raised:w1");
	ck_assert_uint_eq(track_unsaid(&track), 0);
	ck_assert_uint_eq(track_warnings(&track), 1);
	ck_assert_str_eq(says(&track, 1029 * SECOND, text), "");
	evaluates(&track, "w1", false, 1029 * SECOND); /* it comes, and is lost again */
	evaluates(&track, "n1 w1", false, 1029 * SECOND);
	ck_assert_str_eq(says(&track, 1058 * SECOND, text), "");
	ck_assert_str_eq(says(&track, 1059 * SECOND, text), "raised:n1");
	ck_assert_uint_eq(track_open(&track), 2);
	ck_assert_uint_eq(track_warnings(&track), 1);
	track_done(&track);
}
END_TEST

/* Something else is asked about what is due, and its entry waits for the answer. */
START_TEST(what_is_asked_about)
{
	struct track track = {
		.hold_down_usec = HOLD_DOWN, .repeat_usec = REPEAT, .wait_usec = HOLD_DOWN
	};
	uint64_t now = 1000 * SECOND;
	struct track_item *item;
	char text[128];

	/* the first evaluation is due at once */
	evaluates(&track, "a1", true, now);
	item = &track.items.items[0];
	ck_assert_uint_le(track_next(&track), now);
	ck_assert(track_ask(&track, item, now));
	ck_assert_uint_eq(track_next(&track), now + HOLD_DOWN);
	ck_assert_str_eq(says(&track, now, text), "");
	track_answered(&track, item);
	ck_assert(!track_ask(&track, item, now));
	ck_assert_str_eq(says(&track, now, text), "raised:a1");
	/* it is asked anew for another entry; without an answer that waits, not for ever */
	now += 10 * SECOND;
	evaluates(&track, "a2", false, now);
	ck_assert_uint_le(track_next(&track), now);
	ck_assert(track_ask(&track, item, now));
	ck_assert_uint_eq(track_next(&track), now + HOLD_DOWN);
	ck_assert_str_eq(says(&track, now + HOLD_DOWN - 1, text), "");
	ck_assert(!track_ask(&track, item, now + HOLD_DOWN));
	ck_assert_str_eq(says(&track, now + HOLD_DOWN, text), "changed:a2");
	/* what was asked long ago, for an entry that was not written, is asked anew */
	now += 10 * SECOND;
	evaluates(&track, "a3", false, now);
	ck_assert(track_ask(&track, item, now));
	track_answered(&track, item);
	evaluates(&track, "a2", false, now);
	now += 60 * SECOND;
	evaluates(&track, "a3", false, now);
	ck_assert(track_ask(&track, item, now));
	/* that it is over waits for nothing */
	evaluates(&track, "", false, now);
	ck_assert_uint_eq(track_next(&track), now + HOLD_DOWN);
	ck_assert(!track_ask(&track, item, now));
	ck_assert_str_eq(says(&track, now + HOLD_DOWN, text), "cleared:a3");
	track_done(&track);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_life,
		what_goes_before_it_was_said_was_never_there,
		what_comes_back_before_it_was_cleared_never_went,
		changes_are_said_at_most_once_a_hold_down,
		it_is_repeated,
		several_at_once,
		the_first_evaluation_does_not_wait,
		the_refuted_is_not_raised_until_it_is_found_anew,
		repeats_are_counted,
		the_unknown_stays_as_it_is,
		it_ends_anywhere,
		a_missing_route_waits,
		what_is_asked_about,
	};

	return fixture_run("track", tests, ELEMENTS(tests));
}
