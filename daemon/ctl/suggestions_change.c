/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/suggestions.h"

#include "daemon/boot/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What IPv4ReversePathFilter= calls them. */
static const char *networkd_word(int value)
{
	return value == 0 ? "no" : value == 1 ? "strict" : "loose";
}

/* The line of a text, counted from 1; NULL where there is none, or no memory. */
static char *copy_line(const char *text, uint32_t number)
{
	for (uint32_t i = 1; i < number; i++) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return strndup(text, strcspn(text, "\r\n"));
}

/* "KEY = 1" with another value; NULL where it has no value that could be another one. */
static char *change_line(const char *before, enum boot_by by, int value)
{
	const char *assign = strchr(before, '=');
	char *after;
	int length;

	if (!assign || by == BOOT_BY_IFUPDOWN || by == BOOT_BY_CMDLINE)
		return NULL;
	length = (int)(assign + 1 - before + (long)strspn(assign + 1, " \t"));
	if (by == BOOT_BY_NETWORKD)
		return asprintf(&after, "%.*s%s", length, before, networkd_word(value)) <
				       0
			       ? NULL
			       : after;
	return asprintf(&after, "%.*s%d", length, before, value) < 0 ? NULL : after;
}

/* A pattern that names others too is left alone: the line of its own has to be somewhere else. */
static void find_change(struct tree *tree, struct suggestion_undo *undo)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;

	if (!undo || !undo->path[0] || !undo->line)
		return;
	if (tree_read(tree, undo->path, &text, &size) < 0)
		return;
	undo->before = copy_line(text, undo->line);
	if (undo->before)
		undo->after = change_line(undo->before, undo->by, undo->wanted);
}

int suggestions_find_changes(const struct ctl *ctl, struct suggestions *suggestions)
{
	_cleanup_(tree_done) struct tree tree = { .root = -1 };
	int r = tree_open(ctl->arguments->root, &tree);

	if (r < 0)
		return r;
	array_each (&suggestions->list, struct suggestion, suggestion) {
		find_change(&tree, suggestion->undo);
		find_change(&tree, suggestion->undo_reload);
	}
	return 0;
}
