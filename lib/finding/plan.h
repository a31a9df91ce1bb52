/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "finding/finding.h"
#include "finding/report.h"
#include "rpf/overlay.h"

/*
 * All rungs of the ladder, tried on an overlay one by one, until what a finding is
 * about comes in:
 *
 *	1  the interface to 2 (loose): only from a strict 1, never over a 0
 *	2  the interface to 0 (off), where all is no greater
 *	3  every other interface, and default, to what it has in effect; then all to 0; then the
 *	   interface to 0
 *	4  text for a person
 *
 * Rungs 1 and 2 can make nothing drop that passes now and affect no other interface. Rung 3
 * changes what no interface but this one has in effect.
 */
enum plan_rung { PLAN_LOOSE, PLAN_OFF, PLAN_ALL, PLAN_MANUAL };

/* The setting that stands in the way of the next rung. */
enum plan_limit { PLAN_FREE, PLAN_LOWEST, PLAN_ALLOW_ALL };

struct plan_limits {
	bool lowest_loose; /* nothing below 2 */
	bool allow_all;	   /* all and default, too */
};

struct plan_step {
	char key[64]; /* as sysctl(8) takes it */
	int ifindex;  /* or NETCONF_ALL, NETCONF_DEFAULT */
	int old, value;
	bool keeps; /* it changes nothing in effect, but for what comes after */
};

struct plan {
	enum plan_rung rung;
	enum plan_limit
		limit; /* with PLAN_MANUAL: what would help is forbidden by this */
	ARRAY(struct plan_step)
	steps; /* in the order of writing; undone from the last on */
};

/* A verdict that would be another one. */
struct plan_change {
	struct finding_id finding;
	bool drops; /* it would be a finding; else it would be none any more */
};

struct plan_changes {
	ARRAY(struct plan_change) list;
	bool unknown; /* something could not be evaluated as it would be then */
};

/* Adds to report the findings of iface as the overlay has it: report_add(). */
struct plan_judge {
	int (*judge)(const struct overlay *overlay, const struct iface *iface,
		struct report *report, const void *data);
	const void *data;
};

/*
 * The least that cures the finding called id on iface. *ret zeroed before, freed with
 * plan_done(), after an error too. Returns 0 or -ENOMEM.
 */
int plan_find(const struct overlay *overlay, const struct iface *iface, const char *id,
	const struct plan_limits *limits, const struct plan_judge *judge,
	struct plan *ret);

/*
 * Whether a value of the interface's own would do: 1, 0, -ENODATA where that can't be evaluated,
 * -ENOMEM. Only the finding called id counts, or with NULL any on that interface.
 */
int plan_value_cures(const struct overlay *overlay, const struct iface *iface,
	const char *id, int value, const struct plan_judge *judge);

/* The same as the overlay has it. */
int plan_is_cured(const struct overlay *overlay, const struct iface *iface,
	const char *id, const struct plan_judge *judge);

/* What an interface of this own value is set to, so that it has the same without all. */
int plan_keeping_value(int own, int all);

/*
 * Which findings but the one called id would come or go with the plan. Judged are the interfaces
 * whose value in effect is another one then: a verdict knows the filter of no other interface than
 * the one that a packet comes in by. Appends to ret; 0 or -ENOMEM.
 */
int plan_side_effects(const struct overlay *overlay, const struct plan *plan,
	const char *id, const struct plan_judge *judge, struct plan_changes *ret);

/*
 * Whether the interface drops more by `after` than by `before`, whose states may be two: a finding is
 * new, or larger, or something could not be evaluated any more. 1, 0 or -ENOMEM.
 */
int plan_is_worse(const struct overlay *before, const struct overlay *after, int ifindex,
	const struct plan_judge *judge);

void plan_done(struct plan *plan);
void plan_changes_done(struct plan_changes *changes);
