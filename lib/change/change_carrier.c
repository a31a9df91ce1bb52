/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_carrier.h"

#include "change/change_address.h"
#include "state/state_apply.h"

#include <errno.h>
#include <string.h>

/*
 * Who has a carrier: one end of a veth while both are up; a macvlan or vlan as its lower; a bridge
 * while a port of it has; a dummy and a tunnel always. Of a card or a tun device nobody can tell
 * before it is up, nor of a bridge without ports, which has none if it ever had a port: it is taken
 * to get one.
 */

#define CARRIER (LINK_RUNNING | LINK_LOWER_UP)
#define DEPTH_MAX 16 /* how many devices may stand on each other (MAX_NEST_DEV is 8) */

bool change_is_kind(const struct iface *iface, const char *kind)
{
	return strcmp(iface->link.kind, kind) == 0;
}

bool change_stands_on(const struct iface *iface, int lower)
{
	static const char *const kinds[] = { "macvlan", "macvtap", "ipvlan", "ipvtap",
		"vlan", "macsec" };

	if (!lower || iface->link.lower != lower)
		return false;
	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		if (change_is_kind(iface, kinds[i]))
			return true;
	}
	return false;
}

bool change_has_port(
	const struct state *state, const struct iface *bridge, uint32_t flags)
{
	hash_each (&state->ifaces, slot) {
		const struct iface *port = slot->value;

		if (port->link.master == bridge->link.ifindex &&
			(port->link.flags & flags) == flags)
			return true;
	}
	return false;
}

static bool has_carrier(const struct state *state, const struct iface *iface)
{
	const struct iface *lower =
		iface->link.lower ? state_iface(state, iface->link.lower) : NULL;

	if (change_is_kind(iface, "bridge"))
		return change_has_port(state, iface, LINK_UP | LINK_RUNNING) ||
		       !change_has_port(state, iface, 0);
	if (!lower)
		return true;
	if (change_is_kind(iface, "veth"))
		return iface_is_up(lower);
	return !change_stands_on(iface, lower->link.ifindex) ||
	       lower->link.flags & LINK_LOWER_UP;
}

uint32_t change_flags(const struct state *state, const struct iface *iface, bool up)
{
	uint32_t flags = iface->link.flags & ~CHANGE_ALIVE;

	if (up)
		flags |= LINK_UP | (has_carrier(state, iface) ? CARRIER : 0);
	return flags;
}

static int put_one(struct state *state, const struct link_record *link)
{
	const struct record record = { .kind = RECORD_LINK, .link = *link };
	const struct iface *iface = state_iface(state, link->ifindex);
	const struct iface *vrf = iface ? state_vrf(state, iface) : NULL;
	bool was_up = iface && iface_is_up(iface);
	int r = state_apply(state, &record);

	iface = state_iface(state, link->ifindex);
	if (r < 0 || !iface_is_up(iface))
		return r;
	/* into a VRF or out of it a device goes down and up (cycle_netdev()) */
	return was_up && state_vrf(state, iface) == vrf
		       ? r
		       : change_addresses_up(state, link->ifindex);
}

static int follow(struct state *state, const struct link_record *link, int depth);

static int put_at(struct state *state, const struct link_record *link, int depth)
{
	const struct iface *iface = state_iface(state, link->ifindex);
	uint32_t was = iface ? iface->link.flags : 0;
	int r = put_one(state, link);

	if (r < 0 || !((was ^ link->flags) & CHANGE_ALIVE))
		return r < 0 ? r : 0;
	return follow(state, link, depth);
}

/* The flags that a device must have now that `link` is as it is. */
static uint32_t flags_with(const struct state *state, const struct iface *iface,
	const struct link_record *link)
{
	bool up = iface_is_up(iface);

	/* vlan_device_event(): up and down as its lower */
	if (change_is_kind(iface, "vlan") && change_stands_on(iface, link->ifindex))
		up = link->flags & LINK_UP;
	return change_flags(state, iface, up);
}

static bool is_carried(const struct iface *iface, const struct link_record *link)
{
	if (iface->link.ifindex == link->ifindex)
		return false;
	if (change_is_kind(iface, "veth"))
		return iface->link.lower == link->ifindex;
	if (change_is_kind(iface, "bridge"))
		return iface->link.ifindex == link->master;
	return change_stands_on(iface, link->ifindex);
}

static int follow(struct state *state, const struct link_record *link, int depth)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = state_ifaces(state, &ifaces, &count);

	for (size_t i = 0; r >= 0 && depth < DEPTH_MAX && i < count; i++) {
		struct link_record other;

		if (!is_carried(ifaces[i], link))
			continue;
		other = ifaces[i]->link;
		other.flags = flags_with(state, ifaces[i], link);
		r = put_at(state, &other, depth + 1);
	}
	return r < 0 ? r : 0;
}

int change_put_link(struct state *state, const struct link_record *link)
{
	return put_at(state, link, 0);
}
