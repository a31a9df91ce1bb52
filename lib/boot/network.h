/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* .network files of systemd-networkd: systemd.network(5). */

/* A setting of a .network file, with the file and line that it stands in: a drop-in's, maybe. */
struct boot_network_value {
	bool set;
	int value;
	uint32_t file, line;
};

/*
 * A .network file of systemd-networkd with its drop-ins. Of those that match an interface the first
 * one counts, whether it has a setting of ours or not.
 */
struct boot_network {
	uint32_t file;
	char *names; /* owned: patterns of [Match] Name=, separated by blanks; NULL: any */
	char *kinds;	 /* owned: of Kind=; NULL: any */
	bool conditions; /* and others, which are not evaluated */
	struct boot_network_value of[BOOT_KEYS];
};

/*
 * Takes the text of the file, or of a drop-in behind it, into network; file is the text's own.
 * What a line says replaces what was said before; patterns add up until an empty one. Returns 0 or
 * -ENOMEM.
 */
int network_take(
	struct boot_network *network, uint32_t file, const char *text, size_t size);
void network_done(struct boot_network *network);

enum network_match { NETWORK_NO, NETWORK_MAYBE, NETWORK_YES };

/*
 * Whether it is for an interface of that name and kind ("" where it has none). One without any
 * condition is for none.
 */
enum network_match network_matches(
	const struct boot_network *network, const char *name, const char *kind);
