/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Correcting beside others, who write too, and what is left when something fails half-way. */
#include "daemon/correct/correction_text.h"
#include "daemon/correct/requests.h"
#include "daemon/correct/restore.h"
#include "fixture_correct.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Loose drops a part, strict would drop all of it: what helps a little is needed still. */
START_TEST(what_would_drop_more_is_not_taken_back)
{
	struct world world;

	world_init(&world,
		CORRECT "correct = { restore_after = 1000; lowest = \"loose\"; };",
		world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	model_line(world.state, "ip route add 16.0.0.0/4 via 10.0.0.1 dev eth0");
	model_line(world.state, "ip route del default via 10.0.0.1 dev eth0");
	world_is(&world, 1000, "refused tunl0 one_way", 2);
	for (int ms = 2000; ms < 100000; ms += 10000)
		world_is(&world, ms, "", 2);
	/* nothing has a reverse route: it makes no difference any more, and proves nothing */
	model_line(world.state, "ip route del 16.0.0.0/4 via 10.0.0.1 dev eth0");
	model_line(world.state,
		"ip route del 10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2");
	world_turn(&world, 110000);
	world_is(&world, 120000, "", 2);
	world_done(&world);
}
END_TEST

/* All is lowered for a tunnel; somebody insists on it. */
START_TEST(a_fight_over_all_is_one)
{
	static const char *const lines[MOST_LINES] = { STRICT,
		"sysctl -w net.ipv4.conf.all.rp_filter=1" };
	struct world world;

	world_init(&world,
		CORRECT
		"correct = { allow_all = true; address_wait = 0; fight = 3; fight_window = 60000; pause = 60000; settle = 0; };",
		lines);
	world_is(&world, 0, "corrected tunl0 1>0", 0);
	ck_assert_int_eq(*world_value(&world, NETCONF_ALL), 0);
	for (int i = 1; i < 3; i++) {
		world_other(&world, "all", 1);
		world_is(&world, i * 1000, "corrected tunl0 0>0", 0);
		ck_assert_int_eq(*world_value(&world, NETCONF_ALL), 0);
	}
	world_other(&world, "all", 1);
	world_is(&world, 3000, "fight tunl0 3 for 60 s, paused tunl0", 0);
	for (int ms = 4000; ms < 60000; ms += 5000)
		world_is(&world, ms, "", 0);
	ck_assert_int_eq(*world_value(&world, NETCONF_ALL), 1);
	world_done(&world);
}
END_TEST

/* Somebody sets it just behind our write: that value is his, whatever we meant to put back. */
START_TEST(a_roll_back_is_not_over_somebody_elses)
{
	struct world world;

	for (int theirs = 1; theirs <= 3; theirs += 2) {
		world_init(&world, CORRECT, world_strict);
		world.overwrites = theirs;
		world.deaf = true;
		(void)world_turn(&world, 0);
		ck_assert_int_eq(*world_value(&world, 5), theirs);
		ck_assert_int_eq(world.kernel->writes, 1);
		ck_assert_uint_eq(world.ledger->entries.count, 0);
		world_done(&world);
	}
}
END_TEST

/* All is lowered for a tunnel, and a bystander raised: they belong to the tunnel. */
START_TEST(a_group_is_of_the_one_it_was_loosened_for)
{
	static const char *const lines[MOST_LINES] = { STRICT,
		"sysctl -w net.ipv4.conf.all.rp_filter=1",
		"ip link add eth1 index 6 up type veth",
		"sysctl -w net.ipv4.conf.eth1.rp_filter=0" };
	static const struct {
		const char *paused;
		bool goes;
	} ways[] = { { NULL, true }, { "eth1", true }, { "tunl0", false } };
	struct world world;

	for (size_t i = 0; i < ELEMENTS(ways); i++) {
		bool goes = ways[i].goes;

		world_init(&world,
			"interfaces = ( { match = \"tunl0\"; mode = \"correct\"; } );correct = { allow_all = true; address_wait = 0; restore_after = 1000; };",
			lines);
		world_is(&world, 0, "corrected tunl0 1>0", 0);
		ck_assert_int_eq(*world_value(&world, 6), 1);
		ck_assert(world.ledger->entries.items[0].keeps);
		if (ways[i].paused)
			ck_assert_int_eq(ledger_pause(world.ledger, world.state,
						 ways[i].paused, 0),
				1);
		world_unneed(&world, "tunl0");
		(void)world_turn(&world, 10000);
		world_is(&world, 70000,
			goes ? "restored tunl0 0>1, restored all 0>1" : "", goes ? 1 : 0);
		ck_assert_int_eq(*world_value(&world, NETCONF_ALL), goes ? 1 : 0);
		ck_assert_int_eq(*world_value(&world, 6), goes ? 0 : 1);
		ck_assert((world.ledger->entries.count == 0) == goes);
		world_done(&world);
	}
}
END_TEST

/* The ledger's file, held open: so no other one has its number. */
static int hold_ledger(const struct world *world)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/ledger-%s.json", world_directory,
		world->ledger->boot);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A new file costs more the more entries there are, and room on the disk. */
