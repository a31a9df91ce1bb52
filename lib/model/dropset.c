/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dropset.h"

#include "base/hash.h"

#include <errno.h>
#include <stdint.h>

struct collect {
	const struct view *view;
	const struct rpf_class *class;
	struct dropset *dropset;
	/* neighbours mostly share a route, and a route has one verdict */
	const struct fib_info *last_info;
	enum rpf_reason last_reason;
	struct hash tallies; /* key -> place in the dropset's, from 1 */
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

/* What has the same way back and reason is one tally. */
static uint64_t tally_key(enum rpf_reason reason, const struct lookup_result *reverse)
{
	return hash_mix((uint64_t)(uintptr_t)reverse->info ^ (uint64_t)reason << 56 ^
			(uint64_t)reverse->error << 48);
}

static int tally(struct collect *collect, uint32_t first, uint32_t last,
	enum rpf_reason reason, const struct lookup_result *reverse)
{
	struct drop_tally fresh = { .reason = reason, .reverse = *reverse };
	struct dropset *dropset = collect->dropset;
	uint64_t key = tally_key(reason, reverse);
	size_t place = (size_t)(uintptr_t)hash_get(&collect->tallies, key);
	int r;

	if (place) {
		tally_grow(&dropset->tallies.items[place - 1], first, last, reverse);
		return 0;
	}
	tally_grow(&fresh, first, last, reverse);
	r = array_push(&dropset->tallies, &fresh);
	if (r < 0)
		return r;
	return hash_put(
		&collect->tallies, key, (void *)(uintptr_t)dropset->tallies.count);
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
	return tally(collect, first, last, reason, result);
}

int dropset_of(const struct view *view, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	struct dropset *ret)
{
	struct rpf_class validation =
		rpf_class_of(view, iface, &class->flow, class->flow.dst, class->oif);
	int r = 0;
	struct collect data = { .view = view, .class = &validation, .dropset = ret };

	ret->filter = validation.filter;
	if (view->state->blind) {
		ret->blind = prefixset_size(sources);
		return 0;
	}
	if (!validation.filter.effective) /* then nothing is dropped by reverse path */
		return 0;
	for (size_t i = 0; r >= 0 && i < sources->ranges.count; i++)
		r = lookup_range(view, &validation.reverse,
			sources->ranges.items[i].first, sources->ranges.items[i].last,
			collect, &data);
	hash_done(&data.tallies);
	prefixset_close(&ret->dropped);
	return r < 0 ? r : 0;
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
