/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/finding.h"

#include "finding/feasible.h"
#include "finding/remedy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void finding_id_iif(const char *id, char out[static NAME_MAX_])
{
	size_t length = strcspn(id, "/");

	*out = '\0';
	if (id[length] && length < NAME_MAX_)
		snprintf(out, NAME_MAX_, "%.*s", (int)length, id);
}

void finding_free(struct finding *finding)
{
	if (!finding)
		return;
	array_done(&finding->to.list);
	array_done(&finding->whole);
	reverse_done(&finding->reverse);
	free(finding);
}

/* The sources that a finding is about. */
struct scope {
	struct prefixset sources; /* expected by name, less what can be no source */
	struct prefixset named;
	struct prefixset suspects; /* feasible ones besides, that may be dropped */
	uint64_t size;		   /* all that is expected */
	bool claimed_elsewhere;
};

static void scope_done(struct scope *scope)
{
	prefixset_done(&scope->sources);
	prefixset_done(&scope->named);
	prefixset_done(&scope->suspects);
}

/*
 * The networks of the interface's addresses, less what a longer prefix shows to come
 * another way; that depends on the class.
 */
static int scope_connected(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class, struct scope *scope)
{
	struct lookup_flow flow =
		rpf_class_of(overlay, iface, &class->flow, class->flow.dst, class->oif)
			.reverse;
	struct prefixset connected = { 0 };
	int r = 0;

	array_each (&expect->items.list, const struct expect_item, item) {
		if (r >= 0 && item->why == EXPECT_CONNECTED)
			r = feasible_part(overlay, &flow, prefix4_first(item->prefix),
				prefix4_last(item->prefix), item->prefix.len, &connected,
				&scope->claimed_elsewhere);
	}
	prefixset_close(&connected);
	if (r >= 0)
		r = expect_possible(overlay->state, &connected, &scope->sources);
	for (size_t i = 0; i < connected.ranges.count && r >= 0; i++)
		r = prefixset_add(&scope->named, connected.ranges.items[i].first,
			connected.ranges.items[i].last);
	prefixset_close(&scope->sources);
	prefixset_close(&scope->named);
	scope->size = prefixset_size(&scope->sources);
	prefixset_done(&connected);
	return r;
}

/* What is feasible and possible, and not expected by name already. */
static int scope_feasible(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct scope *scope)
{
	struct prefixset suspects = { 0 }, all = { 0 }, possible[2] = { 0 }, more = { 0 };
	int r = feasible_suspects(
		overlay, iface, class, &suspects, &all, &scope->claimed_elsewhere);

	if (r >= 0)
		r = expect_possible(overlay->state, &suspects, &possible[0]);
	if (r >= 0)
		r = prefixset_subtract(&possible[0], &scope->named, &scope->suspects);
	if (r >= 0)
		r = expect_possible(overlay->state, &all, &possible[1]);
	if (r >= 0)
		r = prefixset_subtract(&possible[1], &scope->named, &more);
	scope->size += prefixset_size(&more);
	prefixset_done(&suspects);
	prefixset_done(&all);
	prefixset_done(&possible[0]);
	prefixset_done(&possible[1]);
	prefixset_done(&more);
	return r;
}

/* All that is expected, or what a declared flow is about. */
static int scope_of(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class, struct scope *ret)
{
	struct prefixset only = { 0 }, others = { 0 };
	int r = 0;

	if (class->only_from) {
		r = prefixset_add_prefix(&only, class->from);
		if (r >= 0)
			r = prefixset_invert(&only, &others);
	}
	if (r >= 0)
		r = prefixset_subtract(&expect->sources, &others, &ret->sources);
	if (r >= 0)
		r = prefixset_subtract(&expect->named, &others, &ret->named);
	ret->size = prefixset_size(&ret->sources);
	/* what is declared, and who expects anybody, needs no more */
	if (r >= 0 && !class->only_from && !expect->named.ranges.count)
		r = scope_connected(overlay, iface, expect, class, ret);
	if (r >= 0 && !class->only_from && expect->feasible)
		r = scope_feasible(overlay, iface, class, ret);
	prefixset_done(&only);
	prefixset_done(&others);
	return r;
}

/* Both kinds of sources in one, for the remedy and the sentence. */
static int scope_all(const struct scope *scope, struct prefixset *ret)
{
	const struct prefixset none = { 0 };
	int r = prefixset_subtract(&scope->sources, &none, ret);

	if (r >= 0)
		r = prefixset_subtract(&scope->suspects, &none, ret);
	prefixset_close(ret);
	return r;
}

/* The least prefix that has all of a set that isn't empty. */
static struct prefix4 cover_of(const struct prefixset *set)
{
	uint32_t first = set->ranges.items[0].first,
		 last = set->ranges.items[set->ranges.count - 1].last;

