/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger's parser: whatever it takes is what its writer would have written, in sense, as a
 * whole and with a line of what changed.
 */
#include "daemon/correct/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct ledger *a, const struct ledger *b)
{
	assert(a->entries.count == b->entries.count);
	assert(a->pauses.count == b->pauses.count);
	for (size_t i = 0; i < a->entries.count; i++) {
		const struct ledger_entry *x = &a->entries.items[i],
					  *y = &b->entries.items[i];

		assert(x->ifindex == y->ifindex && x->old == y->old && x->was == y->was &&
			x->value == y->value && x->done == y->done &&
			x->keeps == y->keeps && x->identity == y->identity &&
			x->when_usec == y->when_usec);
		assert(x->example.src.host == y->example.src.host &&
			x->example.dst.host == y->example.dst.host &&
			x->example.mark == y->example.mark &&
			x->example.tos == y->example.tos &&
			x->example.proto == y->example.proto &&
			x->example.sport == y->example.sport &&
			x->example.dport == y->example.dport);
		assert(strcmp(x->name, y->name) == 0 && !strchr(x->name, '/'));
		assert(strcmp(x->netns, y->netns) == 0);
		assert(strcmp(x->finding, y->finding) == 0);
	}
}

/* As if all of it had been written. */
static void save(struct ledger *ledger)
{
	array_each (&ledger->entries, struct ledger_entry, entry)
		assert(array_push(&ledger->saved, entry) == 0);
	array_each (&ledger->pauses, struct ledger_pause, pause)
		assert(array_push(&ledger->saved_pauses, pause) == 0);
}

/* Each way to change it, as the bits of how say. */
static void change(struct ledger *ledger, size_t how)
{
	struct ledger_entry *items = ledger->entries.items;
	size_t count = ledger->entries.count;

	if ((how & 1) && count) {
		items[count / 2].done = true;
		items[count / 2].was = items[count / 2].value;
	}
	if ((how & 2) && count) {
		struct ledger_entry first = items[0];

		ledger_remove(ledger, &items[0]);
		if (how & 4) /* which comes again, behind the others */
			assert(array_push(&ledger->entries, &first) == 0);
	}
	if ((how & 8) && ledger->entries.count)
		ledger_remove(ledger, &items[ledger->entries.count - 1]);
	if (how & 16)
		assert(ledger_pause(ledger, "t1") != -ENOMEM);
	if (how & 32)
		ledger_resume(ledger, NULL);
}

static void done(struct ledger *ledger)
{
	array_done(&ledger->entries);
	array_done(&ledger->pauses);
	array_done(&ledger->saved);
	array_done(&ledger->saved_pauses);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger ledger = { .boot = "b", .netns = "c7" }, again = ledger;
	_cleanup_(freep) char *text = NULL, *line = NULL, *both = NULL;

	if (ledger_parse(&ledger, (const char *)data, size) == 0) {
		assert(ledger_format(&ledger, &text) == 0);
		assert(ledger_parse(&again, text, strlen(text)) == 0);
		same(&ledger, &again);
		save(&ledger);
		change(&ledger, size);
		assert(ledger_format_change(&ledger, size & 64, &line) == 0);
		assert(asprintf(&both, "%s%s", text, line ? line : "   ") > 0);
		done(&again);
		assert(ledger_parse(&again, both, strlen(both)) == 0);
		same(&ledger, &again);
	}
	done(&ledger);
	done(&again);
	return 0;
}
