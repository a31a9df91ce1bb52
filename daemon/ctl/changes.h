/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/ctl.h"
#include "daemon/ctl/json.h"
#include "finding/report.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * What two reports say differently: the findings that came, that went, and of which something else
 * is said. A finding is the same one by its id. For who compares two states of a host: a
 * change and what it does, a snapshot and a later one.
 */
enum changes_kind { CHANGES_WORSE, CHANGES_BETTER, CHANGES_OTHER };

struct changes_item {
	enum changes_kind kind;
	const struct finding *before, *after; /* of the reports; NULL: there is none */
};

struct changes {
	/* worse, then better, then other; of each the new ones, the gone ones, the changed ones */
	ARRAY(struct changes_item) list;
	/* one report has it, and the other could not tell whether it is one */
	ARRAY(const struct finding *) unknown;
};

/*
 * Compares two reports of the same detail. It borrows from both. A finding that came is worse, one
 * that went is better. One that changed is worse where more is dropped, a more severe expectation is,
 * or a notice became a warning; better in the opposite case; else other. *ret zeroed before, freed
 * with changes_done(), after an error too. Returns 0 or -ENOMEM.
 */
int changes_find(
	const struct report *before, const struct report *after, struct changes *ret);
void changes_done(struct changes *changes);

/* Whether something is worse. */
bool changes_are_worse(const struct changes *changes);

/*
 * As JSON, into object: "findings":{"new":[finding…],"gone":[finding…],"changed":[{"before":finding,
 * "after":finding}]},"worse":N,"better":N,"unknown":["ID"…]. A finding as rpfilterctl check has it.
 * Returns 0 or -ENOMEM.
 */
int changes_json(const struct changes *changes, struct json_object *object);

/* For a person: how many of each, then what is worse, better, and different. */
void changes_print(const struct changes *changes, FILE *out);

/*
 * Answers a verb with what two reports say differently, as text or JSON. No kernel is there to be
 * asked: that is noted in the reports. Returns the exit code: CTL_FOUND where something is worse, else
 * CTL_FAILED where one side could not evaluate what the other has.
 */
int changes_answer(const struct ctl *ctl, struct report *before, struct report *after);
