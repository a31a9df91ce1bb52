/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/siphash.h"
#include "fixture_run.h"
#include "net/ip4map.h"

#include <stdio.h>

static const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

/* The vector of the paper's appendix A, and two of the reference's table. */
START_TEST(siphash_is_that_of_the_paper)
{
	unsigned char bytes[15];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	ck_assert_uint_eq(siphash(&key, bytes, 15), 0xa129ca6149be45e5);
	ck_assert_uint_eq(siphash(&key, bytes, 0), 0x726fdb47dd0e0e31);
	ck_assert_uint_eq(siphash(&key, bytes, 8), 0x93f5f5799a932462);
}
END_TEST

static struct ip4 addr_of(const char *text)
{
	struct ip4 addr;

	ck_assert_int_eq(ip4_parse(text, &addr), 0);
	return addr;
}

static unsigned int common(uint32_t a, uint32_t b)
{
	return a == b ? 32 : (unsigned int)__builtin_clz(a ^ b);
}

static uint32_t random_bits(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15;
	return (uint32_t)(hash_mix(*state) >> 16);
}

START_TEST(as_many_bits_are_in_common_as_before)
{
	uint64_t state = 1;

	for (unsigned int round = 0; round < 20; round++) {
		const struct siphash_key random = { round, 7 };
		struct ip4map map;

		ip4map_init(&map, &random);
		for (unsigned int i = 0; i < 5000; i++) {
			uint32_t a = random_bits(&state);
			uint32_t b = a ^ (random_bits(&state) >> (i % 32));
			struct ip4 x = ip4map_addr(&map, ip4(a));
			struct ip4 y = ip4map_addr(&map, ip4(b));

			ck_assert_uint_eq(common(a, b), common(x.host, y.host));
			/* whatever was asked before */
			ck_assert_uint_eq(ip4map_addr(&map, ip4(a)).host, x.host);
		}
		ip4map_done(&map);
	}
}
END_TEST

START_TEST(what_has_rules_of_its_own_stays)
{
	static const char *const same[] = { "0.0.0.0", "0.1.2.3", "0.255.255.255",
		"127.0.0.1", "127.255.255.254", "224.0.0.1", "224.0.0.255", "240.0.0.1",
		"255.255.255.255" };
	uint64_t state = 3;

	for (unsigned int round = 0; round < 20; round++) {
		const struct siphash_key random = { round, 8 };
		struct ip4map map;

		ip4map_init(&map, &random);
		for (size_t i = 0; i < ELEMENTS(same); i++)
			ck_assert_uint_eq(ip4map_addr(&map, addr_of(same[i])).host,
				addr_of(same[i]).host);
		for (unsigned int i = 0; i < 5000; i++) {
			struct ip4 a = ip4(random_bits(&state));
			struct ip4 x = ip4map_addr(&map, a);

			ck_assert_int_eq(ip4_is_multicast(a), ip4_is_multicast(x));
			ck_assert_int_eq(ip4_is_loopback(a), ip4_is_loopback(x));
			ck_assert_int_eq(a.host >> 24 == 0, x.host >> 24 == 0);
			ck_assert_int_eq(a.host >> 28 == 15, x.host >> 28 == 15);
			ck_assert_int_eq(
				a.host >> 8 == 0xe00000, x.host >> 8 == 0xe00000);
		}
		ip4map_done(&map);
	}
}
END_TEST

START_TEST(the_ends_of_a_network_are_ends)
{
	static const struct prefix4 nets[] = { { { 0x0a000000 }, 24 },
		{ { 0x0a000010 }, 28 }, { { 0xc0a80004 }, 30 }, { { 0xac100000 }, 12 },
		{ { 0x0a000000 }, 8 } };

	for (unsigned int round = 0; round < 50; round++) {
		const struct siphash_key random = { round, 9 };
		struct ip4map map;

		ip4map_init(&map, &random);
		for (size_t i = 0; i < ELEMENTS(nets); i++)
			ck_assert_int_eq(ip4map_keep_ends(&map, nets[i]), 0);
		for (size_t i = 0; i < ELEMENTS(nets); i++) {
			struct prefix4 net = ip4map_prefix(&map, nets[i]);

			ck_assert_uint_eq(
				ip4map_addr(&map, ip4(prefix4_first(nets[i]))).host,
				prefix4_first(net));
			ck_assert_uint_eq(
				ip4map_addr(&map, ip4(prefix4_last(nets[i]))).host,
				prefix4_last(net));
		}
		ip4map_done(&map);
	}
}
END_TEST

START_TEST(another_key_makes_others)
{
	const struct siphash_key one = { 1, 2 }, other = { 1, 3 };
	struct ip4map a, b;
	unsigned int differ = 0;

	ip4map_init(&a, &one);
	ip4map_init(&b, &other);
	for (uint32_t i = 0; i < 1000; i++)
		differ += ip4map_addr(&a, ip4(0x0a000000 + i * 7919)).host !=
			  ip4map_addr(&b, ip4(0x0a000000 + i * 7919)).host;
	ck_assert_uint_gt(differ, 990);
	ip4map_done(&a);
	ip4map_done(&b);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		siphash_is_that_of_the_paper,
		as_many_bits_are_in_common_as_before,
		what_has_rules_of_its_own_stays,
		the_ends_of_a_network_are_ends,
		another_key_makes_others,
	};

	return fixture_run("ip4map", tests, ELEMENTS(tests));
}
