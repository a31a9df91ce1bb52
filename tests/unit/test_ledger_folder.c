/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What others put into the folder, or do to it, and files that are damaged. */
START_TEST(only_our_own_files_are_removed)
{
	static const struct {
		const char *name;
		bool stays;
	} rows[] = {
		{ "ledger-00000000-0000-0000-0000-000000000000.json", false },
		{ "ledger-00000000-0000-0000-0000-000000000000.7.json", false },
		{ "ledger-mine.json", true },
		{ "ledger-.json", true },
		{ "ledger-00000000-0000-0000-0000-000000000000.json.bak", true },
		{ "ledger-00000000-0000-0000-0000-000000000000.07.json", true },
		{ "ledger-00000000-0000-0000-0000-000000000000.0.json", true },
		{ "ledger-00000000-0000-0000-0000-000000000000.-1.json", true },
		{ "ledger-00000000-0000-0000-0000-000000000000.x.json", true },
		{ "ledger-00000000-0000-0000-0000-000000000000..json", true },
		{ "ledger-00000000-0000-0000-0000-00000000000G.json", true },
		{ "ledger-00000000-0000-0000-0000-00000000000A.json", true },
		{ "ledger-00000000-0000-0000-0000-0000000000000.json", true },
		{ "ledger-000000000000-0000-0000-0000-00000000.json", true },
		{ "LEDGER-00000000-0000-0000-0000-000000000000.json", true },
		{ "my-ledger-00000000-0000-0000-0000-000000000000.json", true },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		write_file(rows[i].name, "nonsense");
	ledger_free(opened());
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		bool is_there = access(in_directory(rows[i].name), F_OK) == 0;

		ck_assert_msg(is_there == rows[i].stays, "%s: %s", rows[i].name,
			is_there ? "still there" : "removed");
		(void)unlink(in_directory(rows[i].name));
	}
}
END_TEST

#define STALE "ledger-00000000-0000-0000-0000-000000000000.json"

/* Called like a file of ours, it is still none: it stays, and what is behind it, too. */
START_TEST(what_only_looks_like_ours_stays)
{
	char other[128];

	snprintf(other, sizeof(other), "%s", in_directory("other"));
	write_file("other", "theirs");
	for (int i = 0; i < 5; i++) {
		char *path = in_directory(STALE);
		int r = i == 0	 ? symlink(other, path)
			: i == 1 ? link(other, path)
			: i == 2 ? mkfifo(path, 0600)
			: i == 3 ? mkdir(path, 0700)
				 : symlink("/nowhere", path);
		struct stat status;

		ck_assert_int_eq(r, 0);
		ledger_free(opened());
		ck_assert_int_eq(lstat(in_directory(STALE), &status), 0);
		ck_assert_int_eq(remove(in_directory(STALE)), 0);
	}
	ck_assert_int_eq(length_of(other), 6);
	ck_assert_int_eq(unlink(other), 0);
}
END_TEST

/* Makes one of them at path; ret: what is said of it. */
static const char *put_in_the_way(int kind, const char *path, const char *other)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	switch (kind) {
	case 0:
		ck_assert_int_eq(symlink(other, path), 0);
		return "is a symbolic link and not a file of rpfilterd";
	case 1:
		ck_assert_int_eq(link(other, path), 0);
		return "has other hard links";
	case 2:
		ck_assert_int_eq(mkfifo(path, 0600), 0);
		return "is a FIFO and not a file of rpfilterd";
	case 3:
		ck_assert_int_eq(mkdir(path, 0700), 0);
		return "is a directory and not a file of rpfilterd";
	case 4:
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		r = bind(fd, (struct sockaddr *)&address, sizeof(address));
		ck_assert_int_eq(r, 0);
		close(fd);
		return "is a socket and not a file of rpfilterd";
	default:
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fchmod(fd, 0622), 0);
		close(fd);
		return "can be written by others";
	}
}

