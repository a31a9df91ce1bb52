/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"
#include "net/prefixset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Exhaustive over a space of 8 addresses against a bitmap: bit i is address i. The space lies
 * at the end of the address space, where sums overflow, or at its begin, where differences do.
 */
#define SPACE 8
static const uint32_t bases[] = { 0, 0x0a000000, UINT32_MAX - SPACE + 1 };

static struct prefixset set_of(unsigned int bits, uint32_t base, bool backwards)
{
	struct prefixset set = { 0 };

	for (uint32_t k = 0; k < SPACE; k++) {
		uint32_t i = backwards ? SPACE - 1 - k : k;

		if (bits >> i & 1 && prefixset_add(&set, base + i, base + i) < 0)
			abort();
	}
	prefixset_close(&set);
	return set;
}

static unsigned int bits_of(const struct prefixset *set, uint32_t base)
{
	unsigned int bits = 0;

	for (uint32_t i = 0; i < SPACE; i++)
		bits |= (unsigned int)prefixset_has(set, ip4(base + i)) << i;
	return bits;
}

/* ascending, none touching another */
static bool is_tidy(const struct prefixset *set)
{
	for (size_t i = 0; i < set->ranges.count; i++) {
		const struct range *range = &set->ranges.items[i];

		if (range->first > range->last)
			return false;
		if (i && (uint64_t)range[-1].last + 1 >= range->first)
			return false;
	}
	return true;
}

START_TEST(each_set_holds_what_was_added)
{
	for (size_t b = 0; b < ELEMENTS(bases); b++) {
		for (unsigned int bits = 0; bits < 1 << SPACE; bits++) {
			struct prefixset forth = set_of(bits, bases[b], false);
			struct prefixset back = set_of(bits, bases[b], true);

			if (bits_of(&forth, bases[b]) != bits ||
				bits_of(&back, bases[b]) != bits)
				ck_abort_msg("%02x becomes %02x and %02x", bits,
					bits_of(&forth, bases[b]),
					bits_of(&back, bases[b]));
			if (!is_tidy(&forth) || !is_tidy(&back))
				ck_abort_msg("%02x has ranges that touch", bits);
			if (prefixset_size(&forth) !=
				(unsigned int)__builtin_popcount(bits))
				ck_abort_msg("the size of %02x is wrong", bits);
			prefixset_done(&forth);
			prefixset_done(&back);
		}
	}
}
END_TEST

/* all pairs of ranges, overlapping or not, in both orders */
START_TEST(ranges_join)
{
	uint32_t base = bases[2];

	for (uint32_t code = 0; code < SPACE * SPACE * SPACE * SPACE; code++) {
		uint32_t a = code % 8, b = code / 8 % 8, c = code / 64 % 8,
			 d = code / 512;
		unsigned int expected;
		struct prefixset set = { 0 };

		if (a > b || c > d)
			continue;
		expected = ((2u << b) - (1u << a)) | ((2u << d) - (1u << c));
		prefixset_add(&set, base + a, base + b);
		prefixset_add(&set, base + c, base + d);
		prefixset_close(&set);
		if (bits_of(&set, base) != expected || !is_tidy(&set))
			ck_abort_msg("%u-%u and %u-%u make %02x", a, b, c, d,
				bits_of(&set, base));
		prefixset_done(&set);
	}
}
END_TEST

START_TEST(meeting)
{
	uint32_t base = bases[1];

	for (unsigned int bits = 0; bits < 1 << SPACE; bits++) {
		struct prefixset set = set_of(bits, base, false);

		for (uint32_t first = 0; first < SPACE; first++) {
			for (uint32_t last = first; last < SPACE; last++) {
				unsigned int asked = (2u << last) - (1u << first);

				if (prefixset_meets(&set, base + first, base + last) !=
					((bits & asked) != 0))
					ck_abort_msg("%02x and %u-%u", bits, first, last);
			}
		}
		prefixset_done(&set);
	}
}
END_TEST

