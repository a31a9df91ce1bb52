/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dumps of more than the few datagrams that are fetched in turns: the rest is fetched ahead. */
#include "fixture_netns.h"
#include "kernel/nl_request.h"
#include "unit/fixture_run.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 20000 /* 20.0.0.0/24 and those that follow */

static struct {
	bool found[MANY];
	size_t count, records, fail_at;
} seen;

static void setup(void)
{
	ck_assert(fixture_enter());
}

static int keep(const struct record *record, void *userdata)
{
	uint32_t host = record->route.dst.addr.host, i = host >> 8 & 0xffff;

	(void)userdata;
	if (++seen.records == seen.fail_at)
		return -ENOMEM;
	if (record->kind != RECORD_ROUTE || host >> 24 != 20)
		return 0;
	ck_assert_uint_lt(i, MANY);
	ck_assert(!seen.found[i]);
	seen.found[i] = true;
	seen.count++;
	return 0;
}

static void forget(size_t fail_at)
{
	memset(&seen, 0, sizeof(seen));
	seen.fail_at = fail_at;
}

static void add_many(void)
{
	char path[] = "/tmp/rpfilterd-many.XXXXXX";
	FILE *batch = fdopen(mkstemp(path), "w");

	ck_assert_ptr_nonnull(batch);
	fixture_ip("link add v0 type veth peer name v1");
	fixture_ip("link set v0 up");
	fixture_ip("link set v1 up");
	for (unsigned int i = 0; i < MANY; i++)
		fprintf(batch, "route add 20.%u.%u.0/24 dev v0\n", i >> 8, i & 255);
	ck_assert_int_eq(fclose(batch), 0);
	fixture_ip("-batch %s", path);
	(void)unlink(path);
}

START_TEST(each_route_comes_once)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;

	add_many();
	ck_assert_int_eq(nl_request_new(&request), 0);
	for (int round = 0; round < 3; round++) {
		forget(0);
		ck_assert_int_eq(nl_request_dump(request, NL_DUMP_ROUTES, keep, NULL), 0);
		ck_assert_uint_eq(seen.count, MANY);
		/* an error in the midst of it, and the next question is answered all the same */
		forget(MANY / 2);
		ck_assert_int_eq(
			nl_request_dump(request, NL_DUMP_ROUTES, keep, NULL), -ENOMEM);
		ck_assert_uint_eq(seen.records, MANY / 2);
	}
}
END_TEST

START_TEST(in_steps)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	struct pollfd more = { .events = POLLIN };
	int r;

	add_many();
	ck_assert_int_eq(nl_request_new(&request), 0);
	for (int round = 0; round < 2; round++) {
		forget(0);
		ck_assert_int_eq(nl_request_begin(request, NL_DUMP_ROUTES), 0);
		do {
			size_t before = seen.records;

			more.fd = nl_request_fd(request);
			ck_assert_int_eq(poll(&more, 1, 5000), 1);
			r = nl_request_step(request, keep, NULL);
			ck_assert_uint_le(seen.records, before + 64);
		} while (r > 0);
		ck_assert_int_eq(r, 0);
		ck_assert_uint_eq(seen.count, MANY);
	}
	/* given up in the midst of it, or before something came */
	forget(0);
	ck_assert_int_eq(nl_request_begin(request, NL_DUMP_ROUTES), 0);
	ck_assert_int_ge(nl_request_step(request, keep, NULL), 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_route_comes_once,
		in_steps,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, NULL, "long_dump", tests, ELEMENTS(tests));
}
