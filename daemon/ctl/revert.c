/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/by_hand.h"

int revert_run(struct ctl *ctl)
{
	if (!ctl->arguments->words.count == !ctl_has(ctl, OPTION_ALL)) {
		ctl_say(ctl,
			"name the interfaces whose corrections are to be taken back, "
			"or say --all");
		return CTL_FAILED;
	}
	if (ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	return by_hand(ctl, "Revert", correct_hand_revert, NULL);
}
