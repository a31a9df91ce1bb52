/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/prefixset.h"
#include "state/state.h"

/* Takes from `set` what can be no packet's source on this host, martians and the host's own, network
 * and broadcast addresses, into *ret. Returns 0 or -ENOMEM. */
int possible_sources(
	const struct state *state, const struct prefixset *set, struct prefixset *ret);
