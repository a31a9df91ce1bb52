/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/pcapng.h"

#include "base/cleanup.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_STATISTICS 5u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_NETLINK 253
#define OPTION_END 0
#define OPTION_COMMENT 1
#define OPTION_SYSTEM 3		/* shb_os */
#define OPTION_PROGRAM 4	/* shb_userappl */
#define OPTION_RECEIVED 4	/* isb_ifrecv */
#define BLOCK_MOST (512 * 1024) /* a packet, its comment, and what others add */

/* In front of each block, and its length once more behind. */
struct block_head {
	uint32_t type, length;
};

struct section_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t length[2]; /* of the section; all ones: not known */
};

struct interface_head {
	uint16_t linktype, reserved;
	uint32_t snaplen;
};

struct packet_head {
	uint32_t interface, high, low, captured, original;
};

struct statistics_head {
	uint32_t interface, high, low;
};

/* What a capture has in front of a datagram, in network order. */
struct cooked_head {
	uint16_t type, hardware;
	uint16_t unused[5];
	uint16_t family;
};
_Static_assert(sizeof(struct cooked_head) == 16, "LINKTYPE_NETLINK");
#define ARPHRD 824 /* ARPHRD_NETLINK */
#define NETLINK_FAMILY_ROUTE 0

struct option_head {
	uint16_t code, length;
};

