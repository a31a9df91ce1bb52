/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Times and durations are microseconds of some clock, in names that end with _usec. */
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (3600 * USEC_PER_SEC)
#define USEC_NEVER UINT64_MAX

/* A later time; USEC_NEVER stays, and is what does not fit. */
static inline uint64_t usec_add(uint64_t usec, uint64_t by_usec)
{
	return usec > USEC_NEVER - by_usec ? USEC_NEVER : usec + by_usec;
}
