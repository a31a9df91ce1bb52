/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "daemon/ctl/arguments.h"
#include "daemon/ctl/host.h"

#include <limits.h>
#include <stdio.h>

/* The exit codes of all verbs. */
#define CTL_FINE 0
#define CTL_FOUND 1  /* a drop, a finding */
#define CTL_FAILED 2 /* usage, or it could not be told */

/* What a verb is run with. */
struct ctl {
	const struct arguments *arguments;
	struct host host;
	uint64_t pause_usec; /* --for: of pause */
	FILE *out;	     /* data */
	FILE *err;	     /* diagnostics */
};

/* A line of diagnostics: "rpfilterctl: VERB: TEXT", made printable. verb: NULL for none. */
void ctl_print_error(FILE *err, const char *verb, const char *text);

/* A line of diagnostics: of the verb */
void ctl_say(const struct ctl *ctl, const char *format, ...) _printf_(2, 3);

/* The same for an errno; returns CTL_FAILED. */
int ctl_fail(const struct ctl *ctl, int error);

/*
 * Takes --severity: whether notices count for the exit code, too. Returns false where it is neither
 * of its words, and that was said.
 */
bool ctl_severity(const struct ctl *ctl, bool *ret_notices);

/*
 * Enters the namespace and reads what the verb works on into .host; the configuration
 * too if configured, or if one is named. Returns 0, or a negative errno when that was
 * said already.
 */
int ctl_open(struct ctl *ctl, bool configured);

/*
 * Where the ledger is: --state, else that of the service, or with --netns that of its instance
 * rpfilterd@NAME. Returns out.
 */
const char *ctl_state_directory(const struct ctl *ctl, char out[static PATH_MAX]);

static inline bool ctl_has(const struct ctl *ctl, enum argument_option option)
{
	return ctl->arguments->given & option;
}
