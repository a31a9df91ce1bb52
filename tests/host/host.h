/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/change.h"
#include "change/words.h"
#include "net/flow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The language in which tests describe a host, a line at a time: golden files, walks, fixtures.
 * host_model.h makes what was read on a state, host_kernel.h in a network namespace.
 *
 * Most lines are those that an administrator types, ip(8)'s and sysctl(8)'s, and lib/change reads
 * and makes them. Here each begins with `ip` or `sysctl`:
 *
 *	ip link add|set|del NAME …	ip address add|del|flush A.B.C.D/LEN dev NAME …
 *	ip tuntap add dev NAME mode tun	ip route add|append|prepend|replace|change|del|flush …
 *	ip rule add|del|flush …		ip nexthop add|replace|del id N …
 *	sysctl -w net.ipv4.KEY=VALUE	(in a KEY a / stands for a dot of an interface's name)
 *
 * A veth without a peer has its other end in another namespace. Some things that happen to a host
 * have no words there:
 *
 *	ip neighbour add …		bears on no verdict
 *	ip -n other …			in the other namespace (host_kernel.h)
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
	HOST_NOTHING,	/* an empty line, a comment */
	HOST_CHANGE,	/* of lib/change */
	HOST_NEIGHBOUR, /* bears on no verdict */
	HOST_JOIN,
	HOST_INET_CONF, /* in change.setting */
	HOST_CARRIER,
	HOST_NEXTHOP_GROUP,
	HOST_BATCH,
	HOST_STORM,
	HOST_KERNEL, /* from here on: the model's only */
	HOST_MERGED,
	HOST_BLIND,
	HOST_INET,
};

/* What a `model` line says besides */
struct host_message {
	bool noinet, nocarrier, loopback;
	bool secondary;
	bool blind;
	bool has_action;
	uint8_t action;
	int index;
	uint64_t rest;
	uint64_t dead; /* a bit each of the first 64 nexthops */
};

struct host_line {
	enum host_object object;
	const char *text; /* what was read, not a copy: without `model` */
	bool model, dump;
	bool elsewhere; /* ip -n other */
	struct host_message message;
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
	struct change change;
};

/* Whether a line is a change of that object. */
static inline bool host_is(const struct host_line *line, enum change_object object)
{
	return line->object == HOST_CHANGE && line->change.object == object;
}

/* Reads a line. Returns whether it is one; where it isn't, why says so in a sentence. */
bool host_parse(const char *text, struct host_line *ret, char why[static WORDS_WHY]);

/* A question: a packet as rpfilterctl explain takes it; iif is its device's name.
 *
 *	DST from SRC iif NAME [mark M] [tos T] [ipproto P] [sport N] [dport N]
 */
bool host_parse_flow(const char *text, struct flow *ret, char iif[static NAME_MAX_],
	char why[static WORDS_WHY]);
