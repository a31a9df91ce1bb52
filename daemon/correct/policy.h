/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config.h"
#include "daemon/correct/backoff.h"
#include "daemon/correct/transaction.h"
#include "daemon/journal/entry.h"

/*
 * What is corrected, when, and when it is taken back. It decides; carry_out.h does, through a
 * writer. Time is an argument, so all of it can be played in a test.
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
};

/* What there is to say; everything is borrowed for the call. */
struct correct_event {
	enum event_kind kind;
	const struct finding *finding; /* NULL where it is known by the ledger only */
	const char *id;
	int ifindex;
	const char *iif;
	const struct plan *plan; /* of corrected and correction-failed */
	int old, value;
	enum refusal refusal;
	const char *why; /* of REFUSED_LEDGER */
	bool all_paused; /* of REFUSED_PAUSED: not this one by itself */
	struct outcome outcome;
	const struct patience *patience; /* of fight */
	bool by_hand;
	bool replanned; /* loosened less than before */
	bool stopping;	/* restored as we end */
};

/* What a turn is about. */
struct correct_input {
	const struct config *config;
	bool monitor, correct;	  /* --mode */
	struct ledger *ledger;	  /* NULL: there is none, and */
	const char *ledger_error; /* why, or why it can't be written */
	bool ledger_fails;	  /* it can't: nothing is loosened */
	const struct writer *writer;
	const struct finding *const
		*findings; /* confirmed ones are among them or not yet */
	size_t count;
	int unsure_ifindex;
	uint64_t now_usec, when_usec; /* steady, and since 1970 */
	void (*say)(void *data, const struct correct_event *event);
	void *say_data;
	/* Whether a finding was said: its refusal is not before it is. NULL: of all. */
	bool (*is_said)(void *data, const char *id);
};

struct correct_said {
	char id[FINDING_ID];
	enum refusal refusal;
	int error;
	bool seen; /* this turn */
};

struct correct_safe { /* what would be safe to take back, and since when */
	char finding[FINDING_ID];
	uint64_t since_usec, judged; /* the state's generation */
	bool safe;
	uint64_t hold_usec; /* not before: it did not work */
};

struct correct {
	struct patiences patiences;
	uint64_t began_usec;
	ARRAY(struct correct_said) said;
	ARRAY(struct correct_safe) safe;
	uint64_t look_usec; /* the next look at what may be taken back, at the earliest */
	uint64_t next_usec; /* out: when something will be due, UINT64_MAX for never */
};

/*
 * Corrects what is found and may be corrected, and takes back what is needed no more. Returns
 * how many writes worked, -ENOMEM, or -EIO where the ledger has failed: open it anew.
 */
int correct_turn(struct correct *correct, const struct correct_input *input);

const char *refusal_name(enum refusal refusal);

/* At the end, with restore = "on-stop": takes all back. */
int correct_stop(struct correct *correct, const struct correct_input *input);

/* By hand, whatever the mode and the pauses say: limits hold. 1, 0 (said why), or an errno. */
int correct_by_hand(struct correct *correct, const struct correct_input *input,
	const struct finding *finding);
int correct_revert(
	struct correct *correct, const struct correct_input *input, const char *finding);

/* An interface appeared or came up, or went. */
void correct_saw_up(struct correct *correct, int ifindex, uint64_t now_usec);
void correct_saw_gone(struct correct *correct, struct ledger *ledger, int ifindex);

/* Whether correcting this interface is asked for at all. */
bool correct_wanted(const struct config *config, bool monitor, bool correct,
	const char *name, const char *kind);

void correct_done(struct correct *correct);

/* --- taking back (correct_back.c) ---------------------------------------------------------------- */

/* Something will have to be looked at then. */
void correct_due(struct correct *correct, uint64_t at_usec);

/* What may be taken back by now, or loosened less. As correct_turn(), which calls it. */
int correct_take_back(struct correct *correct, const struct correct_input *input);
