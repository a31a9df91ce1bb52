/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A table for people: cells row by row, each column as wide as its widest cell. */
#define TABLE_COLUMNS 16

struct table {
	size_t columns; /* up to TABLE_COLUMNS */
	ARRAY(char *) cells;
};

/* Adds the next cell, made printable (base/utf8.h). Returns 0 or -ENOMEM. */
int table_add(struct table *table, const char *format, ...) _printf_(2, 3);

/*
 * colour: NULL, or gives the escape sequence for a cell of the last column, "" for none.
 */
void table_print(
	const struct table *table, FILE *out, const char *(*colour)(const char *));
void table_done(struct table *table);

/*
 * Whether out is to be coloured: a terminal that can, and nobody asked for none
 * (NO_COLOR).
 */
bool table_wants_colour(FILE *out);
