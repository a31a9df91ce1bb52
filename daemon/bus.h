/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/correct_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/*
 * The way in for rpfilterctl while we correct: org.rpfilterd1.Manager on the system bus, at
 * /org/rpfilterd1, for root only. Apply, Revert, Pause and Resume take names of interfaces (none:
 * all) and return what was done: a(ssiis), event, interface, value before, after, sentence.
 *
 * The name is org.rpfilterd1.ns_ID, with the id of the network namespace (netns_id.h), so that
 * whoever asks reaches the one that serves the namespace he is in; the first to come has
 * org.rpfilterd1, too. The bus is never needed: where there is none, or it goes, it is tried
 * again now and then.
 */
#define BUS_PATH "/org/rpfilterd1"
#define BUS_INTERFACE "org.rpfilterd1.Manager"
#define BUS_ERROR_MONITORING "org.rpfilterd1.Error.Monitoring"
#define BUS_NAME 64
#define BUS_ANSWER "(ssiis)"

struct daemon;

struct bus {
	sd_bus *bus;
	sd_event_source *again;
	uint64_t wait_usec;
};

/* "org.rpfilterd1.ns_c123" */
void bus_name(const char *netns, char ret[static BUS_NAME]);

/* Connects, or tries again later. Nothing about it is an error of the daemon's. */
void bus_start(struct daemon *daemon);
void bus_stop(struct daemon *daemon);
