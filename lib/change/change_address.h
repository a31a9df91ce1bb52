/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/change_job.h"

/* Addresses and the routes that the kernel makes for them. For lib/change alone. */

/* Makes job->change, which is of CHANGE_ADDRESS. Returns as change_apply() does. */
int change_apply_address(const struct change_job *job);

/* Makes the routes of all addresses of a link that came up. Returns 0 or -ENOMEM. */
int change_addresses_up(struct state *state, int ifindex);

/* Removes all addresses of an interface with their routes. Returns 0 or -ENOMEM. */
int change_addresses_flush(struct state *state, int ifindex);
