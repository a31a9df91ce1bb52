/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_ledger.h"

#include "fixture_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char ledger_directory[] = "/tmp/ledger-XXXXXX";

int ledger_tests(const char *name, const TTest *const *tests, size_t count)
{
	char command[64];
	int r;

	(void)umask(022);
	if (!mkdtemp(ledger_directory))
		return 1;
	r = fixture_run(name, tests, count);
	snprintf(command, sizeof(command), "rm -rf %s", ledger_directory);
	return system(command) == 0 ? r : 1;
}

char *in_directory(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", ledger_directory, name);
	return path;
}

struct ledger *opened(void)
{
	struct ledger *ledger = NULL;
	char error[LEDGER_ERROR] = "";
	int r = ledger_open(ledger_directory, &ledger, error);

	ck_assert_msg(r == 0, "%s", error);
	return ledger;
}

struct ledger_entry entry_of(int ifindex, const char *name)
{
	struct ledger_entry entry = { .ifindex = ifindex,
		.identity = 0xfedcba9876543210u,
		.old = 1,
		.was = 1,
		.value = 2,
		.keeps = ifindex == 3,
		.finding = "tunl0/local",
		.example = { .iif = ifindex,
			.src = { 0xc6336401 },
			.dst = { 0xc0000201 },
			.proto = FLOW_UDP },
		.when_usec = 1795000000000000u };

	snprintf(entry.name, sizeof(entry.name), "%s", name);
	return entry;
}

void same(const struct ledger_entry *a, const struct ledger_entry *b)
{
	ck_assert_str_eq(a->name, b->name);
	ck_assert_str_eq(a->finding, b->finding);
	ck_assert_int_eq(a->ifindex, b->ifindex);
	ck_assert(a->identity == b->identity && a->when_usec == b->when_usec);
	ck_assert(a->old == b->old && a->was == b->was && a->value == b->value);
	ck_assert(a->done == b->done && a->keeps == b->keeps);
	ck_assert(a->example.iif == b->example.iif &&
		  a->example.src.host == b->example.src.host &&
		  a->example.dst.host == b->example.dst.host);
	ck_assert(a->example.mark == b->example.mark &&
		  a->example.tos == b->example.tos &&
		  a->example.proto == b->example.proto &&
		  a->example.sport == b->example.sport &&
		  a->example.dport == b->example.dport);
}

char *current(const struct ledger *ledger)
{
	char name[96];

	snprintf(name, sizeof(name), "ledger-%s.json", ledger->boot);
	return in_directory(name);
}

off_t length_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_size;
}

ino_t inode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_ino;
}

struct ledger *beside(void)
{
	struct ledger *second = NULL;

	ck_assert_int_eq(ledger_open_readonly(ledger_directory, &second), 0);
	return second;
}

void reads_back(const struct ledger_entry *entry)
{
	struct ledger *second = beside();

	ck_assert_ptr_nonnull(ledger_find(second, entry->ifindex));
	same(ledger_find(second, entry->ifindex), entry);
	ledger_free(second);
}

void put_all(struct ledger *ledger, int from, int to)
{
	struct ledger_entry entry = entry_of(5, "tunl0");

	for (int i = from; i < to; i++) {
		entry.ifindex = entry.example.iif = i;
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	}
}

void mark_changed(struct ledger *ledger, struct ledger_entry *entry)
{
	entry->when_usec++;
	ck_assert_int_eq(ledger_put(ledger, entry), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
}

struct ledger *emptied(void)
{
	struct ledger *ledger = opened();

	array_clear(&ledger->entries);
	array_clear(&ledger->pauses);
	ck_assert_int_eq(ledger_save(ledger), 0);
	return ledger;
}

void write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_directory(name), "we");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}
