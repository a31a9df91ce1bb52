/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/devconf.h"

#include "base/cleanup.h"

static const char *const names[DEVCONF_COUNT] = {
	[DEVCONF_FORWARDING] = "forwarding",
	[DEVCONF_MC_FORWARDING] = "mc_forwarding",
	[DEVCONF_SEND_REDIRECTS] = "send_redirects",
	[DEVCONF_RP_FILTER] = "rp_filter",
	[DEVCONF_LOG_MARTIANS] = "log_martians",
	[DEVCONF_ARP_IGNORE] = "arp_ignore",
	[DEVCONF_PROMOTE_SECONDARIES] = "promote_secondaries",
	[DEVCONF_ACCEPT_LOCAL] = "accept_local",
	[DEVCONF_SRC_VALID_MARK] = "src_valid_mark",
	[DEVCONF_ROUTE_LOCALNET] = "route_localnet",
	[DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN] = "ignore_routes_with_linkdown",
	[DEVCONF_BC_FORWARDING] = "bc_forwarding",
};

const char *devconf_name(unsigned int key)
{
	return key < ELEMENTS(names) ? names[key] : NULL;
}