	return prefix4(ip4(first),
		first == last ? 32u : (unsigned int)__builtin_clz(first ^ last));
}

/*
 * What no prefix about the dropped may reach: it would cover a possible source beside them.
 * So nothing out there is looked for, where there may be thousands of local addresses.
 */
static int out_of_reach(
	const struct state *state, const struct prefixset *dropped, struct prefixset *ret)
{
	struct prefix4 reach = cover_of(dropped);
	struct prefixset set = { 0 };
	bool more = true;
	int r = 0;

	while (more && reach.len > 0 && r >= 0) {
		struct prefixset beside = { 0 }, possible = { 0 };
		const uint32_t other = UINT32_C(1) << (32 - reach.len);

		r = prefixset_add_prefix(
			&beside, prefix4(ip4(reach.addr.host ^ other), reach.len));
		if (r >= 0)
			r = expect_possible(state, &beside, &possible);
		more = !possible.ranges.count;
		if (more)
			reach = prefix4(reach.addr, reach.len - 1u);
		prefixset_done(&beside);
		prefixset_done(&possible);
	}
	if (r >= 0)
		r = prefixset_add_prefix(&set, reach);
	if (r >= 0)
		r = prefixset_invert(&set, ret);
	prefixset_done(&set);
	return r;
}

/* What nobody expects, but for what is outside. */
static int unexpected(
	const struct scope *scope, const struct prefixset *outside, struct prefixset *ret)
{
	struct prefixset known = { 0 };
	const struct prefixset none = { 0 };
	int r = prefixset_subtract(&scope->named, &none, &known);

	if (r >= 0)
		r = prefixset_subtract(&scope->suspects, &none, &known);
	if (r >= 0)
		r = prefixset_subtract(outside, &none, &known);
	prefixset_close(&known);
	if (r >= 0)
		r = prefixset_invert(&known, ret);
	prefixset_done(&known);
	return r;
}

/*
 * What the prefixes may not cover: sources that pass, and all that nobody expects. What is left
 * between those and the dropped (martians, own and broadcast addresses) may be covered.
 */
static int avoid_of(const struct state *state, const struct scope *scope,
	const struct prefixset *dropped, struct prefixset *ret)
{
	struct prefixset outside = { 0 }, sources = { 0 }, others = { 0 };
	const struct prefixset none = { 0 };
	int r = out_of_reach(state, dropped, &outside);

	if (r >= 0)
		r = unexpected(scope, &outside, &others);
	if (r >= 0)
		r = expect_possible(state, &others, ret);
	if (r >= 0)
		r = prefixset_subtract(&outside, &none, ret);
	if (r >= 0)
		r = scope_all(scope, &sources);
	if (r >= 0)
		r = prefixset_subtract(&sources, dropped, ret);
	prefixset_close(ret);
	prefixset_done(&outside);
	prefixset_done(&sources);
	prefixset_done(&others);
	return r;
}

/* "All except these": a hundred prefixes may be one with a hole. */
static void fill_cover(struct finding *finding, const struct prefixset *dropped,
	const struct prefixset *avoid)
{
	size_t total = finding->source_count + finding->sources_more, count;

	if (total <= 2)
		return;
	finding->cover = cover_of(dropped);
	count = prefixset_cover_within(
		avoid, dropped, finding->cover, FINDING_BUT, finding->but);
	finding->but_count = count > FINDING_BUT || count + 1 >= total ? 0 : count;
}

static int fill_all(struct finding *finding, const struct prefixset *dropped,
	const struct prefixset *avoid)
{
	size_t count = finding->source_count + finding->sources_more;

	finding->whole.items = calloc(count ? count : 1, sizeof(*finding->whole.items));
	if (!finding->whole.items)
		return -ENOMEM;
	finding->whole.capacity = count ? count : 1;
	finding->whole.count =
		prefixset_cover(dropped, avoid, count, finding->whole.items, &count);
	return 0;
}

static int fill_sources(struct finding *finding, const struct state *state,
	const struct scope *scope, const struct prefixset *dropped)
{
	struct prefixset avoid = { 0 };
	size_t total;
	int r = avoid_of(state, scope, dropped, &avoid);

	if (r >= 0) {
		finding->source_count = prefixset_cover(
			dropped, &avoid, FINDING_SOURCES, finding->sources, &total);
		finding->sources_more = total - finding->source_count;
		fill_cover(finding, dropped, &avoid);
	}
	if (r >= 0 && finding->detail == DETAIL_FULL)
		r = fill_all(finding, dropped, &avoid);
	prefixset_done(&avoid);
	return r;
}

static double share_of(uint64_t part, uint64_t whole)
{
	return part == whole ? 1.0 : (double)part / (double)whole;
}

