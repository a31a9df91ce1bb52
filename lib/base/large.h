/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * Arrays that may grow to tens of megabytes and are read all over: on huge pages where the
 * system gives them to who asks (transparent_hugepage is not "never").
 *
 * large_resize() is realloc(3) that takes how many bytes memory has; it only grows.
 * large_free() is its free(3), and takes the size as well.
 */
void *large_resize(void *memory, size_t size, size_t wanted);
void large_free(void *memory, size_t size);
