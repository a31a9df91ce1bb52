/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/finding.h"
#include "finding/plan.h"
#include "rpf/overlay.h"

/*
 * The ladder of remedies of a finding (docs/remedies.md). Each rung is tried on a fork of the
 * state, judged as the host is; what is left is
 *
 *	1  a missing route, in words
 *	2  a rule `to PREFIX lookup main` where another rule takes neighbours away: it makes packet and
 *	   answer right, and no new finding
 *	   or routing by source, where a second uplink is answered by the first
 *	3  src_valid_mark off, or on, for a declared flow with a mark
 *	4  the interface to 2, then
 *	5  to 0: as remedy_find() has found
 *	6  a host-scope address on an interface without one, and 2
 *	7  all to 0, and each other interface to what it has in effect
 *	8  accept_local, with loose, for sources that are the host's own
 *
 * The first becomes finding->remedy, the others its alternatives. Rungs 4 and 5 come from
 * remedy_find() and cost nothing here; of the others only those are tried that may help.
 *
 * iface: the finding's, of overlay->state. Returns 0 or -ENOMEM.
 */
int cure_find(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, struct finding *finding);

/* The same for all findings of a report. */
int cure_report(const struct overlay *overlay, const struct plan_judge *judge,
	struct report *report);
