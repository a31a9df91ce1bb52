/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "net/kernel_version.h"

#include <errno.h>

static const struct {
	const char *text;
	unsigned int major, minor, patch;
} versions[] = {
	{ "2.6.26", 2, 6, 26 },
	{ "2.6.32.65", 2, 6, 32 },
	{ "2.6.32-754.el6.x86_64", 2, 6, 32 },
	{ "4.4.0-19041-Microsoft", 4, 4, 0 },
	{ "4.19.325", 4, 19, 255 },
	{ "5.10", 5, 10, 0 },
	{ "5.15.0+", 5, 15, 0 },
	{ "6.1.0-28-amd64", 6, 1, 0 },
	{ "6.12.9+bpo-amd64", 6, 12, 9 },
	{ "6.18.44", 6, 18, 44 },
	{ "6.18.44-fc-v1045", 6, 18, 44 },
	{ "7.2-rc3", 7, 2, 0 },
	{ "7.2.0-rc3-00012-gabcdef", 7, 2, 0 },
	{ "300.256.999999", 255, 255, 255 },
	{ "0006.001", 6, 1, 0 },
};

START_TEST(versions_are_read)
{
	for (size_t i = 0; i < ELEMENTS(versions); i++) {
		uint32_t version = 0;

		ck_assert_msg(kernel_version_parse(versions[i].text, &version) == 0,
			"'%s' is refused", versions[i].text);
		ck_assert_msg(version == kernel_version(versions[i].major,
						 versions[i].minor, versions[i].patch),
			"'%s' is read as %06x", versions[i].text, version);
	}
}
END_TEST

START_TEST(what_is_no_version_is_refused_and_nothing_is_touched)
{
	static const char *const rows[] = { "", ".", "6", "6.", ".1", "6..1", "6.1.",
		"6.1.2.", "6.1.2.3.", "6.1.2.3.4", "0.1", "0.0.0", "v6.1", " 6.1", "6.1 ",
		"6.1-rc 3", "6.1x", "6.x", "-6.1", "+6.1", "6.-1", "6.1rc3", "0x6.1",
		"6,1", "9999999.1", "6.1\n", "6.1-\x01", "linux", "6.1-\xc3\xa9" };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		uint32_t version = 0x123456;

		ck_assert_msg(kernel_version_parse(rows[i], &version) == -EINVAL,
			"'%s' is taken", rows[i]);
		ck_assert_msg(version == 0x123456, "'%s' left something behind", rows[i]);
	}
}
END_TEST

/* Each is older than the next. */
START_TEST(versions_order)
{
	static const char *const rows[] = { "2.4.37", "2.6.26", "2.6.30.10", "2.6.31",
		"2.6.32", "3.0", "3.0.1", "3.15", "4.1", "4.19.325", "5.3", "5.14",
		"6.1.192", "6.12", "6.18.44", "7.1", "7.10" };
	uint32_t before = 0;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		uint32_t version = 0;

		ck_assert_int_eq(kernel_version_parse(rows[i], &version), 0);
		ck_assert_msg(
			version > before, "%s is not behind the one before", rows[i]);
		before = version;
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		versions_are_read,
		what_is_no_version_is_refused_and_nothing_is_touched,
		versions_order,
	};

	return fixture_run("kernel_version", tests, ELEMENTS(tests));
}
