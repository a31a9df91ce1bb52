/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_link.h"

#include "change/change_address.h"
#include "change/change_carrier.h"
#include "state/state_apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* net/core/rtnetlink.c and the drivers, as far as IPv4 sees them */

#define MTU_INET 68 /* less, and a device has no IPv4 */
#define MTU_MOST 65535

#define ARPHRD_ETHER 1
#define ARPHRD_TUNNEL 768
#define ARPHRD_SIT 776
#define ARPHRD_IPGRE 778
#define ARPHRD_NONE 0xfffe

static uint16_t arphrd_of(const char *kind)
{
	static const struct {
		const char *kind;
		uint16_t arphrd;
	} kinds[] = { { "ipip", ARPHRD_TUNNEL }, { "vti", ARPHRD_TUNNEL },
		{ "gre", ARPHRD_IPGRE }, { "sit", ARPHRD_SIT }, { "tun", ARPHRD_NONE },
		{ "wireguard", ARPHRD_NONE }, { "xfrm", ARPHRD_NONE } };

	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].arphrd;
	}
	return ARPHRD_ETHER;
}

/* dev_valid_name(); a % would have the kernel find a number */
static int check_name(const struct change_job *job, const char *name)
{
	if (strchr(name, '%'))
		return change_leave(job, "a name with %% is the kernel's choice");
	if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		name[strcspn(name, "/: \t\n\v\f\r")])
		return change_refuse(job, -EINVAL, "%s is no name for a device", name);
	if (state_iface_by_name(job->state, name))
		return change_refuse(job, -EEXIST, "there is a device %s already", name);
	return 0;
}

/* --- masters ---------------------------------------------------------------------------------- */

static bool is_owner(const struct iface *iface)
{
	static const char *const owners[] = { "bridge", "bond", "team", "vrf" };

	for (size_t i = 0; i < ELEMENTS(owners); i++) {
		if (change_is_kind(iface, owners[i]))
			return true;
	}
	return false;
}

static bool carries_macvlan(const struct state *state, int ifindex)
{
	hash_each (&state->ifaces, slot) {
		const struct iface *iface = slot->value;

		if (iface->link.lower == ifindex &&
			(change_is_kind(iface, "macvlan") ||
				change_is_kind(iface, "ipvlan")))
			return true;
	}
	return false;
}

/* br_add_if(), vrf_add_slave() */
static int check_master(const struct change_job *job, const struct link_record *link,
	const struct iface *master)
{
	const char *name = master->link.name;

	if (link->master == master->link.ifindex)
		return 0;
	if (!is_owner(master))
		return change_refuse(job, -EOPNOTSUPP, "%s takes no ports", name);
	if (link->ifindex == master->link.ifindex)
		return change_refuse(job,
			change_is_kind(master, "bridge") ? -ELOOP : -EINVAL,
			"%s can't be in itself", name);
	if (link->flags & LINK_LOOPBACK)
		return change_refuse(job, -EINVAL, "%s does not take the loopback", name);
	if (change_is_kind(master, "vrf"))
		return strcmp(link->kind, "vrf") == 0
			       ? change_refuse(job, -EINVAL, "a VRF can't be in a VRF")
			       : 0;
	if (!change_is_kind(master, "bridge"))
		return change_leave(job, "whether %s takes it isn't known", name);
	if (link->arphrd != ARPHRD_ETHER)
		return change_refuse(job, -EINVAL, "a bridge takes Ethernet only");
	if (strcmp(link->kind, "bridge") == 0)
		return change_refuse(job, -ELOOP, "a bridge can't be in a bridge");
	if (carries_macvlan(job->state, link->ifindex))
		return change_refuse(job, -EBUSY, "a macvlan stands on it");
	return 0;
}

/* master NAME, nomaster, into a link as it is */
static int put_master(const struct change_job *job, struct link_record *link)
{
	const struct change_link *said = &job->change->link;
	const struct iface *master;
	int r;

	if (said->master[0]) {
		r = change_iface(job, said->master, &master);
		if (r == 0)
			r = check_master(job, link, master);
		if (r)
			return r;
		link->master = master->link.ifindex;
		snprintf(link->slave_kind, sizeof(link->slave_kind), "%s",
			master->link.kind);
	} else if (said->nomaster) {
		link->master = 0;
		link->slave_kind[0] = '\0';
	}
	return 0;
}

