/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the corrector leaves alone: in a dry run; while a route is away, or an interface is down. */
#include "fixture_correct.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* It writes nothing, needs no ledger, and says a thing once, and again when it is another one. */
START_TEST(a_dry_run_says_what_correct_would_do)
{
	static const char said[] =
		"Dry run: net.ipv4.conf.tunl0.rp_filter would change from 1 (strict) to 2 (loose). Packets from 0.0.0.0/0";
	struct world world;

	world_init(&world, "mode = \"dry-run\"; correct = { per_minute = 3; };",
		world_unnumbered);
	ledger_free(world.ledger);
	world.ledger = NULL;
	world_is(&world, 0, "", 1); /* it waits for an address, too */
	world_is(&world, 1000, "would-correct tunl0 1>0", 1);
	world_is(&world, 1100, "", 1);
	world_is(&world, 70000, "", 1);
	model_line(world.state, NUMBERED);
	world_is(&world, 70100, "would-correct tunl0 1>2", 1);
	ck_assert_msg(
		strncmp(world.sentence, said, strlen(said)) == 0, "%s", world.sentence);
	ck_assert_ptr_nonnull(strstr(world.sentence, "would pass then"));
	/* it went, and came again; no more often than it would be written */
	for (int i = 1; i <= 2; i++) {
		world_unneed(&world, "tunl0");
		world_is(&world, 70100 + i * 100, "", 1);
		world_need(&world, "tunl0");
		world_is(&world, 70150 + i * 100, "would-correct tunl0 1>2", 1);
	}
	world_unneed(&world, "tunl0");
	world_is(&world, 70400, "", 1);
	world_need(&world, "tunl0");
	world_is(&world, 70450, "refused tunl0 per_minute", 1);
	/* what the kernel doesn't confirm is not said */
	world_is(&world, 150000, "would-correct tunl0 1>2", 1);
	world.otherwise = true;
	world_unneed(&world, "tunl0");
	world_is(&world, 150100, "", 1);
	world_need(&world, "tunl0");
	world_is(&world, 250000, "", 1);
	ck_assert_int_eq(world.kernel->writes, 0);
	world_done(&world);
}
END_TEST

START_TEST(down_it_keeps_what_it_has)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	model_line(world.state, "ip link set tunl0 down");
	model_sysctl(world.state, "tunl0", "rp_filter", 2);
	world_is(&world, 10000, "", 2);
	world_is(&world, 700000, "", 2);
	model_line(world.state, "ip link set tunl0 up");
	world_is(&world, 701000, "", 2);
	world_is(&world, 900000, "", 2);
	ck_assert_int_eq(world.kernel->writes, 1);
	/* nor is 0 made 2 there */
	world_done(&world);
	world_init(&world, CORRECT "correct = { address_wait = 0; };", world_unnumbered);
	world_is(&world, 0, "corrected tunl0 1>0", 0);
	model_line(world.state, "ip link set tunl0 down");
	model_sysctl(world.state, "tunl0", "rp_filter", 0);
	model_line(world.state, NUMBERED);
	world_is(&world, 10000, "", 0);
	model_line(world.state, "ip link set tunl0 up");
	world_is(&world, 20000, "corrected tunl0 0>2", 2);
	world_done(&world);

	world_init(&world, CORRECT "correct = { restore = \"never\"; };", world_strict);
	world_is(&world, 0, "corrected tunl0 1>2", 2);
	world_unneed(&world, "tunl0");
	world_is(&world, 10000, "", 2);
	world_is(&world, 70000, "", 2);
	world_is(&world, 700000, "", 2);
	world_done(&world);
}
END_TEST

#define DEFAULT "default via 10.0.0.1 dev eth0"

/* Without a default route no answer can leave: that is no filter's fault, and no reason for
 * anything, however often it goes and comes. */
