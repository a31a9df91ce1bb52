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
 * interface, and by which reverse route. Sources that are refused for another
 * reason (own, invalid, martian) are not in it: no setting of rp_filter lets them in.
 */
struct drop_tally { /* the dropped sources that share a reverse route */
	enum rpf_reason reason;
	struct lookup_result reverse; /* the prefix: the example's; borrowed */
	uint64_t count;		      /* addresses */
	/* of dropset_of() only: */
	uint64_t largest;   /* the longest range of them */
	struct ip4 example; /* one that all know, or the first of that range */
};

struct dropset {
	struct rp_filter filter;
	uint64_t count;		  /* addresses that are dropped */
	struct prefixset dropped; /* which: of dropset_of() only */
	ARRAY(struct drop_tally) tallies;
	uint64_t blind; /* addresses that could not be evaluated */
};

/*
 * The dropped among `sources`. *ret zeroed before, to be freed with dropset_done() after an
 * error too; or with what a call for other sources, which these don't overlap, has found.
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

/* The reverse route of most dropped sources; NULL where none is dropped. */
struct drop_tally *dropset_main(struct dropset *dropset);
