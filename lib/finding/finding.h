/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "finding/dropset.h"
#include "finding/expect.h"
#include "finding/remedy.h"
#include "flowclass/flowclass.h"
#include "rpf/overlay.h"
#include "rpf/reverse.h"
#include "rpf/rpf.h"

/*
 * A finding: expected sources that are dropped by reverse path, on one interface, for one class
 * of packets. It owns all its data, so that it outlives the state that it was found in.
 */
#define FINDING_NO_ROUTE                                                                 \
	":no-route" /* behind the class, where that is what it is about */
#define FINDING_ID (NAME_MAX_ + FLOWCLASS_NAME + sizeof(FINDING_NO_ROUTE) - 1)
#define FINDING_SOURCES 16
#define FINDING_BUT 16
#define FINDING_OUT 96
#define FINDING_ALTERNATIVES 3

enum kernel_answer {
	KERNEL_UNASKED,
	KERNEL_DROP,
	KERNEL_PASS,
	KERNEL_UNJUDGED,
	KERNEL_ABSENT, /* unasked: what is judged is not what runs here */
};

enum finding_severity { FINDING_NOTICE, FINDING_WARNING };

/*
 * How much is to be known of a finding: that it is there, why, and how much is dropped, which
 * costs little on any table; or in full, for which the prefixes that are
 * dropped have to be found by a walk.
 */
enum finding_detail {
	DETAIL_COUNT,
	DETAIL_SUMMARY,
	DETAIL_FULL, /* each prefix, however many they are */
};

/* What a finding, or one that might be, is called. */
struct finding_id {
	char text[FINDING_ID];
};

/* The interface's name in an id; "" where it begins with none. */
void finding_id_iif(const char *id, char out[static NAME_MAX_]);

struct finding {
	char id[FINDING_ID]; /* the interface's name and the class: the same after a restart */
	int ifindex;
	char iif[NAME_MAX_];
	char kind[NAME_MAX_];
	enum finding_severity severity;
	enum rpf_reason reason;	       /* of most of what is dropped */
	uint64_t reasons[RPF_REASONS]; /* how many addresses are dropped for each */
	struct rp_filter filter;
	enum expect_why expect;	      /* the strongest of what is dropped */
	char because[EXPECT_BECAUSE]; /* what makes it expected, in words; "" for none */
	enum expect_why
		because_of; /* whose words these are: the example may have a weaker reason */
	/* Whether it is known that such packets come, and are dropped as they come: not where that
	 * depends on what can't be seen from here. What isn't is a notice, and never corrected. */
	bool certain;
	bool no_route; /* there is no reverse route at all: no fault of the filter's; a notice */
	bool arp;		    /* ARP requests of neighbours go unanswered, too */
	enum finding_detail detail; /* counted: no sources, no reverse.prefix, and an
				       example only if it came at no cost (else 0.0.0.0) */
	struct prefix4 sources[FINDING_SOURCES]; /* largest first */
	size_t source_count, sources_more;
	ARRAY(struct prefix4) whole; /* of DETAIL_FULL: all sources */
	/* where that is shorter: all that `cover` has, except these; but_count 0: it is not */
	struct prefix4 cover, but[FINDING_BUT];
	size_t but_count;
	bool most_of_cover;	  /* too many exceptions to name, and little besides */
	bool whole_item;	  /* it is one prefix, all of which is expected */
	uint64_t expected;	  /* addresses */
	uint64_t dropped;	  /* of these */
	uint64_t no_route_beside; /* of these besides, what has no reverse route */
	uint64_t blind; /* addresses of expected sources that could not be evaluated */
	double share;	/* of the expected sources; 1 only when all, 0 never */
	struct addresses to; /* local addresses; of what is only forwarded, an example */
	bool forwarded;	     /* packets that are forwarded are dropped, too */
	char out[FINDING_OUT]; /* only they are: the devices that they leave by, in words */
	struct flow example;
	struct reverse reverse;	 /* of most of what is dropped */
	bool old_kernels_accept; /* those up to 2.6.30, which took all AND interface */
	int oif;      /* forwarded packets only: by which the example leaves; else 0 */
	int loosened; /* the interface's rp_filter that lets all of them in; -1: none */
	bool replies_lost; /* answers would leave by a way on which they can't arrive (reply.h) */
	char replies_by[NAME_MAX_]; /* then: by this device, "": by none */
	/* By rp_filter alone, until somebody has looked for more: cure.h. */
	struct remedy remedy, alternatives[FINDING_ALTERNATIVES];
	size_t alternative_count;
	enum kernel_answer kernel; /* filled in by whoever asked */
	bool unsure; /* model and kernel differ on the interface; filled in by the self-check */
};

/* What is to be known beside a finding, or of there being none. */
struct finding_notes {
	bool claimed_elsewhere; /* routes of others bear on what is expected: a change may matter */
	bool blind;		/* expected sources could not be evaluated */
	bool expected; /* there are expected sources */
};

/*
 * Looks for findings: of what the filter drops (*ret), and of what has no reverse route at all
 * (*ret_no_route, may be NULL: it isn't wanted). Returns 1 where one of them is set; 0 where what could be evaluated of the expected
 * sources passes; -ENODATA where nothing of it could be evaluated, as something was not understood
 * that bears on it; -ENOMEM. What is set in *notes stays set.
 */
int finding_of(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class,
	enum finding_detail detail, struct finding_notes *notes, struct finding **ret,
	struct finding **ret_no_route);
/* The id of what is found on iface for class: "tunl0/local", or "tunl0/local:no-route". */
struct finding_id finding_id_of(
	const struct iface *iface, const struct flowclass *class, enum drop_kind kind);

void finding_free(struct finding *finding);
DEFINE_FREEP(struct finding, finding_free)

/* Whether two reports of a finding differ so much that it is reported again. */
bool finding_differs(const struct finding *a, const struct finding *b);

/*
 * The effective rp_filter behind the remedy. False where the remedy sets none on the interface.
 */
bool finding_remedied(const struct finding *finding, int *ret);

/* Whether the remedy adds something by ip(8): a route, a rule, an address. */
bool finding_adds(const struct finding *finding);

const char *kernel_answer_name(enum kernel_answer answer);
const char *finding_severity_name(enum finding_severity severity);
