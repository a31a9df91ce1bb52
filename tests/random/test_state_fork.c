/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/report.h"
#include "fixture_world.h"
#include "host/host_model.h"
#include "rpf/rpf.h"
#include "state/dirty.h"
#include "state/state_equal.h"
#include "state/state_fork.h"
#include "unit/fixture_run.h"

#include <string.h>

/*
 * A fork with changes is as a state that heard everything from the beginning: it holds the same,
 * and each verdict and each share is the same. The state that it was forked from stays what it
 * was.
 */
#define FORKS 3
#define IFACES 9 /* ifindexes below that */

struct fork_world {
	struct world world;  /* the fork */
	struct state *plain; /* has heard the same, and is no fork */
	struct chance *chance;
};

/* Has a state hear lines. */
static void hear(struct state *state, const char *lines)
{
	while (*lines) {
		size_t length = strcspn(lines, "\n");
		char line[512];

		snprintf(line, sizeof(line), "%.*s", (int)length, lines);
		ck_assert_int_ge(model_line(state, line), 0);
		lines += length + 1;
	}
}

static struct state *heard(const char *lines)
{
	struct state *state = model_new();

	hear(state, lines);
	return state;
}

static void ck_equal(
	const struct fork_world *fork, const struct state *a, const struct state *b)
{
	char what[STATE_DIFFERENCE] = "";

	if (!state_equal(a, b, what))
		world_fail(&fork->world, "they differ: %s", what);
	if (a->kernel != b->kernel || a->custom_local != b->custom_local ||
		a->rule_realms != b->rule_realms || a->suppressing != b->suppressing ||
		state_routes(a) != state_routes(b))
		world_fail(&fork->world, "they differ, in a number");
}

static void ck_verdicts(const struct fork_world *fork)
{
	const struct overlay over = { .state = fork->world.state },
			     plain = { .state = fork->plain };

	for (int i = 0; i < 40; i++) {
		struct flow flow = {
			.iif = 2 + (int)chance_below(fork->chance, IFACES - 2),
			.mark = chance_below(fork->chance, 2),
			.proto = FLOW_UDP,
			.src = { fork->world.base +
				 chance_below(fork->chance, WORLD_SPACE) },
			.dst = { fork->world.base +
				 chance_below(fork->chance, WORLD_SPACE) },
		};
		struct rpf a = rpf_judge(&over, &flow, NULL);
		struct rpf b = rpf_judge(&plain, &flow, NULL);

		if (a.verdict != b.verdict || a.reason != b.reason || a.error != b.error)
			world_fail(&fork->world, "iif %d, %08x to %08x: %s, of plain %s",
				flow.iif, flow.src.host, flow.dst.host,
				rpf_reason_name(a.reason), rpf_reason_name(b.reason));
	}
}

static struct report *judge(const struct state *state, const struct iface *iface)
{
	const struct overlay overlay = { .state = state };
	const struct expect_declared silent = { 0 };
	const struct flowclasses none = { 0 };
	struct report *report = report_new();

	ck_assert_ptr_nonnull(report);
	ck_assert_int_eq(
		report_add(report, &overlay, iface, &silent, &none, DETAIL_COUNT), 0);
	return report;
}

/* The shares that an interface drops. */
static void ck_iface(const struct fork_world *fork, int ifindex)
{
	const struct iface *iface = state_iface(fork->world.state, ifindex);
	_cleanup_(report_freep) struct report *a = NULL, *b = NULL;

	if (!iface || !iface->announced)
		return;
	a = judge(fork->world.state, iface);
	b = judge(fork->plain, state_iface(fork->plain, ifindex));
	if (a->findings.count != b->findings.count ||
		a->ifaces.items[0].verdict != b->ifaces.items[0].verdict)
		world_fail(&fork->world, "%s: %zu findings, of plain %zu",
			iface->link.name, a->findings.count, b->findings.count);
	for (size_t i = 0; i < a->findings.count; i++) {
		const struct finding *left = a->findings.items[i];
		const struct finding *right = b->findings.items[i];

		if (strcmp(left->id, right->id) != 0 || left->dropped != right->dropped)
			world_fail(&fork->world, "%s: %llu dropped, of plain %s %llu",
				left->id, (unsigned long long)left->dropped, right->id,
				(unsigned long long)right->dropped);
	}
}

static void ck_same(const struct fork_world *fork)
{
	ck_equal(fork, fork->world.state, fork->plain);
	/* what exactly depends on the order in which routes of a device go; test_dirty plays on forks */
	if (dirty_any(fork->world.state) != dirty_any(fork->plain))
		world_fail(&fork->world, "one is dirty, one is not");
	ck_verdicts(fork);
	for (int i = 2; i < IFACES; i++)
		ck_iface(fork, i);
}

static void change(struct fork_world *fork)
{
	size_t before = fork->world.length;

	world_change(&fork->world, fork->chance);
	if (fork->world.length > before)
		hear(fork->plain, fork->world.lines + before);
	if (chance_one_in(fork->chance, 3)) {
		dirty_settle(fork->world.state);
		dirty_settle(fork->plain);
	}
}

static struct fork_world fork_new(
	const struct state *base, const struct world *origin, struct chance *chance)
{
	struct fork_world fork = { .world = { .state = state_fork(base),
					   .base = origin->base,
					   .lines = strdup(origin->lines),
					   .length = origin->length },
		.plain = heard(origin->lines),
		.chance = chance };

	ck_assert_ptr_nonnull(fork.world.state);
	dirty_settle(fork.plain);
	return fork;
}

static void fork_done(struct fork_world *fork)
{
	world_done(&fork->world);
	state_free(fork->plain);
}

static void play(struct chance *chance, bool merged)
{
	struct world base = world_new(chance, 0x0a000000, merged, false);
	_cleanup_(state_freep) struct state *was = heard(base.lines);
	struct fork_world forks[FORKS];

	/* the last one is a fork of a fork, which does not change any more then */
	for (int i = 0; i < FORKS; i++) {
		const struct world *from = i < FORKS - 1 ? &base : &forks[0].world;

		forks[i] = fork_new(from->state, from, chance);
		ck_same(&forks[i]);
		for (int k = 0; k < 25; k++) {
			change(&forks[i]);
			ck_same(&forks[i]);
		}
		ck_equal(&forks[i], base.state, was);
	}
	for (int k = 0; k < 25; k++)
		change(&forks[1 + chance_below(chance, FORKS - 1)]);
	for (int i = 0; i < FORKS; i++)
		ck_same(&forks[i]);
	for (int i = FORKS; i-- > 0;)
		fork_done(&forks[i]);
	ck_assert(!merged || base.state->local_main_merged);
	world_done(&base);
}

START_TEST(a_fork_is_as_what_heard_all)
{
	struct chance chance = chance_new("forks");

	for (int round = 0; round < 30; round++)
		play(&chance, round & 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_fork_is_as_what_heard_all };

	return fixture_run("random state_fork", tests, ELEMENTS(tests));
}
