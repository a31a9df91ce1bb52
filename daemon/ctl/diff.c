/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/changes.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/evaluate.h"

#include <errno.h>
#include <string.h>

/* The findings of a snapshot, each judged with its own configuration unless one is named. Returns 0, or
 * a negative errno when that was said. */
static int report_snapshot(struct ctl *ctl, const char *file, struct report **ret)
{
	struct host host = { 0 };
	char error[ERROR_TEXT] = "out of memory";
	int r = host_load(&host, file, error);

	if (r >= 0)
		r = host_configure(&host, ctl->arguments->config, error);
	if (r >= 0)
		r = evaluate(host.state, host.config, DETAIL_SUMMARY, ret);
	if (r < 0)
		ctl_say(ctl, "%s", error);
	host_done(&host);
	return r;
}

int diff_run(struct ctl *ctl)
{
	const struct arguments *arguments = ctl->arguments;
	_cleanup_(report_freep) struct report *before = NULL;
	_cleanup_(report_freep) struct report *after = NULL;

	if (arguments->words.count != 2) {
		ctl_say(ctl, "name two snapshots, the old one first");
		return CTL_FAILED;
	}
	if (report_snapshot(ctl, arguments->words.items[0], &before) < 0 ||
		report_snapshot(ctl, arguments->words.items[1], &after) < 0)
		return CTL_FAILED;
	return changes_answer(ctl, before, after);
}
