/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/ledger.h"

#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- entries ---------------------------------------------------------------------------------- */

struct ledger_entry *ledger_find(const struct ledger *ledger, int ifindex)
{
	array_each (&ledger->entries, struct ledger_entry, entry) {
		if (entry->ifindex == ifindex && strcmp(entry->netns, ledger->netns) == 0)
			return entry;
	}
	return NULL;
}

bool ledger_is_about(const struct ledger_entry *entry, uint64_t identity)
{
	return entry->ifindex < 0 || entry->identity == identity;
}

/* OLD/rest is /IFINDEX/rest until ledger_follow_end(): no name has a slash. */
static void unname_finding(struct ledger *ledger, const char *old, int ifindex)
{
	char fresh[FINDING_ID] = "", was[FINDING_ID];
	size_t length = strcspn(old, "/");

	if (!old[length])
		return; /* "all" */
	snprintf(was, sizeof(was), "%s", old);
	snprintf(fresh, sizeof(fresh), "/%d%s", ifindex, old + length);
	array_each (&ledger->entries, struct ledger_entry, entry) {
		if (strcmp(entry->netns, ledger->netns) == 0 &&
			strcmp(entry->finding, was) == 0)
			memcpy(entry->finding, fresh, sizeof(entry->finding));
	}
}

bool ledger_follow(struct ledger *ledger, struct ledger_entry *entry, const char *name,
	uint64_t identity)
{
	bool renamed = strcmp(entry->name, name) != 0;

	if (!renamed && entry->identity == identity)
		return false;
	/* what only keeps a bystander as it is belongs to another one's finding */
	if (renamed && !entry->keeps)
		unname_finding(ledger, entry->finding, entry->ifindex);
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->identity = identity;
	return true;
}

void ledger_follow_end(struct ledger *ledger)
{
	array_each (&ledger->entries, struct ledger_entry, entry) {
		char fresh[FINDING_ID] = "", *rest;
		const struct ledger_entry *whose;

		if (*entry->finding != '/' || strcmp(entry->netns, ledger->netns) != 0)
			continue;
		whose = ledger_find(ledger, (int)strtol(entry->finding + 1, &rest, 10));
		snprintf(fresh, sizeof(fresh), "%s%s", whose ? whose->name : "?", rest);
		memcpy(entry->finding, fresh, sizeof(entry->finding));
	}
}

void ledger_remove(struct ledger *ledger, const struct ledger_entry *entry)
{
	array_remove(&ledger->entries, (size_t)(entry - ledger->entries.items));
}

static void forget_oldest_of_others(struct ledger *ledger)
{
	array_each (&ledger->entries, struct ledger_entry, entry) {
		if (strcmp(entry->netns, ledger->netns) != 0) {
			ledger_remove(ledger, entry);
			return;
		}
	}
}

int ledger_put(struct ledger *ledger, const struct ledger_entry *entry)
{
	struct ledger_entry *known = ledger_find(ledger, entry->ifindex), fresh = *entry;

	memcpy(fresh.netns, ledger->netns, sizeof(fresh.netns));
	fresh.number = known ? known->number : 0;
	fresh.slot = known ? known->slot : 0;
	if (known) {
		*known = fresh;
		return 0;
	}
	if (ledger->entries.count >= LEDGER_ENTRIES)
		forget_oldest_of_others(ledger);
	if (ledger->entries.count >= LEDGER_ENTRIES)
		return -E2BIG;
	return array_push(&ledger->entries, &fresh);
}

/* --- pauses ----------------------------------------------------------------------------------- */

static bool is_here(const struct ledger *ledger, const struct ledger_pause *pause)
{
	return strcmp(pause->netns, ledger->netns) == 0;
}

/* Whether it is the interface's, or waits for the name. */
static bool is_of(const struct ledger_pause *pause, int ifindex, const char *name)
{
	return pause->ifindex ? pause->ifindex == ifindex
			      : strcmp(pause->name, name) == 0;
}

static struct ledger_pause *find_pause(
	const struct ledger *ledger, int ifindex, const char *name)
{
	array_each (&ledger->pauses, struct ledger_pause, pause) {
		if (is_here(ledger, pause) && is_of(pause, ifindex, name))
			return pause;
	}
	return NULL;
}

bool ledger_all_paused(const struct ledger *ledger)
{
	return find_pause(ledger, 0, "") != NULL;
}

const struct ledger_pause *ledger_pause_of(
	const struct ledger *ledger, int ifindex, const char *name)
{
	const struct ledger_pause *all = find_pause(ledger, 0, "");

	return all ? all : find_pause(ledger, ifindex, name);
}

bool ledger_is_paused(const struct ledger *ledger, int ifindex, const char *name)
{
	return ledger_pause_of(ledger, ifindex, name) != NULL;
}

