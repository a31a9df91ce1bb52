/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/feasible_route.h"

#include "finding/feasible.h"
#include "finding/through.h"
#include "flowclass/dst_group.h"
#include "rpf/lookup.h"
#include "rpf/reverse.h"

#include <errno.h>

struct search {
	const struct through *through;
	const struct overlay *overlay;
	struct ip4 source;
	bool transit;
	struct feasible_route best; /* info NULL: none yet */
	int r;
};

static bool is_better(
	const struct feasible_route *route, const struct feasible_route *than)
{
	if (!than->info || route->prefix.len != than->prefix.len)
		return !than->info || route->prefix.len > than->prefix.len;
	return route->info->table < than->info->table;
}

/* The entry of a table that has the source, where that is for it. */
static void search_table(struct search *search, const struct fib *fib)
{
	const struct through *through = search->through;
	const int ifindex = through->iface->link.ifindex;
	const uint32_t source = search->source.host;
	struct trie_match matches[33];
	size_t count = trie_match(&fib->trie, search->source, matches);
	const struct trie_match *match;
	struct prefixset own = { 0 };
	struct feasible_route route;

	if (!count)
		return;
	match = &matches[count - 1];
	if (search->transit && !match->len)
		return;
	route.prefix = prefix4(search->source, match->len);
	route.info =
		through_made(through->state, fib->lists.all.items[match->value], ifindex);
	if (!route.info || !is_better(&route, &search->best))
		return;
	search->r = through_own_part(search->overlay, through->flow, source, source,
		fib->table, match->len, &own);
	if (own.ranges.count)
		search->best = route;
	prefixset_done(&own);
}

static int search_tables(struct search *search)
{
	const struct state *state = search->through->state;

	hash_each (&state->tables, slot) {
		const struct fib *fib = slot->value;

		if (search->r >= 0 && through_wants(search->through, fib->table))
			search_table(search, fib);
	}
	return search->r;
}

int feasible_route_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct ip4 source, struct feasible_route *ret)
{
	const struct lookup_flow flow =
		flowclass_validation(overlay, iface, class).reverse;
	struct lookup_flow its = flow;
	struct through through = {
		.state = overlay->state, .iface = iface, .flow = &its
	};
	struct search search = { .through = &through, .overlay = overlay };
	int r;

	search.source = source;
	search.transit = class->transit;
	r = search_tables(&search);
	if (r >= 0 && !search.best.info && !class->oif &&
		!overlay->state->local_main_merged &&
		feasible_sibling(overlay, iface, class, &flow, &its.src)) {
		through.but = &flow;
		r = search_tables(&search);
	}
	*ret = search.best;
	return r;
}

struct naming {
	int ifindex;
	struct strbuf *text;
};

static bool name_gateway(const struct nexthop *nexthop, void *data)
{
	const struct naming *naming = data;
	char addr[IP4_TEXT];

	if (nexthop->oif != naming->ifindex)
		return false;
	if (nexthop->gw_family)
		strbuf_add(naming->text, " via %s",
			nexthop->gw_family == 4 ? ip4_format(nexthop->gw, addr)
						: "inet6");
	return true;
}

void feasible_name(const struct state *state, const struct iface *iface,
	const struct fib_info *info, struct strbuf *text)
{
	struct naming naming = { iface->link.ifindex, text };
	char table[12];

	state_any_nexthop(state, info, name_gateway, &naming);
	if (info->priority)
		strbuf_add(text, " metric %u", info->priority);
	if (info->table != TABLE_MAIN)
		strbuf_add(text, " table %s", table_name(info->table, table));
}

/* --- all of them ----------------------------------------------------------------------------- */

/* The lists whose prefixes are shown. */
struct marking {
	const struct state *state;
	int ifindex;
	struct through_marks marks;
};

static int mark_list(const struct fib *fib, const struct fib_list *list, void *data)
{
	struct marking *marking = data;
	uint8_t *lists = through_marks_of(&marking->marks, fib);

	if (!lists)
		return -ENOMEM;
	lists[list->index] = 1;
	return 0;
}

/* On the wire of the interface itself, and not everybody. */
static int mark_neighbours(const struct fib *fib, const struct fib_list *list, void *data)
{
	const struct marking *marking = data;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct fib_info *info = list->infos[i];

		if (info->type == ROUTE_UNICAST && info->scope == SCOPE_LINK &&
			through_leads(marking->state, info, marking->ifindex))
			return mark_list(fib, list, data);
	}
	return 0;
}

/* Who is shown what the marked lists of a table have. */
struct visiting {
	const struct marking *marking;
	const struct through_mark *mark;
	feasible_visit visit;
	void *data;
};

