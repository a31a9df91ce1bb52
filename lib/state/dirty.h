/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

/*
 * Whose verdicts may have changed since dirty_settle(), so that an event costs what it changes.
 * state.dirty has the marks; state_apply() makes them, an evaluation reads them.
 */

/* Marks an interface, which may be gone; without memory, all (and returns -ENOMEM). */
int dirty_iface(struct state *state, int ifindex);
void dirty_all(struct state *state);

/* Has changes of a fib's routes marked from here on. */
void dirty_follow(struct state *state, struct fib *fib);

/* Whether verdicts on an interface may have changed since then. depends_on_no_route:
 * report_depends_on_no_route(). */
bool dirty_has(
	const struct state *state, const struct iface *iface, bool depends_on_no_route);

/* Whether anything is dirty. */
bool dirty_any(const struct state *state);

/* All that was dirty has been evaluated: clears the marks. */
void dirty_settle(struct state *state);
