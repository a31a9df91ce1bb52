/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array.h"
#include "base/cleanup.h"
#include "finding/finding_text.h"
#include "finding/report.h"
#include "unit/fixture_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Text in, text out: golden NAME.in reads a world, line by line as tests/unit/fixture_model.h
 * has them, with questions between them, and compares what it answers with NAME.out. With
 * --write it writes that file instead: read it before it is committed.
 *
 *	new | host				begins: a bare namespace, or one with eth0
 *	explain DST from SRC iif NAME [mark M] [tos T] [ipproto P] [sport N] [dport N]
 *	verdict …				the same without the steps
 *	check					each interface with what is expected of it, and
 *						each finding in its sentence
 *	expect NAME [PREFIX]...			declares what is expected of an interface, as
 *						the configuration does
 *	= TEXT					is copied: a headline
 */

struct declared {
	char name[NAME_MAX_];
	struct prefix4 prefixes[8];
	size_t count;
};

struct world {
	struct state *state;
	ARRAY(struct declared) declared;
};

static void explain(FILE *out, const struct state *state, const char *text, bool steps)
{
	const struct overlay overlay = model_view(state);
	struct flow flow = model_flow(state, text);
	struct trace trace = { 0 };
	struct rpf rpf = rpf_judge(&overlay, &flow, &trace);

	fprintf(out, "%s: %s %s\n", text, rpf_verdict_name(rpf.verdict),
		rpf_reason_name(rpf.reason));
	array_each (&trace.steps, const struct trace_step, step) {
		if (steps)
			fprintf(out, "  %2d %s\n", step->number, step->text);
	}
	trace_done(&trace);
}

static void check_iface(FILE *out, const struct report_iface *row)
{
	char prefix[PREFIX4_TEXT];

	if (!row->expect.list.count && row->verdict != IFACE_UNJUDGED)
		return;
	fprintf(out, "%s: %s", row->name, iface_verdict_name(row->verdict));
	array_each (&row->expect.list, const struct expect_item, item)
		fprintf(out, ", %s (%s)", prefix4_format(item->prefix, prefix),
			expect_why_name(item->why));
	fprintf(out, "\n");
}

static void declare(struct world *world, char *text)
{
	struct declared declared = { 0 };
	char *rest = NULL;
	const char *word = strtok_r(text, " ", &rest);

	if (!word)
		abort();
	snprintf(declared.name, sizeof(declared.name), "%s", word);
	while ((word = strtok_r(NULL, " ", &rest)) &&
		declared.count < ELEMENTS(declared.prefixes))
		declared.prefixes[declared.count++] = model_prefix(word);
	if (array_push(&world->declared, &declared) < 0)
		abort();
}

static struct expect_declared declared_of(
	const struct world *world, const struct iface *iface)
{
	struct expect_declared ret = { 0 };

	array_each (&world->declared, const struct declared, declared) {
		if (strcmp(declared->name, iface->link.name) == 0)
			ret = (struct expect_declared){ true, declared->prefixes,
				declared->count };
	}
	return ret;
}

static void check(FILE *out, const struct world *world)
{
	const struct state *state = world->state;
	const struct flowclasses none = { 0 };
	const struct overlay overlay = model_view(state);
	_cleanup_(report_freep) struct report *report = report_new();
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;

	if (!report || state_ifaces(state, &ifaces, &count) < 0)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct expect_declared declared = declared_of(world, ifaces[i]);

		if (report_add(report, &overlay, ifaces[i], &declared, &none,
			    DETAIL_SUMMARY) < 0)
			abort();
	}
	if (report_list_feasible(report, state) < 0)
		abort();
	array_each (&report->ifaces, const struct report_iface, row)
		check_iface(out, row);
	if (!report->findings.count)
		fprintf(out, "no finding\n");
	array_each (&report->findings, struct finding *const, finding) {
		char text[FINDING_TEXT];

		(*finding)->kernel =
			KERNEL_DROP; /* as tests/system/230-hosts holds of each */
		fprintf(out, "%s [%s]: %s\n", (*finding)->id,
			rpf_reason_name((*finding)->reason),
			finding_sentence(*finding, text));
	}
	array_each (&report->missed, const struct report_missed, missed)
		fprintf(out, "%s: not evaluated: %s\n", missed->name, missed->what);
}

static void world_clear(struct world *world)
{
	state_free(world->state);
	world->state = NULL;
	array_done(&world->declared);
}

/* A line is a question, or changes the world. */
static void take_line(FILE *out, struct world *world, char *line)
{
	if (line[0] == '=') {
		fprintf(out, "%s\n", line);
	} else if (strcmp(line, "new") == 0 || strcmp(line, "host") == 0) {
		world_clear(world);
		world->state = line[0] == 'n' ? model_new() : model_host();
	} else if (!world->state) {
		world->state = model_new();
		take_line(out, world, line);
	} else if (strncmp(line, "explain ", 8) == 0) {
		explain(out, world->state, line + 8, true);
	} else if (strncmp(line, "verdict ", 8) == 0) {
		explain(out, world->state, line + 8, false);
	} else if (strncmp(line, "expect ", 7) == 0) {
		declare(world, line + 7);
	} else if (strcmp(line, "check") == 0) {
		check(out, world);
	} else if (model_line(world->state, line) < 0) {
		fprintf(out, "refused: %s\n", line);
	}
}

static int answer(FILE *in, FILE *out)
{
	struct world world = { 0 };
	char line[512];

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			take_line(out, &world, line);
	}
	world_clear(&world);
	return ferror(in) || fflush(out) != 0 ? -EIO : 0;
}

/* Shows how what was answered differs from what is expected; 0 where it doesn't. */
static int diff(const char *expected, const char *answered)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execlp("diff", "diff", "-u", "--label", expected, "--label", "answered",
			expected, answered, (char *)NULL);
		perror("diff");
		_exit(2);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

static int compare(FILE *in, const char *expected)
{
	char answered[] = "/tmp/golden.XXXXXX";
	int fd = mkstemp(answered), r;
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out) {
		perror(answered);
		return 2;
	}
	r = answer(in, out) < 0 ? 2 : diff(expected, answered);
	fclose(out);
	unlink(answered);
	return r;
}

int main(int argc, char **argv)
{
	bool writes = argc == 3 && strcmp(argv[1], "--write") == 0;
	const char *path = argc > 1 ? argv[argc - 1] : "";
	size_t length = strlen(path);
	char expected[4096];
	FILE *in, *out;
	int r;

	if (argc != 2 + writes || length < 4 || length >= sizeof(expected) ||
		strcmp(path + length - 3, ".in") != 0) {
		fprintf(stderr, "usage: golden [--write] NAME.in\n");
		return 2;
	}
	in = fopen(path, "r");
	if (!in) {
		perror(path);
		return 2;
	}
	snprintf(expected, sizeof(expected), "%.*s.out", (int)length - 3, path);
	if (writes) {
		out = fopen(expected, "w");
		r = !out || answer(in, out) < 0 || fclose(out) != 0 ? 2 : 0;
	} else {
		r = compare(in, expected);
	}
	fclose(in);
	return r;
}
