/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dropset.h"

#include <errno.h>

struct collect {
	const struct view *view;
	const struct rpf_class *class;
	struct dropset *dropset;
	/* neighbours mostly share a route, and a route has one verdict */
	const struct fib_info *last_info;
	enum rpf_reason last_reason;
};

/* A documentation address (RFC 5737) reads best where it is among the dropped. */
#define NICE_EXAMPLE 0xc6336401u /* 198.51.100.1 */

static void tally_grow(struct drop_tally *tally, uint32_t first, uint32_t last,
	const struct lookup_result *reverse)
{
	uint64_t size = (uint64_t)last - first + 1;

	tally->count += size;
	if (size > tally->largest) {
		tally->largest = size;
		tally->reverse = *reverse;
		if (tally->example.host != NICE_EXAMPLE)
			tally->example = ip4(size > 2 ? first + 1 : first);
	}
	if (first <= NICE_EXAMPLE && NICE_EXAMPLE <= last)
		tally->example = ip4(NICE_EXAMPLE);
}

static int tally(struct dropset *dropset, uint32_t first, uint32_t last,
	enum rpf_reason reason, const struct lookup_result *reverse)
{
	struct drop_tally fresh = { .reason = reason, .reverse = *reverse };
	size_t count = dropset->tallies.count;

	/* from the back: the last one is the likeliest */
	while (count--) {
		struct drop_tally *known = &dropset->tallies.items[count];

		if (known->reason == reason && known->reverse.info == reverse->info &&
			known->reverse.error == reverse->error) {
			tally_grow(known, first, last, reverse);
			return 0;
		}
	}
	tally_grow(&fresh, first, last, reverse);
	return array_push(&dropset->tallies, &fresh);
}

static int collect(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct collect *collect = data;
	struct dropset *dropset = collect->dropset;
	enum rpf_reason reason;

	if (result->info && result->info == collect->last_info && !result->blind) {
		reason = collect->last_reason;
	} else {
		reason = rpf_validate(collect->view, collect->class, result, NULL);
		collect->last_info = result->blind ? NULL : result->info;
		collect->last_reason = reason;
	}
	if (reason == RPF_BLIND)
		dropset->blind += (uint64_t)last - first + 1;
	if (reason != RPF_STRICT_ASYMMETRIC && reason != RPF_UNNUMBERED &&
		reason != RPF_NO_ROUTE)
		return 0;
	if (prefixset_add(&dropset->dropped, first, last) < 0)
		return -ENOMEM;
	return tally(dropset, first, last, reason, result);
}

int dropset_of(const struct view *view, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	struct dropset *ret)
{
	struct rpf_class validation =
		rpf_class_of(view, iface, &class->flow, class->flow.dst, 0);
	struct collect data = { .view = view, .class = &validation, .dropset = ret };

	ret->filter = validation.filter;
	if (view->state->blind) {
		ret->blind = prefixset_size(sources);
		return 0;
	}
	if (!validation.filter.effective) /* then nothing is dropped by reverse path */
		return 0;
	array_each (&sources->ranges, const struct range, range) {
		int r = lookup_range(view, &validation.reverse, range->first, range->last,
			collect, &data);

		if (r < 0)
			return r;
	}
	prefixset_close(&ret->dropped);
	return 0;
}

void dropset_done(struct dropset *dropset)
{
	prefixset_done(&dropset->dropped);
	array_done(&dropset->tallies);
}

const struct drop_tally *dropset_main(const struct dropset *dropset)
{
	const struct drop_tally *most = NULL;

	array_each (&dropset->tallies, const struct drop_tally, tally) {
		if (!most || tally->count > most->count)
			most = tally;
	}
	return most;
}
