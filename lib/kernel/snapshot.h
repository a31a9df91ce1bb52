/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_request.h"
#include "model/state.h"

/*
 * Reads all that a verdict depends on out of the kernel into an empty state: the dumps, what
 * only /proc has, whether local and main are one trie. To follow changes from there, the
 * reader must have joined its groups before, and hands its events to the state after.
 *
 * known, or NULL, is an older state of the same namespace: whether local and main are merged
 * can't be asked of the kernel while the table local is empty, but they never join again.
 *
 * Returns 0; -EAGAIN when things changed all the time; or a negative errno. After an error
 * the state is of no use.
 */
int snapshot_read(
	struct nl_request *request, const struct state *known, struct state *state);

/*
 * The same for who has other things to do while the routes of a full table are read: begins
 * it, and takes some of the routes, 64 at most, at each step, when nl_request_fd() is readable.
 * snapshot_step() returns as nl_request_step(). What changes unannounced is not read:
 * snapshot_refresh() does, and belongs at the end.
 */
int snapshot_begin(
	struct nl_request *request, const struct state *known, struct state *state);
int snapshot_step(struct nl_request *request, struct state *state);

/*
 * Reads again what changes unannounced: the settings of links, of all and default, groups
 * joined, whether local and main have parted. Returns 0 or a negative errno; then some of it
 * is older than it should be.
 */
int snapshot_refresh(struct nl_request *request, struct state *state);

/* The same of one link and of all: what a finding about it rests on. -ENODEV: it is gone. */
int snapshot_refresh_link(struct nl_request *request, struct state *state, int ifindex);
