/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/state.h"

#define STATE_DIFFERENCE 160

/*
 * Whether two states say the same of the kernel; for the audit and the tests. If not, says in
 * words where they differ first. What no dump can tell (whether a local route was ever added
 * by hand) is not compared.
 */
bool state_equal(
	const struct state *a, const struct state *b, char what[static STATE_DIFFERENCE]);