/* A device came to a bridge, or left one: that may have a carrier now, or none. */
static int follow_master(struct state *state, int master)
{
	const struct iface *iface = master ? state_iface(state, master) : NULL;
	struct link_record link;

	if (!iface || !change_is_kind(iface, "bridge"))
		return 0;
	link = iface->link;
	link.flags = change_flags(state, iface, iface_is_up(iface));
	if (!change_has_port(state, iface, LINK_UP | LINK_RUNNING))
		link.flags &= ~(LINK_RUNNING | LINK_LOWER_UP);
	return change_put_link(state, &link);
}

/* --- IPv4 comes and goes ---------------------------------------------------------------------- */

/* The least and the greatest MTU of a kind; lo, dummy and ifb have none. */
static int check_mtu(const struct change_job *job, const struct link_record *link)
{
	const struct iface *lower =
		link->lower ? state_iface(job->state, link->lower) : NULL;
	uint32_t mtu = job->change->link.mtu;

	if (link->flags & LINK_LOOPBACK || strcmp(link->kind, "dummy") == 0 ||
		strcmp(link->kind, "ifb") == 0)
		return 0;
	if (mtu < MTU_INET)
		return change_refuse(job, -EINVAL, "an MTU is %d at least", MTU_INET);
	if (mtu > MTU_MOST)
		return change_refuse(job, -EINVAL, "an MTU is %d at most", MTU_MOST);
	if (lower && strcmp(link->kind, "macvlan") == 0 && mtu > lower->link.mtu)
		return change_refuse(
			job, -EINVAL, "%s has a smaller MTU", lower->link.name);
	if (lower && strcmp(link->kind, "vlan") == 0 && mtu > lower->link.mtu)
		return change_refuse(
			job, -ERANGE, "%s has a smaller MTU", lower->link.name);
	return 0;
}

/* A device loses its IPv4, addresses first, or has it again as default has it. */
static int put_inet(struct state *state, int ifindex, bool on)
{
	const struct record record = { .kind = on ? RECORD_NETCONF : RECORD_NETCONF_GONE,
		.netconf = { .ifindex = ifindex,
			.has = on ? UINT64_MAX : 0,
			.conf = state->conf_default } };
	int r = on ? 0 : change_addresses_flush(state, ifindex);

	return r < 0 ? r : state_apply(state, &record);
}

static int put_mtu(struct state *state, struct link_record *link)
{
	const struct iface *iface = state_iface(state, link->ifindex);
	bool inet = link->mtu >= MTU_INET;
	int r = 0;

	if (iface->link.has_inet != inet)
		r = put_inet(state, link->ifindex, inet);
	link->has_inet = iface->link.has_inet;
	link->conf = link->has_inet ? iface->link.conf : (struct devconf){ 0 };
	return r;
}

/* --- set -------------------------------------------------------------------------------------- */

static int check_set(const struct change_job *job, const struct link_record *link)
{
	const struct change_link *said = &job->change->link;
	int r = said->mtu ? check_mtu(job, link) : 0;

	if (r)
		return r;
	if (said->new_name[0] && strcmp(said->new_name, link->name) != 0) {
		r = check_name(job, said->new_name);
		if (r)
			return r;
		if (link->flags & LINK_UP && !state_kernel_has(job->state, 6, 2))
			return change_refuse(
				job, -EBUSY, "only a device that is down is renamed");
	}
	if ((said->carrier_on || said->carrier_off) && strcmp(link->kind, "dummy") != 0 &&
		strcmp(link->kind, "tun") != 0)
		return change_refuse(
			job, -EOPNOTSUPP, "its carrier is not to be set by hand");
	return 0;
}

/* macvlan_open() and vlan_dev_open() */
static int check_up(const struct change_job *job, const struct link_record *link)
{
	const struct iface *lower =
		link->lower ? state_iface(job->state, link->lower) : NULL;

	if (strcmp(link->kind, "vlan") == 0 && lower && !iface_is_up(lower))
		return change_refuse(job, -ENETDOWN, "%s is down", lower->link.name);
	return 0;
}

static void put_flags(
	const struct change_job *job, const struct iface *iface, struct link_record *link)
{
	const struct change_link *said = &job->change->link;

	if (said->down)
		link->flags = change_flags(job->state, iface, false);
	else if (said->up && !(link->flags & LINK_UP))
		link->flags = change_flags(job->state, iface, true);
	if (said->carrier_off)
		link->flags &= ~(LINK_RUNNING | LINK_LOWER_UP);
	if (said->carrier_on && link->flags & LINK_UP)
		link->flags |= CHANGE_ALIVE;
}

