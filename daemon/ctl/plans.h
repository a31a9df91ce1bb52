/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/correction_text.h"
#include "daemon/ctl/ctl.h"
#include "finding/plan.h"

/* The findings of the interfaces that were asked for, each with the plan that cures it. */
struct planned {
	const struct finding *finding; /* of .report */
	struct plan plan;
	struct plan_changes changes;
	enum refusal refusal;	/* whoever asks for it: then the plan has no steps */
	enum refusal objection; /* the daemon's alone */
};

struct plans {
	struct report *report;
	ARRAY(struct planned) list;
};

/* How the model judges one interface of this host, with its configuration. */
struct plan_judge plans_judge(const struct host *host);

/*
 * Works them out, for the interfaces that the command line names, or all. The kernel's answer
 * is in each finding; those that it lets pass are left out, and said. *ret zeroed before, freed
 * with plans_done(), after an error too. Returns 0, or a negative errno when that was said.
 */
int plans_make(struct ctl *ctl, struct plans *ret);
void plans_done(struct plans *plans);

/* Whether there is something in them that can be done. */
bool plans_have_steps(const struct plans *plans);

/*
 * Leaves out, and says so, what is not done unless its interface is named: what is expected by
 * addresses or routes only (request_apply()).
 */
void plans_drop_unasked(const struct ctl *ctl, struct plans *plans);

/* For a person: each step, its undo, what else changes. doable: only plans that have steps. */
void plans_print(const struct plans *plans, bool doable, FILE *out);

/* Why the daemon would not do it by itself, as a sentence; NULL where it would. Returns out. */
const char *plans_objection(
	const struct planned *planned, char out[static CORRECTION_TEXT]);

/* What forbids a plan, and what would help, as a sentence. Returns out. */
const char *plans_refusal(
	const struct planned *planned, char out[static CORRECTION_TEXT]);
