/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/finding.h"

#include "base/strbuf.h"
#include "finding/feasible_route.h"
#include "finding/possible.h"
#include "finding/remedy.h"
#include "finding/reply.h"
#include "finding/scope.h"

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
	remedy_done(&finding->remedy);
	for (size_t i = 0; i < finding->alternative_count; i++)
		remedy_done(&finding->alternatives[i]);
	reverse_done(&finding->reverse);
	free(finding);
}

/*
 * What no prefix about the dropped may reach: it would cover a possible source beside them.
 * So nothing out there is looked for, where there may be thousands of local addresses.
 */
static int out_of_reach(
	const struct state *state, const struct prefixset *dropped, struct prefixset *ret)
{
	struct prefix4 reach = prefixset_hull(dropped);
	struct prefixset set = { 0 };
	bool more = true;
	int r = 0;

	while (more && reach.len > 0 && r >= 0) {
		struct prefixset beside = { 0 }, possible = { 0 };
		const uint32_t other = UINT32_C(1) << (32 - reach.len);

		r = prefixset_add_prefix(
			&beside, prefix4(ip4(reach.addr.host ^ other), reach.len));
		if (r >= 0)
			r = possible_sources(state, &beside, &possible);
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
		r = possible_sources(state, &others, ret);
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
	finding->cover = prefixset_hull(dropped);
	count = prefixset_cover_within(
		avoid, dropped, finding->cover, FINDING_BUT, finding->but);
	finding->but_count = count > FINDING_BUT || count + 1 >= total ? 0 : count;
	finding->most_of_cover =
		count > FINDING_BUT && (double)prefixset_size(dropped) >
					       0.8 * (double)prefix4_size(finding->cover);
}

/* 224/4 is nobody's: a prefix that reaches from it is said without. */
static void trim_martians(struct prefix4 *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].len == 3 && list[i].addr.host == 0xe0000000)
			list[i] = prefix4(ip4(0xf0000000), 4);
	}
}

