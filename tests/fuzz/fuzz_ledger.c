/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger's parsers: whatever they take is what our writer would have written, in sense, and no
 * value is in it that we would not write to a kernel. The input is a file as it is, and one of which
 * each line is filled up to a slot; and one of an older version.
 */
#include "daemon/correct/ledger.h"
#include "fuzz/fuzz.h"

#define MOST_LINES 32

static void same_entry(const struct ledger_entry *x, const struct ledger_entry *y)
{
	assert(x->ifindex == y->ifindex && x->old == y->old && x->was == y->was &&
		x->value == y->value && x->done == y->done && x->keeps == y->keeps &&
		x->identity == y->identity && x->when_usec == y->when_usec &&
		x->number == y->number && x->slot == y->slot);
	assert(x->example.src.host == y->example.src.host &&
		x->example.dst.host == y->example.dst.host &&
		x->example.mark == y->example.mark && x->example.tos == y->example.tos &&
		x->example.proto == y->example.proto &&
		x->example.sport == y->example.sport &&
		x->example.dport == y->example.dport);
	assert(strcmp(x->name, y->name) == 0 && !strchr(x->name, '/'));
	assert(strcmp(x->netns, y->netns) == 0);
	assert(strcmp(x->finding, y->finding) == 0);
	assert(x->old >= LEDGER_LEAST && x->old <= LEDGER_MOST);
	assert(x->value == x->old || (x->value >= 0 && x->value <= 2));
}

static void same(const struct ledger *a, const struct ledger *b)
{
	assert(a->entries.count == b->entries.count && a->number == b->number);
	assert(a->pauses.count == b->pauses.count);
	for (size_t i = 0; i < a->entries.count; i++)
		same_entry(&a->entries.items[i], &b->entries.items[i]);
	for (size_t i = 0; i < a->pauses.count; i++) {
		const struct ledger_pause *x = &a->pauses.items[i],
					  *y = &b->pauses.items[i];

		assert(x->ifindex == y->ifindex && x->identity == y->identity &&
			x->slot == y->slot && strcmp(x->name, y->name) == 0 &&
			strcmp(x->netns, y->netns) == 0 &&
			x->until_usec == y->until_usec && x->fight == y->fight);
	}
}

static void done(struct ledger *ledger)
{
	array_done(&ledger->entries);
	array_done(&ledger->pauses);
	array_done(&ledger->saved);
}

/* What was read is written, and read again. */
static void comes_back(const struct ledger *ledger, size_t slots)
{
	struct ledger again = { .boot = "b", .netns = "c7" };
	char *text = calloc(slots + 1, LEDGER_SLOT);
	struct ledger_content *contents = calloc(slots + 1, sizeof(*contents));

	assert(text && contents);
	array_each (&ledger->entries, const struct ledger_entry, entry)
		contents[entry->slot].entry = entry;
	array_each (&ledger->pauses, const struct ledger_pause, pause)
		contents[pause->slot].pause = pause;
	assert(ledger_format_header(ledger, slots, text) == 0);
	for (size_t i = 1; i <= slots; i++) {
		assert(ledger_format_slot(&contents[i], text + i * LEDGER_SLOT) == 0);
		if (ledger->saved.count)
			assert(ledger_slot_has(
				&ledger->saved.items[i - 1], &contents[i]));
	}
	assert(ledger_parse(&again, text, (slots + 1) * LEDGER_SLOT) == 0);
	same(ledger, &again);
	done(&again);
	free(contents);
	free(text);
}

static void try_slots(const char *text, size_t length)
{
	struct ledger ledger = { .boot = "b", .netns = "c7" };

	if (ledger_parse(&ledger, text, length) == 0)
		comes_back(&ledger, ledger.saved.count);
	done(&ledger);
}

/* As ledger_file.c takes it over: each gets a number and a slot. */
static void try_old(const char *text, size_t length)
{
	struct ledger ledger = { .boot = "b", .netns = "c7" };
	size_t slots = 0;

	if (ledger_parse_old(&ledger, text, length) == 0) {
		array_each (&ledger.entries, struct ledger_entry, entry) {
			entry->number = ++ledger.number;
			entry->slot = ++slots;
		}
		array_each (&ledger.pauses, struct ledger_pause, pause)
			pause->slot = ++slots;
		comes_back(&ledger, slots);
	}
	done(&ledger);
}

/* Each line, filled up with blanks. */
static void try_lines(const char *text, size_t length)
{
	static char slots[MOST_LINES * LEDGER_SLOT];
	size_t count = 0;

	while (length && count < MOST_LINES) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length;

		memset(slots + count * LEDGER_SLOT, ' ', LEDGER_SLOT);
		memcpy(slots + count * LEDGER_SLOT, text,
			line < LEDGER_SLOT ? line : LEDGER_SLOT - 1);
		slots[++count * LEDGER_SLOT - 1] = '\n';
		line += end ? 1 : 0;
		text += line;
		length -= line;
	}
	try_slots(slots, count * LEDGER_SLOT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (!size)
		return 0;
	try_slots(text, size);
	try_lines(text, size);
	try_old(text, size);
	return 0;
}
