/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/boot_files.h"
#include "daemon/ctl/corrections.h"
#include "daemon/ctl/plans.h"

/* What the files should say, so that corrections outlast a boot. */

/* A value that one interface, all or default should have. */
struct suggestion {
	int ifindex; /* or NETCONF_ALL, NETCONF_DEFAULT */
	char name[NAME_MAX_];
	char kind[NAME_MAX_];
	char pattern[64]; /* for names that change: as the configuration has it, or "" */
	int value, was;
	bool corrected; /* it has it already; else it is planned */
	bool keeps;	/* as plan_step */
	char finding[FINDING_ID];
	const char *reason; /* NULL: the ledger doesn't have it */
	bool writable;	    /* its name can be written in a file */
	/* after a boot with the new file, and after a reload; what undoes it, else NULL */
	bool lasts, lasts_reload;
	struct suggestion_undo *undo, *undo_reload; /* owned */
};

/* A line that would set it again. */
struct suggestion_undo {
	enum boot_by by;
	char *place; /* FILE:LINE, or a program's name */
	char *path;  /* "" where it is no file */
	uint32_t line;
	int value;  /* what comes of it */
	int wanted; /* what the line has to say instead */
	/* the line as it is, and as it has to be; NULL where that cannot be told */
	char *before, *after;
};

/* A finding that nothing suggested here cures. */
struct suggestion_open {
	const struct finding *finding; /* of .plans */
};

struct suggestions {
	ARRAY(struct suggestion) list;
	ARRAY(struct suggestion_open) open;
	struct corrections corrections;
	struct plans plans;
	char file[64];	      /* the name below /etc/sysctl.d that lasts best */
	ARRAY(char *) behind; /* owned: places of lines that it has to sort behind */
	bool tried;	     /* on the files of the host; a snapshot does not have them */
	bool foreign;	     /* no boot sets up this namespace */
	int systemd_version; /* 0: unknown */
};

/* Collects what is suggested. *ret zeroed before. Returns 0 or a negative errno. */
int suggestions_collect(struct ctl *ctl, struct suggestions *ret);

/*
 * Tries names for the file on a replay of the boot until all lasts, or as much as can, and says of
 * each suggestion what undoes it. Returns 0 or a negative errno.
 */
int suggestions_try(const struct ctl *ctl, struct suggestions *suggestions);
void suggestions_done(struct suggestions *suggestions);
void suggestion_undo_free(struct suggestion_undo *undo);

/* Reads each line that undoes something, and says how it has to be. Returns 0 or -ENOMEM. */
int suggestions_find_changes(const struct ctl *ctl, struct suggestions *suggestions);

/* The key of a suggestion as sysctl.d has it, with slashes. Returns out. */
#define SUGGESTION_KEY 128
const char *suggestion_key(
	const struct suggestion *suggestion, char out[static SUGGESTION_KEY]);

/* Whether it is about one interface, not all or default. */
static inline bool suggestion_is_iface(const struct suggestion *suggestion)
{
	return suggestion->ifindex > 0;
}

/* Whether a warning stays open, or a boot undoes something: exit 1. */
bool suggestions_leave_open(const struct suggestions *suggestions);
