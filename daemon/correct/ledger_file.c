/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/ledger.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_ (64u << 20) /* of a file that is read */
#define SLOTS_FIRST 15u	      /* with the header a power of two, and so it grows */
#define LOCK_FILE "ledger.lock"
#define FRESH_FILE "ledger.new"
#define FILE_NAME 96

/* --- names ------------------------------------------------------------------------------------ */

static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (!text[i] ||
			!strchr(form[i] == '-' ? "-" : "0123456789abcdef", text[i]))
			return false;
	}
	return text[sizeof(form) - 1] == '\0';
}

static int read_boot(char ret[static LEDGER_BOOT])
{
	_cleanup_(closep) int fd =
		open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, ret, LEDGER_BOOT - 1);

	if (length < 0)
		return -errno;
	ret[length] = '\0';
	return is_uuid(ret) ? 0 : -EBADMSG;
}

/* number 0: the ledger; else the file of that number, as versions before the slots called it. */
static void file_name(const char *boot, uint64_t number, char out[static FILE_NAME])
{
	if (number)
		snprintf(out, FILE_NAME, "ledger-%s.%" PRIu64 ".json", boot, number);
	else
		snprintf(out, FILE_NAME, "ledger-%s.json", boot);
}

/* Whether a name is one that file_name() makes, for any boot. */
static bool is_file_name(
	const char *name, char ret_boot[static LEDGER_BOOT], uint64_t *ret_number)
{
	char again[FILE_NAME];

	*ret_number = 0;
	if (strncmp(name, "ledger-", 7) != 0 || strlen(name) < 7 + LEDGER_BOOT)
		return false;
	snprintf(ret_boot, LEDGER_BOOT, "%s", name + 7);
	(void)sscanf(name + 7 + LEDGER_BOOT - 1, ".%" SCNu64, ret_number);
	file_name(ret_boot, *ret_number, again);
	return is_uuid(ret_boot) && strcmp(name, again) == 0;
}

/* --- what went wrong -------------------------------------------------------------------------- */

void ledger_explain(
	const struct ledger *ledger, int error, char text[static LEDGER_ERROR])
{
	const char *path = ledger->folder.path;
	char name[FILE_NAME];

	file_name(ledger->boot, ledger->old_number, name);
	if (error == -EUCLEAN)
		snprintf(text, LEDGER_ERROR, "%s", ledger->folder.problem);
	else if (error == -EWOULDBLOCK)
		snprintf(text, LEDGER_ERROR,
			"the ledger in %s is in use by another rpfilterd or rpfilterctl",
			path);
	else if (error == -EBADMSG && *ledger->boot)
		snprintf(text, LEDGER_ERROR,
			"the ledger %s/%s is damaged and earlier corrections are unknown: check rp_filter of the interfaces (rpfilterctl exceptions), then remove the file",
			path, name);
	else if (error == -EROFS || error == -EACCES || error == -EPERM)
		snprintf(text, LEDGER_ERROR,
			"the ledger in %s cannot be written: %s; make the state directory writable (StateDirectory= of the service, or --state)",
			path, strerror(-error));
	else if (error == -ENOSPC || error == -EDQUOT)
		snprintf(text, LEDGER_ERROR,
			"the ledger in %s cannot be written: %s; free some space there",
			path, strerror(-error));
	else if (error == -ENOENT)
		snprintf(text, LEDGER_ERROR,
			"the state directory %s cannot be made: %s; make the directory that it is to be in, or name another (--state)",
			path, strerror(-error));
	else
		snprintf(text, LEDGER_ERROR, "the ledger in %s cannot be used: %s", path,
			strerror(-error));
}

/* --- reading ---------------------------------------------------------------------------------- */

/* All of a file, *ret to be freed. -EBADMSG where it can't be one that we wrote. */
static int read_file(
	struct state_folder *folder, const char *name, char **ret, size_t *ret_length)
{
	_cleanup_(closep) int fd = state_folder_file(folder, name, O_RDONLY);
	_cleanup_(freep) char *text = NULL;
	size_t filled = 0;
	struct stat status;
	ssize_t length;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size > SIZE_MAX_)
		return -EBADMSG;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	do {
		length = read(fd, text + filled, (size_t)status.st_size + 1 - filled);
		if (length < 0 && errno != EINTR)
			return -errno;
		filled += length > 0 ? (size_t)length : 0;
	} while (length != 0 && filled <= (size_t)status.st_size);
	if (filled != (size_t)status.st_size)
		return -EBADMSG;
	*ret = take_ptr(text);
	*ret_length = filled;
	return 0;
}

static void find_old(void *data, const char *name)
{
	struct ledger *ledger = data;
	char boot[LEDGER_BOOT];
	uint64_t number;

	if (is_file_name(name, boot, &number) && strcmp(boot, ledger->boot) == 0 &&
		number > ledger->old_number)
		ledger->old_number = number;
}