/* One clear line, no hang; and what is there, or behind it, is as it was. */
START_TEST(in_the_way_of_our_files)
{
	char other[128], path[128], before[LEDGER_BOOT + 16];
	struct ledger *ledger = emptied();
	const char *names[3] = { "ledger.lock", "ledger.new", before };

	snprintf(before, sizeof(before), "ledger-%s.json", ledger->boot);
	ledger_free(ledger);
	snprintf(other, sizeof(other), "%s", in_directory("other"));
	write_file("other", "theirs");
	for (int i = 0; i < 18; i++) {
		const char *name = names[i % 3], *said;
		char error[LEDGER_ERROR] = "";
		struct stat there, then;
		int r;

		snprintf(path, sizeof(path), "%s", in_directory(name));
		(void)unlink(path);
		if (i % 3 == 1) /* so that it needs a new one */
			(void)unlink(in_directory(before));
		said = put_in_the_way(i / 3, path, other);
		ck_assert_int_eq(lstat(path, &there), 0);
		r = ledger_open(ledger_directory, &ledger, error);
		ck_assert_msg(r == -EUCLEAN, "%s %s: %d %s", name, said, r, error);
		ck_assert_msg(strstr(error, path) && strstr(error, said), "%s", error);
		ck_assert_int_eq(lstat(path, &then), 0);
		ck_assert(then.st_ino == there.st_ino && then.st_mode == there.st_mode);
		ck_assert_int_eq(length_of(other), 6);
		ck_assert_int_eq(remove(path), 0);
	}
	ck_assert_int_eq(unlink(other), 0);
	ledger_free(opened());
}
END_TEST

/* It comes while we have the ledger open. */
START_TEST(in_the_way_later)
{
	char other[128], path[128], error[LEDGER_ERROR];
	struct ledger_entry entry = entry_of(5, "tunl0");

	snprintf(other, sizeof(other), "%s", in_directory("other"));
	write_file("other", "theirs");
	for (int i = 0; i < 12; i++) {
		struct ledger *ledger = emptied(), *second = NULL;
		const char *said;

		snprintf(path, sizeof(path), "%s",
			i % 2 ? in_directory("ledger.new") : current(ledger));
		ck_assert_int_eq(unlink(current(ledger)), 0);
		said = put_in_the_way(i / 2, path, other);
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
		ck_assert_int_eq(ledger_save(ledger), -EUCLEAN);
		ck_assert_int_eq(ledger_check_writable(ledger), -EUCLEAN);
		ledger_explain(ledger, ledger->error, error);
		ck_assert_msg(strstr(error, path) && strstr(error, said), "%s", error);
		ck_assert_int_eq(length_of(other), 6);
		if (i % 2 == 0) {
			ck_assert_int_eq(ledger_open_readonly(ledger_directory, &second),
				-EUCLEAN);
			ck_assert_ptr_nonnull(strstr(second->folder.problem, said));
			ledger_free(second);
		}
		ck_assert_int_eq(remove(path), 0);
		ck_assert_int_eq(ledger_save(ledger), 0);
		reads_back(&entry);
		ledger_free(ledger);
	}
	ck_assert_int_eq(unlink(other), 0);
}
END_TEST

/* What a killed one was about to rename is ours. */
START_TEST(a_left_over_is_written_over)
{
	struct ledger *ledger;

	write_file("ledger.new", "a part of it");
	ck_assert_int_eq(chmod(in_directory("ledger.new"), 0600), 0);
	ledger = opened();
	ck_assert_int_eq(unlink(current(ledger)), 0);
	ledger_free(ledger);
	ledger_free(emptied());
	ck_assert_int_lt(access(in_directory("ledger.new"), F_OK), 0);
}
END_TEST

static void refuses_folder(const char *path, const char *said)
{
	struct ledger *ledger = NULL;
	char error[LEDGER_ERROR] = "";

	ck_assert_int_eq(ledger_open(path, &ledger, error), -EUCLEAN);
	ck_assert_msg(strstr(error, said) != NULL, "'%s' has no '%s'", error, said);
	ck_assert_int_eq(ledger_open_readonly(path, &ledger), -EUCLEAN);
	ck_assert_ptr_nonnull(strstr(ledger->folder.problem, said));
	ledger_free(ledger);
}

