/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/nl_request.h"

#include "kernel/fetch_ahead.h"

#include <errno.h>
#include <limits.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The kernel fills at most 32 KiB of a dump at once; a link alone may be longer. */
#define BUFFER_SIZE (128 * 1024)
#define TIMEOUT_SEC 30
#define SHORT_DUMP 8 /* datagrams: some thousand routes, which take less than a thread */
#define STEP_MESSAGES 64 /* of the some 400 routes of a datagram: below 100 us */

#define SKIP_STATS (1 << 3) /* RTEXT_FILTER_SKIP_STATS */
_Static_assert(SKIP_STATS == RTEXT_FILTER_SKIP_STATS, "rtnetlink.h");

/* What one question is about, while its answers come. */
struct conversation {
	bool dump;
	bool interrupted;
	int failed; /* the first error: what follows is drained, not handed out */
	nl_answer answer;
	void *userdata;
};

struct nl_request {
	struct nl_sock *socket;
	int fd;
	uint32_t port;
	uint32_t seq; /* of the question that is open */
	struct nl_decoder decoder;
	struct nl_counts counts;
	char *buffer;
	const char *at; /* what is still to be taken of the datagram at hand */
	size_t left;
	nl_tap tap;
	void *tap_data;
	struct conversation open;  /* the dump whose answers are taken */
	struct fetch_ahead *ahead; /* its, NULL: it has no thread */
	unsigned int short_left;   /* datagrams of it until it gets one */
};

static void nl_msg_freep(struct nl_msg **message)
{
	nlmsg_free(*message);
}

static int open_socket(struct nl_request *request)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_SEC };
	const int on = 1;

	request->socket = nl_socket_alloc();
	if (!request->socket)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(request->socket, NETLINK_ROUTE) < 0)
		return errno ? -errno : -EPROTONOSUPPORT;
	request->fd = nl_socket_get_fd(request->socket);
	request->port = nl_socket_get_local_port(request->socket);
	/* before 4.20 unknown: then dumps bring more, which is decoded as foreign */
	(void)setsockopt(
		request->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	/* errors need not repeat the question; without it they are just longer */
	(void)setsockopt(request->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(request->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) <
		0)
		return -errno;
	return 0;
}

int nl_request_new(struct nl_request **ret)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;

	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	nl_decoder_init(&request->decoder);
	request->buffer = malloc(BUFFER_SIZE);
	if (!request->buffer)
		return -ENOMEM;
	int r = open_socket(request);
	if (r < 0)
		return r;
	*ret = take_ptr(request);
	return 0;
}

void nl_request_free(struct nl_request *request)
{
	if (!request)
		return;
	fetch_ahead_free(request->ahead);
	nl_socket_free(request->socket);
	nl_decoder_done(&request->decoder);
	free(request->buffer);
	free(request);
}

const struct nl_counts *nl_request_counts(const struct nl_request *request)
{
	return &request->counts;
}

/* What a datagram is worth: its length, 0 where it isn't the kernel's, or -EBADMSG. */
static ssize_t admit(struct nl_request *request, ssize_t length, uint32_t port,
	socklen_t port_length, int flags)
{
	if (port_length != sizeof(struct sockaddr_nl) || port != 0) {
		request->counts.refused++;
		return 0;
	}
	if (flags & MSG_TRUNC) {
		request->counts.malformed++;
		return -EBADMSG;
	}
	return length;
}

void nl_request_tap(struct nl_request *request, nl_tap tap, void *userdata)
{
	request->tap = tap;
	request->tap_data = userdata;
}

/* A datagram has come: it is at hand now. */
static void begin_datagram(struct nl_request *request, struct conversation *talk,
	const char *data, size_t length)
{
	request->at = data;
	request->left = length;
	if (request->tap && talk->dump && talk->failed == 0)
		talk->failed = request->tap(data, length, request->tap_data);
}

