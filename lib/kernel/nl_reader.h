/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "kernel/nl_decode.h"
#include "state/record.h"

#include <stddef.h>

struct nl_reader;

/*
 * The socket that listens: links, IPv4 addresses, routes, rules, netconf and nexthops on one
 * NETLINK_ROUTE socket, so that the kernel's order is kept (what it deletes in silence is
 * inferred from that order).
 *
 * Why two sockets: this one's queue in the kernel keeps everything emitted while a dump runs
 * on the other (nl_request.h), whose answers can't overrun it. So: make the reader, then
 * dump, then receive; events from before the end of the dump are applied once more, which
 * does no harm. The queue may also outlive the process (an inherited fd).
 */

/*
 * Makes a reader of this thread's network namespace, nonblocking, joined to the groups. fd
 * is an inherited netlink socket or -1; it is owned from the call on, whatever it returns.
 * receive_buffer is in bytes: forced where CAP_NET_ADMIN allows it, else as much as rmem_max
 * does; a larger one of an inherited socket stays.
 *
 * Returns 0; -EINVAL when fd is no bound NETLINK_ROUTE socket; another negative errno.
 */
int nl_reader_new(int fd, size_t receive_buffer, struct nl_reader **ret);

/* Closes its socket. Takes NULL. */
void nl_reader_free(struct nl_reader *reader);
DEFINE_FREEP(struct nl_reader, nl_reader_free)

/* The socket, to poll for input; it stays the reader's. */
int nl_reader_fd(const struct nl_reader *reader);

/* What became of all messages so far. */
const struct nl_counts *nl_reader_counts(const struct nl_reader *reader);

/*
 * Takes up to budget messages without waiting and hands their records to handler.
 *
 * Returns how many messages were taken, 0 when none was queued; -ENOBUFS when the kernel
 * threw events away: it throws all away until the queue is empty, so nl_reader_discard()
 * first, then dump; -EBADMSG for a malformed or truncated message; another negative errno;
 * or what handler returned when that was negative. After a negative return messages that
 * were taken but not handed out are lost: dump anew.
 */
int nl_reader_receive(struct nl_reader *reader, unsigned int budget,
	record_handler handler, void *userdata);

/*
 * Called with the routes that one system call received, before any of its records is handed
 * out: runs of destinations in one table, at most NL_READER_AHEAD each. It is a hint, of
 * messages that are not checked yet; NULL: not called.
 */
#define NL_READER_AHEAD 32
typedef void (*nl_reader_ahead)(
	uint32_t table, const struct ip4 *dsts, size_t count, void *userdata);
void nl_reader_set_ahead(
	struct nl_reader *reader, nl_reader_ahead handler, void *userdata);

/* Empties the queue without decoding it. Returns 0, or a negative errno. */
int nl_reader_discard(struct nl_reader *reader);

/*
 * For a second state that is read beside the one that gets the events at once: records what is
 * received from now on, 32 MB at most, until nl_reader_record_stop().
 * nl_reader_replay() hands out the records of up to budget messages of it, in their order and
 * each once. It returns how many messages that were, less than budget where none is left;
 * -ENOBUFS where there was no room for all of it; -ENOMEM; or what handler returned when that
 * was negative.
 */
void nl_reader_record_start(struct nl_reader *reader);
void nl_reader_record_stop(struct nl_reader *reader);
int nl_reader_replay(struct nl_reader *reader, unsigned int budget,
	record_handler handler, void *userdata);
