/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/dropset.h"

#include "base/hash.h"

#include <errno.h>
#include <stdint.h>

struct collect {
	const struct overlay *overlay;
	const struct rpf_class *class;
	struct dropset *dropset;
	/* neighbours mostly share a route, and a route has one verdict */
	const struct fib_info *last_info;
	enum rpf_reason last_reason;
	struct hash tallies; /* key -> index in its kind's, from 1 */
};

/* As an example those of the documentation (RFC 5737) read best, or one that all know. */
static const uint32_t nice[] = {
	0xc6336401, /* 198.51.100.1 */
	0xcb007101, /* 203.0.113.1 */
	0xc0000201, /* 192.0.2.1 */
	0x08080808, /* 8.8.8.8 */
};

/* Which of them is the first in a range; their number where none is. */
static size_t nice_in(uint32_t first, uint32_t last)
{
	size_t i = 0;

	while (i < ELEMENTS(nice) && (nice[i] < first || nice[i] > last))
		i++;
	return i;
}

static void tally_range(struct drop_tally *tally, uint32_t first, uint32_t last,
	const struct lookup_result *reverse)
{
	uint64_t size = (uint64_t)last - first + 1;
	size_t now = nice_in(tally->example.host, tally->example.host),
	       here = nice_in(first, last);

	if (here < now) {
		tally->example = ip4(nice[here]);
		tally->reverse = *reverse;
	} else if (size > tally->largest && now == ELEMENTS(nice)) {
		tally->example = ip4(size > 2 ? first + 1 : first);
		tally->reverse = *reverse;
	}
	if (size > tally->largest)
		tally->largest = size;
}

/* One tally per reverse route and reason. */
static uint64_t tally_key(enum rpf_reason reason, const struct lookup_result *reverse)
{
	return hash_mix((uint64_t)(uintptr_t)reverse->info ^ (uint64_t)reason << 56 ^
			(uint64_t)reverse->error << 48);
}

/* The tally of this reason and reverse route, a fresh one where there was none; NULL: no memory. */
static struct drop_tally *tally_of(struct collect *collect, struct drop_part *drops,
	enum rpf_reason reason, const struct lookup_result *reverse)
{
	struct drop_tally fresh = { .reason = reason, .reverse = *reverse };
	uint64_t key = tally_key(reason, reverse);
	size_t index = (size_t)(uintptr_t)hash_get(&collect->tallies, key);

	if (index)
		return &drops->tallies.items[index - 1];
	if (array_push(&drops->tallies, &fresh) < 0 ||
		hash_put(&collect->tallies, key,
			(void *)(uintptr_t)drops->tallies.count) < 0)
		return NULL;
	return &drops->tallies.items[drops->tallies.count - 1];
}

bool dropset_kind(const struct dropset *asked, enum rpf_reason reason,
	const struct lookup_result *reverse, enum drop_kind *ret)
{
	*ret = DROP_FILTER;
	switch (reason) {
	case RPF_STRICT_ASYMMETRIC:
	case RPF_UNNUMBERED:
		return true;
	case RPF_NO_ROUTE:
		*ret = asked->one_way ? DROP_FILTER : DROP_NO_ROUTE;
		return asked->one_way || asked->declared ||
		       !(reverse->info || reverse->rule);
	case RPF_LOCAL_SOURCE:
	case RPF_INVALID_SOURCE:
		return asked->declared;
	default:
		return false;
	}
}

/* Whether sources with this result are dropped by reverse path: 1 with *ret_drops and the tally,
 * 0, or -ENOMEM. */
