/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* As realloc(3), for arrays that may grow to tens of megabytes and are read all over. */
void *large_realloc(void *memory, size_t size);
