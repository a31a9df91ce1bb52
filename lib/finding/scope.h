/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/answers.h"
#include "finding/expect.h"
#include "flowclass/flowclass.h"
#include "net/prefixset.h"
#include "rpf/overlay.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What is expected of one class of packets, by reason: each source with the strongest one. Of
 * feasible ones only what may be dropped, as a full Internet table has nothing but others.
 */
struct scope {
	struct prefixset sources[EXPECT_WHYS];
	struct prefixset named; /* all of them, and what among them can be no source */
	struct prefixset
		neighbours;	/* who is on the wire, whatever the strongest reason is */
	struct answers answers; /* with the rules that make them */
	uint64_t size; /* addresses, with the feasible ones that can't be dropped */
	bool claimed_elsewhere; /* routes of others bear on it: a change may matter */
};

/* *ret zeroed before, freed with scope_done(), after an error too. Returns 0 or -ENOMEM. */
int scope_of(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class, struct scope *ret);
void scope_done(struct scope *scope);

/* Adds all of them to a set, which is closed then. Returns 0 or -ENOMEM. */
int scope_all(const struct scope *scope, struct prefixset *ret);

/* How many addresses may be dropped: the sum of the sets. */
uint64_t scope_looked_at(const struct scope *scope);

/* Why a source is expected; EXPECT_WHYS where it is not. */
enum expect_why scope_why(const struct scope *scope, struct ip4 source);
