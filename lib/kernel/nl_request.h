/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "kernel/nl_decode.h"
#include "state/record.h"

#include <stdint.h>

struct nl_request;
struct nlmsghdr;

/*
 * The socket that asks: rtnetlink dumps and single questions. Another one than the socket
 * that listens (nl_reader.h), so that the kernel queues every event there while a dump runs
 * here: the answers of a dump can't overrun the queue of events, and what happened since the
 * dump began is applied after it (a record is a whole value, so applying it twice does no harm).
 *
 * It belongs to the network namespace that the thread was in when it was made. Answers count
 * only from the kernel itself, to the question just asked. Calls block, 30 s at most.
 */

/* What to dump; always in this order, so that what is named by key is known before. */
enum nl_dump {
	NL_DUMP_LINKS = 1 << 0,
	NL_DUMP_NETCONF = 1 << 1,
	NL_DUMP_ADDRS = 1 << 2,
	NL_DUMP_NEXTHOPS = 1 << 3, /* nothing before 5.3, which is no error */
	NL_DUMP_RULES = 1 << 4,
	NL_DUMP_ROUTES = 1 << 5, /* all tables; of a prefix in the order of look-up */
	NL_DUMP_ALL = (1 << 6) - 1,
};

/* Makes one. Returns 0 or a negative errno (-EPROTONOSUPPORT, -EMFILE, -ENOMEM, ...). */
int nl_request_new(struct nl_request **ret);

/* Takes NULL. */
void nl_request_free(struct nl_request *request);
DEFINE_FREEP(struct nl_request, nl_request_free)

/* What became of all messages so far. */
const struct nl_counts *nl_request_counts(const struct nl_request *request);

/*
 * Sees each datagram of a dump's answers as the kernel sent it, before it is decoded; valid during
 * the call. Returns 0, or a negative errno, which ends the dump as one of a handler does.
 */
typedef int (*nl_tap)(const void *datagram, size_t length, void *userdata);

/* From now on tap sees those of nl_request_dump(); NULL: nobody does. */
void nl_request_tap(struct nl_request *request, nl_tap tap, void *userdata);

/*
 * Dumps what (NL_DUMP_x ored together) and hands each record, with .dump set, to handler; NULL: the
 * messages are not decoded, only a tap sees them.
 *
 * Returns 0; -EAGAIN when the kernel reports a change during the dump
 * (NLM_F_DUMP_INTR: links, addresses, nexthops): records have been handed out, but some may
 * be missing, so dump again; -EBADMSG for a malformed or truncated message; -ETIMEDOUT; the
 * kernel's own errno; or what handler returned when that was negative: the rest of the dump
 * is then received and dropped, so that the socket is fit for the next call. After -ETIMEDOUT,
 * -ENOBUFS and -ENOMEM, when the kernel gave up half-way, it is not: make another.
 * Source: docs/kernel.md 5.6; a dump of routes or rules never has INTR.
 */
int nl_request_dump(struct nl_request *request, unsigned int what, record_handler handler,
	void *userdata);

/*
 * The same for one kind, for a caller that does other things meanwhile: sends the question, and
 * takes some answers at each step, when nl_request_fd() is readable, which may be another one
 * after it: up to 64 routes, which a thread fetches; without a thread, and of other kinds, one
 * datagram.
 * nl_request_step() does not wait; it returns 1 when there are more to come, 2 when they
 * are not there yet, 0 behind the last, or an error as above. No other question may be
 * asked between.
 */
int nl_request_begin(struct nl_request *request, enum nl_dump what);
int nl_request_step(struct nl_request *request, record_handler handler, void *userdata);
int nl_request_fd(const struct nl_request *request); /* stays the request's */

/*
 * Reads one link again and hands its record, with .dump set, to handler. Returns 0, -ENODEV
 * when there is none, or an error as nl_request_dump() does (never -EAGAIN).
 */
int nl_request_link(
	struct nl_request *request, int ifindex, record_handler handler, void *userdata);

/* Takes one answer, valid during the call. Returns 0 or a negative errno, which is passed on. */
typedef int (*nl_answer)(const struct nlmsghdr *answer, void *userdata);

/*
 * Asks any question: sends message (its nlmsg_flags, _seq and _pid are filled in here; not a
 * dump) and hands the answer to answer (may be NULL). Acknowledged requests (flags
 * NLM_F_ACK) have an answer without content. Returns 0, the kernel's negative errno, or an
 * error as above.
 */
int nl_request_ask(struct nl_request *request, struct nlmsghdr *message, uint16_t flags,
	nl_answer answer, void *userdata);
