/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/record.h"

#include <stdbool.h>

/* Whether two rules are the same to the kernel, field by field: which one a RTM_DELRULE means. */
bool rule_equal(const struct rule *a, const struct rule *b);

/*
 * Whether a rule makes the kernel look into packets for protocol and ports, for all rules
 * (fib_rule_requires_fldissect()): one for what lo sends does not (kernel-rpf 4.2).
 */
bool rule_dissects(const struct rule *rule);

/* Whether a rule may discard what its table has (suppress_prefixlength, suppress_ifgroup). */
static inline bool rule_suppresses(const struct rule *rule)
{
	return rule->suppress_len >= 0 || rule->suppress_group != -1;
}
