/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/corrections.h"

#include "kernel/devconf_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int corrections_read(const struct ctl *ctl, struct corrections *ret)
{
	(void)ctl_state_directory(ctl, ret->directory);
	ret->error = ledger_open_readonly(ret->directory, &ret->ledger);
	return ret->ledger ? 0 : -ENOMEM;
}

void corrections_done(struct corrections *corrections)
{
	ledger_free(corrections->ledger);
}

void corrections_say_error(const struct ctl *ctl, const struct corrections *corrections,
	const char *consequence)
{
	int error = corrections->error;

	if (error == -EUCLEAN)
		ctl_say(ctl, "%s: %s", corrections->ledger->folder.problem, consequence);
	else if (error == -EBADMSG)
		ctl_say(ctl, "the ledger in %s is damaged: %s", corrections->directory,
			consequence);
	else if (error < 0)
		ctl_say(ctl, "cannot read the ledger in %s (%s): %s%s",
			corrections->directory, strerror(-error), consequence,
			geteuid() != 0 && (error == -EACCES || error == -EPERM)
				? "; run it as root"
				: "");
}

/* Whether that interface is the one that was corrected. */
static bool is_same(const struct iface *iface, const struct ledger_entry *entry)
{
	/* in a model without a kernel it isn't known: the name must do */
	return iface->link.identity ? ledger_is_about(entry, iface->link.identity)
				    : strcmp(entry->name, iface->link.name) == 0;
}

enum correction_fate corrections_judge(
	const struct ctl *ctl, const struct ledger_entry *entry, int *ret_value)
{
	const struct overlay overlay = { .state = ctl->host.state };
	const struct iface *iface = NULL;
	int value;

	if (entry->ifindex == NETCONF_ALL) {
		value = ctl->host.state->all.value[DEVCONF_RP_FILTER];
	} else if (entry->ifindex == NETCONF_DEFAULT) {
		value = overlay_default(&overlay);
	} else {
		iface = state_iface(ctl->host.state, entry->ifindex);
		if (!iface || !iface->link.has_inet || !is_same(iface, entry))
			return CORRECTION_GONE;
		value = overlay_rp_filter(&overlay, iface).own;
	}
	*ret_value = value;
	/* a pending entry's write was made or not: the value before is ours, too */
	if ((value == entry->value || (!entry->done && value == entry->was)) &&
		value != entry->old)
		return CORRECTION_STANDS;
	return CORRECTION_OVERWRITTEN;
}

const struct ledger_entry *corrections_find(
	const struct ctl *ctl, const struct corrections *corrections, int ifindex)
{
	const struct ledger_entry *entry = ledger_find(corrections->ledger, ifindex);
	int value;

	return entry && corrections_judge(ctl, entry, &value) == CORRECTION_STANDS ? entry
										   : NULL;
}
