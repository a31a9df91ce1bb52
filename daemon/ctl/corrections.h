/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/ledger.h"
#include "daemon/ctl/ctl.h"

/*
 * What the ledger says was corrected, held against the kernel. It is read beside whoever writes
 * it, and nobody may run who keeps it true: what stands in it may be long somebody else's.
 */
struct corrections {
	struct ledger *ledger; /* empty where it can't be read */
	int error;	       /* why it can't be, 0: it was read, or there is none */
	char directory[PATH_MAX];
};

/* Reads it; an error of the ledger's is no error of this. Returns 0 or -ENOMEM. */
int corrections_read(const struct ctl *ctl, struct corrections *ret);
void corrections_done(struct corrections *corrections);

/* Says why it can't be read, and what comes of that; nothing where it was read. */
void corrections_say_error(const struct ctl *ctl, const struct corrections *corrections,
	const char *consequence);

/* What became of an entry; as ledger_reconcile(), which forgets all but the first. */
enum correction_fate {
	CORRECTION_STANDS,
	CORRECTION_OVERWRITTEN, /* somebody else's value is there now */
	CORRECTION_GONE, /* so is the interface, or its name and index are another's */
};

/* *ret_value: what the kernel has; not set with CORRECTION_GONE. */
enum correction_fate corrections_judge(
	const struct ctl *ctl, const struct ledger_entry *entry, int *ret_value);

/* The entry of this namespace for an interface that stands, NULL where there is none. */
const struct ledger_entry *corrections_find(
	const struct ctl *ctl, const struct corrections *corrections, int ifindex);
