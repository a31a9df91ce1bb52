/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fib/nexthop.h"
#include "fib/route.h"
#include "fib/rule.h"
#include "net/ifname.h"
#include "net/ip4.h"
#include "state/record.h"
#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A change of the host in the words in which an administrator types it. change_parse() reads it,
 * change_apply() makes it on a state, which is a copy or a fork of what was read: no kernel hears
 * of it.
 */

enum change_object {
	CHANGE_LINK,
	CHANGE_ADDRESS,
	CHANGE_ROUTE,
	CHANGE_RULE,
	CHANGE_NEXTHOP,
	CHANGE_SETTING,
};

enum change_verb {
	CHANGE_ADD,
	CHANGE_APPEND,
	CHANGE_PREPEND,
	CHANGE_REPLACE,
	CHANGE_CHANGE,
	CHANGE_SET,
	CHANGE_DEL,
	CHANGE_FLUSH,
};

struct change_link {
	char name[NAME_MAX_];
	char new_name[NAME_MAX_]; /* set … name */
	char kind[NAME_MAX_];	  /* type */
	char lower[NAME_MAX_];	  /* link NAME, of a macvlan or vlan */
	char peer[NAME_MAX_];	  /* of a veth; "": the kernel names it */
	char master[NAME_MAX_];
	int index, peer_index; /* 0: the kernel's choice */
	bool nomaster, up, down, carrier_on, carrier_off, external, remote, has_group;
	bool netns;	/* it leaves for another namespace */
	bool peer_away; /* peer … netns: the other end of a veth is made in another one */
	uint32_t group, mtu, vrf_table;
};

struct change_address {
	char dev[NAME_MAX_];
	struct addr_record addr;
	uint32_t metric;
	bool has_len; /* else a deletion takes any length */
	bool has_scope;
	bool broadcast_last, broadcast_first; /* brd +, brd - */
	bool noprefixroute, autojoin;
};

/* One nexthop that was said: its device by name, so without its oif. */
struct change_hop {
	char dev[NAME_MAX_];
	struct nexthop nexthop;
	bool link_local; /* via inet6 fe80:… */
};

struct change_route {
	struct route_record route; /* without its nexthops */
	bool has_type, has_scope, has_protocol, has_realm;
};

struct change_rule {
	struct rule rule;
	bool has_priority, has_action, has_table, has_target, has_mask;
};

struct change_setting {
	char key[64];		   /* behind net.ipv4., dots as separators */
	char name[NAME_MAX_];	   /* of conf.NAME.…, else "" */
	char which[NAME_MAX_ * 2]; /* the setting in it */
	int value;
};

#define CHANGE_HOPS 256

struct change {
	enum change_object object;
	enum change_verb verb;
	union {
		struct change_link link;
		struct change_address address;
		struct change_route route;
		struct change_rule rule;
		struct nexthop_obj_record
			nexthop; /* its nexthop and members stand below */
		struct change_setting setting;
	};
	bool multipath; /* the hops were said as nexthop …, even if it is one */
	size_t hop_count, member_count;
	struct nexthop_member members[CHANGE_HOPS];
	struct change_hop hops[CHANGE_HOPS];
};

#define CHANGE_WHY 200
#define CHANGE_UNJUDGED 1

/*
 * Reads one change:
 *
 *	KEY=VALUE			a sysctl, also `sysctl -w KEY=VALUE`, dots or slashes
 *	route add|append|prepend|replace|change|del [TYPE] PREFIX …, route flush table T
 *	rule add|del …, rule flush
 *	address add|replace|change|del ADDR[/LEN] dev NAME …, address flush dev NAME
 *	link add|set|del NAME …
 *	nexthop add|replace|del id N …
 *
 * as ip(8) has them, with or without `ip` or `ip -4` in front, and with ip's abbreviations
 * (r, ro; a; l; del, d). A table is a number, or main, local, default. What bears on no verdict
 * (mtu of a route, txqueuelen) is read and left out.
 *
 * Returns 0, or -EINVAL and in why one line: what was typed, what is wrong, what is allowed.
 */
int change_parse(const char *text, struct change *ret, char why[static CHANGE_WHY]);

/*
 * Makes a change on the state as the kernel would, with all that it does besides: routes for an
 * address, routes that go with a link.
 *
 * Returns
 *	0			it is made
 *	a negative errno	the kernel would refuse it with this one; why has its reason in
 *				words. The state is as it was.
 *	CHANGE_UNJUDGED		what the kernel would do can't be known from the state; why says
 *				what is missing. The state is as it was.
 *	-ENOMEM			the state is in doubt
 *
 * A link that comes up is taken to get its carrier where a cable or a program decides that. A new
 * link without an index gets the one behind the highest. What a kernel of another version would do
 * with the state that comes out is not its business; which version makes the change is the state's.
 */
int change_apply(
	struct state *state, const struct change *change, char why[static CHANGE_WHY]);

/* Whether the kernel looks at the setting in no verdict (arp_announce): then making the change
 * changes nothing. Of anything but a setting: false. */
bool change_is_idle(const struct change *change);

/* "route add 10.0.0.0/8": what is changed, for a sentence about it. Returns out. */
#define CHANGE_TITLE 80
const char *change_title(const struct change *change, char out[static CHANGE_TITLE]);
