/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config.h"
#include "daemon/correct/backoff.h"
#include "daemon/correct/transaction.h"
#include "daemon/journal/entry.h"

/*
 * What is corrected, when, and when it is taken back. It decides; transaction.h does, through a
 * kernel_port. Time is an argument, so all of it can be played in a test.
 */
enum refusal {
	REFUSED_NOTHING,
	REFUSED_SCOPE,	/* connected and feasible, where no entry says mode = "correct" */
	REFUSED_LOWEST, /* correct.lowest */
	REFUSED_ALLOW_ALL,  /* correct.allow_all */
	REFUSED_PER_MINUTE, /* correct.per_minute */
	REFUSED_PAUSED,	    /* rpfilterctl pause */
	REFUSED_UNSURE,	    /* model and kernel differ there */
	REFUSED_OTHERS,	    /* it would make others drop */
	REFUSED_LEDGER,	    /* there is none that can be written */
	REFUSED_UNCERTAIN, /* it is not certain that such packets are dropped as they come */
	REFUSED_ROUTE,	   /* no answer could leave: a filter is not the cause */
	REFUSED_REPLIES, /* their answers would leave by a way on which they can't arrive */
};

/* What happened, to be reported; everything is borrowed for the call. */
struct correction {
	enum event_kind kind;
	const struct finding *finding; /* NULL where it is known by the ledger only */
	const char *id;
	int ifindex;
	const char *iif;
	const struct plan *plan; /* of corrected and correction-failed */
	int old, value;
	int refused; /* with outcome.alike: the value that was there at first */
	enum refusal refusal;
	const char *why; /* of REFUSED_LEDGER */
	struct outcome outcome;
	const struct backoff *backoff;	  /* of fight */
	const struct ledger_pause *pause; /* of paused, resumed, and REFUSED_PAUSED */
	uint64_t until_usec; /* when that ends, since 1970; 0: when somebody ends it */
	bool absent;	     /* of paused, resumed: there is no such interface now */
	bool by_hand;
	bool replanned; /* loosened less than before */
	bool stopping;	/* restored as we end */
};

/* What a turn is about. */
struct policy_input {
	const struct config *config;
	const enum config_mode *mode; /* --mode; NULL: as configured */
	struct ledger *ledger;	      /* NULL: there is none, and */
	const char *ledger_error;     /* why, or why it can't be written */
	bool ledger_fails;	      /* it can't: nothing is loosened */
	const struct kernel_port *port;
	const struct finding *const
		*findings; /* confirmed ones are among them or not yet */
	size_t count;
	int unsure_ifindex;
	uint64_t now_usec, when_usec; /* steady, and since 1970 */
	uint64_t boot_usec;	      /* since the boot */
	void (*report)(void *data, const struct correction *correction);
	void *report_data;
	/* Whether a finding was logged: its refusal is not before it is. NULL: of all. */
	bool (*is_reported)(void *data, const char *id);
};

struct policy_reported {
	char id[FINDING_ID];
	enum refusal refusal;
	int error;
	unsigned int would; /* the plan of would-correct, 0: none was reported */
	bool seen;	    /* this turn */
};

struct revert_candidate { /* what would be safe to take back, and since when */
	char finding[FINDING_ID];
	uint64_t since_usec, judged; /* the state's generation */
	bool safe;
	uint64_t hold_usec; /* not before: it did not work */
};

struct policy {
	struct backoffs backoffs;
	uint64_t began_usec;
	ARRAY(struct policy_reported) reported;
	ARRAY(struct revert_candidate) candidates;
	uint64_t look_usec; /* the next look at what may be taken back, at the earliest */
	uint64_t next_usec; /* out: when something will be due, UINT64_MAX for never */
};

/*
 * Corrects what is found and may be corrected. Returns how many writes worked, -ENOMEM, or -EIO
 * where the ledger has failed: open it anew.
 */
int policy_turn(struct policy *policy, const struct policy_input *input);

const char *refusal_name(enum refusal refusal);

/* What the daemon objects to in a finding, in correct mode and whatever the plan; whoever asks for it by
 * hand need not. */
enum refusal policy_objects(const struct config *config, const struct finding *finding);

/*
 * What forbids a correction whoever asks for it: the finding itself, or its plan (NULL: not known
 * yet), as configured.
 */
enum refusal policy_forbids(const struct config *config, const struct finding *finding,
	const struct plan *plan);

/* By hand, whatever the mode and the pauses say; limits hold. 1; 0, and why was reported; or a
 * negative errno. */
int policy_by_hand(struct policy *policy, const struct policy_input *input,
	const struct finding *finding);

/*
 * Follows a link that came up, or went: then what is known of it goes, with its ledger entry and
 * its pause. Not
 * while something is being written (state.links).
 */
void policy_follow(struct policy *policy, struct ledger *ledger,
	const struct link_change *change, uint64_t now_usec);

/* Whether this interface is corrected, or only said of what would be. */
enum config_mode policy_mode(
	const struct policy_input *input, const char *name, const char *kind);

/* What is to be told of a pause: an event of kind paused or resumed. */
struct correction policy_pause_event(const struct policy_input *input,
	enum event_kind kind, const struct ledger_pause *pause);

/* Something will have to be looked at then. */
void policy_due(struct policy *policy, uint64_t at_usec);

void policy_done(struct policy *policy);
