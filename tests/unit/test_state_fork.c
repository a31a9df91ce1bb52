/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"
#include "rpf/rpf.h"
#include "state/dirty.h"
#include "state/state_equal.h"
#include "state/state_fork.h"

#include <errno.h>
#include <stdlib.h>

/* --- memory that runs out ---------------------------------------------------------------------- */

/* The linker leads what this program allocates here (tests/CMakeLists.txt). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int allocations_left = -1; /* until one fails; negative: none does */

static bool fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

/* --- the host ------------------------------------------------------------------------------------ */

/* Some of everything; local and main in one trie. */
static struct state *host_merged(void)
{
	static const char *const lines[] = {
		"ip link add eth1 index 3 up type veth",
		"ip link add tunl0 index 4 up type ipip",
		"ip link add red index 6 up type vrf table 99",
		"ip address add 192.0.2.1/32 dev tunl0",
		"ip address add 10.1.0.2/24 dev eth1",
		"ip address add 10.1.0.3/24 dev eth1",
		"ip route add 20.0.0.0/8 via 10.1.0.1",
		"ip route add 20.0.0.0/8 via 10.1.0.1 metric 7",
		"ip route add 21.0.0.0/8 dev eth1 src 10.1.0.2",
		"ip route add 22.0.0.0/8 nexthop dev eth0 nexthop dev eth1",
		"ip route add 20.0.0.0/8 dev tunl0 table 77",
		"ip nexthop add id 1 dev eth1",
		"ip nexthop add id 2 group 1",
		"ip route add 23.0.0.0/8 nhid 1",
		"ip route add 24.0.0.0/8 nhid 2",
		"sysctl -w net.ipv4.conf.all.rp_filter=1",
		"join eth0 224.1.1.1",
	};
	struct state *state = model_host();

	/* the first VRF would bring a rule, and part the tables */
	for (size_t i = 0; i < ELEMENTS(lines); i++)
		model(state, "%s%s", i == 2 ? "model " : "", lines[i]);
	ck_assert(state->local_main_merged);
	return state;
}

static struct state *host_parted(void)
{
	struct state *state = host_merged();

	model_line(state, "ip rule add priority 100 fwmark 1 lookup 77");
	ck_assert(!state->local_main_merged);
	return state;
}

static struct state *(*const hosts[])(void) = { host_merged, host_parted };

static void ck_equal(const struct state *a, const struct state *b, const char *line)
{
	char what[STATE_DIFFERENCE] = "";

	ck_assert_msg(state_equal(a, b, what), "'%s': they differ: %s", line, what);
	ck_assert_msg(a->kernel == b->kernel && a->blind == b->blind &&
			      a->generation == b->generation &&
			      a->memberships.count == b->memberships.count,
		"'%s': they differ in a number", line);
}

/* Each kind of change. */
static const char *const changes[] = {
	"ip route add 30.0.0.0/8 dev eth1",
	"ip route append 20.0.0.0/8 dev eth0",
	"ip route prepend 20.0.0.0/8 dev tunl0",
	"ip route replace 20.0.0.0/8 dev tunl0",
	"ip route del 20.0.0.0/8 metric 7",
	"ip route del 21.0.0.0/8",
	"ip route del 20.0.0.0/8 table 77",
	"ip route add 20.0.0.0/9 dev eth0 table 77",
	"ip route add 20.0.0.0/8 dev eth0 table 5",
	"ip rule add priority 200 from 20.0.0.0/8 lookup 77",
	"ip rule del priority 32767",
	"ip address add 10.2.0.2/24 dev eth1",
	"ip address del 10.1.0.3/24 dev eth1",
	"ip address del 10.1.0.2/24 dev eth1",
	"ip address del 192.0.2.1/32 dev tunl0",
	"model ip link add eth1 index 3 type veth",
	"model ip link add eth1 index 3 up nocarrier type veth",
	"model ip link add eth1 index 3 up master red type veth",
	"model ip link add other index 3 up type veth",
	"model ip link del eth1 index 3",
	"ip link add eth2 index 5 up type veth",
	"ip nexthop add id 3 dev eth0",
	"ip nexthop replace id 1 dev eth0",
	"ip nexthop del id 1",
	"ip nexthop del id 2",
	"sysctl -w net.ipv4.conf.all.rp_filter=2",
	"model sysctl -w net.ipv4.conf.default.rp_filter=1",
	"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
	"model inet eth1 off",
	"model kernel 5.10",
	"model blind",
	"join eth1 224.1.1.2",
};

