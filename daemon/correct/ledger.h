/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "daemon/correct/state_folder.h"
#include "finding/finding.h"
#include "kernel/netns_id.h"
#include "net/flow.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What was written to rp_filter by us and not taken back: an account that outlives the daemon.
 * It is called a ledger and not an undo list, as taking back is only one of its uses: an entry
 * stands in it before the write, so that after a crash it tells whether the write was made.
 *
 * It is one file of slots of the same size in the state directory: a header that says how many,
 * and in each of the others an entry, a pause, or nothing (ledger_text.c). A save that changes one
 * slot writes that in its place, which costs the same however many there are and needs no room:
 * a correction has to wait for it. One that changes several makes a new file and renames it. So a
 * save is made as a whole or not at all, whenever we are killed; and a file that lacks anything at
 * its end is noticed by its length.
 * The boot's id is in the file's name: a reboot resets the values, and another boot's file is
 * never read. So it needs no fsync either. Whoever opens it holds a lock until it is freed: the
 * daemon, or one rpfilterctl.
 */
#define LEDGER_ENTRIES 4096 /* more are not taken, and no more pauses either */
#define LEDGER_ERROR 640
#define LEDGER_BOOT 37	  /* a UUID */
#define LEDGER_SLOT 2048u /* bytes; it divides a page, in which a write isn't cut */

/* A value before us that is outside of these is kept as the next one inside, which the kernel
 * takes alike: below 0 is one thing, and so is above 2. */
#define LEDGER_LEAST (-128)
#define LEDGER_MOST 127

struct ledger_entry {
	char netns[NETNS_ID];
	int ifindex; /* or NETCONF_ALL, NETCONF_DEFAULT */
	char name[NAME_MAX_];
	uint64_t identity; /* link_record's, 0 of all and default */
	int old;	   /* before us */
	int was;	   /* before the last write; with done the same as value */
	int value;	   /* what was, or is to be, written: 0 to 2, or old */
	bool done;	   /* false: it may or may not have been written */
	bool keeps;	   /* a step that keeps an interface as it is (plan_step) */
	char finding[FINDING_ID]; /* why; entries of one finding go together */
	struct flow example;	  /* its; .iif is ifindex */
	uint64_t when_usec;	  /* since 1970: since when it is not as before us */
	uint64_t number;	  /* their order; 0: not saved yet */
	size_t slot;		  /* where it is saved; 0: not yet */
};

/* An interface that somebody told us to leave alone. It goes where the interface goes, as an
 * entry does; without one it waits for who comes by that name. */
struct ledger_pause {
	char netns[NETNS_ID];
	int ifindex;	      /* 0: it waits */
	char name[NAME_MAX_]; /* "": all of them */
	uint64_t identity;
	uint64_t
		until_usec; /* since the boot (clock_boottime_usec()); 0: until somebody ends it */
	bool fight; /* the corrector's own, after a fight; else by hand */
	bool gone;  /* of one that ended: its interface went */
	size_t slot;
};

/* What a slot has in the file: one of them, or neither. */
struct ledger_slot {
	bool has_entry, has_pause;
	struct ledger_entry entry;
	struct ledger_pause pause;
};

/* What it is to have: one of them, or neither. */
struct ledger_content {
	const struct ledger_entry *entry;
	const struct ledger_pause *pause;
};

struct ledger {
	struct state_folder folder;
	int lock;	/* a descriptor */
	int file;	/* that holds it, -1: one is to be made */
	uint64_t inode; /* the file's */
	char boot[LEDGER_BOOT];
	uint64_t old_number;  /* of the file of an older version that is read; 0: none */
	int error;	      /* of the last save: 0, or a negative errno */
	char netns[NETNS_ID]; /* ours: entries of others are kept, and not looked at */
	uint64_t number;      /* that was given last */
	ARRAY(struct ledger_entry) entries; /* in the order of their first writes */
	ARRAY(struct ledger_pause) pauses;
	ARRAY(struct ledger_pause)
	ended; /* by themselves; whoever tells of them clears it */
	ARRAY(struct ledger_slot) saved; /* as the file has them: [0] is slot 1 */
};

/* --- ledger_file.c: opening and saving ------------------------------------------------------ */

/*
 * Opens the ledger of this boot and this thread's namespace for writing, and locks it. Our files
 * of other boots are removed. Returns 0; -EWOULDBLOCK when somebody else has it; -EBADMSG when
 * what stands in it is none; -EUCLEAN when something else is in its place (state_folder.h);
 * another negative errno. error is then a line: what, why, what to do.
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
 * Writes what changed since. A file or a folder that somebody took away or replaced is made anew.
 * Returns 0, or a negative errno: then the file is as it was.
 */
int ledger_save(struct ledger *ledger);

/* Writes, though nothing changed: whether there is room for one more entry. As ledger_save(). */
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

/* The pause of an interface, with all of them or by itself, or NULL. ifindex 0: there is none. */
const struct ledger_pause *ledger_pause_of(
	const struct ledger *ledger, int ifindex, const char *name);
bool ledger_is_paused(const struct ledger *ledger, int ifindex, const char *name);
bool ledger_all_paused(const struct ledger *ledger); /* as such */

/*
 * name NULL: all. A pause is of the interface that has the name in state (NULL: none), or waits for
 * one. It takes the place of one that there is, but one after a fight not of one by hand. Returns
 * 1 if that changed something, 0 if not, -ENOMEM or -E2BIG.
 */
int ledger_pause(struct ledger *ledger, const struct state *state, const char *name,
	uint64_t until_usec);
int ledger_pause_fight(struct ledger *ledger, const struct state *state, const char *name,
	uint64_t until_usec);
int ledger_resume(struct ledger *ledger, const struct state *state, const char *name);

/*
 * Pauses follow their interfaces, and end with them. unseen: they may have been replaced without
 * our seeing it, so that the identity decides. Returns whether anything was new.
 */
bool ledger_follow_pauses(struct ledger *ledger, const struct state *state, bool unseen);

/* Ends the pauses whose time is over. Returns whether there was one. */
bool ledger_end_due(struct ledger *ledger, uint64_t boot_usec);

/* When the next pause ends, USEC_NEVER for never. */
uint64_t ledger_next_end(const struct ledger *ledger);

/* The interface went. Returns whether it was paused by itself. */
bool ledger_end_pauses(struct ledger *ledger, int ifindex);

/* --- ledger_text.c: as text ----------------------------------------------------------------- */

/*
 * Reads a file's length bytes into entries, pauses and saved, which are empty before and, where
 * that fails, afterwards. 0, -EBADMSG or -ENOMEM.
 */
int ledger_parse(struct ledger *ledger, const char *text, size_t length);

/* The same of a file as versions before the slots wrote it: nothing is saved by that. */
int ledger_parse_old(struct ledger *ledger, const char *text, size_t length);

/* A slot's bytes: slots is how many a file has. 0, or -EMSGSIZE: it doesn't fit. */
int ledger_format_header(
	const struct ledger *ledger, size_t slots, char out[static LEDGER_SLOT]);
int ledger_format_slot(
	const struct ledger_content *content, char out[static LEDGER_SLOT]);

/* Whether a slot has just that. */
bool ledger_slot_has(
	const struct ledger_slot *slot, const struct ledger_content *content);
