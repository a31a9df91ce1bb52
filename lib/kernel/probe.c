/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/probe.h"

#include "base/cleanup.h"
#include "kernel/procsys.h"

#include <endian.h>
#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/fib_lookup/lookup.h>
#include <netlink/fib_lookup/request.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The namesakes that libnl's own types need for _cleanup_. */
static void nl_msg_freep(struct nl_msg **message)
{
	nlmsg_free(*message);
}

static void nl_sock_freep(struct nl_sock **socket)
{
	nl_socket_free(*socket);
}

static void nl_addr_freep(struct nl_addr **addr)
{
	nl_addr_put(*addr);
}

static void nl_cache_freep(struct nl_cache **cache)
{
	nl_cache_free(*cache);
}

static void flnl_request_freep(struct flnl_request **request)
{
	nl_object_put((struct nl_object *)*request);
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/* ICMP's numbers are no ports; about anything else the kernel can't be asked. */
static bool is_askable(uint8_t proto)
{
	return has_ports(proto) || proto == IPPROTO_ICMP;
}

/* What is asked about: the packet as it comes in; or as one that this host sends, without
 * where it comes from, in a VRF (its device's ifindex) or in none (0). */
enum { ASK_INPUT = -1, ASK_OUTPUT = 0 };

static int build_getroute(const struct flow *flow, int vrf, struct nl_msg **ret)
{
	bool output = vrf != ASK_INPUT;
	_cleanup_(nl_msg_freep) struct nl_msg *message =
		nlmsg_alloc_simple(RTM_GETROUTE, 0);
	struct rtmsg header = { .rtm_family = AF_INET,
		.rtm_dst_len = 32,
		.rtm_src_len = output ? 0 : 32,
		.rtm_tos = flow->tos & 0xfc }; /* with ECN bits some refuse it */
	int r;

	if (!message)
		return -ENOMEM;
	r = nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
	r |= nla_put_u32(message, RTA_DST, htobe32(flow->dst.host));
	if (!output) {
		r |= nla_put_u32(message, RTA_SRC, htobe32(flow->src.host));
		r |= nla_put_u32(message, RTA_IIF, (uint32_t)flow->iif);
	}
	if (vrf > 0)
		r |= nla_put_u32(message, RTA_OIF, (uint32_t)vrf);
	if (flow->mark)
		r |= nla_put_u32(message, RTA_MARK, flow->mark);
	/* UDP is what it assumes; older kernels know no RTA_IP_PROTO */
	if (is_askable(flow->proto) && flow->proto != IPPROTO_UDP)
		r |= nla_put_u8(message, RTA_IP_PROTO, flow->proto);
	if (has_ports(flow->proto) && flow->sport)
		r |= nla_put_u16(message, RTA_SPORT, htobe16(flow->sport));
	if (has_ports(flow->proto) && flow->dport)
		r |= nla_put_u16(message, RTA_DPORT, htobe16(flow->dport));
	if (r < 0)
		return -ENOMEM;
	*ret = take_ptr(message);
	return 0;
}

static int take_type(const struct nlmsghdr *answer, void *userdata)
{
	uint8_t *type = userdata;

	if (answer->nlmsg_type != RTM_NEWROUTE ||
		answer->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtmsg)))
		return -EBADMSG;
	*type = ((const struct rtmsg *)NLMSG_DATA(answer))->rtm_type;
	return 0;
}

/* Asks, and leaves the type of route in *type (may be NULL). Returns the kernel's errno. */
static int ask_route(
	struct nl_request *request, const struct flow *flow, int vrf, uint8_t *type)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message = NULL;
	int r = build_getroute(flow, vrf, &message);

	if (r < 0)
		return r;
	return nl_request_ask(
		request, nlmsg_hdr(message), 0, type ? take_type : NULL, type);
}

/* Whether a device has IPv4 at all: netconf knows only those that have. */
static int has_ipv4(struct nl_request *request, int ifindex, bool *ret)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message =
		nlmsg_alloc_simple(RTM_GETNETCONF, 0);
	struct netconfmsg header = { .ncm_family = AF_INET };

	if (!message ||
		nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
		nla_put_u32(message, NETCONFA_IFINDEX, (uint32_t)ifindex) < 0)
		return -ENOMEM;
	int r = nl_request_ask(request, nlmsg_hdr(message), 0, NULL, NULL);
	if (r < 0 && r != -EINVAL && r != -ENODEV)
		return r;
	*ret = r == 0;
	return 0;
}

static int take_link(const struct record *record, void *userdata)
{
	if (record->kind == RECORD_LINK)
		*(struct link_record *)userdata = record->link;
	return 0;
}

/* The VRF whose table a packet that came in by ifindex is looked up in, 0 for none. */
static int vrf_of(struct nl_request *request, int ifindex, int *ret)
{
	struct link_record link = { 0 };
	int r = nl_request_link(request, ifindex, take_link, &link);

	*ret = 0;
	if (r >= 0 && link.master && strcmp(link.kind, "vrf") != 0) {
		ifindex = link.master;
		link = (struct link_record){ 0 };
		r = nl_request_link(request, ifindex, take_link, &link);
	}
	if (r >= 0 && strcmp(link.kind, "vrf") == 0)
		*ret = ifindex;
	return r == -ENODEV ? 0 : r;
}

struct joined {
	const struct flow *flow;
	bool found;
};

static int find_membership(const struct record *record, void *userdata)
{
	struct joined *joined = userdata;
	const struct flow *flow = joined->flow;

	for (size_t i = 0; i < record->memberships.count; i++) {
		const struct membership *m = &record->memberships.items[i];

		if (m->ifindex == flow->iif && m->group.host == flow->dst.host)
			joined->found = true;
	}
	return 0;
}

