/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/iface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct iface *iface_new(int ifindex)
{
	struct iface *iface = calloc(1, sizeof(*iface));

	if (iface)
		iface->link.ifindex = ifindex;
	return iface;
}

struct iface *iface_copy(const struct iface *iface)
{
	_cleanup_(iface_freep) struct iface *copy = iface_new(iface->link.ifindex);

	if (!copy || array_copy(&copy->addrs, &iface->addrs) < 0)
		return NULL;
	copy->link = iface->link;
	copy->announced = iface->announced;
	return take_ptr(copy);
}

void iface_free(struct iface *iface)
{
	if (!iface)
		return;
	array_done(&iface->addrs);
	free(iface);
}

bool link_equal(const struct link_record *a, const struct link_record *b)
{
	return a->ifindex == b->ifindex && a->flags == b->flags &&
	       a->arphrd == b->arphrd && a->master == b->master && a->lower == b->lower &&
	       a->group == b->group && a->mtu == b->mtu && a->has_inet == b->has_inet &&
	       a->vrf_table == b->vrf_table && a->tunnel.known == b->tunnel.known &&
	       a->tunnel.remote == b->tunnel.remote &&
	       a->tunnel.external == b->tunnel.external &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->kind, b->kind) == 0 &&
	       strcmp(a->slave_kind, b->slave_kind) == 0 &&
	       memcmp(a->conf.value, b->conf.value, sizeof(a->conf.value)) == 0;
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

int iface_addr_prefixes(const struct iface *iface, struct addr_prefixes *ret)
{
	array_each (&iface->addrs, const struct addr_record, addr) {
		const struct prefix4 net = prefix4(addr->peer, addr->len), own[] = { net,
			prefix4(addr->local, 32), prefix4(addr->broadcast, 32),
			prefix4(net.addr, 32), prefix4(ip4(prefix4_last(net)), 32) };

		for (size_t i = 0; i < ELEMENTS(own); i++) {
			if (array_push(&ret->list, &own[i]) < 0)
				return -ENOMEM;
		}
	}
	return 0;
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