/* 1 where one was read, 0 where there is none. */
static int load_old(struct ledger *ledger)
{
	_cleanup_(freep) char *text = NULL;
	char name[FILE_NAME];
	size_t length;
	int r = state_folder_each(&ledger->folder, find_old, ledger);

	if (r < 0 || !ledger->old_number)
		return r;
	file_name(ledger->boot, ledger->old_number, name);
	r = read_file(&ledger->folder, name, &text, &length);
	if (r >= 0)
		r = ledger_parse_old(ledger, text, length);
	return r < 0 ? r : 1;
}

static int load_file(struct ledger *ledger)
{
	_cleanup_(freep) char *text = NULL;
	char name[FILE_NAME];
	size_t length;
	int r;

	file_name(ledger->boot, 0, name);
	r = read_file(&ledger->folder, name, &text, &length);
	return r < 0 ? r : ledger_parse(ledger, text, length);
}

/* --- saving ----------------------------------------------------------------------------------- */

/* Returns 0, or a negative errno: then the file may have a part of it. */
static int write_all(int fd, const char *text, size_t length, size_t offset)
{
	ssize_t written = 0;

	for (size_t done = 0; done < length; done += (size_t)written) {
		written = pwrite(fd, text + done, length - done, (off_t)(offset + done));
		if (written < 0 && errno == EINTR)
			written = 0;
		if (written < 0)
			return -errno;
	}
	return 0;
}

/* What each slot is to have, and how many there are to be. */
struct layout {
	struct ledger_content *slots; /* [0] is slot 1 */
	size_t used;		      /* up to the last one that has something */
	size_t count;
};

static void layout_done(struct layout *layout)
{
	free(layout->slots);
}

/* Whether the slot was free for it. */
static bool place(struct layout *layout, size_t slot, const struct ledger_entry *entry,
	const struct ledger_pause *pause)
{
	struct ledger_content *content;

	if (!slot)
		return false;
	content = &layout->slots[slot - 1];
	if (content->entry || content->pause)
		return false;
	*content = (struct ledger_content){ entry, pause };
	layout->used = slot > layout->used ? slot : layout->used;
	return true;
}

/* Each stays where it is; what is new takes the first slots that are free. */
static int lay_out(struct ledger *ledger, struct layout *ret)
{
	size_t most = ledger->saved.count, next = 1;

	array_each (&ledger->entries, struct ledger_entry, entry)
		most = entry->slot > most ? entry->slot : most;
	array_each (&ledger->pauses, struct ledger_pause, pause)
		most = pause->slot > most ? pause->slot : most;
	ret->slots = calloc(most + ledger->entries.count + ledger->pauses.count + 1,
		sizeof(*ret->slots));
	if (!ret->slots)
		return -ENOMEM;
	array_each (&ledger->entries, struct ledger_entry, entry)
		entry->slot = place(ret, entry->slot, entry, NULL) ? entry->slot : 0;
	array_each (&ledger->pauses, struct ledger_pause, pause)
		pause->slot = place(ret, pause->slot, NULL, pause) ? pause->slot : 0;
	array_each (&ledger->entries, struct ledger_entry, entry) {
		if (!entry->number)
			entry->number = ++ledger->number;
		for (; !entry->slot; next++)
			entry->slot = place(ret, next, entry, NULL) ? next : 0;
	}
	array_each (&ledger->pauses, struct ledger_pause, pause) {
		for (; !pause->slot; next++)
			pause->slot = place(ret, next, NULL, pause) ? next : 0;
	}
	ret->count = ledger->saved.count ? ledger->saved.count : SLOTS_FIRST;
	while (ret->count < ret->used)
		ret->count = 2 * ret->count + 1;
	return 0;
}

/* How many slots differ from what the file has; *ret: the last of them. */
static size_t count_changes(
	const struct ledger *ledger, const struct layout *layout, size_t *ret)
{
	size_t changes = 0;

	for (size_t i = 0; i < ledger->saved.count; i++) {
		if (ledger_slot_has(&ledger->saved.items[i], &layout->slots[i]))
			continue;
		changes++;
		*ret = i + 1;
	}
	return changes;
}

static void remember_slot(struct ledger *ledger, const struct layout *layout, size_t slot)
{
	const struct ledger_content *content = &layout->slots[slot - 1];
	struct ledger_slot *saved = &ledger->saved.items[slot - 1];

	saved->has_entry = content->entry;
	saved->has_pause = content->pause;
	if (content->entry)
		saved->entry = *content->entry;
	if (content->pause)
		saved->pause = *content->pause;
}