/* One datagram from the kernel. Returns its length, 0 where none is there and MSG_DONTWAIT among
 * the flags, or a negative errno. */
static ssize_t receive(struct nl_request *request, int flags)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec part = { .iov_base = request->buffer,
			.iov_len = BUFFER_SIZE };
		struct msghdr header = { .msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &part,
			.msg_iovlen = 1 };
		ssize_t length = recvmsg(request->fd, &header, flags);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			return flags & MSG_DONTWAIT ? 0 : -ETIMEDOUT;
		if (length < 0)
			return -errno;
		length = admit(request, length, from.nl_pid, header.msg_namelen,
			header.msg_flags);
		if (length != 0)
			return length;
	}
}

/* The errno in an NLMSG_ERROR or NLMSG_DONE, 0 or negative. */
static int error_of(const struct nlmsghdr *message)
{
	int error;

	/* a DONE of old kernels has no errno */
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return message->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, NLMSG_DATA(message), sizeof(error));
	return error > 0 ? -EBADMSG : error;
}

/* One answer. Returns 1 when it was the last, 0, or a negative errno from the kernel. */
static int take_message(struct conversation *talk, const struct nlmsghdr *message)
{
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		talk->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_DONE:
	case NLMSG_ERROR:
		return error_of(message) ?: 1;
	}
	if (talk->answer && talk->failed == 0)
		talk->failed = talk->answer(message, talk->userdata);
	return talk->dump ? 0 : 1;
}

/* Some messages of the datagram at hand. Returns 1 where more are to come, 0 behind the last, or
 * an errno. */
static int take_some(
	struct nl_request *request, struct conversation *talk, unsigned int most)
{
	const struct nlmsghdr *message;

	while (most-- > 0 && request->left) {
		int r;

		message = nl_next(&request->at, &request->left);
		if (!message) {
			request->left = 0;
			request->counts.malformed++;
			talk->failed = talk->failed ?: -EBADMSG;
			return talk->dump ? 1 : talk->failed;
		}
		/* late answers to a question given up */
		if (message->nlmsg_seq != request->seq ||
			message->nlmsg_pid != request->port)
			continue;
		r = take_message(talk, message);
		if (r == 0)
			continue;
		if (r < 0 || talk->failed < 0)
			return r < 0 ? r : talk->failed;
		return talk->interrupted ? -EAGAIN : 0;
	}
	return 1;
}

/* Brings a datagram to hand. Returns 1; 2 where none is there and it does not wait; or an errno. */
static int next_datagram(struct nl_request *request, struct conversation *talk, bool wait)
{
	ssize_t length = receive(request, wait ? 0 : MSG_DONTWAIT);

	if (length == 0)
		return 2;
	if (length == -EBADMSG && talk->dump) {
		talk->failed = talk->failed ?: -EBADMSG;
		return 1;
	}
	if (length < 0)
		return (int)length;
	begin_datagram(request, talk, request->buffer, (size_t)length);
	return 1;
}

/* What a thread fetched is at hand now. Returns 1 or an errno. */
static int take_fetched(struct nl_request *request, struct conversation *talk,
	const struct fetched *fetched)
{
	ssize_t length = fetched->length;

	if (length < 0)
		return (int)length;
	length = admit(request, length, fetched->from.nl_pid, fetched->from_length,
		fetched->flags);
	if (length < 0)
		talk->failed = talk->failed ?: -EBADMSG;
	else
		begin_datagram(request, talk, fetched->data, (size_t)length);
	return 1;
}

/* As next_datagram(), of what the thread fetches. */
static int next_fetched(struct nl_request *request, struct conversation *talk, bool wait)
{
	const struct fetched *fetched = fetch_ahead_next(request->ahead, wait);

	if (!fetched)
		return 2;
	if (fetched->length == -EAGAIN) {
		/* the end did not come yet: the thread has, and what follows is waited for here */
		fetch_ahead_free(request->ahead);
		request->ahead = NULL;
		return next_datagram(request, talk, wait);
	}
	return take_fetched(request, talk, fetched);
}

