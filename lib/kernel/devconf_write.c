/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/devconf_write.h"

#include "base/fd.h"
#include "kernel/procsys.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <string.h>

static void nl_msg_freep(struct nl_msg **message)
{
	nlmsg_free(*message);
}

static void rtnl_link_freep(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}

/* libnl-route's link object carries the settings; only the socket is ours. */
static int build_setlink(int ifindex, int value, struct nl_msg **ret)
{
	_cleanup_(rtnl_link_freep) struct rtnl_link *link = rtnl_link_alloc();
	_cleanup_(rtnl_link_freep) struct rtnl_link *change = rtnl_link_alloc();

	if (!link || !change)
		return -ENOMEM;
	rtnl_link_set_ifindex(link, ifindex);
	if (rtnl_link_inet_set_conf(change, IPV4_DEVCONF_RP_FILTER, (uint32_t)value) < 0)
		return -ENOMEM;
	return rtnl_link_build_change_request(link, change, 0, ret) < 0 ? -ENOMEM : 0;
}

static int write_by_index(struct nl_request *request, int ifindex, int value)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message = NULL;
	int r = build_setlink(ifindex, value, &message);

	if (r < 0)
		return r;
	return nl_request_ask(request, nlmsg_hdr(message), NLM_F_ACK, NULL, NULL);
}

/* --- values outside of 0 to 2, which netlink refuses from 7.1 on ----------------------------- */

static int take_name(const struct record *record, void *userdata)
{
	if (record->kind == RECORD_LINK)
		memcpy(userdata, record->link.name, NAME_MAX_);
	return 0;
}

/* Where the name goes to another link meanwhile, the file is dead before that one's is made. */
static int write_by_name(struct nl_request *request, int ifindex, int value)
{
	char before[NAME_MAX_] = "", now[NAME_MAX_] = "";
	_cleanup_(closep) int fd = -1;
	int r = nl_request_link(request, ifindex, take_name, before);

	if (r < 0)
		return r;
	fd = procsys_open_rp_filter(before);
	if (fd < 0)
		return fd;
	r = nl_request_link(request, ifindex, take_name, now);
	if (r < 0)
		return r;
	return strcmp(before, now) == 0 ? procsys_write_number(fd, value) : -EAGAIN;
}

/*
 * The value of 0 to 2 that acts as this one does: the greater of `all` and own counts, and any but 0
 * and 1 is loose (docs/kernel.md 3.2).
 */
static int plain_value(int value, int all)
{
	if (value >= 0)
		return value > 2 ? 2 : value;
	return all < 0 ? 2 : 0;
}

static int write_refused(struct nl_request *request, int ifindex, int value)
{
	int all = 0, r = write_by_name(request, ifindex, value);

	if (r == -EAGAIN) /* renamed just then */
		r = write_by_name(request, ifindex, value);
	if (r >= 0 || r == -ENODEV || r == -ENOMEM)
		return r;
	r = procsys_read_rp_filter(NETCONF_ALL, &all);
	if (r >= 0)
		r = write_by_index(request, ifindex, plain_value(value, all));
	return r < 0 ? r : 1;
}

int devconf_write_rp_filter(struct nl_request *request, int ifindex, int value)
{
	int r;

	if (ifindex == NETCONF_ALL || ifindex == NETCONF_DEFAULT)
		return procsys_write_rp_filter(ifindex, value);
	/* 0 would be a link to be found by name */
	if (ifindex <= 0)
		return -ENODEV;
	r = write_by_index(request, ifindex, value);
	return r == -ERANGE ? write_refused(request, ifindex, value) : r;
}

/* --- reading -------------------------------------------------------------------------------- */

/* Asks netconf: it takes no lock that the whole host shares, as reading a link does. */
static int take_netconf(const struct nlmsghdr *answer, void *userdata)
{
	struct nlattr *attributes[NETCONFA_MAX + 1] = { 0 };
	int *value = userdata;

	if (answer->nlmsg_type != RTM_NEWNETCONF ||
		nlmsg_parse((struct nlmsghdr *)answer, sizeof(struct netconfmsg),
			attributes, NETCONFA_MAX, NULL) < 0 ||
		!attributes[NETCONFA_RP_FILTER] ||
		nla_len(attributes[NETCONFA_RP_FILTER]) < (int)sizeof(uint32_t))
		return -EBADMSG;
	*value = (int)nla_get_u32(attributes[NETCONFA_RP_FILTER]);
	return 0;
}

static int read_netconf(struct nl_request *request, int ifindex, int *ret)
{
	_cleanup_(nl_msg_freep) struct nl_msg *message =
		nlmsg_alloc_simple(RTM_GETNETCONF, 0);
	struct netconfmsg header = { .ncm_family = AF_INET };

	if (!message ||
		nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
		nla_put_u32(message, NETCONFA_IFINDEX, (uint32_t)ifindex) < 0)
		return -ENOMEM;
	return nl_request_ask(request, nlmsg_hdr(message), 0, take_netconf, ret);
}

static int take_rp_filter(const struct record *record, void *userdata)
{
	int *value = userdata;

	if (record->kind != RECORD_LINK)
		return 0;
	if (!record->link.has_inet)
		return -EAFNOSUPPORT;
	*value = record->link.conf.value[DEVCONF_RP_FILTER];
	return 0;
}

int devconf_read_rp_filter(struct nl_request *request, int ifindex, int *ret)
{
	int r;

	if (ifindex == NETCONF_ALL || ifindex == NETCONF_DEFAULT)
		return procsys_read_rp_filter(ifindex, ret);
	if (ifindex <= 0)
		return -ENODEV;
	r = read_netconf(request, ifindex, ret);
	/* whether it is gone or has no IPv4, only the link shows on all kernels */
	if (r == -EINVAL || r == -ENODEV || r == -EBADMSG)
		r = nl_request_link(request, ifindex, take_rp_filter, ret);
	return r;
}
