/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/interfaces_text.h"

#include "base/cleanup.h"
#include "boot/joined.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct taking {
	struct interfaces *interfaces;
	struct interfaces_command
		command; /* what the lines of this stanza have in common */
	uint32_t line;
};

static int add_command(const struct script_line *line, void *data)
{
	struct taking *taking = data;
	struct interfaces_command command = taking->command;

	command.line = *line;
	command.line.line = taking->line;
	return array_push(&taking->interfaces->commands, &command);
}

static int add_word(const char *word, struct interfaces *interfaces, bool source)
{
	char *copy = strdup(word);
	int r;

	if (!copy)
		return -ENOMEM;
	r = source ? array_push(&interfaces->sources, &copy)
		   : array_push(&interfaces->automatic, &copy);
	if (r < 0)
		free(copy);
	return r;
}

static int add_words(char *words, struct interfaces *interfaces, bool source)
{
	char *rest = NULL;
	int r = 0;

	for (char *word = strtok_r(words, " \t", &rest); word && r >= 0;
		word = strtok_r(NULL, " \t", &rest))
		r = add_word(word, interfaces, source);
	return r;
}

/* text is one line without blanks ahead, and is taken apart. */
static int take_line(struct taking *taking, char *text)
{
	size_t length = strcspn(text, " \t");
	char *rest = text + length;

	rest += strspn(rest, " \t");
	if (text[length])
		text[length] = '\0';
	if (strcmp(text, "auto") == 0 || strncmp(text, "allow-", 6) == 0)
		return add_words(rest, taking->interfaces, false);
	if (strcmp(text, "source") == 0 || strcmp(text, "source-directory") == 0)
		return add_words(rest, taking->interfaces, true);
	if (strcmp(text, "iface") == 0) {
		length = strcspn(rest, " \t");
		memset(taking->command.iface, 0, sizeof(taking->command.iface));
		if (length < sizeof(taking->command.iface))
			memcpy(taking->command.iface, rest, length);
		return 0;
	}
	taking->command.up = strcmp(text, "up") == 0 || strcmp(text, "post-up") == 0 ||
			     strcmp(text, "pre-up") == 0;
	if (!taking->command.up && strcmp(text, "down") != 0 &&
		strcmp(text, "pre-down") != 0 && strcmp(text, "post-down") != 0)
		return 0;
	return script_read(rest, strlen(rest), add_command, taking);
}

int interfaces_take(
	struct interfaces *interfaces, uint32_t file, const char *text, size_t size)
{
	_cleanup_(freep) char *copy = strndup(text, size);
	struct taking taking = { .interfaces = interfaces, .command = { .file = file } };
	struct joined joined;
	char *line;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	joined_begin(&joined, copy);
	while (r >= 0 && (line = joined_next(&joined, &taking.line))) {
		line += strspn(line, " \t");
		if (*line && *line != '#')
			r = take_line(&taking, line);
	}
	return r;
}

void interfaces_done(struct interfaces *interfaces)
{
	array_each (&interfaces->automatic, char *, word)
		free(*word);
	array_each (&interfaces->sources, char *, word)
		free(*word);
	array_done(&interfaces->automatic);
	array_done(&interfaces->sources);
	array_done(&interfaces->commands);
}

bool interfaces_is_automatic(const struct interfaces *interfaces, const char *name)
{
	array_each (&interfaces->automatic, char *const, word) {
		const char *pattern = **word == '/' ? *word + 1 : *word;

		if (fnmatch(pattern, name, 0) == 0)
			return true;
	}
	return false;
}
