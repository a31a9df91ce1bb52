/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/explain.h"

#include "daemon/ctl/json.h"

#include <errno.h>

int explain_show(const struct ctl *ctl, const struct answer *answer, bool in_a_line)
{
	_cleanup_(json_putp) struct json_object *object = NULL;
	int r;

	if (!ctl_has(ctl, OPTION_JSON)) {
		if (in_a_line)
			answer_print_line(answer, ctl->out);
		else
			answer_print(answer, ctl->out);
		return 0;
	}
	object = json_object_new_object();
	r = answer_json(answer, object);
	return r < 0 ? -ENOMEM : json_print(ctl->out, object);
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
	r = explain_show(ctl, &answer, false);
	return r < 0 ? ctl_fail(ctl, r) : answer_code(&answer);
}

int explain_run(struct ctl *ctl)
{
	if (!ctl_has(ctl, OPTION_BATCH))
		return explain_one(ctl);
	if (ctl->arguments->words.count) {
		ctl_say(ctl, "a flow and --batch exclude each other");
		return CTL_FAILED;
	}
	return explain_batch(ctl);
}
