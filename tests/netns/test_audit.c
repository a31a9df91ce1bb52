/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit among what else befalls the daemon. */
#include "base/time.h"
#include "daemon/sync/audit.h"
#include "fixture_follow.h"
#include "fixture_netns.h"
#include "kernel/clock.h"
#include "state/state_apply.h"
#include "unit/fixture_run.h"

#include <errno.h>

#define REGULAR_SEC 300

static sd_event *event;
static struct sync host;

static void setup(void)
{
	fixture_follow(&event, &host, 55 * USEC_PER_SEC);
	ck_assert_int_ge(audit_start(&host, event), 0);
}

static void teardown(void)
{
	fixture_unfollow(event, &host);
}

static void begin_audit(void)
{
	sync_want_audit(&host, 0);
	for (int i = 0; i < 100 && !host.reading.request; i++)
		ck_assert_int_ge(sd_event_run(event, USEC_PER_SEC), 0);
	ck_assert_ptr_nonnull(host.reading.request);
}

/* Seconds until the next one is due; it must be. */
static uint64_t due_in(void)
{
	uint64_t at;

	ck_assert_int_eq(sd_event_source_get_enabled(host.audit_timer, NULL), 1);
	ck_assert_int_ge(sd_event_source_get_time(host.audit_timer, &at), 0);
	return (at - clock_monotonic_usec()) / USEC_PER_SEC;
}

/* All is read again, so that one is over. It was the only one that ever came. */
START_TEST(an_overrun_is_not_the_end_of_audits)
{
	begin_audit();
	ck_assert_int_ge(sync_failed(&host, -ENOBUFS), 0);
	ck_assert_ptr_null(host.reading.request);
	ck_assert(!host.synced);
	ck_assert_uint_ge(due_in(), REGULAR_SEC - 2);
	ck_assert_uint_le(due_in(), REGULAR_SEC + 1);
}
END_TEST

/* One that was asked for stays, and comes soon. */
START_TEST(what_was_asked_for_comes_after_an_overrun)
{
	sync_want_audit_soon(&host);
	ck_assert_int_ge(sync_failed(&host, -ENOBUFS), 0);
	ck_assert_uint_le(due_in(), 3);
}
END_TEST

/* What went unheard is found, and taken over. */
START_TEST(a_change_that_nobody_announced_is_found)
{
	const struct record lost = { .kind = RECORD_LINK_GONE, .link.ifindex = 1 };

	ck_assert_int_eq(state_apply(host.state, &lost), 1);
	begin_audit();
	for (int i = 0; i < 1000 && !host.audited; i++)
		ck_assert_int_ge(sd_event_run(event, USEC_PER_SEC), 0);
	ck_assert(host.audited && host.replaced);
	ck_assert_ptr_nonnull(state_iface(host.state, 1));
	ck_assert_uint_eq(host.happened.count, 1);
	ck_assert_int_eq(host.happened.items[0].kind, SYNC_DRIFTED);
	ck_assert_uint_eq(host.counts.drifts, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		an_overrun_is_not_the_end_of_audits,
		what_was_asked_for_comes_after_an_overrun,
		a_change_that_nobody_announced_is_found,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "audit", tests, ELEMENTS(tests));
}
