/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "net/prefixset.h"
#include "state/state.h"

#include <stdbool.h>

/*
 * Which sources ought to come in by an interface. Strict filtering exists to drop: a drop is
 * a fault only where its sources are expected. docs/expect.md. What an interface is expected to
 * bring whatever the packets are stands here; what it is for a class of packets, in scope.h.
 */
enum expect_why {	 /* the strongest first */
	EXPECT_DECLARED, /* the configuration declares it */
	EXPECT_TUNNEL,	 /* the end of a tunnel that only receives: anybody */
	EXPECT_ANSWERS,	 /* answers to what a rule sends out by it (answers.h) */
	EXPECT_ADDRESS,	 /* it has an address of its own, and no route leads by it */
	EXPECT_DIRECT, /* direct routing: a director sends by it what is for lo's address */
	EXPECT_CONNECTED, /* who is on its wire (neighbours.h) */
	EXPECT_FEASIBLE,  /* a route leads by it, though another one wins (feasible.h) */
	EXPECT_WHYS,
};

#define EXPECT_BECAUSE 128

struct expect_item {
	struct prefix4 prefix;
	enum expect_why why;
	char because
		[EXPECT_BECAUSE]; /* what makes it, in words; "" where the reason says all */
};

struct expect_items {
	ARRAY(struct expect_item) list;
};

struct expect {
	struct expect_items items; /* but those of scope.h, see expect_add_routed() */
	struct prefixset named;	   /* all that is declared, or a tunnel's */
	struct prefixset sources;  /* of these what can be a packet's source here */
	bool declared;		   /* nothing else is expected */
	bool one_way; /* nobody answers: what has no route back is the filter's business */
	bool routed; /* what routes and rules are for may be expected as well (scope.h) */
};

/* What the configuration declares for an interface. */
struct expect_declared {
	bool declared; /* then nothing else is expected, also if there are no prefixes */
	const struct prefix4 *prefixes;
	size_t count;
	bool one_way;
};

const char *expect_why_name(enum expect_why why);

/* Whether packets come in by it: up, IPv4 on, not lo, no dummy, no VRF, no port of a bridge, bond
 * or team. */
bool expect_takes_input(const struct iface *iface);

/* Whether it is a tunnel of a kind and with routes that show: it only receives. */
bool expect_is_receiving_tunnel(const struct state *state, const struct iface *iface);

/* *ret zeroed before; free with expect_done(), after an error too. Returns 0 or -ENOMEM. */
int expect_of(const struct state *state, const struct iface *iface,
	const struct expect_declared *declared, struct expect *ret);
void expect_done(struct expect *expect);

/* Whether there is an item of this reason. */
bool expect_has(const struct expect *expect, enum expect_why why);

/*
 * Adds to the items what routes and rules are for, answers and feasible routes, up to `limit`, for
 * people to see; a table may have a million of them. *ret_more: how many more there are. Returns
 * 0 or -ENOMEM.
 */
int expect_add_routed(const struct state *state, const struct iface *iface, size_t limit,
	struct expect_items *items, size_t *ret_more);
