/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/inet_conf.h"

#include <linux/ip.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>

bool inet_conf_set(const char *device, int rp_filter)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct rtnl_link *link = rtnl_link_alloc(), *change = rtnl_link_alloc();
	bool done = false;

	if (socket && link && change && nl_connect(socket, NETLINK_ROUTE) == 0) {
		rtnl_link_set_ifindex(link, (int)if_nametoindex(device));
		rtnl_link_inet_set_conf(
			change, IPV4_DEVCONF_RP_FILTER, (uint32_t)rp_filter);
		done = rtnl_link_change(socket, link, change, 0) == 0;
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	nl_socket_free(socket);
	return done;
}
