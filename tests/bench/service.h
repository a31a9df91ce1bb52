/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The real daemon as a child, in this process's namespace, seen as systemd sees it. */
struct service {
	pid_t pid;
	int out;	  /* its entries, a JSON line each */
	int notify;	  /* what it tells systemd */
	char status[256]; /* the last STATUS */
	int ready;
};

/* Starts it with a configuration and waits for READY. */
void service_start(struct service *service, const char *config);
void service_stop(struct service *service);

/* Takes what it tells, for so long; 0: what is there. A daemon that nobody listens to waits. */
void service_listen(struct service *service, int timeout_ms);

/* Listens until it, or any other process, has used no CPU for a while. */
void service_settle(struct service *service, pid_t pid);

/* The number before a word of STATUS, as in "20 routes"; -1: none. */
long service_count(const struct service *service, const char *word);

double process_cpu_sec(pid_t pid);

/* A line of /proc/PID/status: "VmRSS" (KiB), "voluntary_ctxt_switches". */
long process_status(pid_t pid, const char *key);

/* Events that sockets in this namespace have lost. */
long netlink_drops(void);
