/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_follow.h"

#include "daemon/sync/resync.h"
#include "fixture_netns.h"

#include <check.h>

void fixture_follow(sd_event **ret_event, struct sync *host, uint64_t refresh_usec)
{
	ck_assert(fixture_enter());
	ck_assert_int_ge(sd_event_new(ret_event), 0);
	ck_assert_int_ge(sync_init(host, -1), 0);
	ck_assert_int_ge(resync_first(host), 0);
	ck_assert_int_ge(sync_start(host, *ret_event, refresh_usec), 0);
	ck_assert_int_ge(resync_start(host, *ret_event), 0);
}

void fixture_unfollow(sd_event *event, struct sync *host)
{
	sync_done(host);
	sd_event_unref(event);
}
