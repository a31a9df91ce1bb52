/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/histogram.h"

/*
 * Values up to 63 have a bucket each. Above, a bucket is chosen by the highest bit and the five
 * bits behind it.
 */
#define BITS 5
#define EACH (1u << BITS) /* buckets of a power of two */
#define EXACT (2 * EACH)

static size_t bucket_of(uint64_t value)
{
	unsigned int top;
	size_t bucket;

	if (value < EXACT)
		return (size_t)value;
	top = 63 - (unsigned int)__builtin_clzll(value);
	bucket = EXACT + (top - BITS - 1) * EACH + (value >> (top - BITS) & (EACH - 1));
	return bucket;
}

/* The largest value of a bucket. */
static uint64_t bucket_end(size_t bucket)
{
	unsigned int top;

	if (bucket < EXACT)
		return bucket;
	top = BITS + 1 + (unsigned int)(bucket - EXACT) / EACH;
	return ((EACH + (bucket - EXACT) % EACH + 1) << (top - BITS)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times)
{
	histogram->buckets[bucket_of(value)] += times;
	histogram->count += times;
	if (times && value > histogram->largest)
		histogram->largest = value;
}

uint64_t histogram_percentile(const struct histogram *histogram, double part)
{
	uint64_t wanted = (uint64_t)(part * (double)histogram->count), seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (histogram->buckets[i] && seen >= wanted) {
			uint64_t end = bucket_end(i);

			return end < histogram->largest ? end : histogram->largest;
		}
	}
	return histogram->largest;
}
