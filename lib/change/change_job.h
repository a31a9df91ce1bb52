/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "change/change.h"

/*
 * A change that is being made, and the two ways in which it is not. For lib/change alone.
 *
 * Whatever may refuse comes first and leaves the state alone; what changes it then fails for want
 * of memory only.
 */
struct change_job {
	struct state *state;
	const struct change *change;
	char *why; /* CHANGE_WHY bytes */
};

/* The kernel would answer with this negative errno, for this reason: "TITLE: REASON (ERRNO)".
 * Returns it. */
int change_refuse(const struct change_job *job, int error, const char *format, ...)
	_printf_(3, 4);

/* What it would answer can't be known. Returns CHANGE_UNJUDGED. */
int change_leave(const struct change_job *job, const char *format, ...) _printf_(2, 3);

/* The interface of a name. Returns 0, or refuses with -ENODEV. */
int change_iface(
	const struct change_job *job, const char *name, const struct iface **ret);
