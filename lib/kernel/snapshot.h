/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_request.h"
#include "state/state.h"

/*
 * Reads all that a verdict depends on, but for one of a multicast packet, out of the kernel
 * into an empty state: the dumps, what only /proc has, whether local and main are one trie. To
 * follow changes from there, the reader must have joined its groups before, and hands its
 * events to the state after.
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
 * Where a reading is written down on its way: each datagram of the dumps as the kernel sent it, and in
 * notes what else was read, as text. Each returns 0 or a negative errno, which ends the reading.
 */
struct snapshot_copy {
	int (*datagram)(const void *bytes, size_t length, void *userdata);
	int (*note)(const char *key, const char *text, size_t length, void *userdata);
	void *userdata;
};

#define SNAPSHOT_NOTE_KERNEL "kernel" /* the release, as uname(2) has it */
#define SNAPSHOT_NOTE_MERGED "merged" /* "1" or "0": local and main are one trie */
#define SNAPSHOT_NOTE_FILE "file "    /* and its path: what stands in it */

/*
 * Reads all that snapshot_read() and snapshot_read_memberships() do, in their order, and hands it to
 * copy: from that the same state can be made elsewhere (kernel/snapshot_load.h). It keeps no
 * routes, so that a full table takes no memory. Returns as snapshot_read().
 */
int snapshot_read_out(struct nl_request *request, const struct snapshot_copy *copy);

/* The record that a note of SNAPSHOT_NOTE_KERNEL or _MERGED is. Returns 0, or -EBADMSG. */
int snapshot_note_record(const char *key, const char *text, struct record *ret);

/*
 * The groups joined, which verdicts of multicast packets depend on. To list them takes the
 * kernel time that grows with the square of the links: 0.1 s for 10,000. Returns 0 or a
 * negative errno.
 */
int snapshot_read_memberships(struct state *state);

/*
 * The same for who has other things to do meanwhile: a step takes what has come, little at a time.
 * request and state are the caller's; it asks nothing else by the request before the end.
 */
struct snapshot {
	struct nl_request *request;
	struct state *state;
	bool may_be_merged;
	enum nl_dump reading;
	unsigned int tries;
};

/* As snapshot_read(), but for what changes unannounced: snapshot_refresh_conf() reads that at the
 * end. */
int snapshot_begin(struct snapshot *snapshot, struct nl_request *request,
	const struct state *known, struct state *state);

/* When nl_request_fd() is readable, which is another one after some steps. Returns as
 * nl_request_step(). */
int snapshot_step(struct snapshot *snapshot);

/*
 * Reads again what changes unannounced: the settings of links, of all and default,
 * whether local and main have parted; and the rules. Returns 0 or a negative errno; then some of it
 * is older than it should be.
 */
int snapshot_refresh(struct nl_request *request, struct state *state);

/*
 * Reads again what a change of rules leaves open: them all, and whether local and main have parted.
 * Returns 1 where the rules were not as known, 0 where they were, or a negative errno.
 */
int snapshot_refresh_rules(struct nl_request *request, struct state *state);

/* As snapshot_refresh(), but for the settings of links and the rules: a few files, however many
 * those are. */
int snapshot_refresh_conf(struct state *state);

/* The same of one link and of all: what a finding about it rests on. -ENODEV: it is gone. */
int snapshot_refresh_link(struct nl_request *request, struct state *state, int ifindex);