START_TEST(the_folder_is_ours_too)
{
	char path[128], slash[130], command[300];

	snprintf(path, sizeof(path), "%s", in_directory("folder"));
	snprintf(slash, sizeof(slash), "%s//", path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert_int_eq(chmod(path, i == 0 ? 0777 : i == 1 ? 0770 : 01702), 0);
		refuses_folder(path, "can be written by others: check it, then chmod");
	}
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink(ledger_directory, path), 0);
	refuses_folder(path, "is a symbolic link: make it a directory");
	refuses_folder(slash, "is a symbolic link: make it a directory");
	ck_assert_int_eq(unlink(path), 0);
	write_file("folder", "");
	refuses_folder(path, "is a file: make it a directory");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	refuses_folder(path, "is a FIFO: make it a directory");
	snprintf(command, sizeof(command), "rm -r %s", path);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

/* Another user's, whoever we are: his file would decide what we write. */
START_TEST(another_users_folder)
{
	char path[128], error[LEDGER_ERROR] = "";
	struct ledger *ledger = NULL;
	pid_t child;
	int status;

	if (geteuid() != 0)
		return; /* whose could it be? */
	snprintf(path, sizeof(path), "%s", in_directory("folder"));
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(chmod(ledger_directory, 0755), 0);
	ck_assert_int_eq(chown(path, 4711, 4711), 0);
	child = fork();
	if (child == 0) {
		int r = setuid(4712) < 0 ? 0 : ledger_open(path, &ledger, error);

		_exit(r == -EUCLEAN && strstr(error, "belongs to user 4711") ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(ledger_open(path, &ledger, error), -EUCLEAN);
	ck_assert_ptr_nonnull(strstr(error, "belongs to user 4711: chown it"));
	ck_assert_int_eq(ledger_open_readonly(path, &ledger), 0); /* it shows it only */
	ledger_free(ledger);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* For this process 4711 is the service's user: it has that name, or the service's folder. */
static bool becomes_service(bool by_name)
{
	if (unshare(CLONE_NEWNS) < 0)
		return false; /* root of a container */
	ck_assert_int_eq(mount("none", "/", "", MS_REC | MS_PRIVATE, NULL), 0);
	if (by_name) {
		write_file("passwd", "rpfilterd:x:4711:4711::/:/bin/false\n");
		ck_assert_int_eq(
			mount(in_directory("passwd"), "/etc/passwd", "", MS_BIND, NULL),
			0);
		return true;
	}
	ck_assert_int_eq(mount("none", "/var/lib", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mkdir("/var/lib/rpfilterd", 0700), 0);
	ck_assert_int_eq(chown("/var/lib/rpfilterd", 4711, 4711), 0);
	return true;
}

/* Root makes what the service goes on with, and takes what is root's or the service's. */
static void root_works_in(const char *path)
{
	char file[256], error[LEDGER_ERROR] = "";
	struct ledger *ledger = NULL;

	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(chown(path, 4711, 4711), 0);
	ck_assert_int_eq(ledger_open(path, &ledger, error), 0);
	snprintf(file, sizeof(file), "%s/ledger-%s.json", path, ledger->boot);
	ledger_free(ledger);
	for (uid_t user = 0; user <= 4712; user += user ? 1 : 4711) {
		ck_assert_int_eq(chown(file, user, user), 0);
		ck_assert_int_eq(
			ledger_open(path, &ledger, error), user == 4712 ? -EUCLEAN : 0);
		if (user != 4712)
			ledger_free(ledger);
	}
	ck_assert_ptr_nonnull(strstr(error, "belongs to user 4712"));
	ck_assert_int_eq(chown(path, 4712, 4712), 0);
	ck_assert_int_eq(ledger_open(path, &ledger, error), -EUCLEAN);
	snprintf(file, sizeof(file), "rm -r %s", path);
	ck_assert_int_eq(system(file), 0);
}

START_TEST(the_services_folder)
{
	char path[128];

	snprintf(path, sizeof(path), "%s", in_directory("folder"));
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			if (geteuid() == 0 && becomes_service(i == 0))
				root_works_in(path);
			_exit(0);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

START_TEST(a_damaged_file_is_named)
{
	struct ledger *ledger = emptied();
	char error[LEDGER_ERROR], path[128];
	struct ledger_entry entry = entry_of(5, "tunl0");
	off_t whole;

	mark_changed(ledger, &entry);
	snprintf(path, sizeof(path), "%s", current(ledger));
	ledger_free(ledger);
	whole = length_of(path);
	/* at each byte of the used ones, and behind each slot */
	for (off_t length = whole + 1; length >= 0;
		length -=
		length > 2 * (off_t)LEDGER_SLOT + 1 ? length % LEDGER_SLOT + 1 : 1) {
		if (length == whole)
			continue;
		ck_assert_int_eq(truncate(path, length), 0);
		ck_assert_msg(ledger_open(ledger_directory, &ledger, error) == -EBADMSG,
			"%lld bytes are taken", (long long)length);
		ck_assert_msg(
			strstr(error, path) && strstr(error, "is damaged"), "%s", error);
		ck_assert_int_eq(length_of(path), length);
	}
	ck_assert_int_eq(truncate(path, 65 << 20), 0);
	ck_assert_int_eq(ledger_open(ledger_directory, &ledger, error), -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);
	ledger_free(opened());
}
END_TEST

/* A file of the version before is read once, and is the new one then. */
START_TEST(an_older_file_is_taken_over)
{
	struct ledger *ledger = opened();
	char boot[LEDGER_BOOT], netns[NETNS_ID], name[96], older[96], text[2048];
	char error[LEDGER_ERROR];

	memcpy(boot, ledger->boot, sizeof(boot));
	memcpy(netns, ledger->netns, sizeof(netns));
	ck_assert_int_eq(unlink(current(ledger)), 0);
	ledger_free(ledger);
	snprintf(text, sizeof(text),
		"{\"version\":1,\"boot\":\"%s\",\"entries\":[],\"pauses\":[{\"netns\":\"%s\",\"name\":\"gre0\"}]}\n   "
		"{\"gone\":[],\"entries\":[{\"netns\":\"%s\",\"ifindex\":5,\"name\":\"t0\",\"identity\":\"1f\",\"old\":1,"
		"\"was\":2,\"value\":2,\"done\":true,\"keeps\":false,\"finding\":\"t0\\/local\","
		"\"src\":\"192.0.2.1\",\"dst\":\"192.0.2.2\",\"when\":1}]}\n",
		boot, netns, netns);
	snprintf(older, sizeof(older), "ledger-%s.9.json", boot);
	snprintf(name, sizeof(name), "ledger-%s.10.json", boot);
	write_file(older, "replaced, and not removed any more");
	write_file(name, text);
	ledger = beside();
	ck_assert_uint_eq(ledger->entries.count, 1);
	ledger_free(ledger);
	ledger = opened();
	ck_assert_int_eq(ledger_find(ledger, 5)->value, 2);
	ck_assert(ledger_is_paused(ledger, 0, "gre0"));
	ck_assert_int_lt(access(in_directory(name), F_OK), 0);
	ck_assert_int_lt(access(in_directory(older), F_OK), 0);
	ck_assert_int_eq(access(current(ledger), F_OK), 0);
	ledger_free(ledger);
	ledger = opened();
	ck_assert_uint_eq(ledger->entries.count, 1);
	ck_assert_int_eq(unlink(current(ledger)), 0);
	ledger_free(ledger);
	write_file(name, "{\"version\":1");
	ck_assert_int_eq(ledger_open(ledger_directory, &ledger, error), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(error, name));
	ck_assert_int_eq(unlink(in_directory(name)), 0);
	ledger_free(opened());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { only_our_own_files_are_removed,
		what_only_looks_like_ours_stays, in_the_way_of_our_files,
		in_the_way_later, a_left_over_is_written_over, the_folder_is_ours_too,
		another_users_folder, the_services_folder, a_damaged_file_is_named,
		an_older_file_is_taken_over };

	return ledger_tests("ledger_folder", tests, ELEMENTS(tests));
}
