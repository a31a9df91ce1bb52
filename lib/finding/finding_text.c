/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/finding_text.h"

#include "base/strbuf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *rp_filter_words(int value, char out[static 32])
{
	const char *word = value == 0	? "off"
			   : value == 1 ? "strict"
			   : value == 2 ? "loose"
					: "acts as loose";

	snprintf(out, 32, "%d (%s)", value, word);
	return out;
}

const char *finding_share(const struct finding *finding, char out[static 12])
{
	double share = finding->share;

	if (share >= 1.0) {
		snprintf(out, 12, "1");
		return out;
	}
	/* rounding must not make it look whole, or nothing */
	if (share > 0.999999)
		share = 0.999999;
	if (share < 0.000001)
		share = 0.000001;
	snprintf(out, 12, "%.6f", share);
	return out;
}

const char *finding_sources(
	const struct finding *finding, size_t limit, char *out, size_t size)
{
	struct strbuf text;
	size_t shown = finding->source_count < limit ? finding->source_count : limit;
	size_t more = finding->source_count - shown + finding->sources_more;

	strbuf_init(&text, out, size);
	for (size_t i = 0; i < shown; i++) {
		char prefix[PREFIX4_TEXT];

		strbuf_add(&text, "%s%s", i ? " " : "",
			prefix4_format(finding->sources[i], prefix));
	}
	if (more)
		strbuf_add(&text, " and %zu more", more);
	return out;
}

const char *finding_from(const struct finding *finding, char *out, size_t size)
{
	struct strbuf text;
	char prefix[PREFIX4_TEXT];

	strbuf_init(&text, out, size);
	if (!finding->but_count)
		return finding_sources(finding, 4, out, size);
	strbuf_add(&text, "%s but", prefix4_format(finding->cover, prefix));
	for (size_t i = 0; i < finding->but_count; i++)
		strbuf_add(&text, "%s %s", i ? "," : "",
			prefix4_format(finding->but[i], prefix));
	return out;
}

const char *finding_because(const struct finding *finding, char *out, size_t size)
{
	const struct rp_filter *filter = &finding->filter;
	const char *name = finding->iif;

	if (filter->own > filter->all)
		snprintf(out, size, "by its own setting, conf.all being %d", filter->all);
	else if (filter->all > filter->own)
		snprintf(out, size,
			"because conf.all is %d: the greater of all and %s counts, so %s=%d has no effect",
			filter->all, name, name, filter->own);
	else
		snprintf(out, size, "by its own setting and by conf.all alike");
	return out;
}

static void add_to(struct strbuf *text, const struct finding *finding)
{
	size_t count = finding->to.list.count, shown = count > 3 ? 2 : count;
	char addr[IP4_TEXT];

	if (finding->out[0]) {
		strbuf_add(text, " forwarded by %s, as to %s", finding->out,
			ip4_format(finding->example.dst, addr));
		return;
	}
	for (size_t i = 0; i < shown; i++)
		strbuf_add(text, "%s%s", i ? ", " : " to ",
			ip4_format(finding->to.list.items[i], addr));
	if (shown < count)
		strbuf_add(text, " and %zu more", count - shown);
	if (finding->forwarded && !finding->out[0])
		strbuf_add(text, " and forwarded ones");
}

/* What of the packets is not as in most: only they are dropped for certain. */
static void add_kind(struct strbuf *text, const struct flow *flow)
{
	if (flow->proto == 6)
		strbuf_add(text, " by TCP");
	else if (flow->proto == 1)
		strbuf_add(text, " by ICMP");
	else if (flow->proto != FLOW_UDP)
		strbuf_add(text, " by protocol %u", flow->proto);
	else if (flow->sport || flow->dport)
		strbuf_add(text, " by UDP");
	if (flow->dport)
		strbuf_add(text, " to port %u", flow->dport);
	if (flow->sport)
		strbuf_add(text, " from port %u", flow->sport);
	if (flow->mark)
		strbuf_add(text, " with mark 0x%x", flow->mark);
	if (flow->tos)
		strbuf_add(text, " with tos 0x%x", flow->tos);
}

static void add_reverse_path(struct strbuf *text, const struct finding *finding)
{
	const struct reverse *reverse = &finding->reverse;
	char devices[128], table[12], src[IP4_TEXT];

	ip4_format(finding->example.src, src);
	if (finding->reason == RPF_NO_ROUTE) {
		if (reverse->known)
			strbuf_add(text, "the way back to %s is %s %s route (table %s)",
				src, reverse->type == ROUTE_UNREACHABLE ? "an" : "a",
				route_type_name(reverse->type),
				table_name(reverse->table, table));
		else
			strbuf_add(text, "there is no route back to %s", src);
		return;
	}
	if (finding->reason == RPF_UNNUMBERED)
		strbuf_add(text,
			"%s has no IPv4 address, where loose filters like strict, and ",
			finding->iif);
	strbuf_add(text, "the way back to %s leaves by %s", src,
		reverse_devices(reverse, devices, sizeof(devices)));
	if (reverse->via[0])
		strbuf_add(text, " via %s", reverse->via);
	strbuf_add(text, " (table %s), not by %s", table_name(reverse->table, table),
		finding->iif);
}

const char *finding_sentence(const struct finding *finding, char out[static FINDING_TEXT])
{
	struct strbuf text;
	char sources[160], because[160], value[32], share[12];

	strbuf_init(&text, out, FINDING_TEXT);
	strbuf_add(&text, "%s drops packets from %s", finding->iif,
		finding_from(finding, sources, sizeof(sources)));
	if (finding->share < 1.0)
		strbuf_add(&text, " (a share of %s of the expected sources)",
			finding_share(finding, share));
	add_to(&text, finding);
	add_kind(&text, &finding->example);
	strbuf_add(&text, ": its rp_filter is %s %s, and ",
		rp_filter_words(finding->filter.effective, value),
		finding_because(finding, because, sizeof(because)));
	add_reverse_path(&text, finding);
	strbuf_add(&text, ". Remedy: %s.", finding->remedy.text);
	if (finding->blind)
		strbuf_add(&text,
			" Of %" PRIu64
			" more expected sources it can't be told: something that bears on them is not understood.",
			finding->blind);
	if (finding->old_kernels_accept)
		strbuf_add(&text, " Kernels up to 2.6.30 accepted these packets.");
	if (finding->kernel == KERNEL_DROP)
		strbuf_add(&text, " The kernel confirms it.");
	if (finding->unsure)
		strbuf_add(&text,
			" Unsure: of another flow the kernel says otherwise than the model.");
	return out;
}
