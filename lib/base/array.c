/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int array_insert_bytes(void **items, size_t *count, size_t *capacity, size_t size,
	size_t index, const void *item)
{
	char *at;

	assert(index <= *count);
	if (*count == *capacity) {
		size_t more = *capacity ? *capacity + *capacity / 2 + 1 : 4;
		void *grown;

		if (more > SIZE_MAX / size)
			return -ENOMEM;
		grown = realloc(*items, more * size);
		if (!grown)
			return -ENOMEM;
		*items = grown;
		*capacity = more;
	}
	at = (char *)*items + index * size;
	memmove(at + size, at, (*count - index) * size);
	memcpy(at, item, size);
	(*count)++;
	return 0;
}

int array_copy_bytes(void **items, size_t *count, size_t *capacity, size_t size,
	const void *from, size_t from_count)
{
	assert(!*items);
	if (!from_count)
		return 0;
	*items = malloc(from_count * size);
	if (!*items)
		return -ENOMEM;
	memcpy(*items, from, from_count * size);
	*count = *capacity = from_count;
	return 0;
}

void array_remove_bytes(void *items, size_t *count, size_t size, size_t index)
{
	char *at = (char *)items + index * size;

	assert(index < *count);
	memmove(at, at + size, (*count - index - 1) * size);
	(*count)--;
}

void array_done_bytes(void **items, size_t *count, size_t *capacity)
{
	free(*items);
	*items = NULL;
	*count = *capacity = 0;
}
