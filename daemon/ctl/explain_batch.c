/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/explain_batch.h"

#include "daemon/ctl/answer.h"
#include "daemon/ctl/flow_lines.h"

#include <errno.h>

/*
 * A line is judged against what was read once. A thousand a second or a million, the
 * kernel is asked about each, and read anew only where the two differ (host_reread()).
 */
static int answer_flow(struct ctl *ctl, const struct question *question, size_t number,
	int *code, char error[static ERROR_TEXT], void *userdata)
{
	_cleanup_(answer_done) struct answer answer = { 0 };
	int r = answer_of(
		&ctl->host, question, !ctl_has(ctl, OPTION_NO_KERNEL), &answer, error);

	(void)number;
	(void)userdata;
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	if (answer_code(&answer) > *code)
		*code = answer_code(&answer);
	return answer_show(&answer, ctl_has(ctl, OPTION_JSON), true, ctl->out);
}

static int ready(struct ctl *ctl, void *userdata)
{
	(void)userdata;
	return ctl_open(ctl, false);
}

int explain_batch(struct ctl *ctl)
{
	return flow_lines_file(
		ctl, "--batch", ctl->arguments->batch, ready, answer_flow, NULL);
}
