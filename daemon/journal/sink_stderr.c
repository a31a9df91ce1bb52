/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/sink.h"

#include "base/cleanup.h"
#include "base/time.h"
#include "daemon/journal/write_out.h"

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
	time_t seconds = (time_t)(entry->when_usec / USEC_PER_SEC);
	_cleanup_(freep) char *line = NULL;
	int length;
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	length = asprintf(&line, "%s.%03u %s%s: %s%s\n", clock,
		(unsigned int)(entry->when_usec % USEC_PER_SEC / USEC_PER_MSEC), start,
		names[entry->priority & 7], message ? message : "",
		start[0] ? "\033[0m" : "");
	if (length < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return write_out(STDERR_FILENO, line, (size_t)length);
}
