/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/hash.h"
#include "base/large.h"
#include "fixture_run.h"

#include <stdlib.h>

/* --- arrays ---------------------------------------------------------------------------------- */

struct numbers {
	ARRAY(int) list;
};

START_TEST(array_starts_empty)
{
	struct numbers numbers = { 0 };
	size_t seen = 0;

	array_each (&numbers.list, int, number)
		seen += (size_t)*number + 1;
	ck_assert_uint_eq(seen, 0);
	array_done(&numbers.list); /* of nothing: allowed */
	ck_assert_ptr_null(numbers.list.items);
}
END_TEST

START_TEST(array_keeps_what_is_pushed_while_it_grows)
{
	struct numbers numbers = { 0 };
	int sum = 0;

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(array_push(&numbers.list, &i), 0);
	ck_assert_uint_eq(numbers.list.count, 1000);
	ck_assert_uint_ge(numbers.list.capacity, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_msg(numbers.list.items[i] == i, "item %d is %d", i,
			numbers.list.items[i]);
	array_each (&numbers.list, const int, number)
		sum += *number;
	ck_assert_int_eq(sum, 999 * 500);
	array_clear(&numbers.list);
	ck_assert_uint_eq(numbers.list.count, 0);
	ck_assert_ptr_nonnull(numbers.list.items);
	array_done(&numbers.list);
	ck_assert_uint_eq(numbers.list.capacity, 0);
}
END_TEST

START_TEST(array_inserts_and_removes_anywhere)
{
	static const struct {
		char what; /* i: insert, r: remove */
		size_t at;
		int value;
		const char *then;
	} rows[] = {
		{ 'i', 0, 5, "5" },
		{ 'i', 0, 1, "15" },
		{ 'i', 2, 9, "159" },
		{ 'i', 1, 3, "1359" },
		{ 'i', 4, 7, "13597" },
		{ 'r', 0, 0, "3597" },
		{ 'r', 3, 0, "359" },
		{ 'r', 1, 0, "39" },
		{ 'i', 1, 4, "349" },
		{ 'r', 2, 0, "34" },
		{ 'r', 1, 0, "3" },
		{ 'r', 0, 0, "" },
	};
	struct numbers numbers = { 0 };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char text[8] = "";

		if (rows[i].what == 'i')
			ck_assert_int_eq(
				array_insert(&numbers.list, rows[i].at, &rows[i].value),
				0);
		else
			array_remove(&numbers.list, rows[i].at);
		for (size_t k = 0; k < numbers.list.count; k++)
			text[k] = (char)('0' + numbers.list.items[k]);
		ck_assert_msg(strcmp(text, rows[i].then) == 0,
			"row %zu: the array is '%s', not '%s'", i, text, rows[i].then);
	}
	array_done(&numbers.list);
}
END_TEST

START_TEST(array_copy_is_one_of_its_own)
{
	struct numbers numbers = { 0 }, copy = { 0 };

	ck_assert_int_eq(array_copy(&copy.list, &numbers.list), 0);
	ck_assert_ptr_null(copy.list.items);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(array_push(&numbers.list, &i), 0);
	ck_assert_int_eq(array_copy(&copy.list, &numbers.list), 0);
	array_remove(&numbers.list, 0);
	ck_assert_uint_eq(copy.list.count, 10);
	ck_assert_uint_ge(copy.list.capacity, 10);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(copy.list.items[i], i);
	ck_assert_int_eq(array_push(&copy.list, &(int){ 10 }), 0);
	ck_assert_uint_eq(copy.list.count, 11);
	array_done(&numbers.list);
	array_done(&copy.list);
}
END_TEST

START_TEST(take_ptr_leaves_nothing_behind)
{
	char *text = strdup("owned");
	_cleanup_(freep) char *taken = take_ptr(text);

	ck_assert_ptr_null(text);
	ck_assert_str_eq(taken, "owned");
}
END_TEST

/* --- hash ------------------------------------------------------------------------------------ */

static void *number(uintptr_t value)
{
	return (void *)value; /* a hash owns no value: any will do */
}

START_TEST(hash_starts_empty)
{
	struct hash hash = { 0 };
	size_t index = 0;

	ck_assert_ptr_null(hash_get(&hash, 0));
	ck_assert_ptr_null(hash_remove(&hash, 0));
	ck_assert_ptr_null(hash_next(&hash, &index));
	hash_each (&hash, slot)
		ck_abort_msg("an empty map has %llu", (unsigned long long)slot->key);
	hash_done(&hash);
}
END_TEST

