/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/follow.h"

#include "state/state_apply.h"

#include "kernel/snapshot.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Noreturn void world_die(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		strerror(error < 0 ? -error : error));
	_exit(3);
}

void world_begin(struct world *world, size_t buffer)
{
	int r;

	*world = (struct world){ .state = state_new() };
	r = world->state ? nl_request_new(&world->request) : -ENOMEM;
	if (r >= 0)
		r = nl_reader_new(-1, buffer, &world->reader);
	if (r >= 0)
		r = snapshot_read(world->request, NULL, world->state);
	if (r >= 0)
		r = snapshot_read_memberships(world->state);
	if (r < 0)
		world_die("beginning", r);
}

void world_end(struct world *world)
{
	nl_reader_free(world->reader);
	nl_request_free(world->request);
	state_free(world->state);
}

/* Lost events: all is read anew, and what queued meanwhile is taken in once more. */
static int resync(struct world *world)
{
	struct state *fresh = state_new();
	int r = fresh ? nl_reader_discard(world->reader) : -ENOMEM;

	if (r >= 0)
		r = snapshot_read(world->request, world->state, fresh);
	if (r >= 0)
		r = snapshot_read_memberships(fresh);
	if (r >= 0) {
		fresh->replaying = true;
		do
			r = nl_reader_receive(
				world->reader, 4096, state_apply_handler, fresh);
		while (r > 0);
		fresh->replaying = false;
	}
	if (r < 0) {
		state_free(fresh);
		return r;
	}
	fresh->custom_local |= world->state->custom_local;
	state_free(world->state);
	world->state = fresh;
	return 0;
}

/* What the daemon does: events in, all anew where some were lost, and a re-reading where a
 * record asks for one; and what rpfilterctl does, who is asked about multicast, too. */
void world_follow(struct world *world, bool refresh)
{
	int r;

	for (int tries = 0; tries < 1000; tries++) {
		if (world->lost)
			r = resync(world);
		else
			r = nl_reader_receive(
				world->reader, 4096, state_apply_handler, world->state);
		if (r == -ENOBUFS)
			world->overruns++;
		else if (r < 0 && r != -EAGAIN)
			world_die("following", r);
		if (r == 0 && !world->lost)
			break;
		world->lost = r < 0;
	}
	if (world->state->rules_stale) {
		r = snapshot_refresh_rules(world->request, world->state);
		if (r < 0)
			world_die("reading rules", r);
		world->misheard += r > 0;
	}
	if (refresh || world->state->links_stale) {
		r = snapshot_refresh(world->request, world->state);
		if (r >= 0)
			r = snapshot_read_memberships(world->state);
		if (r < 0)
			world_die("refreshing", r);
		world->state->links_stale = false;
	}
}

bool world_hears(struct world *world, int milliseconds)
{
	struct pollfd fd = { .fd = nl_reader_fd(world->reader), .events = POLLIN };

	return poll(&fd, 1, milliseconds) > 0;
}

struct state *world_read(struct world *world)
{
	struct state *fresh = state_new();
	int r = fresh ? snapshot_read(world->request, world->state, fresh) : -ENOMEM;

	if (r >= 0)
		r = snapshot_read_memberships(fresh);
	if (r < 0)
		world_die("reading the kernel", r);
	/* whether a local route was ever added by hand nobody can read */
	fresh->custom_local |= world->state->custom_local;
	return fresh;
}

bool world_is_true(struct world *world, char what[static STATE_DIFFERENCE])
{
	_cleanup_(state_freep) struct state *fresh = state_new();
	int r = fresh ? snapshot_read(world->request, world->state, fresh) : -ENOMEM;

	if (r < 0)
		world_die("reading the kernel", r);
	return state_equal(world->state, fresh, what);
}
