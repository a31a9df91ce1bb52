/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "boot/forecast.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the files of this host make of one interface's rp_filter, in one piece: it can be handed
 * from one process to another, and holds the words for whatever value is in force then.
 */
#define KEEP_LINES 16
#define KEEP_TEXTS ((KEEP_LINES + 1) * BOOT_PLACE)

struct keep_line {
	int value;
	int of_all; /* it sets "all", not the interface's own */
};

struct keep {
	uint32_t size; /* of all of it, .text included */
	int ifindex;   /* whose, as whoever asked has it */
	int error;     /* 0; else an errno, and nothing but that is known */
	int after;     /* the effective value after a boot */
	int partial;   /* not every file could be read */
	uint32_t count;
	/* those that set it, at most one per value: the one with the last word, else the last */
	struct keep_line lines[KEEP_LINES];
	/* places, each with its NUL: who decides after a boot ("": nobody), then those of lines */
	char text[];
};

/* *ret is the caller's: free(). Returns 0 or -ENOMEM. */
int keep_make(const struct replay_lines *lines, const struct forecast_iface *iface,
	int ifindex, struct keep **ret);

/* One of which nothing but an errno is known. As above. */
int keep_unknown(int ifindex, int error, struct keep **ret);

/*
 * The keep at the beginning of bytes from another process, copied. Returns 1, with *used bytes of
 * them; 0 where more has to come; -EBADMSG for what is none; or -ENOMEM.
 */
int keep_take(const char *bytes, size_t size, struct keep **ret, size_t *used);

/*
 * What becomes of a value in effect at the next boot: forecast_words(), or why that is not known:
 * ETIMEDOUT, ECHILD (who reads the files has died) and ECANCELED have words of their own. Returns
 * out.
 */
#define KEEP_TEXT (FORECAST_TEXT + 64)
const char *keep_words(
	const struct keep *keep, int effective, char out[static KEEP_TEXT]);

/* What becomes of what ip(8) adds: which program sets it up again differs from host to host. */
#define KEEP_OF_IP "lasts until the network is set up again, or the next boot"

/* The line of a file ("FILE:LINE") that sets "all", or the interface's own, to value; or NULL. */
const char *keep_place(const struct keep *keep, bool of_all, int value);
