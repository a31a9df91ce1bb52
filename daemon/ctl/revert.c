/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/by_hand.h"
#include "daemon/ctl/corrections.h"
#include "daemon/ctl/verbs.h"
#include "finding/finding_text.h"
#include "finding/remedy.h"

#include <string.h>

static bool is_named(const struct ctl *ctl, const char *name)
{
	array_each (&ctl->arguments->words, const char *const, word) {
		if (strcmp(*word, name) == 0)
			return true;
	}
	return ctl->arguments->words.count == 0;
}

static int report_entry(const struct ctl *ctl, const struct ledger_entry *entry,
	struct request_answers *ret)
{
	char key[64], now[32], ours[32];
	int value = 0;

	remedy_key(entry->name, key);
	switch (corrections_judge(ctl, entry, &value)) {
	case CORRECTION_STANDS:
		return 0;
	case CORRECTION_OVERWRITTEN:
		return request_answer_words(ret, "nothing", entry->name,
			"%s is %s now, not %s as corrected: another program changed it; leaving it unchanged.",
			key, rp_filter_words(value, now),
			rp_filter_words(entry->value, ours));
	case CORRECTION_GONE:
		return request_answer_words(ret, "nothing", entry->name,
			"%s: the corrected interface is gone: nothing to revert.",
			entry->name);
	}
	return 0;
}

/*
 * What is not taken back, and why. It is looked for before: whoever takes back begins with
 * forgetting all that is not ours any more.
 */
static int find_others(const struct ctl *ctl, struct request_answers *ret)
{
	_cleanup_(corrections_done) struct corrections corrections = { 0 };
	int r = corrections_read(ctl, &corrections);

	if (r < 0)
		return r;
	array_each (&corrections.ledger->entries, const struct ledger_entry, entry) {
		if (strcmp(entry->netns, corrections.ledger->netns) == 0 &&
			!entry->keeps && is_named(ctl, entry->name))
			r = r < 0 ? r : report_entry(ctl, entry, ret);
	}
	return r;
}

int revert_run(struct ctl *ctl)
{
	struct request_answers others = { 0 };
	int r;

	if (!ctl->arguments->words.count == !ctl_has(ctl, OPTION_ALL)) {
		ctl_say(ctl, "name the interfaces to revert, or use --all%s",
			ctl_has(ctl, OPTION_ALL) ? ", not both" : "");
		return CTL_FAILED;
	}
	if (!by_hand_names(ctl, "use --all") || ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	r = find_others(ctl, &others);
	if (r < 0) {
		array_done(&others.list);
		return ctl_fail(ctl, r);
	}
	return by_hand(ctl, "Revert", request_revert, NULL, &others);
}
