/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's parser: whatever it takes is what its writer would have written, in sense. */
#include "daemon/ledger.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger ledger = { .boot = "b", .netns = "c7" }, again = ledger;
	_cleanup_(freep) char *text = NULL;

	if (ledger_parse(&ledger, (const char *)data, size) == 0) {
		assert(ledger_format(&ledger, &text) == 0);
		assert(ledger_parse(&again, text, strlen(text)) == 0);
		same(&ledger, &again);
	}
	array_done(&ledger.entries);
	array_done(&ledger.pauses);
	array_done(&again.entries);
	array_done(&again.pauses);
	return 0;
}