START_TEST(hash_replaces_and_removes)
{
	struct hash hash = { 0 };

	ck_assert_int_eq(hash_put(&hash, 0, number(1)), 0);
	ck_assert_int_eq(hash_put(&hash, UINT64_MAX, number(2)), 0);
	ck_assert_int_eq(hash_put(&hash, 0, number(3)), 0);
	ck_assert_uint_eq(hash.count, 2);
	ck_assert_ptr_eq(hash_get(&hash, 0), number(3));
	ck_assert_ptr_eq(hash_remove(&hash, 0), number(3));
	ck_assert_ptr_null(hash_get(&hash, 0));
	ck_assert_ptr_null(hash_remove(&hash, 0));
	ck_assert_ptr_eq(hash_get(&hash, UINT64_MAX), number(2));
	ck_assert_uint_eq(hash.count, 1);
	hash_done(&hash);
	ck_assert_uint_eq(hash.count, 0);
}
END_TEST

START_TEST(hash_grows_and_loses_nothing)
{
	enum { COUNT = 5000 };
	struct hash hash = { 0 };
	size_t seen = 0;

	for (uintptr_t i = 1; i <= COUNT; i++) {
		ck_assert_int_eq(hash_put(&hash, i * 7919, number(i)), 0);
		ck_assert_msg(hash.count < hash.size, "no free slot is left at %zu", i);
	}
	for (uintptr_t i = 1; i <= COUNT; i++)
		ck_assert_msg(
			hash_get(&hash, i * 7919) == number(i), "key %zu is lost", i);
	hash_each (&hash, slot) {
		ck_assert_uint_eq(slot->key, (uintptr_t)slot->value * 7919);
		seen++;
	}
	ck_assert_uint_eq(seen, COUNT);
	hash_done(&hash);
}
END_TEST

/* With room for them none moves; nor does one that is replaced, in a map that is full. */
START_TEST(hash_has_the_room_that_was_reserved)
{
	for (uintptr_t count = 1; count < 100; count++) {
		struct hash hash = { 0 };
		const struct hash_slot *slots;

		ck_assert_int_eq(hash_reserve(&hash, count), 0);
		slots = hash.slots;
		for (uintptr_t i = 1; i <= count; i++)
			ck_assert_int_eq(hash_put(&hash, i, number(i)), 0);
		ck_assert_ptr_eq(hash.slots, slots);
		while (hash.count * 4 < hash.size * 3)
			ck_assert_int_eq(hash_put(&hash, hash.count + 1, number(1)), 0);
		slots = hash.slots;
		ck_assert_int_eq(hash_put(&hash, hash.count, number(2)), 0);
		ck_assert_ptr_eq(hash.slots, slots);
		hash_done(&hash);
	}
}
END_TEST

/* keys whose home is `home` in a map of eight slots */
static void keys_of_home(size_t home, uint64_t *keys, size_t count)
{
	for (uint64_t key = 0; count; key++) {
		if ((hash_mix(key) & 7) == home) {
			*keys++ = key;
			count--;
		}
	}
}

/*
 * A run of four that begins in the last slot and wraps round, of two homes. Whichever one is
 * removed, the others are found, and there are no slots that nobody can use again.
 */
START_TEST(hash_removal_closes_the_gap_in_a_run)
{
	for (size_t home = 0; home < 8; home++) {
		for (size_t gone = 0; gone < 5; gone++) {
			uint64_t keys[5];
			struct hash hash = { 0 };

			keys_of_home(home, keys, 3);
			keys_of_home((home + 1) & 7, keys + 3, 2);
			for (size_t i = 0; i < 5; i++)
				ck_assert_int_eq(
					hash_put(&hash, keys[i], number(i + 1)), 0);
			ck_assert_uint_eq(hash.size, 8);
			ck_assert_ptr_eq(
				hash_remove(&hash, keys[gone]), number(gone + 1));
			for (size_t i = 0; i < 5; i++)
				ck_assert_msg(hash_get(&hash, keys[i]) ==
						      (i == gone ? NULL : number(i + 1)),
					"home %zu: key %zu is wrong after %zu was removed",
					home, i, gone);
			/* the run is packed: from the home on, no hole */
			for (size_t i = 0; i < 4; i++)
				ck_assert_msg(hash.slots[(home + i) & 7].value,
					"home %zu: a hole at %zu after %zu was removed",
					home, i, gone);
			hash_done(&hash);
		}
	}
}
END_TEST

