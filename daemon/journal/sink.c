/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/sink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum sink_kind sink_default(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return SINK_STDERR;
	if (fstat(STDERR_FILENO, &st) < 0 || st.st_dev != device || st.st_ino != inode)
		return SINK_STDERR;
	return SINK_JOURNAL;
}

static int to_journal(struct sink *sink, const struct entry *entry)
{
	int r = sink_journal(entry);

	if (r >= 0) {
		sink->journal_lost = false;
		return 0;
	}
	if (!sink->journal_lost) {
		struct entry lost;

		sink->journal_lost = true;
		entry_plain(&lost, LOG_WARNING);
		entry_add(&lost, "MESSAGE",
			"Cannot reach the journal (%s); logging to stderr meanwhile.",
			strerror(-r));
		(void)sink_stderr(&lost);
		entry_done(&lost);
	}
	return sink_stderr(entry);
}

int sink_write(struct sink *sink, const struct entry *entry)
{
	if (entry->priority > sink->level)
		return 0;
	switch (sink->kind) {
	case SINK_JOURNAL:
		return to_journal(sink, entry);
	case SINK_STDERR:
		return sink_stderr(entry);
	case SINK_JSON:
		if (sink_json(entry) >= 0)
			return 0;
		sink->failed = true;
		return sink_stderr(entry);
	}
	return -EINVAL;
}

void log_plain(struct sink *sink, int priority, const char *format, ...)
{
	_cleanup_(freep) char *message = NULL;
	struct entry entry;
	va_list arguments;
	int length;

	if (priority > sink->level)
		return;
	va_start(arguments, format);
	length = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (length < 0) {
		message = NULL;
		return;
	}
	entry_plain(&entry, priority);
	entry_add(&entry, "MESSAGE", "%s", message);
	(void)sink_write(sink, &entry);
	entry_done(&entry);
}
