/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/words.h"
#include "net/flow.h"
#include "state/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The language in which tests describe a host, a line at a time: golden files, walks, fixtures.
 * This parser alone reads it. host_model.h makes records of what it read, host_kernel.h does it
 * in a network namespace.
 *
 * Most lines are those that an administrator types, ip(8)'s and sysctl(8)'s:
 *
 *	ip link add|set|del NAME …	ip address add|del|flush A.B.C.D/LEN dev NAME …
 *	ip tuntap add dev NAME mode tun	ip route add|append|prepend|replace|change|del|flush …
 *	ip rule add|del priority N …	ip rule flush
 *	ip nexthop add|replace|del id N …	ip neighbour add …
 *	sysctl -w net.ipv4.KEY=VALUE	(in a KEY a / stands for a dot of an interface's name)
 *
 * Some things that happen to a host have no words there:
 *
 *	join NAME GROUP			a program joins the multicast group
 *	inet-conf NAME KEY VALUE	a setting comes by IFLA_INET_CONF, as keepalived sends it
 *	carrier NAME on|off		who made the tun device holds it, or lets go
 *	nexthop-group ID COUNT		a group of the nexthops 1 to COUNT; ip has room for 100
 *	batch N COMMAND			ip -batch with N lines, in which %a is 100.64.0.0 and up,
 *					%n is 1 and up
 *	storm N COMMAND [| COMMAND]	the same in the background; two are two writers at once
 *
 * And some can only be said to the model, where a test is about a message or a host that nobody
 * can make here. Such a line begins with `model`:
 *
 *	model kernel 6.1		the version that runs
 *	model merged | model split	whether local and main are one trie
 *	model blind			a message was not understood
 *	model inet NAME on|off		the device's IPv4 comes or goes
 *	model [dump] ip … | sysctl …	one message just as it is said (dump: an answer to a
 *					question), without what the kernel would do besides: no
 *					routes for an address, nothing looked up. It may hold
 *		link add NAME [index N] [noinet] [nocarrier] [loopback] …
 *		address … [secondary]
 *		route … [blind] [dead] [rest N]		dead: of a nexthop
 *		rule … [blind] [action N]
 */
enum host_object {
	HOST_NOTHING, /* an empty line, a comment */
	HOST_LINK,
	HOST_ADDRESS,
	HOST_ROUTE,
	HOST_RULE,
	HOST_NEXTHOP,
	HOST_NEIGHBOUR, /* bears on no verdict */
	HOST_SYSCTL,
	HOST_JOIN,
	HOST_INET_CONF,
	HOST_CARRIER,
	HOST_NEXTHOP_GROUP,
	HOST_BATCH,
	HOST_STORM,
	HOST_KERNEL, /* from here on: the model's only */
	HOST_MERGED,
	HOST_BLIND,
	HOST_INET,
};

enum host_verb {
	HOST_ADD,
	HOST_APPEND,
	HOST_PREPEND,
	HOST_REPLACE,
	HOST_CHANGE,
	HOST_SET,
	HOST_DEL,
	HOST_FLUSH,
};

struct host_link {
	char name[NAME_MAX_];
	char new_name[NAME_MAX_];
	char kind[NAME_MAX_];
	char lower[NAME_MAX_]; /* link NAME, of a macvlan or vlan */
	char peer[NAME_MAX_];
	char master[NAME_MAX_];
	char netns[NAME_MAX_]; /* set … netns */
	int index;
	bool nomaster, up, down, carrier_on, carrier_off, external, remote, has_group;
	bool noinet, nocarrier, loopback; /* the model's */
	uint32_t group, mtu, vrf_table;
};

struct host_address {
	char dev[NAME_MAX_];
	struct addr_record addr;
	bool broadcast_auto; /* brd + */
	bool noprefixroute, autojoin;
};

struct host_nexthop {
	char dev[NAME_MAX_];
	struct nexthop nexthop; /* without its oif */
};

#define HOST_NEXTHOPS 256

struct host_route {
	struct route_record route; /* its nexthops stand in the line */
	bool has_type, has_scope, has_protocol;
};

struct host_rule {
	struct rule rule;
	bool has_priority, has_action;
};

struct host_setting {
	char key[64];		   /* behind net.ipv4. */
	char name[NAME_MAX_];	   /* of conf.NAME.…, else "" */
	char which[NAME_MAX_ * 2]; /* the setting in it */
	int value;
};

struct host_line {
	enum host_object object;
	enum host_verb verb;
	const char *text; /* what was read, not a copy: without `model` */
	bool model, dump;
	bool elsewhere; /* ip -n other */
	union {
		struct host_link link;
		struct host_address address;
		struct host_route route;
		struct host_rule rule;
		struct nexthop_obj_record
			nexthop;	     /* its nexthop and members stand below */
		struct host_setting setting; /* sysctl, inet-conf */
		struct {
			char name[NAME_MAX_];
			struct ip4 group;
			bool on;
		} device; /* join, carrier, inet */
		struct {
			unsigned long id, count;
			const char *command; /* into text */
		} many;			     /* nexthop-group, batch, storm */
		uint32_t kernel;	     /* as struct state has it */
		bool merged;
	};
	size_t nexthop_count, member_count;
	struct nexthop_member members[HOST_NEXTHOPS];
	struct host_nexthop nexthops[HOST_NEXTHOPS];
};

/* Reads a line. Returns whether it is one; where it isn't, why says so in a sentence. */
bool host_parse(const char *text, struct host_line *ret, char why[static WORDS_WHY]);

/* A question: a packet as rpfilterctl explain takes it; iif is its device's name.
 *
 *	DST from SRC iif NAME [mark M] [tos T] [ipproto P] [sport N] [dport N]
 */
bool host_parse_flow(const char *text, struct flow *ret, char iif[static NAME_MAX_],
	char why[static WORDS_WHY]);

/* Parts of the parser (host_route.c): the words behind `ip route VERB` and so on. */
void host_parse_route(struct words *words, struct host_line *line);
void host_parse_rule(struct words *words, struct host_line *line);
void host_parse_nexthop(struct words *words, struct host_line *line);
