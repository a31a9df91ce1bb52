/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/finding_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text of bounded size that is written piece by piece; what does not fit is left out. */
struct text {
	char *out;
	size_t size, length;
};

static void _printf_(2, 3) say(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(
		text->out + text->length, text->size - text->length, format, arguments);
	va_end(arguments);
	if (length > 0)
		text->length += (size_t)length;
	if (text->length >= text->size)
		text->length = text->size - 1;
}

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
	struct text text = { out, size, 0 };
	size_t shown = finding->source_count < limit ? finding->source_count : limit;
	size_t more = finding->source_count - shown + finding->sources_more;

	out[0] = '\0';
	for (size_t i = 0; i < shown; i++) {
		char prefix[PREFIX4_TEXT];

		say(&text, "%s%s", i ? ", " : "",
			prefix4_format(finding->sources[i], prefix));
	}
	if (more)
		say(&text, " and %zu more", more);
	return out;
}

const char *finding_from(const struct finding *finding, char *out, size_t size)
{
	struct text text = { out, size, 0 };
	char prefix[PREFIX4_TEXT];

	if (!finding->but_count)
		return finding_sources(finding, 4, out, size);
	say(&text, "%s except", prefix4_format(finding->cover, prefix));
	for (size_t i = 0; i < finding->but_count; i++)
		say(&text, "%s %s", i ? "," : "",
			prefix4_format(finding->but[i], prefix));
	return out;
}

static void say_filter(struct text *text, const struct rp_filter *filter)
{
	say(text, " (%s, own %d, all %d%s)", filter->effective == 1 ? "strict" : "loose",
		filter->own, filter->all,
		filter->all > filter->own ? ": the greater counts" : "");
}

static void say_to(struct text *text, const struct finding *finding)
{
	size_t count = finding->to.list.count, shown = count > 3 ? 2 : count;
	char addr[IP4_TEXT];

	if (finding->out[0]) {
		say(text, " forwarded out of %s, such as to %s", finding->out,
			ip4_format(finding->example.dst, addr));
		return;
	}
	for (size_t i = 0; i < shown; i++)
		say(text, "%s%s", i ? ", " : " to ",
			ip4_format(finding->to.list.items[i], addr));
	if (shown < count)
		say(text, " and %zu more", count - shown);
	if (finding->forwarded)
		say(text, " and forwarded packets");
}

/* What of the packets is not as in most: only they are dropped for certain. */
static void say_kind(struct text *text, const struct flow *flow)
{
	if (flow->proto == 6)
		say(text, " by TCP");
	else if (flow->proto == 1)
		say(text, " by ICMP");
	else if (flow->proto != FLOW_UDP)
		say(text, " by protocol %u", flow->proto);
	else if (flow->sport || flow->dport)
		say(text, " by UDP");
	if (flow->dport)
		say(text, " to port %u", flow->dport);
	if (flow->sport)
		say(text, " from port %u", flow->sport);
	if (flow->mark)
		say(text, " with mark 0x%x", flow->mark);
	if (flow->tos)
		say(text, " with tos 0x%x", flow->tos);
}

/* " (main)", " (table 100)" */
static void say_table(struct text *text, uint32_t table)
{
	char name[12];

	table_name(table, name);
	say(text, " (%s%s)", name[0] >= '0' && name[0] <= '9' ? "table " : "", name);
}

static void say_reverse(struct text *text, const struct finding *finding)
{
	const struct reverse *reverse = &finding->reverse;
	char devices[128], src[IP4_TEXT];

	ip4_format(finding->example.src, src);
	if (!reverse->known) {
		say(text, "there is no reverse route to %s", src);
		return;
	}
	if (finding->reason == RPF_UNNUMBERED)
		say(text, "%s has no IPv4 address, so loose acts as strict; ",
			finding->iif);
	say(text, "the reverse route to %s is %s", src,
		finding->reason == RPF_NO_ROUTE
			? route_type_name(reverse->type)
			: reverse_devices(reverse, devices, sizeof(devices)));
	if (reverse->via[0])
		say(text, " via %s", reverse->via);
	say_table(text, reverse->table);
}

/* What makes it less certain. That the kernel drops the example, too, is the rule. */
static void say_notes(struct text *text, const struct finding *finding)
{
	switch (finding->kernel) {
	case KERNEL_DROP:
		break;
	case KERNEL_UNASKED:
		say(text, " Not confirmed: the kernel was not asked.");
		break;
	case KERNEL_PASS:
		say(text, " The kernel disagrees: it accepts the test packet.");
		break;
	case KERNEL_UNJUDGED:
		say(text,
			" Not confirmed: the kernel rejects the test packet for another reason.");
		break;
	}
	if (finding->unsure)
		say(text,
			" Unsure: the kernel disagrees with the model on another packet.");
	if (finding->blind)
		say(text,
			" %llu further expected address%s not evaluated: unsupported kernel attribute.",
			(unsigned long long)finding->blind,
			finding->blind == 1 ? "" : "es");
}

const char *finding_sentence(const struct finding *finding, char out[static FINDING_TEXT])
{
	struct text text = { out, FINDING_TEXT, 0 };
	char sources[160], share[12];

	say(&text, "%s: drops %s", finding->iif,
		finding_from(finding, sources, sizeof(sources)));
	if (finding->share < 1.0)
		say(&text, " (share %s of the expected addresses)",
			finding_share(finding, share));
	say_to(&text, finding);
	say_kind(&text, &finding->example);
	say_filter(&text, &finding->filter);
	say(&text, ": ");
	say_reverse(&text, finding);
	say(&text, ".");
	say_notes(&text, finding);
	say(&text, " Fix: %s", finding->remedy.text);
	if (finding->old_kernels_accept)
		say(&text, " (kernels up to 2.6.30 accept these packets)");
	return out;
}
