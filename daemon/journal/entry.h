/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "finding/finding.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What rpfilterd says to the world: each kind has a name (RPF_EVENT), a MESSAGE_ID with a
 * text in the catalog, and a priority. They are part of the interface: people and scripts
 * depend on them.
 */
enum event_kind {
	EVENT_SYNCED,
	EVENT_FINDING_RAISED,
	EVENT_FINDING_CHANGED,
	EVENT_FINDING_REPEATED,
	EVENT_FINDING_CLEARED,
	EVENT_CORRECTED,
	EVENT_CORRECTION_FAILED,
	EVENT_RESTORED,
	EVENT_REFUSED,
	EVENT_FIGHT,
	EVENT_RESYNC,
	EVENT_DISAGREEMENT,
	EVENT_BLIND,
	EVENT_DROPS_OBSERVED,
	EVENT_RELOADED,
	EVENT_CONFIG_ERROR,
	EVENT_ENTRIES_LOST,
	EVENT_UNJUDGED,
	EVENT_READING_FAILED,
	EVENT_FAILED,
	EVENT_LEDGER_FAILED,
	EVENT_LEDGER_WORKS,
	EVENT_VALUE_LEFT,
	EVENT_LOG_DEGRADED,
	EVENT_BUS_FAILED,
	EVENT_STATISTICS,
	EVENT_WOULD_CORRECT,
	EVENT_PAUSED,
	EVENT_RESUMED,
	EVENTS,
};

struct event_info {
	const char *name;
	const char *message_id; /* 32 hex digits */
	int priority;		/* syslog(3) */
};

const struct event_info *event_info(enum event_kind kind);

/* One entry on its way to the journal: "KEY=value", the message first. */
struct entry {
	int priority;
	uint64_t when_usec; /* realtime: when it was begun, whenever it is written */
	ARRAY(char *) fields;
	bool failed; /* memory ran out: fields are missing */
};

/* Begins an entry: each has an event, and its MESSAGE_ID. */
void entry_event(struct entry *entry, enum event_kind kind);
void entry_done(struct entry *entry);

/* Adds key=value; what of the value may not be shown becomes '?' (utf8.h). */
void entry_add(struct entry *entry, const char *key, const char *format, ...)
	_printf_(3, 4);

/* Appends to the value of a field that the entry has. */
void entry_append(struct entry *entry, const char *key, const char *format, ...)
	_printf_(3, 4);

/* Adds all that the contract has of a finding, but MESSAGE. */
void entry_add_finding(struct entry *entry, const struct finding *finding);

/* The value of a field, NULL where the entry has none. */
const char *entry_get(const struct entry *entry, const char *key);
