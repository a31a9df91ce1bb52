/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/requests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_named(char *const *names, const char *name)
{
	if (!names || !*names)
		return true;
	for (; *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

int correct_hand_apply(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret)
{
	int r = 0;

	(void)ret;
	/* what was refused in a turn before is refused again, aloud */
	array_clear(&correct->said);
	for (size_t i = 0; i < input->count && r >= 0; i++) {
		const struct finding *finding = input->findings[i];

		/* unasked only what would be corrected by itself */
		if (!is_named(names, finding->iif) ||
			((!names || !*names) && finding->expect > EXPECT_TUNNEL))
			continue;
		if (!input->writer->state(input->writer->data))
			return -EAGAIN;
		r = correct_by_hand(correct, input, finding);
	}
	return r < 0 ? r : 0;
}

/* Whether some entry of the finding is about an interface that is named. */
static bool is_asked_for(
	const struct ledger *ledger, const char *finding, char *const *names)
{
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		if (strcmp(entry->netns, ledger->netns) == 0 &&
			strcmp(entry->finding, finding) == 0 && !entry->keeps &&
			is_named(names, entry->name))
			return true;
	}
	return false;
}

static bool is_among(const struct finding_id *ids, size_t count, const char *id)
{
	while (count-- > 0) {
		if (strcmp(ids[count].text, id) == 0)
			return true;
	}
	return false;
}

int correct_hand_revert(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret)
{
	struct ledger *ledger = input->ledger;
	ARRAY(struct finding_id)
	left = { 0 }; /* could not be taken back, which was said */
	int r = 0, done = 0;

	for (size_t i = ledger->entries.count; i-- > 0 && r >= 0;) {
		struct finding_id id;

		if (i >= ledger->entries.count ||
			strcmp(ledger->entries.items[i].netns, ledger->netns) != 0)
			continue;
		snprintf(
			id.text, sizeof(id.text), "%s", ledger->entries.items[i].finding);
		if (!is_asked_for(ledger, id.text, names) ||
			is_among(left.items, left.count, id.text))
			continue;
		r = correct_revert(correct, input, id.text);
		done += r > 0 ? r : 0;
		if (r == -EIO)
			r = array_push(&left, &id);
		/* entries behind it moved up */
		i = i < ledger->entries.count ? i : ledger->entries.count;
	}
	done += (int)left.count;
	array_done(&left);
	if (r >= 0 && !done)
		r = correct_answer_words(ret, "nothing", "",
			"There is nothing in the ledger to take back%s.",
			names && *names ? " for these" : "");
	return r < 0 ? r : 0;
}

typedef int (*ledger_switch)(struct ledger *ledger, const char *name);

/* What can't be an interface's name would be another's in the ledger, or all of them. */
static bool is_name(const char *name)
{
	return *name && strlen(name) < NAME_MAX_ && !strchr(name, '/');
}

/* One of them; NULL: all. */
static int switch_pause(const struct correct_input *input, const char *name,
	struct correct_answers *ret, ledger_switch change, const char *event,
	const char *words)
{
	const struct state *state = input->writer->state(input->writer->data);
	bool absent = name && state && !state_iface_by_name(state, name);
	int r;

	if (name && !is_name(name))
		return correct_answer_words(
			ret, "refused", "", "\"%s\" is no interface's name.", name);
	r = change(input->ledger, name);
	if (r < 0)
		return r;
	if (name && change == ledger_resume && ledger_all_paused(input->ledger))
		return correct_answer_words(ret, "refused", name,
			"%s is not corrected, as all interfaces are paused; rpfilterctl resume ends that.",
			name);
	return correct_answer_words(ret, event, name ? name : "", "%s: %s%s.",
		name ? name : "all interfaces", words,
		absent ? "; no interface has that name now" : "");
}

static int switch_pauses(const struct correct_input *input, char *const *names,
	struct correct_answers *ret, ledger_switch change, const char *event,
	const char *words)
{
	char *const none[] = { NULL };
	char *const *at = names ? names : none;
	int r;

	do
		r = switch_pause(input, *at, ret, change, event, words);
	while (r >= 0 && *at && *++at);
	if (r >= 0)
		r = ledger_save(input->ledger);
	return r;
}

int correct_hand_pause(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret)
{
	(void)correct;
	return switch_pauses(input, names, ret, ledger_pause, "paused",
		"correction is paused until rpfilterctl resume");
}

int correct_hand_resume(struct correct *correct, const struct correct_input *input,
	char *const *names, struct correct_answers *ret)
{
	/* a fight is over as well, if somebody says so */
	hash_each (&correct->patiences.by_ifindex, slot) {
		struct patience *patience = slot->value;

		if (is_named(names, patience->name))
			patience->paused_until = patience->pause_usec =
				patience->retry_usec = 0;
	}
	return switch_pauses(
		input, names, ret, ledger_resume, "resumed", "correction goes on");
}
