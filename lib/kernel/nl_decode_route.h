/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_decoder.h"
#include "net/ip4.h"
#include "state/record.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * nl_decode() for RTM_NEWROUTE and RTM_DELROUTE, the hot path: a full table is a million
 * messages. So one loop over the attributes, no table of them, and no zeroing of what is
 * written anyway. Returns what nl_decode() does; to be called from there.
 */
int nl_decode_route(
	struct nl_decoder *decoder, const struct nlmsghdr *message, struct record *ret);

/*
 * The table and the destination of an IPv4 route's message alone, in host byte order: what is
 * enough to look for it. Returns false for another message; that does not make it malformed.
 */
bool nl_route_key(
	const struct nlmsghdr *message, uint32_t *ret_table, struct ip4 *ret_dst);
