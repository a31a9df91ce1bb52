/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* The clocks, in microseconds. Durations are measured by the first: it is never set. */
uint64_t clock_monotonic_usec(void);

/* Since the boot, with the time that the machine slept. */
uint64_t clock_boottime_usec(void);

/* Since 1970, for people to read. */
uint64_t clock_realtime_usec(void);

/* The processor time of this thread: what something costs others. */
uint64_t clock_cpu_usec(void);
