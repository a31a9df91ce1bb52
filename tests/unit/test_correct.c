/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/correction_text.h"
#include "daemon/correct/restore.h"
#include "daemon/evaluate/evaluate.h"
#include "fixture_correct.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

/* --- tests ---------------------------------------------------------------------------------- */

static const struct {
	const char *what, *config;
	const char *lines[MOST_LINES];
	const char *said;
	int own;
} rows[] = {
	{ "loose", CORRECT, { STRICT, NUMBERED }, "corrected tunl0 1>2", 2 },
	{ "off, after address_wait", CORRECT "correct = { address_wait = 0; };",
		{ STRICT }, "corrected tunl0 1>0", 0 },
	{ "monitor", "", { STRICT, NUMBERED }, "", 1 },
	{ "dry run", "mode = \"dry-run\";", { STRICT, NUMBERED },
		"would-correct tunl0 1>2", 1 },
	{ "dry run, of this one",
		CORRECT "interfaces = ( { match = \"tun*\"; mode = \"dry-run\"; } );",
		{ STRICT, NUMBERED }, "would-correct tunl0 1>2", 1 },
	{ "dry run, of all",
		"mode = \"dry-run\"; correct = { allow_all = true; address_wait = 0; };",
		{ STRICT, "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"would-correct tunl0 1>0", 1 },
	{ "dry run, where it may not",
		"mode = \"dry-run\"; correct = { lowest = \"loose\"; };", { STRICT },
		"refused tunl0 lowest", 1 },
	{ "not this one",
		CORRECT "interfaces = ( { match = \"tun*\"; mode = \"monitor\"; } );",
		{ STRICT, NUMBERED }, "", 1 },
	{ "only this one", "interfaces = ( { kind = \"ipip\"; mode = \"correct\"; } );",
		{ STRICT, NUMBERED }, "corrected tunl0 1>2", 2 },
	{ "only another", "interfaces = ( { kind = \"gre\"; mode = \"correct\"; } );",
		{ STRICT, NUMBERED }, "", 1 },
	{ "declared silence",
		CORRECT "interfaces = ( { match = \"tunl0\"; expect = [ ]; } );",
		{ STRICT, NUMBERED }, "", 1 },
	{ "lowest", CORRECT "correct = { lowest = \"loose\"; };", { STRICT },
		"refused tunl0 lowest", 1 },
	{ "lowest is no matter where loose is enough",
		CORRECT "correct = { lowest = \"loose\"; };", { STRICT, NUMBERED },
		"corrected tunl0 1>2", 2 },
	{ "all", CORRECT "correct = { address_wait = 0; };",
		{ STRICT, "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"refused tunl0 allow_all", 1 },
	{ "all, allowed", CORRECT "correct = { allow_all = true; address_wait = 0; };",
		{ STRICT, "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"corrected tunl0 1>0", 0 },
	{ "all, and lowest",
		CORRECT "correct = { allow_all = true; lowest = \"loose\"; };",
		{ STRICT, "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"refused tunl0 lowest", 1 },
	{ "down", CORRECT, { STRICT, NUMBERED, "ip link set tunl0 down", STRICT }, "",
		1 },
	{ "blind", CORRECT, { STRICT, NUMBERED, "model blind" }, "", 1 },
	{ "two tunnels at once", CORRECT,
		{ STRICT, NUMBERED, "ip link add gre0 index 6 up type gre",
			"ip address add 192.0.2.10/32 dev gre0",
			"sysctl -w net.ipv4.conf.gre0.rp_filter=1" },
		"corrected tunl0 1>2, corrected gre0 1>2", 2 },
};

START_TEST(what_may_be_corrected)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct world world;
		const char *got;

		world_init(&world, rows[i].config, rows[i].lines);
		got = world_turn(&world, 10000);
		ck_assert_msg(strcmp(got, rows[i].said) == 0, "%s: '%s', not '%s'",
			rows[i].what, got, rows[i].said);
		ck_assert_msg(*world_value(&world, 5) == rows[i].own, "%s: %d, not %d",
			rows[i].what, *world_value(&world, 5), rows[i].own);
		/* said once, and done once */
		ck_assert_str_eq(world_turn(&world, 10100), "");
		ck_assert_int_eq(*world_value(&world, 5), rows[i].own);
		world_done(&world);
	}
}
END_TEST

START_TEST(without_agreement_nothing_is_written)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	world.otherwise = true;
	world_is(&world, 0, "", 1);
	world.otherwise = false;
	world.unsure = 5;
	world_is(&world, 100, "refused tunl0 unsure", 1);
	world_is(&world, 200, "", 1);
	world.lost = true;
	world_is(&world, 300, "", 1);
	ck_assert_int_eq(world.kernel->writes, 0);
	world.unsure = 0;
	world.lost = false;
	/* the model is behind: somebody has loosened it already */
	*world_value(&world, 5) = 3;
	world_turn(&world, 400);
	ck_assert_int_eq(*world_value(&world, 5), 3);
	*world_value(&world, 5) = 1;
	world_is(&world, 500, "corrected tunl0 1>2", 2);
	world_done(&world);
}
END_TEST

START_TEST(what_does_not_work_is_put_back_and_said_once)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	world.deaf = true;
	world_is(&world, 0, "failed tunl0 0", 1);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_is(&world, 500, "", 1);
	ck_assert_int_eq(world.kernel->writes, 2);
	world_is(&world, 1500, "", 1); /* tried again: not said again */
	ck_assert_int_eq(world.kernel->writes, 4);
	world.deaf = false;
	world.fail_ifindex = 5;
	world.fail_error = -EPERM;
	world_is(&world, 5000, "failed tunl0 1", 1);
	ck_assert_int_eq(world.priority, LOG_ERR);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world.fail_error = 0;
	world_is(&world, 20000, "corrected tunl0 1>2", 2);
	world_done(&world);

	/* rung 3 fails at all: what it had raised goes back */
	world_init(&world, CORRECT "correct = { allow_all = true; address_wait = 0; };",
		(const char *const[MOST_LINES]){
			STRICT, "sysctl -w net.ipv4.conf.all.rp_filter=1" });
	world.fail_ifindex = NETCONF_ALL;
	world.fail_error = -EROFS;
	world_is(&world, 0, "failed tunl0 30", 1);
	ck_assert_int_eq(*world_value(&world, 2), 0);
	ck_assert_int_eq(*world_value(&world, NETCONF_DEFAULT), 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_done(&world);
}
END_TEST

START_TEST(no_ledger_no_correction)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	ledger_free(world.ledger);
	world.ledger = NULL;
	world_is(&world, 0, "refused tunl0 ledger", 1);
	world_is(&world, 100, "", 1);
	world_open_ledger(&world);
	/* its folder is gone under it, and can't be made again */
	world_lose_folder();
	world_is(&world, 200, "failed tunl0 117", 1); /* EUCLEAN */
	/* that is no failure of the interface's: there is no waiting for its sake */
	ck_assert_uint_eq(backoff_of(&world.correct.backoffs, 5, 0)->retry_usec, 0);
	ck_assert_int_eq(world.kernel->writes, 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_find_folder();
	world_done(&world);
}
END_TEST

START_TEST(a_tunnel_gets_time_for_its_address)
{
	struct world world;

	world_init(&world, CORRECT, world_unnumbered);
	world_is(&world, 0, "", 1);
	ck_assert(world.correct.next_usec == 1000001);
	world_is(&world, 999, "", 1);
	world_is(&world, 1000, "corrected tunl0 1>0", 0);
	ledger_find(world.ledger, 5)->when_usec = 5;
	/* and when it has one, 2 is enough: what was strict before is loose then */
	model_line(world.state, NUMBERED);
	world_is(&world, 1100, "corrected tunl0 0>2", 2);
	ck_assert_int_eq(ledger_find(world.ledger, 5)->old, 1);
	ck_assert_uint_eq(ledger_find(world.ledger, 5)->when_usec, 5);
	world_done(&world);

	world_init(&world, CORRECT, world_unnumbered);
	world_is(&world, 0, "", 1);
	model_line(world.state, NUMBERED);
	world_is(&world, 500, "corrected tunl0 1>2", 2);
	world_done(&world);
}
END_TEST

START_TEST(what_is_needed_no_more_goes)
{
	struct world world;

	world_init(&world, CORRECT "correct = { restore_after = 10000; };", world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	world_is(&world, 60000, "", 2);
	/* a reverse route by the tunnel: strict would do */
	model_line(world.state, "ip route add 0.0.0.0/1 dev tunl0");
	model_line(world.state, "ip route add 128.0.0.0/1 dev tunl0");
	model_line(world.state, "ip route prepend 10.0.0.0/24 dev tunl0 metric 5");
	model_line(world.state,
		"ip route del 10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2");
	world_is(&world, 70000, "", 2);
	world_is(&world, 75000, "", 2);
	/* it went, and came again: the time begins anew */
	model_line(world.state, "ip route del 0.0.0.0/1 dev tunl0");
	world_is(&world, 78000, "", 2);
	model_line(world.state, "ip route add 0.0.0.0/1 dev tunl0");
	world_is(&world, 81000, "", 2);
	ck_assert(world.correct.next_usec == 91000001);
	world_is(&world, 90000, "", 2);
	world_is(&world, 91000, "restored tunl0 2>1", 1);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_is(&world, 91100, "", 1);
	world_done(&world);
}
END_TEST

/* Netlink takes 0 to 2 alone from 7.1 on: what goes back is what acts the same, and that is said. */
START_TEST(a_value_that_is_refused_goes_back_as_one_alike)
{
	static const char *const lines[MOST_LINES] = {
		"sysctl -w net.ipv4.conf.tunl0.rp_filter=7"
	};
	const struct correction event = { .kind = EVENT_RESTORED,
		.iif = "tunl0",
		.value = 2,
		.refused = 7,
		.outcome = { .alike = true } };
	char sentence[CORRECTION_TEXT];
	struct world world;

	world_init(&world, CORRECT "correct = { address_wait = 0; };", lines);
	world.picky = true;
	world_is(&world, 0, "corrected tunl0 7>0", 0);
	ck_assert_int_eq(ledger_find(world.ledger, 5)->old, 7);
	world_unneed(&world, "tunl0");
	world_is(&world, 10000, "", 0);
	world_is(&world, 70000, "restored tunl0 0>2", 2);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_is(&world, 80000, "", 2);
	world_done(&world);
	ck_assert_str_eq(correction_sentence(&event, sentence),
		"net.ipv4.conf.tunl0.rp_filter restored from 0 (off) to 2 (loose): no longer needed. It was 7 (acts as loose); the kernel takes that by /proc/sys alone, which is not writable, and 2 acts the same.");
}
END_TEST

START_TEST(somebody_elses_value_is_theirs)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	world_other(&world, "tunl0", 0);
	world_is(&world, 10000, "", 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_unneed(&world, "tunl0");
	world_is(&world, 20000, "", 0);
	world_is(&world, 90000, "", 0);
	world_done(&world);
}
END_TEST

START_TEST(another_interface_is_not_ours)
{
	struct world world;

	/* the same index and name, but it went in between */
	world_init(&world, CORRECT, world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	model_line(world.state, "model ip link del tunl0");
	model(world.state, "ip link add tunl0 index 5 type ipip");
	model_sysctl(world.state, "tunl0", "rp_filter", 2);
	world_is(&world, 1000, "", 2);
	world_is(&world, 90000, "", 2);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_done(&world);

	/* gone */
	world_init(&world, CORRECT, world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	model_line(world.state, "model ip link del tunl0");
	ck_assert_str_eq(world_turn(&world, 1000), "");
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_done(&world);

	/* renamed: the same one */
	world_init(&world, CORRECT, world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	model_line(world.state, "ip link set tunl0 name tunl9");
	model_sysctl(world.state, "tunl9", "rp_filter", 2);
	ck_assert_str_eq(world_turn(&world, 1000), "");
	ck_assert_str_eq(ledger_find(world.ledger, 5)->name, "tunl9");
	world_done(&world);
}
END_TEST

START_TEST(interfaces_go_in_the_middle_of_it)
{
	static const char *const two[MOST_LINES] = { STRICT, NUMBERED,
		"ip link add gre0 index 6 up type gre",
		"ip address add 192.0.2.10/32 dev gre0",
		"sysctl -w net.ipv4.conf.gre0.rp_filter=1" };
	struct world world;

	/* another one, whose entry stands before it, while one is taken back */
	world_init(&world, CORRECT, two);
	ck_assert_str_eq(
		world_turn(&world, 0), "corrected tunl0 1>2, corrected gre0 1>2");
	world_unneed(&world, "gre0");
	ck_assert_str_eq(world_turn(&world, 10000), "");
	world.goes = 5;
	ck_assert_str_eq(world_turn(&world, 80000), "restored gre0 2>1");
	ck_assert_int_eq(*world_value(&world, 6), 1);
	/* that it went is followed at the start of the next turn, not under what is written */
	ck_assert_ptr_nonnull(ledger_find(world.ledger, 5));
	ck_assert_str_eq(world_turn(&world, 160000), "");
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_done(&world);

	/* itself, while it is corrected */
	world_init(&world, CORRECT, two);
	world.goes = 5;
	ck_assert_str_eq(world_turn(&world, 0), "corrected gre0 1>2");
	/* its own entry is no more, the other's stays */
	ck_assert_uint_eq(world.ledger->entries.count, 1);
	ck_assert_ptr_nonnull(ledger_find(world.ledger, 6));
	world_done(&world);
}
END_TEST

/* Nothing is written to, or accounted for, an interface that got the index meanwhile. */
START_TEST(an_index_is_given_to_another_in_the_middle_of_it)
{
	struct world world;
	const struct kernel_port port = world_port(&world);
	_cleanup_(report_freep) struct report *report = NULL;
	struct policy_input input;

	world_init(&world, CORRECT, world_strict);
	world.goes = 5;
	world.reused = true;
	ck_assert_str_eq(world_turn(&world, 0), "");
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	ck_assert_str_eq(world_turn(&world, 100), "");
	ck_assert_int_eq(world.kernel->writes, 1);
	world_done(&world);

	/* while it is taken back */
	world_init(&world, CORRECT, world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	world_unneed(&world, "tunl0");
	(void)world_turn(&world, 10000);
	world.goes = 5;
	world.reused = true;
	ck_assert_str_eq(world_turn(&world, 80000), "restored tunl0 2>1");
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	ck_assert_str_eq(world_turn(&world, 81000), "");
	ck_assert_int_eq(world.kernel->writes, 2);
	world_done(&world);

	/* before the first write */
	world_init(&world, CORRECT, world_strict);
	ck_assert_int_eq(evaluate(world.state, world.config, DETAIL_SUMMARY, &report), 0);
	ck_assert_uint_eq(report->findings.count, 1);
	input = world_input(&world, &port, report, 0);
	array_clear(&world.state->links);
	model_line(world.state, "model ip link del tunl0");
	model_link(world.state, 5, "tun9", "type tun");
	model_sysctl(world.state, "tun9", "rp_filter", 1);
	ck_assert_int_eq(
		policy_by_hand(&world.correct, &input, report->findings.items[0]), 0);
	ck_assert_int_eq(world.kernel->writes, 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_done(&world);
}
END_TEST

START_TEST(fights_are_left)
{
	struct world world;

	world_init(&world,
		CORRECT
		"correct = { fight = 3; fight_window = 60000; pause = 60000; settle = 2000; };",
		world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	/* boot scripts have their say, and are no fight */
	for (int ms = 40; ms < 1900; ms += 300) {
		world_other(&world, "tunl0", 1);
		world_is(&world, ms, "corrected tunl0 1>2", 2);
	}
	world_other(&world, "tunl0", 1);
	world_is(&world, 3000, "corrected tunl0 1>2", 2);
	world_other(&world, "tunl0", 1);
	world_is(&world, 4000, "corrected tunl0 1>2", 2);
	world_other(&world, "tunl0", 1);
	world_is(&world, 5000, "fight tunl0 3 for 60 s, paused tunl0", 1);
	world_is(&world, 6000, "", 1);
	world_is(&world, 64999, "", 1);
	world_is(&world, 65000, "resumed tunl0, corrected tunl0 1>2", 2);
	/* at once again: twice as long */
	for (int i = 0; i < 2; i++) {
		world_other(&world, "tunl0", 1);
		world_is(&world, 66000 + i, "corrected tunl0 1>2", 2);
	}
	world_other(&world, "tunl0", 1);
	world_is(&world, 66003, "fight tunl0 3 for 120 s, paused tunl0", 1);
	world_is(&world, 186000, "", 1);
	world_is(&world, 186003, "resumed tunl0, corrected tunl0 1>2", 2);
	/* one now and then is none, and after a window of peace it begins anew */
	for (int i = 0; i < 5; i++) {
		world_other(&world, "tunl0", 1);
		world_is(&world, 300000 + i * 40000, "corrected tunl0 1>2", 2);
	}
	for (int i = 0; i < 2; i++) {
		world_other(&world, "tunl0", 1);
		world_is(&world, 600000 + i, "corrected tunl0 1>2", 2);
	}
	world_other(&world, "tunl0", 1);
	world_is(&world, 600003, "fight tunl0 3 for 60 s, paused tunl0", 1);
	world_done(&world);
}
END_TEST

START_TEST(pauses_double_up_to_an_hour)
{
	struct world world;
	unsigned int seconds = 1800;
	char said[64];
	int ms = 10000;

	world_init(&world,
		CORRECT "correct = { fight = 1; pause = 1800000; settle = 0; };",
		world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	for (int i = 0; i < 4; i++) {
		world_other(&world, "tunl0", 1);
		snprintf(said, sizeof(said), "fight tunl0 1 for %u s, paused tunl0",
			seconds);
		world_is(&world, ms, said, 1);
		ms += (int)seconds * 1000;
		world_is(&world, ms, "resumed tunl0, corrected tunl0 1>2", 2);
		ms += 1000;
		seconds = 3600;
	}
	world_done(&world);
}
END_TEST

START_TEST(writes_are_counted)
{
	struct world world;

	world_init(&world,
		CORRECT "correct = { per_minute = 3; fight = 1000; settle = 0; };",
		world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	for (int i = 1; i < 3; i++) {
		world_other(&world, "tunl0", 1);
		world_is(&world, i * 1000, "corrected tunl0 1>2", 2);
	}
	world_other(&world, "tunl0", 1);
	world_is(&world, 3000, "refused tunl0 per_minute", 1);
	world_is(&world, 59000, "", 1);
	ck_assert(world.correct.next_usec == 60000001);
	world_is(&world, 60000, "corrected tunl0 1>2", 2);
	world_done(&world);
}
END_TEST

START_TEST(by_hand_and_paused)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	ck_assert_int_eq(ledger_pause(world.ledger, world.state, "tunl0", 0), 1);
	world_is(&world, 0, "refused tunl0 pause", 1);
	world_is(&world, 100, "", 1);
	ck_assert_int_eq(ledger_resume(world.ledger, world.state, NULL), 1);
	world_is(&world, 200, "corrected tunl0 1>2", 2);
	/* paused, nothing is taken back either */
	ck_assert_int_eq(ledger_pause(world.ledger, world.state, NULL, 0), 1);
	world_unneed(&world, "tunl0");
	world_is(&world, 1000, "", 2);
	world_is(&world, 90000, "", 2);
	world_done(&world);
}
END_TEST

START_TEST(at_the_end)
{
	struct world world;
	struct report *none = report_new();

	ck_assert_ptr_nonnull(none);
	world_init(&world,
		CORRECT
		"correct = { restore = \"on-stop\"; allow_all = true; address_wait = 0; };",
		(const char *const[MOST_LINES]){ STRICT,
			"sysctl -w net.ipv4.conf.all.rp_filter=1",
			"ip link add gre0 index 6 up type gre",
			"ip address add 192.0.2.10/32 dev gre0" });
	ck_assert_str_eq(world_turn(&world, 0), "corrected tunl0 1>0");
	/* it was raised meanwhile, so its plan was made anew */
	ck_assert_str_eq(world_turn(&world, 10), "corrected gre0 1>2");
	const struct kernel_port port = world_port(&world);
	const struct policy_input input = world_input(&world, &port, none, 100);
	world.said[0] = '\0';
	ck_assert_int_eq(restore_all(&world.correct, &input), 0);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	ck_assert_int_eq(*world_value(&world, NETCONF_ALL), 1);
	ck_assert_int_eq(*world_value(&world, NETCONF_DEFAULT), 0);
	ck_assert_int_eq(*world_value(&world, 5), 1);
	ck_assert_int_eq(*world_value(&world, 6), 0);
	ck_assert_int_eq(*world_value(&world, 2), 0);
	world_done(&world);
	report_free(none);
}
END_TEST

/* Each write of rung 3, and of taking it back, is a place to be killed, before and after. */
static int killed(const char *config, int before, int after, struct world *world)
{
	static const char *const lines[MOST_LINES] = { STRICT,
		"sysctl -w net.ipv4.conf.all.rp_filter=1",
		"ip link add eth1 index 6 up type veth",
		"sysctl -w net.ipv4.conf.eth1.rp_filter=2" };
	int status;
	pid_t pid;

	world_init(world, config, lines);
	ledger_free(world->ledger); /* the lock is the child's */
	world->ledger = NULL;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct report *none = report_new();
		const struct kernel_port port = world_port(world);
		const struct policy_input input = world_input(world, &port, none, 100);

		world_open_ledger(world);
		world->crash_before = before;
		world->crash_after = after;
		world_turn(world, 0);
		((struct policy_input *)&input)->ledger = world->ledger;
		(void)restore_all(&world->correct, &input);
		(void)raise(SIGUSR1); /* it came to its end: as dead, but not so */
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	return WTERMSIG(status) == SIGUSR1 ? 0 : WTERMSIG(status);
}

START_TEST(killed_at_any_write)
{
	static const char config[] = CORRECT
		"correct = { restore = \"on-stop\"; allow_all = true; address_wait = 0; };";
	static const int olds[KEYS] = { [0] = 1, [6] = 1, [7] = 2 };
	int crashes = 0, status = 9;

	for (int point = 2; status == 9; point++) {
		struct report *none = report_new();
		struct world world;

		ck_assert_ptr_nonnull(none);
		status = killed(config, point % 2 ? 0 : point / 2,
			point % 2 ? point / 2 : 0, &world);
		ck_assert_msg(status == 9 || status == 0, "exit %d", status);
		crashes += status == 9;
		/* the next one finds the values as they are, and the ledger */
		hash_each (&world.state->ifaces, slot) {
			const struct iface *iface = slot->value;

			model_sysctl(world.state, iface->link.name, "rp_filter",
				*world_value(&world, iface->link.ifindex));
		}
		model_sysctl(world.state, "all", "rp_filter",
			*world_value(&world, NETCONF_ALL));
		model_sysctl(world.state, "default", "rp_filter",
			*world_value(&world, NETCONF_DEFAULT));
		world_open_ledger(&world);
		const struct kernel_port port = world_port(&world);
		ck_assert_int_eq(ledger_reconcile(world.ledger, &port, NULL, NULL), 0);
		for (int key = 0; key < KEYS; key++) {
			int ifindex = key == 0	 ? NETCONF_ALL
				      : key == 1 ? NETCONF_DEFAULT
						 : key - 1;
			const struct ledger_entry *entry =
				ledger_find(world.ledger, ifindex);

			ck_assert_msg(entry || world.kernel->values[key] == olds[key],
				"point %d: %d is left at %d", point, ifindex,
				world.kernel->values[key]);
			ck_assert_msg(
				!entry || (entry->old == olds[key] &&
						  entry->value ==
							  world.kernel->values[key]),
				"point %d: the ledger is wrong about %d", point, ifindex);
		}
		/* it finishes, and can undo all of it */
		if (status == 9) {
			world_turn(&world, 1000);
			ck_assert_int_eq(*world_value(&world, 5), 0);
		}
		const struct policy_input input = world_input(&world, &port, none, 2000);
		ck_assert_int_eq(restore_all(&world.correct, &input), 0);
		ck_assert_int_eq(memcmp(world.kernel->values, olds, sizeof(olds)), 0);
		world_done(&world);
		report_free(none);
	}
	ck_assert_int_ge(crashes, 10);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_may_be_corrected,
		without_agreement_nothing_is_written,
		what_does_not_work_is_put_back_and_said_once, no_ledger_no_correction,
		a_tunnel_gets_time_for_its_address, what_is_needed_no_more_goes,
		a_value_that_is_refused_goes_back_as_one_alike,
		somebody_elses_value_is_theirs, another_interface_is_not_ours,
		interfaces_go_in_the_middle_of_it,
		an_index_is_given_to_another_in_the_middle_of_it, fights_are_left,
		pauses_double_up_to_an_hour, writes_are_counted, by_hand_and_paused,
		at_the_end, killed_at_any_write };

	return world_run("correct", tests, ELEMENTS(tests));
}
