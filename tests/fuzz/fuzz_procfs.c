/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of /proc. The first byte says which of them the rest is. It is taken line by line
 * from memory; the code that opens files by name is left aside.
 */
#include "lib/kernel/procsys.c"

#include "fuzz/fuzz.h"

/* How many lines are groups is counted here once more. */
static size_t count_groups(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\t' && (i == 0 || text[i - 1] == '\n');
	return count;
}

static int take_groups(const struct record *record, void *data)
{
	const struct membership_record *groups = &record->memberships;

	assert(record->kind == RECORD_MEMBERSHIPS && record->dump);
	for (size_t i = 0; i < groups->count; i++)
		assert(groups->items[i].ifindex > 0);
	*(size_t *)data = groups->count;
	return 0;
}

static void take_igmp(char *text, size_t size)
{
	_cleanup_(fclosep) FILE *file = fmemopen(text, size, "r");
	size_t count = SIZE_MAX;

	assert(file);
	if (parse_memberships(file, take_groups, &count) == 0)
		assert(count == count_groups(text, size));
	else
		assert(count == SIZE_MAX);
}

static void take_netstat(char *text, size_t size)
{
	_cleanup_(fclosep) FILE *file = fmemopen(text, size, "r");
	uint64_t drops = 0;
	char digits[24];
	int r;

	assert(file);
	r = parse_rpf_drops(file, &drops);
	assert(r == 0 || r == -ENOENT || r == -EBADMSG);
	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)drops);
	/* what is found stands there, but for a sign and zeroes ahead */
	if (r == 0 && !memchr(text, '-', size))
		assert(memmem(text, size, digits, strlen(digits)));
}

static void take_number(const char *text)
{
	char again[24];
	int32_t number, same;

	if (parse_number(text, &number) < 0)
		return;
	snprintf(again, sizeof(again), "%d\n", number);
	assert(parse_number(again, &same) == 0 && same == number);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };
	uint8_t which = input_byte(&in);
	_cleanup_(freep) char *text = strndup((const char *)in.at, in.left);

	assert(text);
	if (which % 4 == 3)
		take_number(text);
	if (!in.left)
		return 0;
	text = realloc(text, in.left); /* with the zeroes in it */
	assert(text);
	memcpy(text, in.at, in.left);
	if (which % 4 == 0)
		take_igmp(text, in.left);
	else if (which % 4 != 3)
		take_netstat(text, in.left);
	return 0;
}
