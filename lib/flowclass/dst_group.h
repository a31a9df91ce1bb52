/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "flowclass/rule_partition.h"

#include <stdbool.h>

/*
 * Where packets that come in by an interface go to: addresses of the host, and, where it
 * forwards, forwarded destinations by their output device. Those that the rules treat
 * alike are one group.
 */
#define DST_GROUPS_LOCAL 48	/* at most so many of the host's local addresses */
#define DST_GROUPS_FORWARDED 16 /* and of what is forwarded */

struct addresses {
	ARRAY(struct ip4) list;
};

struct dst_group {
	struct addresses
		dsts;	/* local ones, ascending; of what is only forwarded, an example */
	int oif;	/* the device it leaves by; 0: it is for the host */
	bool forwarded; /* what is forwarded is (also) treated so */
	bool transit; /* forwarded: as far as was seen it leaves by default routes only */
	ARRAY(int)
	outs; /* forwarded: the devices that it leaves by; those of default routes only
			    where there are no others */
	struct prefix4 from; /* the longest of the rules' that has it; len 0: none has */
	int rule_ifindex;    /* the device, or its VRF, that rules match it by; 0: none */
	uint64_t hash;	     /* rule_partition_pass()'s */
};

struct dst_groups {
	ARRAY(struct dst_group) list; /* the host's own first */
	size_t more;		      /* local addresses for which there was no room */
	bool more_forwarded;	      /* forwarded ones: no room, or nothing was found */
	bool by_routes; /* it matters where others are routed: a route may change them */
};

/*
 * Whether a director may send by the interface what is for an address on lo (LVS direct routing):
 * there is such an address of /32, ARP for it is not answered (arp_ignore), the interface has a
 * network of its own, and is not the only one that has.
 */
bool dst_group_takes_direct(const struct state *state, const struct iface *iface);

/* Whether addr is one of those on lo. */
bool dst_group_is_direct(const struct state *state, struct ip4 addr);

/*
 * The destinations of an interface on this host: its own addresses, and those on lo that a director
 * may send by it; where it has none, the
 * /32 addresses on lo; where there are none either, all local addresses. Ascending, each once.
 * *ret zeroed before. 0 or -ENOMEM.
 */
int dst_group_addresses(
	const struct state *state, const struct iface *iface, struct addresses *ret);

/* The reverse look-up of a packet to dst; oif: 0, or its output device. */
struct lookup_flow dst_group_reverse_flow(const struct overlay *overlay,
	const struct iface *iface, struct ip4 dst, int oif);

/*
 * Those of the host's own. *ret zeroed before, dst_groups_done() after an error too. 0 or
 * -ENOMEM.
 */
int dst_groups_local(const struct overlay *overlay, const struct iface *iface,
	const struct rule_partition *partition, struct dst_groups *ret);
void dst_groups_done(struct dst_groups *dst_groups);
