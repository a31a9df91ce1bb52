/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/zstream.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Datagrams of netlink in a pcapng file, as Wireshark opens it: a section, an interface of link type
 * NETLINK, packets, statistics at the end. A packet may have a comment. Blocks are in the byte
 * order of the machine, as the datagrams are.
 * Source: draft-ietf-opsawg-pcapng; tcpdump.org/linktypes/LINKTYPE_NETLINK.html.
 */
#define PCAPNG_COMMENT_MOST 60000	/* an option's length has 16 bits */
#define PCAPNG_PACKET_MOST (256 * 1024) /* the longest datagram of a dump, twice */

struct pcapng_out {
	struct zstream_out *stream; /* borrowed */
	uint64_t packets;
};

/* What is known when a file begins. */
struct pcapng_section {
	const char *system;  /* shb_os */
	const char *program; /* shb_userappl */
	const char *comment; /* opt_comment */
};

/* Begins a file. These return 0 or a negative errno. */
int pcapng_begin(struct pcapng_out *out, struct zstream_out *stream,
	const struct pcapng_section *section);

/* A datagram, at most PCAPNG_PACKET_MOST, seen at that time, with a comment of so many bytes: at most
 * PCAPNG_COMMENT_MOST, 0: none. */
int pcapng_add(struct pcapng_out *out, uint64_t usec, const void *datagram, size_t length,
	const char *comment, size_t comment_length);

/* How many packets there were, by which a reader knows that all are there. */
int pcapng_end(struct pcapng_out *out);

/* Reading: of foreign bytes. */
struct pcapng_in {
	struct zstream_in *stream; /* borrowed */
	unsigned char *block;	   /* the one at hand */
	size_t capacity;
	uint64_t at;	  /* where it begins */
	const char *what; /* what is wrong there, after -EBADMSG */
	uint64_t packets;
};

/* The section, in texts that are the caller's, "" where there is none; cut where they are longer. */
#define PCAPNG_TEXT 256
struct pcapng_head {
	char system[PCAPNG_TEXT], program[PCAPNG_TEXT], comment[PCAPNG_TEXT];
};

/* A packet, valid until the next call. */
struct pcapng_packet {
	const void *datagram; /* aligned for a netlink message */
	size_t length;
	uint64_t at;	     /* where the datagram is in the (unpacked) file */
	const char *comment; /* comment_length bytes, not ended; NULL: none */
	size_t comment_length;
};

/*
 * Begins to read: the section and the interface. Returns 0; -EBADMSG with in->what and in->at: what is
 * wrong, and at which byte of the unpacked file; or an errno of zstream_read(). pcapng_in_done() in
 * either case.
 */
int pcapng_open(struct pcapng_in *in, struct zstream_in *stream, struct pcapng_head *ret);
void pcapng_in_done(struct pcapng_in *in);

/* The next packet. Returns 1; 0 at the end, where all packets were there; or as pcapng_open(). */
int pcapng_next(struct pcapng_in *in, struct pcapng_packet *ret);
