/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

/*
 * A state with changes that were not made. It is changed by state_apply() as any other, so
 * what goes along with an address or a link goes here, too.
 */

/*
 * A state that begins as base is, and may be changed without base noticing. Interfaces, nexthop
 * objects and rules are copied. It shares base's tables until it changes one, and of that one
 * all but what the change touches (fib_fork()). Nothing is dirty, no link is in its queue, and
 * the reader is asked for nothing. base, and whatever base was forked from, must outlive it
 * and must not change meanwhile. Free with state_free(). NULL on lack of memory.
 */
struct state *state_fork(const struct state *base);

/*
 * Sets *ret to state_table(), to be changed: one that is in common with another state is
 * replaced by a fork of it. *ret is NULL where there is no such table. Returns 0, or -ENOMEM and *ret
 * is NULL.
 */
int state_table_own(struct state *state, uint32_t table, struct fib **ret);
