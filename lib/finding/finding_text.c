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

#define SHOWN_BUT 4 /* of what is excepted, in a sentence */

const char *finding_from(const struct finding *finding, char *out, size_t size)
{
	struct strbuf text;
	char prefix[PREFIX4_TEXT];
	size_t count = finding->but_count,
	       shown = count > SHOWN_BUT ? SHOWN_BUT - 1 : count;

	strbuf_init(&text, out, size);
	if (!count && finding->source_count == 1 && !finding->sources_more &&
		finding->sources[0].len && finding->sources[0].len < 32)
		strbuf_add(
			&text, "all of %s", prefix4_format(finding->sources[0], prefix));
	else if (!count && finding->most_of_cover)
		strbuf_add(&text, "nearly all of %s",
			prefix4_format(finding->cover, prefix));
	else if (!count)
		return finding_sources(finding, 4, out, size);
	if (!count)
		return out;
	strbuf_add(&text, "%s but", prefix4_format(finding->cover, prefix));
	for (size_t i = 0; i < shown; i++)
		strbuf_add(&text, "%s %s", i ? "," : "",
			prefix4_format(finding->but[i], prefix));
	if (shown < count)
		strbuf_add(&text, " and %zu more", count - shown);
	return out;
}

/* How much it is of what is expected, where that isn't all and the prefix alone does not say it. */
static void add_share(struct strbuf *text, const struct finding *finding)
{
	double percent = finding->share * 100;

	if (finding->share >= 1.0 || finding->whole_item)
		return;
	if (percent > 99.9)
		strbuf_add(text, " (nearly all of what is expected)");
	else if (percent < 0.1)
		strbuf_add(text, " (less than 0.1 %% of what is expected)");
	else
		strbuf_add(text, " (%.1f %% of what is expected)", percent);
}

static void add_filter(struct strbuf *text, const struct rp_filter *filter)
{
	strbuf_add(text, " (%s, own %d, all %d%s)",
		filter->effective == 0	 ? "off"
		: filter->effective == 1 ? "strict"
					 : "loose",
		filter->own, filter->all,
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
	char devices[128], src[IP4_TEXT], prefix[PREFIX4_TEXT];

	ip4_format(finding->example.src, src);
	if (!reverse->known) {
		strbuf_add(text, "there is no reverse route to %s", src);
		return;
	}
	if (finding->reason == RPF_LOCAL_SOURCE ||
		finding->reason == RPF_INVALID_SOURCE) {
		strbuf_add(text,
			"at any rp_filter: the reverse path to %s ends at the %s route %s",
			src, route_type_name(reverse->type),
			prefix4_format(reverse->prefix, prefix));
		add_table(text, reverse->table);
		strbuf_add(text, ", by rule %u", reverse->rule);
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

/* Why it is a fault, where the reason alone does not say it; and what else it comes to. */
static void add_because(struct strbuf *text, const struct finding *finding)
{
	char addr[IP4_TEXT] = "";

	if (finding->to.list.count)
		ip4_format(finding->to.list.items[0], addr);
	switch (finding->expect) {
	case EXPECT_ANSWERS:
		strbuf_add(text, " They are %s.", finding->because);
		break;
	case EXPECT_ADDRESS:
		strbuf_add(text, " No route leads by %s: it can receive nothing for %s.",
			finding->iif, addr);
		break;
	case EXPECT_DIRECT:
		strbuf_add(text,
			" A director may send by %s what is for %s, an address on lo; which interface it uses can't be known here.",
			finding->iif, addr);
		break;
	case EXPECT_CONNECTED:
	case EXPECT_FEASIBLE:
		if (finding->because[0])
			strbuf_add(text, " %s because of the %s.",
				finding->because_of == finding->expect
					? "Expected"
					: "Most are expected",
				finding->because);
		break;
	case EXPECT_DECLARED:
	case EXPECT_TUNNEL:
	case EXPECT_WHYS:
		break;
	}
	if (finding->expect == EXPECT_ANSWERS && !finding->certain)
		strbuf_add(text,
			" Uncertain: the rule asks for a tos, protocol or ports that answers may lack.");
	if (finding->arp)
		strbuf_add(text, " ARP requests of neighbours go unanswered, too.");
}

static void add_no_route(struct strbuf *text, const struct finding *finding)
{
	char sources[160];

	strbuf_add(text, "%s: no route back to %s", finding->iif,
		finding_from(finding, sources, sizeof(sources)));
	add_share(text, finding);
	strbuf_add(text, ", for packets");
	add_to(text, finding);
	add_filter(text, &finding->filter);
	strbuf_add(text, ": no answer could leave.");
	add_notes(text, finding);
	strbuf_add(text, " %s: %s", remedy_head(&finding->remedy), finding->remedy.text);
}

const char *finding_sentence(const struct finding *finding, char out[static FINDING_TEXT])
{
	struct strbuf text;
	char sources[160];

	strbuf_init(&text, out, FINDING_TEXT);
	if (finding->no_route) {
		add_no_route(&text, finding);
		return out;
	}
	strbuf_add(&text, "%s: drops %s", finding->iif,
		finding_from(finding, sources, sizeof(sources)));
	add_share(&text, finding);
	add_to(&text, finding);
	add_kind(&text, &finding->example);
	add_filter(&text, &finding->filter);
	strbuf_add(&text, ": ");
	add_reverse(&text, finding);
	strbuf_add(&text, ".");
	add_because(&text, finding);
	add_notes(&text, finding);
	strbuf_add(&text, " %s: %s", remedy_head(&finding->remedy), finding->remedy.text);
	if (finding->old_kernels_accept && finding->reason != RPF_LOCAL_SOURCE)
		strbuf_add(&text, " (kernels up to 2.6.30 accept these packets)");
	return out;
}
