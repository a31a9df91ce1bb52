/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/requests.h"

#include "daemon/correct/restore.h"

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

int request_apply(struct policy *policy, const struct policy_input *input,
	char *const *names, struct request_answers *ret)
{
	int r = 0;

	(void)ret;
	/* what was refused in a turn before is refused again, aloud */
	array_clear(&policy->reported);
	for (size_t i = 0; i < input->count && r >= 0; i++) {
		const struct finding *finding = input->findings[i];

		/* unasked only what would be corrected by itself */
		if (!is_named(names, finding->iif) ||
			((!names || !*names) && finding->expect > EXPECT_TUNNEL))
			continue;
		if (!input->port->state(input->port->data))
			return -EAGAIN;
		r = policy_by_hand(policy, input, finding);
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

int request_revert(struct policy *policy, const struct policy_input *input,
	char *const *names, struct request_answers *ret)
{
	struct ledger *ledger = input->ledger;
	ARRAY(struct finding_id)
	left = { 0 }; /* could not be taken back, which was reported */
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
		r = restore_by_hand(policy, input, id.text);
		done += r > 0 ? r : 0;
		if (r == -EIO)
			r = array_push(&left, &id);
		/* entries behind it moved up */
		i = i < ledger->entries.count ? i : ledger->entries.count;
	}
	done += (int)left.count;
	array_done(&left);
	if (r >= 0 && !done)
		r = request_answer_words(ret, "nothing", "", "Nothing to revert%s.",
			names && *names ? " on these interfaces" : "");
	return r < 0 ? r : 0;
}

typedef int (*ledger_switch)(
	struct ledger *ledger, const struct state *state, const char *name);

/* What can't be an interface's name would be another's in the ledger, or all of them. */
static bool is_name(const char *name)
{
	return *name && strlen(name) < NAME_MAX_ && !strchr(name, '/') &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* One of them; NULL: all. */
static int switch_pause(const struct policy_input *input, const char *name,
	struct request_answers *ret, ledger_switch change, const char *event,
	const char *words)
{
	const struct state *state = input->port->state(input->port->data);
	bool absent = name && state && !state_iface_by_name(state, name);
	int r;

	if (name && !is_name(name))
		return request_answer_words(
			ret, "refused", "", "\"%s\" is not an interface name.", name);
	r = change(input->ledger, state, name);
	if (r < 0)
		return r;
	if (name && change == ledger_resume && ledger_all_paused(input->ledger))
		return request_answer_words(ret, "refused", name,
			"%s: not corrected: all interfaces are paused until rpfilterctl resume.",
			name);
	return request_answer_words(ret, event, name ? name : "", "%s: %s%s.",
		name ? name : "all interfaces", words,
		absent ? "; no such interface now" : "");
}

static int switch_pauses(const struct policy_input *input, char *const *names,
	struct request_answers *ret, ledger_switch change, const char *event,
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

int request_pause(struct policy *policy, const struct policy_input *input,
	char *const *names, struct request_answers *ret)
{
	(void)policy;
	return switch_pauses(input, names, ret, ledger_pause, "paused",
		"corrections paused until rpfilterctl resume");
}

int request_resume(struct policy *policy, const struct policy_input *input,
	char *const *names, struct request_answers *ret)
{
	/* a fight is over as well, if somebody says so */
	hash_each (&policy->backoffs.by_ifindex, slot) {
		struct backoff *backoff = slot->value;

		if (is_named(names, backoff->name))
			backoff->paused_until = backoff->pause_usec =
				backoff->retry_usec = 0;
	}
	return switch_pauses(
		input, names, ret, ledger_resume, "resumed", "corrections resumed");
}