static int put_pause(struct ledger *ledger, const struct state *state, const char *name,
	uint64_t until_usec, bool fight)
{
	const struct iface *iface =
		name && state ? state_iface_by_name(state, name) : NULL;
	struct ledger_pause pause = { .until_usec = until_usec, .fight = fight };
	struct ledger_pause *known;
	int r;

	if (iface) {
		pause.ifindex = iface->link.ifindex;
		pause.identity = iface->link.identity;
	}
	known = find_pause(ledger, pause.ifindex, name ? name : "");
	if (known) {
		if ((fight && !known->fight) ||
			(known->fight == fight && known->until_usec == until_usec))
			return 0;
		known->until_usec = until_usec;
		known->fight = fight;
		return 1;
	}
	if (ledger->pauses.count >= LEDGER_ENTRIES)
		return -E2BIG;
	memcpy(pause.netns, ledger->netns, sizeof(pause.netns));
	snprintf(pause.name, sizeof(pause.name), "%s", name ? name : "");
	r = array_push(&ledger->pauses, &pause);
	return r < 0 ? r : 1;
}

int ledger_pause(struct ledger *ledger, const struct state *state, const char *name,
	uint64_t until_usec)
{
	return put_pause(ledger, state, name, until_usec, false);
}

int ledger_pause_fight(struct ledger *ledger, const struct state *state, const char *name,
	uint64_t until_usec)
{
	return put_pause(ledger, state, name, until_usec, true);
}

int ledger_resume(struct ledger *ledger, const struct state *state, const char *name)
{
	const struct iface *iface =
		name && state ? state_iface_by_name(state, name) : NULL;
	int changed = 0;

	for (size_t i = ledger->pauses.count; i-- > 0;) {
		const struct ledger_pause *pause = &ledger->pauses.items[i];

		if (!is_here(ledger, pause) ||
			(name && !is_of(pause, iface ? iface->link.ifindex : 0, name)))
			continue;
		array_remove(&ledger->pauses, i);
		changed = 1;
	}
	return changed;
}

/* One ends by itself. That is told; without memory for it, it isn't. */
static void end_pause(struct ledger *ledger, size_t index, bool gone)
{
	struct ledger_pause ended = ledger->pauses.items[index];

	ended.gone = gone;
	(void)array_push(&ledger->ended, &ended);
	array_remove(&ledger->pauses, index);
}

bool ledger_end_due(struct ledger *ledger, uint64_t boot_usec)
{
	bool changed = false;

	for (size_t i = ledger->pauses.count; i-- > 0;) {
		const struct ledger_pause *pause = &ledger->pauses.items[i];

		if (!is_here(ledger, pause) || !pause->until_usec ||
			pause->until_usec > boot_usec)
			continue;
		end_pause(ledger, i, false);
		changed = true;
	}
	return changed;
}

uint64_t ledger_next_end(const struct ledger *ledger)
{
	uint64_t next = USEC_NEVER;

	array_each (&ledger->pauses, const struct ledger_pause, pause) {
		if (is_here(ledger, pause) && pause->until_usec &&
			pause->until_usec < next)
			next = pause->until_usec;
	}
	return next;
}

bool ledger_end_pauses(struct ledger *ledger, int ifindex)
{
	bool changed = false;

	for (size_t i = ledger->pauses.count; i-- > 0;) {
		const struct ledger_pause *pause = &ledger->pauses.items[i];

		if (!is_here(ledger, pause) || pause->ifindex != ifindex)
			continue;
		end_pause(ledger, i, true);
		changed = true;
	}
	return changed;
}

/* The interface of a pause: its own, or the one that came by the name that it waits for. */
static const struct iface *iface_of(
	const struct state *state, const struct ledger_pause *pause)
{
	return pause->ifindex ? state_iface(state, pause->ifindex)
			      : state_iface_by_name(state, pause->name);
}

bool ledger_follow_pauses(struct ledger *ledger, const struct state *state, bool unseen)
{
	bool changed = false;

	for (size_t i = ledger->pauses.count; i-- > 0;) {
		struct ledger_pause *pause = &ledger->pauses.items[i], fresh = *pause;
		const struct iface *iface = iface_of(state, pause);

		/* what went just now ends with the next turn, and is not the new owner's */
		if (!is_here(ledger, pause) || !*pause->name ||
			(!iface && !pause->ifindex) ||
			state_link_went(state, pause->ifindex))
			continue;
		if (!iface || (unseen && pause->ifindex &&
				      pause->identity != iface->link.identity)) {
			end_pause(ledger, i, true);
			changed = true;
			continue;
		}
		fresh.ifindex = iface->link.ifindex;
		fresh.identity = iface->link.identity;
		snprintf(fresh.name, sizeof(fresh.name), "%s", iface->link.name);
		changed |= fresh.ifindex != pause->ifindex ||
			   fresh.identity != pause->identity ||
			   strcmp(fresh.name, pause->name) != 0;
		*pause = fresh;
	}
	return changed;
}
