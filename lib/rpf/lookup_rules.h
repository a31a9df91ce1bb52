/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpf/lookup_flow.h"
#include "rpf/overlay.h"

/*
 * What the look-up of one flow (lookup.c) and that of a range of them (lookup_range.c) have in
 * common: a step of the walk over rules, tables and aliases each. For these two, and for the
 * look-up of a gateway (change/change_gateway.c).
 */

/* What a look-up that comes to this route ends with: a positive errno, or 0 where its nexthops are
 * asked. */
int lookup_error(const struct state *state, const struct fib_info *info);

/*
 * Which of a prefix's aliases the flow takes: sets *ret (but its prefix and rule) and returns
 * true, or returns false where none can be used and the look-up goes on with a shorter prefix.
 */
bool lookup_pick(const struct overlay *overlay, const struct fib_list *list,
	const struct lookup_flow *flow, struct lookup_result *ret);

/* What a rule that matches does: 0 for a look-up in *ret_table, else the errno it ends with. */
int lookup_rule_acts(const struct overlay *overlay, const struct rule *rule,
	const struct lookup_flow *flow, uint32_t *ret_table);

/* The index of the rule that the goto at `at` leads to; where there is none, the goto does
 * nothing. */
size_t lookup_goto(const struct state *state, size_t at);

/* Whether a table's answer ends the look-up, or the next rule is asked. rule: NULL where no
 * rule is looked at. */
bool lookup_is_final(const struct overlay *overlay, const struct rule *rule,
	const struct lookup_result *result);

/*
 * Behind an error route of main some kernels end, others (before a correction that went into
 * the stable series of 2026) still ask table default, and no version number shows which. It makes a
 * difference only to an address that default has an answer for; for that one the result
 * is unknown. Any other has no reverse route in either case.
 *
 * Whether that may be so of a result; lookup() then decides it for one address.
 */
bool lookup_may_be_either(
	const struct overlay *overlay, const struct lookup_result *result);

/* The same, with what table default answers there. */
bool lookup_is_either(const struct lookup_result *in_default);

/* While no rule was ever changed, these tables are asked and no rule is (docs/kernel.md 4.1). */
#define LOOKUP_MERGED_TABLES 2
extern const uint32_t lookup_merged_tables[LOOKUP_MERGED_TABLES];
