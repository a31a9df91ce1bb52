/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "net/flow.h"
#include "rpf/overlay.h"
#include "state/record.h"
#include "state/state.h"
#include "state/state_apply.h"

#include <stdbool.h>

/*
 * Builds states for tests out of short lines, near to what ip(8) takes. A line that can't be
 * understood ends the program with a sentence. One line, one record, but for `addr`.
 *
 *	kernel 6.1 | merged | split
 *	link INDEX NAME [down] [nocarrier] [noinet] [loopback] [kind K] [slave K]
 *		[master NAME] [group N] [table N] [remote] [external]
 *	addr NAME A.B.C.D/LEN [peer A] [brd A] [scope N|host] [secondary] [bare]
 *	route [TYPE] PREFIX [via A|inet6] [dev NAME] [nexthop [via A] dev NAME [weight N]]…
 *		[table T] [metric N] [tos N] [proto N|kernel] [scope N|host|link] [src A]
 *		[nhid N] [realm] [blind] [rest N] [append|prepend|replace]
 *	rule PRIO: [not] [from P] [to P] [iif NAME] [oif NAME] [fwmark M[/M]] [tos T]
 *		[dscp D[/M]] [ipproto N] [sport A[-B][/M]] [dport …] [uidrange A-B] [tun_id N]
 *		[l3mdev] [realm] [blind] [suppress_prefixlength N] [suppress_ifgroup N]
 *		[lookup T|goto N|nop|blackhole|unreachable|prohibit|action N]
 *	nexthop ID [dev NAME] [via A] [blackhole] [fdb] [group ID,ID…]
 *	sysctl NAME|all|default KEY VALUE
 *	inet NAME off|on | join NAME GROUP | blind WHAT
 *
 * With `gone` behind the first word the thing goes; with `dump` it is a dump's answer. As
 * the kernel does, `addr` makes the routes that go with an address, and `addr gone` has them
 * go: its local route, its prefix and its broadcast address; not with `bare`. A device that
 * is named and isn't there is a mistake, but for a rule's; `if9` is index 9 without a look.
 */
int model_line(struct state *state, const char *line);

/* The same with printf's means. Returns what state_apply() returned. */
int model(struct state *state, const char *format, ...) _printf_(2, 3);

/* A namespace as it is born: lo up with 127.0.0.1/8, the three rules, local and main merged. */
struct state *model_new(void);

/* A host: model_new(), and eth0 (2) with 10.0.0.2/24 and a default route via 10.0.0.1. */
struct state *model_host(void);

/* eth0 (2) … as `link`, `addr`, `route`, `rule`, `sysctl` lines would. */
int model_link(struct state *state, int ifindex, const char *name, const char *rest);
int model_addr(struct state *state, const char *name, const char *addr);
int model_route(struct state *state, const char *route);
int model_rule(struct state *state, const char *rule);
int model_sysctl(struct state *state, const char *name, const char *key, int value);

/* "192.0.2.1", "192.0.2.0/24"; of a text that is none, the program ends. */
struct ip4 model_ip4(const char *text);
struct prefix4 model_prefix(const char *text);

/* "DST from SRC iif NAME [mark M] [tos T] [ipproto P] [sport N] [dport N]" */
struct flow model_flow(const struct state *state, const char *text);

/* The interface of a name that must be there. */
const struct iface *model_iface(const struct state *state, const char *name);

/* How many routes a table has, also as part of the merged trie. */
size_t model_routes(const struct state *state, uint32_t table);

/* One that only shows what there is. */
static inline struct overlay model_view(const struct state *state)
{
	return (struct overlay){ .state = state };
}
