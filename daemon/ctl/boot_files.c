/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/boot_files.h"

#include "base/fd.h"
#include "daemon/boot/boot_read.h"
#include "daemon/config/config_text.h"
#include "daemon/evaluate/boot_iface.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int boot_files_open(const struct ctl *ctl, bool quiet, struct boot_files *ret)
{
	const char *root = ctl->arguments->root;
	char quoted[CONFIG_QUOTE_TEXT];
	int r = boot_read(root, &ret->boot);

	if (r >= 0)
		r = replay_lines_init(ret->boot, &ret->lines);
	if (r < 0) {
		ctl_say(ctl, "%s: %s", root ? config_text_quote(root, quoted) : "/",
			strerror(-r));
		return r;
	}
	if (quiet)
		return 0;
	array_each (&ret->boot->notes, const struct boot_note, note)
		ctl_say(ctl, "%s", note->text);
	if (ret->boot->notes_more)
		ctl_say(ctl, "%zu more files could not be evaluated",
			ret->boot->notes_more);
	return 0;
}

bool boot_files_has_root(const struct ctl *ctl)
{
	const char *root = ctl->arguments->root;
	_cleanup_(closep) int fd =
		open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char quoted[CONFIG_QUOTE_TEXT];

	if (fd < 0)
		ctl_say(ctl, "--root %s: %s",
			config_text_quote(root ? root : "/", quoted), strerror(errno));
	return fd >= 0;
}

void boot_files_done(struct boot_files *files)
{
	replay_lines_done(&files->lines);
	boot_free(files->boot);
}

int boot_files_keep(const struct boot_files *files, const struct state *state,
	const struct finding *finding, char out[static KEEP_TEXT])
{
	const struct forecast_iface iface =
		boot_iface(state_iface(state, finding->ifindex), finding->iif);
	_cleanup_(freep) struct keep *keep = NULL;
	int effective, r;

	/* of two the one that ends first */
	if (finding_adds(finding)) {
		(void)snprintf(out, KEEP_TEXT, "%s", KEEP_OF_IP);
		return 1;
	}
	if (!files->boot || !finding_remedied(finding, &effective))
		return 0;
	r = keep_make(&files->lines, &iface, finding->ifindex, &keep);
	if (r < 0)
		return r;
	(void)keep_words(keep, effective, out);
	return 1;
}

int boot_files_now(const char *name, enum boot_key key, int *ret)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", name,
		boot_key_name(key));
	file = fopen(path, "re");
	if (!file)
		return -errno;
	return fscanf(file, "%d", ret) == 1 ? 0 : -EBADMSG;
}

/* One that ip-netns(8) has a name for was made by somebody, and not for process 1. */
static bool has_name(const struct stat *ours)
{
	DIR *directory = opendir("/run/netns");
	struct dirent *entry;
	struct stat named;
	bool found = false;

	while (directory && !found && (entry = readdir(directory)))
		found = fstatat(dirfd(directory), entry->d_name, &named, 0) == 0 &&
			named.st_ino == ours->st_ino && named.st_dev == ours->st_dev;
	if (directory)
		(void)closedir(directory);
	return found;
}

bool boot_files_is_foreign(const struct ctl *ctl)
{
	struct stat ours, first;

	if (ctl->arguments->root || ctl->host.snapshot ||
		stat("/proc/thread-self/ns/net", &ours) < 0)
		return false;
	if (stat("/proc/1/ns/net", &first) == 0)
		return ours.st_ino != first.st_ino;
	return ctl->arguments->netns || has_name(&ours);
}