static size_t padded(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

/* --- writing ------------------------------------------------------------------------- */

/* A part of a block, and zeroes up to four bytes. */
static int put_padded(struct pcapng_out *out, const void *bytes, size_t length)
{
	static const char zero[4];
	int r = zstream_write(out->stream, bytes, length);

	return r < 0 ? r : zstream_write(out->stream, zero, padded(length) - length);
}

static size_t option_size(size_t length)
{
	return length ? sizeof(struct option_head) + padded(length) : 0;
}

/* None of length 0. */
static int put_option(
	struct pcapng_out *out, uint16_t code, const void *value, size_t length)
{
	const struct option_head head = { code, (uint16_t)length };
	int r;

	if (!length)
		return 0;
	r = put_padded(out, &head, sizeof(head));
	return r < 0 ? r : put_padded(out, value, length);
}

static int put_begin(struct pcapng_out *out, uint32_t type, uint32_t length)
{
	const struct block_head head = { type, length };

	return put_padded(out, &head, sizeof(head));
}

/* Behind options, and the end of a block of that length. */
static int put_end(struct pcapng_out *out, bool options, uint32_t length)
{
	static const struct option_head end = { OPTION_END, 0 };
	int r = options ? put_padded(out, &end, sizeof(end)) : 0;

	return r < 0 ? r : put_padded(out, &length, sizeof(length));
}

/* The length of a block with so much in it, between its two lengths. */
static uint32_t block_length(size_t head, size_t options)
{
	return (uint32_t)(sizeof(struct block_head) + head + options +
			  (options ? sizeof(struct option_head) : 0) + sizeof(uint32_t));
}

static int put_section(struct pcapng_out *out, const struct pcapng_section *section)
{
	static const struct section_head head = {
		.magic = BYTE_ORDER_MAGIC, .major = 1, .length = { ~0u, ~0u }
	};
	const size_t system = strlen(section->system), program = strlen(section->program),
		     comment = strlen(section->comment);
	const uint32_t length = block_length(sizeof(head),
		option_size(system) + option_size(program) + option_size(comment));
	int r = put_begin(out, BLOCK_SECTION, length);

	if (r >= 0)
		r = put_padded(out, &head, sizeof(head));
	if (r >= 0)
		r = put_option(out, OPTION_COMMENT, section->comment, comment);
	if (r >= 0)
		r = put_option(out, OPTION_SYSTEM, section->system, system);
	if (r >= 0)
		r = put_option(out, OPTION_PROGRAM, section->program, program);
	return r < 0 ? r : put_end(out, true, length);
}

int pcapng_begin(struct pcapng_out *out, struct zstream_out *stream,
	const struct pcapng_section *section)
{
	static const struct interface_head head = { .linktype = LINKTYPE_NETLINK };
	const uint32_t length = block_length(sizeof(head), 0);
	int r;

	*out = (struct pcapng_out){ .stream = stream };
	r = put_section(out, section);
	if (r >= 0)
		r = put_begin(out, BLOCK_INTERFACE, length);
	if (r >= 0)
		r = put_padded(out, &head, sizeof(head));
	return r < 0 ? r : put_end(out, false, length);
}

int pcapng_add(struct pcapng_out *out, uint64_t usec, const void *datagram, size_t length,
	const char *comment, size_t comment_length)
{
	const struct cooked_head cooked = { .hardware = htobe16(ARPHRD),
		.family = htobe16(NETLINK_FAMILY_ROUTE) };
	const uint32_t captured = (uint32_t)(sizeof(cooked) + length);
	const struct packet_head head = { .high = (uint32_t)(usec >> 32),
		.low = (uint32_t)usec,
		.captured = captured,
		.original = captured };
	const uint32_t whole = block_length(
		sizeof(head) + padded(captured), option_size(comment_length));
	int r;

	if (length > PCAPNG_PACKET_MOST || comment_length > PCAPNG_COMMENT_MOST)
		return -EMSGSIZE;
	out->packets++;
	r = put_begin(out, BLOCK_PACKET, whole);
	if (r >= 0)
		r = put_padded(out, &head, sizeof(head));
	if (r >= 0)
		r = put_padded(out, &cooked, sizeof(cooked));
	if (r >= 0)
		r = put_padded(out, datagram, length);
	if (r >= 0)
		r = put_option(out, OPTION_COMMENT, comment, comment_length);
	return r < 0 ? r : put_end(out, comment_length > 0, whole);
}

int pcapng_end(struct pcapng_out *out)
{
	static const struct statistics_head head;
	const uint32_t length =
		block_length(sizeof(head), option_size(sizeof(out->packets)));
	int r = put_begin(out, BLOCK_STATISTICS, length);

	if (r >= 0)
		r = put_padded(out, &head, sizeof(head));
	if (r >= 0)
		r = put_option(out, OPTION_RECEIVED, &out->packets, sizeof(out->packets));
	return r < 0 ? r : put_end(out, true, length);
}

/* --- reading ------------------------------------------------------------------------- */

static int refuse(struct pcapng_in *in, uint64_t at, const char *what)
{
	in->at = at;
	in->what = what;
	return -EBADMSG;
}

/* Exactly length bytes of the file at into. */
static int take_bytes(struct pcapng_in *in, void *into, size_t length)
{
	ssize_t got = zstream_read(in->stream, into, length);

	if (got < 0)
		return (int)got;
	return (size_t)got < length ? -ENODATA : 0;
}

/* Room for a block of length bytes, grown slowly: a length may be a lie. */
static int make_room(struct pcapng_in *in, size_t length)
{
	unsigned char *grown;

	if (length <= in->capacity)
		return 0;
	grown = realloc(in->block, length);
	if (!grown)
		return -ENOMEM;
	in->block = grown;
	in->capacity = length;
	return 0;
}

/* Takes the rest of a block, of which the head, and more bytes behind it, were read; all of it is
 * then at in->block. */
static int take_block(struct pcapng_in *in, const struct block_head *head,
	const void *more, size_t more_length)
{
	const size_t read = sizeof(*head) + more_length;
	uint32_t again;
	int r;

	if (head->length % 4 || head->length < read + sizeof(again))
		return refuse(in, in->at, "a block of an impossible length");
	if (head->length > BLOCK_MOST)
		return refuse(in, in->at, "a block of more than 512 KiB");
	r = make_room(in, head->length);
	if (r < 0)
		return r;
	memcpy(in->block, head, sizeof(*head));
	if (more_length)
		memcpy(in->block + sizeof(*head), more, more_length);
	r = take_bytes(in, in->block + read, head->length - read);
	if (r < 0)
		return r;
	memcpy(&again, in->block + head->length - sizeof(again), sizeof(again));
	if (again != head->length)
		return refuse(in, in->at, "the two lengths of a block differ");
	return 0;
}

/* What of a block is left to be looked at. */
struct rest {
	const unsigned char *at;
	size_t left;
};

/* The head of that size of the block at hand into *head; what is behind into *rest. */
static int take_head(struct pcapng_in *in, void *head, size_t size, struct rest *rest)
{
	uint32_t length;

	memcpy(&length, in->block + sizeof(uint32_t), sizeof(length));
	rest->at = in->block + sizeof(struct block_head);
	rest->left = length - sizeof(struct block_head) - sizeof(length);
	if (rest->left < size)
		return refuse(in, in->at, "a block that is too short");
	memcpy(head, rest->at, size);
	rest->at += size;
	rest->left -= size;
	return 0;
}

struct option {
	uint16_t code, length;
	const char *value;
};

/* The next option. Returns 1, 0 at the end, or -EBADMSG. */
static int next_option(struct pcapng_in *in, struct rest *rest, struct option *ret)
{
	struct option_head head;

	if (rest->left == 0)
		return 0;
	if (rest->left < sizeof(head))
		return refuse(in, in->at, "a block whose options are cut");
	memcpy(&head, rest->at, sizeof(head));
	if (head.code == OPTION_END)
		return 0;
	if (rest->left - sizeof(head) < padded(head.length))
		return refuse(in, in->at, "an option that is longer than its block");
	*ret = (struct option){ head.code, head.length,
		(const char *)rest->at + sizeof(head) };
	rest->at += sizeof(head) + padded(head.length);
	rest->left -= sizeof(head) + padded(head.length);
	return 1;
}

static void copy_text(char out[static PCAPNG_TEXT], const struct option *option)
{
	size_t length =
		option->length < PCAPNG_TEXT - 1 ? option->length : PCAPNG_TEXT - 1;

	memcpy(out, option->value, length);
	out[length] = '\0';
}

static int take_section(struct pcapng_in *in, struct pcapng_head *ret)
{
	struct section_head head;
	struct option option;
	struct rest rest;
	int r = take_head(in, &head, sizeof(head), &rest);

	if (r < 0)
		return r;
	if (head.major != 1)
		return refuse(in, in->at, "a pcapng of an unknown version");
	while ((r = next_option(in, &rest, &option)) > 0) {
		if (option.code == OPTION_COMMENT && !ret->comment[0])
			copy_text(ret->comment, &option);
		if (option.code == OPTION_SYSTEM)
			copy_text(ret->system, &option);
		if (option.code == OPTION_PROGRAM)
			copy_text(ret->program, &option);
	}
	return r;
}

/* A file's first block: whether it is pcapng at all, and of this byte order. */
static int take_first_block(struct pcapng_in *in, struct pcapng_head *ret)
{
	struct block_head head;
	uint32_t magic;
	int r = take_bytes(in, &head, sizeof(head));

	if (r >= 0 && head.type != BLOCK_SECTION)
		return refuse(in, 0, "not a snapshot: neither pcapng nor zstd");
	if (r >= 0)
		r = take_bytes(in, &magic, sizeof(magic));
	if (r < 0)
		return r;
	if (magic == __builtin_bswap32(BYTE_ORDER_MAGIC))
		return refuse(in, sizeof(head),
			"taken on a machine of another byte order, and readable only on such a one");
	if (magic != BYTE_ORDER_MAGIC)
		return refuse(
			in, sizeof(head), "not a snapshot: a pcapng without byte order");
	r = take_block(in, &head, &magic, sizeof(magic));
	return r < 0 ? r : take_section(in, ret);
}

/* The next block. Returns 1; 0 where the file ends; or a negative errno. */
static int next_block(struct pcapng_in *in, uint32_t *ret_type)
{
	struct block_head head;
	ssize_t got;
	int r;

	in->at = in->stream->taken;
	got = zstream_read(in->stream, &head, sizeof(head));
	if (got <= 0)
		return (int)got;
	if ((size_t)got < sizeof(head))
		return -ENODATA;
	*ret_type = head.type;
	r = take_block(in, &head, NULL, 0);
	return r < 0 ? r : 1;
}

static int take_interface(struct pcapng_in *in)
{
	struct interface_head head;
	struct rest rest;
	uint32_t type;
	int r = next_block(in, &type);

	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	if (type != BLOCK_INTERFACE)
		return refuse(in, in->at, "not a snapshot: a pcapng without interface");
	r = take_head(in, &head, sizeof(head), &rest);
	if (r >= 0 && head.linktype != LINKTYPE_NETLINK)
		r = refuse(in, in->at,
			"not a snapshot: a capture of something else than netlink");
	return r;
}

int pcapng_open(struct pcapng_in *in, struct zstream_in *stream, struct pcapng_head *ret)
{
	int r;

	*in = (struct pcapng_in){ .stream = stream };
	*ret = (struct pcapng_head){ .system = "" };
	r = take_first_block(in, ret);
	return r < 0 ? r : take_interface(in);
}

void pcapng_in_done(struct pcapng_in *in)
{
	free(in->block);
	in->block = NULL;
}

static int take_packet(struct pcapng_in *in, struct pcapng_packet *ret)
{
	struct packet_head head;
	struct cooked_head cooked;
	struct option option;
	struct rest rest;
	int r = take_head(in, &head, sizeof(head), &rest);

	if (r < 0)
		return r;
	if (head.interface != 0 || head.captured != head.original ||
		head.captured > rest.left || padded(head.captured) > rest.left ||
		head.captured < sizeof(cooked))
		return refuse(
			in, in->at, "a packet that is cut, or of another interface");
	memcpy(&cooked, rest.at, sizeof(cooked));
	if (cooked.hardware != htobe16(ARPHRD) ||
		cooked.family != htobe16(NETLINK_FAMILY_ROUTE))
		return refuse(in, in->at, "a packet that is not rtnetlink's");
	in->packets++;
	*ret = (struct pcapng_packet){ .datagram = rest.at + sizeof(cooked),
		.length = head.captured - sizeof(cooked),
		.at = in->at + (uint64_t)(rest.at + sizeof(cooked) - in->block) };
	rest.at += padded(head.captured);
	rest.left -= padded(head.captured);
	while ((r = next_option(in, &rest, &option)) > 0) {
		if (option.code != OPTION_COMMENT || ret->comment)
			continue;
		ret->comment = option.value;
		ret->comment_length = option.length;
	}
	return r < 0 ? r : 1;
}

/* The last block: as many packets as there were? */
static int take_statistics(struct pcapng_in *in)
{
	struct statistics_head head;
	struct option option;
	struct rest rest;
	uint64_t count = UINT64_MAX;
	uint32_t type;
	int r = take_head(in, &head, sizeof(head), &rest);

	while (r >= 0 && (r = next_option(in, &rest, &option)) > 0) {
		if (option.code == OPTION_RECEIVED && option.length == sizeof(count))
			memcpy(&count, option.value, sizeof(count));
	}
	if (r < 0)
		return r;
	if (count != in->packets)
		return refuse(in, in->at, "packets are missing");
	/* nothing of ours follows; what somebody else added is his */
	while ((r = next_block(in, &type)) > 0) {
		if (type == BLOCK_PACKET || type == BLOCK_SECTION)
			return refuse(in, in->at, "something follows the end");
	}
	return r;
}

int pcapng_next(struct pcapng_in *in, struct pcapng_packet *ret)
{
	uint32_t type;
	int r;

	while ((r = next_block(in, &type)) > 0) {
		switch (type) {
		case BLOCK_PACKET:
			return take_packet(in, ret);
		case BLOCK_STATISTICS:
			return take_statistics(in);
		case BLOCK_SECTION:
		case BLOCK_INTERFACE:
			return refuse(in, in->at, "a second section or interface");
		}
	}
	return r < 0 ? r : -ENODATA; /* before its own end */
}