/*
 * Takes answers until the last one, whatever fails before it: an unfinished conversation would keep
 * the socket busy.
 */
static int converse(struct nl_request *request, struct conversation *talk)
{
	int r;

	request->left = 0;
	do {
		r = next_datagram(request, talk, true);
		if (r > 0)
			r = take_some(request, talk, UINT_MAX);
	} while (r > 0);
	request->left = 0;
	return r;
}

static int put_message(
	struct nl_request *request, struct nlmsghdr *message, uint16_t flags)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++request->seq;
	message->nlmsg_pid = request->port;
	do
		sent = sendto(request->fd, message, message->nlmsg_len, 0,
			(const struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int ask_kernel(struct nl_request *request, struct nlmsghdr *message,
	uint16_t flags, struct conversation *talk)
{
	int r = put_message(request, message, flags);

	return r < 0 ? r : converse(request, talk);
}

int nl_request_ask(struct nl_request *request, struct nlmsghdr *message, uint16_t flags,
	nl_answer answer, void *userdata)
{
	struct conversation talk = { .answer = answer, .userdata = userdata };

	return ask_kernel(request, message, flags, &talk);
}

/* Whom the records of a question are for. */
struct recipient {
	struct nl_request *request;
	record_handler handler;
	void *userdata;
};

static int hand_on(const struct nlmsghdr *message, void *userdata)
{
	struct recipient *to = userdata;

	return nl_decode_to(&to->request->decoder, message, true, &to->request->counts,
		to->handler, to->userdata);
}

/* A question for links; index 0: for all. */
static int build_getlink(int ifindex, struct nl_msg **ret)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message =
		nlmsg_alloc_simple(RTM_GETLINK, 0);
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

	if (!message ||
		nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
		nla_put_u32(message, IFLA_EXT_MASK, SKIP_STATS) < 0)
		return -ENOMEM;
	*ret = take_ptr(message);
	return 0;
}

/* Any other one: a family header alone. Strict checks want all of it zero but the family. */
static int build_dump(uint16_t type, uint8_t family, size_t size, struct nl_msg **ret)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message = nlmsg_alloc_simple(type, 0);
	char header[16] = { 0 };

	if (size > sizeof(header))
		return -EINVAL;
	header[0] = (char)family; /* each of these headers begins with it */
	if (!message || nlmsg_append(message, header, size, NLMSG_ALIGNTO) < 0)
		return -ENOMEM;
	*ret = take_ptr(message);
	return 0;
}

static const struct {
	enum nl_dump what;
	uint16_t type;
	uint8_t family;
	uint8_t header;
} dumps[] = {
	{ NL_DUMP_LINKS, RTM_GETLINK, AF_UNSPEC, 0 },
	{ NL_DUMP_NETCONF, RTM_GETNETCONF, AF_INET, sizeof(struct netconfmsg) },
	{ NL_DUMP_ADDRS, RTM_GETADDR, AF_INET, sizeof(struct ifaddrmsg) },
	{ NL_DUMP_NEXTHOPS, RTM_GETNEXTHOP, AF_UNSPEC, sizeof(struct nhmsg) },
	{ NL_DUMP_RULES, RTM_GETRULE, AF_INET, sizeof(struct fib_rule_hdr) },
	{ NL_DUMP_ROUTES, RTM_GETROUTE, AF_INET, sizeof(struct rtmsg) },
};

/* Asks for the dump of that row; its answers are still to be taken. */
static int begin_dump(struct nl_request *request, size_t row)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message = NULL;
	int r;

	if (dumps[row].what == NL_DUMP_LINKS)
		r = build_getlink(0, &message);
	else
		r = build_dump(
			dumps[row].type, dumps[row].family, dumps[row].header, &message);
	return r < 0 ? r : put_message(request, nlmsg_hdr(message), NLM_F_DUMP);
}

