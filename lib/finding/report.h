/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "finding/expect.h"
#include "finding/finding.h"

/*
 * What is known of a host, as flat facts that daemon, rpfilterctl and tests share.
 */
enum iface_verdict { IFACE_OK, IFACE_DROPS, IFACE_OFF, IFACE_DOWN, IFACE_UNJUDGED };

struct report_iface {
	int ifindex;
	char name[NAME_MAX_];
	char kind[NAME_MAX_];
	bool up, numbered;
	bool has_inet;
	struct rp_filter filter;
	struct expect_items expect; /* but routed ones, see report_list_routed() */
	size_t expect_more;	    /* routed ones that are not listed */
	bool routed;		    /* there may be some */
	bool unexpected; /* nothing at all is expected of it, and nobody declared that */
	enum iface_verdict verdict;
	bool warns;	/* some finding is a warning */
	bool by_routes; /* its classes depend on where others are routed (flowclass.h) */
	bool claimed_elsewhere; /* routes of others bear on what is expected */
};

/* A declared flow that can't be evaluated, as its packets get nowhere on this host. */
struct report_undelivered {
	int ifindex;
	char name[NAME_MAX_];
	char class[FLOWCLASS_NAME];
	enum rpf_reason reason;
};

/* Packets of an interface that rules distinguish and that are not evaluated: there are too many
 * kinds, or no example was found. */
struct report_missed {
	int ifindex;
	char name[NAME_MAX_];
	char what[FLOWCLASSES_TEXT]; /* flowclasses_missed() */
};

struct report {
	ARRAY(struct report_iface) ifaces;
	ARRAY(struct finding *) findings;
	ARRAY(struct finding_id)
	unknown; /* may be findings: they could not be evaluated */
	ARRAY(struct report_missed) missed;
	ARRAY(struct report_undelivered) undelivered;
	size_t unjudged; /* interfaces that could not be evaluated */
};

struct report *report_new(void);
void report_free(struct report *report);
DEFINE_FREEP(struct report, report_free)

/*
 * Adds an interface: what is expected of it, whether it drops any of that, for each class of
 * packets; classes that drop the same are one finding, the first one's. The declared flows of
 * the configuration come as classes of their own in `flows` (may be empty).
 * detail: of the findings. Returns 0 or -ENOMEM.
 */
int report_add(struct report *report, const struct overlay *overlay,
	const struct iface *iface, const struct expect_declared *declared,
	const struct flowclasses *flows, enum finding_detail detail);

/*
 * Adds to what is expected of each interface what routes and rules are for, for people to see: a
 * few, and how many more there are. A walk over the tables. Returns 0 or -ENOMEM.
 */
int report_list_routed(struct report *report, const struct state *state);

/* Puts the findings in the order in which people read them: warnings first, then by share. */
void report_sort(struct report *report);

/*
 * Whether it matters to an interface which sources have any route at all, by whatever way: to
 * tunnels and to what is declared, as these are of all sources, and where it is loose. A row of
 * either detail.
 */
bool report_depends_on_no_route(const struct report_iface *row);

const char *iface_verdict_name(enum iface_verdict verdict);
