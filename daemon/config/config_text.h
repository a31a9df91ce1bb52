/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"

#include <stdio.h>

/* A line of a file; line 0 is the file itself. The name is borrowed. */
struct config_place {
	const char *file;
	unsigned int line;
};

/* From line `at` of the text on, until the next origin, lines come from this place. */
struct config_origin {
	unsigned int at;
	struct config_place place;
};

/* A configuration file and all it includes as one text. Zeroed memory is an empty one. */
struct config_text {
	char *text;
	size_t length;
	char *error; /* one line, see config_load() */

	ARRAY(unsigned int)
	strings;		/* the lines on which string values begin, in order */
	unsigned int last_line; /* the last one with anything on it */

	char *directory; /* of the first file, where relative includes are */
	ARRAY(char *) files;
	ARRAY(struct config_origin) origins;
	size_t size;	   /* bytes read so far */
	FILE *out;	   /* the text while it is gathered */
	unsigned int line; /* the line of it that is being written */
};

/*
 * Reads the file at path into *text, which is empty. What comes out is safe to give to
 * config_read_string() of libconfig: no @include, no number that it would wrap, no setting
 * twice. Returns 0, or negative errno with text->error set (NULL with -ENOMEM).
 */
int config_text_read(struct config_text *text, const char *path);
void config_text_done(struct config_text *text);

/* Where a line of the text comes from. */
struct config_place config_text_locate(const struct config_text *text, unsigned int line);

/*
 * Words text->error: "FILE:LINE: SETTING: …", without SETTING where it is NULL and without
 * LINE where it is 0. Returns -EINVAL, or -ENOMEM.
 */
int config_text_refuse(struct config_text *text, struct config_place at,
	const char *setting, const char *format, ...) _printf_(4, 5);

#define CONFIG_QUOTE_TEXT 72

/* What a file says, fit for a line: printable, quoted, not too long. Returns out. */
const char *config_text_quote(const char *text, char out[static CONFIG_QUOTE_TEXT]);
