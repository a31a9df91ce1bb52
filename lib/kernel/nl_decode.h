/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_decoder.h"
#include "state/record.h"

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* What became of the messages; shared by the asking and the listening socket. */
struct nl_counts {
	uint64_t records; /* handed out, blind ones too */
	uint64_t foreign;
	uint64_t blind;	    /* of the records */
	uint64_t malformed; /* -EBADMSG: truncated or wrong lengths */
	uint64_t refused;   /* not from the kernel */
};

static inline void nl_counts_add(struct nl_counts *counts, const struct nl_counts *more)
{
	counts->records += more->records;
	counts->foreign += more->foreign;
	counts->blind += more->blind;
	counts->malformed += more->malformed;
	counts->refused += more->refused;
}

void nl_decoder_init(struct nl_decoder *decoder);
void nl_decoder_done(struct nl_decoder *decoder);

/*
 * Decodes message, whose nlmsg_len bytes must all be readable (nlmsg_ok() has been asked);
 * everything inside is checked here. Addresses, ports and numbers of the record are in host
 * byte order. The record borrows from decoder until the next call. Of *ret only the part of
 * its kind is written, and .dump is false.
 *
 * RECORD_LINK: a message without a name or without IFLA_AF_SPEC is blind, as no kernel sends
 * one and its absent IPv4 part must not be taken for "no IPv4". Kinds longer than fits are cut.
 * RECORD_LINK_GONE, RECORD_NEXTHOP_GONE, RECORD_NETCONF_GONE: the key alone is given.
 * RECORD_ROUTE: no nexthops with nhid (the object has them), nor on an error route.
 * nexthops live in decoder. rest leaves out what one and the same route shows or not
 * depending on nexthop_compat_mode. RECORD_NETCONF: at least one bit of has is set.
 *
 * Returns NL_RECORD, NL_FOREIGN (*ret is undefined), -EBADMSG or -ENOMEM (likewise).
 * Source: the senders in net/core/rtnetlink.c, net/core/fib_rules.c, net/ipv4/devinet.c,
 * fib_semantics.c, fib_rules.c, nexthop.c; docs/kernel.md 5.
 */
int nl_decode(
	struct nl_decoder *decoder, const struct nlmsghdr *message, struct record *ret);

/*
 * Decodes message, counts what it was and hands a record on, marked as an answer to a dump or
 * not. Returns 0, -EBADMSG, -ENOMEM, or what the handler returned when that was negative.
 */
int nl_decode_to(struct nl_decoder *decoder, const struct nlmsghdr *message, bool dump,
	struct nl_counts *counts, record_handler handler, void *userdata);

/*
 * The next message of a datagram at *at with *left bytes; both are moved past it. NULL at the
 * end, and where what is left is no message: then *left isn't 0. (libnl's nlmsg_ok() takes a
 * negative rest, as nlmsg_next() leaves it behind an unpadded end, for a very long one.)
 */
static inline const struct nlmsghdr *nl_next(const char **at, size_t *left)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)*at;

	if (*left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
		message->nlmsg_len > *left)
		return NULL;
	size_t step = NLMSG_ALIGN((size_t)message->nlmsg_len);
	if (step > *left)
		step = *left;
	*at += step;
	*left -= step;
	return message;
}
