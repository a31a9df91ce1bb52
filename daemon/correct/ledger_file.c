/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/ledger.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_ (4u << 20) /* of a file that is read */
#define GROWS (256u << 10)   /* so much beyond its first line, until it is made anew */
#define PAGE 4096u	     /* at least what a write puts into a file at once */
#define PROOF 1024u	     /* more than what a correction writes */
#define LOCK_FILE "ledger.lock"
#define FRESH_FILE "ledger.new"

static void file_name(const struct ledger *ledger, uint64_t serial, char out[static 96])
{
	snprintf(out, 96, "ledger-%s.%" PRIu64 ".json", ledger->boot, serial);
}

/* The number of a file of this boot, 0 for any other. */
static uint64_t serial_of(const struct ledger *ledger, const char *name)
{
	char format[96], again[96];
	uint64_t serial = 0;

	snprintf(format, sizeof(format), "ledger-%s.%%" SCNu64 ".json", ledger->boot);
	if (strncmp(name, format, strcspn(format, "%")) != 0 ||
		sscanf(name + strcspn(format, "%"), "%" SCNu64, &serial) != 1)
		return 0;
	file_name(ledger, serial, again);
	return strcmp(name, again) == 0 ? serial : 0;
}

static int read_boot(char ret[static LEDGER_BOOT])
{
	_cleanup_(closep) int fd =
		open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, ret, LEDGER_BOOT - 1);

	if (length < 0)
		return -errno;
	ret[length] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return *ret && ret[strspn(ret, "0123456789abcdef-")] == '\0' ? 0 : -EBADMSG;
}

/* All of a file, *ret to be freed. -ENOENT where there is none, -EBADMSG where it is none. */
static int read_file(int folder, const char *name, char **ret, size_t *ret_length)
{
	_cleanup_(closep) int fd =
		openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_(freep) char *text = NULL;
	size_t filled = 0;
	struct stat status;
	ssize_t length;

	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > SIZE_MAX_)
		return -EBADMSG;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	/* what is appended meanwhile is for another time */
	do {
		length = read(fd, text + filled, (size_t)status.st_size - filled);
		if (length < 0 && errno != EINTR)
			return -errno;
		filled += length > 0 ? (size_t)length : 0;
	} while (length != 0 && filled < (size_t)status.st_size);
	if (filled != (size_t)status.st_size)
		return -EBADMSG;
	*ret = take_ptr(text);
	*ret_length = filled;
	return 0;
}

/* What root makes by rpfilterctl is the service's, which is another user, too. */
static void give_to_owner(int folder, int fd)
{
	struct stat status;

	if (geteuid() == 0 && fstat(folder, &status) == 0)
		(void)!fchown(fd, status.st_uid, status.st_gid); /* at worst it says so */
}

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

