/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/answer.h"
#include "daemon/ctl/answer_dot.h"
#include "daemon/ctl/answer_remedy.h"
#include "daemon/ctl/explain_batch.h"
#include "daemon/ctl/verbs.h"

#include <errno.h>

/* What is expected, and so whose finding it is, the configuration says; the verdict needs none. */
static int add_remedy(struct ctl *ctl, struct answer *answer)
{
	char error[ERROR_TEXT];

	if (answer->rpf.verdict != RPF_DROP)
		return 0;
	if (!ctl->host.config && host_configure(&ctl->host, NULL, error) < 0) {
		ctl_say(ctl, "%s; no remedy is looked for", error);
		return 0;
	}
	return answer_find_remedy(&ctl->host, answer);
}

static int explain_one(struct ctl *ctl)
{
	const struct arguments *arguments = ctl->arguments;
	_cleanup_(answer_done) struct answer answer = { 0 };
	struct question question;
	char error[ERROR_TEXT];
	int r = question_parse(
		arguments->words.items, arguments->words.count, &question, error);

	if (r < 0) {
		ctl_say(ctl, "%s", error);
		return CTL_FAILED;
	}
	if (ctl_open(ctl, false) < 0)
		return CTL_FAILED;
	r = answer_of(
		&ctl->host, &question, !ctl_has(ctl, OPTION_NO_KERNEL), &answer, error);
	if (r < 0) {
		ctl_say(ctl, "%s", error);
		return CTL_FAILED;
	}
	if (ctl_has(ctl, OPTION_DOT)) {
		answer_dot(&answer, ctl->out);
		return answer_code(&answer);
	}
	r = add_remedy(ctl, &answer);
	if (r < 0)
		return ctl_fail(ctl, r);
	r = answer_show(&answer, ctl_has(ctl, OPTION_JSON), false, ctl->out);
	return r < 0 ? ctl_fail(ctl, r) : answer_code(&answer);
}

int explain_run(struct ctl *ctl)
{
	if (ctl_has(ctl, OPTION_DOT) &&
		(ctl_has(ctl, OPTION_JSON) || ctl_has(ctl, OPTION_BATCH))) {
		ctl_say(ctl, "--dot draws one packet; it excludes --json and --batch");
		return CTL_FAILED;
	}
	if (!ctl_has(ctl, OPTION_BATCH))
		return explain_one(ctl);
	if (ctl->arguments->words.count) {
		ctl_say(ctl, "a flow and --batch exclude each other");
		return CTL_FAILED;
	}
	return explain_batch(ctl);
}
