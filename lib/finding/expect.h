/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "net/prefixset.h"
#include "state/state.h"

#include <stdbool.h>

/*
 * Which sources ought to come in by an interface. Strict filtering exists to drop: a drop is
 * a fault only where its sources are expected. docs/verdict.md, "When a drop is a fault".
 */
enum expect_why {
	EXPECT_DECLARED, /* the configuration declares it; the strongest */
	EXPECT_TUNNEL,	 /* the end of a tunnel that only receives: anybody */
	EXPECT_CONNECTED,
	EXPECT_FEASIBLE,
	EXPECT_WHYS,
};

struct expect_item {
	struct prefix4 prefix;
	enum expect_why why;
};

struct expect_items {
	ARRAY(struct expect_item) list;
};

struct expect {
	struct expect_items items; /* but feasible ones, see expect_add_feasible() */
	struct prefixset named;	   /* all that is declared, or a tunnel's */
	struct prefixset sources;  /* of these what can be a packet's source here */
	bool feasible; /* what its routes are for is expected as well (feasible.h) */
};

/* What the configuration declares for an interface. */
struct expect_declared {
	bool declared; /* then nothing else is expected, also if there are no prefixes */
	const struct prefix4 *prefixes;
	size_t count;
};

const char *expect_why_name(enum expect_why why);

/* Whether packets come in by it: up, IPv4 on, not lo, no port of a bridge, bond or team. */
bool expect_takes_input(const struct iface *iface);

/* Whether it is a tunnel of a kind and with routes that show: it only receives. */
bool expect_is_receiving_tunnel(const struct state *state, const struct iface *iface);

/* *ret zeroed before; free with expect_done(), after an error too. Returns 0 or -ENOMEM. */
int expect_of(const struct state *state, const struct iface *iface,
	const struct expect_declared *declared, struct expect *ret);
void expect_done(struct expect *expect);

/*
 * Adds to the items the prefixes of feasible routes, up to `limit`, for people to see; a
 * table may have a million of them. *ret_more: how many more there are. Returns 0 or -ENOMEM.
 */
int expect_add_feasible(const struct state *state, const struct iface *iface,
	size_t limit, struct expect_items *items, size_t *ret_more);

/* Takes from `set` what can be no packet's source here, into *ret. Returns 0 or -ENOMEM. */
int expect_possible(
	const struct state *state, const struct prefixset *set, struct prefixset *ret);

/* The strongest reason among the items; of none, the weakest. */
enum expect_why expect_strongest(const struct expect *expect);