static int visit_entry(const struct visiting *visiting, const struct trie_at *at)
{
	const struct fib_lists *lists = &visiting->mark->fib->lists;
	const struct feasible_route route = { at->prefix,
		through_made(visiting->marking->state, lists->all.items[at->value],
			visiting->marking->ifindex) };

	return route.info ? visiting->visit(&route, visiting->data) : 0;
}

static int visit_below(const struct visiting *visiting, uint32_t reference)
{
	const struct through_mark *mark = visiting->mark;
	struct trie_at at;
	int r = 0;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&mark->fib->trie, reference);
	/* one whose addresses longer ones all have is for nobody */
	if (at.value && mark->lists[at.value] && trie_owns(&mark->fib->trie, reference))
		r = visit_entry(visiting, &at);
	for (int bit = 0; bit < 2 && r >= 0; bit++)
		r = visit_below(visiting, at.child[bit]);
	return r;
}

/* The reverse flow of a packet to an address of the interface. */
static int plain_flow(
	const struct overlay *overlay, const struct iface *iface, struct lookup_flow *ret)
{
	struct addresses dsts = { 0 };
	int r = dst_group_addresses(overlay->state, iface, &dsts);

	*ret = dst_group_reverse_flow(
		overlay, iface, dsts.list.count ? dsts.list.items[0] : ip4(0), 0);
	array_done(&dsts.list);
	return r;
}

/* What is listed: unless all of it goes another way by a rule. */
struct shown {
	const struct overlay *overlay;
	struct lookup_flow flow;
	feasible_visit visit;
	void *data;
};

static int show_route(const struct feasible_route *route, void *data)
{
	const struct shown *shown = data;
	struct prefixset own = { 0 };
	int r = through_own_part(shown->overlay, &shown->flow,
		prefix4_first(route->prefix), prefix4_last(route->prefix),
		route->info->table, route->prefix.len, &own);
	bool any = own.ranges.count;

	prefixset_done(&own);
	return r >= 0 && any ? shown->visit(route, shown->data) : r;
}

int feasible_prefixes(const struct state *state, const struct iface *iface,
	feasible_visit visit, void *data)
{
	const struct overlay overlay = { .state = state };
	struct marking marking = { .state = state, .ifindex = iface->link.ifindex };
	const struct through through = { state, iface, .each = mark_list,
		.data = &marking };
	struct shown shown = { .overlay = &overlay, .visit = visit, .data = data };
	int r = plain_flow(&overlay, iface, &shown.flow);

	if (r >= 0)
		r = through_each(&through);
	array_each (&marking.marks.tables, const struct through_mark, mark) {
		bool whole =
			state->local_main_merged ||
			!through_reaches(state, iface, &shown.flow, mark->fib->table);
		const struct visiting visiting = { &marking, mark,
			whole ? visit : show_route, whole ? data : &shown };

		if (r >= 0)
			r = visit_below(&visiting, mark->fib->trie.root);
	}
	through_marks_done(&marking.marks);
	return r;
}

int feasible_neighbours(const struct state *state, const struct iface *iface,
	const struct lookup_flow *flow, feasible_visit visit, void *data)
{
	const struct overlay overlay = { .state = state };
	struct marking marking = { .state = state, .ifindex = iface->link.ifindex };
	struct lookup_flow plain;
	const struct through through = { .state = state,
		.iface = iface,
		.flow = flow ? flow : &plain,
		.unreachable = true,
		.each = mark_neighbours,
		.data = &marking };
	int r = plain_flow(&overlay, iface, &plain);

	if (r >= 0 && !state->local_main_merged)
		r = through_each(&through);
	array_each (&marking.marks.tables, const struct through_mark, mark) {
		const struct visiting visiting = { &marking, mark, visit, data };

		if (r >= 0)
			r = visit_below(&visiting, mark->fib->trie.root);
	}
	through_marks_done(&marking.marks);
	return r;
}

struct containing {
	struct ip4 source;
	struct feasible_route *route;
};

static int take_containing(const struct feasible_route *route, void *data)
{
	const struct containing *containing = data;

	if (route->prefix.len && prefix4_has(route->prefix, containing->source))
		*containing->route = *route;
	return 0;
}

int feasible_neighbour_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct ip4 source, struct feasible_route *ret)
{
	const struct lookup_flow flow =
		flowclass_validation(overlay, iface, class).reverse;
	struct containing containing = { source, ret };

	return feasible_neighbours(
		overlay->state, iface, &flow, take_containing, &containing);
}
