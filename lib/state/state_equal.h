/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

#define STATE_DIFFERENCE 160

/*
 * Whether two states of the kernel are equal; for the audit and the tests. If not, writes where
 * they differ first. What no dump shows (whether a local route was ever added
 * by hand) is not compared.
 */
bool state_equal(
	const struct state *a, const struct state *b, char what[static STATE_DIFFERENCE]);

/*
 * The same in pieces, for who has other things to do meanwhile; begin with one of zeroes. Between
 * them what happens must be applied to both: then what was found equal stays so.
 */
struct state_comparison {
	uint64_t table; /* the first that is not compared to its end */
	struct prefix4 from;
};

/* Compares some routes, about as many as budget; behind them all the rest at once. Returns 1 when
 * there is more to compare, 0 when they are equal, -1 when not, with `what`. */
int state_compare(const struct state *a, const struct state *b,
	struct state_comparison *comparison, size_t budget,
	char what[static STATE_DIFFERENCE]);
