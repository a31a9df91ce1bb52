/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/requests.h"

#include "base/time.h"
#include "daemon/correct/restore.h"
#include "net/ifname.h"

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
	const struct request *request, struct request_answers *ret)
{
	char *const *names = request->names;
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

/* That nothing is to be taken back, and which of the names is perhaps a slip. */
static int answer_nothing(
	const struct policy_input *input, char *const *names, struct request_answers *ret)
{
	const struct state *state = input->port->state(input->port->data);

	if (!names || !*names)
		return request_answer_words(ret, "nothing", "", "Nothing to revert.");
	for (; state && *names; names++) {
		if (!state_iface_by_name(state, *names))
			return request_answer_words(ret, "nothing", "",
				"Nothing to revert on these interfaces; there is no interface %s now.",
				*names);
	}
	return request_answer_words(
		ret, "nothing", "", "Nothing to revert on these interfaces.");
}

int request_revert(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret)
{
	struct ledger *ledger = input->ledger;
	char *const *names = request->names;
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
		r = answer_nothing(input, names, ret);
	return r < 0 ? r : 0;
}

/* The pause that is begun or ended for a name, as it is told. */
static struct ledger_pause pause_named(const struct policy_input *input,
	const struct iface *iface, const char *name, uint64_t pause_usec)
{
	struct ledger_pause pause = { .ifindex = iface ? iface->link.ifindex : 0 };

	snprintf(pause.name, sizeof(pause.name), "%s", name ? name : "");
	if (pause_usec)
		pause.until_usec = usec_add(input->boot_usec, pause_usec);
	return pause;
}

/* One of them; name NULL: all. kind: paused or resumed. */
static int switch_pause(const struct policy_input *input, enum event_kind kind,
	const char *name, uint64_t pause_usec, struct request_answers *ret)
{
	const struct state *state = input->port->state(input->port->data);
	const struct iface *iface =
		name && state ? state_iface_by_name(state, name) : NULL;
	struct ledger_pause pause;
	struct correction event;
	int r;

	/* it would be another's in the ledger, or all of them */
	if (name && !ifname_is_valid(name))
		return request_answer_words(
			ret, "refused", "", "\"%s\" is not an interface name.", name);
	pause = pause_named(input, iface, name, pause_usec);
	r = kind == EVENT_PAUSED
		    ? ledger_pause(input->ledger, state, name, pause.until_usec)
		    : ledger_resume(input->ledger, state, name);
	if (r < 0)
		return r;
	if (name && kind == EVENT_RESUMED && ledger_all_paused(input->ledger))
		return request_answer_words(ret, "refused", name,
			"%s: not corrected: all interfaces are paused until rpfilterctl resume.",
			name);
	event = policy_pause_event(input, kind, &pause);
	event.by_hand = true;
	event.absent = name && state && !iface;
	if (!r && kind == EVENT_RESUMED && event.absent)
		return request_answer_words(ret, "nothing", name,
			"%s: no such interface now, and it was not paused.", name);
	if (!r) /* it was so before: no news but to whoever asks */
		return request_answer_event(ret, &event);
	input->report(input->report_data, &event);
	return 0;
}

static int switch_pauses(const struct policy_input *input, const struct request *request,
	enum event_kind kind, struct request_answers *ret)
{
	char *const none[] = { NULL };
	char *const *at = request->names ? request->names : none;
	int r;

	do
		r = switch_pause(input, kind, *at, request->pause_usec, ret);
	while (r >= 0 && *at && *++at);
	if (r >= 0)
		r = ledger_save(input->ledger);
	return r;
}

int request_pause(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret)
{
	(void)policy;
	return switch_pauses(input, request, EVENT_PAUSED, ret);
}

int request_resume(struct policy *policy, const struct policy_input *input,
	const struct request *request, struct request_answers *ret)
{
	/* a fight is over as well, if somebody says so */
	hash_each (&policy->backoffs.by_ifindex, slot) {
		struct backoff *backoff = slot->value;

		if (is_named(request->names, backoff->name))
			backoff->paused_until = backoff->pause_usec =
				backoff->retry_usec = 0;
	}
	return switch_pauses(input, request, EVENT_RESUMED, ret);
}
