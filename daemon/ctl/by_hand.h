/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/requests.h"
#include "daemon/ctl/ctl.h"
#include "daemon/ctl/plans.h"

/*
 * What apply, revert, pause and resume share: it is done by the rpfilterd that corrects in this
 * namespace, through the bus; where none does, here, on the same ledger, under its lock.
 */
typedef int (*by_hand_work)(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret);

/*
 * Whether each word can be the name of an interface, also of one that is not there; else says so, and
 * of the word "all" what to do for all of them.
 */
bool by_hand_names(const struct ctl *ctl, const char *all);

/*
 * method: of the bus. findings: what apply is about, NULL for the others. known: what there is
 * to say beforehand, taken over, NULL for nothing. Prints what was done
 * and returns the exit code: 0, 1 where something was refused or did not work, 2 where nothing
 * could be tried.
 */
int by_hand(struct ctl *ctl, const char *method, by_hand_work work,
	const struct plans *plans, struct request_answers *known);
