/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/zstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#define LEVEL 3 /* zstd's own default */
#define WINDOW_LOG                                                                       \
	23 /* 8 MiB: what any decoder must be able to do (RFC 8878 3.1.1.1.2) */

int zstream_out_init(struct zstream_out *out, int fd)
{
	*out = (struct zstream_out){ .fd = fd, .size = ZSTD_CStreamOutSize() };
	out->context = ZSTD_createCCtx();
	out->buffer = malloc(out->size);
	if (!out->context || !out->buffer ||
		ZSTD_isError(ZSTD_CCtx_setParameter(
			out->context, ZSTD_c_compressionLevel, LEVEL)) ||
		ZSTD_isError(
			ZSTD_CCtx_setParameter(out->context, ZSTD_c_checksumFlag, 1)))
		return -ENOMEM;
	return 0;
}

void zstream_out_done(struct zstream_out *out)
{
	(void)ZSTD_freeCCtx(out->context);
	free(out->buffer);
	*out = (struct zstream_out){ .fd = -1 };
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

static int compress(struct zstream_out *out, ZSTD_inBuffer *in, ZSTD_EndDirective end)
{
	size_t left;

	do {
		ZSTD_outBuffer packed = { out->buffer, out->size, 0 };
		int r;

		left = ZSTD_compressStream2(out->context, &packed, in, end);
		if (ZSTD_isError(left))
			return -ENOMEM; /* nothing else can go wrong here */
		r = write_all(out->fd, out->buffer, packed.pos);
		if (r < 0)
			return r;
	} while (end == ZSTD_e_end ? left > 0 : in->pos < in->size);
	return 0;
}

int zstream_write(struct zstream_out *out, const void *bytes, size_t length)
{
	ZSTD_inBuffer in = { bytes, length, 0 };

	return length ? compress(out, &in, ZSTD_e_continue) : 0;
}

int zstream_finish(struct zstream_out *out)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };

	return compress(out, &in, ZSTD_e_end);
}

int zstream_in_init(struct zstream_in *in, FILE *file)
{
	*in = (struct zstream_in){ .file = file, .between = true };
	in->context = ZSTD_createDCtx();
	in->buffer = malloc(ZSTD_DStreamInSize());
	if (!in->context || !in->buffer ||
		ZSTD_isError(ZSTD_DCtx_setParameter(
			in->context, ZSTD_d_windowLogMax, WINDOW_LOG)))
		return -ENOMEM;
	return 0;
}

void zstream_in_done(struct zstream_in *in)
{
	(void)ZSTD_freeDCtx(in->context);
	free(in->buffer);
	*in = (struct zstream_in){ .file = NULL };
}

/* Reads more of the file. Returns 1, 0 at its end, or a negative errno. */
static int fill(struct zstream_in *in)
{
	errno = 0;
	in->at = 0;
	in->filled = fread(in->buffer, 1, ZSTD_DStreamInSize(), in->file);
	if (in->filled)
		return 1;
	return ferror(in->file) ? (errno ? -errno : -EIO) : 0;
}

static int look_at_begin(struct zstream_in *in)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	int r = fill(in);

	in->begun = true;
	in->packed = r > 0 && in->filled >= sizeof(magic) &&
		     memcmp(in->buffer, magic, sizeof(magic)) == 0;
	return r;
}

static int error_of(size_t result)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return -EFBIG;
	default:
		return -EBADMSG;
	}
}

/* Unpacks some of what was read into out. Returns 0 or a negative errno. */
static int decompress(struct zstream_in *in, ZSTD_outBuffer *out)
{
	ZSTD_inBuffer packed = { in->buffer, in->filled, in->at };
	size_t before = out->pos;
	size_t left = ZSTD_decompressStream(in->context, out, &packed);

	if (ZSTD_isError(left))
		return error_of(left);
	/* asked with nothing, it says how much it wants of a next frame */
	if (packed.pos != in->at || out->pos != before)
		in->between = left == 0;
	in->at = packed.pos;
	return 0;
}

static void copy(struct zstream_in *in, ZSTD_outBuffer *out)
{
	size_t length = in->filled - in->at;

	if (length > out->size - out->pos)
		length = out->size - out->pos;
	memcpy((char *)out->dst + out->pos, in->buffer + in->at, length);
	in->at += length;
	out->pos += length;
}

ssize_t zstream_read(struct zstream_in *in, void *bytes, size_t length)
{
	ZSTD_outBuffer out = { bytes, length, 0 };
	int r = in->begun ? 1 : look_at_begin(in);

	while (r > 0 && out.pos < out.size) {
		size_t before = out.pos;

		if (!in->packed) {
			copy(in, &out);
		} else {
			/* there may be more to come out of what went in */
			int failed = decompress(in, &out);

			if (failed < 0)
				return failed;
		}
		if (out.pos == before && in->at == in->filled)
			r = fill(in);
	}
	if (r < 0)
		return r;
	if (r == 0 && !in->between)
		return -ENODATA;
	in->taken += out.pos;
	return in->taken > ZSTREAM_MOST ? -EFBIG : (ssize_t)out.pos;
}
