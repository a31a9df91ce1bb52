/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit among what else befalls the daemon. */
#include "daemon/daemon.h"
#include "fixture_netns.h"
#include "kernel/snapshot.h"
#include "unit/fixture_run.h"

#include <errno.h>
#include <time.h>

#define REGULAR_SEC 300

static struct daemon host;

static void setup(void)
{
	ck_assert(fixture_enter());
	host = (struct daemon){ .synced = true, .state = state_new() };
	ck_assert_int_ge(sd_event_new(&host.event), 0);
	ck_assert_int_ge(nl_request_new(&host.request), 0);
	ck_assert_int_ge(nl_reader_new(-1, 1 << 20, &host.reader), 0);
	ck_assert_int_ge(snapshot_read(host.request, NULL, host.state), 0);
	ck_assert_int_ge(
		sd_event_add_io(host.event, &host.netlink, nl_reader_fd(host.reader),
			EPOLLIN, follow_netlink, &host),
		0);
	ck_assert_int_ge(sd_event_add_time(host.event, &host.resync, CLOCK_MONOTONIC,
				 UINT64_MAX, 1000, follow_resync, &host),
		0);
	ck_assert_int_ge(sd_event_add_time(host.event, &host.audit, CLOCK_MONOTONIC,
				 UINT64_MAX, 1000, audit_due, &host),
		0);
	/* its time has come: the source is off before its handler is called */
	ck_assert_int_ge(sd_event_source_set_enabled(host.audit, SD_EVENT_OFF), 0);
}

static void teardown(void)
{
	daemon_done(&host);
}

/* Seconds until the next one is due; it must be. */
static uint64_t due_in(void)
{
	struct timespec now;
	uint64_t at;

	ck_assert_int_eq(sd_event_source_get_enabled(host.audit, NULL), 1);
	ck_assert_int_ge(sd_event_source_get_time(host.audit, &at), 0);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return at / 1000000 - (uint64_t)now.tv_sec;
}

/* All is read again, so that one is over. It was the only one that ever came. */
START_TEST(an_overrun_is_not_the_end_of_audits)
{
	ck_assert_int_eq(audit_due(host.audit, 0, &host), 0);
	ck_assert_ptr_nonnull(host.auditing);
	ck_assert_int_ge(follow_failed(&host, -ENOBUFS), 0);
	ck_assert_ptr_null(host.auditing);
	ck_assert_uint_ge(due_in(), REGULAR_SEC - 2);
	ck_assert_uint_le(due_in(), REGULAR_SEC + 1);
}
END_TEST

/* One that was asked for stays, and comes soon. */
START_TEST(what_was_asked_for_comes_after_an_overrun)
{
	audit_want_soon(&host);
	ck_assert_int_ge(follow_failed(&host, -ENOBUFS), 0);
	ck_assert_uint_le(due_in(), 3);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		an_overrun_is_not_the_end_of_audits,
		what_was_asked_for_comes_after_an_overrun,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "audit", tests, ELEMENTS(tests));
}
