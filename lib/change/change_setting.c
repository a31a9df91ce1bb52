/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_setting.h"

#include "state/state_apply.h"

#include <errno.h>
#include <string.h>

/* net/ipv4/devinet.c: devinet_conf_proc(), devinet_sysctl_forward() */

/* Returns the key of a setting that a verdict or a later change looks at, -1: none. */
static int key_of(const char *name)
{
	for (unsigned int key = 0; key < DEVCONF_COUNT; key++) {
		const char *known = devconf_name(key);

		if (known && strcmp(known, name) == 0)
			return (int)key;
	}
	return -1;
}

static bool is_of_all(const struct change_setting *setting)
{
	return strcmp(setting->name, "all") == 0;
}

static bool is_of_default(const struct change_setting *setting)
{
	return strcmp(setting->name, "default") == 0;
}

bool change_is_idle(const struct change *change)
{
	const struct change_setting *setting = &change->setting;

	if (change->object != CHANGE_SETTING)
		return false;
	if (!setting->name[0])
		return strcmp(setting->key, "nexthop_compat_mode") == 0;
	return key_of(setting->which) < 0;
}

static int put_value(struct state *state, int ifindex, int key, int value)
{
	struct record record = { .kind = RECORD_NETCONF,
		.netconf = { .ifindex = ifindex, .has = UINT64_C(1) << key } };

	record.netconf.conf.value[key] = value;
	return state_apply(state, &record);
}

/* inet_forward_change(): what all has every device gets, and those to come */
static int put_forwarding(struct state *state, int value)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = state_ifaces(state, &ifaces, &count);

	if (r < 0 || state->all.value[DEVCONF_FORWARDING] == value)
		return r;
	r = put_value(state, NETCONF_ALL, DEVCONF_FORWARDING, value);
	if (r >= 0)
		r = put_value(state, NETCONF_DEFAULT, DEVCONF_FORWARDING, value);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (ifaces[i]->link.has_inet)
			r = put_value(state, ifaces[i]->link.ifindex, DEVCONF_FORWARDING,
				value);
	}
	return r < 0 ? r : 0;
}

/* Whether default hands this setting on (docs/kernel.md 3.3). */
static bool is_handed_on(const struct state *state, int key)
{
	if (key == DEVCONF_FORWARDING || key == DEVCONF_MC_FORWARDING)
		return false;
	return key != DEVCONF_ROUTE_LOCALNET || state_kernel_has(state, 7, 2);
}

/*
 * Whether a value of default may reach an interface. It does not where the setting was ever set: an
 * address set all, and what differs from default was written. Else nobody can tell.
 */
static bool may_follow(const struct state *state, const struct iface *iface, int key)
{
	return iface->link.has_inet && !iface->addrs.count &&
	       iface->link.conf.value[key] == state->conf_default.value[key];
}

static int put_default(const struct change_job *job, int key)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	int value = job->change->setting.value, r;
	size_t count;

	r = state_ifaces(job->state, &ifaces, &count);
	if (r < 0 || job->state->conf_default.value[key] == value)
		return r;
	for (size_t i = 0; is_handed_on(job->state, key) && i < count; i++) {
		if (may_follow(job->state, ifaces[i], key))
			return change_leave(job,
				"whether %s follows default isn't known: it does unless its own value was ever written",
				ifaces[i]->link.name);
	}
	r = put_value(job->state, NETCONF_DEFAULT, key, value);
	return r < 0 ? r : 0;
}

static int put_own(const struct change_job *job, int key)
{
	const struct change_setting *setting = &job->change->setting;
	const struct iface *iface = state_iface_by_name(job->state, setting->name);
	int r;

	if (!iface || !iface->announced)
		return change_refuse(
			job, -ENOENT, "there is no device %s", setting->name);
	if (!iface->link.has_inet)
		return change_refuse(job, -ENOENT, "%s has no IPv4: its MTU is below 68",
			setting->name);
	if (key < 0)
		return 0;
	r = put_value(job->state, iface->link.ifindex, key, setting->value);
	return r < 0 ? r : 0;
}

int change_apply_setting(const struct change_job *job)
{
	const struct change_setting *setting = &job->change->setting;
	int key, r;

	if (strcmp(setting->key, "ip_forward") == 0)
		return put_forwarding(job->state, setting->value);
	if (!setting->name[0])
		return change_is_idle(job->change)
			       ? 0
			       : change_leave(
					 job, "only ip_forward and conf.* are known");
	key = key_of(setting->which);
	if (key == DEVCONF_MC_FORWARDING)
		return change_refuse(job, -EACCES, "only a multicast router sets it");
	if (!is_of_all(setting) && !is_of_default(setting))
		return put_own(job, key);
	if (key < 0)
		return 0;
	if (is_of_default(setting))
		return put_default(job, key);
	if (key == DEVCONF_FORWARDING)
		return put_forwarding(job->state, setting->value);
	r = put_value(job->state, NETCONF_ALL, key, setting->value);
	return r < 0 ? r : 0;
}
