/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/overlay.h"

static int value(const struct overlay *overlay, int ifindex, int otherwise)
{
	for (size_t i = 0; i < overlay->value_count; i++) {
		if (overlay->values[i].ifindex == ifindex)
			return overlay->values[i].rp_filter;
	}
	return otherwise;
}

struct rp_filter overlay_rp_filter(
	const struct overlay *overlay, const struct iface *iface)
{
	int all =
		value(overlay, NETCONF_ALL, overlay->state->all.value[DEVCONF_RP_FILTER]);
	int own = value(
		overlay, iface->link.ifindex, iface->link.conf.value[DEVCONF_RP_FILTER]);

	return (struct rp_filter){
		.effective = own > all ? own : all,
		.own = own,
		.all = all,
	};
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
