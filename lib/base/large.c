/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/large.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * A descent of a full table touches a dozen pages all over: with small ones that is as many
 * misses of the TLB, each dearer than the memory itself, the more in a virtual machine. Only
 * what begins at a boundary of huge pages can lie on them, and stays on them when it is moved to
 * another one; malloc(3) and realloc(3) know of none. Of the last page not all is made use of.
 */
#define HUGE ((size_t)2 << 20)
#define HUGE_FROM (2 * HUGE) /* smaller ones are malloc's */

static size_t whole(size_t size)
{
	return (size + HUGE - 1) & ~(HUGE - 1);
}

/* Untouched memory of a size in whole huge pages, from a boundary on. */
static char *map(size_t size)
{
	char *memory = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (memory == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)memory & (HUGE - 1);
	if (before)
		(void)munmap(memory, before);
	(void)munmap(memory + before + size, HUGE - before);
	(void)madvise(memory + before, size, MADV_HUGEPAGE);
	return memory + before;
}

void *large_resize(void *memory, size_t size, size_t wanted)
{
	void *grown;

	if (wanted < HUGE_FROM)
		return realloc(memory, wanted);
	grown = map(whole(wanted));
	if (!grown)
		return NULL;
	if (size < HUGE_FROM) {
		if (size)
			memcpy(grown, memory, size);
		free(memory);
		return grown;
	}
	/*
	 * Whole pages are moved by their tables, not copied. Where that fails the kernel may have
	 * unmapped the place already, and another thread have got it: it is left, being untouched.
	 */
	if (mremap(memory, whole(size), whole(wanted), MREMAP_MAYMOVE | MREMAP_FIXED,
		    grown) == MAP_FAILED)
		return NULL;
	return grown;
}

void large_free(void *memory, size_t size)
{
	if (size < HUGE_FROM)
		free(memory);
	else
		(void)munmap(memory, whole(size));
}
