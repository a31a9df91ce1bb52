/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "net/ip4.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	uint32_t addr;
	unsigned int len;
	const char *again; /* how it is written; NULL: as it was read */
} prefixes[] = {
	{ "0.0.0.0/0", 0, 0, NULL },
	{ "0.0.0.0", 0, 32, "0.0.0.0/32" },
	{ "128.0.0.0/1", 0x80000000, 1, NULL },
	{ "10.0.0.0/8", 0x0a000000, 8, NULL },
	{ "192.0.2.0/24", 0xc0000200, 24, NULL },
	{ "192.0.2.1", 0xc0000201, 32, "192.0.2.1/32" },
	{ "192.0.2.254/31", 0xc00002fe, 31, NULL },
	{ "255.255.255.255/32", 0xffffffff, 32, NULL },
	{ "1.2.3.4/30", 0x01020304, 30, NULL },
};

START_TEST(prefixes_are_read_and_written)
{
	for (size_t i = 0; i < ELEMENTS(prefixes); i++) {
		const char *text = prefixes[i].text;
		const char *again = prefixes[i].again ? prefixes[i].again : text;
		char out[PREFIX4_TEXT];
		struct prefix4 prefix;

		ck_assert_msg(prefix4_parse(text, &prefix) == 0, "'%s' is refused", text);
		ck_assert_msg(prefix.addr.host == prefixes[i].addr &&
				      prefix.len == prefixes[i].len,
			"'%s' is read as %08x/%u", text, prefix.addr.host, prefix.len);
		ck_assert_str_eq(prefix4_format(prefix, out), again);
	}
}
END_TEST

START_TEST(what_is_no_prefix_is_refused_and_nothing_is_touched)
{
	static const char *const rows[] = { "", "/", "/8", "1.2.3", "1.2.3.4.5",
		"1.2.3.256", "1.2.3.-4", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/",
		"1.2.3.4/33", "0.0.0.0/33", "255.255.255.255/33", "1.2.3.4/032",
		"1.2.3.4/08", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/ 8", "1.2.3.4/8 ",
		"1.2.3.4/8/8", "1.2.3.4/0x8", "1.2.3.4/100", "1.2.3.4/24", "10.0.0.1/31",
		"0.0.0.1/0", "a.b.c.d", "::1", "1.2.3.4x", "0x1.2.3.4", "10/8",
		"255.255.255.255/0", "1111.2222.3333.4444/5555",
		"192.168.100.200.300.400" };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct prefix4 prefix = { { 0x12345678 }, 9 };

		ck_assert_msg(prefix4_parse(rows[i], &prefix) == -EINVAL, "'%s' is taken",
			rows[i]);
		ck_assert_msg(prefix.addr.host == 0x12345678 && prefix.len == 9,
			"'%s' left something behind", rows[i]);
	}
}
END_TEST

START_TEST(an_address_has_no_length)
{
	struct ip4 addr = { 7 };

	ck_assert_int_eq(ip4_parse("192.0.2.1/32", &addr), -EINVAL);
	ck_assert_uint_eq(addr.host, 7);
	ck_assert_int_eq(ip4_parse("192.0.2.1", &addr), 0);
	ck_assert_uint_eq(addr.host, 0xc0000201);
}
END_TEST

START_TEST(texts_fit_their_room)
{
	char addr[IP4_TEXT], prefix[PREFIX4_TEXT];

	ck_assert_uint_eq(strlen(ip4_format(ip4(UINT32_MAX), addr)), IP4_TEXT - 1);
	ck_assert_uint_eq(strlen(prefix4_format(prefix4(ip4(UINT32_MAX), 32), prefix)),
		PREFIX4_TEXT - 1);
}
END_TEST

START_TEST(a_prefix_drops_the_bits_behind_its_length)
{
	for (unsigned int len = 0; len <= 32; len++) {
		struct prefix4 prefix = prefix4(ip4(0xffffffff), len);

		ck_assert_uint_eq(prefix.addr.host, ip4_mask(len));
		ck_assert_uint_eq(prefix4_size(prefix), UINT64_C(1) << (32 - len));
		ck_assert_uint_eq(
			(uint64_t)prefix4_last(prefix) - prefix4_first(prefix) + 1,
			prefix4_size(prefix));
	}
	ck_assert_uint_eq(ip4_mask(0), 0);
	ck_assert_uint_eq(ip4_mask(1), 0x80000000);
	ck_assert_uint_eq(ip4_mask(32), 0xffffffff);
}
END_TEST

START_TEST(a_prefix_has_its_addresses)
{
	static const struct {
		const char *prefix, *addr;
		bool has;
	} rows[] = {
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.0/8", "9.255.255.255", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct prefix4 prefix;
		struct ip4 addr;

		ck_assert_int_eq(prefix4_parse(rows[i].prefix, &prefix), 0);
		ck_assert_int_eq(ip4_parse(rows[i].addr, &addr), 0);
		ck_assert_msg(prefix4_has(prefix, addr) == rows[i].has, "%s %s in %s",
			rows[i].addr, rows[i].has ? "is" : "is not", rows[i].prefix);
	}
}
END_TEST

START_TEST(kinds_of_addresses)
{
	static const struct {
		uint32_t addr;
		bool multicast, loopback, lbcast;
	} rows[] = {
		{ 0x00000000, false, false, false },
		{ 0x7effffff, false, false, false },
		{ 0x7f000000, false, true, false },
		{ 0x7fffffff, false, true, false },
		{ 0x80000000, false, false, false },
		{ 0xdfffffff, false, false, false },
		{ 0xe0000000, true, false, false },
		{ 0xefffffff, true, false, false },
		{ 0xf0000000, false, false, false },
		{ 0xfffffffe, false, false, false },
		{ 0xffffffff, false, false, true },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct ip4 addr = ip4(rows[i].addr);

		ck_assert_msg(ip4_is_multicast(addr) == rows[i].multicast &&
				      ip4_is_loopback(addr) == rows[i].loopback &&
				      ip4_is_lbcast(addr) == rows[i].lbcast,
			"%08x is taken for another kind", rows[i].addr);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		prefixes_are_read_and_written,
		what_is_no_prefix_is_refused_and_nothing_is_touched,
		an_address_has_no_length,
		texts_fit_their_room,
		a_prefix_drops_the_bits_behind_its_length,
		a_prefix_has_its_addresses,
		kinds_of_addresses,
	};

	return fixture_run("ip4", tests, ELEMENTS(tests));
}
