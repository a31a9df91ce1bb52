/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/sink.h"

#include "base/time.h"
#include "kernel/clock.h"

#include <errno.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {
	[LOG_EMERG] = "emergency",
	[LOG_ALERT] = "alert",
	[LOG_CRIT] = "critical",
	[LOG_ERR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static const char *colour(int priority)
{
	if (!isatty(STDERR_FILENO))
		return "";
	return priority <= LOG_ERR	 ? "\033[31m"
	       : priority == LOG_WARNING ? "\033[33m"
	       : priority == LOG_NOTICE	 ? "\033[1m"
					 : "";
}

int sink_stderr(const struct entry *entry)
{
	const char *message = entry_get(entry, "MESSAGE");
	const char *start = colour(entry->priority);
	char clock[16] = "";
	uint64_t now = clock_realtime_usec();
	time_t seconds = (time_t)(now / USEC_PER_SEC);
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (fprintf(stderr, "%s.%03u %s%s: %s%s\n", clock,
		    (unsigned int)(now % USEC_PER_SEC / USEC_PER_MSEC), start,
		    names[entry->priority & 7], message ? message : "",
		    start[0] ? "\033[0m" : "") < 0)
		return -EIO;
	return 0;
}
