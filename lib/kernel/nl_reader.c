/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/nl_reader.h"

#include "kernel/nl_decode_route.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * So many messages a system call. A message holds attributes of up to 64 KiB, so a slot takes
 * any event; of the 2 MiB only the pages that were once written to cost memory.
 */
#define SLOTS NL_READER_AHEAD
#define SLOT_SIZE (64 * 1024)
#define KEPT_MAX (32u << 20)

struct nl_reader {
	struct nl_sock *socket;
	int fd;
	struct nl_decoder decoder;
	struct nl_counts counts;
	struct mmsghdr messages[SLOTS];
	struct sockaddr_nl from[SLOTS];
	struct iovec parts[SLOTS];
	char *slots;
	nl_reader_ahead ahead;
	void *ahead_data;
	bool keeping, overfull; /* what is received is copied to: */
	char *kept;
	size_t kept_begin, kept_size,
		kept_capacity; /* begin: what is before was replayed */
};

/* The buffer's size as the kernel counts: twice what was set. */
static int buffer_size(int fd)
{
	int size;
	socklen_t length = sizeof(size);

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) < 0)
		return -errno;
	return size;
}

/*
 * Forced where that is permitted. Else what rmem_max allows; but never on an inherited
 * socket, whose buffer was made larger than that by somebody with the permission.
 */
