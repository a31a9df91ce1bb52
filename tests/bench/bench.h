/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "shape.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * What the benchmarks share: a row of the table, clocks, a namespace with the scene. What
 * goes wrong in setting up ends the program with its reason.
 */
struct bench {
	const char *name;
	bool full;   /* a million routes, too */
	bool smoke;  /* only whether it runs: tiny sizes, no bound counts */
	bool missed; /* a bound was */
};

#define BENCH_SKIPPED 77
#define BENCH_NONE NAN

/* Reads --full and --smoke. */
void bench_begin(struct bench *bench, const char *name, int argc, char **argv);

/* The exit status. */
int bench_end(const struct bench *bench);

_printf_(1, 2) _Noreturn void bench_die(const char *format, ...);

/* Ends the program as one that can't be run here. */
_printf_(1, 2) _Noreturn void bench_skip(const char *format, ...);

double bench_sec(void);

/* What this process has used: others on the machine disturb it less. */
double bench_cpu_sec(void);

/* The value below which a share of them lies; sorts them. */
double bench_percentile(double *values, size_t count, double share);

/* A row: count pairs of measurements made in turns; bound on their ratio or BENCH_NONE. */
_printf_(7, 8) void bench_ratio(struct bench *bench, const char *unit, const double *ours,
	const double *peer, size_t count, double bound, const char *what, ...);

/* A row with one number; bound on it or BENCH_NONE. */
_printf_(5, 6) void bench_value(struct bench *bench, const char *unit, double value,
	double bound, const char *what, ...);

/* A row that says whether the answers were right. */
_printf_(3, 4) void bench_right(struct bench *bench, bool right, const char *what, ...);

/* A row of words: a version, or what was not run and why ("NAME: not run: REASON"). */
_printf_(2, 3) void bench_note(const struct bench *bench, const char *what, ...);

/* --- the scene ------------------------------------------------------------------------------ */

/* A namespace of its own: lo, g0 and g1 up, numbered as shape.h has it. */
void bench_scene(void);

/* The namespace that we are in; and back into it. */
int bench_here(void);
void bench_enter(int namespace);

/* The same with tunl0, a tun device with an address; its descriptor keeps it. */
int bench_tunnel(void);

/* Runs ip(8). */
_printf_(1, 2) void bench_ip(const char *format, ...);

/* Writes to /proc/sys/net/ipv4. */
void bench_sysctl(const char *path, int value);

/* Starts ip -batch with what was written to file, which is closed. */
pid_t bench_batch(FILE *file);

/* Waits for it; it must have succeeded. */
void bench_batch_wait(pid_t pid);

/* Loads routes, in one go. */
void bench_load(const struct shape_route *routes, size_t count);
