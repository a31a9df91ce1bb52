/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

/*
 * Whose verdicts may be other ones since touched_settle(): so that an event costs what it
 * touches. state.touched has the marks; state_apply() makes them, an evaluation reads them.
 */

/* Marks an interface, which may be gone; where memory lacks, all (and returns -ENOMEM). */
int touched_iface(struct state *state, int ifindex);
void touched_all(struct state *state);

/* Has changes of a fib's routes marked from here on. */
void touched_follow(struct state *state, struct fib *fib);

/* Whether verdicts on an interface may be other ones since then. minds_unrouted:
 * report_minds_unrouted(). */
bool touched_has(
	const struct state *state, const struct iface *iface, bool minds_unrouted);

/* All that was touched has been judged: from here on changes count anew. */
void touched_settle(struct state *state);