static int leave_namespace(const struct change_job *job, const struct iface *iface);

static int set_link(const struct change_job *job, const struct iface *iface)
{
	const struct change_link *said = &job->change->link;
	struct link_record link = iface->link;
	int was_master = link.master, r;

	r = check_set(job, &link);
	if (r == 0)
		r = put_master(job, &link);
	if (r == 0 && said->up && !(link.flags & LINK_UP))
		r = check_up(job, &link);
	if (r)
		return r;
	if (said->netns)
		return leave_namespace(job, iface);
	if (said->new_name[0])
		snprintf(link.name, sizeof(link.name), "%s", said->new_name);
	if (said->has_group)
		link.group = said->group;
	if (said->mtu) {
		link.mtu = said->mtu;
		r = put_mtu(job->state, &link);
	}
	put_flags(job, iface, &link);
	if (r >= 0)
		r = change_put_link(job->state, &link);
	if (r >= 0 && was_master != link.master)
		r = follow_master(job->state, was_master);
	return r < 0 ? r : follow_master(job->state, link.master);
}

/* --- add -------------------------------------------------------------------------------------- */

static int next_ifindex(const struct state *state)
{
	int highest = 0;

	hash_each (&state->ifaces, slot) {
		const struct iface *iface = slot->value;

		if (iface->link.ifindex > highest)
			highest = iface->link.ifindex;
	}
	return highest + 1;
}

static bool needs_lower(const char *kind)
{
	return strcmp(kind, "macvlan") == 0 || strcmp(kind, "vlan") == 0 ||
	       strcmp(kind, "ipvlan") == 0 || strcmp(kind, "macsec") == 0;
}

/* macvlan_common_newlink(), vlan_check_real_dev() */
static int check_lower(const struct change_job *job, const struct iface **ret)
{
	const struct change_link *said = &job->change->link;
	const struct iface *lower;
	int r;

	*ret = NULL;
	if (!said->lower[0])
		return needs_lower(said->kind)
			       ? change_refuse(job, -EINVAL, "a %s needs: link NAME",
					 said->kind)
			       : 0;
	r = change_iface(job, said->lower, &lower);
	if (r < 0)
		return r;
	if (strcmp(said->kind, "macvlan") == 0 && change_is_kind(lower, "macvlan") &&
		state_iface(job->state, lower->link.lower))
		lower = state_iface(job->state, lower->link.lower);
	if (strcmp(said->kind, "macvlan") == 0 &&
		(lower->link.arphrd != ARPHRD_ETHER || iface_is_loopback(lower)))
		return change_refuse(job, -EINVAL, "%s is no Ethernet", said->lower);
	if (strcmp(said->kind, "vlan") == 0 && change_is_kind(lower, "vrf"))
		return change_refuse(
			job, -EOPNOTSUPP, "%s carries no VLANs", said->lower);
	/* 7.2 refuses a tun device, older kernels take it */
	if (strcmp(said->kind, "vlan") == 0 && lower->link.arphrd != ARPHRD_ETHER)
		return change_leave(job,
			"whether %s carries VLANs isn't known: it is no Ethernet",
			said->lower);
	if (strcmp(said->kind, "macvlan") == 0 && iface_is_port(lower))
		return change_refuse(job, -EBUSY, "%s is a port", said->lower);
	*ret = lower;
	return 0;
}

/* A link as it is born, down */
static struct link_record born(const struct state *state, const struct change_link *said,
	const char *name, int ifindex)
{
	struct link_record link = { .ifindex = ifindex,
		.mtu = said->mtu ? said->mtu : 1500,
		.arphrd = arphrd_of(said->kind),
		.group = said->group,
		.vrf_table = said->vrf_table,
		.tunnel = { .known = said->remote || said->external,
			.remote = said->remote,
			.external = said->external } };

	snprintf(link.name, sizeof(link.name), "%s", name);
	snprintf(link.kind, sizeof(link.kind), "%s", said->kind);
	link.has_inet = link.mtu >= MTU_INET;
	if (link.has_inet)
		link.conf = state->conf_default;
	return link;
}

/* The rule for VRFs, which the kernel adds with the first of them (vrf_newlink()); whether there was
 * one that went is not known. */
