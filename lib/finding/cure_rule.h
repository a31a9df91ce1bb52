/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/finding.h"
#include "finding/plan.h"

/*
 * The rung of cure.h that adds rules, for cure.c alone. A rule's table takes neighbours away: their
 * packets are dropped, or would be let in and the answers leave elsewhere. A rule before that one
 * gives them back to main, or to the table that has them on the interface.
 */

/* What the findings of a report have in common. */
struct cure_rules {
	struct state
		*fork; /* of the overlay's state, as it is but while a rule is tried */
	bool harmless; /* the rules for all findings together harm nobody */
};

/* Looks whether they do. *ret zeroed before. Returns 0 or -ENOMEM. */
int cure_rules_prepare(const struct overlay *overlay, const struct plan_judge *judge,
	const struct report *report, struct cure_rules *ret);
void cure_rules_done(struct cure_rules *rules);

/*
 * Returns 1 where that makes packets and answers right, and no interface that the neighbours were
 * taken to drop more than before, and fills in *ret; 0; or -ENOMEM. *shared: zero, or prepared,
 * and used for any findings of the overlay. *ret zeroed before, freed with remedy_done().
 */
int cure_rule(const struct overlay *overlay, const struct iface *iface,
	const struct plan_judge *judge, const struct finding *finding,
	struct cure_rules *shared, struct remedy *ret);
