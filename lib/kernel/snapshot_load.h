/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "kernel/pcapng.h"
#include "state/state.h"

#include <stdint.h>
#include <stdio.h>

/* The notes of a snapshot: what stands in it besides messages, as text. */
struct snapshot_note {
	char *key, *text; /* ended by a 0 byte that is not of its length */
	size_t length;
};

struct snapshot_notes {
	ARRAY(struct snapshot_note) list;
	size_t size;		   /* of all texts */
	char program[PCAPNG_TEXT]; /* who wrote it */
};

void snapshot_notes_done(struct snapshot_notes *notes);

/* The text of a note, NULL where there is none. */
const struct snapshot_note *snapshot_notes_find(
	const struct snapshot_notes *notes, const char *key);

/* What is wrong with a file. */
struct snapshot_fault {
	const char *what;
	uint64_t at; /* the byte, of the file when it is unpacked */
};

/*
 * Reads a snapshot into an empty state, by the way that the kernel's answers take: nl_decode(),
 * state_apply(). The file may be anything. It takes as much memory as the state does, 512 KiB for the
 * file, and at most 64 MiB for notes.
 *
 * *notes zeroed before, and freed with snapshot_notes_done() after an error too. Returns 0; -EBADMSG
 * with *fault for what is no whole snapshot; or another negative errno. After an error the state is
 * of no use.
 */
int snapshot_load(FILE *file, struct state *state, struct snapshot_notes *notes,
	struct snapshot_fault *fault);