static int judge_range(struct collect *collect, const struct lookup_result *result,
	uint64_t count, struct drop_part **ret_drops, struct drop_tally **ret)
{
	struct dropset *dropset = collect->dropset;
	enum rpf_reason reason;
	enum drop_kind kind;

	if (result->info && result->info == collect->last_info && !result->blind) {
		reason = collect->last_reason;
	} else {
		reason = rpf_validate(collect->overlay, collect->class, result, NULL);
		collect->last_info = result->blind ? NULL : result->info;
		collect->last_reason = reason;
	}
	if (reason == RPF_BLIND)
		dropset->blind += count;
	if (!dropset_kind(dropset, reason, result, &kind)) {
		dropset->meant += reason == RPF_NO_ROUTE ? count : 0;
		return 0;
	}
	*ret_drops = &dropset->by[kind];
	*ret = tally_of(collect, *ret_drops, reason, result);
	if (!*ret)
		return -ENOMEM;
	(*ret)->count += count;
	(*ret_drops)->count += count;
	return 1;
}

static int collect_range(
	uint32_t first, uint32_t last, const struct lookup_result *result, void *data)
{
	struct collect *collect = data;
	struct drop_tally *tally;
	struct drop_part *drops;
	int r = judge_range(collect, result, (uint64_t)last - first + 1, &drops, &tally);

	if (r <= 0)
		return r;
	tally_range(tally, first, last, result);
	return prefixset_add(&drops->dropped, first, last);
}

static int collect_share(const struct lookup_result *result, const struct fib_list *list,
	uint64_t count, void *data)
{
	struct drop_tally *tally;
	struct drop_part *drops;
	int r = judge_range(data, result, count, &drops, &tally);

	(void)list;
	return r < 0 ? r : 0;
}

/* What was found for other sources is added to. A reason and reverse route are of one kind. */
static int know_tallies(struct collect *collect, const struct drop_part *drops)
{
	for (size_t i = 0; i < drops->tallies.count; i++) {
		const struct drop_tally *known = &drops->tallies.items[i];
		uint64_t key = tally_key(known->reason, &known->reverse);

		if (hash_put(&collect->tallies, key, (void *)(uintptr_t)(i + 1)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int collect_all(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources, bool ranges,
	struct dropset *ret)
{
	struct rpf_class validation = flowclass_validation(overlay, iface, class);
	struct collect data = {
		.overlay = overlay, .class = &validation, .dropset = ret
	};
	int r;

	ret->filter = validation.filter;
	if (overlay->state->blind) {
		ret->blind += prefixset_size(sources);
		return 0;
	}
	/* then nothing is dropped by reverse path, and sources of the host's own by their
	 * address alone, or by a look-up */
	if (!validation.filter.effective && (!ret->declared || validation.fast))
		return 0;
	r = know_tallies(&data, &ret->by[DROP_FILTER]);
	if (r >= 0)
		r = know_tallies(&data, &ret->by[DROP_NO_ROUTE]);
	if (r >= 0 && !ranges)
		r = lookup_shares(
			overlay, &validation.reverse, sources, collect_share, &data);
	for (size_t i = 0; r >= 0 && ranges && i < sources->ranges.count; i++)
		r = lookup_range(overlay, &validation.reverse,
			sources->ranges.items[i].first, sources->ranges.items[i].last,
			collect_range, &data);
	hash_done(&data.tallies);
	for (int kind = 0; kind < DROP_KINDS; kind++)
		prefixset_close(&ret->by[kind].dropped);
	return r < 0 ? r : 0;
}

int dropset_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	struct dropset *ret)
{
	return collect_all(overlay, iface, class, sources, true, ret);
}

int dropset_count(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	struct dropset *ret)
{
	return collect_all(overlay, iface, class, sources, false, ret);
}

void dropset_done(struct dropset *dropset)
{
	for (int kind = 0; kind < DROP_KINDS; kind++) {
		prefixset_done(&dropset->by[kind].dropped);
		array_done(&dropset->by[kind].tallies);
	}
}

struct drop_tally *drop_part_main(const struct drop_part *drops)
{
	struct drop_tally *most = NULL;

	array_each (&drops->tallies, struct drop_tally, tally) {
		if (!most || tally->count > most->count)
			most = tally;
	}
	return most;
}
