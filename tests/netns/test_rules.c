/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of the state when rules change: by the events, and by a reading afterwards. */
#include "fixture_netns.h"
#include "kernel/nl_reader.h"
#include "kernel/probe.h"
#include "kernel/snapshot.h"
#include "state/state_apply.h"
#include "state/state_equal.h"
#include "unit/fixture_run.h"

#include <check.h>

static struct nl_request *request;
static struct nl_reader *reader;
static struct state *state;

static void setup(void)
{
	ck_assert(fixture_enter());
	state = state_new();
	ck_assert_ptr_nonnull(state);
	ck_assert_int_eq(nl_request_new(&request), 0);
	ck_assert_int_eq(nl_reader_new(-1, 1 << 20, &reader), 0);
	ck_assert_int_eq(snapshot_read(request, NULL, state), 0);
	ck_assert(state->local_main_merged);
}

static void teardown(void)
{
	nl_reader_free(reader);
	nl_request_free(request);
	state_free(state);
}

static void follow(void)
{
	ck_assert_int_ge(nl_reader_receive(reader, 1000, state_apply_handler, state), 0);
}

/* --- local and main ------------------------------------------------------------------------- */

static bool kernel_merged(void)
{
	bool merged = false;

	ck_assert_int_eq(probe_merged(ip4(0), &merged), 0);
	return merged;
}

/* A reading by somebody who knew nothing of this namespace says the same. */
static void ck_fresh(const char *command)
{
	_cleanup_(state_freep) struct state *fresh = state_new();
	char what[STATE_DIFFERENCE] = "";

	ck_assert_ptr_nonnull(fresh);
	ck_assert_int_eq(snapshot_read(request, NULL, fresh), 0);
	ck_assert_msg(fresh->local_main_merged == kernel_merged(),
		"'ip %s': a fresh reading takes local and main for %s", command,
		fresh->local_main_merged ? "merged" : "parted");
	ck_assert_msg(state_equal(state, fresh, what), "'ip %s': they differ: %s",
		command, what);
}

/* The kernel's version decides whether that parts them: it is asked, and nothing is implied. */
START_TEST(a_deletion_is_asked_about)
{
	static const char *const commands[] = { "rule del priority 32767",
		"rule del priority 32766", "rule flush", "rule del priority 0" };

	for (size_t i = 0; i < ELEMENTS(commands); i++) {
		teardown();
		setup();
		fixture_ip("%s", commands[i]);
		follow();
		ck_assert_msg(state->local_main_merged && state->rules_stale,
			"'ip %s' is not asked about", commands[i]);
		ck_assert_int_eq(snapshot_refresh_rules(request, state), 0);
		ck_assert(!state->rules_stale);
		ck_assert_msg(state->local_main_merged == kernel_merged(),
			"'ip %s': the kernel has them %s", commands[i],
			kernel_merged() ? "merged" : "parted");
		ck_assert_msg(kernel_merged() == state_kernel_has(state, 7, 1),
			"'ip %s': this kernel has local and main %s", commands[i],
			kernel_merged() ? "merged" : "parted");
		ck_fresh(commands[i]);
	}
}
END_TEST

START_TEST(an_addition_parts_them_at_once)
{
	fixture_ip("rule add priority 5 lookup main");
	follow();
	ck_assert(!state->local_main_merged);
	ck_assert(!kernel_merged());
	ck_fresh("rule add priority 5 lookup main");
	fixture_ip("rule del priority 5");
	follow();
	ck_assert_int_eq(snapshot_refresh_rules(request, state), 0);
	ck_assert(!state->local_main_merged);
	ck_fresh("rule del priority 5");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_deletion_is_asked_about,
		an_addition_parts_them_at_once,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "rules", tests, ELEMENTS(tests));
}
