/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Files of sections and assignments, as systemd, NetworkManager, tuned and wg-quick have them, and
 * of assignments alone (shell variables). A line's value is handed out without blanks around it and
 * without a pair of quotes; comments ("#", ";") and lines without '=' are passed over.
 */
struct ini_line {
	const char *section; /* "" before the first */
	const char *key, *value;
	uint32_t line;
};

/* Calls take() for each, as long as it returns 0 or more. Returns 0, -ENOMEM, or what it did. */
int ini_read(const char *text, size_t size,
	int (*take)(const struct ini_line *line, void *data), void *data);