START_TEST(hash_lives_through_years_of_coming_and_going)
{
	struct hash hash = { 0 };

	for (uintptr_t i = 1; i < 100000; i++) {
		ck_assert_int_eq(hash_put(&hash, i, number(i)), 0);
		if (i > 20)
			ck_assert_ptr_eq(hash_remove(&hash, i - 20), number(i - 20));
	}
	ck_assert_uint_eq(hash.count, 20);
	ck_assert_msg(hash.size <= 64, "20 keys take %zu slots: removals leave graves",
		hash.size);
	hash_done(&hash);
}
END_TEST

START_TEST(hash_bytes_tells_texts_apart)
{
	ck_assert_uint_ne(hash_bytes(0, "eth0", 4), hash_bytes(0, "eth1", 4));
	ck_assert_uint_ne(hash_bytes(0, "eth0", 4), hash_bytes(1, "eth0", 4));
	ck_assert_uint_eq(hash_bytes(7, "eth0", 4), hash_bytes(7, "eth0.1", 4));
	ck_assert_uint_eq(hash_bytes(0, "", 0), UINT64_C(0xcbf29ce484222325));
}
END_TEST

/* A pattern that tells each place from the one a page before or behind it. */
static uint32_t pattern(size_t i)
{
	return (uint32_t)i * 2654435761u;
}

/* From malloc's sizes over the boundary to several huge pages. */
START_TEST(large_keeps_what_is_there_while_it_grows)
{
	size_t size = 0;
	uint32_t *memory = NULL;

	for (size_t wanted = 4096; wanted <= (10u << 20); wanted = wanted * 2 + 4096) {
		uint32_t *grown = large_resize(memory, size, wanted);

		ck_assert_ptr_nonnull(grown);
		memory = grown;
		for (size_t i = 0; i < size / 4; i++) {
			if (memory[i] != pattern(i))
				ck_abort_msg("place %zu of %zu bytes", i, size);
		}
		for (size_t i = size / 4; i < wanted / 4; i++)
			memory[i] = pattern(i);
		size = wanted;
	}
	ck_assert_msg(((uintptr_t)memory & ((2u << 20) - 1)) == 0,
		"what is large doesn't begin with a huge page");
	large_free(memory, size);
	large_free(NULL, 0);
}
END_TEST

/* --- durations ------------------------------------------------------------------------------- */

START_TEST(durations_are_read)
{
	static const struct {
		const char *text;
		uint64_t usec; /* 0: it is none */
	} rows[] = { { "500ms", 500000 }, { "90s", 90000000 }, { "10m", 600000000 },
		{ "2h", 7200000000 }, { "1d", 86400000000 }, { "366d", 31622400000000 },
		{ "367d", 0 }, { "0s", 0 }, { "5", 0 }, { "s", 0 }, { "", 0 },
		{ "-1s", 0 }, { " 1s", 0 }, { "1 s", 0 }, { "1.5h", 0 }, { "1hour", 0 },
		{ "18446744073709551616s", 0 }, { "9999999999999999999d", 0 } };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		uint64_t usec = 0;

		ck_assert_msg(
			duration_parse(rows[i].text, &usec) == (rows[i].usec != 0) &&
				usec == rows[i].usec,
			"%s", rows[i].text);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		array_starts_empty,
		array_keeps_what_is_pushed_while_it_grows,
		array_inserts_and_removes_anywhere,
		array_copy_is_one_of_its_own,
		take_ptr_leaves_nothing_behind,
		hash_starts_empty,
		hash_replaces_and_removes,
		hash_grows_and_loses_nothing,
		hash_has_the_room_that_was_reserved,
		hash_removal_closes_the_gap_in_a_run,
		hash_lives_through_years_of_coming_and_going,
		hash_bytes_tells_texts_apart,
		large_keeps_what_is_there_while_it_grows,
		durations_are_read,
	};

	return fixture_run("base", tests, ELEMENTS(tests));
}
