/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "daemon/config/config.h"
#include "daemon/correct/policy.h"
#include "daemon/correct/requests.h"
#include "daemon/evaluate/track.h"
#include "daemon/journal/entry.h"
#include "daemon/sync/sync.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * An entry on its way out, and what its reader would like to know beside: what the files of this
 * host make of the interface. Whoever logs asks for that, and adds it.
 */
enum session_lacks {
	SESSION_LACKS_NOTHING,
	SESSION_LACKS_KEEP,  /* what becomes of the effective .value at the next boot */
	SESSION_LACKS_PLACE, /* which file has the .value that somebody wrote */
};

struct session_entry {
	struct entry entry;
	enum session_lacks lacks;
	int ifindex, value;
	bool of_all;	     /* it was written to "all" */
	uint64_t until_usec; /* it waits so long at most; 0: nobody was asked */
};

/*
 * The corrector as the daemon has it: the policy with the daemon's sockets, state, ledger and
 * clock. What there is to log waits in session.entries until the kernel is done with.
 */
struct session {
	struct sync *sync;	      /* borrowed */
	const struct config *config;  /* borrowed: session_use_config() */
	struct track *track;	      /* borrowed */
	const enum config_mode *mode; /* --mode, borrowed; NULL: as configured */
	bool once;
	const char *state_directory; /* --state, or NULL */

	struct policy policy;
	struct ledger *ledger; /* NULL, or with an error: nothing is corrected; and why */
	char ledger_error[LEDGER_ERROR];
	uint64_t ledger_usec; /* not opened again before */
	bool ledger_doubtful; /* something went unseen: compare it with the kernel */
	ARRAY(struct session_entry)
	entries;			 /* to be logged, in their order; the turn does */
	bool entry_lost;		 /* there was no memory for one */
	struct request_answers *answers; /* while somebody asks by the bus */
	sd_event_source *timer;		 /* when the policy wants to look again */
};

/* Adds the timer. Returns 0 or a negative errno. */
int session_start(struct session *session, sd_event *event);
void session_done(struct session *session);

/* What it does at most: monitor where --once is given. */
enum config_mode session_mode(const struct session *session);

/* Whether anything at all is to be corrected, or said of what would be. */
static inline bool session_wanted(const struct session *session)
{
	return session_mode(session) != CONFIG_MONITOR;
}

/* Whether anything may be written, so that there is a ledger. */
static inline bool session_writes(const struct session *session)
{
	return session_mode(session) == CONFIG_CORRECT;
}

/* Another configuration is in force. */
void session_use_config(struct session *session, const struct config *config);

/* Follows the links that came and went, and clears state.links: the first thing in a turn. */
void session_follow_links(struct session *session);

/*
 * Corrects what was found, and takes back what is needed no more. The model may be a newer one
 * afterwards. Returns 1 where another turn has to follow, 0, or a negative errno.
 */
int session_turn(struct session *session, int unsure_ifindex);

/* The daemon ends: with restore = "on-stop" all is taken back. */
void session_stop(struct session *session);

/* What is asked for by hand. */
enum session_request { SESSION_APPLY, SESSION_REVERT, SESSION_PAUSE, SESSION_RESUME };

/*
 * Does what is asked for. What was done is added to ret. Call it behind a turn. Returns 0; -ENOLCK without a ledger, see ledger_error; -EAGAIN out of sync; or
 * another negative errno.
 */
int session_serve(struct session *session, enum session_request what,
	const struct request *request, int unsure_ifindex, struct request_answers *ret);
