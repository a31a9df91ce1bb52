/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config.h"
#include "finding/plan.h"
#include "finding/report.h"
#include "state/state.h"

/*
 * Adds to report what there is to say of one interface, as overlay has it and the configuration
 * declares it. Returns 0 or -ENOMEM.
 */
int evaluate_iface(const struct overlay *overlay, const struct config *config,
	const struct iface *iface, enum finding_detail detail, struct report *report);

/* evaluate_iface() with DETAIL_COUNT, for whoever tries a change. config is borrowed. */
struct plan_judge evaluate_judge(const struct config *config);

/*
 * Judges every interface against what the configuration declares and the model infers. Pure:
 * the daemon and rpfilterctl get the same report from the same state. Returns 0 or -ENOMEM.
 */
int evaluate(const struct state *state, const struct config *config,
	enum finding_detail detail, struct report **ret);

/* One finding with all that there is to say of it. Returns 1 and sets *ret, 0 where there is
 * no such finding (any more), or -ENOMEM. */
int evaluate_finding(const struct state *state, const struct config *config, int ifindex,
	const char *id, struct finding **ret);
