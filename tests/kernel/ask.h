/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/flow.h"
#include "rpf/rpf.h"
#include "state/state.h"

#include <stdbool.h>

/*
 * A line of a walk that asks:
 *
 *	ask DST from SRC iif NAME [mark N] [tos N] [ipproto N] [sport N] [dport N] expect REASON
 *
 * REASON is a word of rpf_reason_name(). Returns whether text is such a line; one that is
 * wrong ends the program.
 */
bool ask_parse(const struct state *state, const char *text, struct flow *ret_flow,
	enum rpf_reason *ret_expected);
