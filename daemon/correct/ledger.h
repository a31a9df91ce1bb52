/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "finding/finding.h"
#include "kernel/netns_id.h"
#include "net/flow.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What was written to rp_filter by us and not taken back: an account that outlives the daemon.
 * It is called a ledger and not an undo list, as taking back is only one of its uses: an entry
 * stands in it before the write, so that after a crash it tells whether the write was made.
 *
 * It is a file of lines of JSON in the state directory: the first holds all of it, each after
 * that what a save changed (ledger_text.c). To append costs hardly more where there are many
 * entries, and less than to make a file and rename it: a correction has to wait for it.
 * The boot's id is in the file's name: a reboot resets the values, and another boot's file is
 * never read. So it needs no fsync either. Where the file has grown long, one of the next number
 * is made; the greatest number counts. Whoever opens it holds a lock until it is freed: the
 * daemon, or one rpfilterctl.
 */
#define LEDGER_ENTRIES 4096 /* more are not taken */
#define LEDGER_ERROR 512
#define LEDGER_BOOT 40

struct ledger_entry {
	char netns[NETNS_ID];
	int ifindex; /* or NETCONF_ALL, NETCONF_DEFAULT */
	char name[NAME_MAX_];
	uint64_t identity; /* link_record's, 0 of all and default */
	int old;	   /* before us */
	int was;	   /* before the last write; with done the same as value */
	int value;	   /* what was, or is to be, written */
	bool done;	   /* false: it may or may not have been written */
	bool keeps;	   /* a step that keeps an interface as it is (plan_step) */
	char finding[FINDING_ID]; /* why; entries of one finding go together */
	struct flow example;	  /* its; .iif is ifindex */
	uint64_t when_usec;	  /* since 1970: since when it is not as before us */
};

/* An interface that somebody told us to leave alone; "" for all of them. */
struct ledger_pause {
	char netns[NETNS_ID];
	char name[NAME_MAX_];
};

struct ledger {
	char *directory;
	int folder, lock; /* descriptors */
	int file;	  /* that holds it, -1: one is to be made */
	uint64_t inode;	  /* the file's */
	size_t whole;	  /* the length of its first line */
	size_t length;	  /* all of its length */
	char boot[LEDGER_BOOT];
	uint64_t serial;      /* the file's, 0: none yet */
	int error;	      /* of the last save: 0, or a negative errno */
	char netns[NETNS_ID]; /* ours: entries of others are kept, and not looked at */
	ARRAY(struct ledger_entry) entries; /* in the order of their first writes */
	ARRAY(struct ledger_pause) pauses;
	ARRAY(struct ledger_entry) saved; /* as the file has them */
	ARRAY(struct ledger_pause) saved_pauses;
};

/* --- ledger_file.c: opening and saving ------------------------------------------------------ */

/*
 * Opens the ledger of this boot and this thread's namespace for writing, and locks it. Files of
 * other boots are removed. Returns 0; -EWOULDBLOCK when somebody else has
 * it; -EBADMSG when what stands in it is none; another negative errno. error is then a line:
 * what, why, what to do.
 */
int ledger_open(
	const char *directory, struct ledger **ret, char error[static LEDGER_ERROR]);
/*
 * Only reads it, beside whoever has it: for a report. An empty one where there is none, or none
 * that this user may read (-EACCES is returned then). Not to be saved.
 */
int ledger_open_readonly(const char *directory, struct ledger **ret);

void ledger_free(struct ledger *ledger);
DEFINE_FREEP(struct ledger, ledger_free)

/*
 * Writes what changed since. A file or a folder that somebody took away is made anew. Returns 0,
 * or a negative errno: then the file is as it was.
 */
int ledger_save(struct ledger *ledger);

/* Writes, though nothing changed: whether there is room for what may change. As ledger_save(). */
int ledger_check_writable(struct ledger *ledger);

/* What the error of a save means, as ledger_open() says it. */
void ledger_explain(
	const struct ledger *ledger, int error, char text[static LEDGER_ERROR]);

/* --- ledger.c: what stands in it ------------------------------------------------------------ */

/* The entry of this namespace for an interface, NULL where there is none. */
struct ledger_entry *ledger_find(const struct ledger *ledger, int ifindex);

/*
 * Whether an entry is about the interface that has its index now, by that one's identity
 * (link_record): within a boot only who asks for it gets an index that was there before, and a
 * name can be given away while we look elsewhere. All and default stay what they are.
 */
bool ledger_is_about(const struct ledger_entry *entry, uint64_t identity);

/*
 * The interface of an entry has another name or address now: the entry follows, and so does the
 * finding that it was loosened for, in all entries, once ledger_follow_end() is called: names may
 * be swapped. Returns whether anything was new.
 */
bool ledger_follow(struct ledger *ledger, struct ledger_entry *entry, const char *name,
	uint64_t identity);
void ledger_follow_end(struct ledger *ledger);

/* Takes a copy of entry, in place of an older one for the same. Where it is full the oldest of
 * another namespace goes, which may be long gone. 0, -ENOMEM, or -E2BIG: it is full of ours. */
int ledger_put(struct ledger *ledger, const struct ledger_entry *entry);
void ledger_remove(struct ledger *ledger, const struct ledger_entry *entry);

/* Whether name is paused, by itself or with all of them. */
bool ledger_is_paused(const struct ledger *ledger, const char *name);
bool ledger_all_paused(const struct ledger *ledger); /* as such */

/* name NULL: all. Returns 1 if that changed something, 0 if not, -ENOMEM or -E2BIG. */
int ledger_pause(struct ledger *ledger, const char *name);
int ledger_resume(struct ledger *ledger, const char *name);

/* --- ledger_text.c: as text ----------------------------------------------------------------- */

/* Reads a file's length bytes into ledger's entries and pauses. 0, -EBADMSG or -ENOMEM. */
int ledger_parse(struct ledger *ledger, const char *text, size_t length);

/* The line that holds all of it. *ret is to be freed. Returns 0 or -ENOMEM. */
int ledger_format(const struct ledger *ledger, char **ret);

/* The same of what differs from what is saved; *ret is NULL where nothing does, unless always. */
int ledger_format_change(const struct ledger *ledger, bool always, char **ret);
