/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "model/flowclass.h"
#include "model/prefixset.h"
#include "model/rpf.h"
#include "model/view.h"

#include <stdint.h>

/*
 * Which sources the kernel drops by reverse path, of a class of packets that come in by an
 * interface, and by which way back each is judged. Sources that are refused for another
 * reason (own, invalid, martian) are not in it: no setting of rp_filter lets them in.
 */
struct drop_tally { /* the dropped sources that share a way back */
	enum rpf_reason reason;
	struct lookup_result reverse; /* the prefix: the one that owns most; borrowed */
	uint64_t count;		      /* addresses */
	uint64_t largest;	      /* the longest range of them */
	struct ip4 example;	      /* the first of that range */
};

struct dropset {
	struct rp_filter filter;
	struct prefixset dropped;
	ARRAY(struct drop_tally) tallies;
	uint64_t blind; /* addresses that could not be judged */
};

/*
 * The dropped among `sources`. *ret zeroed before, to be freed with dropset_done() after an
 * error too. Returns 0 or -ENOMEM.
 */
int dropset_of(const struct view *view, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	struct dropset *ret);
void dropset_done(struct dropset *dropset);

/* The way back that most of what is dropped has; NULL where nothing is. */
const struct drop_tally *dropset_main(const struct dropset *dropset);