START_TEST(every_difference)
{
	for (size_t k = 0; k < ELEMENTS(bases); k++) {
		for (unsigned int code = 0; code < 1 << (2 * SPACE); code++) {
			unsigned int a_bits = code & 0xff, b_bits = code >> SPACE;
			struct prefixset a, b, left = { 0 };

			if (k && code % 7) /* the whole once, then a part */
				continue;
			a = set_of(a_bits, bases[k], false);
			b = set_of(b_bits, bases[k], false);
			if (prefixset_subtract(&a, &b, &left) < 0 ||
				bits_of(&left, bases[k]) != (a_bits & ~b_bits) ||
				!is_tidy(&left))
				ck_abort_msg("%02x without %02x is %02x", a_bits, b_bits,
					bits_of(&left, bases[k]));
			prefixset_done(&a);
			prefixset_done(&b);
			prefixset_done(&left);
		}
	}
}
END_TEST

START_TEST(every_inversion)
{
	for (size_t k = 0; k < ELEMENTS(bases); k++) {
		for (unsigned int bits = 0; bits < 1 << SPACE; bits++) {
			struct prefixset set = set_of(bits, bases[k], false), not = { 0 };

			ck_assert_int_eq(prefixset_invert(&set, &not ), 0);
			if (bits_of(&not, bases[k]) != (~bits & 0xff) ||
				!is_tidy(&not ) ||
				prefixset_size(&set) + prefixset_size(&not ) !=
					UINT64_C(1) << 32)
				ck_abort_msg("not %02x is %02x", bits,
					bits_of(&not, bases[k]));
			prefixset_done(&set);
			prefixset_done(&not );
		}
	}
}
END_TEST

/* "128.0.0.0/1 64.0.0.0/2 …", and " +N" for those that found no room. */
static const char *words_of(const struct prefixset *set, const struct prefixset *avoid,
	size_t limit, char *out, size_t size)
{
	struct prefix4 list[40];
	size_t total, count = prefixset_cover(set, avoid, limit, list, &total),
		      length = 0;
	char text[PREFIX4_TEXT];

	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%s",
			i ? " " : "", prefix4_format(list[i], text));
	if (total > count)
		snprintf(out + length, size - length, " +%zu", total - count);
	return out;
}

START_TEST(words_cover_what_is_meant)
{
	static const struct {
		const char *what;
		const char *set[4], *avoid[4];
		size_t limit;
		const char *expected;
	} rows[] = {
		{ "nothing", { NULL }, { NULL }, 16, "" },
		{ "all", { "default" }, { NULL }, 16, "0.0.0.0/0" },
		{ "all but what nobody minds", { "0.0.0.0/1" }, { NULL }, 16,
			"0.0.0.0/0" },
		{ "one address, nothing else may be said", { "10.0.0.1/32" },
			{ "10.0.0.0/32", "10.0.0.2/31" }, 16, "10.0.0.1/32" },
		{ "the largest first", { "10.0.0.0/24", "20.0.0.0/8" },
			{ "11.0.0.0/8", "21.0.0.0/8", "10.0.1.0/24" }, 16,
			"20.0.0.0/8 10.0.0.0/24" },
		{ "as many as there is room for", { "10.0.0.0/24", "20.0.0.0/8" },
			{ "11.0.0.0/8", "21.0.0.0/8", "10.0.1.0/24" }, 1,
			"20.0.0.0/8 +1" },
		{ "no room", { "20.0.0.0/8" }, { NULL }, 0, " +1" },
		{ "around a hole", { "0.0.0.0/1", "192.0.0.0/2" }, { "128.0.0.0/2" }, 16,
			"0.0.0.0/1 192.0.0.0/2" },
		{ "both ends of the space", { "0.0.0.0/32", "255.255.255.255/32" },
			{ "0.0.0.1/32", "255.255.255.254/32" }, 16,
			"0.0.0.0/32 255.255.255.255/32" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct prefixset set = { 0 }, avoid = { 0 };
		char text[256];

		for (size_t k = 0; k < 4 && rows[i].set[k]; k++)
			prefixset_add_prefix(&set, model_prefix(rows[i].set[k]));
		for (size_t k = 0; k < 4 && rows[i].avoid[k]; k++)
			prefixset_add_prefix(&avoid, model_prefix(rows[i].avoid[k]));
		prefixset_close(&set);
		prefixset_close(&avoid);
		words_of(&set, &avoid, rows[i].limit, text, sizeof(text));
		ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s: '%s', not '%s'",
			rows[i].what, text, rows[i].expected);
		prefixset_done(&set);
		prefixset_done(&avoid);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_set_holds_what_was_added,
		ranges_join,
		meeting,
		every_difference,
		every_inversion,
		words_cover_what_is_meant,
	};

	return fixture_run("prefixset", tests, ELEMENTS(tests));
}
