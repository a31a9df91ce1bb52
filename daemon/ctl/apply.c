/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "daemon/ctl/by_hand.h"
#include "daemon/ctl/verbs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Asks whoever sits there. Returns 1 for yes, 0 for no, -EINVAL, said, where nobody does. */
static int ask_consent(const struct ctl *ctl, const struct plans *plans)
{
	char line[16];

	if (ctl_has(ctl, OPTION_YES) || !plans_have_steps(plans))
		return 1;
	if (!isatty(STDIN_FILENO)) {
		ctl_say(ctl,
			"this changes kernel settings and there is no terminal to confirm it; use --yes");
		return -EINVAL;
	}
	plans_print(plans, true, ctl->err);
	print_part(ctl->err, "Apply? [y/N] ");
	(void)fflush(ctl->err);
	if (!fgets(line, sizeof(line), stdin))
		return 0;
	return line[0] == 'y' || line[0] == 'Y';
}

int apply_run(struct ctl *ctl)
{
	struct plans plans = { 0 };
	int code = CTL_FAILED, r;

	if (ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	r = plans_make(ctl, &plans);
	if (r >= 0) {
		plans_drop_unasked(ctl, &plans);
		r = ask_consent(ctl, &plans);
	}
	if (r > 0) {
		code = by_hand(ctl, "Apply", request_apply, &plans, NULL);
	} else if (r == 0) {
		print_line(ctl->err, "Nothing changed.");
		code = CTL_FINE;
	}
	plans_done(&plans);
	return code;
}