static int add_vrf_rule(struct state *state)
{
	const struct record record = { .kind = RECORD_RULE,
		.rule = { .priority = 1000,
			.action = RULE_TABLE,
			.l3mdev = true,
			.protocol = PROTO_KERNEL,
			.suppress_len = -1,
			.suppress_group = -1 } };

	array_each (&state->rules, const struct state_rule, known)
		if (rule_equal(&known->rule, &record.rule))
			return 0;
	hash_each (&state->ifaces, slot) {
		if (change_is_kind(slot->value, "vrf"))
			return 0;
	}
	return state_apply(state, &record);
}

/* The name of a veth's other end, where none was said: veth0 or the next that is free */
static int name_peer(const struct change_job *job, char name[static NAME_MAX_])
{
	const struct change_link *said = &job->change->link;
	int r = 0;

	if (said->peer[0]) {
		r = check_name(job, said->peer);
		snprintf(name, NAME_MAX_, "%s", said->peer);
		if (r == 0 && strcmp(said->peer, said->name) == 0)
			r = change_refuse(job, -EEXIST, "both ends have one name");
		return r;
	}
	for (int i = 0; i < INT16_MAX; i++) {
		snprintf(name, NAME_MAX_, "veth%d", i);
		if (!state_iface_by_name(job->state, name) &&
			strcmp(name, said->name) != 0)
			break;
	}
	return 0;
}

struct newborn {
	struct link_record link, peer; /* peer.ifindex 0: it has none here */
};

/* The indices of a new device and of its other end, which the kernel makes first */
static int number_links(const struct change_job *job, struct newborn *newborn, bool peer)
{
	const struct change_link *said = &job->change->link;
	int next = next_ifindex(job->state);

	if (peer) {
		newborn->peer.ifindex = said->peer_index ? said->peer_index : next++;
		newborn->peer.lower = 0;
	}
	newborn->link.ifindex = said->index ? said->index : next;
	if (state_iface(job->state, newborn->link.ifindex) ||
		(peer && (state_iface(job->state, newborn->peer.ifindex) ||
				 newborn->peer.ifindex == newborn->link.ifindex)))
		return change_refuse(
			job, -EEXIST, "there is a device of this index already");
	return 0;
}

static int check_add(const struct change_job *job, struct newborn *newborn)
{
	const struct change_link *said = &job->change->link;
	bool peer = strcmp(said->kind, "veth") == 0 && !said->peer_away;
	char name[NAME_MAX_] = "";
	const struct iface *lower;
	int r = check_name(job, said->name);

	if (r == 0)
		r = check_lower(job, &lower);
	if (r == 0 && peer)
		r = name_peer(job, name);
	if (r)
		return r;
	if (strcmp(said->kind, "vrf") == 0 && !said->vrf_table)
		return change_refuse(job, -EINVAL, "a VRF needs its table");
	newborn->link = born(job->state, said, said->name, 0);
	newborn->link.lower = lower ? lower->link.ifindex : 0;
	newborn->peer = born(job->state, said, name, 0);
	r = number_links(job, newborn, peer);
	if (r == 0 && said->mtu)
		r = check_mtu(job, &newborn->link);
	if (r == 0)
		r = put_master(job, &newborn->link);
	return r;
}

static int add_link(const struct change_job *job)
{
	const struct change_link *said = &job->change->link;
	struct newborn newborn = { 0 };
	struct link_record *link = &newborn.link, *peer = &newborn.peer;
	struct link_record before;
	int r = check_add(job, &newborn);

	if (r)
		return r;
	if (peer->ifindex) {
		peer->lower = link->ifindex;
		link->lower = peer->ifindex;
		r = change_put_link(job->state, peer);
	}
	if (r >= 0 && strcmp(link->kind, "vrf") == 0)
		r = add_vrf_rule(job->state);
	before = *link;
	if (r >= 0)
		r = change_put_link(job->state, &before);
	if (r < 0 || !said->up)
		return r < 0 ? r : 0;
	put_flags(job, state_iface(job->state, link->ifindex), link);
	r = change_put_link(job->state, link);
	return r < 0 ? r : follow_master(job->state, link->master);
}

/* --- del -------------------------------------------------------------------------------------- */

static int put_gone(struct state *state, const struct link_record *link)
{
	struct record record = { .kind = RECORD_LINK_GONE, .link = *link };

	return state_apply(state, &record);
}

