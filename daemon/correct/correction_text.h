/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/policy.h"

#define CORRECTION_TEXT 1536

/* What happened, in sentences for a person: for the journal and for rpfilterctl. Returns out. */
const char *correction_sentence(
	const struct correction *event, char out[static CORRECTION_TEXT]);

#define CORRECTION_TIME 32

/* "2026-12-01T09:30:00Z", or "-" for 0: a time since 1970. Returns out. */
const char *correction_time(uint64_t when_usec, char out[static CORRECTION_TIME]);

/* What was done, for whoever asked for it. */
struct request_answer {
	const char *event; /* RPF_EVENT, or "paused", "resumed" */
	char iif[NAME_MAX_];
	int old, value;
	char text[CORRECTION_TEXT];
};

struct request_answers {
	ARRAY(struct request_answer) list;
};

/* Appends. Returns 0 or -ENOMEM. */
int request_answer_event(struct request_answers *answers, const struct correction *event);
int request_answer_words(struct request_answers *answers, const char *event,
	const char *iif, const char *format, ...) _printf_(4, 5);

/* "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0". Returns out. */
const char *correction_assignments(const struct plan *plan, char *out, size_t size);

/* Why a write did not work, and what helps: which drop-in of the service is missing. */
const char *correction_advice(int error, int ifindex);

#define CORRECTION_LEFT 256

/* For ledger_reconcile(): a value that looks like ours, and is left where it is. */
void correction_text_left(
	const struct ledger_entry *entry, char out[static CORRECTION_LEFT]);