START_TEST(a_group_is_taken_back_in_place)
{
	static const char *const lines[MOST_LINES] = { STRICT,
		"sysctl -w net.ipv4.conf.all.rp_filter=1" };
	struct stat before, now;
	struct world world;
	int held, again;

	world_init(&world, CORRECT "correct = { allow_all = true; address_wait = 0; };",
		lines);
	const struct kernel_port port = world_port(&world);
	world_is(&world, 0, "corrected tunl0 1>0", 0);
	ck_assert_uint_ge(world.ledger->entries.count, 3);
	held = hold_ledger(&world);
	ck_assert_int_eq(fstat(held, &before), 0);
	ck_assert_int_eq(
		transaction_revert(world.ledger, &port, "tunl0/local", NULL, NULL), 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	again = hold_ledger(&world);
	ck_assert_int_eq(fstat(again, &now), 0);
	ck_assert_uint_eq(now.st_ino, before.st_ino);
	(void)close(held);
	(void)close(again);
	world_done(&world);
}
END_TEST

START_TEST(at_the_end_a_group_is_of_the_same)
{
	static const char *const lines[MOST_LINES] = { STRICT,
		"sysctl -w net.ipv4.conf.all.rp_filter=1" };
	_cleanup_(report_freep) struct report *none = report_new();
	struct world world;

	world_init(&world,
		"interfaces = ( { match = \"tunl0\"; mode = \"correct\"; } );correct = { allow_all = true; address_wait = 0; restore = \"on-stop\"; };",
		lines);
	world_is(&world, 0, "corrected tunl0 1>0", 0);
	const struct kernel_port port = world_port(&world);
	const struct policy_input input = world_input(&world, &port, none, 100);
	ck_assert_int_eq(restore_all(&world.correct, &input), 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	ck_assert_int_eq(*world_value(&world, NETCONF_ALL), 1);
	ck_assert_int_eq(*world_value(&world, 2), 0);
	ck_assert_int_eq(*world_value(&world, 5), 1);
	world_done(&world);
}
END_TEST

/* An interface is given another name, and another one gets that name: two corrections. */
START_TEST(a_name_that_is_given_away_is_not_ours)
{
	struct world world;

	world_init(&world, CORRECT "correct = { restore_after = 1000; };", world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	model_line(world.state, "ip link set tunl0 name tunl9");
	model_sysctl(world.state, "tunl9", "rp_filter", 2);
	model_line(world.state, "ip link add tunl0 index 8 up type ipip");
	model_line(world.state, "ip address add 192.0.2.10/32 dev tunl0");
	model_sysctl(world.state, "tunl0", "rp_filter", 1);
	*world_value(&world, 8) = 1;
	ck_assert_str_eq(world_turn(&world, 1000), "corrected tunl0 1>2");
	ck_assert_str_eq(ledger_find(world.ledger, 5)->name, "tunl9");
	ck_assert_str_eq(ledger_find(world.ledger, 5)->finding, "tunl9/local");
	ck_assert_str_eq(ledger_find(world.ledger, 8)->finding, "tunl0/local");
	/* the need of the one ends */
	world_unneed(&world, "tunl0");
	(void)world_turn(&world, 10000);
	ck_assert_str_eq(world_turn(&world, 70000), "restored tunl0 2>1");
	ck_assert_int_eq(*world_value(&world, 5), 2);
	ck_assert_int_eq(*world_value(&world, 8), 1);
	world_done(&world);
}
END_TEST

/* Two of them swap their names, in either order of the ledger: each keeps its own correction. */
START_TEST(names_that_are_swapped)
{
	static const char *const lines[MOST_LINES] = { STRICT, NUMBERED,
		"ip link add gre0 index 6 up type ipip",
		"ip address add 192.0.2.10/32 dev gre0",
		"sysctl -w net.ipv4.conf.gre0.rp_filter=1" };
	struct world world;

	for (int seen = 0; seen <= 1; seen++) {
		world_init(&world, CORRECT "correct = { restore = \"never\"; };", lines);
		const struct kernel_port port = world_port(&world);
		world_is(&world, 0, "corrected tunl0 1>2, corrected gre0 1>2", 2);
		model_line(world.state, "ip link set tunl0 name other");
		model_line(world.state, "ip link set gre0 name tunl0");
		model_line(world.state, "ip link set other name gre0");
		model_sysctl(world.state, "tunl0", "rp_filter", 2);
		model_sysctl(world.state, "gre0", "rp_filter", 2);
		if (seen)
			ck_assert_str_eq(world_turn(&world, 1000), "");
		else
			ck_assert_int_eq(
				ledger_reconcile(world.ledger, &port, NULL, NULL), 0);
		ck_assert_str_eq(ledger_find(world.ledger, 5)->name, "gre0");
		ck_assert_str_eq(ledger_find(world.ledger, 5)->finding, "gre0/local");
		ck_assert_str_eq(ledger_find(world.ledger, 6)->name, "tunl0");
		ck_assert_str_eq(ledger_find(world.ledger, 6)->finding, "tunl0/local");
		world_done(&world);
	}
}
END_TEST

/* It went: all is lowered for nobody, whatever the configuration says of its kind. */
START_TEST(what_is_left_of_one_that_went_is_taken_back)
{
	static const char *const lines[MOST_LINES] = { STRICT,
		"sysctl -w net.ipv4.conf.all.rp_filter=1" };
	struct world world;

	world_init(&world,
		"interfaces = ( { kind = \"ipip\"; mode = \"correct\"; } );correct = { allow_all = true; address_wait = 0; restore_after = 1000; };",
		lines);
	world_is(&world, 0, "corrected tunl0 1>0", 0);
	model_line(world.state, "model ip link del tunl0");
	(void)world_turn(&world, 10000);
	ck_assert_str_eq(world_turn(&world, 70000), "restored all 0>1");
	ck_assert_int_eq(*world_value(&world, NETCONF_ALL), 1);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_done(&world);
}
END_TEST

static void count_left(void *data, const struct ledger_entry *entry)
{
	char text[CORRECTION_LEFT];

	correction_text_left(entry, text);
	ck_assert_ptr_nonnull(strstr(text, entry->name));
	++*(int *)data;
}

/* Its name and its hardware address may change while it is corrected, or out of our sight. */
START_TEST(a_correction_follows_its_interface)
{
	struct world world;
	int left = 0;

	world_init(&world, CORRECT, world_strict);
	const struct kernel_port port = world_port(&world);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	world.identity = 8;
	world_is(&world, 1000, "", 2);
	ck_assert_int_eq(ledger_reconcile(world.ledger, &port, count_left, &left), 0);
	ck_assert_uint_eq(world.ledger->entries.count, 1);
	model_line(world.state, "ip link set tunl0 name tunl9");
	model_sysctl(world.state, "tunl9", "rp_filter", 2);
	ck_assert_int_eq(ledger_reconcile(world.ledger, &port, count_left, &left), 0);
	ck_assert_uint_eq(world.ledger->entries.count, 1);
	ck_assert_str_eq(ledger_find(world.ledger, 5)->name, "tunl9");
	ck_assert_str_eq(ledger_find(world.ledger, 5)->finding, "tunl9/local");
	ck_assert_int_eq(left, 0);
	/* out of our sight another address may be another interface: that is said */
	world.identity = 9;
	ck_assert_int_eq(ledger_reconcile(world.ledger, &port, count_left, &left), 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	ck_assert_int_eq(left, 1);
	world_done(&world);
}
END_TEST

/* Killed behind a write, before it was called done; then another one has name and index. */
START_TEST(what_is_pending_is_of_one_interface)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	const struct kernel_port port = world_port(&world);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	ck_assert_uint_eq(world.noted_identity, 7);
	for (int same = 1; same >= 0; same--) {
		world.ledger->entries.items[0].done = false;
		world.ledger->entries.items[0].was = 1;
		world.identity = same ? 7 : 8;
		ck_assert_int_eq(ledger_reconcile(world.ledger, &port, NULL, NULL), 0);
		ck_assert_uint_eq(world.ledger->entries.count, (size_t)same);
	}
	world_done(&world);
}
END_TEST

static void ask(struct world *world,
	int (*work)(struct policy *, const struct policy_input *, const struct request *,
		struct request_answers *),
	const char *name, const char *event, const char *words)
{
	_cleanup_(report_freep) struct report *none = report_new();
	const struct kernel_port port = world_port(world);
	const struct policy_input input = world_input(world, &port, none, 1000);
	struct request_answers answers = { 0 };
	char *const names[] = { (char *)name, NULL };
	const struct request request = { name ? names : NULL, 0 };

	world->said[0] = '\0';
	world->answers = &answers;
	ck_assert_int_eq(work(&world->correct, &input, &request, &answers), 0);
	world->answers = NULL;
	if (event) {
		ck_assert_uint_eq(answers.list.count, 1);
		ck_assert_str_eq(answers.list.items[0].event, event);
		ck_assert_msg(strstr(answers.list.items[0].text, words) != NULL,
			"'%s' has no '%s'", answers.list.items[0].text, words);
	}
	array_done(&answers.list);
}

START_TEST(one_that_cannot_be_taken_back_keeps_no_other)
{
	static const char *const lines[MOST_LINES] = { STRICT, NUMBERED,
		"ip link add gre0 index 6 up type gre",
		"ip address add 192.0.2.10/32 dev gre0",
		"sysctl -w net.ipv4.conf.gre0.rp_filter=1" };
	struct world world;

	for (int bad = 5; bad <= 6; bad++) {
		world_init(&world, CORRECT, lines);
		world_is(&world, 0, "corrected tunl0 1>2, corrected gre0 1>2", 2);
		world.fail_ifindex = bad;
		world.fail_error = -EROFS;
		ask(&world, request_revert, NULL, NULL, NULL);
		ck_assert_msg(strstr(world.said, bad == 5 ? "failed tunl0 30"
							  : "failed gre0 30") != NULL,
			"said: %s", world.said);
		ck_assert_ptr_eq(
			strstr(strstr(world.said, "failed") + 1, "failed"), NULL);
		ck_assert_int_eq(*world_value(&world, 5), bad == 5 ? 2 : 1);
		ck_assert_int_eq(*world_value(&world, 6), bad == 6 ? 2 : 1);
		ck_assert_uint_eq(world.ledger->entries.count, 1);
		world_done(&world);
	}
}
END_TEST

/* No room in the ledger is needed to take back what stands in it. */
START_TEST(without_a_ledger_it_is_taken_back)
{
	struct world world;

	for (int by_hand = 0; by_hand <= 1; by_hand++) {
		world_init(&world, CORRECT, world_strict);
		world_is(&world, 0, "corrected tunl0 1>2", 2);
		world_lose_folder();
		if (by_hand) {
			ask(&world, request_revert, "tunl0", NULL, NULL);
			ck_assert_str_eq(world.said, "restored tunl0 2>1");
		} else {
			world.fails = true;
			world_unneed(&world, "tunl0");
			world_is(&world, 10000, "", 2);
			world_is(&world, 70000, "restored tunl0 2>1", 1);
			world_need(&world, "tunl0");
			world_is(&world, 71000, "refused tunl0 ledger", 1);
		}
		ck_assert_int_eq(*world_value(&world, 5), 1);
		ck_assert_uint_eq(world.ledger->entries.count, 0);
		world_find_folder();
		world_done(&world);
	}
}
END_TEST

START_TEST(a_full_ledger_is_refused_and_stays)
{
	struct ledger_entry other = { .name = "tunl1",
		.old = 1,
		.was = 2,
		.value = 2,
		.done = true,
		.finding = "tunl1/local" };
	struct world world;

	world_init(&world, CORRECT "correct = { restore = \"never\"; };", world_strict);
	memcpy(other.netns, world.ledger->netns, sizeof(other.netns));
	other.done = false; /* else they are held against the model */
	for (int i = 1; i <= LEDGER_ENTRIES; i++) {
		other.ifindex = 1000 + i;
		ck_assert_int_eq(array_push(&world.ledger->entries, &other), 0);
	}
	world_is(&world, 0, "failed tunl0 7", 1); /* E2BIG */
	world_is(&world, 100000, "", 1);
	world.ledger->entries.count--;
	world_is(&world, 200000, "corrected tunl0 1>2", 2);
	world_done(&world);
}
END_TEST

static void reopen(struct world *world)
{
	ledger_free(world->ledger);
	world_open_ledger(world);
}

/* What was there before us may be any number: it is kept, or what the kernel takes alike. */
START_TEST(odd_values_are_kept)
{
	static const struct {
		const char *line;
		int value, old;
	} rows[] = {
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=-1", -1, -1 },
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=-2147483648", INT_MIN, -128 },
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=0", 0, 0 },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		const char *const lines[MOST_LINES] = { rows[i].line, NUMBERED,
			"sysctl -w net.ipv4.conf.all.rp_filter=1" };
		char said[64];
		struct world world;

		world_init(&world, CORRECT, lines);
		const struct kernel_port port = world_port(&world);
		snprintf(said, sizeof(said), "corrected tunl0 %d>2", rows[i].value);
		world_is(&world, 0, said, 2);
		reopen(&world);
		ck_assert_int_eq(ledger_reconcile(world.ledger, &port, NULL, NULL), 0);
		ck_assert_int_eq(ledger_find(world.ledger, 5)->old, rows[i].old);
		ask(&world, request_revert, "tunl0", NULL, NULL);
		ck_assert_int_eq(*world_value(&world, 5), rows[i].old);
		reopen(&world);
		ck_assert_uint_eq(world.ledger->entries.count, 0);
		world_done(&world);
	}
}
END_TEST

/* Loose drops what has no route at all; a greater value than 2 is loose, too. */
START_TEST(great_values_are_kept)
{
	for (int value = 7; value; value = value == 7 ? INT_MAX : 0) {
		char line[64], said[64];
		const char *const lines[MOST_LINES] = { line };
		struct world world;

		snprintf(line, sizeof(line), "sysctl -w net.ipv4.conf.tunl0.rp_filter=%d",
			value);
		world_init(&world, CORRECT "correct = { address_wait = 0; };", lines);
		snprintf(said, sizeof(said), "corrected tunl0 %d>0", value);
		world_is(&world, 0, said, 0);
		reopen(&world);
		ck_assert_int_eq(
			ledger_find(world.ledger, 5)->old, value == 7 ? 7 : LEDGER_MOST);
		ask(&world, request_revert, "tunl0", NULL, NULL);
		ck_assert_int_eq(*world_value(&world, 5), value == 7 ? 7 : LEDGER_MOST);
		world_done(&world);
	}
}
END_TEST

/* A director may send by eth1 or not: whoever asks for it to be corrected declares it. */
START_TEST(what_is_uncertain_is_not_corrected)
{
	static const char *const lines[MOST_LINES] = {
		"ip link add eth1 index 6 up type veth",
		"ip address add 10.5.0.2/24 dev eth1",
		"sysctl -w net.ipv4.conf.all.arp_ignore=1",
		"sysctl -w net.ipv4.conf.eth1.rp_filter=1"
	};
	struct world world;

	world_init(&world, "interfaces = ( { match = \"eth1\"; mode = \"correct\"; } );",
		lines);
	world_turn(&world, 0);
	ck_assert_str_eq(world.said, "refused eth1 certain");
	ck_assert_int_eq(*world_value(&world, 6), 1);
	world_done(&world);
}
END_TEST

/* Somebody's value that came over ours unseen is what there is to go back to. */
START_TEST(what_is_there_is_gone_back_to)
{
	struct world world;

	world_init(&world, CORRECT "correct = { restore = \"never\"; };", world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	ledger_find(world.ledger, 5)->old = 7;
	ledger_find(world.ledger, 5)->value = ledger_find(world.ledger, 5)->was = 0;
	world_other(&world, "tunl0", 1);
	ledger_find(world.ledger, 5)->done = false; /* else it is seen */
	world_is(&world, 1000, "corrected tunl0 1>2", 2);
	ck_assert_int_eq(ledger_find(world.ledger, 5)->old, 1);
	reopen(&world);
	ck_assert_uint_eq(world.ledger->entries.count, 1);
	world_done(&world);
}
END_TEST

/* A pause goes where its interface goes, and ends with it; who gets the name is not paused. */
START_TEST(a_pause_goes_with_its_interface)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	ask(&world, request_pause, "tunl0", "paused", "tunl0: corrections paused");
	world_is(&world, 0, "refused tunl0 pause", 1);
	model_line(world.state, "ip link set tunl0 name gre0");
	model_sysctl(world.state, "gre0", "rp_filter", 1);
	ck_assert_str_eq(world_turn(&world, 1000), "refused gre0 pause");
	model_line(world.state, "ip link add tunl0 index 8 up type ipip");
	model_line(world.state, "ip address add 192.0.2.10/32 dev tunl0");
	model_sysctl(world.state, "tunl0", "rp_filter", 1);
	*world_value(&world, 8) = 1;
	ck_assert_str_eq(world_turn(&world, 2000), "corrected tunl0 1>2");
	ck_assert_int_eq(*world_value(&world, 5), 1);
	/* out of sight of it, too */
	reopen(&world);
	const struct kernel_port port = world_port(&world);
	ck_assert_int_eq(ledger_reconcile(world.ledger, &port, NULL, NULL), 0);
	ck_assert(ledger_is_paused(world.ledger, 5, "gre0"));
	model_line(world.state, "ip link del gre0");
	model_line(world.state, "ip link add gre0 index 5 up type ipip");
	model_line(world.state, "ip address add 192.0.2.9/32 dev gre0");
	model_sysctl(world.state, "gre0", "rp_filter", 1);
	ck_assert_str_eq(world_turn(&world, 3000), "resumed gre0, corrected gre0 1>2");
	reopen(&world);
	ck_assert_uint_eq(world.ledger->pauses.count, 0);
	world_done(&world);
}
END_TEST

/* One that is to come: whoever comes by the name first, and nobody else. */
START_TEST(a_pause_waits_for_a_name)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	ask(&world, request_pause, "gre0", "paused", "no such interface now");
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	model_line(world.state, "ip link add gre0 index 8 up type ipip");
	model_line(world.state, "ip address add 192.0.2.10/32 dev gre0");
	model_sysctl(world.state, "gre0", "rp_filter", 1);
	*world_value(&world, 8) = 1;
	ck_assert_str_eq(world_turn(&world, 1000), "refused gre0 pause");
	ck_assert_int_eq(world.ledger->pauses.items[0].ifindex, 8);
	model_line(world.state, "ip link del gre0");
	model_line(world.state, "ip link add gre0 index 9 up type ipip");
	model_line(world.state, "ip address add 192.0.2.10/32 dev gre0");
	model_sysctl(world.state, "gre0", "rp_filter", 1);
	*world_value(&world, 9) = 1;
	ck_assert_str_eq(world_turn(&world, 2000), "resumed gre0, corrected gre0 1>2");
	world_done(&world);
}
END_TEST

START_TEST(pauses_are_of_those_that_are_named)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	ask(&world, request_pause, "tunl0", "paused", "tunl0: corrections paused");
	world_is(&world, 0, "refused tunl0 pause", 1);
	ask(&world, request_pause, NULL, "paused", "all interfaces");
	ask(&world, request_resume, "tunl0", "refused", "all interfaces are paused");
	world_is(&world, 100, "", 1);
	ask(&world, request_resume, NULL, "resumed", "all interfaces");
	world_is(&world, 200, "corrected tunl0 1>2", 2);
	/* one that will come may be named, and a slip shows */
	ask(&world, request_pause, "tunl7", "paused", "no such interface now");
	ck_assert(ledger_is_paused(world.ledger, 0, "tunl7"));
	ask(&world, request_pause, "", "refused", "not an interface name");
	ask(&world, request_pause, "a-name-of-16-or-more", "refused",
		"not an interface name");
	ask(&world, request_pause, "a/b", "refused", "not an interface name");
	ask(&world, request_pause, "..", "refused", "not an interface name");
	ck_assert(!ledger_all_paused(world.ledger));
	ck_assert_uint_eq(world.ledger->pauses.count, 1);
	world_done(&world);
}
END_TEST

