/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_ledger.h"
#include "host/host_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(what_was_written_is_read)
{
	struct ledger_entry entries[] = { entry_of(5, "tunl0"),
		entry_of(3, "od\"d \xff\x7f\x01"), entry_of(NETCONF_ALL, "all"),
		entry_of(NETCONF_DEFAULT, "default") };
	struct ledger *ledger = opened();

	/* of packets that rules tell apart: all that they go by */
	entries[1].example.mark = UINT32_MAX;
	entries[1].example.tos = 0x10;
	entries[1].example.proto = 6;
	entries[1].example.sport = UINT16_MAX;
	entries[1].example.dport = 80;
	entries[2].example.proto = 0;
	ck_assert_uint_eq(ledger->entries.count, 0);
	for (size_t i = 0; i < ELEMENTS(entries); i++)
		ck_assert_int_eq(ledger_put(ledger, &entries[i]), 0);
	ledger->entries.items[1].old = LEDGER_LEAST;
	ck_assert_int_eq(ledger_pause(ledger, NULL, "gre0", 0), 1);
	ck_assert_int_eq(ledger_pause(ledger, NULL, "gre0", 0), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_free(ledger);

	ledger = opened();
	ck_assert_uint_eq(ledger->entries.count, ELEMENTS(entries));
	for (size_t i = 0; i < ELEMENTS(entries); i++) {
		const struct ledger_entry *found =
			ledger_find(ledger, entries[i].ifindex);
		struct ledger_entry wanted = entries[i];

		if (i == 1)
			wanted.old = LEDGER_LEAST;
		ck_assert_ptr_nonnull(found);
		same(found, &wanted);
	}
	ck_assert_ptr_null(ledger_find(ledger, 6));
	ck_assert(ledger_is_paused(ledger, 0, "gre0") &&
		  !ledger_is_paused(ledger, 0, "gre1"));
	ledger_remove(ledger, ledger_find(ledger, 5));
	ck_assert_ptr_null(ledger_find(ledger, 5));
	ledger_free(ledger);
}
END_TEST

/* One slot is written in its place; what changes several comes as a whole, in a new file. */
START_TEST(a_save_is_made_as_a_whole)
{
	struct ledger *ledger = emptied(), *second;
	struct ledger_entry entry = entry_of(5, "tunl0");
	ino_t inode = inode_of(current(ledger));
	/* so no other file has its number */
	int held = open(current(ledger), O_RDONLY | O_CLOEXEC);
	size_t slot;

	mark_changed(ledger, &entry);
	mark_changed(ledger, &entry);
	slot = ledger_find(ledger, 5)->slot;
	reads_back(&entry);
	ck_assert_int_eq(ledger_pause(ledger, NULL, "gre7", 0), 1);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_remove(ledger, ledger_find(ledger, 5));
	ck_assert_int_eq(ledger_save(ledger), 0);
	entry.ifindex = entry.example.iif = 6;
	mark_changed(ledger, &entry);
	ck_assert_uint_eq(ledger_find(ledger, 6)->slot, slot);
	/* one in place of another is one slot, too */
	ledger_remove(ledger, ledger_find(ledger, 6));
	entry.ifindex = entry.example.iif = 7;
	mark_changed(ledger, &entry);
	ck_assert_uint_eq(ledger_find(ledger, 7)->slot, slot);
	ck_assert_uint_eq(inode_of(current(ledger)), inode);
	second = beside();
	ck_assert_uint_eq(second->entries.count, 1);
	ck_assert(ledger_is_paused(second, 0, "gre7"));
	ledger_free(second);
	put_all(ledger, 8, 10);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_uint_ne(inode_of(current(ledger)), inode);
	ck_assert_int_eq(ledger_resume(ledger, NULL, "gre7"), 1);
	ledger_remove(ledger, ledger_find(ledger, 8));
	inode = inode_of(current(ledger));
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_uint_ne(inode_of(current(ledger)), inode);
	second = beside();
	ck_assert_uint_eq(second->entries.count, 2);
	ck_assert_uint_eq(second->pauses.count, 0);
	ledger_free(second);
	(void)close(held);
	ledger_free(ledger);
}
END_TEST

/* Entries are in the order of their first writes, whatever slots they have. */
START_TEST(the_order_is_kept)
{
	static const int order[] = { 101, 103, 100, 104, 102 };
	struct ledger *ledger = emptied();
	struct ledger_entry entry;

	put_all(ledger, 100, 104);
	ck_assert_int_eq(ledger_save(ledger), 0);
	for (int i = 100; i <= 102; i += 2) {
		entry = *ledger_find(ledger, i);
		ledger_remove(ledger, ledger_find(ledger, i));
		ck_assert_int_eq(ledger_save(ledger), 0);
		if (i == 102)
			put_all(ledger, 104, 105);
		mark_changed(ledger, &entry);
	}
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < ELEMENTS(order); i++)
			ck_assert_int_eq(ledger->entries.items[i].ifindex, order[i]);
		ledger_free(ledger);
		ledger = opened();
	}
	ledger_free(ledger);
}
END_TEST

