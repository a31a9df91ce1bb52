/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/keep.h"
#include "daemon/ctl/ctl.h"
#include "finding/finding.h"
#include "state/state.h"

/* What a boot does, as a verb needs it: the files of this host, or of --root, replayed. */
struct boot_files {
	struct boot *boot;
	struct replay_lines lines;
};

/*
 * Reads them. Returns 0, or a negative errno when that was said. *ret zeroed before; freed with
 * boot_files_done(), after an error too. What could not be read is said, but for quiet ones.
 */
int boot_files_open(const struct ctl *ctl, bool quiet, struct boot_files *ret);
void boot_files_done(struct boot_files *files);

/* Whether there is a folder that --root names; else that was said. */
bool boot_files_has_root(const struct ctl *ctl);

/*
 * What becomes of a finding's remedy at the next boot (keep_words(), KEEP_OF_IP). Returns 1 with out
 * set; 0 where the remedy sets nothing on the interface; or -ENOMEM.
 */
int boot_files_keep(const struct boot_files *files, const struct state *state,
	const struct finding *finding, char out[static KEEP_TEXT]);

/*
 * A setting as it is now, of an interface, of "all" or of "default". Returns 0 or a negative errno.
 */
int boot_files_now(const char *name, enum boot_key key, int *ret);

/*
 * Whether this network namespace is not the one of process 1: no boot sets up the former. False
 * where that is not known (/proc/1/ns takes the right to look, else a name by ip-netns(8) tells), and with --root, which says whose boot is meant.
 */
bool boot_files_is_foreign(const struct ctl *ctl);
