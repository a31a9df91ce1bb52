/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/boot_iface.h"

#include <stdio.h>
#include <string.h>

struct forecast_iface boot_iface(const struct iface *iface, const char *name)
{
	struct forecast_iface ret = { .loopback = strcmp(name, "lo") == 0 };

	(void)snprintf(ret.name, sizeof(ret.name), "%s", name);
	if (!iface)
		return ret;
	(void)snprintf(ret.kind, sizeof(ret.kind), "%s", iface->link.kind);
	ret.loopback = iface_is_loopback(iface);
	ret.numbered = iface->addrs.count > 0;
	return ret;
}
