/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * The real daemon as a child, in this process's namespace, as systemd runs it: an ordinary user
 * without any capability, who inherits a routing socket with the buffer of the socket unit.
 */
struct service {
	pid_t pid;
	int out;	  /* its entries, a JSON line each */
	int notify;	  /* what it tells systemd */
	char status[256]; /* the last STATUS */
	int ready;
	double began_sec, ready_sec; /* fork, and READY heard */
	double ready_cpu_sec;	     /* what it had used then */
	char lines[16384];	     /* of .out, what is not taken yet */
	size_t filled;
};

/* What it says of itself at SIGUSR1. */
struct told {
	unsigned long events;
	unsigned long half_usec, most_usec, longest_usec; /* most: 99 of 100 */
	unsigned long routes, overruns, resyncs, audits, drifts;
};

/* Starts it with a configuration and waits for READY. */
void service_start(struct service *service, const char *config);

/* The same with another receive buffer than the socket unit's. */
void service_start_with(struct service *service, const char *config, int receive_buffer);

/* The same with CAP_NET_ADMIN, as the drop-in correct.conf gives it. */
void service_start_correcting(struct service *service, const char *config);
void service_stop(struct service *service);

/* Takes what it tells, for so long; 0: what is there. A daemon that nobody listens to waits. */
void service_listen(struct service *service, int timeout_ms);

/* bench_batch() until it has ended, listening meanwhile. */
void service_batch(struct service *service, FILE *file);

/*
 * The next entry, if one comes in time: true, and ret has its line. What it tells systemd is
 * taken meanwhile.
 */
bool service_entry(struct service *service, int timeout_ms, char *ret, size_t size);

/* A field of an entry's line, "" if it hasn't. */
const char *entry_field(const char *line, const char *key, char *ret, size_t size);

/* Waits for an entry of this RPF_EVENT; without one the program ends. */
void service_await(struct service *service, const char *event, int timeout_ms);

/* Has it say how it went; entries before that are lost. */
struct told service_tell(struct service *service);

/* Listens until it, or any other process, has used no CPU for a while. */
void service_settle(struct service *service, pid_t pid);

/* The number before a word of STATUS, as in "20 routes"; -1: none. */
long service_count(const struct service *service, const char *word);

double process_cpu_sec(pid_t pid);

/* Has VmHWM count from here on. */
void process_forget_peak(pid_t pid);

/* A line of /proc/PID/status: "VmRSS" (KiB), "voluntary_ctxt_switches". */
long process_status(pid_t pid, const char *key);

/* Events that sockets in this namespace have lost. */
long netlink_drops(void);