struct finding_id finding_id_of(const struct iface *iface, const struct flowclass *class)
{
	struct finding_id id;

	snprintf(id.text, sizeof(id.text), "%s/%s", iface->link.name, class->name);
	return id;
}

/* The strongest reason to expect what is dropped: `named` of it are expected by name. */
static enum expect_why why_expected(
	const struct expect *expect, const struct flowclass *class, uint64_t named)
{
	if (class->only_from)
		return EXPECT_DECLARED;
	return named ? expect_strongest(expect) : EXPECT_FEASIBLE;
}

#define GUESSES 40

/* Those of the documentation (RFC 5737) read best; then some others all over. */
static struct ip4 well_known_source(size_t number)
{
	static const uint32_t first[] = { 0xc6336401, 0xcb007101, 0xc0000201, 0x08080808,
		0x40000001, 0x90000001, 0xb0000001, 0xd0000001 };

	if (number < ELEMENTS(first))
		return ip4(first[number]);
	return ip4((uint32_t)hash_mix(number));
}

/*
 * An example of what is dropped, without looking for one: as it is where none of the guesses
 * is. Any one will do; or the first that has the reverse route of most, with its prefix,
 * if there is one (*ret_typical).
 */
static void guess_example(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct scope *scope, bool any,
	struct drop_tally *most, bool *ret_typical)
{
	struct rpf_class validation =
		rpf_class_of(overlay, iface, &class->flow, class->flow.dst, class->oif);
	bool found = false;

	*ret_typical = false;
	for (size_t i = 0; i < GUESSES && !*ret_typical && !(any && found); i++) {
		const struct ip4 source = well_known_source(i);
		struct lookup_result result;
		enum rpf_reason reason;

		if (!prefixset_has(&scope->sources, source) &&
			!prefixset_has(&scope->suspects, source))
			continue;
		validation.reverse.dst = source;
		result = lookup(overlay, &validation.reverse, NULL, 0);
		reason = rpf_validate(overlay, &validation, &result, NULL);
		if (reason != RPF_STRICT_ASYMMETRIC && reason != RPF_UNNUMBERED &&
			reason != RPF_NO_ROUTE)
			continue;
		*ret_typical = reason == most->reason &&
			       result.info == most->reverse.info &&
			       result.error == most->reverse.error;
		if (!found || *ret_typical)
			most->example = source;
		if (*ret_typical)
			most->reverse = result;
		found = true;
	}
}

static int fill_in(struct finding *finding, const struct overlay *overlay,
	const struct iface *iface, const struct flowclass *class, struct dropset *dropset)
{
	const struct drop_tally *most = dropset_main(dropset);
	const struct iface *out =
		class->oif ? state_iface(overlay->state, class->oif) : NULL;

	snprintf(
		finding->id, sizeof(finding->id), "%s/%s", iface->link.name, class->name);
	finding->ifindex = iface->link.ifindex;
	memcpy(finding->iif, iface->link.name, sizeof(finding->iif));
	snprintf(finding->kind, sizeof(finding->kind), "%s", iface_kind(iface));
	finding->severity =
		finding->expect <= EXPECT_TUNNEL ? FINDING_WARNING : FINDING_NOTICE;
	finding->reason = most->reason;
	array_each (&dropset->tallies, const struct drop_tally, tally)
		finding->reasons[tally->reason] += tally->count;
	finding->filter = dropset->filter;
	finding->example = class->flow;
	finding->example.src = most->example;
	finding->forwarded = class->forwarded;
	if (out)
		memcpy(finding->out, out->link.name, sizeof(finding->out));
	finding->old_kernels_accept = rp_filter_was_off(&dropset->filter);
	array_each (&class->dsts.list, const struct ip4, dst) {
		if (array_push(&finding->to.list, dst) < 0)
			return -ENOMEM;
	}
	return reverse_of(overlay, &most->reverse, &finding->reverse);
}

static int fill_texts(struct finding *finding, const struct overlay *overlay,
	const struct iface *iface, const struct flowclass *class,
	const struct scope *scope, const struct dropset *dropset)
{
	struct prefixset sources = { 0 };
	int r = scope_all(scope, &sources);

	/* all of it is dropped: that needs no looking for */
	if (r >= 0 && dropset->count == prefixset_size(&sources))
		r = fill_sources(finding, overlay->state, scope, &sources);
	else if (r >= 0 && finding->detail != DETAIL_COUNT)
		r = fill_sources(finding, overlay->state, scope, &dropset->dropped);
	if (r >= 0)
		r = remedy_find(overlay, iface, class, &sources, finding->reason,
			&finding->remedy);
	prefixset_done(&sources);
	return r;
}