/* Whether it is one of the prefixes that are expected, as a whole. */
static bool is_item(const struct expect *expect, const struct finding *finding)
{
	array_each (&expect->items.list, const struct expect_item, item) {
		if (finding->source_count == 1 && !finding->sources_more &&
			item->prefix.len == finding->sources[0].len &&
			item->prefix.addr.host == finding->sources[0].addr.host)
			return true;
	}
	return false;
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
		trim_martians(finding->sources, finding->source_count);
		trim_martians(finding->but, finding->but_count);
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

struct finding_id finding_id_of(
	const struct iface *iface, const struct flowclass *class, enum drop_kind kind)
{
	struct finding_id id;

	snprintf(id.text, sizeof(id.text), "%s/%s%s", iface->link.name, class->name,
		kind == DROP_NO_ROUTE ? FINDING_NO_ROUTE : "");
	return id;
}

/* --- looking -------------------------------------------------------------------------------- */

/* A look for findings of one class. */
struct look {
	const struct overlay *overlay;
	const struct iface *iface;
	const struct expect *expect;
	const struct flowclass *class;
	enum finding_detail detail;
	struct scope scope;
	struct dropset dropset;
	uint64_t dropped[DROP_KINDS][EXPECT_WHYS];
};

/* What counts as dropped, with nothing found yet. */
static struct dropset asked(const struct look *look)
{
	return (struct dropset){
		.one_way = look->expect->one_way,
		.declared = look->expect->declared || look->class->only_from,
	};
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
 * is. Any one will do; or the first that has the reverse route of most, with its prefix. Returns
 * whether there is one of these.
 */
static bool guess_example(struct look *look, enum drop_kind kind, bool any)
{
	struct rpf_class validation =
		flowclass_validation(look->overlay, look->iface, look->class);
	struct drop_tally *most = drop_part_main(&look->dropset.by[kind]);
	bool found = false, typical = false;

	for (size_t i = 0; i < GUESSES && !typical && !(any && found); i++) {
		const struct ip4 source = well_known_source(i);
		struct lookup_result result;
		enum rpf_reason reason;
		enum drop_kind its;

		if (scope_why(&look->scope, source) == EXPECT_WHYS)
			continue;
		validation.reverse.dst = source;
		result = lookup(look->overlay, &validation.reverse, NULL, 0);
		reason = rpf_validate(look->overlay, &validation, &result, NULL);
		if (!dropset_kind(&look->dropset, reason, &result, &its) || its != kind)
			continue;
		typical = reason == most->reason && result.info == most->reverse.info &&
			  result.error == most->reverse.error;
		if (!found || typical)
			most->example = source;
		if (typical)
			most->reverse = result;
		found = true;
	}
	return typical;
}

/* Looks for the dropped by counting, or by a walk. 1: there are some, 0, or an errno. */
static int look_for_drops(struct look *look, bool walk)
{
	int (*const collect)(const struct overlay *, const struct iface *,
		const struct flowclass *, const struct prefixset *, struct dropset *) =
		walk ? dropset_of : dropset_count;
	struct dropset *dropset = &look->dropset;
	int r = 0;

	dropset_done(dropset);
	*dropset = asked(look);
	for (int why = 0; why < EXPECT_WHYS && r >= 0; why++) {
		uint64_t before[DROP_KINDS];

		for (int kind = 0; kind < DROP_KINDS; kind++)
			before[kind] = dropset->by[kind].count;
		if (look->scope.sources[why].ranges.count)
			r = collect(look->overlay, look->iface, look->class,
				&look->scope.sources[why], dropset);
		for (int kind = 0; kind < DROP_KINDS; kind++)
			look->dropped[kind][why] = dropset->by[kind].count - before[kind];
	}
	if (r < 0)
		return r;
	/* what was evaluated counts, whatever else was not understood */
	if (dropset->blind && dropset->blind == scope_looked_at(&look->scope))
		return -ENODATA;
	return dropset->by[DROP_FILTER].count || dropset->by[DROP_NO_ROUTE].count;
}

/*
 * Counting comes first: where all is dropped, as a tunnel's sources mostly are, and an example
 * is at hand, there is nothing that a walk over the table could add.
 */
static int look_closely(struct look *look)
{
	uint64_t looked_at = scope_looked_at(&look->scope);
	int r = look_for_drops(look, false);
	bool enough = true;

	if (r <= 0)
		return r;
	for (int kind = 0; kind < DROP_KINDS; kind++) {
		bool typical;

		if (!look->dropset.by[kind].count)
			continue;
		typical = guess_example(
			look, (enum drop_kind)kind, look->detail == DETAIL_COUNT);
		enough &= typical && look->dropset.by[kind].count == looked_at;
	}
	return look->detail == DETAIL_COUNT || enough ? 1 : look_for_drops(look, true);
}

/* The strongest reason to expect what is dropped. */
static enum expect_why strongest(const struct look *look, enum drop_kind kind)
{
	int why = 0;

	while (why < EXPECT_FEASIBLE && !look->dropped[kind][why])
		why++;
	return (enum expect_why)why;
}

/* --- filling in ----------------------------------------------------------------------------- */

/* What is dropped with the strongest reason stands for the rest, where that is another one. */
static int choose_example(const struct look *look, enum drop_kind kind,
	enum expect_why why, struct drop_tally *ret)
{
	const struct prefixset *sources = &look->scope.sources[why];
	struct dropset only = asked(look);
	struct drop_tally *most;
	int r;

	if (why > EXPECT_DIRECT || !ret->example.host ||
		prefixset_has(sources, ret->example))
		return 0;
	r = dropset_of(look->overlay, look->iface, look->class, sources, &only);
	most = drop_part_main(&only.by[kind]);
	if (r >= 0 && most)
		*ret = *most;
	dropset_done(&only);
	return r;
}

/* "answers to what rule 200, fwmark 0x1, sends out by eth1"; returns whether that is certain. */
static bool name_rule(const struct look *look, struct finding *finding)
{
	const struct answers *answers = &look->scope.answers;
	const struct answers_cause *cause = answers_cause(answers, finding->example.src);
	bool past;

	if (!cause && answers->causes.count)
		cause = &answers->causes.items[0];
	if (!cause)
		return true;
	past = strstr(cause->because, ", not ") != NULL;
	snprintf(finding->because, sizeof(finding->because),
		past ? "answers to what %s, leaves to %s"
		     : "answers to what %s, sends out by %s",
		cause->because, finding->iif);
	return cause->certain;
}

/* "route 10.0.0.0/8 dev eth1 via 192.0.2.1 metric 200" */
static int name_route(const struct look *look, struct finding *finding)
{
	const struct state *state = look->overlay->state;
	const struct ip4 source = finding->example.src;
	struct feasible_route route = { 0 };
	char prefix[PREFIX4_TEXT];
	struct strbuf text;
	int r = finding->because_of == EXPECT_CONNECTED
			? feasible_neighbour_of(
				  look->overlay, look->iface, look->class, source, &route)
			: feasible_route_of(look->overlay, look->iface, look->class,
				  source, &route);

	if (r < 0 || !route.info)
		return r;
	strbuf_init(&text, finding->because, sizeof(finding->because));
	strbuf_add(&text, "route %s dev %s", prefix4_format(route.prefix, prefix),
		finding->iif);
	feasible_name(state, look->iface, route.info, &text);
	return 0;
}

/* Why somebody expects them, where the reason alone does not say it. */
static int fill_because(const struct look *look, struct finding *finding)
{
	bool certain = finding->expect != EXPECT_DIRECT;
	int r = 0;

	finding->because_of = finding->expect;
	if (finding->expect == EXPECT_CONNECTED &&
		scope_why(&look->scope, finding->example.src) == EXPECT_FEASIBLE)
		finding->because_of = EXPECT_FEASIBLE;
	if (finding->expect == EXPECT_ANSWERS)
		certain = name_rule(look, finding);
	else if (finding->expect >= EXPECT_CONNECTED)
		r = name_route(look, finding);
	array_each (&look->expect->items.list, const struct expect_item, item) {
		if (!finding->because[0] && item->why == finding->expect)
			memcpy(finding->because, item->because, sizeof(item->because));
	}
	finding->certain = certain;
	return r;
}

/* Where the packets go: of direct routing, to the addresses on lo. */
static int fill_to(const struct look *look, struct finding *finding)
{
	const struct state *state = look->overlay->state;
	bool direct = finding->expect == EXPECT_DIRECT;

	array_each (&look->class->dsts.list, const struct ip4, dst) {
		if (direct && !dst_group_is_direct(state, *dst))
			continue;
		if (array_push(&finding->to.list, dst) < 0)
			return -ENOMEM;
	}
	if (direct && finding->to.list.count)
		finding->example.dst = finding->to.list.items[0];
	return 0;
}

/* "br-c, br-d and 2 more" */
static void fill_out(const struct look *look, struct finding *finding)
{
	const struct flowclass *class = look->class;
	const struct state *state = look->overlay->state;
	const size_t shown = class->outs.count > 3 ? 2 : class->outs.count;
	struct strbuf text;

	strbuf_init(&text, finding->out, sizeof(finding->out));
	for (size_t i = 0; i < shown; i++) {
		const struct iface *out = state_iface(state, class->outs.items[i]);

		strbuf_add(&text, "%s%s", i ? ", " : "", out ? out->link.name : "?");
	}
	if (shown < class->outs.count)
		strbuf_add(&text, " and %zu more", class->outs.count - shown);
}

#define LINK_NOARP 0x80u /* IFF_NOARP */

/* Whoever is a neighbour asks by ARP, and is validated as a packet to the address is, but one
 * without tos, protocol, ports and mark (docs/kernel.md 2.2). */
static int fill_arp(const struct look *look, struct finding *finding)
{
	struct flowclass arp = *look->class; /* its lists are the class's */
	struct dropset dropset = { 0 };
	int r = 0;

	if (finding->no_route || look->class->oif ||
		look->iface->link.flags & LINK_NOARP ||
		!look->scope.neighbours.ranges.count)
		return 0;
	arp.flow = (struct flow){ .iif = arp.flow.iif, .dst = arp.flow.dst };
	r = dropset_count(
		look->overlay, look->iface, &arp, &look->scope.neighbours, &dropset);
	finding->arp = dropset.by[DROP_FILTER].count > 0;
	dropset_done(&dropset);
	return r;
}

static int fill_in(const struct look *look, struct finding *finding, enum drop_kind kind)
{
	const struct drop_part *drops = &look->dropset.by[kind];
	const struct rp_filter *filter = &look->dropset.filter;
	const struct iface *iface = look->iface;
	struct drop_tally most = *drop_part_main(drops);
	int r;

	memcpy(finding->id, finding_id_of(iface, look->class, kind).text,
		sizeof(finding->id));
	finding->ifindex = iface->link.ifindex;
	memcpy(finding->iif, iface->link.name, sizeof(finding->iif));
	snprintf(finding->kind, sizeof(finding->kind), "%s", iface_kind(iface));
	finding->no_route = kind == DROP_NO_ROUTE;
	finding->reason = most.reason;
	finding->expect = strongest(look, kind);
	array_each (&drops->tallies, const struct drop_tally, tally)
		finding->reasons[tally->reason] += tally->count;
	finding->filter = *filter;
	r = choose_example(look, kind, finding->expect, &most);
	if (r < 0)
		return r;
	finding->example = look->class->flow;
	finding->example.src = most.example;
	finding->forwarded = look->class->forwarded;
	r = fill_because(look, finding);
	if (r < 0)
		return r;
	finding->severity = finding->expect <= EXPECT_ADDRESS && finding->certain &&
					    !finding->no_route
				    ? FINDING_WARNING
				    : FINDING_NOTICE;
	r = fill_arp(look, finding);
	if (r < 0)
		return r;
	fill_out(look, finding);
	finding->old_kernels_accept = rp_filter_was_off(filter);
	r = fill_to(look, finding);
	return r < 0 ? r : reverse_of(look->overlay, &most.reverse, &finding->reverse);
}

/*
 * Where the answers leave. To answers, and to whoever is expected whoever he is, any way is as good
 * as it looks from here.
 */
static int fill_replies(const struct look *look, struct finding *finding)
{
	static const struct {
		enum expect_why why;
		enum reply_need need;
	} needs[] = { { EXPECT_CONNECTED, REPLY_WIRE },
		{ EXPECT_FEASIBLE, REPLY_IFACE } };
	struct reply_loss lost = { 0 };
	const struct iface *oif;
	int r = 0;

	if (finding->expect < EXPECT_CONNECTED)
		return 0;
	for (size_t i = 0; i < ELEMENTS(needs) && r >= 0; i++)
		r = reply_lost(look->overlay, look->iface, &look->class->flow,
			look->class->oif, needs[i].need,
			&look->scope.sources[needs[i].why], &lost);
	if (r < 0 || !lost.count)
		return r;
	finding->replies_lost = true;
	oif = state_iface(look->overlay->state, lost.oif);
	if (oif)
		memcpy(finding->replies_by, oif->link.name, sizeof(finding->replies_by));
	if (finding->loosened >= 0)
		remedy_lets_in_only(&finding->remedy, finding->replies_by);
	return 0;
}

static int fill_remedy(
	const struct look *look, struct finding *finding, const struct prefixset *sources)
{
	const struct dropset nothing = asked(look);
	int r;

	finding->loosened = -1;
	finding->oif = look->class->oif;
	if (finding->no_route) {
		remedy_route(
			look->overlay, look->iface, &finding->reverse, &finding->remedy);
		return 0;
	}
	r = remedy_find(look->overlay, look->iface, look->class, sources, &nothing,
		finding->reason, &finding->remedy, &finding->loosened);
	return r < 0 ? r : fill_replies(look, finding);
}

static int fill_texts(
	const struct look *look, struct finding *finding, const struct drop_part *drops)
{
	struct prefixset sources = { 0 };
	int r = scope_all(&look->scope, &sources);

	/* all of it is dropped: that needs no looking for */
	if (r >= 0 && drops->count == prefixset_size(&sources))
		r = fill_sources(finding, look->overlay->state, &look->scope, &sources);
	else if (r >= 0 && finding->detail != DETAIL_COUNT)
		r = fill_sources(
			finding, look->overlay->state, &look->scope, &drops->dropped);
	finding->whole_item = is_item(look->expect, finding);
	if (r >= 0)
		r = fill_remedy(look, finding, &sources);
	prefixset_done(&sources);
	return r;
}

static int make_finding(
	const struct look *look, enum drop_kind kind, struct finding **ret)
{
	_cleanup_(finding_freep) struct finding *finding = NULL;
	const struct drop_part *drops = &look->dropset.by[kind];
	int r;

	if (!drops->count)
		return 0;
	finding = calloc(1, sizeof(*finding));
	if (!finding)
		return -ENOMEM;
	finding->detail = look->detail;
	finding->expected = look->scope.size - look->dropset.meant;
	finding->dropped = drops->count;
	if (kind == DROP_FILTER)
		finding->no_route_beside = look->dropset.by[DROP_NO_ROUTE].count;
	finding->blind = look->dropset.blind;
	finding->share = share_of(drops->count, finding->expected);
	r = fill_in(look, finding, kind);
	if (r >= 0)
		r = fill_texts(look, finding, drops);
	if (r < 0)
		return r;
	*ret = take_ptr(finding);
	return 0;
}

int finding_of(const struct overlay *overlay, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class,
	enum finding_detail detail, struct finding_notes *notes, struct finding **ret,
	struct finding **ret_no_route)
{
	struct look look = { .overlay = overlay,
		.iface = iface,
		.expect = expect,
		.class = class,
		.detail = detail };
	int r = scope_of(overlay, iface, expect, class, &look.scope);

	if (r >= 0)
		r = look_closely(&look);
	if (r > 0)
		r = make_finding(&look, DROP_FILTER, ret);
	if (r >= 0 && ret_no_route && look.dropset.by[DROP_NO_ROUTE].count) {
		r = make_finding(&look, DROP_NO_ROUTE, ret_no_route);
		if (r < 0) {
			finding_free(*ret);
			*ret = NULL;
		}
	}
	notes->claimed_elsewhere |= look.scope.claimed_elsewhere;
	notes->blind |= look.dropset.blind > 0;
	notes->expected |= look.scope.size > 0;
	dropset_done(&look.dropset);
	scope_done(&look.scope);
	if (r < 0)
		return r;
	return *ret || (ret_no_route && *ret_no_route);
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

/* What else than rp_filter would help is looked for where it is worded, and follows from the rest. */
static bool remedies_differ(const struct finding *a, const struct finding *b)
{
	return a->loosened != b->loosened || a->replies_lost != b->replies_lost ||
	       strcmp(a->replies_by, b->replies_by) != 0 ||
	       (a->detail != DETAIL_COUNT && b->detail != DETAIL_COUNT &&
		       strcmp(a->remedy.text, b->remedy.text) != 0);
}

bool finding_differs(const struct finding *a, const struct finding *b)
{
	return a->unsure != b->unsure || a->reason != b->reason ||
	       a->filter.effective != b->filter.effective ||
	       a->filter.own != b->filter.own || a->filter.all != b->filter.all ||
	       !reverse_same_devices(&a->reverse, &b->reverse) || remedies_differ(a, b) ||
	       shares_differ(a->share, b->share) ||
	       sizes_differ(a->expected, b->expected);
}

bool finding_remedied(const struct finding *finding, int *ret)
{
	int all = finding->filter.all, own = finding->filter.own;
	bool found = false;

	array_each (&finding->remedy.steps, const struct remedy_step, step) {
		const char *setting = strrchr(step->key, '.');

		if (!setting || strcmp(setting, ".rp_filter") != 0)
			continue;
		if (step->ifindex == NETCONF_ALL)
			all = step->value;
		if (step->ifindex != finding->ifindex)
			continue;
		own = step->value;
		found = true;
	}
	*ret = rp_filter_combine(0, own, all).effective;
	return found;
}

bool finding_adds(const struct finding *finding)
{
	return finding->remedy.commands.count > finding->remedy.steps.count;
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
