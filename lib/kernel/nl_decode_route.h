/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_decode.h"

/*
 * nl_decode() for RTM_NEWROUTE and RTM_DELROUTE, the hot path: a full table is a million
 * messages. So one loop over the attributes, no table of them, and no zeroing of what is
 * written anyway. Returns what nl_decode() does; to be called from there.
 */
int nl_decode_route(
	struct nl_decoder *decoder, const struct nlmsghdr *message, struct record *ret);
