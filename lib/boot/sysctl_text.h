/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The text of a sysctl.d file as the two programs take it that read them: systemd-sysctl (at boot,
 * and for each link), and `sysctl --system` of procps. They differ in what ends a line, and in what
 * they do with an odd one.
 */
enum sysctl_dialect { SYSCTL_SYSTEMD, SYSCTL_PROCPS };

/* An assignment, or, without a value, a key that patterns leave out. */
struct sysctl_line {
	char *key;	     /* owned: with slashes, as the program normalises it */
	const char *written; /* the key as it stands in the file; borrowed as value is */
	const char *value;   /* borrowed from key's memory; NULL: left out ("-key") */
	uint32_t file, line; /* lines count from 1 */
	bool ignore;	     /* "-key = value": an error is nobody's business */
	bool glob;
	uint8_t keys; /* boot_bears() */
	bool rough; /* not written in the shortest form: procps does not know it for the same */
};

struct sysctl_lines {
	ARRAY(struct sysctl_line) list;
	bool full; /* SYSCTL_LINES were not enough; the rest is left out */
};

#define SYSCTL_LINES 100000 /* that concern our keys, in all files */

/* What was met in a text besides. */
struct sysctl_oddities {
	uint32_t not_assigned; /* the first line that is no assignment, 0 for none */
	uint32_t too_long;     /* the line at which systemd-sysctl gives the file up */
};

/*
 * Appends the lines of text that concern one of our keys (boot_key.h), in their order. file is
 * copied into each. Returns 0 or -ENOMEM.
 * Source: systemd's parse_file() and sysctl_normalize(), 252 to 257; procps-ng's
 * parse_setting_line(), 4.0.2 to 4.0.4.
 */
int sysctl_text_parse(const char *text, size_t size, enum sysctl_dialect dialect,
	uint32_t file, struct sysctl_lines *ret, struct sysctl_oddities *oddities);
void sysctl_lines_done(struct sysctl_lines *lines);

/*
 * A key as both programs take it, in place: where the first separator is a dot, dots and slashes
 * are exchanged; repeated slashes, components "." and a leading slash go.
 */
void sysctl_normalize(char *key);
