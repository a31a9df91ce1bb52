/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/histogram.h"
#include "fixture_run.h"

START_TEST(small_values_are_exact)
{
	struct histogram histogram = { 0 };

	ck_assert_uint_eq(histogram_percentile(&histogram, 0.5), 0);
	for (uint64_t i = 1; i <= 10; i++)
		histogram_add(&histogram, i, 1);
	ck_assert_uint_eq(histogram.count, 10);
	ck_assert_uint_eq(histogram.largest, 10);
	ck_assert_uint_eq(histogram_percentile(&histogram, 0.5), 5);
	ck_assert_uint_eq(histogram_percentile(&histogram, 0.9), 9);
	ck_assert_uint_eq(histogram_percentile(&histogram, 1), 10);
}
END_TEST

/* A percentile is never below the value, and at most a thirty-second above it. */
START_TEST(large_values_are_near)
{
	for (uint64_t value = 1; value && value < UINT64_C(1) << 33;
		value = value * 5 / 4 + 1) {
		struct histogram histogram = { 0 };
		uint64_t median;

		histogram_add(&histogram, value, 3);
		histogram_add(&histogram, value * 4, 1);
		median = histogram_percentile(&histogram, 0.5);
		ck_assert_msg(median >= value && median <= value + value / 32,
			"the median of %llu is %llu", (unsigned long long)value,
			(unsigned long long)median);
		ck_assert_uint_eq(histogram_percentile(&histogram, 1), value * 4);
	}
}
END_TEST

START_TEST(the_largest_there_is)
{
	struct histogram histogram = { 0 };

	histogram_add(&histogram, UINT64_MAX, 1);
	ck_assert(histogram_percentile(&histogram, 0.99) == UINT64_MAX);
	histogram_add(&histogram, 7, 0);
	ck_assert_uint_eq(histogram.count, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { small_values_are_exact, large_values_are_near,
		the_largest_there_is };

	return fixture_run("histogram", tests, ELEMENTS(tests));
}
