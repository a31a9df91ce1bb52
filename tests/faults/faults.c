/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * Preloaded into the daemon (LD_PRELOAD), this lets one allocation fail, and sets the clock. Whoever
 * tests has the same page in the file that $FAULTS names, and writes there when and which: see
 * faults.sh. It cannot be had with the address sanitizer, which has an allocator of its own.
 */
struct page {
	atomic_int until;	    /* the allocation that fails, from now on; 0: none */
	atomic_int count;	    /* allocations so far */
	atomic_int failed;	    /* of them */
	atomic_int alone;	    /* not 0: nothing of this is about child processes */
	_Atomic int64_t clock_usec; /* added to CLOCK_REALTIME */
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static struct page *page;
static pid_t loaded_by;

__attribute__((constructor)) static void map_page(void)
{
	const char *path = getenv("FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		abort();
	at = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		abort();
	(void)close(fd);
	page = at;
	loaded_by = getpid();
}

static int fails(void)
{
	if (!page || (atomic_load(&page->alone) && getpid() != loaded_by))
		return 0;
	atomic_fetch_add(&page->count, 1);
	if (atomic_load(&page->until) <= 0 || atomic_fetch_sub(&page->until, 1) != 1)
		return 0;
	atomic_fetch_add(&page->failed, 1);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, clock, ret);
	int64_t usec;

	if (r < 0 || clock != CLOCK_REALTIME || !page)
		return r;
	usec = (int64_t)ret->tv_sec * 1000000 + ret->tv_nsec / 1000 +
	       atomic_load(&page->clock_usec);
	ret->tv_sec = (time_t)(usec / 1000000);
	ret->tv_nsec = (long)(usec % 1000000 * 1000);
	return 0;
}
