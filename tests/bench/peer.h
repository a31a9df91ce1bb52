/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bench.h"

/*
 * Others that read the kernel's routes. They run in the benchmark's namespace with a directory
 * of their own, and end with it.
 */
struct peer {
	const char *name;
	const char *program;
	/* Starts it in a directory. */
	pid_t (*start)(const char *dir);
	/* A command that prints how many routes it has by now, with %s for the directory. */
	const char *count;
	/* A command that prints its version. */
	const char *version;
};

struct peer_run {
	double sec;	   /* until it has all routes */
	long resident_kib; /* then */
};

extern const struct peer peer_bird, peer_zebra;

/* Whether it can be run here; prints a row with its version, or why not. */
bool peer_is_there(struct bench *bench, const struct peer *peer);

struct peer_run peer_run(const struct peer *peer, unsigned long routes);

/* `ip route show`, into nothing. */
struct peer_run peer_run_ip(void);
