/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * A growing array of any type. Zeroed memory is an empty array.
 *
 *	ARRAY(struct rule) rules = { 0 };
 *	r = array_push(&rules, &rule);		-ENOMEM, or 0
 *	array_each (&rules, struct rule, rule)
 *	array_done(&rules);
 */
#define ARRAY(type)                                                                      \
	struct {                                                                         \
		type *items;                                                             \
		size_t count;                                                            \
		size_t capacity;                                                         \
	}

#define array_each(array, type, item)                                                    \
	for (type *item = (array)->items;                                                \
		item && item < (array)->items + (array)->count; item++)

/* Appends a copy of *item_pointer. Returns 0 or -ENOMEM; then the array is as it was. */
#define array_push(array, item_pointer)                                                  \
	array_insert((array), (array)->count, (item_pointer))

/* Inserts a copy of *item_pointer before index. Returns 0 or -ENOMEM. */
#define array_insert(array, index, item_pointer)                                         \
	(__builtin_choose_expr(                                                          \
		__builtin_types_compatible_p(                                            \
			__typeof__(*(array)->items), __typeof__(*(item_pointer))) ||     \
			__builtin_types_compatible_p(const __typeof__(*(array)->items),  \
				__typeof__(*(item_pointer))),                            \
		array_insert_bytes, (void)0)((void **)&(array)->items, &(array)->count,  \
		&(array)->capacity, sizeof(*(array)->items), (index), (item_pointer)))

/* Makes an empty array a copy of another one of its type. Returns 0 or -ENOMEM; then it is empty. */
#define array_copy(array, from)                                                          \
	(__builtin_choose_expr(__builtin_types_compatible_p(__typeof__((array)->items),  \
				       __typeof__((from)->items)),                       \
		array_copy_bytes, (void)0)((void **)&(array)->items, &(array)->count,    \
		&(array)->capacity, sizeof(*(array)->items), (from)->items,              \
		(from)->count))

/* Removes the item at index; those behind it move up. */
#define array_remove(array, index)                                                       \
	array_remove_bytes(                                                              \
		(array)->items, &(array)->count, sizeof(*(array)->items), (index))

#define array_clear(array) ((void)((array)->count = 0))

#define array_done(array)                                                                \
	array_done_bytes((void **)&(array)->items, &(array)->count, &(array)->capacity)

/* Used by the macros; not to be called directly. */
int array_insert_bytes(void **items, size_t *count, size_t *capacity, size_t size,
	size_t index, const void *item);
int array_copy_bytes(void **items, size_t *count, size_t *capacity, size_t size,
	const void *from, size_t from_count);
void array_remove_bytes(void *items, size_t *count, size_t size, size_t index);
void array_done_bytes(void **items, size_t *count, size_t *capacity);