static void pause_for(struct world *world, const char *name, uint64_t seconds)
{
	_cleanup_(report_freep) struct report *none = report_new();
	const struct kernel_port port = world_port(world);
	const struct policy_input input = world_input(world, &port, none, 0);
	char *const names[] = { (char *)name, NULL };
	const struct request request = { name ? names : NULL, seconds * 1000000 };
	struct request_answers answers = { 0 };

	world->said[0] = '\0';
	ck_assert_int_eq(request_pause(&world->correct, &input, &request, &answers), 0);
	array_done(&answers.list);
}

/* As if the daemon was started anew: what it knows is in the ledger. */
static void restart(struct world *world)
{
	policy_done(&world->correct);
	world->correct = (struct policy){ 0 };
	reopen(world);
}

START_TEST(a_pause_ends_by_itself)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	pause_for(&world, "tunl0", 7200);
	ck_assert_str_eq(world.said, "paused tunl0");
	ck_assert_str_eq(
		world.sentence, "tunl0: corrections paused until 2026-11-18T13:06:40Z.");
	world_is(&world, 0, "refused tunl0 pause", 1);
	ck_assert_ptr_nonnull(strstr(world.sentence,
		"paused by hand until 2026-11-18T13:06:40Z; to end that: rpfilterctl resume tunl0."));
	ck_assert_uint_eq(world.correct.next_usec, 7200000001);
	restart(&world);
	world_is(&world, 7199999, "refused tunl0 pause", 1);
	world_is(&world, 7200000, "resumed tunl0, corrected tunl0 1>2", 2);
	ck_assert_uint_eq(world.ledger->pauses.count, 0);
	restart(&world);
	world_is(&world, 7300000, "", 2);
	/* another time takes the place of the one before; all of them, too */
	pause_for(&world, NULL, 8000);
	ck_assert_str_eq(world.said, "paused all");
	pause_for(&world, NULL, 9000);
	world_other(&world, "tunl0", 1);
	world_is(&world, 8500000, "refused tunl0 pause", 1);
	world_is(&world, 9000000, "resumed all, corrected tunl0 1>2", 2);
	/* and one without an end has none */
	pause_for(&world, "tunl0", 9500);
	pause_for(&world, "tunl0", 0);
	world_other(&world, "tunl0", 1);
	world_is(&world, 100000000, "refused tunl0 pause", 1);
	world_done(&world);
}
END_TEST