/* From now on fd is the file. Where that can't be remembered, the next save makes a new one. */
static int take_file(struct ledger *ledger, int *fd, const struct layout *layout)
{
	const struct ledger_slot none = { 0 };
	struct stat status;
	int r = fstat(*fd, &status) < 0 ? -errno : 0;

	closep(&ledger->file);
	array_clear(&ledger->saved);
	for (size_t slot = 1; slot <= layout->count && r >= 0; slot++) {
		r = array_push(&ledger->saved, &none);
		if (r >= 0 && slot <= layout->used)
			remember_slot(ledger, layout, slot);
	}
	if (r < 0)
		return r;
	ledger->file = take_fd(fd);
	ledger->inode = status.st_ino;
	return 0;
}

static int format_file(
	const struct ledger *ledger, const struct layout *layout, char *text)
{
	const struct ledger_content none = { 0 };
	int r = ledger_format_header(ledger, layout->count, text);

	for (size_t slot = 1; slot <= layout->count && r >= 0; slot++)
		r = ledger_format_slot(
			slot <= layout->used ? &layout->slots[slot - 1] : &none,
			text + slot * LEDGER_SLOT);
	return r;
}

/* What is left of one that was killed is ours, and goes. */
static int open_fresh(struct ledger *ledger)
{
	struct stat status;
	int r = state_folder_look(&ledger->folder, FRESH_FILE, &status);

	if (r > 0 && unlinkat(ledger->folder.fd, FRESH_FILE, 0) < 0)
		return -errno;
	return r < 0 ? r
		     : state_folder_file(
			       &ledger->folder, FRESH_FILE, O_WRONLY | O_CREAT | O_EXCL);
}

/* Something else in its place stays. */
static int move_fresh(struct ledger *ledger)
{
	struct stat status;
	char name[FILE_NAME];
	int r;

	file_name(ledger->boot, 0, name);
	r = state_folder_look(&ledger->folder, name, &status);
	if (r < 0)
		return r;
	return renameat(ledger->folder.fd, FRESH_FILE, ledger->folder.fd, name) < 0
		       ? -errno
		       : 0;
}

static int make_file(struct ledger *ledger, const struct layout *layout)
{
	size_t length = (layout->count + 1) * LEDGER_SLOT;
	_cleanup_(freep) char *text = malloc(length);
	_cleanup_(closep) int fd = -1;
	int r = text ? format_file(ledger, layout, text) : -ENOMEM;

	if (r < 0)
		return r;
	fd = open_fresh(ledger);
	if (fd < 0)
		return fd;
	r = write_all(fd, text, length, 0);
	if (r >= 0)
		r = move_fresh(ledger);
	if (r < 0) {
		(void)unlinkat(ledger->folder.fd, FRESH_FILE, 0); /* its room */
		return r;
	}
	return take_file(ledger, &fd, layout);
}