/* --- dumps ----------------------------------------------------------------------------------- */

/* Asks for the dump of that row; records: whether its messages are decoded. A thread is had for
 * the routes behind so many datagrams: the other dumps are short, none is worth it. */
static int open_dump(
	struct nl_request *request, size_t row, bool records, unsigned int short_dump)
{
	request->left = 0;
	request->open =
		(struct conversation){ .dump = true, .answer = records ? hand_on : NULL };
	request->short_left = dumps[row].what == NL_DUMP_ROUTES ? short_dump : UINT_MAX;
	return begin_dump(request, row);
}

/* Of what is long, the rest comes by a second processor, where there is one and a thread. */
static void begin_ahead(struct nl_request *request)
{
	if (request->short_left == UINT_MAX || request->short_left-- > 0)
		return;
	request->short_left = UINT_MAX;
	if (fetch_ahead_new(request->fd, &request->ahead) < 0)
		request->ahead = NULL;
}

/*
 * Takes some of the answers: of a datagram that a thread fetched so many messages, else all. (The
 * thread's descriptor stays readable until the last datagram is taken, the socket does not.) As
 * take_some(), and 2 where nothing is there and it does not wait.
 */
static int step_dump(struct nl_request *request, unsigned int most, bool wait)
{
	struct conversation *talk = &request->open;
	int r = 1;

	if (!request->left) {
		if (!request->ahead)
			begin_ahead(request);
		r = request->ahead ? next_fetched(request, talk, wait)
				   : next_datagram(request, talk, wait);
	}
	if (r != 1)
		return r;
	return take_some(request, talk, request->ahead ? most : UINT_MAX);
}

static int take_answers(struct nl_request *request, unsigned int most, bool wait,
	record_handler handler, void *userdata)
{
	struct recipient to = {
		.request = request, .handler = handler, .userdata = userdata
	};
	int r;

	request->open.userdata = &to;
	r = step_dump(request, most, wait);
	request->open.userdata = NULL;
	if (r <= 0) {
		fetch_ahead_free(request->ahead);
		request->ahead = NULL;
		request->left = 0;
	}
	return r;
}

int nl_request_dump(struct nl_request *request, unsigned int what, record_handler handler,
	void *userdata)
{
	for (size_t i = 0; i < ELEMENTS(dumps); i++) {
		int r;

		if (!(what & dumps[i].what))
			continue;
		r = open_dump(request, i, handler != NULL, SHORT_DUMP);
		if (r >= 0) {
			do
				r = take_answers(
					request, UINT_MAX, true, handler, userdata);
			while (r > 0);
		}
		if (r == -EOPNOTSUPP && dumps[i].what == NL_DUMP_NEXTHOPS)
			continue;
		if (r < 0)
			return r;
	}
	return 0;
}

int nl_request_begin(struct nl_request *request, enum nl_dump what)
{
	for (size_t i = 0; i < ELEMENTS(dumps); i++) {
		if (dumps[i].what == what)
			return open_dump(request, i, true, 0);
	}
	return -EINVAL;
}

int nl_request_step(struct nl_request *request, record_handler handler, void *userdata)
{
	return take_answers(request, STEP_MESSAGES, false, handler, userdata);
}

int nl_request_fd(const struct nl_request *request)
{
	return request->ahead ? fetch_ahead_fd(request->ahead) : request->fd;
}

int nl_request_link(
	struct nl_request *request, int ifindex, record_handler handler, void *userdata)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message = NULL;
	struct recipient to = {
		.request = request, .handler = handler, .userdata = userdata
	};

	/* 0 would ask for a link by name */
	if (ifindex <= 0)
		return -ENODEV;
	int r = build_getlink(ifindex, &message);
	if (r < 0)
		return r;
	return nl_request_ask(request, nlmsg_hdr(message), 0, hand_on, &to);
}