static int set_buffer(struct nl_reader *reader, size_t wanted, bool inherited)
{
	int before = buffer_size(reader->fd);
	int size = wanted > INT_MAX / 2 ? INT_MAX / 2 : (int)wanted;

	if (before < 0)
		return before;
	if (size > before / 2 &&
		setsockopt(reader->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
			0 &&
		!inherited &&
		setsockopt(reader->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0)
		return -errno;
	return 0;
}

static int join_groups(struct nl_reader *reader)
{
	static const struct {
		int group;
		bool optional;
	} groups[] = {
		{ RTNLGRP_LINK, false }, { RTNLGRP_IPV4_IFADDR, false },
		{ RTNLGRP_IPV4_ROUTE, false }, { RTNLGRP_IPV4_RULE, false },
		{ RTNLGRP_IPV4_NETCONF, false },
		{ RTNLGRP_NEXTHOP, true }, /* from 5.3 on */
	};

	/* not nl_socket_add_membership(), which returns no errno */
	for (size_t i = 0; i < ELEMENTS(groups); i++)
		if (setsockopt(reader->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			    &groups[i].group, sizeof(groups[i].group)) < 0 &&
			!groups[i].optional)
			return -errno;
	return 0;
}

/* Takes fd over, whatever it returns. */
static int open_socket(struct nl_reader *reader, int fd)
{
	reader->socket = nl_socket_alloc();
	if (!reader->socket) {
		if (fd >= 0)
			(void)close(fd);
		return -ENOMEM;
	}
	errno = 0;
	if (fd < 0) {
		if (nl_connect(reader->socket, NETLINK_ROUTE) < 0)
			return errno ? -errno : -EPROTONOSUPPORT;
	} else if (nl_socket_set_fd(reader->socket, NETLINK_ROUTE, fd) < 0) {
		(void)close(fd);
		return -EINVAL;
	}
	reader->fd = nl_socket_get_fd(reader->socket);
	if (nl_socket_set_nonblocking(reader->socket) < 0)
		return -errno;
	return 0;
}

static void lay_out(struct nl_reader *reader)
{
	for (size_t i = 0; i < SLOTS; i++) {
		reader->parts[i].iov_base = reader->slots + i * SLOT_SIZE;
		reader->parts[i].iov_len = SLOT_SIZE;
		reader->messages[i].msg_hdr.msg_name = &reader->from[i];
		reader->messages[i].msg_hdr.msg_iov = &reader->parts[i];
		reader->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

int nl_reader_new(int fd, size_t receive_buffer, struct nl_reader **ret)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;
	int r;

	reader = calloc(1, sizeof(*reader));
	if (reader)
		reader->slots = malloc((size_t)SLOTS * SLOT_SIZE);
	if (!reader || !reader->slots) {
		if (fd >= 0)
			(void)close(fd);
		return -ENOMEM;
	}
	nl_decoder_init(&reader->decoder);
	lay_out(reader);
	r = open_socket(reader, fd);
	if (r == 0)
		r = set_buffer(reader, receive_buffer, fd >= 0);
	if (r == 0)
		r = join_groups(reader);
	if (r < 0)
		return r;
	*ret = take_ptr(reader);
	return 0;
}

void nl_reader_free(struct nl_reader *reader)
{
	if (!reader)
		return;
	nl_socket_free(reader->socket);
	nl_decoder_done(&reader->decoder);
	free(reader->slots);
	free(reader->kept);
	free(reader);
}

int nl_reader_fd(const struct nl_reader *reader)
{
	return reader->fd;
}

const struct nl_counts *nl_reader_counts(const struct nl_reader *reader)
{
	return &reader->counts;
}

/* Records a datagram. nl_reader_replay() reports what there was no room for. */
static void record_datagram(struct nl_reader *reader, const char *datagram, size_t length)
{
	size_t size = NLMSG_ALIGN(length), capacity = reader->kept_capacity;

	if (reader->overfull)
		return;
	while (capacity - reader->kept_size < size)
		capacity = capacity ? capacity * 2 : SLOT_SIZE;
	if (capacity > KEPT_MAX) {
		reader->overfull = true;
		return;
	}
	if (capacity != reader->kept_capacity) {
		char *moved = realloc(reader->kept, capacity);

		reader->overfull = !moved;
		if (!moved)
			return;
		reader->kept = moved;
		reader->kept_capacity = capacity;
	}
	memset(reader->kept + reader->kept_size + size - NLMSG_ALIGNTO, 0, NLMSG_ALIGNTO);
	memcpy(reader->kept + reader->kept_size, datagram, length);
	reader->kept_size += size;
}

/* One datagram: the messages in it. */
static int take_slot(
	struct nl_reader *reader, size_t slot, record_handler handler, void *userdata)
{
	const struct mmsghdr *filled = &reader->messages[slot];
	const struct nlmsghdr *message;
	const char *at = reader->parts[slot].iov_base;
	size_t left = filled->msg_len;

	/* anybody may write to our port; only the kernel has port 0 */
	if (filled->msg_hdr.msg_namelen != sizeof(struct sockaddr_nl) ||
		reader->from[slot].nl_pid != 0) {
		reader->counts.refused++;
		return 0;
	}
	if (filled->msg_hdr.msg_flags & MSG_TRUNC) {
		reader->counts.malformed++;
		return -EBADMSG;
	}
	if (reader->keeping)
		record_datagram(reader, at, left);
	while ((message = nl_next(&at, &left)) != NULL) {
		int r = nl_decode_to(&reader->decoder, message, false, &reader->counts,
			handler, userdata);
		if (r < 0)
			return r;
	}
	if (left) {
		reader->counts.malformed++;
		return -EBADMSG;
	}
	return 0;
}

void nl_reader_set_ahead(
	struct nl_reader *reader, nl_reader_ahead handler, void *userdata)
{
	reader->ahead = handler;
	reader->ahead_data = userdata;
}

/* An event is a datagram of its own: the first message is enough. */
static void look_ahead(struct nl_reader *reader, size_t filled)
{
	struct ip4 dsts[SLOTS];
	uint32_t table = 0;
	size_t count = 0;

	for (size_t i = 0; i < filled; i++) {
		const char *at = reader->parts[i].iov_base;
		size_t left = reader->messages[i].msg_len;
		const struct nlmsghdr *message = nl_next(&at, &left);
		uint32_t its;

		if (!message || !nl_route_key(message, &its, &dsts[count]))
			continue;
		if (count && its != table) {
			reader->ahead(table, dsts, count, reader->ahead_data);
			dsts[0] = dsts[count];
			count = 0;
		}
		table = its;
		count++;
	}
	if (count)
		reader->ahead(table, dsts, count, reader->ahead_data);
}

/* Returns how many slots were filled, 0 when the queue is empty, or a negative errno. */
static int fill_slots(struct nl_reader *reader, unsigned int slots)
{
	int filled;

	for (unsigned int i = 0; i < slots; i++)
		reader->messages[i].msg_hdr.msg_namelen = sizeof(reader->from[i]);
	do
		filled =
			recvmmsg(reader->fd, reader->messages, slots, MSG_DONTWAIT, NULL);
	while (filled < 0 && errno == EINTR);
	if (filled >= 0)
		return filled;
	if (errno == EAGAIN)
		return 0;
	return -errno;
}

int nl_reader_receive(struct nl_reader *reader, unsigned int budget,
	record_handler handler, void *userdata)
{
	unsigned int taken = 0;

	if (budget > INT_MAX)
		budget = INT_MAX;
	while (taken < budget) {
		unsigned int slots = budget - taken < SLOTS ? budget - taken : SLOTS;
		int filled = fill_slots(reader, slots);

		if (filled < 0)
			return filled;
		if (reader->ahead && filled > 1)
			look_ahead(reader, (size_t)filled);
		for (int i = 0; i < filled; i++) {
			int r = take_slot(reader, (size_t)i, handler, userdata);
			if (r < 0)
				return r;
		}
		taken += (unsigned int)filled;
		if ((unsigned int)filled < slots)
			break;
	}
	return (int)taken;
}

int nl_reader_discard(struct nl_reader *reader)
{
	char byte;

	for (;;) {
		if (recv(reader->fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0)
			continue;
		if (errno == EAGAIN)
			return 0;
		/* ENOBUFS: once more overrun on the way, and still to be emptied */
		if (errno != EINTR && errno != ENOBUFS)
			return -errno;
	}
}

void nl_reader_record_start(struct nl_reader *reader)
{
	nl_reader_record_stop(reader);
	reader->keeping = true;
}

void nl_reader_record_stop(struct nl_reader *reader)
{
	reader->keeping = reader->overfull = false;
	free(reader->kept);
	reader->kept = NULL;
	reader->kept_begin = reader->kept_size = reader->kept_capacity = 0;
}

int nl_reader_replay(struct nl_reader *reader, unsigned int budget,
	record_handler handler, void *userdata)
{
	struct nl_counts counted = { 0 }; /* they were when they were received */
	const struct nlmsghdr *message;
	unsigned int count = 0;

	if (reader->overfull)
		return -ENOBUFS;
	while (count < budget) {
		const char *at = reader->kept + reader->kept_begin;
		size_t left = reader->kept_size - reader->kept_begin;
		int r;

		message = nl_next(&at, &left);
		if (!message)
			break;
		r = nl_decode_to(
			&reader->decoder, message, false, &counted, handler, userdata);
		if (r < 0)
			return r;
		reader->kept_begin = reader->kept_size - left;
		count++;
	}
	if (reader->kept_begin == reader->kept_size)
		reader->kept_begin = reader->kept_size = 0;
	return (int)count;
}
