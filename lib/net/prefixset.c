/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/prefixset.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUNS 8 /* more are sorted */

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

/* Where what ascends from `begin` on ends. */
static size_t run_end(const struct range *ranges, size_t begin, size_t count)
{
	size_t end = begin + 1;

	while (end < count && ranges[end - 1].first <= ranges[end].first)
		end++;
	return end < count ? end : count;
}

/* Two runs, up to middle and up to end, become one. False without memory. */
static bool merge(struct range *ranges, size_t middle, size_t end)
{
	_cleanup_(freep) struct range *left = malloc(middle * sizeof(*left));
	size_t a = 0, b = middle, at = 0;

	if (!left)
		return false;
	memcpy(left, ranges, middle * sizeof(*left));
	while (a < middle)
		ranges[at++] = b < end && ranges[b].first < left[a].first ? ranges[b++]
									  : left[a++];
	return true;
}

/* Mostly it is a few sets, each ascending and one behind the other: merged in no time. */
static void ascend(struct range *ranges, size_t count)
{
	size_t sorted = run_end(ranges, 0, count);

	for (int runs = 1; sorted < count; runs++) {
		size_t end = run_end(ranges, sorted, count);

		if (runs == RUNS || !merge(ranges, sorted, end)) {
			qsort(ranges, count, sizeof(*ranges), by_first);
			return;
		}
		sorted = end;
	}
}

void prefixset_close(struct prefixset *set)
{
	struct range *ranges = set->ranges.items;
	size_t count = set->ranges.count, kept = 0;

	ascend(ranges, count);
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

struct prefix4 prefixset_hull(const struct prefixset *set)
{
	uint32_t first = set->ranges.items[0].first,
		 last = set->ranges.items[set->ranges.count - 1].last;

	return prefix4(ip4(first),
		first == last ? 32u : (unsigned int)__builtin_clz(first ^ last));
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
 * From the whole space down: a prefix without anything to avoid is in the cover, one with
 * nothing of the set is not, any other is halved. To write the largest first, one pass
 * counts the prefixes by length, and a second writes as many as asked for, no deeper than
 * these are.
 */
struct cursor {
	const struct prefixset *set;
	size_t at; /* ranges before it are behind us: a pass goes from the first address to the last */
};

struct cover {
	struct cursor set, avoid;
	unsigned int deepest; /* length that is of interest */
	size_t count, most;   /* no more than most + 1 are counted */
	struct prefix4 *list;
	size_t of_length[33]; /* how many there are of each length */
	size_t left[33];      /* how many of them may still be written */
	size_t start[33];     /* where they are written */
};

/* As prefixset_meets(); `first` never decreases from call to call. */
static bool goes_by(struct cursor *cursor, uint32_t first, uint32_t last)
{
	const struct range *ranges = cursor->set->ranges.items;
	size_t count = cursor->set->ranges.count;

	while (cursor->at < count && ranges[cursor->at].last < first)
		cursor->at++;
	return cursor->at < count && ranges[cursor->at].first <= last;
}

static void descend(struct cover *cover, struct prefix4 prefix,
	void (*found)(struct cover *, struct prefix4))
{
	uint32_t first = prefix4_first(prefix), last = prefix4_last(prefix);

	if (cover->count > cover->most || !goes_by(&cover->set, first, last))
		return;
	if (prefix.len == 32 || !goes_by(&cover->avoid, first, last)) {
		found(cover, prefix);
		return;
	}
	if (prefix.len >= cover->deepest)
		return;
	descend(cover, prefix4(prefix.addr, prefix.len + 1u), found);
	descend(cover, prefix4(ip4(first | 1u << (31 - prefix.len)), prefix.len + 1u),
		found);
}

static void count_prefix(struct cover *cover, struct prefix4 prefix)
{
	cover->of_length[prefix.len]++;
	cover->count++;
}

static void write_prefix(struct cover *cover, struct prefix4 prefix)
{
	if (!cover->left[prefix.len])
		return;
	cover->left[prefix.len]--;
	cover->list[cover->start[prefix.len]++] = prefix;
}

/* Behind the counting: writes the first of them, at most limit. Returns how many. */
static size_t write_cover(struct cover *cover, struct prefix4 within, size_t limit)
{
	size_t written = 0;

	cover->deepest = 0;
	for (unsigned int len = 0; len <= 32; len++) {
		size_t room = limit - written;

		cover->start[len] = written;
		cover->left[len] =
			cover->of_length[len] < room ? cover->of_length[len] : room;
		written += cover->left[len];
		if (cover->left[len])
			cover->deepest = len;
	}
	cover->set.at = cover->avoid.at = 0;
	descend(cover, within, write_prefix);
	return written;
}

static struct cover cover_new(const struct prefixset *set, const struct prefixset *avoid,
	size_t most, struct prefix4 *list)
{
	return (struct cover){ .set = { set, 0 },
		.avoid = { avoid, 0 },
		.deepest = 32,
		.most = most,
		.list = list };
}

size_t prefixset_cover(const struct prefixset *set, const struct prefixset *avoid,
	size_t limit, struct prefix4 *list, size_t *ret_count)
{
	const struct prefix4 all = prefix4(ip4(0), 0);
	struct cover cover = cover_new(set, avoid, SIZE_MAX, list);

	descend(&cover, all, count_prefix);
	*ret_count = cover.count;
	return write_cover(&cover, all, limit);
}

size_t prefixset_cover_within(const struct prefixset *set, const struct prefixset *avoid,
	struct prefix4 within, size_t limit, struct prefix4 *list)
{
	struct cover cover = cover_new(set, avoid, limit, list);

	descend(&cover, within, count_prefix);
	return cover.count > limit ? limit + 1 : write_cover(&cover, within, limit);
}
