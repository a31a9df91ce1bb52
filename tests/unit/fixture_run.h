/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"

#include <check.h>
#include <stddef.h>

/*
 * As fixture_run(), with what is done before and behind each test, in its process; NULL:
 * nothing.
 */
static inline int fixture_run_between(SFun before, SFun behind, const char *name,
	const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *all = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, before, behind);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(all, tests[i]);
	tcase_set_timeout(all, 120);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

/*
 * Runs the tests of a room, each in a process of its own; what main() returns. A table test
 * stands in it as one test and names the row that failed.
 *
 *	const TTest *const tests[] = { a_name, another };
 *	return fixture_run("fib", tests, ELEMENTS(tests));
 */
static inline int fixture_run(const char *name, const TTest *const *tests, size_t count)
{
	return fixture_run_between(NULL, NULL, name, tests, count);
}
