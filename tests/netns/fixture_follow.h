/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/sync/sync.h"

/*
 * Enters a namespace (fixture_enter()) and follows it, as the daemon does; what is never announced
 * is read again every refresh_usec. Audits are for whoever starts them. Ended by fixture_unfollow().
 */
void fixture_follow(sd_event **ret_event, struct sync *host, uint64_t refresh_usec);
void fixture_unfollow(sd_event *event, struct sync *host);