static int lock(struct ledger *ledger)
{
	ledger->lock = state_folder_file(&ledger->folder, LOCK_FILE, O_RDWR | O_CREAT);
	if (ledger->lock < 0)
		return ledger->lock;
	return flock(ledger->lock, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

/* Somebody took the folder away, or put another in its place: that one, and its lock. */
static int open_anew(struct ledger *ledger)
{
	int r;

	closep(&ledger->lock);
	closep(&ledger->folder.fd);
	r = state_folder_open(&ledger->folder);
	if (r >= 0)
		r = lock(ledger);
	if (r < 0)
		closep(&ledger->folder.fd); /* without the lock nothing is written */
	return r;
}

/* Whether the file is still there under its name, and as long as we made it. */
static bool is_in_place(struct ledger *ledger)
{
	struct stat status;
	char name[FILE_NAME];

	file_name(ledger->boot, 0, name);
	return ledger->file >= 0 &&
	       state_folder_look(&ledger->folder, name, &status) > 0 &&
	       status.st_ino == ledger->inode &&
	       status.st_size == (off_t)((ledger->saved.count + 1) * LEDGER_SLOT);
}

/* slot 0: the header. A slot lies in one page: its write isn't cut where we are killed. */
static int write_slot(struct ledger *ledger, const struct layout *layout, size_t slot)
{
	char text[LEDGER_SLOT];
	int r = slot ? ledger_format_slot(&layout->slots[slot - 1], text)
		     : ledger_format_header(ledger, layout->count, text);

	if (r >= 0)
		r = write_all(ledger->file, text, sizeof(text), slot * LEDGER_SLOT);
	if (r >= 0 && slot)
		remember_slot(ledger, layout, slot);
	return r;
}

static int save(struct ledger *ledger, bool always)
{
	_cleanup_(layout_done) struct layout layout = { 0 };
	bool has_folder = state_folder_is_in_place(&ledger->folder);
	size_t slot = 0, changes;
	int r = lay_out(ledger, &layout);

	if (r < 0)
		return r;
	changes = count_changes(ledger, &layout, &slot);
	if (always && layout.used == layout.count)
		layout.count = 2 * layout.count + 1;
	if (has_folder && is_in_place(ledger) && layout.count == ledger->saved.count &&
		changes <= 1)
		return changes || always ? write_slot(ledger, &layout, slot) : 0;
	r = has_folder ? make_file(ledger, &layout) : -ENOENT;
	if (r == -ENOENT) {
		r = open_anew(ledger);
		if (r >= 0)
			r = make_file(ledger, &layout);
	}
	return r;
}

int ledger_save(struct ledger *ledger)
{
	ledger->error = save(ledger, false);
	return ledger->error;
}

int ledger_check_writable(struct ledger *ledger)
{
	ledger->error = save(ledger, true);
	return ledger->error;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int init(struct ledger *ledger, const char *directory)
{
	int r;

	ledger->lock = ledger->file = ledger->folder.fd = -1;
	ledger->folder.path = strdup(directory);
	r = ledger->folder.path ? read_boot(ledger->boot) : -ENOMEM;
	return r < 0 ? r : netns_id(ledger->netns);
}

/* The file that was loaded is gone on with: that needs no room. */
static int take_up(struct ledger *ledger)
{
	_cleanup_(closep) int fd = -1;
	struct stat status;
	char name[FILE_NAME];

	file_name(ledger->boot, 0, name);
	fd = state_folder_file(&ledger->folder, name, O_WRONLY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	ledger->file = take_fd(&fd);
	ledger->inode = status.st_ino;
	return 0;
}

static int load_any(struct ledger *ledger)
{
	int r = load_file(ledger);

	if (r != -ENOENT)
		return r < 0 ? r : take_up(ledger);
	r = load_old(ledger);
	if (r >= 0)
		r = ledger_save(ledger);
	if (r >= 0)
		ledger->old_number = 0;
	return r;
}

/* Those of other boots tell of values that are gone, older ones were replaced. What isn't a file
 * of ours, or isn't called just like one, stays. */
static void remove_stale(void *data, const char *name)
{
	struct ledger *ledger = data;
	char boot[LEDGER_BOOT];
	struct stat status;
	uint64_t number;

	if (is_file_name(name, boot, &number) &&
		(number || strcmp(boot, ledger->boot) != 0) &&
		state_folder_look(&ledger->folder, name, &status) > 0)
		(void)unlinkat(ledger->folder.fd, name, 0);
}

int ledger_open(
	const char *directory, struct ledger **ret, char error[static LEDGER_ERROR])
{
	_cleanup_(ledger_freep) struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	if (!ledger) {
		snprintf(error, LEDGER_ERROR, "out of memory");
		return -ENOMEM;
	}
	r = init(ledger, directory);
	if (r >= 0)
		r = state_folder_open(&ledger->folder);
	if (r >= 0)
		r = lock(ledger);
	if (r >= 0)
		r = load_any(ledger);
	if (r < 0) {
		ledger_explain(ledger, r, error);
		return r;
	}
	/* at worst they stay: they are never read */
	(void)state_folder_each(&ledger->folder, remove_stale, ledger);
	*ret = take_ptr(ledger);
	return 0;
}

/* A slot may be written while it is read: what is read twice alike is whole. */
static int load_beside(struct ledger *ledger)
{
	_cleanup_(freep) char *text = NULL, *again = NULL;
	size_t length, length_again;
	char name[FILE_NAME];
	int r;

	file_name(ledger->boot, 0, name);
	r = read_file(&ledger->folder, name, &text, &length);
	if (r == -ENOENT)
		return load_old(ledger);
	if (r >= 0)
		r = read_file(&ledger->folder, name, &again, &length_again);
	if (r >= 0 && (length != length_again || memcmp(text, again, length) != 0))
		r = -EBADMSG;
	return r < 0 ? r : ledger_parse(ledger, text, length);
}

int ledger_open_readonly(const char *directory, struct ledger **ret)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	if (!ledger)
		return -ENOMEM;
	*ret = ledger;
	r = init(ledger, directory);
	if (r < 0)
		return r;
	ledger->folder.reads = true;
	r = state_folder_open(&ledger->folder);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* it may be replaced or written meanwhile */
	r = -ENOENT;
	for (int tries = 0; tries < 10 && (r == -ENOENT || r == -EBADMSG); tries++)
		r = load_beside(ledger);
	return r < 0 ? r : 0;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	array_done(&ledger->entries);
	array_done(&ledger->pauses);
	array_done(&ledger->ended);
	array_done(&ledger->saved);
	closep(&ledger->file);
	closep(&ledger->lock);
	state_folder_done(&ledger->folder);
	free(ledger);
}
