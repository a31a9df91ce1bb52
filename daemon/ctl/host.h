/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config.h"
#include "daemon/ctl/arguments.h"
#include "finding/finding.h"
#include "kernel/nl_request.h"
#include "kernel/snapshot_load.h"
#include "state/state.h"

#include <stdint.h>

/* Notes of a snapshot that are not the kernel's. */
#define HOST_NOTE_NAME "host"
#define HOST_NOTE_TIME "time"
#define HOST_NOTE_CONFIG "config" /* the configuration file, with all that it includes */
#define HOST_NOTE_LEDGER "ledger" /* "empty": it was read, and nothing stood corrected */
#define HOST_NOTE_PAUSES "pauses" /* "none": it was read, and nothing was paused */
#define HOST_NOTE_DROPS "drops"	  /* the counter IPReversePathFilter */

/* What a verb works on: this host as the kernel says it is, or one in a snapshot, and the
 * configuration. */
struct host {
	struct nl_request *request; /* NULL: the kernel is not asked */
	struct state *state;
	struct snapshot_notes notes; /* of a snapshot */
	const char *snapshot;  /* its file, as it was named; NULL: it is this host */
	struct config *config; /* NULL until host_configure() */
	uint64_t read_usec, took_usec;
	unsigned int rereads;
};

/*
 * *host zeroed before; free with host_done(). Returns 0, or a negative errno, error set.
 */
int host_open(struct host *host, char error[static ERROR_TEXT]);
void host_done(struct host *host);

/* The same from a snapshot: a file, or "-" for standard input; the text is borrowed. error is "FILE:
 * what is wrong at byte N; what to do". */
int host_load(struct host *host, const char *file, char error[static ERROR_TEXT]);

/* Reads the configuration: file, or where it is NULL the one in /etc, or the snapshot's. As
 * host_open(). */
int host_configure(struct host *host, const char *file, char error[static ERROR_TEXT]);

/*
 * Reads the kernel anew, as what was read doesn't fit what the kernel says now. Nothing
 * that was borrowed from the state is valid after. The first time at once; later only
 * when a tenth of the time at most goes into reading. Returns 1 if it was read anew, 0
 * if it is too early for that, or a negative errno; then the state is as it was.
 */
int host_reread(struct host *host);

/*
 * Asks the kernel about a flow that the model has a verdict on. KERNEL_ABSENT with a
 * snapshot. KERNEL_UNASKED where it can't be asked about just that: it takes the protocols tcp, udp and icmp only, which
 * matters where a rule looks at them, and for IGMP from 0.0.0.0, which has an exception; and its
 * EINVAL, where nothing tells whether source or destination is meant, says nothing against a
 * model that says the source. Returns 0, -ENODEV when the interface is gone, or another
 * negative errno.
 */
int host_ask(struct host *host, const struct flow *flow, enum rpf_verdict verdict,
	enum kernel_answer *ret);

/* The interface of that name, an alternative one too; NULL, with error set, for none. */
const struct iface *host_iface(
	const struct host *host, const char *name, char error[static ERROR_TEXT]);
