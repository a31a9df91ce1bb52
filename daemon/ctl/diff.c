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
	else
		array_each (&(*ret)->findings, struct finding *const, finding)
			(*finding)->kernel = KERNEL_ABSENT;
	host_done(&host);
	return r;
}

static int print_json(const struct changes *changes, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	int r = changes_json(changes, object);

	return r < 0 ? r : json_print(out, object);
}

int diff_run(struct ctl *ctl)
{
	const struct arguments *arguments = ctl->arguments;
	_cleanup_(report_freep) struct report *before = NULL;
	_cleanup_(report_freep) struct report *after = NULL;
	_cleanup_(changes_done) struct changes changes = { 0 };
	int r;

	if (arguments->words.count != 2) {
		ctl_say(ctl, "name two snapshots, the old one first");
		return CTL_FAILED;
	}
	if (report_snapshot(ctl, arguments->words.items[0], &before) < 0 ||
		report_snapshot(ctl, arguments->words.items[1], &after) < 0)
		return CTL_FAILED;
	r = changes_find(before, after, &changes);
	if (r >= 0 && ctl_has(ctl, OPTION_JSON))
		r = print_json(&changes, ctl->out);
	else if (r >= 0)
		changes_print(&changes, ctl->out);
	if (r < 0)
		return ctl_fail(ctl, r);
	if (changes_are_worse(&changes))
		return CTL_FOUND;
	return changes.unknown.count ? CTL_FAILED : CTL_FINE;
}
