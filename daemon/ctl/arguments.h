/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"

#include <stdbool.h>

/* One line for a person: what is wrong and what is allowed. */
#define ERROR_TEXT 512

enum argument_option {
	OPTION_JSON = 1 << 0,
	OPTION_CONFIG = 1 << 1,
	OPTION_NETNS = 1 << 2,
	OPTION_HELP = 1 << 3,
	OPTION_VERSION = 1 << 4,
	OPTION_ALL = 1 << 5,
	OPTION_BATCH = 1 << 6,
	OPTION_NO_KERNEL = 1 << 7,
	OPTION_YES = 1 << 8,
	OPTION_STATE = 1 << 9,
	OPTION_SNAPSHOT = 1 << 10,
	OPTION_ANONYMIZE = 1 << 11,
	OPTION_KERNEL = 1 << 12,
	OPTION_FLOWS = 1 << 13,
	OPTION_DOT = 1 << 14,
	OPTION_FOR = 1 << 15,
	OPTION_SEVERITY = 1 << 16,
	OPTION_ROOT = 1 << 17,
	OPTION_CHECK = 1 << 18,
	OPTION_FORMAT = 1 << 19,
};

/* A command line, borrowed from argv. */
struct arguments {
	const char *verb;   /* the first word, NULL: none */
	unsigned int given; /* OPTION_x ored together */
	const char *config, *netns, *batch, *state, *snapshot, *kernel, *flows, *how_long;
	const char *severity;
	const char *root, *format;
	ARRAY(const char *) words; /* what follows the verb and is no option */
};

/*
 * Takes a command line apart; options may stand anywhere, and behind "--" there are none; nor is
 * "-x" one within the command of a what-if. *ret zeroed before, to be freed with arguments_done()
 * after an error too; .verb is set then as well where there is one. Returns 0; -EINVAL with error set, -ENOENT for
 * an unknown option (the caller knows which there are); -ENOMEM.
 */
int arguments_parse(int argc, char *const *argv, struct arguments *ret,
	char error[static ERROR_TEXT]);
void arguments_done(struct arguments *arguments);

/* "--json, --config FILE": the options of a set, in words. Returns out. */
const char *arguments_options(unsigned int set, char *out, size_t size);
