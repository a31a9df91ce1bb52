/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A snapshot's file, compressed or not: by the parser, the decoder and state_apply() to the verdicts.
 * What begins as neither is put into a file: notes, each ended by a form feed, up to a 0xff; and
 * what is behind it is a datagram. Lengths and counts, which no mutation hits, are right there.
 */
#include "base/fd.h"
#include "fuzz/fuzz.h"
#include "fuzz/verdicts.h"
#include "kernel/snapshot_load.h"
#include "kernel/snapshot_save.h"
#include "state/dirty.h"
#include "state/state_equal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct state *load_file(FILE *file, uint64_t most)
{
	struct state *state = state_new();
	struct snapshot_notes notes = { 0 };
	struct snapshot_fault fault = { 0 };
	int r;

	assert(file && state);
	rewind(file);
	r = snapshot_load(file, state, &notes, &fault);
	assert(r == 0 || r == -EBADMSG);
	assert(r == 0 ? !fault.what : fault.what && fault.at <= most);
	assert(notes.size <= 64 << 20);
	array_each (&notes.list, const struct snapshot_note, note)
		assert(strlen(note->text) == note->length && !strchr(note->key, '\n'));
	snapshot_notes_done(&notes);
	if (r == 0)
		return state;
	state_free(state);
	return NULL;
}

static void take_file(FILE *file, uint64_t most)
{
	_cleanup_(state_freep) struct state *state = load_file(file, most),
					    *again = load_file(file, most);
	char what[STATE_DIFFERENCE];

	assert(!state == !again);
	if (!state)
		return;
	assert(state_equal(state, again, what));
	dirty_settle(state);
	verdicts_of_ifaces(&(struct overlay){ .state = state });
}

static void put_notes(struct snapshot_save *save, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		const uint8_t *stop = memchr(at, '\f', (size_t)(end - at)) ?: end;

		(void)pcapng_add(&save->out, 1, "\x10\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16,
			(const char *)at, (size_t)(stop - at));
		at = stop + 1;
	}
}

static void take_parts(const uint8_t *bytes, size_t size)
{
	const uint8_t *stop = memchr(bytes, 0xff, size) ?: bytes + size;
	_cleanup_(fclosep) FILE *file = fdopen(memfd_create("snapshot", 0), "w+");
	struct snapshot_save save = { 0 };

	assert(file && snapshot_save_begin(&save, fileno(file), "fuzz", NULL) == 0);
	put_notes(&save, bytes, stop);
	if (stop < bytes + size)
		assert(pcapng_add(&save.out, 1, stop + 1,
			       size - 1 - (size_t)(stop - bytes), NULL, 0) == 0);
	assert(snapshot_save_end(&save) == 0);
	snapshot_save_done(&save);
	take_file(file, UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t section[] = { 0x0a, 0x0d, 0x0d, 0x0a };
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	_cleanup_(fclosep) FILE *file = NULL;
	bool packed;

	if (size < sizeof(zstd))
		return 0;
	packed = memcmp(bytes, zstd, sizeof(zstd)) == 0;
	if (!packed && memcmp(bytes, section, sizeof(section)) != 0) {
		take_parts(bytes, size);
		return 0;
	}
	file = fmemopen((void *)bytes, size, "r");
	take_file(file, packed ? UINT64_MAX : size);
	return 0;
}
