/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/session.h"
#include "daemon/journal/sink.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/*
 * The way in for rpfilterctl while we correct: org.rpfilterd1.Manager on the system bus (names in
 * correct/bus_names.h), for root only. Apply, Revert, Pause and Resume take names of interfaces
 * (none: all) and return what was done. The bus is never needed: where there is none, or it goes,
 * it is tried again now and then.
 */

/* Serves a request as session_serve() does, behind a turn. Given by whoever has the turn. */
typedef int (*bus_serve)(void *data, enum session_request request, char *const *names,
	struct request_answers *ret);

struct bus {
	sd_event *event;	 /* borrowed */
	struct sink *sink;	 /* borrowed */
	struct session *session; /* borrowed */
	bus_serve serve;
	void *data; /* of serve */
	sd_bus *bus;
	sd_event_source *retry;
	uint64_t wait_usec;
};

/* Connects where something is to be corrected, or tries again later; else lets go of the bus.
 * Nothing about it is an error of the daemon's. */
void bus_update(struct bus *bus);
void bus_stop(struct bus *bus);