START_TEST(a_lost_default_route_changes_nothing)
{
	struct world world;

	/* 2, and the route is not there yet */
	world_init(&world, CORRECT "correct = { allow_all = true; address_wait = 0; };",
		(const char *const[MOST_LINES]){ NUMBERED,
			"sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
			"ip route del " DEFAULT });
	world_is(&world, 0, "refused tunl0 one_way", 2);
	world_is(&world, 100000, "", 2);
	for (int i = 0; i < 300; i++) {
		model_line(world.state, "ip route add " DEFAULT);
		world_is(&world, 100000 + i * 4000, "", 2);
		model_line(world.state, "ip route del " DEFAULT);
		world_is(&world, 102000 + i * 4000, "refused tunl0 one_way", 2);
	}
	ck_assert_int_eq(world.kernel->writes, 0);
	ck_assert_ptr_nonnull(strstr(world.sentence, "one_way = true"));
	world_done(&world);

	/* a boot: the tunnel is there before the route; and it goes for long */
	world_init(&world, CORRECT,
		(const char *const[MOST_LINES]){
			STRICT, NUMBERED, "ip route del " DEFAULT });
	world_is(&world, 0, "refused tunl0 one_way", 1);
	model_line(world.state, "ip route add " DEFAULT);
	world_is(&world, 10000, "corrected tunl0 1>2", 2);
	model_line(world.state, "ip route del " DEFAULT);
	world_is(&world, 20000, "refused tunl0 one_way", 2);
	world_is(&world, 30000, "", 2);
	world_is(&world, 700000, "", 2);
	model_line(world.state, "ip route add " DEFAULT);
	world_is(&world, 710000, "", 2);
	/* and with the whole uplink */
	model_line(world.state, "ip link set eth0 down");
	world_is(&world, 720000, "refused tunl0 one_way", 2);
	world_is(&world, 900000, "", 2);
	ck_assert_int_eq(world.kernel->writes, 1);
	world_done(&world);

	/* where nobody answers, no route is needed */
	world_init(&world,
		CORRECT
		"correct = { address_wait = 0; }; interfaces = ( { match = \"tunl0\"; one_way = true; } );",
		(const char *const[MOST_LINES]){
			STRICT, NUMBERED, "ip route del " DEFAULT });
	world_is(&world, 0, "corrected tunl0 1>0", 0);
	world_done(&world);
}
END_TEST

/* Loosening lets neighbours in whose answers a rule leads elsewhere: only their rule would help. */
START_TEST(what_would_be_answered_elsewhere_is_left_alone)
{
	static const char *const lines[MOST_LINES] = {
		"ip link add ts0 index 7 up type tun",
		"ip address add 100.64.0.9/32 dev ts0",
		"ip route add 10.0.0.0/24 dev ts0 table 52",
		"ip rule add priority 5270 lookup 52",
		"sysctl -w net.ipv4.conf.eth0.rp_filter=1"
	};
	struct world world;

	world_init(&world, "interfaces = ( { match = \"eth0\"; mode = \"correct\"; } );",
		lines);
	world_is(&world, 0, "refused eth0 replies", 0);
	ck_assert_int_eq(world.kernel->writes, 0);
	world_done(&world);

	/* who declares them knows why */
	world_init(&world,
		"interfaces = ( { match = \"eth0\"; mode = \"correct\"; expect = [ \"10.0.0.0/24\" ]; } );",
		lines);
	world_is(&world, 0, "corrected eth0 1>2", 0);
	world_done(&world);
}
END_TEST

/* It went while it was written to: nobody's fault. */
START_TEST(a_link_that_vanishes_under_a_write_is_no_error)
{
	struct world world;

	world_init(&world, CORRECT, world_strict);
	world.fail_ifindex = 5;
	world.fail_error = -ENODEV;
	world_is(&world, 0, "failed tunl0 19", 1);
	ck_assert_int_eq(world.priority, LOG_INFO);
	ck_assert_uint_eq(world.ledger->entries.count, 0);
	world_done(&world);
}
END_TEST

/* Nobody is left alone with a "no". */
START_TEST(each_refusal_says_what_would_allow_it)
{
	static const struct {
		enum refusal refusal;
		const char *says;
	} rows[] = {
		{ REFUSED_SCOPE, "to allow it, add an entry of interfaces with mode" },
		{ REFUSED_LOWEST, "to allow it, set \"off\"" },
		{ REFUSED_ALLOW_ALL, "with true (and the drop-in allow-all.conf" },
		{ REFUSED_PER_MINUTE, "raise the limit" },
		{ REFUSED_PAUSED, "rpfilterctl resume tunl0" },
		{ REFUSED_UNSURE, "rpfilterctl apply tunl0" },
		{ REFUSED_OTHERS, "add an entry of interfaces with expect = [ ]" },
		{ REFUSED_LEDGER, "--state" },
		{ REFUSED_UNCERTAIN, "declare their sources with expect" },
		{ REFUSED_ROUTE, "add the route. Where nobody answers" },
		{ REFUSED_REPLIES, "declare the sources with expect" },
	};
	const struct ledger_pause pause = { .name = "tunl0" };

	ck_assert_uint_eq(ELEMENTS(rows), REFUSED_REPLIES);
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		const struct correction event = { .kind = EVENT_REFUSED,
			.iif = "tunl0",
			.refusal = rows[i].refusal,
			.pause = &pause };
		char sentence[CORRECTION_TEXT];

		ck_assert_msg(strstr(correction_sentence(&event, sentence),
				      rows[i].says) != NULL,
			"%s: %s", refusal_name(rows[i].refusal), sentence);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_dry_run_says_what_correct_would_do,
		down_it_keeps_what_it_has, a_lost_default_route_changes_nothing,
		a_link_that_vanishes_under_a_write_is_no_error,
		what_would_be_answered_elsewhere_is_left_alone,
		each_refusal_says_what_would_allow_it };

	return world_run("correct_alone", tests, ELEMENTS(tests));
}
