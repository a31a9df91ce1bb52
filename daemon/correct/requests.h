/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/correct_text.h"

/*
 * Corrections by hand, in the daemon and in rpfilterctl alike. names: those of interfaces, NULL
 * at the end; none: all that there are. What events tell goes to input->say; what else there
 * is to tell is added to ret. Returns 0, or a negative errno.
 */

/* Cures the findings of input, whatever mode and pauses say; the limits hold. */
int correct_hand_apply(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret);

/* Takes back what the ledger has for them. */
int correct_hand_revert(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret);

int correct_hand_pause(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret);
int correct_hand_resume(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret);
