/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/correction_text.h"

/*
 * Corrections by hand, in the daemon and in rpfilterctl alike. What happens goes to input->report; what else there
 * is to tell is added to ret. Returns 0, or a negative errno.
 */

struct request {
	char *const *
		names; /* of interfaces, NULL at the end; none, or NULL: all that there are */
	uint64_t pause_usec; /* how long a pause lasts; 0: until somebody ends it */
};

/* Cures the findings of input, whatever mode and pauses say; the limits hold. */
int request_apply(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret);

/* Takes back what the ledger has for them. */
int request_revert(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret);

int request_pause(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret);
int request_resume(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret);
