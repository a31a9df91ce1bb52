/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/clock.h"

#include "base/time.h"

#include <time.h>

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_monotonic_usec(void)
{
	return clock_usec(CLOCK_MONOTONIC);
}

uint64_t clock_boottime_usec(void)
{
	return clock_usec(CLOCK_BOOTTIME);
}

uint64_t clock_realtime_usec(void)
{
	return clock_usec(CLOCK_REALTIME);
}

uint64_t clock_cpu_usec(void)
{
	return clock_usec(CLOCK_THREAD_CPUTIME_ID);
}