/* The file has room for some, and twice as many when that is used up. */
START_TEST(a_file_grows)
{
	struct ledger *ledger = emptied();
	off_t before = length_of(current(ledger));

	ck_assert_int_eq(before % 4096, 0);
	for (int i = 100; i < 300; i++) {
		put_all(ledger, i, i + 1);
		ck_assert_int_eq(ledger_save(ledger), 0);
	}
	ck_assert_uint_eq((size_t)length_of(current(ledger)), 256 * LEDGER_SLOT);
	ledger_free(ledger);
	ledger = opened();
	ck_assert_uint_eq(ledger->entries.count, 200);
	before = length_of(current(ledger));
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(ledger_check_writable(ledger), 0);
	ck_assert_int_eq(length_of(current(ledger)), before);
	/* a proof that one more can be written makes the room for it */
	put_all(ledger, 300, 355);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(length_of(current(ledger)), before);
	ck_assert_int_eq(ledger_check_writable(ledger), 0);
	ck_assert_int_eq(length_of(current(ledger)), 2 * before);
	ledger_free(ledger);
	unlink(in_directory("ledger.new"));
	ledger_free(emptied());
}
END_TEST

START_TEST(an_interface_has_one_entry)
{
	struct ledger *ledger = emptied();
	struct ledger_entry entry = entry_of(5, "tunl0");

	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	entry.value = 0;
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_uint_eq(ledger->entries.count, 1);
	ck_assert_int_eq(ledger_find(ledger, 5)->value, 0);
	/* another namespace's is not ours, and stays */
	snprintf(ledger->entries.items[0].netns, NETNS_ID, "c12345678901");
	ck_assert_ptr_null(ledger_find(ledger, 5));
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_uint_eq(ledger->entries.count, 2);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_free(ledger);
	ledger = opened();
	ck_assert_uint_eq(ledger->entries.count, 2);
	for (int i = 6; ledger->entries.count < LEDGER_ENTRIES; i++) {
		entry.ifindex = i;
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	}
	/* there is room for ours as long as there are others */
	entry.ifindex = 99998;
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_uint_eq(ledger->entries.count, LEDGER_ENTRIES);
	array_each (&ledger->entries, const struct ledger_entry, each)
		ck_assert_str_eq(each->netns, ledger->netns);
	entry.ifindex = 99999;
	ck_assert_int_eq(ledger_put(ledger, &entry), -E2BIG);
	array_clear(&ledger->entries);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_free(ledger);
}
END_TEST

/* Somebody's rm, or a pen of his: all of it is written anew. */
START_TEST(a_file_that_was_touched_is_made_anew)
{
	struct ledger *ledger = opened(), *second = NULL;
	struct ledger_entry entry = entry_of(5, "tunl0");
	char path[128];
	FILE *file;

	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(unlink(current(ledger)), 0);
	mark_changed(ledger, &entry);
	reads_back(&entry);
	/* moved away it is another one's */
	snprintf(path, sizeof(path), "%s", in_directory("kept"));
	ck_assert_int_eq(rename(current(ledger), path), 0);
	mark_changed(ledger, &entry);
	reads_back(&entry);
	ck_assert_int_eq(unlink(path), 0);
	file = fopen(current(ledger), "ae");
	ck_assert_ptr_nonnull(file);
	fputs("# mine", file);
	fclose(file);
	ck_assert_int_eq(ledger_open_readonly(ledger_directory, &second), -EBADMSG);
	ledger_free(second);
	ck_assert_int_eq(ledger_save(ledger), 0);
	reads_back(&entry);
	/* a link to it would be written along */
	ck_assert_int_eq(link(current(ledger), path), 0);
	ck_assert_int_eq(ledger_save(ledger), -EUCLEAN);
	ck_assert_int_eq(unlink(path), 0);
	mark_changed(ledger, &entry);
	reads_back(&entry);
	ledger_free(ledger);
}
END_TEST

