/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where the daemon is reached on the system bus. Its name is org.rpfilterd1.ns_ID, with the id of
 * the network namespace (netns_id.h), so that whoever asks reaches the one that serves the
 * namespace he is in; the first to come has org.rpfilterd1, too.
 */
#define BUS_PATH "/org/rpfilterd1"
#define BUS_INTERFACE "org.rpfilterd1.Manager"
#define BUS_ERROR_MONITORING "org.rpfilterd1.Error.Monitoring"
#define BUS_NAME 64
/*
 * Names of interfaces, each an array of bytes: they may be called anything, and a string of the
 * bus is UTF-8.
 */
#define BUS_NAMES "aay"
/* event, interface, value before, after, sentence: a request_answer, as it may be shown */
#define BUS_ANSWER "(ssiis)"

/* "org.rpfilterd1.ns_c123" */
void bus_name(const char *netns, char ret[static BUS_NAME]);
