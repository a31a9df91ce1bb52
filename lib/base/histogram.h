/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * How often which value was seen, in buckets of a thirty-second of a power of two: a percentile
 * is at most a thirty-second too high. Zeroed memory is an empty one.
 */
#define HISTOGRAM_BUCKETS 1920

struct histogram {
	uint64_t count, largest;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* times: how many of that value at once. */
void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times);

/* The value that `part` (0..1) of all are at most: the upper end of its bucket, and never more
 * than the largest. 0 of an empty one. */
uint64_t histogram_percentile(const struct histogram *histogram, double part);