/* Without its folder it is kept in memory, and written where there is one again. */
START_TEST(a_folder_that_went_is_made_anew)
{
	struct ledger *ledger = opened(), *second = NULL;
	struct ledger_entry entry = entry_of(5, "tunl0");
	char command[96], error[LEDGER_ERROR];

	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	snprintf(command, sizeof(command), "rm -r %s && touch %s", ledger_directory,
		ledger_directory);
	ck_assert_int_eq(system(command), 0);
	entry.when_usec++;
	ck_assert_int_eq(ledger_put(ledger, &entry), 0);
	ck_assert_int_lt(ledger_save(ledger), 0);
	ck_assert_int_lt(ledger_save(ledger), 0);
	ck_assert_int_lt(ledger->error, 0);
	ledger_explain(ledger, ledger->error, error);
	ck_assert_ptr_nonnull(strstr(error, ledger_directory));
	ck_assert_int_eq(unlink(ledger_directory), 0);
	ck_assert_int_eq(ledger_save(ledger), 0);
	ck_assert_int_eq(ledger->error, 0);
	ck_assert_int_eq(ledger_open(ledger_directory, &second, error), -EWOULDBLOCK);
	reads_back(&entry);
	/* where another one was faster, it has the new folder: nothing is written in it */
	snprintf(command, sizeof(command), "rm -r %s", ledger_directory);
	ck_assert_int_eq(system(command), 0);
	second = opened();
	for (int i = 0; i < 3; i++) {
		entry.when_usec++;
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
		ck_assert_int_eq(ledger_check_writable(ledger), -EWOULDBLOCK);
	}
	ledger_free(second);
	ck_assert_int_eq(ledger_check_writable(ledger), 0);
	ledger_free(ledger);
}
END_TEST

/* Moved away, and another one in its place or none: whoever starts next looks there. */
START_TEST(a_folder_that_was_moved_is_left)
{
	struct ledger_entry entry = entry_of(5, "tunl0");
	char away[96], command[128], error[LEDGER_ERROR];

	snprintf(away, sizeof(away), "%s.away", ledger_directory);
	for (int i = 0; i < 3; i++) {
		struct ledger *ledger = emptied();

		mark_changed(ledger, &entry);
		ck_assert_int_eq(rename(ledger_directory, away), 0);
		if (i == 1)
			ck_assert_int_eq(mkdir(ledger_directory, 0700), 0);
		if (i == 2) {
			ck_assert_int_eq(symlink(away, ledger_directory), 0);
			ck_assert_int_eq(ledger_save(ledger), -EUCLEAN);
			ledger_explain(ledger, ledger->error, error);
			ck_assert_ptr_nonnull(strstr(error, "is a symbolic link"));
			ck_assert_int_eq(unlink(ledger_directory), 0);
		}
		mark_changed(ledger, &entry);
		reads_back(&entry);
		entry.when_usec++;
		ck_assert_int_eq(ledger_put(ledger, &entry), 0);
		ck_assert_int_eq(ledger_check_writable(ledger), 0);
		ledger_free(ledger);
		ledger = opened();
		same(ledger_find(ledger, 5), &entry);
		ledger_free(ledger);
		snprintf(command, sizeof(command), "rm -r %s", away);
		ck_assert_int_eq(system(command), 0);
	}
}
END_TEST

START_TEST(pauses_are_by_name_or_for_all)
{
	struct ledger *ledger = emptied();

	ck_assert_int_eq(ledger_pause(ledger, NULL, NULL, 0), 1);
	ck_assert(ledger_is_paused(ledger, 7, "gre1"));
	ck_assert_int_eq(ledger_pause(ledger, NULL, "gre1", 0), 1);
	ck_assert_int_eq(ledger_resume(ledger, NULL, "gre1"), 1);
	ck_assert_int_eq(ledger_resume(ledger, NULL, "gre1"), 0);
	ck_assert(ledger_is_paused(ledger, 7, "gre1"));
	ck_assert_int_eq(ledger_pause(ledger, NULL, "gre2", 0), 1);
	ck_assert_int_eq(ledger_resume(ledger, NULL, NULL), 1);
	ck_assert(!ledger_is_paused(ledger, 7, "gre1") &&
		  !ledger_is_paused(ledger, 8, "gre2"));
	ledger_free(ledger);
}
END_TEST

/* Whether it is saved and read again with the pauses it has. */
static struct ledger *again(struct ledger *ledger)
{
	ck_assert_int_eq(ledger_save(ledger), 0);
	ledger_free(ledger);
	return opened();
}

