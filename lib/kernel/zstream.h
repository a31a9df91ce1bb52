/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * A file that is compressed with zstd while it is written, and decompressed while it is read. Either
 * takes the same memory whatever the file's size. zstd(1) packs and unpacks the same.
 */
struct zstream_out {
	int fd; /* borrowed */
	void *context;
	void *buffer;
	size_t size;
};

/* Returns 0 or -ENOMEM; zstream_out_done() in either case. */
int zstream_out_init(struct zstream_out *out, int fd);
void zstream_out_done(struct zstream_out *out);

/* Appends, and writes out what is there when the end is reached: without that, the file is torn.
 * Return 0 or a negative errno. */
int zstream_write(struct zstream_out *out, const void *bytes, size_t length);
int zstream_finish(struct zstream_out *out);

/*
 * What is read is somebody else's: it may be anything. A file that does not begin as zstd's do is
 * taken as it is.
 */
#define ZSTREAM_MOST (UINT64_C(4) << 30) /* bytes, unpacked: 70 million routes */

struct zstream_in {
	FILE *file; /* borrowed */
	void *context;
	unsigned char *buffer; /* what was read of the file, from at to filled */
	size_t at, filled;
	uint64_t taken; /* bytes handed out: where in the unpacked file the next one is */
	bool begun, packed;
	bool between; /* two frames: the file may end here */
};

/* Returns 0 or -ENOMEM; zstream_in_done() in either case. */
int zstream_in_init(struct zstream_in *in, FILE *file);
void zstream_in_done(struct zstream_in *in);

/*
 * The next length bytes. Returns how many there are: fewer only at the end; -EBADMSG: the compressed
 * data is damaged; -ENODATA: it is cut short; -EFBIG: there is more than ZSTREAM_MOST, or unpacking
 * takes more than 8 MiB of memory; or another negative errno.
 */
ssize_t zstream_read(struct zstream_in *in, void *bytes, size_t length);
