/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * A thread that fetches the datagrams of a dump while those before are taken in. The kernel makes
 * each of them within recvmsg(), which for a full table takes twice as long as taking it in:
 * so the two run side by side. And where local and main are one trie, it walks all of
 * main at the end, in search of the few routes of local: 0.2 s in one recvmsg() with a
 * million of them. The thread touches the socket and its buffers and nothing else.
 */
struct fetched {
	const char *data;
	ssize_t length; /* or a negative errno; -EAGAIN: there is none left */
	struct sockaddr_nl from;
	socklen_t from_length;
	int flags; /* of struct msghdr: MSG_TRUNC */
};

struct fetch_ahead;

/*
 * Begins, on a socket on which a dump was asked for. No one else may use the socket until
 * fetch_ahead_free(). Returns 0; -ENOMEM; or why there is no thread to be had (EAGAIN), negative.
 */
int fetch_ahead_new(int fd, struct fetch_ahead **ret);

/* The next datagram, which is the caller's until the next call; NULL where it is not there yet and
 * is not to be waited for. Behind one with an error there is none. */
const struct fetched *fetch_ahead_next(struct fetch_ahead *ahead, bool wait);

/* Readable while there is one; it stays ahead's. */
int fetch_ahead_fd(const struct fetch_ahead *ahead);

/* Ends it, in the midst of a dump also. */
void fetch_ahead_free(struct fetch_ahead *ahead);
