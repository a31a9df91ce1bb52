/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_nexthop.h"

#include "change/change_route.h"
#include "rpf/lookup_flow.h"
#include "state/state_apply.h"

#include <errno.h>

/* net/ipv4/nexthop.c */

static int check_group(const struct change_job *job)
{
	const struct change *change = job->change;
	size_t count = change->member_count;

	if (change->nexthop.blackhole || change->hops[0].dev[0] ||
		change->hops[0].nexthop.gw_family)
		return change_refuse(job, -EINVAL,
			"a group has neither device nor gateway, and is no blackhole");
	for (size_t i = 0; i < count; i++) {
		uint32_t id = change->members[i].id;
		const struct nexthop_obj *member = state_nexthop_obj(job->state, id);

		if (!change->members[i].weight)
			return change_refuse(job, -EINVAL, "a weight is 1 at least");
		for (size_t k = 0; k < i; k++) {
			if (change->members[k].id == id)
				return change_refuse(
					job, -EINVAL, "nexthop %u is in it twice", id);
		}
		if (!member)
			return change_refuse(job, -EINVAL, "there is no nexthop %u", id);
		if (member->member_count)
			return change_refuse(
				job, -EINVAL, "nexthop %u is a group itself", id);
		if (member->blackhole && count > 1)
			return change_refuse(job, -EINVAL,
				"nexthop %u is a blackhole: it must be alone", id);
		if (member->fdb != change->nexthop.fdb)
			return change_refuse(job, -EINVAL,
				"nexthop %u is for fdb, or the group is: not both", id);
	}
	return 0;
}

/* A blackhole is on the loopback. */
static int check_loopback(const struct change_job *job)
{
	const struct iface *lo = state_iface(job->state, IFINDEX_LO);

	if (!lo || !lo->link.has_inet)
		return change_refuse(job, -ENODEV, "the loopback has no IPv4");
	if (!iface_is_up(lo))
		return change_refuse(job, -ENETDOWN, "the loopback is down");
	return 0;
}

/* rtm_to_nh_config(), nh_create_ipv4() */
static int check_single(const struct change_job *job, struct nexthop *hop)
{
	const struct change *change = job->change;
	const struct change_hop *said = &change->hops[0];
	const struct iface *iface = NULL, *vrf;
	int r = said->dev[0] ? change_iface(job, said->dev, &iface) : 0;

	*hop = said->nexthop;
	if (r < 0)
		return r;
	if (change->nexthop.blackhole) {
		if (iface || hop->gw_family || change->nexthop.fdb)
			return change_refuse(job, -EINVAL,
				"a blackhole has neither device nor gateway");
		return check_loopback(job);
	}
	if (change->nexthop.fdb) {
		if (iface || !hop->gw_family)
			return change_refuse(
				job, -EINVAL, "fdb takes a gateway and no device");
		return 0;
	}
	if (!iface)
		return change_refuse(job, -EINVAL, "it needs a device");
	if (!iface_is_up(iface))
		return change_refuse(job, -ENETDOWN, "%s is down", said->dev);
	if (!(iface->link.flags & LINK_LOWER_UP))
		return change_refuse(job, -ENETDOWN, "%s has no carrier", said->dev);
	if (hop->onlink && !hop->gw_family)
		return change_refuse(job, -EINVAL, "onlink needs a gateway");
	hop->oif = iface->link.ifindex;
	vrf = state_vrf(job->state, iface);
	return change_check_hop(
		job, vrf ? vrf->link.vrf_table : TABLE_MAIN, 0, said, hop);
}

/* A route that uses a nexthop object, NULL where none does; fib_check_nh_list() asks the first. */
static const struct fib_info *find_user(const struct state *state, uint32_t id)
{
	hash_each (&state->tables, table) {
		const struct fib_group *group =
			fib_related(table->value, FIB_NEXTHOP, id);

		if (!group)
			continue;
		hash_each (&group->lists, slot) {
			const struct fib_list *list = slot->value;

			for (uint32_t i = 0; i < list->count; i++) {
				if (list->infos[i]->nhid == id)
					return list->infos[i];
			}
		}
	}
	return NULL;
}

/* Whether the routes that use `id` are well with the new nexthop: nexthop_check_scope() */
static int check_users(
	const struct change_job *job, uint32_t id, const struct nexthop *hop)
{
	const struct fib_info *info = find_user(job->state, id);

	if (!info)
		return 0;
	if (info->scope == SCOPE_HOST && (hop->gw_family || job->change->member_count))
		return change_refuse(job, -EINVAL,
			"a route of scope host uses it, which can have no gateway");
	if (hop->onlink && info->scope >= SCOPE_LINK)
		return change_refuse(
			job, -EINVAL, "a route that uses it has another scope");
	if (job->change->nexthop.fdb)
		return change_refuse(job, -EINVAL, "a route uses it");
	return 0;
}

static bool is_member(const struct nexthop_obj *group, uint32_t id)
{
	for (size_t i = 0; i < group->member_count; i++) {
		if (group->members[i].id == id)
			return true;
	}
	return false;
}

/* replace_nexthop() */
static int check_replace(const struct change_job *job, const struct nexthop_obj *known,
	const struct nexthop *hop)
{
	const struct change *change = job->change;
	int r = check_users(job, known->id, hop);

	hash_each (&job->state->nexthop_objs, slot) {
		const struct nexthop_obj *group = slot->value;

		if (r || !is_member(group, known->id))
			continue;
		if (change->nexthop.blackhole && group->member_count > 1)
			r = change_refuse(job, -EINVAL,
				"group %u has it, and others: no blackhole may be among them",
				group->id);
		else
			r = check_users(job, group->id, hop);
	}
	if (!r && known->member_count && !change->member_count)
		r = change_refuse(
			job, -EINVAL, "a group can be replaced by a group only");
	if (!r && !known->member_count && change->member_count)
		r = change_refuse(job, -EINVAL, "a group replaces only a group");
	return r;
}

static int put_nexthop(const struct change_job *job)
{
	const struct change *change = job->change;
	const struct nexthop_obj *known =
		state_nexthop_obj(job->state, change->nexthop.id);
	struct record record = { .kind = RECORD_NEXTHOP, .nexthop_obj = change->nexthop };
	struct nexthop *hop = &record.nexthop_obj.nexthop;
	int r;

	r = change->member_count ? check_group(job) : check_single(job, hop);
	if (r)
		return r;
	if (change->member_count)
		*hop = (struct nexthop){ .weight = 1 };
	if (known && change->verb == CHANGE_ADD)
		return change_refuse(job, -EEXIST, "there is such a nexthop already");
	r = known ? check_replace(job, known, hop) : 0;
	if (r)
		return r;
	record.nexthop_obj.members = change->member_count ? change->members : NULL;
	record.nexthop_obj.member_count = change->member_count;
	r = state_apply(job->state, &record);
	return r < 0 ? r : 0;
}

static int del_nexthop(const struct change_job *job)
{
	const struct record record = { .kind = RECORD_NEXTHOP_GONE,
		.nexthop_obj = { .id = job->change->nexthop.id } };
	int r;

	if (!state_nexthop_obj(job->state, job->change->nexthop.id))
		return change_refuse(job, -ENOENT, "there is no such nexthop");
	r = state_apply(job->state, &record);
	return r < 0 ? r : 0;
}

int change_apply_nexthop(const struct change_job *job)
{
	return job->change->verb == CHANGE_DEL ? del_nexthop(job) : put_nexthop(job);
}
