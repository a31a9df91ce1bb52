/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/by_hand.h"
#include "daemon/ctl/verbs.h"

int pause_run(struct ctl *ctl)
{
	if (ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	return by_hand(ctl, "Pause", request_pause, NULL, NULL);
}

int resume_run(struct ctl *ctl)
{
	if (ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	return by_hand(ctl, "Resume", request_resume, NULL, NULL);
}
