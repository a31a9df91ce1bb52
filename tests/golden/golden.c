/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "golden/answer.h"
#include "host/host_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Text in, text out: golden NAME.in reads a host, line by line as tests/host/host.h has them, with
 * questions between them (answer.h), and compares what it answers with NAME.out. With --write it
 * writes that file instead: read it before it is committed.
 *
 *	new				begins: a bare namespace
 *	expect NAME [PREFIX]...		declares what is expected of an interface, as the
 *					configuration does
 *	flow NAME from PREFIX ...	declares a flow
 *	= TEXT				is copied: a headline
 *
 * golden_kernel asks the same of a real kernel.
 */

struct world {
	struct state *state;
	struct declared_list declared;
};

static void world_clear(struct world *world)
{
	state_free(world->state);
	world->state = NULL;
	declared_done(&world->declared);
}

/* A line is a question, or changes the world. */
static void take_line(FILE *out, struct world *world, const char *line)
{
	if (line[0] == '=') {
		fprintf(out, "%s\n", line);
	} else if (strcmp(line, "new") == 0) {
		world_clear(world);
		world->state = model_new();
	} else if (!world->state) {
		fprintf(stderr, "golden: %s: what host? `new` begins one\n", line);
		exit(2);
	} else if (declare(&world->declared, line)) {
		return;
	} else if (!answer(out, world->state, &world->declared, line) &&
		   model_line(world->state, line) < 0) {
		fprintf(out, "refused: %s\n", line);
	}
}

static int answer_all(FILE *in, FILE *out)
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
	r = answer_all(in, out) < 0 ? 2 : diff(expected, answered);
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
		r = !out || answer_all(in, out) < 0 || fclose(out) != 0 ? 2 : 0;
	} else {
		r = compare(in, expected);
	}
	fclose(in);
	return r;
}
