/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/iface.h"

#include <stdlib.h>
#include <string.h>

struct iface *iface_new(int ifindex)
{
	struct iface *iface = calloc(1, sizeof(*iface));

	if (iface)
		iface->link.ifindex = ifindex;
	return iface;
}

void iface_free(struct iface *iface)
{
	if (!iface)
		return;
	array_done(&iface->addrs);
	free(iface);
}

bool iface_is_port(const struct iface *iface)
{
	const char *kind = iface->link.slave_kind;

	return iface->link.master &&
	       (strcmp(kind, "bridge") == 0 || strcmp(kind, "bond") == 0 ||
		       strcmp(kind, "team") == 0);
}

const char *iface_kind(const struct iface *iface)
{
	return iface->link.kind[0] ? iface->link.kind : "device";
}

struct addr_record *iface_addr(const struct iface *iface, const struct addr_record *addr)
{
	array_each (&iface->addrs, struct addr_record, known) {
		if (known->local.host == addr->local.host && known->len == addr->len &&
			known->peer.host == addr->peer.host)
			return known;
	}
	return NULL;
}