START_TEST(a_pause_is_of_an_interface)
{
	_cleanup_(state_freep) struct state *state = model_host();
	struct ledger *ledger = emptied();

	model_line(state, "ip link add gre1 index 7 up type gre");
	state_iface_by_name(state, "gre1")->link.identity = 77;
	ck_assert_int_eq(ledger_pause(ledger, state, "gre1", 0), 1);
	ck_assert_int_eq(ledger_pause(ledger, state, "gre1", 0), 0);
	ledger = again(ledger);
	ck_assert_uint_eq(ledger->pauses.items[0].identity, 77);
	/* it follows a rename, and leaves the name to whoever gets it */
	model_line(state, "ip link set gre1 name gre9");
	model_line(state, "ip link add gre1 index 8 up type gre");
	ck_assert(ledger_follow_pauses(ledger, state, false));
	ck_assert(!ledger_follow_pauses(ledger, state, false));
	ck_assert_str_eq(ledger->pauses.items[0].name, "gre9");
	ck_assert(ledger_is_paused(ledger, 7, "gre9"));
	ck_assert(!ledger_is_paused(ledger, 8, "gre1"));
	ck_assert_int_eq(ledger_resume(ledger, state, "gre1"), 0);
	ledger = again(ledger);
	ck_assert(ledger_is_paused(ledger, 7, "gre9"));
	/* another address in our sight is the same one; out of it, it may be another */
	state_iface_by_name(state, "gre9")->link.identity = 78;
	ck_assert(ledger_follow_pauses(ledger, state, false));
	ck_assert(!ledger_follow_pauses(ledger, state, true));
	state_iface_by_name(state, "gre9")->link.identity = 79;
	ck_assert(ledger_follow_pauses(ledger, state, true));
	ck_assert_uint_eq(ledger->pauses.count, 0);
	/* it goes with its interface, and is not of the next one with its index */
	ck_assert_int_eq(ledger_pause(ledger, state, "gre9", 0), 1);
	model_line(state, "ip link del gre9");
	model_line(state, "ip link add gre9 index 7 up type gre");
	ck_assert(!ledger_follow_pauses(ledger, state, false));
	ck_assert(ledger_end_pauses(ledger, 7));
	ck_assert(!ledger_end_pauses(ledger, 7));
	array_clear(&state->links);
	ck_assert(!ledger_is_paused(ledger, 7, "gre9"));
	ledger_free(again(ledger));
}
END_TEST

START_TEST(a_pause_waits_for_its_interface)
{
	_cleanup_(state_freep) struct state *state = model_host();
	struct ledger *ledger = emptied();

	ck_assert_int_eq(ledger_pause(ledger, state, "gre1", 0), 1);
	ck_assert(!ledger_follow_pauses(ledger, state, true));
	ledger = again(ledger);
	ck_assert(ledger_is_paused(ledger, 0, "gre1"));
	ck_assert(ledger_is_paused(ledger, 7, "gre1"));
	model_line(state, "ip link add gre1 index 7 up type gre");
	ck_assert_int_eq(ledger_pause(ledger, state, "gre1", 0), 0);
	ck_assert(ledger_follow_pauses(ledger, state, true));
	ck_assert_int_eq(ledger->pauses.items[0].ifindex, 7);
	ck_assert(!ledger_is_paused(ledger, 8, "gre1"));
	ck_assert_int_eq(ledger_resume(ledger, state, "gre1"), 1);
	/* without the model it is by name */
	ck_assert_int_eq(ledger_pause(ledger, NULL, "gre1", 0), 1);
	ck_assert_int_eq(ledger_resume(ledger, state, "gre1"), 1);
	ledger_free(again(ledger));
}
END_TEST

START_TEST(one_at_a_time)
{
	struct ledger *ledger = opened(), *second = NULL;
	char error[LEDGER_ERROR];

	ck_assert_int_eq(ledger_open(ledger_directory, &second, error), -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(error, "in use by another"));
	ledger_free(ledger);
	ledger_free(opened());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_was_written_is_read,
		a_save_is_made_as_a_whole, the_order_is_kept, a_file_grows,
		an_interface_has_one_entry, a_file_that_was_touched_is_made_anew,
		a_folder_that_went_is_made_anew, a_folder_that_was_moved_is_left,
		pauses_are_by_name_or_for_all, a_pause_is_of_an_interface,
		a_pause_waits_for_its_interface, one_at_a_time };

	return ledger_tests("ledger", tests, ELEMENTS(tests));
}
