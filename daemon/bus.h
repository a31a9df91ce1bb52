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
 * correct/bus_names.h), for root only. Apply, Revert, Pause, PauseFor and Resume take names of
 * interfaces (none: all), PauseFor behind them microseconds, and return what was done. The bus is never needed: where there is none, or it goes,
 * it is tried again now and then.
 */

/* A request that waits until it is known who asks, and then for the turn. */
struct bus_request {
	sd_bus_message *message;
	sd_bus_slot *asking; /* the bus, for the sender's user; NULL: it is root */
	enum session_request request;
	bool timed;   /* PauseFor: pause_usec follows the names */
	char **names; /* of root's; NULL at the end */
	uint64_t pause_usec;
};

struct bus {
	sd_event *event;	 /* borrowed */
	struct sink *sink;	 /* borrowed */
	struct session *session; /* borrowed */
	ARRAY(struct bus_request) requests;
	sd_bus *bus;
	sd_event_source *retry; /* NULL: never needed, or no memory for it yet */
	bool nameless;		/* connected, but the name is still to be had */
	bool unarmed;		/* it is to be armed as soon as that can be done */
	uint64_t wait_usec;
};

/* The oldest request, which is the caller's then, for bus_answer(); false where none waits. */
bool bus_next(struct bus *bus, struct bus_request *ret);

/* Replies with what session_serve() returned and answered. Frees the request's own. */
void bus_answer(struct bus *bus, struct bus_request *request, int error,
	struct request_answers *answers);

/* Connects where something is to be corrected, or tries again later; else lets go of the bus.
 * Nothing about it is an error of the daemon's. */
void bus_update(struct bus *bus);
void bus_stop(struct bus *bus);
