/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/duration.h"

#include "base/cleanup.h"
#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool duration_parse(const char *text, uint64_t *ret_usec)
{
	static const struct {
		const char *name;
		uint64_t usec;
	} units[] = { { "ms", USEC_PER_MSEC }, { "s", USEC_PER_SEC },
		{ "m", USEC_PER_MINUTE }, { "h", USEC_PER_HOUR },
		{ "d", 24 * USEC_PER_HOUR } };
	const uint64_t most = DURATION_MOST_DAYS * 24 * USEC_PER_HOUR;
	unsigned long long number;
	char *end;

	/* strtoull() takes signs and blanks */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	for (size_t i = 0; i < ELEMENTS(units) && !errno && number; i++) {
		if (strcmp(end, units[i].name) != 0 || number > most / units[i].usec)
			continue;
		*ret_usec = number * units[i].usec;
		return true;
	}
	return false;
}
