/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

/* Links that change, and those that change with them. For lib/change alone; return 0 or -ENOMEM. */

#define CHANGE_ALIVE (LINK_UP | LINK_RUNNING | LINK_LOWER_UP)

bool change_is_kind(const struct iface *iface, const char *kind);

/* Whether a device stands on another one, its lower, and goes with it: macvlan, vlan. */
bool change_stands_on(const struct iface *iface, int lower);

/* Whether a bridge has a port with all these flags (LINK_*). */
bool change_has_port(
	const struct state *state, const struct iface *bridge, uint32_t flags);

/* The flags that a device has when it is up or down, by what it stands on and is made of. */
uint32_t change_flags(const struct state *state, const struct iface *iface, bool up);

/*
 * Puts a link as it is now, makes the routes of its addresses where it came up or into another VRF,
 * and goes on with those that it carries: the other end of a veth, what stands on it, its bridge.
 */
int change_put_link(struct state *state, const struct link_record *link);
