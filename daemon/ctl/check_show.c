/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "daemon/ctl/check.h"

#include "daemon/ctl/question.h"
#include "daemon/ctl/remedy_show.h"
#include "finding/finding_text.h"

#include <errno.h>

static int add_sources(struct json_object *object, const struct finding *finding)
{
	struct json_object *sources = json_add_array(object, "sources");
	bool whole = finding->detail == DETAIL_FULL;
	const struct prefix4 *list = whole ? finding->whole.items : finding->sources;
	size_t count = whole ? finding->whole.count : finding->source_count;
	char share[12];
	int r = sources ? 0 : -ENOMEM;

	for (size_t i = 0; i < count; i++) {
		char prefix[PREFIX4_TEXT];

		r |= json_push_text(sources, prefix4_format(list[i], prefix));
	}
	r |= json_add_number(
		object, "sources_more", whole ? 0 : (int64_t)finding->sources_more);
	r |= json_add_decimal(object, "share", finding_share(finding, share));
	return r | json_add_number(object, "blind", (int64_t)finding->blind);
}

/* How much is dropped, and why: most for the finding's reason, and some for another. */
static int add_reasons(struct json_object *object, const struct finding *finding)
{
	int r = json_add_number(object, "size", (int64_t)finding->dropped);
	struct json_object *list = json_add_array(object, "reasons");

	r |= list ? 0 : -ENOMEM;
	for (int reason = 0; reason < RPF_REASONS; reason++) {
		struct json_object *entry;

		if (!finding->reasons[reason])
			continue;
		entry = json_push_object(list);
		r |= json_add_text(
			entry, "reason", rpf_reason_name((enum rpf_reason)reason));
		r |= json_add_number(entry, "count", (int64_t)finding->reasons[reason]);
	}
	return r;
}

static int add_flow(struct json_object *object, const struct finding *finding)
{
	const struct flow *flow = &finding->example;
	struct json_object *to = json_add_array(object, "to"), *example;
	char addr[IP4_TEXT];
	int r = to ? 0 : -ENOMEM;

	array_each (&finding->to.list, const struct ip4, dst)
		r |= json_push_text(to, ip4_format(*dst, addr));
	r |= json_add_bool(object, "forwarded", finding->forwarded);
	example = json_add_object(object, "example");
	r |= json_add_text(example, "src", ip4_format(flow->src, addr));
	r |= json_add_text(example, "dst", ip4_format(flow->dst, addr));
	if (flow->mark)
		r |= json_add_number(example, "mark", flow->mark);
	if (flow->tos)
		r |= json_add_number(example, "tos", flow->tos);
	if (flow->proto != FLOW_UDP)
		r |= json_add_number(example, "ipproto", flow->proto);
	if (flow->sport)
		r |= json_add_number(example, "sport", flow->sport);
	if (flow->dport)
		r |= json_add_number(example, "dport", flow->dport);
	return r;
}

int check_json(const struct finding *finding, struct json_object *object)
{
	int r = json_add_text(object, "id", finding->id);

	r |= json_add_text(object, "iif", finding->iif);
	r |= json_add_text(object, "kind", finding->kind);
	r |= json_add_text(object, "severity", finding_severity_name(finding->severity));
	r |= json_add_text(object, "reason", rpf_reason_name(finding->reason));
	r |= json_add_filter(object, &finding->filter);
	r |= json_add_text(object, "expect", expect_why_name(finding->expect));
	r |= json_add_text(object, "because", finding->because);
	r |= json_add_bool(object, "certain", finding->certain);
	r |= add_sources(object, finding);
	r |= add_reasons(object, finding);
	r |= add_flow(object, finding);
	r |= json_add_reverse(object, &finding->reverse);
	r |= json_add_text(object, "kernel", kernel_answer_name(finding->kernel));
	return r | remedy_json_all(finding, object);
}

static void print_detail(FILE *out, const char *name, const char *text)
{
	print_line(out, "  %-9s %s", name, text);
}

static void print_sources(const struct finding *finding, FILE *out)
{
	char sources[FINDING_SOURCES * PREFIX4_TEXT + 32], prefix[PREFIX4_TEXT];

	if (finding->detail != DETAIL_FULL &&
		(finding->but_count || finding->most_of_cover)) {
		print_detail(
			out, "sources", finding_from(finding, sources, sizeof(sources)));
		return;
	}
	if (finding->detail != DETAIL_FULL) {
		print_detail(out, "sources",
			finding_sources(
				finding, FINDING_SOURCES, sources, sizeof(sources)));
		return;
	}
	print_line(out, "  sources");
	array_each (&finding->whole, const struct prefix4, source)
		print_line(out, "    %s", prefix4_format(*source, prefix));
}

static void print_reverse(const struct finding *finding, FILE *out)
{
	const struct reverse *reverse = &finding->reverse;
	char text[320], devices[128], prefix[PREFIX4_TEXT], table[12];

	if (!reverse->known) {
		print_detail(out, "reverse", "none");
		return;
	}
	reverse_devices(reverse, devices, sizeof(devices));
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s %s (table %s, rule %u)", devices,
		reverse->via[0] ? " via " : "", reverse->via, devices[0] ? ": " : "",
		route_type_name(reverse->type), prefix4_format(reverse->prefix, prefix),
		table_name(reverse->table, table), reverse->rule);
	print_detail(out, "reverse", text);
}

static void print_example(const struct finding *finding, FILE *out)
{
	char words[FLOW_TEXT];

	print_line(out, "  example   rpfilterctl explain %s",
		flow_format(&finding->example, finding->iif, words));
}

void check_print(const struct finding *finding, FILE *out)
{
	char sentence[FINDING_TEXT];
	char share[12], severity[64], because[EXPECT_BECAUSE + 32];

	print_line(out, "%s", finding_sentence(finding, sentence));
	print_detail(out, "id", finding->id);
	(void)snprintf(severity, sizeof(severity), "%s%s",
		finding_severity_name(finding->severity),
		finding->certain ? "" : " (uncertain)");
	print_detail(out, "severity", severity);
	(void)snprintf(because, sizeof(because), "%s%s%s%s%s",
		finding->expect == EXPECT_ANSWERS ? "" : expect_why_name(finding->expect),
		finding->because_of == finding->expect ? "" : "; most ",
		finding->because_of == finding->expect
			? ""
			: expect_why_name(finding->because_of),
		finding->expect != EXPECT_ANSWERS && finding->because[0] ? ": " : "",
		finding->because);
	print_detail(out, "expected", because);
	print_detail(out, "reason", rpf_reason_name(finding->reason));
	print_sources(finding, out);
	print_detail(out, "share", finding_share(finding, share));
	print_example(finding, out);
	print_reverse(finding, out);
	print_detail(out, "kernel", kernel_answer_name(finding->kernel));
	remedy_print(finding, "  ", out);
}
