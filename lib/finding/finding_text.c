/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/finding_text.h"

#include "base/strbuf.h"

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

		strbuf_add(&text, "%s%s", i ? ", " : "",
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
	strbuf_add(&text, "%s except", prefix4_format(finding->cover, prefix));
	for (size_t i = 0; i < finding->but_count; i++)
		strbuf_add(&text, "%s %s", i ? "," : "",
			prefix4_format(finding->but[i], prefix));
	return out;
}

static void add_filter(struct strbuf *text, const struct rp_filter *filter)
{
	strbuf_add(text, " (%s, own %d, all %d%s)",
		filter->effective == 1 ? "strict" : "loose", filter->own, filter->all,
		filter->both		    ? ": both count"
		: filter->all > filter->own ? ": the greater counts"
					    : "");
}

static void add_to(struct strbuf *text, const struct finding *finding)
{
	size_t count = finding->to.list.count, shown = count > 3 ? 2 : count;
	char addr[IP4_TEXT];

	if (finding->out[0]) {
		strbuf_add(text, " forwarded out of %s, such as to %s", finding->out,
			ip4_format(finding->example.dst, addr));
		return;
	}
	for (size_t i = 0; i < shown; i++)
		strbuf_add(text, "%s%s", i ? ", " : " to ",
			ip4_format(finding->to.list.items[i], addr));
	if (shown < count)
		strbuf_add(text, " and %zu more", count - shown);
	if (finding->forwarded)
		strbuf_add(text, " and forwarded packets");
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

/* " (main)", " (table 100)" */
static void add_table(struct strbuf *text, uint32_t table)
{
	char name[12];

	table_name(table, name);
	strbuf_add(
		text, " (%s%s)", name[0] >= '0' && name[0] <= '9' ? "table " : "", name);
}

static void add_reverse(struct strbuf *text, const struct finding *finding)
{
	const struct reverse *reverse = &finding->reverse;
	char devices[128], src[IP4_TEXT];

	ip4_format(finding->example.src, src);
	if (!reverse->known) {
		strbuf_add(text, "there is no reverse route to %s", src);
		return;
	}
	if (finding->reason == RPF_UNNUMBERED)
		strbuf_add(text, "%s has no IPv4 address, so loose acts as strict; ",
			finding->iif);
	strbuf_add(text, "the reverse route to %s is %s", src,
		finding->reason == RPF_NO_ROUTE
			? route_type_name(reverse->type)
			: reverse_devices(reverse, devices, sizeof(devices)));
	if (reverse->via[0])
		strbuf_add(text, " via %s", reverse->via);
	add_table(text, reverse->table);
}

/* What makes it less certain. That the kernel drops the example, too, is the rule. */
static void add_notes(struct strbuf *text, const struct finding *finding)
{
	switch (finding->kernel) {
	case KERNEL_DROP:
	case KERNEL_ABSENT:
		break;
	case KERNEL_UNASKED:
		strbuf_add(text, " Not confirmed: the kernel was not asked.");
		break;
	case KERNEL_PASS:
		strbuf_add(text, " The kernel disagrees: it accepts the test packet.");
		break;
	case KERNEL_UNJUDGED:
		strbuf_add(text,
			" Not confirmed: the kernel rejects the test packet for another reason.");
		break;
	}
	if (finding->unsure)
		strbuf_add(text,
			" Unsure: the kernel disagrees with the model on another packet.");
	if (finding->blind)
		strbuf_add(text,
			" %llu further expected address%s not evaluated: unsupported kernel attribute.",
			(unsigned long long)finding->blind,
			finding->blind == 1 ? "" : "es");
}

const char *finding_sentence(const struct finding *finding, char out[static FINDING_TEXT])
{
	struct strbuf text;
	char sources[160], share[12];

	strbuf_init(&text, out, FINDING_TEXT);
	strbuf_add(&text, "%s: drops %s", finding->iif,
		finding_from(finding, sources, sizeof(sources)));
	if (finding->share < 1.0)
		strbuf_add(&text, " (share %s of the expected addresses)",
			finding_share(finding, share));
	add_to(&text, finding);
	add_kind(&text, &finding->example);
	add_filter(&text, &finding->filter);
	strbuf_add(&text, ": ");
	add_reverse(&text, finding);
	strbuf_add(&text, ".");
	add_notes(&text, finding);
	strbuf_add(&text, " Fix: %s", finding->remedy.text);
	if (finding->old_kernels_accept)
		strbuf_add(&text, " (kernels up to 2.6.30 accept these packets)");
	return out;
}
