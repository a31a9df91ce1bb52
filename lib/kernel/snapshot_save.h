/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/anonymize.h"
#include "kernel/nl_request.h"
#include "kernel/pcapng.h"

/*
 * A snapshot as a file (docs/snapshot.md): pcapng, compressed with zstd. Each datagram of a dump is a
 * packet; what else was read is a note: the comment of a packet that has nothing but NLMSG_NOOP.
 */
#define SNAPSHOT_VERSION "rpfilterd snapshot 1" /* another number: another format */

struct snapshot_save {
	struct zstream_out stream;
	struct pcapng_out out;
	struct anonymizer *anonymizer; /* borrowed; NULL: as it is */
	char *buffer;		       /* for what it makes of a datagram */
};

/*
 * Begins one on fd, which is borrowed. program: who writes it, "rpfilterctl 1.0". anonymizer: has learned
 * what there is, and is asked about all that the kernel says; NULL for none. These return 0 or a negative
 * errno; snapshot_save_done() in any case.
 */
int snapshot_save_begin(struct snapshot_save *save, int fd, const char *program,
	struct anonymizer *anonymizer);
void snapshot_save_done(struct snapshot_save *save);

/* A note, as it is; a key has no newline and is shorter than SNAPSHOT_KEY. Notes of the same key are one text. */
#define SNAPSHOT_KEY 128
int snapshot_save_note(
	struct snapshot_save *save, const char *key, const char *text, size_t length);

/* Reads the kernel into it: what snapshot_read_out() has. */
int snapshot_save_kernel(struct snapshot_save *save, struct nl_request *request);

/* Ends it: without that it is torn, and not read. */
int snapshot_save_end(struct snapshot_save *save);
