/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two writers race on rules, and the daemon's mirror follows. The kernel sends the events of rules
 * after it let go of the lock, so they may be out of order, and what they say may be wrong; but no
 * mirror stays wrong for more than a second behind the last of them. RACE_SECONDS: how long.
 */
#include "base/time.h"
#include "daemon/sync/audit.h"
#include "fixture_follow.h"
#include "fixture_netns.h"
#include "kernel/clock.h"
#include "kernel/rng.h"
#include "kernel/snapshot.h"
#include "state/state_apply.h"
#include "unit/fixture_run.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOUND_USEC USEC_PER_SEC
#define RULES 4 /* few, so that the writers meet */

static sd_event *event;
static struct sync host;

static void setup(void)
{
	/* nothing but the events may put it right: no refresh in that time */
	fixture_follow(&event, &host, 3600 * USEC_PER_SEC);
}

static void teardown(void)
{
	fixture_unfollow(event, &host);
}

/* --- one of the two ------------------------------------------------------------------------------- */

static void write_rule(struct nl_sock *socket, struct rng *rng)
{
	bool add = rng_below(rng, 2);
	uint32_t table = 100 + rng_below(rng, RULES);
	struct fib_rule_hdr header = {
		.family = AF_INET, .action = FR_ACT_TO_TBL, .table = RT_TABLE_UNSPEC
	};
	struct nl_msg *message = nlmsg_alloc_simple(
		add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);

	if (!message ||
		nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
		nla_put_u32(message, FRA_PRIORITY, 1000 + rng_below(rng, 2)) < 0 ||
		nla_put_u32(message, FRA_TABLE, table) < 0)
		_exit(1);
	(void)nl_send_sync(
		socket, message); /* half of them are refused: it is there, or not */
}

static pid_t start_racer(uint64_t seed, uint64_t until_usec)
{
	pid_t pid = fork();
	struct rng rng = { seed };
	struct nl_sock *socket;

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	socket = nl_socket_alloc();
	if (!socket || nl_connect(socket, NETLINK_ROUTE) < 0)
		_exit(1);
	while (clock_monotonic_usec() < until_usec)
		write_rule(socket, &rng);
	nl_socket_free(socket);
	_exit(0);
}

static bool has_ended(pid_t pid)
{
	int status, r = waitpid(pid, &status, WNOHANG);

	ck_assert_int_ge(r, 0);
	if (!r)
		return false;
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "one of the two failed");
	return true;
}

/* --- the mirror ----------------------------------------------------------------------------- */

/* Whether it holds what the kernel has, in its order. */
static bool is_right(struct nl_request *request)
{
	_cleanup_(state_freep) struct state *fresh = state_new();

	ck_assert_ptr_nonnull(fresh);
	ck_assert_int_eq(
		nl_request_dump(request, NL_DUMP_RULES, state_apply_handler, fresh), 0);
	if (fresh->rules.count != host.state->rules.count)
		return false;
	for (size_t i = 0; i < fresh->rules.count; i++) {
		if (!rule_equal(&fresh->rules.items[i].rule,
			    &host.state->rules.items[i].rule))
			return false;
	}
	return true;
}

/* Both write for a moment; returns how long the mirror was wrong behind them, in microseconds. */
static uint64_t contest(struct nl_request *request, struct rng *rng)
{
	uint64_t until =
		clock_monotonic_usec() + (5 + rng_below(rng, 60)) * USEC_PER_MSEC;
	pid_t racers[2] = { start_racer(rng_next(rng), until),
		start_racer(rng_next(rng), until) };
	bool ended[2] = { false };
	uint64_t end = 0, now;

	for (;;) {
		ck_assert_int_ge(sd_event_run(event, USEC_PER_MSEC), 0);
		for (size_t i = 0; i < 2; i++)
			ended[i] = ended[i] || has_ended(racers[i]);
		now = clock_monotonic_usec();
		if (!ended[0] || !ended[1])
			continue;
		if (!end)
			end = now;
		/* whether there is more to be done: it is right until then only by chance */
		if (!host.state->rules_stale && is_right(request))
			return now - end;
		ck_assert_msg(now - end < 10 * USEC_PER_SEC, "it never gets right");
	}
}

START_TEST(no_mirror_is_wrong_for_long)
{
	const char *seconds = getenv("RACE_SECONDS");
	uint64_t until = clock_monotonic_usec() +
			 (uint64_t)(seconds ? atoi(seconds) : 8) * USEC_PER_SEC;
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	struct rng rng = { 1 };
	uint64_t longest = 0;
	unsigned int contests = 0;

	ck_assert_int_eq(nl_request_new(&request), 0);
	while (clock_monotonic_usec() < until) {
		uint64_t took = contest(request, &rng);

		contests++;
		if (took > longest)
			longest = took;
	}
	printf("%u contests, %llu of events, rules misheard %llu times, wrong for %llu ms at most, %llu overruns\n",
		contests, (unsigned long long)nl_reader_counts(host.reader)->records,
		(unsigned long long)host.counts.misheard,
		(unsigned long long)(longest / USEC_PER_MSEC),
		(unsigned long long)host.counts.overruns);
	ck_assert_uint_gt(contests, 0);
	ck_assert_msg(longest <= BOUND_USEC, "the mirror was wrong for %llu ms",
		(unsigned long long)(longest / USEC_PER_MSEC));
}
END_TEST

/* An event that comes without what it is about is a doubt, whatever it says. */
START_TEST(doubtful_events_are_looked_into)
{
	static const struct {
		const char *what;
		enum record_kind kind;
		uint32_t priority, table;
	} rows[] = {
		{ "the deletion of a rule that isn't there", RECORD_RULE_GONE, 7, 77 },
		{ "a rule that is there already", RECORD_RULE, 32766, TABLE_MAIN },
		{ "a rule that has gone since", RECORD_RULE, 8, 88 },
		{ "the deletion of one that came again since", RECORD_RULE_GONE, 32766,
			TABLE_MAIN },
	};
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;

	ck_assert_int_eq(nl_request_new(&request), 0);
	fixture_ip("rule add priority 5 lookup 55");
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct record record = { .kind = rows[i].kind,
			.rule = { .priority = rows[i].priority,
				.table = rows[i].table,
				.action = RULE_TABLE,
				.protocol = PROTO_KERNEL,
				.suppress_len = -1,
				.suppress_group = -1 } };
		uint64_t limit;

		ck_assert_int_ge(state_apply(host.state, &record), 0);
		ck_assert_msg(host.state->rules_stale, "%s: no doubt", rows[i].what);
		ck_assert_int_ge(sync_take(&host, 100), 0);
		limit = clock_monotonic_usec() + BOUND_USEC;
		while (host.state->rules_stale && clock_monotonic_usec() < limit)
			ck_assert_int_ge(sd_event_run(event, BOUND_USEC), 0);
		ck_assert_msg(!host.state->rules_stale && is_right(request),
			"%s: not right after a second", rows[i].what);
	}
	ck_assert_uint_ge(host.counts.misheard, 2);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		doubtful_events_are_looked_into,
		no_mirror_is_wrong_for_long,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "rule_race", tests, ELEMENTS(tests));
}