/*
 * After EINVAL: whether the packet would have come as far as the validation of its source, so
 * that the source is what was refused. The order is that of ip_route_input_slow().
 */
static int reaches_validation(
	struct nl_request *request, const struct flow *flow, bool *ret)
{
	struct joined joined = { .flow = flow };
	uint8_t type = RTN_UNSPEC;
	bool ipv4;
	int vrf, r = has_ipv4(request, flow->iif, &ipv4);

	*ret = false;
	if (r < 0 || !ipv4)
		return r;
	if (ip4_is_multicast(flow->dst)) {
		r = procsys_read_memberships(NULL, find_membership, &joined);
		*ret = joined.found;
		return r;
	}
	if (ip4_is_lbcast(flow->dst)) {
		*ret = true;
		return 0;
	}
	/* with 127/8 it may be either end that is refused */
	if (flow->dst.host == 0 || ip4_is_loopback(flow->dst))
		return 0;
	r = vrf_of(request, flow->iif, &vrf);
	if (r < 0)
		return r;
	r = ask_route(request, flow, vrf, &type);
	if (r == -ENOMEM || r == -EBADMSG || r == -ETIMEDOUT)
		return r;
	*ret = r == 0 &&
	       (type == RTN_UNICAST || type == RTN_LOCAL || type == RTN_BROADCAST);
	return 0;
}

int probe_ask(struct nl_request *request, const struct flow *flow)
{
	return flow->iif > 0 ? ask_route(request, flow, ASK_INPUT, NULL) : -ENODEV;
}

int probe_flow(
	struct nl_request *request, const struct flow *flow, struct probe_answer *ret)
{
	struct probe_answer answer = { .exact = is_askable(flow->proto) };
	bool validated = false;
	int r;

	r = probe_ask(request, flow);
	answer.error = -r;
	switch (r) {
	case 0:
		answer.verdict = PROBE_PASS;
		break;
	case -EXDEV:
		answer.verdict = PROBE_DROP;
		break;
	case -EINVAL:
		r = reaches_validation(request, flow, &validated);
		if (r < 0)
			return r;
		answer.verdict = validated ? PROBE_DROP : PROBE_UNJUDGED;
		break;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -EACCES:
		answer.verdict = PROBE_UNJUDGED;
		break;
	default:
		return r;
	}
	*ret = answer;
	return 0;
}

/* What one look-up in one table found. */
struct found {
	int error; /* 0 or negative */
	int type;
	int len;
};

/*
 * libnl's own fib_lookup: its request and answer have the kernel's layout, and it knows that
 * this protocol sends no acknowledgement. But it then counts the question as open (3.7), and
 * the answer to the next one on that socket as out of sequence: hence no check of that.
 */
static int fib_lookup_ask(
	struct nl_sock *socket, struct ip4 addr, int table, struct found *ret)
{
	const uint32_t network = htobe32(addr.host);
	_cleanup_(flnl_request_freep) struct flnl_request *request = flnl_request_alloc();
	_cleanup_(nl_cache_freep) struct nl_cache *answers = flnl_result_alloc_cache();
	_cleanup_(nl_addr_freep) struct nl_addr *dst =
		nl_addr_build(AF_INET, &network, sizeof(network));

	if (!request || !answers || !dst || flnl_request_set_addr(request, dst) < 0)
		return -ENOMEM;
	flnl_request_set_table(request, table);
	errno = 0;
	if (flnl_lookup(socket, request, answers) < 0)
		return errno ? -errno : -EBADMSG;
	struct flnl_result *answer = (struct flnl_result *)nl_cache_get_first(answers);
	if (!answer)
		return -EBADMSG;
	ret->error = flnl_result_get_error(answer);
	ret->type = flnl_result_get_type(answer);
	ret->len = flnl_result_get_prefixlen(answer);
	return 0;
}

static int open_fib_lookup(struct nl_sock **ret)
{
	const struct timeval timeout = { .tv_sec = 30 };
	_cleanup_(nl_sock_freep) struct nl_sock *socket = nl_socket_alloc();

	if (!socket)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(socket, NETLINK_FIB_LOOKUP) < 0)
		return errno ? -errno : -EPROTONOSUPPORT;
	nl_socket_disable_seq_check(socket); /* see fib_lookup_ask() */
	if (setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		    sizeof(timeout)) < 0)
		return -errno;
	*ret = take_ptr(socket);
	return 0;
}

int probe_merged(struct ip4 own, bool *ret)
{
	_cleanup_(nl_sock_freep) struct nl_sock *socket = NULL;
	const struct ip4 candidates[] = { own, { INADDR_LOOPBACK } };
	int r = open_fib_lookup(&socket);

	if (r < 0)
		return r;
	for (size_t i = own.host ? 0 : 1; i < ELEMENTS(candidates); i++) {
		struct found local = { 0 }, main = { 0 };

		r = fib_lookup_ask(socket, candidates[i], (int)TABLE_LOCAL, &local);
		if (r < 0)
			return r;
		/* while merged this looks through main too, and may find a route of main's */
		if (local.error || local.type != ROUTE_LOCAL)
			continue;
		r = fib_lookup_ask(socket, candidates[i], (int)TABLE_MAIN, &main);
		if (r < 0)
			return r;
		*ret = main.error == 0 && main.type == ROUTE_LOCAL &&
		       main.len == local.len;
		return 0;
	}
	return -ENOENT;
}
