/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/large.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/*
 * A descent of a full table touches a dozen pages all over: with small ones that is as many
 * misses of the TLB, each dearer than the memory itself, the more in a virtual machine. A large
 * array asks for huge ones; at most one of them is not made full use of.
 */
#define HUGE ((size_t)2 << 20)
#define HUGE_FROM (4 * HUGE)

void *large_realloc(void *memory, size_t size)
{
	char *grown = realloc(memory, size);
	size_t skip;

	if (!grown || size < HUGE_FROM)
		return grown;
	skip = -(uintptr_t)grown & (HUGE - 1); /* to the next whole one */
	(void)madvise(grown + skip, size - HUGE, MADV_HUGEPAGE);
	return grown;
}
