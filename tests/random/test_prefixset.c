/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_random.h"
#include "net/prefixset.h"
#include "unit/fixture_run.h"

#include <string.h>

/*
 * Words for sets in a space of a few bits at some place of the address space; what lies
 * outside is to be avoided, so that no word may be wider than the space.
 */
struct space {
	uint32_t base;
	unsigned int bits;
};

/* a set of the space, from a mask of its addresses; with `outside`, all else too */
static struct prefixset set_of(const struct space *space, uint64_t mask, bool outside)
{
	struct prefixset set = { 0 };
	uint32_t size = 1u << space->bits, end = space->base + (size - 1);

	if (outside && space->base)
		prefixset_add(&set, 0, space->base - 1);
	for (uint32_t i = 0; i < size; i++) {
		if (mask >> i & 1)
			prefixset_add(&set, space->base + i, space->base + i);
	}
	if (outside && end != UINT32_MAX)
		prefixset_add(&set, end + 1, UINT32_MAX);
	prefixset_close(&set);
	return set;
}

static uint64_t mask_of(const struct space *space, struct prefix4 prefix)
{
	uint64_t mask = 0;

	for (uint32_t i = 0; i < 1u << space->bits; i++)
		mask |= (uint64_t)prefix4_has(prefix, ip4(space->base + i)) << i;
	return mask;
}

/* The words are right, and how many they are. */
static size_t ck_words(const struct space *space, uint64_t in, uint64_t out)
{
	struct prefixset set = set_of(space, in, false), avoid = set_of(space, out, true);
	struct prefix4 words[64], first[8];
	size_t total, some, count = prefixset_cover(&set, &avoid, 64, words, &total);
	size_t limit = count / 2 < 8 ? count / 2 : 8;
	uint64_t covered = 0;

	if (count != total)
		ck_abort_msg("%zu of %zu words", count, total);
	for (size_t i = 0; i < count; i++) {
		uint64_t mask = mask_of(space, words[i]);

		if (words[i].len < 32 - space->bits || !mask || (mask & covered))
			ck_abort_msg("a word is too wide, empty, or overlaps another");
		if (i && words[i].len < words[i - 1].len)
			ck_abort_msg("the largest do not come first");
		covered |= mask;
	}
	if ((covered & in) != in || (covered & out))
		ck_abort_msg("%llx without %llx is worded as %llx",
			(unsigned long long)in, (unsigned long long)out,
			(unsigned long long)covered);
	/* cut short, it is the begin of the same */
	some = prefixset_cover(&set, &avoid, limit, first, &total);
	if (some != limit || total != count ||
		memcmp(first, words, limit * sizeof(*words)) != 0)
		ck_abort_msg("with room for %zu the words are others", limit);
	prefixset_done(&set);
	prefixset_done(&avoid);
	return count;
}

/* Inside of a prefix, and no more than wanted: as many as of what is in there. */
static void ck_few(
	const struct space *space, struct chance *chance, uint64_t in, uint64_t out)
{
	unsigned int len = 32 - space->bits + chance_below(chance, space->bits + 1);
	uint32_t addr = space->base + chance_below(chance, 1u << space->bits);
	struct prefix4 within = prefix4(ip4(addr), len), words[64], few[64];
	uint64_t inside = mask_of(space, within), covered = 0;
	struct prefixset set = set_of(space, in, false), avoid = set_of(space, out, true);
	struct prefixset part = set_of(space, in & inside, false);
	size_t total, limit = chance_below(chance, 65), count;

	(void)prefixset_cover(&part, &avoid, 64, words, &total);
	count = prefixset_cover_within(&set, &avoid, within, limit, few);
	if (count != (total > limit ? limit + 1 : total))
		ck_abort_msg(
			"%zu words where %zu of %zu are wanted", count, limit, total);
	for (size_t i = 0; i < count && count <= limit; i++)
		covered |= mask_of(space, few[i]);
	if (count <= limit && ((covered & in) != (in & inside) || (covered & out) ||
				      (covered & ~inside)))
		ck_abort_msg("%llx is worded as %llx", (unsigned long long)(in & inside),
			(unsigned long long)covered);
	prefixset_done(&set);
	prefixset_done(&avoid);
	prefixset_done(&part);
}

/* Two disjoint sets; what is in neither may be worded or not. */
static void some_sets(struct chance *chance, uint64_t *ret_in, uint64_t *ret_out)
{
	uint64_t a = chance_next(chance), b = chance_next(chance);

	/* the more ones or zeros, the longer the runs */
	if (chance_one_in(chance, 2))
		a &= chance_next(chance);
	if (chance_one_in(chance, 2))
		b &= chance_next(chance) & chance_next(chance);
	if (chance_one_in(chance, 8))
		b = 0;
	*ret_in = a & ~b;
	*ret_out = b;
}

/*
 * How many prefixes a set of addresses takes at least, for all 65,536 sets of a space of four
 * bits: from the empty one, prefix by prefix, in as many rounds as there are words.
 */
static unsigned char least[1 << 16];

static void count_least(const struct space *space)
{
	uint16_t prefixes[31];
	size_t count = 0;

	for (unsigned int len = 28; len <= 32; len++) {
		for (uint32_t i = 0; i < 16; i += 1u << (32 - len))
			prefixes[count++] = (uint16_t)mask_of(
				space, prefix4(ip4(space->base + i), len));
	}
	ck_assert_uint_eq(count, ELEMENTS(prefixes));
	memset(least, 255, sizeof(least));
	least[0] = 0;
	for (unsigned char round = 0; round < 16; round++) {
		for (uint32_t mask = 0; mask < 1 << 16; mask++) {
			for (size_t i = 0; least[mask] == round && i < count; i++) {
				unsigned char *more = &least[mask | prefixes[i]];

				if (*more > round + 1)
					*more = (unsigned char)(round + 1);
			}
		}
	}
}

START_TEST(words_are_as_few_as_can_be)
{
	struct chance chance = chance_new("words, least");
	const struct space space = { 0xfffffff0, 4 };

	count_least(&space);
	for (int i = 0; i < 3000; i++) {
		uint64_t in, out;
		unsigned char fewest = 255;

		some_sets(&chance, &in, &out);
		in &= 0xffff;
		out &= 0xffff;
		for (uint32_t mask = 0; mask < 1 << 16; mask++) {
			if ((mask & in) == in && !(mask & out) && least[mask] < fewest)
				fewest = least[mask];
		}
		if (ck_words(&space, in, out) != fewest)
			ck_abort_msg("%llx without %llx takes %d words, not %zu",
				(unsigned long long)in, (unsigned long long)out, fewest,
				ck_words(&space, in, out));
	}
}
END_TEST

START_TEST(words_cover_exactly)
{
	static const uint32_t bases[] = { 0, 0x0a000040, 0x7fffffc0, 0x80000000,
		0xffffffc0 };
	struct chance chance = chance_new("words, exact");

	for (int i = 0; i < 3000; i++) {
		struct space space = { bases[chance_below(&chance, ELEMENTS(bases))], 6 };
		uint64_t in, out;

		some_sets(&chance, &in, &out);
		ck_words(&space, in, out);
		ck_few(&space, &chance, in, out);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { words_are_as_few_as_can_be, words_cover_exactly };

	return fixture_run("random prefixset", tests, ELEMENTS(tests));
}
