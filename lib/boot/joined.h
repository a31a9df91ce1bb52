/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/*
 * The lines of a text in which a '\' at the end of a line joins the next one to it. text is changed
 * in place: joined_begin() first, then joined_next() until it returns NULL.
 */
struct joined {
	char *rest;
	uint32_t next; /* the number of the line that comes */
};

void joined_begin(struct joined *joined, char *text);

/* The next line, without its end; *ret_line is its number, of several the first's. */
char *joined_next(struct joined *joined, uint32_t *ret_line);
