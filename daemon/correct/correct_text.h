/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/policy.h"

#define CORRECT_TEXT 1536

/* What happened, in sentences for a person: for the journal and for rpfilterctl. Returns out. */
const char *correct_sentence(
	const struct correct_event *event, char out[static CORRECT_TEXT]);

/* What was done, for whoever asked for it. */
struct correct_answer {
	const char *event; /* RPF_EVENT, or "paused", "resumed" */
	char iif[NAME_MAX_];
	int old, value;
	char text[CORRECT_TEXT];
};

struct correct_answers {
	ARRAY(struct correct_answer) list;
};

/* Appends. Returns 0 or -ENOMEM. */
int correct_answer_event(
	struct correct_answers *answers, const struct correct_event *event);
int correct_answer_words(struct correct_answers *answers, const char *event,
	const char *iif, const char *format, ...) _printf_(4, 5);

/* "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0". Returns out. */
const char *correct_assignments(const struct plan *plan, char *out, size_t size);

/* Why a write did not work, and what helps: which drop-in of the service is missing. */
const char *correct_advice(int error, int ifindex);

#define CORRECT_LEFT 256

/* For carry_on(): a value that looks like ours, and is left where it is. */
void correct_text_left(const struct ledger_entry *entry, char out[static CORRECT_LEFT]);