START_TEST(a_fight_outlives_a_restart)
{
	struct world world;

	world_init(&world, CORRECT "correct = { fight = 1; settle = 0; };", world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	world_other(&world, "tunl0", 1);
	world_is(&world, 1000, "fight tunl0 1 for 60 s, paused tunl0", 1);
	restart(&world);
	world_is(&world, 60999, "", 1);
	world_is(&world, 61000, "resumed tunl0, corrected tunl0 1>2", 2);
	/* somebody may end it; a pause by hand comes before it */
	world_other(&world, "tunl0", 1);
	world_is(&world, 70000, "fight tunl0 1 for 60 s, paused tunl0", 1);
	ask(&world, request_resume, "tunl0", "resumed", "corrections resumed");
	world_is(&world, 71000, "corrected tunl0 1>2", 2);
	world_done(&world);
}
END_TEST

/* Who told us to keep away may set what he likes: it is no fight, and is not set back. */
START_TEST(what_is_set_during_a_pause_is_no_fight)
{
	struct world world;

	world_init(&world,
		CORRECT "correct = { fight = 1; settle = 0; restore_after = 1000; };",
		world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	ask(&world, request_pause, "tunl0", "paused", "corrections paused");
	world_other(&world, "tunl0", 1);
	world_is(&world, 100, "refused tunl0 pause", 1);
	ask(&world, request_resume, "tunl0", "resumed", "corrections resumed");
	world_is(&world, 200, "corrected tunl0 1>2", 2);
	ask(&world, request_pause, "tunl0", "paused", "corrections paused");
	world_other(&world, "tunl0", 0);
	world_is(&world, 1000, "", 0);
	world_other(&world, "tunl0", 1);
	world_is(&world, 2000, "refused tunl0 pause", 1);
	world_other(&world, "tunl0", 0);
	world_unneed(&world, "tunl0");
	world_is(&world, 3000, "", 0);
	ask(&world, request_resume, "tunl0", "resumed", "corrections resumed");
	world_is(&world, 4000, "", 0);
	world_is(&world, 10000, "", 0);
	world_need(&world, "tunl0");
	world_other(&world, "tunl0", 1);
	world_is(&world, 11000, "corrected tunl0 1>2", 2);
	ck_assert_int_eq(ledger_find(world.ledger, 5)->old, 1);
	world_done(&world);
}
END_TEST

/* What counts is when somebody wrote, not when it is answered. */
START_TEST(a_fights_times_are_those_of_the_writes)
{
	const struct backoff *backoff;
	struct world world;

	for (int settle = 0; settle <= 500; settle += 500) {
		char config[128];

		snprintf(config, sizeof(config),
			CORRECT
			"correct = { address_wait = 1000; fight = 2; settle = %d; };",
			settle);
		world_init(&world, config, world_unnumbered);
		world_is(&world, 0, "", 1);
		world_is(&world, 1000, "corrected tunl0 1>0", 0);
		model_line(world.state, "ip link set tunl0 down");
		model_sysctl(world.state, "tunl0", "rp_filter", 0);
		world_is(&world, 1900, "", 0);
		model_line(world.state, "ip link set tunl0 up");
		world_is(&world, 2000, "", 0);
		world_other(&world, "tunl0", 1);
		world_is(&world, 2100, "", 1);
		world_is(&world, 3000, "corrected tunl0 1>0", 0);
		backoff = backoff_of(&world.correct.backoffs, 5, 0);
		ck_assert_uint_eq(backoff->reversals.count, settle ? 0 : 1);
		if (!settle)
			ck_assert_uint_eq(
				backoff->reversals.items[0].when_usec, 1795000002100000u);
		world_done(&world);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_would_drop_more_is_not_taken_back,
		a_fight_over_all_is_one, a_roll_back_is_not_over_somebody_elses,
		what_is_pending_is_of_one_interface,
		a_group_is_of_the_one_it_was_loosened_for, a_group_is_taken_back_in_place,
		at_the_end_a_group_is_of_the_same, a_name_that_is_given_away_is_not_ours,
		names_that_are_swapped, what_is_left_of_one_that_went_is_taken_back,
		a_correction_follows_its_interface, without_a_ledger_it_is_taken_back,
		one_that_cannot_be_taken_back_keeps_no_other,
		a_full_ledger_is_refused_and_stays, odd_values_are_kept,
		great_values_are_kept, what_is_uncertain_is_not_corrected,
		what_is_there_is_gone_back_to, a_pause_goes_with_its_interface,
		a_pause_waits_for_a_name, pauses_are_of_those_that_are_named,
		a_pause_ends_by_itself, a_fight_outlives_a_restart,
		what_is_set_during_a_pause_is_no_fight,
		a_fights_times_are_those_of_the_writes };

	return world_run("correct_others", tests, ELEMENTS(tests));
}
