/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/duration.h"
#include "daemon/config/config_text.h"
#include "daemon/ctl/by_hand.h"
#include "daemon/ctl/verbs.h"

int pause_run(struct ctl *ctl)
{
	const char *how_long = ctl->arguments->how_long;
	char quoted[CONFIG_QUOTE_TEXT];

	if (how_long && !duration_parse(how_long, &ctl->pause_usec)) {
		ctl_say(ctl,
			"--for %s is no duration; allowed is a number with s, m, h or d, such as 90s, 10m, 2h or 1d, of at most %d days",
			config_text_quote(how_long, quoted), DURATION_MOST_DAYS);
		return CTL_FAILED;
	}
	if (!by_hand_names(ctl, "without names, all are paused") ||
		ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	return by_hand(ctl, "Pause", request_pause, NULL, NULL);
}

int resume_run(struct ctl *ctl)
{
	if (!by_hand_names(ctl, "without names, all are resumed") ||
		ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	return by_hand(ctl, "Resume", request_resume, NULL, NULL);
}
