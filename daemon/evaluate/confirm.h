/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config.h"
#include "daemon/evaluate/schedule.h"
#include "daemon/evaluate/track.h"
#include "daemon/sync/sync.h"
#include "kernel/nl_request.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The kernel confirms a finding before it is logged. Where log_martians is on, each question that
 * it answers with a refusal writes a line to its log: a handful a minute, and no more.
 */
struct confirm {
	uint64_t minute_usec;	/* this minute's begin */
	unsigned int questions; /* and how many refused questions it had */
};

enum confirm_result {
	CONFIRM_LOG,   /* it may be logged; .error: unconfirmed, as the question failed */
	CONFIRM_AGAIN, /* something changed under it: it is evaluated again */
	CONFIRM_REFUTED, /* the kernel says otherwise: all is read again, and it is not logged */
	CONFIRM_DISAGREES, /* ... and that did not settle it: to be logged, once */
	CONFIRM_CANT_ASK,  /* ... nor can the kernel be asked about the example */
};

struct confirmation {
	enum confirm_result result;
	int error; /* negative */
};

/* Has the kernel confirm what item is about to say. Returns 0 or a negative errno. */
int confirm_finding(struct confirm *confirm, struct sync *sync,
	const struct schedule *schedule, const struct config *config, struct track *track,
	struct track_item *item, struct confirmation *ret);

/* What the kernel says of a packet for the host itself. 0 or a negative errno. */
int kernel_confirm(
	struct nl_request *request, const struct flow *flow, enum kernel_answer *ret);

/*
 * Finds all that there is to say of an item's finding, which was only counted. Returns 1; 0 where
 * it isn't so any more, and its interface is dirty then; or -ENOMEM.
 */
int finding_expand(
	struct state *state, const struct config *config, struct track_item *item);
