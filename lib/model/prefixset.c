/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/prefixset.h"

#include <errno.h>
#include <stdlib.h>

int prefixset_add(struct prefixset *set, uint32_t first, uint32_t last)
{
	const struct range range = { first, last };
	struct range *before =
		set->ranges.count ? &set->ranges.items[set->ranges.count - 1] : NULL;

	/* most come in order, each right behind the one before */
	if (before && first && before->last == first - 1) {
		before->last = last;
		return 0;
	}
	return array_push(&set->ranges, &range);
}

int prefixset_add_prefix(struct prefixset *set, struct prefix4 prefix)
{
	return prefixset_add(set, prefix4_first(prefix), prefix4_last(prefix));
}

static int by_first(const void *a, const void *b)
{
	uint32_t left = ((const struct range *)a)->first;
	uint32_t right = ((const struct range *)b)->first;

	return (left > right) - (left < right);
}

void prefixset_close(struct prefixset *set)
{
	struct range *ranges = set->ranges.items;
	size_t count = set->ranges.count, kept = 0;
	bool ascending = true;

	for (size_t i = 1; i < count; i++)
		ascending &= ranges[i - 1].first <= ranges[i].first;
	if (!ascending)
		qsort(ranges, count, sizeof(*ranges), by_first);
	for (size_t i = 0; i < count; i++) {
		if (kept && (ranges[kept - 1].last == UINT32_MAX ||
				    ranges[i].first <= ranges[kept - 1].last + 1)) {
			if (ranges[i].last > ranges[kept - 1].last)
				ranges[kept - 1].last = ranges[i].last;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	set->ranges.count = kept;
}

void prefixset_done(struct prefixset *set)
{
	array_done(&set->ranges);
}

uint64_t prefixset_size(const struct prefixset *set)
{
	uint64_t size = 0;

	array_each (&set->ranges, const struct range, range)
		size += (uint64_t)range->last - range->first + 1;
	return size;
}

bool prefixset_meets(const struct prefixset *set, uint32_t first, uint32_t last)
{
	size_t low = 0, high = set->ranges.count;

	/* the first range that ends at or behind `first` */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->ranges.items[middle].last < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->ranges.count && set->ranges.items[low].first <= last;
}

bool prefixset_has(const struct prefixset *set, struct ip4 addr)
{
	return prefixset_meets(set, addr.host, addr.host);
}

int prefixset_subtract(
	const struct prefixset *a, const struct prefixset *b, struct prefixset *ret)
{
	size_t at = 0;

	array_each (&a->ranges, const struct range, range) {
		uint64_t position = range->first;

		while (at < b->ranges.count && b->ranges.items[at].last < range->first)
			at++;
		for (size_t i = at; i < b->ranges.count; i++) {
			const struct range *hole = &b->ranges.items[i];

			if (hole->first > range->last)
				break;
			if (hole->first > position &&
				prefixset_add(ret, (uint32_t)position, hole->first - 1) <
					0)
				return -ENOMEM;
			position = (uint64_t)hole->last + 1;
		}
		if (position <= range->last &&
			prefixset_add(ret, (uint32_t)position, range->last) < 0)
			return -ENOMEM;
	}
	return 0;
}

int prefixset_invert(const struct prefixset *a, struct prefixset *ret)
{
	struct range all = { 0, UINT32_MAX };
	struct prefixset everything = { .ranges = { .items = &all, .count = 1 } };

	return prefixset_subtract(&everything, a, ret);
}

/*
 * From the whole space down: a prefix without anything to avoid is a word, one with nothing
 * of the set is none, any other falls into its halves. Level by level, so that the largest
 * come first, would need memory for a level; instead one pass for each length that occurs.
 */
struct words {
	const struct prefixset *set, *avoid;
	struct prefix4 *list;
	size_t limit;
	size_t of_length[33]; /* how many there are of each length */
	size_t left[33];      /* how many of them may still be written */
	size_t start[33];     /* where they are written */
};

static void descend(struct words *words, struct prefix4 prefix,
	void (*found)(struct words *, struct prefix4))
{
	uint32_t first = prefix4_first(prefix), last = prefix4_last(prefix);

	if (!prefixset_meets(words->set, first, last))
		return;
	if (prefix.len == 32 || !prefixset_meets(words->avoid, first, last)) {
		found(words, prefix);
		return;
	}
	descend(words, prefix4(prefix.addr, prefix.len + 1u), found);
	descend(words, prefix4(ip4(first | 1u << (31 - prefix.len)), prefix.len + 1u),
		found);
}

static void count_word(struct words *words, struct prefix4 prefix)
{
	words->of_length[prefix.len]++;
}

static void write_word(struct words *words, struct prefix4 prefix)
{
	if (!words->left[prefix.len])
		return;
	words->left[prefix.len]--;
	words->list[words->start[prefix.len]++] = prefix;
}

size_t prefixset_words(const struct prefixset *set, const struct prefixset *avoid,
	size_t limit, struct prefix4 *list, size_t *ret_count)
{
	struct words words = { .set = set, .avoid = avoid, .list = list, .limit = limit };
	size_t written = 0, total = 0;

	descend(&words, prefix4(ip4(0), 0), count_word);
	for (size_t len = 0; len <= 32; len++) {
		size_t room = limit - written;

		total += words.of_length[len];
		words.start[len] = written;
		words.left[len] =
			words.of_length[len] < room ? words.of_length[len] : room;
		written += words.left[len];
	}
	descend(&words, prefix4(ip4(0), 0), write_word);
	*ret_count = total;
	return written;
}
