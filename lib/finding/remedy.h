/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "finding/dropset.h"
#include "flowclass/flowclass.h"
#include "net/prefixset.h"
#include "rpf/overlay.h"
#include "rpf/reverse.h"
#include "rpf/rpf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What would cure a finding, and what that comes to. The rungs of rp_filter alone stand here: they
 * are tried wherever something is found. The others cost more, and are tried where a finding is
 * worded (cure.h).
 */
enum remedy_kind {
	REMEDY_NONE,
	REMEDY_SYSCTL,
	REMEDY_RULE,
	REMEDY_ROUTE,
	REMEDY_ADDRESS
};

/* A packet that is let in, and whose answer leaves by a way on which it can't arrive, is no
 * connection. */
enum remedy_cures { REMEDY_CURES_CONNECTION, REMEDY_CURES_PACKETS };

#define REMEDY_KEY 64

struct remedy_step {
	char key[REMEDY_KEY]; /* "net.ipv4.conf.tunl0.rp_filter", as sysctl(8) takes it */
	int ifindex;	      /* or NETCONF_ALL, NETCONF_DEFAULT */
	int value;
};

#define REMEDY_COMMAND 176

struct remedy_command { /* lines for any POSIX shell, as they stand */
	char run[REMEDY_COMMAND], undo[REMEDY_COMMAND];
};

#define REMEDY_TEXT 352

struct remedy {
	enum remedy_kind kind;
	enum remedy_cures cures;
	/* All in the order of doing; undone from the last on. No commands: words alone. */
	ARRAY(struct remedy_step) steps; /* the sysctls among the commands */
	ARRAY(struct remedy_command) commands;
	char text
		[REMEDY_TEXT]; /* the commands in a line, and what they don't cure; or words */
};

void remedy_done(struct remedy *remedy);

/* "sysctl", "connection": the words of the contract. */
const char *remedy_kind_name(enum remedy_kind kind);
const char *remedy_cures_name(enum remedy_cures cures);

/* "Fix", or "Partial fix" of one that only lets the packets in: what stands before its text. */
const char *remedy_head(const struct remedy *remedy);

/*
 * The least loosening of the interface that lets all of a class's sources in, tried on an overlay
 * rung by rung:
 *
 *	1  the interface to 2 (loose)
 *	2  the interface to 0, where all is no greater
 *	3  text: what a person has to decide
 *
 * asked: what counts as dropped (dropset.h), nothing found yet. What has no route back is no
 * business of the filter's and bears on no rung, unless one_way is asked for.
 *
 * Never a value that the interface is filtered less by than before only in name: 2 over an
 * effective 0 would tighten (docs/kernel.md 3.1). *ret_value: the value of rungs 1 and 2, -1: none.
 * *ret zeroed before, freed with remedy_done(), after an error too. Returns 0 or -ENOMEM.
 */
int remedy_find(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	const struct dropset *asked, enum rpf_reason reason, struct remedy *ret,
	int *ret_value);

/* What would have to be there for an answer to leave: in words, as only a person knows by where. */
void remedy_route(const struct overlay *overlay, const struct iface *iface,
	const struct reverse *reverse, struct remedy *ret);

/* It lets packets in, and their answers leave by this device, "": by none. Said behind the text. */
void remedy_lets_in_only(struct remedy *remedy, const char *leaves_by);

/* --- commands ------------------------------------------------------------------------------- */

/*
 * Adds a setting of an interface, NETCONF_ALL or NETCONF_DEFAULT: the step and its command. name:
 * of its folder in conf/; file: "rp_filter". Returns 0 or -ENOMEM.
 */
int remedy_set(struct remedy *remedy, int ifindex, const char *name, const char *file,
	int old, int value);

/* Adds a command and what undoes it. Returns 0 or -ENOMEM. */
int remedy_run(struct remedy *remedy, const char *run, const char *undo);

/*
 * Makes the text of the commands, where they fit in; else of `words`. Also says what sysctl(8)
 * can't be told.
 */
void remedy_write(struct remedy *remedy, const char *words);

/* An interface's key as sysctl(8) takes it: dots in the name become slashes. */
void remedy_key(const char *name, char key[static REMEDY_KEY]);

/*
 * "KEY=VALUE" as sysctl(8) takes it; where that, or a shell, would take the interface's name in it
 * apart (a '?' stands for other interfaces, too), words that don't have the name. Returns whether it
 * is an assignment.
 */
#define REMEDY_ASSIGNMENT 112
bool remedy_assignment(const char *key, int value, char *out, size_t size);

/*
 * The command that does it, for any POSIX shell as it stands: by sysctl(8), or where that can't
 * take the name, through /proc/sys. Returns whether it is by sysctl(8).
 */
bool remedy_command(const char *key, int value, char out[static REMEDY_COMMAND]);

/* It cures what is for this host, and lets in what is forwarded, whose answers leave by this device. */
void remedy_forwarded_lost(struct remedy *remedy, const char *leaves_by);
