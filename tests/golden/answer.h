/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "finding/report.h"
#include "net/ifname.h"
#include "net/ip4.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdio.h>

/* What a golden file asks, answered as its .out has it. */

/* Prefixes that the configuration expects of an interface */
struct declared {
	char name[NAME_MAX_];
	struct prefix4 prefixes[8];
	size_t count;
};

/* A flow that it names */
struct declared_flow {
	char iif[NAME_MAX_];
	struct prefix4 from;
	struct ip4 to;
	bool has_to;
	uint32_t mark;
};

struct declared_list {
	ARRAY(struct declared) list;
	ARRAY(struct declared_flow) flows;
};

/*
 * Takes a line that declares something in, and returns whether it is one:
 *
 *	expect NAME [PREFIX]...
 *	flow NAME from PREFIX [to ADDRESS] [mark M]
 */
bool declare(struct declared_list *declared, const char *line);
void declared_done(struct declared_list *declared);

/*
 * Answers line and returns true, or returns false where it is no question:
 *
 *	explain DST from SRC iif NAME …		a packet's verdict and the steps to it
 *	verdict …				without the steps
 *	check					each interface with what is expected of it, and
 *						each finding in its sentence
 */
bool answer(FILE *out, const struct state *state, const struct declared_list *declared,
	const char *line);

/* The packet of `explain` or `verdict`, NULL where line is neither. */
const char *answer_packet(const char *line);

/* What `check` answers from; report_free() it. */
struct report *answer_report(
	const struct state *state, const struct declared_list *declared);

/* `check` in part: an interface, "NAME: VERDICT, PREFIX (WHY)…" and an end of line. */
void answer_iface(FILE *out, const struct report_iface *row);

/* `check` in part: the findings' sentences alone, a line each; returns how many. */
size_t answer_sentences(
	FILE *out, const struct state *state, const struct declared_list *declared);
