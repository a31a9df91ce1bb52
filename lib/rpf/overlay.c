/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/overlay.h"

#include "net/kernel_version.h"

static int value(const struct overlay *overlay, int ifindex, int otherwise)
{
	for (size_t i = 0; i < overlay->value_count; i++) {
		if (overlay->values[i].ifindex == ifindex)
			return overlay->values[i].rp_filter;
	}
	return otherwise;
}

struct rp_filter rp_filter_combine(uint32_t kernel, int own, int all)
{
	struct rp_filter filter = { .own = own, .all = all };

	filter.both = kernel && kernel < kernel_version(2, 6, 31);
	if (filter.both)
		filter.effective = own && all;
	else
		filter.effective = own > all ? own : all;
	return filter;
}

bool rp_filter_was_off(const struct rp_filter *filter)
{
	return !rp_filter_combine(kernel_version(2, 6, 30), filter->own, filter->all)
			.effective;
}

struct rp_filter overlay_rp_filter(
	const struct overlay *overlay, const struct iface *iface)
{
	int all =
		value(overlay, NETCONF_ALL, overlay->state->all.value[DEVCONF_RP_FILTER]);
	int own = value(
		overlay, iface->link.ifindex, iface->link.conf.value[DEVCONF_RP_FILTER]);

	return rp_filter_combine(overlay->state->kernel, own, all);
}

bool overlay_zero_is_off(const struct overlay *overlay, int all)
{
	return !rp_filter_combine(overlay->state->kernel, 0, all).effective;
}

int overlay_default(const struct overlay *overlay)
{
	return value(overlay, NETCONF_DEFAULT,
		overlay->state->conf_default.value[DEVCONF_RP_FILTER]);
}

bool overlay_kernel_has(
	const struct overlay *overlay, unsigned int major, unsigned int minor)
{
	return state_kernel_has(overlay->state, major, minor);
}

bool overlay_kernel_has_patch(const struct overlay *overlay, unsigned int major,
	unsigned int minor, unsigned int patch)
{
	return state_kernel_has_patch(overlay->state, major, minor, patch);
}
