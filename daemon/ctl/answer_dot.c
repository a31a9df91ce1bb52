/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/answer_dot.h"

#include "base/print.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "finding/finding_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 40 /* of a line in a box */
#define LINE_TEXT 1024
#define WORD_TEXT 256

/*
 * The ladder's steps in the order of the trace, a box for each stage: a chain that ends at the
 * verdict, in two rows where there is a reverse look-up.
 */
static const struct stage {
	int last; /* step of the ladder (rpf.c) */
	const char *title;
} stages[] = {
	{ 8, "Destination look-up" },
	{ 13, "Delivery" },
	{ 21, "rp_filter" },
	{ 22, "Reverse look-up" },
	{ 28, "Does it lead back?" },
};

static const struct end {
	const char *word, *shape, *color;
	int width; /* of the line */
} ends[] = {
	[RPF_PASS] = { "PASSES", "ellipse", "#0055a4", 2 },
	[RPF_DROP] = { "DROPPED", "octagon", "#c00000", 4 },
	[RPF_UNJUDGED] = { "NOT JUDGED", "note", "#555555", 1 },
};

static size_t stage_of(int number)
{
	size_t i = 0;

	while (i + 1 < ELEMENTS(stages) && number > stages[i].last)
		i++;
	return i;
}

/* --- text ------------------------------------------------------------------------------------- */

/* A piece of text between quotes: in a label a backslash and an ampersand begin something, too. */
static void put_escaped(FILE *out, const char *text, size_t length)
{
	char escaped[WORD_TEXT];
	struct strbuf buf;

	strbuf_init(&buf, escaped, sizeof(escaped));
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			strbuf_add(&buf, "\\%c", text[i]);
		else if (text[i] == '&')
			strbuf_add(&buf, "&amp;");
		else
			strbuf_add(&buf, "%c", text[i]);
	}
	print_part(out, "%s", escaped);
}

/* A line, or several where it is long. */
static void put_line(FILE *out, const char *format, ...) _printf_(2, 3);

static void put_line(FILE *out, const char *format, ...)
{
	char line[LINE_TEXT];
	const char *at = line;
	size_t column = 0;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	utf8_printable(line);
	while (*at) {
		size_t length = strcspn(at, " ");

		if (column && column + 1 + length > COLUMNS) {
			print_part(out, "\\l  ");
			column = 2;
		} else if (column) {
			print_part(out, " ");
			column++;
		}
		put_escaped(out, at, length);
		column += length;
		at += length;
		at += *at == ' ';
	}
	print_part(out, "\\l");
}

/* --- boxes ------------------------------------------------------------------------------------ */

static void begin_box(FILE *out, size_t *count, const char *title)
{
	print_part(out, "  box%zu [label=\"%s\\n", ++*count, title);
}

static void end_box(FILE *out)
{
	print_line(out, "\"]");
}

static void draw_packet(const struct answer *answer, FILE *out, size_t *count)
{
	char words[FLOW_TEXT];

	begin_box(out, count, "Packet in");
	put_line(out, "by %s", answer->iif);
	put_line(out, "%s", flow_format(&answer->flow, answer->iif, words));
	end_box(out);
}

static void draw_reverse(const struct answer *answer, FILE *out, size_t *count)
{
	const struct reverse *reverse = &answer->reverse;
	char prefix[PREFIX4_TEXT], table[12], devices[128];

	begin_box(out, count, "Reverse route");
	if (!reverse->known) {
		put_line(out, "none");
		end_box(out);
		return;
	}
	put_line(out, "%s %s", route_type_name(reverse->type),
		prefix4_format(reverse->prefix, prefix));
	if (reverse->devices.count)
		put_line(
			out, "by %s", reverse_devices(reverse, devices, sizeof(devices)));
	if (reverse->via[0])
		put_line(out, "via %s", reverse->via);
	put_line(out, "table %s, rule %u", table_name(reverse->table, table),
		reverse->rule);
	end_box(out);
}

/* The steps of a stage, from `at` on; returns the first one behind them. */
static size_t draw_stage(const struct answer *answer, size_t at, FILE *out, size_t *count)
{
	const struct trace *trace = &answer->trace;
	size_t stage = stage_of(trace->steps.items[at].number);

	begin_box(out, count, stages[stage].title);
	for (; at < trace->steps.count; at++) {
		const struct trace_step *step = &trace->steps.items[at];

		if (stage_of(step->number) != stage)
			break;
		put_line(out, "%d  %s", step->number, step->text);
		if (step->number == 13 && answer->out[0])
			put_line(out, "out of %s", answer->out);
	}
	end_box(out);
	return at;
}

/* --- the end ---------------------------------------------------------------------------------- */

static const char *filter_maker(const struct answer *answer)
{
	const struct rp_filter *filter = &answer->rpf.filter;

	if (filter->own == filter->all || filter->both)
		return "all and its own value";
	return filter->own > filter->all ? "its own value" : "all";
}

static bool is_filtered(const struct answer *answer)
{
	array_each (&answer->trace.steps, const struct trace_step, step) {
		if (step->number == 21)
			return true;
	}
	return false;
}

static void draw_end(const struct answer *answer, FILE *out)
{
	const struct rpf *rpf = &answer->rpf;
	const struct end *end = &ends[rpf->verdict];
	char value[32];

	print_part(out,
		"  end [shape=%s, color=\"%s\", fontcolor=\"%s\", penwidth=%d, label=\"%s\\n",
		end->shape, end->color, end->color, end->width, end->word);
	put_line(out, "%s", rpf_reason_name(rpf->reason));
	if (is_filtered(answer)) {
		put_line(out, "rp_filter of %s: %s", answer->iif,
			rp_filter_words(rpf->filter.effective, value));
		put_line(out, "made by %s (own %d, all %d)", filter_maker(answer),
			rpf->filter.own, rpf->filter.all);
	}
	put_line(out, "kernel: %s%s", kernel_answer_name(answer->kernel),
		answer_agreement_text(answer));
	end_box(out);
}

/* row: the box that begins the second row, the reverse path; 0: there is none */
static void draw_edges(const struct answer *answer, FILE *out, size_t count, size_t row)
{
	const struct end *end = &ends[answer->rpf.verdict];

	for (size_t i = 1; i < count; i++)
		print_line(out, "  box%zu -> box%zu%s", i, i + 1,
			i + 1 == row ? " [constraint=false]" : "");
	print_line(out, "  box%zu -> end [color=\"%s\", penwidth=%d]", count, end->color,
		end->width);
}

void answer_dot(const struct answer *answer, FILE *out)
{
	const struct trace *trace = &answer->trace;
	size_t count = 0, row = 0;

	print_line(out, "digraph \"the way of a packet\" {");
	print_line(out, "  rankdir=LR");
	print_line(out, "  node [shape=box, fontname=\"Helvetica\", fontsize=11]");
	draw_packet(answer, out, &count);
	for (size_t at = 0; at < trace->steps.count;) {
		bool reverse = trace->steps.items[at].number == 22;

		at = draw_stage(answer, at, out, &count);
		if (!reverse)
			continue;
		row = count;
		if (answer->rpf.looked_up)
			draw_reverse(answer, out, &count);
	}
	draw_end(answer, out);
	draw_edges(answer, out, count, row);
	print_line(out, "}");
}
