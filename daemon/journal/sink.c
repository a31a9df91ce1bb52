/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/sink.h"

#include "base/time.h"
#include "daemon/journal/queue.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define FLUSH_USEC (50 * USEC_PER_MSEC)
#define STOP_USEC (500 * USEC_PER_MSEC)

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

/* The last resort: what it does not take is lost. */
static void to_stderr(struct sink *sink, const struct entry *entry)
{
	if (sink_stderr(entry) < 0)
		sink->failed = true;
}

static void to_journal(struct sink *sink, const struct entry *entry)
{
	int r = sink_journal(entry);

	if (r >= 0) {
		sink->journal_lost = false;
		return;
	}
	if (!sink->journal_lost) {
		struct entry lost;

		sink->journal_lost = true;
		entry_event(&lost, EVENT_LOG_DEGRADED);
		entry_add(&lost, "MESSAGE",
			"Cannot reach the journal (%s); logging to stderr meanwhile.",
			strerror(-r));
		to_stderr(sink, &lost);
		entry_done(&lost);
	}
	to_stderr(sink, entry);
}

static void write_now(struct sink *sink, const struct entry *entry)
{
	switch (sink->kind) {
	case SINK_JOURNAL:
		to_journal(sink, entry);
		break;
	case SINK_STDERR:
		to_stderr(sink, entry);
		break;
	case SINK_JSON:
		if (sink_json(entry) >= 0)
			break;
		sink->failed = true;
		to_stderr(sink, entry);
		break;
	}
}

void sink_write(struct sink *sink, struct entry *entry)
{
	if (entry->priority > sink->level) {
		entry_done(entry);
		return;
	}
	if (entry->failed)
		sink->failed = sink->incomplete = true;
	if (sink->queue) {
		queue_put(sink->queue, entry);
	} else {
		write_now(sink, entry);
		entry_done(entry);
	}
}

/* --- the thread ------------------------------------------------------------------------------ */

static void write_behind(void *data, const struct entry *entry)
{
	struct sink *behind = data;

	if (entry->priority <= behind->level)
		write_now(behind, entry);
}

void sink_start(struct sink *sink)
{
	struct sink *behind = malloc(sizeof(*behind));
	int r = -ENOMEM;

	if (behind) {
		*behind = *sink;
		r = queue_start(write_behind, behind, &sink->queue);
	}
	if (r >= 0) {
		sink->behind = behind;
		return;
	}
	free(behind);
	log_event(sink, EVENT_LOG_DEGRADED,
		"Cannot start the thread that writes the log: %s; rpfilterd waits for each entry to be written.",
		strerror(-r));
}

void sink_flush(struct sink *sink)
{
	if (sink->queue)
		queue_flush(sink->queue, FLUSH_USEC);
}

void sink_stop(struct sink *sink)
{
	if (!sink->queue)
		return;
	if (queue_stop(sink->queue, STOP_USEC))
		free(sink->behind);
	else
		sink->level = -1; /* it would hang us, too */
	sink->queue = NULL;
	sink->behind = NULL;
}

/* --- messages -------------------------------------------------------------------------------- */

void log_event(struct sink *sink, enum event_kind kind, const char *format, ...)
{
	_cleanup_(freep) char *message = NULL;
	struct entry entry;
	va_list arguments;
	int length;

	if (event_info(kind)->priority > sink->level)
		return;
	va_start(arguments, format);
	length = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (length < 0) {
		message = NULL;
		sink->failed = sink->incomplete = true;
		return;
	}
	entry_event(&entry, kind);
	entry_add(&entry, "MESSAGE", "%s", message);
	sink_write(sink, &entry);
}