/* Looks for the dropped by counting, or by a walk. */
static int look_for_drops(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct scope *scope, bool walk,
	struct dropset *dropset, uint64_t *ret_named)
{
	int (*const collect)(const struct overlay *, const struct iface *,
		const struct flowclass *, const struct prefixset *, struct dropset *) =
		walk ? dropset_of : dropset_count;
	int r = collect(overlay, iface, class, &scope->sources, dropset);

	*ret_named = dropset->count;
	if (r >= 0 && scope->suspects.ranges.count)
		r = collect(overlay, iface, class, &scope->suspects, dropset);
	if (r < 0)
		return r;
	/* what was evaluated counts, whatever else was not understood */
	if (dropset->blind && dropset->blind == prefixset_size(&scope->sources) +
							prefixset_size(&scope->suspects))
		return -ENODATA;
	return dropset->count > 0;
}

/*
 * Counting comes first: where all is dropped, as a tunnel's sources mostly are, and an example
 * is at hand, there is nothing that a walk over the table could add.
 */
static int look_closely(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct scope *scope,
	enum finding_detail detail, struct dropset *dropset, uint64_t *ret_named)
{
	int r = look_for_drops(overlay, iface, class, scope, false, dropset, ret_named);
	struct drop_tally *most;
	bool typical;

	if (r <= 0)
		return r;
	most = dropset_main(dropset);
	guess_example(
		overlay, iface, class, scope, detail == DETAIL_COUNT, most, &typical);
	if (detail == DETAIL_COUNT ||
		(typical && dropset->count == prefixset_size(&scope->sources) +
						      prefixset_size(&scope->suspects)))
		return 1;
	dropset_done(dropset);
	*dropset = (struct dropset){ 0 };
	return look_for_drops(overlay, iface, class, scope, true, dropset, ret_named);
}

static int find_example(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class,
	const struct scope *scope, enum finding_detail detail, struct dropset *dropset,
	struct finding **ret)
{
	_cleanup_(finding_freep) struct finding *finding = NULL;
	uint64_t named;
	int r = look_closely(overlay, iface, class, scope, detail, dropset, &named);

	if (r <= 0)
		return r;
	finding = calloc(1, sizeof(*finding));
	if (!finding)
		return -ENOMEM;
	finding->detail = detail;
	finding->expect = why_expected(expect, class, named);
	finding->expected = scope->size;
	finding->dropped = dropset->count;
	finding->blind = dropset->blind;
	finding->share = share_of(dropset->count, scope->size);
	r = fill_in(finding, overlay, iface, class, dropset);
	if (r >= 0)
		r = fill_texts(finding, overlay, iface, class, scope, dropset);
	if (r < 0)
		return r;
	*ret = take_ptr(finding);
	return 1;
}

int finding_of(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class,
	enum finding_detail detail, struct finding_notes *notes, struct finding **ret)
{
	struct scope scope = { 0 };
	struct dropset dropset = { 0 };
	int r = scope_of(overlay, iface, expect, class, &scope);

	if (r >= 0)
		r = find_example(
			overlay, iface, expect, class, &scope, detail, &dropset, ret);
	notes->claimed_elsewhere |= scope.claimed_elsewhere;
	notes->blind |= dropset.blind > 0;
	dropset_done(&dropset);
	scope_done(&scope);
	return r;
}

#define GRAIN                                                                            \
	0.0001 /* of a whole: less is no news, or what comes and goes would chatter */

static bool shares_differ(double a, double b)
{
	return a - b >= GRAIN || b - a >= GRAIN;
}

/* A share alone is not enough: of half of the sources all may be dropped as of the whole. */
static bool sizes_differ(uint64_t a, uint64_t b)
{
	uint64_t larger = a > b ? a : b, by = a > b ? a - b : b - a;

	return (double)by >= GRAIN * (double)larger && by;
}

bool finding_differs(const struct finding *a, const struct finding *b)
{
	return a->unsure != b->unsure || a->reason != b->reason ||
	       a->filter.effective != b->filter.effective ||
	       a->filter.own != b->filter.own || a->filter.all != b->filter.all ||
	       !reverse_same_devices(&a->reverse, &b->reverse) ||
	       strcmp(a->remedy.text, b->remedy.text) != 0 ||
	       shares_differ(a->share, b->share) ||
	       sizes_differ(a->expected, b->expected);
}

const char *kernel_answer_name(enum kernel_answer answer)
{
	switch (answer) {
	case KERNEL_UNASKED:
	case KERNEL_ABSENT:
		return "unasked";
	case KERNEL_DROP:
		return "drop";
	case KERNEL_PASS:
		return "pass";
	case KERNEL_UNJUDGED:
		return "unjudged";
	}
	return "unasked";
}

const char *finding_severity_name(enum finding_severity severity)
{
	return severity == FINDING_WARNING ? "warning" : "notice";
}
