/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/kernel_version.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PARTS 4
#define DIGITS 6 /* more than any version has, and no overflow */

/* Takes a decimal number; returns how many digits it has, 0 where it is none. */
static size_t take_number(const char *text, unsigned int *ret)
{
	size_t length = strspn(text, "0123456789");

	if (length > DIGITS)
		return 0;
	for (size_t i = 0; i < length; i++)
		*ret = *ret * 10 + (unsigned int)(text[i] - '0');
	return length;
}

/* What stands behind the numbers: "", "-rc3", "-28-amd64", "+", "_1", "~bpo12". */
static bool is_suffix(const char *text)
{
	if (*text && !strchr("-+_~", *text))
		return false;
	while (isgraph((unsigned char)*text))
		text++;
	return !*text;
}

int kernel_version_parse(const char *text, uint32_t *ret)
{
	unsigned int parts[PARTS] = { 0 };
	size_t count = 0;

	do {
		size_t length = take_number(text, &parts[count]);

		if (!length)
			return -EINVAL;
		text += length;
		count++;
	} while (count < PARTS && *text++ == '.');
	if (count < PARTS)
		text--; /* it was no dot */
	if (count < 2 || !parts[0] || !is_suffix(text))
		return -EINVAL;
	*ret = kernel_version(parts[0], parts[1], parts[2]);
	return 0;
}
