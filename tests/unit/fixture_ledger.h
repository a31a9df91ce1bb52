/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/ledger.h"

#include <check.h>
#include <sys/types.h>

/* A ledger's folder, and what the tests of its rooms do with it. */
extern char ledger_directory[];

/* Makes the folder, runs the tests, removes it; what main() returns. */
int ledger_tests(const char *name, const TTest *const *tests, size_t count);

/* The path of a file in it, until the next call. */
char *in_directory(const char *name);
/* The path of the ledger's file. */
char *current(const struct ledger *ledger);
off_t length_of(const char *path);
ino_t inode_of(const char *path);
void write_file(const char *name, const char *text);

struct ledger *opened(void);
/* With nothing in it, which is saved. */
struct ledger *emptied(void);
/* As whoever comes beside reads it. */
struct ledger *beside(void);

struct ledger_entry entry_of(int ifindex, const char *name);
void same(const struct ledger_entry *a, const struct ledger_entry *b);
/* One beside reads that entry for its interface. */
void reads_back(const struct ledger_entry *entry);
void put_all(struct ledger *ledger, int from, int to);
/* Saves it once more, a moment later. */
void mark_changed(struct ledger *ledger, struct ledger_entry *entry);