/* --- what is in common --------------------------------------------------------------------------- */

START_TEST(base_stays_what_it_was)
{
	for (size_t h = 0; h < ELEMENTS(hosts); h++) {
		_cleanup_(state_freep) struct state *base = hosts[h](), *was = hosts[h]();

		for (size_t i = 0; i < ELEMENTS(changes); i++) {
			_cleanup_(state_freep) struct state *fork = state_fork(base);
			_cleanup_(state_freep) struct state *plain = hosts[h]();
			char what[STATE_DIFFERENCE];

			ck_assert_ptr_nonnull(fork);
			ck_equal(fork, base, "nothing");
			ck_assert_int_eq(model_line(fork, changes[i]),
				model_line(plain, changes[i]));
			ck_equal(fork, plain, changes[i]);
			ck_equal(base, was, changes[i]);
			ck_assert_msg(!state_equal(fork, base, what) ||
					      fork->kernel != base->kernel ||
					      fork->blind != base->blind ||
					      changes[i][0] == 'j',
				"'%s' changes nothing", changes[i]);
		}
	}
}
END_TEST

START_TEST(several_forks_know_nothing_of_each_other)
{
	for (size_t h = 0; h < ELEMENTS(hosts); h++) {
		_cleanup_(state_freep) struct state *base = hosts[h](), *was = hosts[h]();
		struct state *forks[ELEMENTS(changes)], *plain;

		for (size_t i = 0; i < ELEMENTS(changes); i++) {
			forks[i] = state_fork(base);
			ck_assert_ptr_nonnull(forks[i]);
		}
		for (size_t i = 0; i < ELEMENTS(changes); i++)
			model_line(forks[i], changes[i]);
		for (size_t i = 0; i < ELEMENTS(changes); i++) {
			plain = hosts[h]();
			model_line(plain, changes[i]);
			ck_equal(forks[i], plain, changes[i]);
			state_free(plain);
			state_free(forks[i]);
		}
		ck_equal(base, was, "all");
	}
}
END_TEST

/* Which stays as it is then, as any base. */
START_TEST(a_fork_can_be_forked)
{
	for (size_t i = 0; i < ELEMENTS(changes); i++) {
		_cleanup_(state_freep) struct state *base = host_merged();
		_cleanup_(state_freep) struct state *first = state_fork(base);
		_cleanup_(state_freep) struct state *second = NULL,
						    *plain = host_merged();

		model_line(first, "ip route add 20.128.0.0/9 dev eth0");
		second = state_fork(first);
		ck_assert_ptr_nonnull(second);
		model_line(second, changes[i]);
		model_line(plain, "ip route add 20.128.0.0/9 dev eth0");
		ck_assert_uint_eq(
			model_routes(first, TABLE_MAIN), model_routes(plain, TABLE_MAIN));
		model_line(plain, changes[i]);
		ck_equal(second, plain, changes[i]);
	}
}
END_TEST

/* Of a table, what has not changed is there once. */
START_TEST(tables_are_in_common_until_they_change)
{
	static const struct {
		const char *line;
		bool main, t77; /* in common behind it */
	} rows[] = {
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=1", true, true },
		{ "model ip link add eth2 index 5 up type veth", true, true },
		{ "ip rule add priority 200 lookup 77", true, true },
		{ "ip nexthop add id 3 dev eth0", true, true },
		{ "ip route add 30.0.0.0/8 dev eth1", false, true },
		{ "ip route del 20.0.0.0/8 table 77", true, false },
		{ "ip nexthop del id 1", false, true },
		{ "model ip link del tunl0 index 4", true, false },
		{ "model ip link del eth1 index 3", false, true },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *base = host_parted();
		_cleanup_(state_freep) struct state *fork = state_fork(base);

		model_line(fork, rows[i].line);
		ck_assert_msg((state_table(fork, TABLE_MAIN) ==
				      state_table(base, TABLE_MAIN)) == rows[i].main,
			"'%s': main is otherwise", rows[i].line);
		ck_assert_msg(
			(state_table(fork, 77) == state_table(base, 77)) == rows[i].t77,
			"'%s': table 77 is otherwise", rows[i].line);
	}
}
END_TEST