/* Calls what for each file that looks like a ledger. Returns 0 or a negative errno. */
static int each_file(struct ledger *ledger, void (*what)(struct ledger *, const char *))
{
	int fd = openat(ledger->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *file;
	int r = folder ? 0 : -errno;

	if (!folder && fd >= 0)
		(void)close(fd);
	while (folder && (file = readdir(folder)) != NULL) {
		if (fnmatch("ledger-*.json", file->d_name, 0) == 0)
			what(ledger, file->d_name);
	}
	if (folder)
		(void)closedir(folder);
	return r;
}

static void find_newest(struct ledger *ledger, const char *name)
{
	uint64_t serial = serial_of(ledger, name);

	if (serial > ledger->serial)
		ledger->serial = serial;
}

/* Those of other boots tell of values that are gone, older ones were replaced. */
static void remove_stale(struct ledger *ledger, const char *name)
{
	if (serial_of(ledger, name) != ledger->serial)
		(void)unlinkat(ledger->folder, name, 0);
}

static int lock(struct ledger *ledger)
{
	ledger->lock = openat(ledger->folder, LOCK_FILE,
		O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (ledger->lock < 0)
		return -errno;
	give_to_owner(ledger->folder, ledger->lock);
	return flock(ledger->lock, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

static int open_folder(struct ledger *ledger)
{
	/* what --state names may be new; systemd makes its own */
	if (mkdir(ledger->directory, 0700) < 0 && errno != EEXIST && errno != EROFS)
		return -errno;
	ledger->folder = open(ledger->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ledger->folder < 0 ? -errno : 0;
}

/* Reads the newest file. */
static int load_file(struct ledger *ledger)
{
	_cleanup_(freep) char *text = NULL;
	char name[96];
	int r = each_file(ledger, find_newest);

	if (r < 0 || !ledger->serial)
		return r;
	file_name(ledger, ledger->serial, name);
	r = read_file(ledger->folder, name, &text, &ledger->length);
	if (r >= 0)
		r = ledger_parse(ledger, text, ledger->length);
	if (r >= 0)
		ledger->whole =
			(size_t)((char *)memchr(text, '\n', ledger->length) - text) + 1;
	return r;
}

void ledger_explain(
	const struct ledger *ledger, int error, char text[static LEDGER_ERROR])
{
	char name[96];

	file_name(ledger, ledger->serial, name);
	if (error == -EWOULDBLOCK)
		snprintf(text, LEDGER_ERROR,
			"the ledger in %s is in use by another rpfilterd or rpfilterctl",
			ledger->directory);
	else if (error == -EBADMSG && *ledger->boot)
		snprintf(text, LEDGER_ERROR,
			"the ledger %s/%s is damaged and earlier corrections are unknown: check rp_filter of the interfaces (rpfilterctl exceptions), then remove the file",
			ledger->directory, name);
	else if (error == -EROFS || error == -EACCES || error == -EPERM)
		snprintf(text, LEDGER_ERROR,
			"the ledger in %s cannot be written: %s; make the state directory writable (StateDirectory= of the service, or --state)",
			ledger->directory, strerror(-error));
	else if (error == -ENOSPC || error == -EDQUOT)
		snprintf(text, LEDGER_ERROR,
			"the ledger in %s cannot be written: %s; free some space there",
			ledger->directory, strerror(-error));
	else
		snprintf(text, LEDGER_ERROR, "the ledger in %s cannot be used: %s",
			ledger->directory, strerror(-error));
}

/* --- saving ----------------------------------------------------------------------------------- */

/* What is in the file now. Where that can't be remembered, the next save makes a new one. */
static void remember(struct ledger *ledger)
{
	int r = 0;

	array_clear(&ledger->saved);
	array_clear(&ledger->saved_pauses);
	array_each (&ledger->entries, const struct ledger_entry, entry)
		r |= array_push(&ledger->saved, entry);
	array_each (&ledger->pauses, const struct ledger_pause, pause)
		r |= array_push(&ledger->saved_pauses, pause);
	if (r < 0)
		closep(&ledger->file);
}

/* From now on fd is the file, and it is that long. */
static int take_file(struct ledger *ledger, int *fd, size_t length)
{
	struct stat status;

	if (fstat(*fd, &status) < 0)
		return -errno;
	closep(&ledger->file);
	ledger->file = take_fd(fd);
	ledger->inode = status.st_ino;
	ledger->length = length;
	return 0;
}

/* The file that was loaded is gone on with: that needs no room yet. */
static int take_up(struct ledger *ledger)
{
	_cleanup_(closep) int fd = -1;
	char name[96];
	int r;

	file_name(ledger, ledger->serial, name);
	fd = openat(ledger->folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	r = fd < 0 ? -errno : take_file(ledger, &fd, ledger->length);
	if (r >= 0)
		remember(ledger);
	return r;
}

/* Makes the file of the next number, with all of it in one line. */
static int make_file(struct ledger *ledger)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(closep) int fd = openat(ledger->folder, FRESH_FILE,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	char name[96];
	int r = fd < 0 ? -errno : ledger_format(ledger, &text);

	if (r < 0)
		return r;
	give_to_owner(ledger->folder, fd);
	file_name(ledger, ledger->serial + 1, name);
	r = write_all(fd, text, strlen(text), 0);
	if (r < 0)
		return r;
	if (renameat(ledger->folder, FRESH_FILE, ledger->folder, name) < 0)
		return -errno;
	/* at worst the one before stays: it is not read, and removed at the next start */
	file_name(ledger, ledger->serial, name);
	if (ledger->serial)
		(void)unlinkat(ledger->folder, name, 0);
	ledger->serial++;
	ledger->whole = strlen(text);
	return take_file(ledger, &fd, ledger->whole);
}

/* Somebody took the folder away: another one, and its lock. */
static int open_anew(struct ledger *ledger)
{
	int r;

	closep(&ledger->lock);
	closep(&ledger->folder);
	r = open_folder(ledger);
	if (r >= 0)
		r = lock(ledger);
	if (r >= 0)
		r = each_file(ledger, find_newest);
	if (r < 0)
		closep(&ledger->folder); /* without the lock nothing is written */
	return r;
}

/* Whether the file is still there under its name, and has what we wrote. */
static bool is_ours(const struct ledger *ledger)
{
	struct stat status;
	char name[96];

	file_name(ledger, ledger->serial, name);
	return ledger->file >= 0 &&
	       fstatat(ledger->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_ino == ledger->inode && status.st_size == (off_t)ledger->length;
}

/*
 * Appends a line. A write may end between two pages when the process is killed, so the line has
 * to lie in one: blanks before it fill up the page that is begun. A line that is cut off is so by
 * somebody else, and the ledger damaged. The page is to have `least` bytes for it. Returns 1 where
 * it has no room: a new file is needed.
 */
static int append(struct ledger *ledger, const char *line, size_t least)
{
	size_t length = strlen(line), room = PAGE - ledger->length % PAGE;
	size_t blanks = length > room || least > room ? room : 0;
	char text[2 * PAGE + 1];
	int r;

	if (length > PAGE || ledger->length + blanks + length > ledger->whole + GROWS)
		return 1;
	memset(text, ' ', blanks);
	memcpy(text + blanks, line, length + 1);
	r = write_all(ledger->file, text, blanks + length, ledger->length);
	if (r >= 0)
		ledger->length += blanks + length;
	else if (ftruncate(ledger->file, (off_t)ledger->length) < 0)
		closep(&ledger->file);
	return r;
}

static int save(struct ledger *ledger, bool always)
{
	_cleanup_(freep) char *line = NULL;
	int r = 1;

	if (is_ours(ledger)) {
		r = ledger_format_change(ledger, always, &line);
		if (r >= 0 && line)
			r = append(ledger, line, always ? PROOF : 0);
	}
	if (r > 0)
		r = make_file(ledger);
	if (r == -ENOENT || ledger->folder < 0) {
		r = open_anew(ledger);
		if (r >= 0)
			r = make_file(ledger);
	}
	if (r >= 0)
		remember(ledger);
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

int ledger_open(
	const char *directory, struct ledger **ret, char error[static LEDGER_ERROR])
{
	_cleanup_(ledger_freep) struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	if (!ledger) {
		snprintf(error, LEDGER_ERROR, "out of memory");
		return -ENOMEM;
	}
	ledger->folder = ledger->lock = ledger->file = -1;
	ledger->directory = strdup(directory);
	if (!ledger->directory) {
		snprintf(error, LEDGER_ERROR, "out of memory");
		return -ENOMEM;
	}
	r = read_boot(ledger->boot);
	if (r >= 0)
		r = netns_id(ledger->netns);
	if (r >= 0)
		r = open_folder(ledger);
	if (r >= 0)
		r = lock(ledger);
	if (r >= 0)
		r = load_file(ledger);
	if (r >= 0)
		r = ledger->serial ? take_up(ledger) : ledger_save(ledger);
	if (r < 0) {
		ledger_explain(ledger, r, error);
		return r;
	}
	(void)each_file(
		ledger, remove_stale); /* at worst they stay: they are never read */
	*ret = take_ptr(ledger);
	return 0;
}

int ledger_open_readonly(const char *directory, struct ledger **ret)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	if (!ledger)
		return -ENOMEM;
	ledger->folder = ledger->lock = ledger->file = -1;
	*ret = ledger;
	r = read_boot(ledger->boot);
	if (r >= 0)
		r = netns_id(ledger->netns);
	if (r < 0)
		return r;
	ledger->folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ledger->folder < 0)
		return errno == ENOENT ? 0 : -errno;
	/* it may be replaced between the finding and the reading, or a line be taken back */
	r = -ENOENT;
	for (int tries = 0; tries < 10 && (r == -ENOENT || r == -EBADMSG); tries++) {
		ledger->serial = 0;
		r = load_file(ledger);
	}
	return r;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	array_done(&ledger->entries);
	array_done(&ledger->pauses);
	array_done(&ledger->saved);
	array_done(&ledger->saved_pauses);
	closep(&ledger->file);
	closep(&ledger->lock);
	closep(&ledger->folder);
	free(ledger->directory);
	free(ledger);
}
