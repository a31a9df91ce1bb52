/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ownership is visible where a variable is born:
 *
 *	_cleanup_(fib_freep) struct fib *f = NULL;	owns
 *	const struct fib *f;				borrows
 *	*ret = take_ptr(f);				gives away
 */
#define _cleanup_(function) __attribute__((cleanup(function)))

#define take_ptr(pointer)                                                                \
	({                                                                               \
		__typeof__(pointer) *take_from_ = &(pointer);                            \
		__typeof__(pointer) taken_ = *take_from_;                                \
		*take_from_ = NULL;                                                      \
		taken_;                                                                  \
	})

/* Defines x_freep() for _cleanup_ out of x_free(), which takes NULL and returns nothing. */
#define DEFINE_FREEP(type, function)                                                     \
	static inline void function##p(type **pointer)                                   \
	{                                                                                \
		function(*pointer);                                                      \
	}

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

#define _printf_(text, first) __attribute__((__format__(__printf__, text, first)))

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
