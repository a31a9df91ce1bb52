/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/host.h"
#include "daemon/ctl/question.h"
#include "finding/finding.h"
#include "rpf/reverse.h"
#include "rpf/rpf.h"

#include <json-c/json.h>
#include <stdio.h>

/* What there is to say of one packet, by the model and by the kernel. */
enum agreement {
	AGREE_UNASKED,
	AGREE_YES,
	AGREE_OPEN, /* the model left it open: any answer of the kernel's fits */
	AGREE_NO,
};

struct answer {
	char iif[NAME_MAX_];
	struct flow flow;
	struct rpf rpf; /* .reverse is borrowed from the state: see reverse */
	struct reverse reverse;
	char out[NAME_MAX_]; /* it is forwarded out of it; "" where it is not */
	struct trace trace;
	enum kernel_answer kernel;
	enum agreement agree;
	struct finding
		*finding; /* with what would cure a drop (answer_remedy.h); NULL: none */
};

/*
 * Answers a question. ask: the kernel too; where it says otherwise, or the interface is
 * gone or new, the host is read anew once and judged again. *ret zeroed before, to be
 * freed with answer_done() after an error too. Returns 0, -EINVAL with error set for an
 * unknown interface, or another negative errno with error set.
 */
int answer_of(struct host *host, const struct question *question, bool ask,
	struct answer *ret, char error[static ERROR_TEXT]);
void answer_done(struct answer *answer);

/* Whether it and what the kernel said, .kernel, go together. */
enum agreement answer_agreement(const struct answer *answer);

/* ", agrees": what is said of that behind the kernel's answer. */
const char *answer_agreement_text(const struct answer *answer);

/* The exit code that it stands for. */
int answer_code(const struct answer *answer);

/* The answer as JSON (rpfilterctl(1)); 0 or -ENOMEM. */
int answer_json(const struct answer *answer, struct json_object *object);

/* For a person: all of it, or one line. */
void answer_print(const struct answer *answer, FILE *out);
void answer_print_line(const struct answer *answer, FILE *out);

/* Prints the answer: as JSON, or for a person, in a line or in full. Returns 0 or -ENOMEM. */
int answer_show(const struct answer *answer, bool json, bool in_a_line, FILE *out);
