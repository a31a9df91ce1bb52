/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the fuzzers share. A fuzzer is a file fuzz_NAME.c, found by its name. */

#undef NDEBUG
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Short records of who allocated, and little that was freed: several times as many runs. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8:malloc_context_size=6";
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* An input that is taken apart from its front; behind its end all is 0. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* Copies what there is of size bytes. Returns how much that was. */
static inline size_t input_take(struct input *input, void *ret, size_t size)
{
	size_t length = size < input->left ? size : input->left;

	memset(ret, 0, size);
	if (length)
		memcpy(ret, input->at, length);
	input->at += length;
	input->left -= length;
	return length;
}

static inline uint8_t input_byte(struct input *input)
{
	uint8_t byte;

	(void)input_take(input, &byte, sizeof(byte));
	return byte;
}

/* A stream into memory, for all inputs. */
struct memory {
	FILE *file;
	char *text;
	size_t size;
};

static inline FILE *memory_begin(struct memory *memory)
{
	if (!memory->file)
		memory->file = open_memstream(&memory->text, &memory->size);
	assert(memory->file);
	rewind(memory->file);
	return memory->file;
}

static inline char *memory_end(struct memory *memory)
{
	assert(fflush(memory->file) == 0);
	memory->text[memory->size] = '\0'; /* an earlier text may be longer */
	assert(strlen(memory->text) == memory->size);
	return memory->text;
}

/*
 * Whether text is UTF-8 (RFC 3629, the table of its section 4) and shows as what it is: no C0,
 * DEL, C1, no mark that changes the direction, none that is no character. Written apart from the rooms that see to it.
 */
static inline bool text_is_clean(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	while (*c) {
		unsigned int more = *c < 0x80 ? 0 : *c < 0xe0 ? 1 : *c < 0xf0 ? 2 : 3;
		unsigned int low = *c == 0xe0 ? 0xa0 : *c == 0xf0 ? 0x90 : 0x80;
		unsigned int high = *c == 0xed ? 0x9f : *c == 0xf4 ? 0x8f : 0xbf;

		if (*c < 0x20 || *c == 0x7f || (*c >= 0x80 && *c < 0xc2) || *c > 0xf4)
			return false;
		if (more && (c[1] < low || c[1] > high))
			return false;
		for (unsigned int i = 2; i <= more; i++)
			if (c[i] < 0x80 || c[i] > 0xbf)
				return false;
		if (c[0] == 0xc2 && c[1] < 0xa0)
			return false;
		if ((c[0] == 0xd8 && c[1] == 0x9c) ||
			(c[0] == 0xe2 && c[1] == 0x80 &&
				(c[2] == 0x8e || c[2] == 0x8f ||
					(c[2] >= 0xaa && c[2] <= 0xae))) ||
			(c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9))
			return false;
		/* U+FDD0 to U+FDEF, and the last two of each plane */
		if ((c[0] == 0xef && c[1] == 0xb7 && c[2] >= 0x90 && c[2] <= 0xaf) ||
			(c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe) ||
			(more == 3 && (c[1] & 0xf) == 0xf && c[2] == 0xbf &&
				c[3] >= 0xbe))
			return false;
		c += more + 1;
	}
	return true;
}
