/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/inet_conf.h"

#include "state/devconf.h"

#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <string.h>

bool inet_conf_put(const char *device, unsigned int key, int value)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct rtnl_link *link = rtnl_link_alloc(), *change = rtnl_link_alloc();
	bool done = false;

	if (socket && link && change && nl_connect(socket, NETLINK_ROUTE) == 0) {
		rtnl_link_set_ifindex(link, (int)if_nametoindex(device));
		/* the kernel counts from 1 in what is written, from 0 in what is read */
		done = rtnl_link_inet_set_conf(change, key + 1, (uint32_t)value) == 0 &&
		       rtnl_link_change(socket, link, change, 0) == 0;
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	nl_socket_free(socket);
	return done;
}

bool inet_conf_set(const char *device, const char *name, int value)
{
	for (unsigned int key = 0; key < DEVCONF_COUNT; key++) {
		const char *known = devconf_name(key);

		if (known && strcmp(known, name) == 0)
			return inet_conf_put(device, key, value);
	}
	return false;
}
