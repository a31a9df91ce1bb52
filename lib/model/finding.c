/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/finding.h"

#include "model/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void finding_free(struct finding *finding)
{
	if (!finding)
		return;
	array_done(&finding->to.list);
	reverse_done(&finding->reverse);
	free(finding);
}

/*
 * What the words may not cover: sources that pass, and all that nobody expects. What is left
 * between those and the dropped (martians, own and broadcast addresses) may be covered.
 */
static int words(struct finding *finding, const struct prefixset *sources,
	const struct prefixset *named, const struct prefixset *dropped)
{
	struct prefixset avoid = { 0 };
	size_t total;
	int r;

	r = prefixset_invert(named, &avoid);
	if (r >= 0)
		r = prefixset_subtract(sources, dropped, &avoid);
	prefixset_close(&avoid);
	if (r >= 0) {
		finding->source_count = prefixset_words(
			dropped, &avoid, FINDING_SOURCES, finding->sources, &total);
		finding->sources_more = total - finding->source_count;
	}
	prefixset_done(&avoid);
	return r;
}

static double share(const struct prefixset *dropped, const struct prefixset *sources)
{
	uint64_t part = prefixset_size(dropped), whole = prefixset_size(sources);

	return part == whole ? 1.0 : (double)part / (double)whole;
}

/* The sources a class is about: all expected ones, or those of a declared flow. */
static int class_sources(const struct expect *expect, const struct flowclass *class,
	struct prefixset *sources, struct prefixset *named)
{
	struct prefixset only = { 0 }, others = { 0 };
	int r;

	if (!class->only_from) {
		const struct prefixset none = { 0 };

		r = prefixset_subtract(&expect->sources, &none, sources);
		return r < 0 ? r : prefixset_subtract(&expect->named, &none, named);
	}
	r = prefixset_add_prefix(&only, class->from);
	if (r >= 0)
		r = prefixset_invert(&only, &others);
	if (r >= 0)
		r = prefixset_subtract(&expect->sources, &others, sources);
	if (r >= 0)
		r = prefixset_subtract(&expect->named, &others, named);
	prefixset_done(&only);
	prefixset_done(&others);
	return r;
}

struct finding_id finding_id_of(const struct iface *iface, const struct flowclass *class)
{
	struct finding_id id;

	snprintf(id.text, sizeof(id.text), "%s/%s", iface->link.name, class->name);
	return id;
}

static int fill(struct finding *finding, const struct view *view,
	const struct iface *iface, const struct expect *expect,
	const struct flowclass *class, const struct dropset *dropset)
{
	const struct drop_tally *most = dropset_main(dropset);
	const struct iface *out =
		class->oif ? state_iface(view->state, class->oif) : NULL;

	snprintf(
		finding->id, sizeof(finding->id), "%s/%s", iface->link.name, class->name);
	finding->ifindex = iface->link.ifindex;
	memcpy(finding->iif, iface->link.name, sizeof(finding->iif));
	snprintf(finding->kind, sizeof(finding->kind), "%s", iface_kind(iface));
	finding->expect = class->only_from ? EXPECT_DECLARED : expect_strongest(expect);
	finding->severity =
		finding->expect <= EXPECT_TUNNEL ? FINDING_WARNING : FINDING_NOTICE;
	finding->reason = most->reason;
	finding->filter = dropset->filter;
	finding->example = class->flow;
	finding->example.src = most->example;
	/* all AND interface: 0 unless both are set */
	finding->forwarded = class->forwarded;
	if (out)
		memcpy(finding->out, out->link.name, sizeof(finding->out));
	finding->old_kernels_accept = !(dropset->filter.all && dropset->filter.own);
	array_each (&class->dsts.list, const struct ip4, dst) {
		if (array_push(&finding->to.list, dst) < 0)
			return -ENOMEM;
	}
	return reverse_of(view, &most->reverse, &finding->reverse);
}

static int find(const struct view *view, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class,
	const struct prefixset *sources, const struct prefixset *named,
	struct dropset *dropset, struct finding **ret)
{
	_cleanup_(finding_freep) struct finding *finding = NULL;
	int r = dropset_of(view, iface, class, sources, dropset);

	if (r < 0)
		return r;
	if (dropset->blind)
		return -ENODATA;
	if (!dropset->dropped.ranges.count)
		return 0;
	finding = calloc(1, sizeof(*finding));
	if (!finding)
		return -ENOMEM;
	r = fill(finding, view, iface, expect, class, dropset);
	if (r >= 0)
		r = words(finding, sources, named, &dropset->dropped);
	finding->share = share(&dropset->dropped, sources);
	if (r >= 0)
		r = plan_remedy(
			view, iface, class, sources, finding->reason, &finding->remedy);
	if (r < 0)
		return r;
	*ret = take_ptr(finding);
	return 1;
}

int finding_of(const struct view *view, const struct iface *iface,
	const struct expect *expect, const struct flowclass *class, struct finding **ret)
{
	struct prefixset sources = { 0 }, named = { 0 };
	struct dropset dropset = { 0 };
	int r = class_sources(expect, class, &sources, &named);

	if (r >= 0)
		r = find(view, iface, expect, class, &sources, &named, &dropset, ret);
	dropset_done(&dropset);
	prefixset_done(&sources);
	prefixset_done(&named);
	return r;
}

bool finding_differs(const struct finding *a, const struct finding *b)
{
	return a->unsure != b->unsure || a->reason != b->reason ||
	       a->filter.effective != b->filter.effective ||
	       a->filter.own != b->filter.own || a->filter.all != b->filter.all ||
	       !reverse_same_devices(&a->reverse, &b->reverse) ||
	       strcmp(a->remedy.text, b->remedy.text) != 0 ||
	       a->share - b->share >= 0.0001 || b->share - a->share >= 0.0001;
}

const char *kernel_answer_name(enum kernel_answer answer)
{
	switch (answer) {
	case KERNEL_UNASKED:
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
