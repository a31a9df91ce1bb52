/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/finding.h"
#include "finding/plan.h"

/*
 * The rung of cure.h that routes by source, for cure.c alone. Two uplinks: what comes in by the
 * second is answered by the first, whose default route wins, by its metric or by a rule's priority.
 * A table of its own, with the networks of the interface and its default route, and a rule for
 * what is sent from the addresses that the packets come to, have the answers leave by the interface;
 * then the filter lets the packets in as they are.
 *
 * Where the interface forwards, rules before those keep what main knows better than by a default
 * route, such as the LAN; and loose lets in what is forwarded. Which way its answers leave is for
 * marks to say, so that these are cured no further.
 *
 * Returns 1 where that makes packets and answers right and no interface drop more than before, and
 * fills in *ret; 0; or -ENOMEM. *ret zeroed before, freed with remedy_done().
 */
int cure_source(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, const struct finding *finding,
	struct remedy *ret);
