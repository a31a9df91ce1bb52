/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "flowclass/flowclass.h"
#include "net/prefixset.h"
#include "rpf/overlay.h"
#include "rpf/rpf.h"

#include <stdint.h>

/*
 * Which sources the kernel drops by reverse path, of a class of packets that come in by an
 * interface, and by which reverse route; those that have no route back at all, to which no answer
 * could leave, apart. Where a route or a rule refuses them (blackhole, unreachable, prohibit), that
 * is meant: they are in neither. Sources that are refused for another reason (own, invalid,
 * martian) are not in it, as no setting of rp_filter lets them in, unless somebody declared them.
 */
enum drop_kind { DROP_FILTER, DROP_NO_ROUTE, DROP_KINDS };

struct drop_tally { /* the dropped sources that share a reverse route */
	enum rpf_reason reason;
	struct lookup_result reverse; /* the prefix: the example's; borrowed */
	uint64_t count;		      /* addresses */
	/* of dropset_of() only: */
	uint64_t largest;   /* the longest range of them */
	struct ip4 example; /* one that all know, or the first of that range */
};

struct drop_part {
	uint64_t count;		  /* addresses that are dropped */
	struct prefixset dropped; /* which: of dropset_of() only */
	ARRAY(struct drop_tally) tallies;
};

struct dropset {
	/* What is asked for; zero: as above. */
	bool one_way; /* nobody answers: what has no route back is the filter's, too */
	bool declared; /* what is refused on purpose, or as a source of the host's own, counts */

	struct rp_filter filter;
	struct drop_part by[DROP_KINDS];
	uint64_t blind; /* addresses that could not be evaluated */
	uint64_t meant; /* addresses that are refused on purpose */
};

/*
 * The dropped among `sources`. *ret zeroed before but for what is asked for, to be freed with
 * dropset_done() after an error too; or with what a call for other sources, which these don't overlap, has found.
 * Returns 0 or -ENOMEM.
 */
int dropset_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	struct dropset *ret);

/*
 * The same, but only how many they are: without the prefixes, and where `sources` are most of
 * all addresses without a walk over the table (lookup_shares()).
 */
int dropset_count(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	struct dropset *ret);
void dropset_done(struct dropset *dropset);

/* The reverse route of most of them; NULL where none is dropped. */
struct drop_tally *drop_part_main(const struct drop_part *drops);

/* Whether sources with this verdict count, and as what. */
bool dropset_kind(const struct dropset *asked, enum rpf_reason reason,
	const struct lookup_result *reverse, enum drop_kind *ret);
