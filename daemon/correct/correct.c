/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/correct.h"

#include "daemon/correct/restore.h"

int correct_turn(struct policy *policy, const struct policy_input *input)
{
	int r = policy_turn(policy, input);

	return r == 0 && input->ledger ? restore_turn(policy, input) : r;
}