/* Those that are in it are in nothing any more. */
static int free_ports(struct state *state, int master)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = state_ifaces(state, &ifaces, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct link_record link = ifaces[i]->link;

		if (link.master != master)
			continue;
		link.master = 0;
		link.slave_kind[0] = '\0';
		r = change_put_link(state, &link);
	}
	return r;
}

/* One device is unregistered, whatever stands on it went before. away: the other end of a veth
 * stays, and what stands on it. */
static int unregister(struct state *state, const struct link_record *link)
{
	int r = free_ports(state, link->ifindex);

	/* another device's routes may prefer an address that is local by this one alone */
	if (r >= 0)
		r = change_addresses_flush(state, link->ifindex);
	if (r >= 0)
		r = put_gone(state, link);
	return r < 0 ? r : follow_master(state, link->master);
}

/* A device that goes along with one that is deleted, 0: none (any more). */
static int goes_along(const struct state *state, const struct link_record *link)
{
	hash_each (&state->ifaces, slot) {
		const struct iface *iface = slot->value;

		if (iface->link.ifindex == link->ifindex)
			continue;
		if (change_stands_on(iface, link->ifindex) ||
			(change_is_kind(iface, "vxlan") &&
				iface->link.lower == link->ifindex) ||
			(change_is_kind(iface, "veth") &&
				iface->link.lower == link->ifindex))
			return iface->link.ifindex;
	}
	return 0;
}

static int delete_with_all(struct state *state, struct link_record link)
{
	int along, r;

	r = unregister(state, &link);
	while (r >= 0 && (along = goes_along(state, &link)))
		r = delete_with_all(state, state_iface(state, along)->link);
	return r;
}

static bool is_fallback(const struct link_record *link)
{
	static const struct {
		const char *name, *kind;
	} all[] = { { "tunl0", "ipip" }, { "gre0", "gre" }, { "gretap0", "gretap" },
		{ "sit0", "sit" }, { "ip_vti0", "vti" }, { "erspan0", "erspan" } };

	for (size_t i = 0; i < ELEMENTS(all); i++) {
		if (strcmp(link->name, all[i].name) == 0 &&
			strcmp(link->kind, all[i].kind) == 0)
			return true;
	}
	return false;
}

static int del_link(const struct change_job *job, const struct iface *iface)
{
	int r;

	if (!iface->link.kind[0])
		return change_refuse(
			job, -EOPNOTSUPP, "it is no device that can be deleted");
	/* the kernel says yes, and leaves it where it is */
	if (is_fallback(&iface->link))
		return 0;
	r = delete_with_all(job->state, iface->link);
	return r < 0 ? r : 0;
}

/* Everybody who stood on it stands on nothing that is here. */
static int cut_off(struct state *state, const struct link_record *link)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = state_ifaces(state, &ifaces, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct link_record other = ifaces[i]->link;

		if (other.lower != link->ifindex)
			continue;
		other.lower = 0;
		if (strcmp(other.kind, "veth") == 0 ||
			change_stands_on(ifaces[i], link->ifindex))
			other.flags &= ~(LINK_RUNNING | LINK_LOWER_UP);
		r = change_put_link(state, &other);
	}
	return r;
}

static int leave_namespace(const struct change_job *job, const struct iface *iface)
{
	static const char *const local[] = { "bridge", "vrf", "bond", "team" };
	const struct link_record link = iface->link;
	int r;

	for (size_t i = 0; i < ELEMENTS(local); i++) {
		if (change_is_kind(iface, local[i]))
			return change_refuse(
				job, -EINVAL, "a %s stays in its namespace", local[i]);
	}
	if (iface_is_loopback(iface) || is_fallback(&link))
		return change_refuse(
			job, -EINVAL, "%s stays in its namespace", link.name);
	if (job->change->link.new_name[0] || job->change->link.master[0])
		return change_leave(job, "only one thing at a time, with netns");
	r = unregister(job->state, &link);
	return r < 0 ? r : cut_off(job->state, &link);
}

int change_apply_link(const struct change_job *job)
{
	const struct iface *iface;
	int r;

	if (job->change->verb == CHANGE_ADD)
		return add_link(job);
	r = change_iface(job, job->change->link.name, &iface);
	if (r < 0)
		return r;
	return job->change->verb == CHANGE_DEL ? del_link(job, iface)
					       : set_link(job, iface);
}
