/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/policy.h"

/* What was corrected and is needed no more is taken back. */

/* What may be taken back by now, or loosened less. Returns as policy_turn() does. */
int restore_turn(struct policy *policy, const struct policy_input *input);

/* By hand: what was written for a finding. How many values were taken back, or an errno. */
int restore_by_hand(
	struct policy *policy, const struct policy_input *input, const char *finding);

/*
 * At the end, with restore = "on-stop": takes all back. 0; -EIO where something is left;
 * -ENOMEM.
 */
int restore_all(struct policy *policy, const struct policy_input *input);
