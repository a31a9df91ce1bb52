/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/joined.h"

#include <string.h>

/* A joint becomes a blank and this, so that lines can still be counted. */
#define JOINT '\v'

void joined_begin(struct joined *joined, char *text)
{
	for (char *at = text; (at = strstr(at, "\\\n"));) {
		*at++ = ' ';
		*at++ = JOINT;
	}
	*joined = (struct joined){ .rest = text, .next = 1 };
}

char *joined_next(struct joined *joined, uint32_t *ret_line)
{
	char *line = strsep(&joined->rest, "\n");

	if (!line)
		return NULL;
	*ret_line = joined->next++;
	for (char *at = line; (at = strchr(at, JOINT)); *at = ' ')
		joined->next++;
	return line;
}
