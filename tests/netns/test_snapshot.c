/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything read in one go and step by step: the same state, on a host that has a lot of it. */
#include "base/fd.h"
#include "fixture_netns.h"
#include "kernel/snapshot.h"
#include "kernel/snapshot_load.h"
#include "kernel/snapshot_save.h"
#include "state/state_equal.h"
#include "unit/fixture_run.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINKS 60    /* pairs: some datagrams of them */
#define ROUTES 5000 /* a dump of which a thread fetches */

static void setup(void)
{
	char path[] = "/tmp/rpfilterd-host.XXXXXX";
	FILE *batch;

	ck_assert(fixture_enter());
	batch = fdopen(mkstemp(path), "w");
	ck_assert_ptr_nonnull(batch);
	for (unsigned int i = 0; i < LINKS; i++) {
		fprintf(batch, "link add a%u type veth peer name b%u\n", i, i);
		fprintf(batch, "link set a%u up\nlink set b%u up\n", i, i);
		fprintf(batch, "addr add 10.0.%u.1/24 dev a%u\n", i, i);
		fprintf(batch, "rule add from 10.0.%u.0/24 lookup %u\n", i, 1000 + i);
		fprintf(batch, "route add default dev a%u table %u\n", i, 1000 + i);
	}
	for (unsigned int i = 0; i < ROUTES; i++)
		fprintf(batch, "route add 20.%u.%u.0/24 dev a0\n", i >> 8, i & 255);
	ck_assert_int_eq(fclose(batch), 0);
	fixture_ip("-batch %s", path);
	(void)unlink(path);
	/* kernels before 5.3 have none */
	if (fixture_ip_try("nexthop add id 7 dev a1"))
		fixture_ip("route add 30.0.0.0/8 nhid 7");
}

/* Returns the steps that it took. */
static size_t in_steps(struct nl_request *request, struct state *state)
{
	struct snapshot snapshot;
	size_t steps = 0;
	int r = snapshot_begin(&snapshot, request, NULL, state);

	while (r >= 0 && (r > 0 || !steps)) {
		struct pollfd more = { nl_request_fd(request), POLLIN, 0 };

		ck_assert_int_eq(poll(&more, 1, 5000), 1);
		r = snapshot_step(&snapshot);
		steps++;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(snapshot_refresh_conf(state), 0);
	return steps;
}

/* Two readings, one in steps, are the same: in some try, as the kernel's link watch may change
 * flags between them. */
static void read_both(struct nl_request *request)
{
	char what[STATE_DIFFERENCE] = "";

	for (int tries = 0; tries < 5; tries++) {
		_cleanup_(state_freep) struct state *whole = state_new();
		_cleanup_(state_freep) struct state *parts = state_new();

		ck_assert_int_eq(snapshot_read(request, NULL, whole), 0);
		ck_assert_uint_gt(in_steps(request, parts), ROUTES / 64);
		ck_assert_uint_ge(state_routes(parts), ROUTES + LINKS);
		ck_assert_uint_eq(parts->rules.count, LINKS + 3);
		if (state_equal(whole, parts, what))
			return;
		(void)usleep(300000);
	}
	ck_abort_msg("they differ: %s", what);
}

START_TEST(steps_read_the_same)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;

	ck_assert_int_eq(nl_request_new(&request), 0);
	for (int round = 0; round < 3; round++) {
		read_both(request);
		fixture_ip("link set b%d down",
			round); /* the next one reads another state */
	}
}
END_TEST

/* What is written, and read again from there. */
static struct state *through_file(struct nl_request *request)
{
	_cleanup_(fclosep) FILE *file = fdopen(memfd_create("snapshot", 0), "w+");
	struct snapshot_notes notes = { 0 };
	struct snapshot_save save = { 0 };
	struct snapshot_fault fault = { 0 };
	struct state *state = state_new();

	ck_assert_int_eq(snapshot_save_begin(&save, fileno(file), "a test", NULL), 0);
	ck_assert_int_eq(snapshot_save_kernel(&save, request), 0);
	ck_assert_int_eq(snapshot_save_end(&save), 0);
	snapshot_save_done(&save);
	rewind(file);
	ck_assert_msg(snapshot_load(file, state, &notes, &fault) == 0, "%s", fault.what);
	snapshot_notes_done(&notes);
	return state;
}

START_TEST(the_same_from_a_file)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	char what[STATE_DIFFERENCE] = "";

	ck_assert_int_eq(nl_request_new(&request), 0);
	fixture_sysctl("conf/all/accept_local", 1);
	for (int tries = 0; tries < 5; tries++) {
		_cleanup_(state_freep) struct state *live = state_new();
		_cleanup_(state_freep) struct state *file = through_file(request);

		/* the socket is as fit as before, and nobody taps it any more */
		ck_assert_int_eq(snapshot_read(request, NULL, live), 0);
		ck_assert_int_eq(snapshot_read_memberships(live), 0);
		ck_assert_uint_ge(state_routes(file), ROUTES + LINKS);
		ck_assert_uint_gt(file->memberships.count, LINKS);
		ck_assert_int_eq(file->all.value[DEVCONF_ACCEPT_LOCAL], 1);
		if (state_equal(live, file, what))
			return;
		(void)usleep(300000);
	}
	ck_abort_msg("they differ: %s", what);
}
END_TEST

static int refuse_datagram(const void *bytes, size_t length, void *userdata)
{
	(void)bytes, (void)length;
	return ++*(int *)userdata == 3 ? -ENOSPC : 0;
}

static int take_note(const char *key, const char *text, size_t length, void *userdata)
{
	(void)key, (void)text, (void)length, (void)userdata;
	return 0;
}

START_TEST(what_cannot_be_written_ends_it)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	_cleanup_(state_freep) struct state *state = state_new();
	int count = 0;
	const struct snapshot_copy copy = { refuse_datagram, take_note, &count };

	ck_assert_int_eq(nl_request_new(&request), 0);
	ck_assert_int_eq(snapshot_read_out(request, &copy), -ENOSPC);
	ck_assert_int_eq(count, 3);
	ck_assert_int_eq(snapshot_read(request, NULL, state), 0);
	ck_assert_int_eq(count, 3);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		steps_read_the_same,
		the_same_from_a_file,
		what_cannot_be_written_ends_it,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, NULL, "snapshot", tests, ELEMENTS(tests));
}
