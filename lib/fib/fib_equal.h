/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fib/fib.h"

/*
 * Compares two tries in pieces: whether they hold the same routes in the same order.
 *
 * *from is where to go on, and is set anew; all zeroes to begin with. *budget is how many entries
 * may be compared, and is counted down. Between the pieces both may change, if in the same way.
 * Returns 1 when there is more to compare, 0 when all is equal, -1 when not, and where.
 */
int fib_compare(const struct fib *a, const struct fib *b, struct prefix4 *from,
	size_t *budget, struct prefix4 *ret_where);