/* A route copies its path and no more. */
START_TEST(a_large_table_is_not_copied)
{
	_cleanup_(state_freep) struct state *base = model_host();
	_cleanup_(state_freep) struct state *fork = NULL;
	const struct trie *trie;

	for (int i = 0; i < 5000; i++)
		model(base, "ip route add 100.%d.%d.0/24 dev eth0", 128 + i / 256,
			i % 256);
	fork = state_fork(base);
	model_line(fork, "ip route add 100.130.3.128/25 dev eth0");
	model_line(fork, "ip route del 100.130.4.0/24 dev eth0");
	trie = &state_table(fork, TABLE_MAIN)->trie;
	ck_assert_uint_eq(trie->count, state_table(base, TABLE_MAIN)->trie.count);
	ck_assert_uint_le(trie->used_nodes + trie->used_leaves, 2 * 33);
}
END_TEST

/* --- what is its own --------------------------------------------------------------------------- */

START_TEST(marks_and_queues_are_its_own)
{
	_cleanup_(state_freep) struct state *base = host_parted();
	_cleanup_(state_freep) struct state *fork = NULL;
	size_t links = base->links.count;

	ck_assert(dirty_any(base));
	fork = state_fork(base);
	ck_assert(!dirty_any(fork));
	ck_assert_uint_eq(fork->links.count, 0);
	ck_assert(!fork->links_stale && !fork->rules_stale && !fork->audit_due);
	dirty_settle(base);

	model_line(fork, "model ip route add 30.0.0.0/8 dev tunl0");
	ck_assert(state_iface(fork, 4)->dirty && !state_iface(fork, 3)->dirty);
	ck_assert(state_iface(fork, 2)->dirty); /* which has the default route */
	ck_assert(!dirty_any(base));
	model_line(fork, "model ip link del eth1 index 3");
	ck_assert(state_link_went(fork, 3) && fork->audit_due);
	ck_assert(!state_link_went(base, 3));
	ck_assert_uint_eq(base->links.count, links);
	ck_assert(!dirty_any(base));
}
END_TEST

START_TEST(it_is_judged_by_its_own_kernel)
{
	_cleanup_(state_freep) struct state *base = host_merged();
	_cleanup_(state_freep) struct state *fork = state_fork(base);

	ck_assert(state_kernel_has(base, 5, 11));
	model_line(fork, "model kernel 5.10");
	ck_assert(!state_kernel_has(fork, 5, 11));
	ck_assert(state_kernel_has(base, 5, 11));
	ck_assert(dirty_any(fork));
}
END_TEST

/* A verdict is one on the changed state: what would this route break? */
START_TEST(a_verdict_is_on_the_change)
{
	_cleanup_(state_freep) struct state *base = host_merged();
	_cleanup_(state_freep) struct state *fork = state_fork(base);
	const struct overlay before = model_overlay(base), after = model_overlay(fork);
	struct flow flow = model_flow(base, "10.1.0.2 from 20.0.0.1 iif eth1");

	ck_assert_int_eq(rpf_judge(&before, &flow, NULL).reason, RPF_SYMMETRIC);
	model_line(fork, "ip route add 20.0.0.0/16 via 10.0.0.1");
	ck_assert_int_eq(rpf_judge(&after, &flow, NULL).reason, RPF_STRICT_ASYMMETRIC);
	ck_assert_int_eq(rpf_judge(&before, &flow, NULL).reason, RPF_SYMMETRIC);
}
END_TEST

/* --- lack of memory ------------------------------------------------------------------------------ */

/* Whichever allocation fails, base is as it was, and what there is can be freed. */
START_TEST(without_memory_base_stays)
{
	for (size_t i = 0; i < ELEMENTS(changes); i++) {
		_cleanup_(state_freep) struct state *base = host_merged();
		_cleanup_(state_freep) struct state *was = host_merged();
		bool done = false;

		for (int n = 0; !done; n++) {
			struct state *fork;
			int r = -ENOMEM;

			allocations_left = n;
			fork = state_fork(base);
			if (fork)
				r = model_line(fork, changes[i]);
			done = allocations_left >= 0;
			allocations_left = -1;
			ck_assert_msg(!done || r >= 0, "'%s': %d", changes[i], r);
			ck_equal(base, was, changes[i]);
			state_free(fork);
		}
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { base_stays_what_it_was,
		several_forks_know_nothing_of_each_other, a_fork_can_be_forked,
		tables_are_in_common_until_they_change, a_large_table_is_not_copied,
		marks_and_queues_are_its_own, it_is_judged_by_its_own_kernel,
		a_verdict_is_on_the_change, without_memory_base_stays };

	return fixture_run("state_fork", tests, ELEMENTS(tests));
}
