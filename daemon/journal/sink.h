/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/journal/entry.h"

/*
 * Where entries go. Each way out is a file of its own: sink_journal.c, sink_stderr.c,
 * sink_json.c.
 */
enum sink_kind { SINK_JOURNAL, SINK_STDERR, SINK_JSON };

struct sink {
	enum sink_kind kind;
	int level;   /* entries of a greater priority number (less urgent) are left out */
	bool failed; /* something could not be written as it should */
	bool incomplete;   /* memory ran out on an entry: it said less, or nothing */
	bool journal_lost; /* said once: the journal can't be reached */

	struct queue *queue; /* sink_start(): entries wait here for a thread; else NULL */
	struct sink *behind; /* the thread's own, which it writes to */
};

/*
 * What --log says, else the journal where systemd connected us to it, else stderr. A process
 * that systemd runs has $JOURNAL_STREAM name its stderr (sd_journal_stream_fd(3)).
 */
enum sink_kind sink_default(void);

/*
 * From now on nobody waits for an entry to be written: a thread does (queue.h). Where there can be
 * none it says so, and all is as before.
 */
void sink_start(struct sink *sink);
/* Waits until all is written, but for 50 ms at most. */
void sink_flush(struct sink *sink);
/* Ends the thread; but waits for half a second at most, and then nothing is written any more. */
void sink_stop(struct sink *sink);

/*
 * Writes an entry, which is taken over, or has it written. What the journal does not take goes to
 * stderr. An entry that memory ran out on says less, but goes out; failed and incomplete are set.
 */
void sink_write(struct sink *sink, struct entry *entry);

/* An entry with a message only: what was tried, what happened, what is done. */
void log_event(struct sink *sink, enum event_kind kind, const char *format, ...)
	_printf_(3, 4);

/* The ways out, for sink.c. */
int sink_journal(const struct entry *entry);
int sink_stderr(const struct entry *entry);
int sink_json(const struct entry *entry);
