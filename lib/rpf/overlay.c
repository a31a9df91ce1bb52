/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/overlay.h"

static int value(const struct view *view, int ifindex, int otherwise)
{
	for (size_t i = 0; i < view->value_count; i++) {
		if (view->values[i].ifindex == ifindex)
			return view->values[i].rp_filter;
	}
	return otherwise;
}

struct rp_filter view_rp_filter(const struct view *view, const struct iface *iface)
{
	int all = value(view, NETCONF_ALL, view->state->all.value[DEVCONF_RP_FILTER]);
	int own = value(
		view, iface->link.ifindex, iface->link.conf.value[DEVCONF_RP_FILTER]);

	return (struct rp_filter){
		.effective = own > all ? own : all,
		.own = own,
		.all = all,
	};
}

int view_default(const struct view *view)
{
	return value(
		view, NETCONF_DEFAULT, view->state->template.value[DEVCONF_RP_FILTER]);
}

bool view_kernel_has(const struct view *view, unsigned int major, unsigned int minor)
{
	return state_kernel_has(view->state, major, minor);
}
