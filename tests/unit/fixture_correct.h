/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/correction_text.h"

#include <check.h>

/*
 * The corrector in a world of paper: a host with eth0, tunl0 (5) and the VIP on lo, whose
 * kernel is a row of numbers. Time is what the test says it is, in milliseconds.
 */
#define KEYS 16 /* 0: all, 1: default, else an ifindex + 1 */

struct kernel {
	int values[KEYS];
	int writes;
};

struct world {
	struct state *state;   /* the model */
	struct kernel *kernel; /* shared with children: it outlives a crash */
	struct ledger *ledger;
	struct config *config;
	struct policy correct;
	int fail_ifindex, fail_error;
	bool deaf;	/* writes have no effect on packets */
	bool picky;	/* only 0 to 2 is taken, as from Linux 7.1 on */
	bool otherwise; /* the kernel lets everything pass */
	bool lost;	/* out of sync */
	bool fails;	/* the ledger can't be written, which is known */
	int unsure;
	uint64_t identity;	 /* of every interface; 0: 7 */
	uint64_t noted_identity; /* in the ledger, when the last write was made */
	int overwrites; /* what somebody else sets behind the next write; 0: nobody */
	int goes; /* an interface whose end is heard of while something is read again */
	bool reused; /* ... and that another one has its index by then */
	int crash_before, crash_after; /* the write at which it ends, counted from 1 */
	char said[2048];
	char sentence[CORRECTION_TEXT];	 /* of the last event */
	int priority;			 /* its entry's */
	struct request_answers *answers; /* whoever asks by hand, or NULL */
};

#define MOST_LINES 8

/* A configuration, and lines: tunl0 is strict, and has an address, so that loose will do. */
#define CORRECT "mode = \"correct\";"
#define STRICT "sysctl -w net.ipv4.conf.tunl0.rp_filter=1"
#define NUMBERED "ip address add 192.0.2.9/32 dev tunl0"
extern const char *const world_strict[MOST_LINES], *const world_unnumbered[MOST_LINES];

/* Where ledger and configuration are: "/tmp/correct-XXXXXX" until mkdtemp(3). */
extern char world_directory[];

/* fixture_run() with that directory; what main() returns. */
int world_run(const char *name, const TTest *const *tests, size_t count);

void world_init(
	struct world *world, const char *config, const char *const lines[MOST_LINES]);
void world_done(struct world *world);
void world_open_ledger(struct world *world);

/* Its folder goes, and can't be made anew; and there is room for one again. */
void world_lose_folder(void);
void world_find_folder(void);

/* The kernel's value, and a writer to it. */
int *world_value(struct world *world, int ifindex);
struct kernel_port world_port(struct world *world);

/* What a turn at a time is about. */
struct policy_input world_input(struct world *world, const struct kernel_port *port,
	struct report *report, int ms);

/* A turn of the loop at a time; what was said in it. */
const char *world_turn(struct world *world, int ms);

/* The same, and what must be said, and what tunl0 must have then. */
void world_is(struct world *world, int ms, const char *said, int own);

/* All sources get a reverse route by an interface, whose strict filter passes them then; and lose
 * it again. */
void world_unneed(struct world *world, const char *name);
void world_need(struct world *world, const char *name);

/* Somebody else writes. */
void world_other(struct world *world, const char *name, int value);
