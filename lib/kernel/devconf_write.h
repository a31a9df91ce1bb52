/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_request.h"

/*
 * rp_filter as the kernel has it now, and as it is to be. An interface's is read and written
 * by RTM_GETLINK and RTM_SETLINK with IFLA_INET_CONF: by index, so that no other interface can
 * be changed by its name, with CAP_NET_ADMIN alone, and where /proc/sys is read-only
 * (docs/kernel.md 5.3). Those of `all` and `default` (NETCONF_ALL, NETCONF_DEFAULT) are
 * read and written in /proc/sys.
 *
 * From 7.1 on RTM_SETLINK takes 0 to 2 alone. Another value is written in /proc/sys, by the name
 * that the interface has at that moment.
 *
 * A write to a link that is down may be unannounced: whoever keeps a state reads it again.
 */

/*
 * Returns 0; 1 where this kernel takes the value by /proc/sys alone, which can't be written, and
 * the one of 0 to 2 was written that acts the same; -EPERM without CAP_NET_ADMIN over this
 * namespace; -ENODEV for an interface that is gone; -EAFNOSUPPORT for one without IPv4; of all and
 * default -EACCES or -EPERM without the right, -EROFS where /proc/sys is read-only; or another
 * negative errno.
 */
int devconf_write_rp_filter(struct nl_request *request, int ifindex, int value);

/* Returns 0, -ENODEV, -EAFNOSUPPORT, or another negative errno. */
int devconf_read_rp_filter(struct nl_request *request, int ifindex, int *ret);
