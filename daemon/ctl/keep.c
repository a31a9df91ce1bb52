/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/keep.h"

#include <stdio.h>
#include <string.h>

/* What is in force behind the remedy; false where it sets nothing on the interface. */
static bool remedied(const struct finding *finding, int *ret)
{
	int all = finding->filter.all, own = finding->filter.own;
	bool found = false;

	array_each (&finding->remedy.steps, const struct remedy_step, step) {
		const char *setting = strrchr(step->key, '.');

		if (!setting || strcmp(setting, ".rp_filter") != 0)
			continue;
		if (step->ifindex == NETCONF_ALL)
			all = step->value;
		if (step->ifindex != finding->ifindex)
			continue;
		own = step->value;
		found = true;
	}
	*ret = forecast_effective(BOOT_RP_FILTER, all, own);
	return found;
}

int keep_of(const struct boot_files *files, const struct state *state,
	const struct finding *finding, char out[static KEEP_TEXT])
{
	const struct iface *iface = state_iface(state, finding->ifindex);
	struct forecast_iface forecast_iface = boot_files_iface(iface, finding->iif);
	struct forecast forecast = { 0 };
	char text[FORECAST_TEXT];
	int effective, r;

	if (!files->boot || !remedied(finding, &effective))
		return 0;
	r = forecast_make(&files->lines, &forecast_iface, BOOT_RP_FILTER, &forecast);
	if (r >= 0) {
		(void)forecast_keeps(files->boot, &forecast, effective, text);
		(void)snprintf(out, KEEP_TEXT, "%s%s", text,
			files->boot->notes.count ? " (not every file could be read)"
						 : "");
		r = 1;
	}
	forecast_done(&forecast);
	return r;
}
