/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/policy.h"

/*
 * What is done in a turn: corrections; and where there was none, what is needed no more is taken
 * back. Returns as policy_turn() does.
 */
int correct_turn(struct policy *policy, const struct policy_input *input);
