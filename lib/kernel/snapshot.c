/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/snapshot.h"

#include "kernel/probe.h"
#include "kernel/procsys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

/* The kernel says when links, addresses or nexthops changed under a dump. Taking in what is
 * known already does no harm, so the dump is just done again. */
static int dump(struct nl_request *request, unsigned int what, struct state *state)
{
	int r = -EAGAIN;

	for (int tries = 0; tries < 10 && r == -EAGAIN; tries++)
		r = nl_request_dump(request, what, state_apply_handler, state);
	return r;
}

static int read_version(struct state *state)
{
	struct record record = { .kind = RECORD_KERNEL, .dump = true };
	struct utsname name;
	unsigned int major, minor;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return 0; /* unknown: as the newest */
	record.kernel = major << 16 | (minor & 0xff) << 8;
	return state_apply_handler(&record, state);
}

/* The three rules that a namespace starts with, untouched: only then can it be merged. */
static bool has_first_rules(const struct state *state)
{
	static const struct {
		uint32_t priority, table;
	} first[] = { { 0, TABLE_LOCAL }, { 32766, TABLE_MAIN },
		{ 32767, TABLE_DEFAULT } };

	if (state->rules.count != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		const struct rule *rule = &state->rules.items[i].rule;

		if (rule->priority != first[i].priority || rule->table != first[i].table)
			return false;
	}
	return true;
}

/* Asks by 127.0.0.1, which hardly anybody routes by hand, else by an address of the host's. */
static int ask_merged(const struct state *state, bool *ret)
{
	int r = probe_merged(ip4(0), ret);

	hash_each (&state->own.addrs, slot) {
		if (r == -ENOENT)
			r = probe_merged(ip4((uint32_t)slot->key), ret);
	}
	return r;
}

static int read_merged(struct state *state, const struct state *known)
{
	struct record record = { .kind = RECORD_MERGED, .dump = true };
	int r;

	/* what was parted stays so, and rules that were changed have parted them */
	if ((!known || known->merged) && has_first_rules(state)) {
		r = ask_merged(state, &record.merged);
		/* no own address: nothing that could tell, and nothing that it matters to yet */
		if (r == -ENOENT)
			record.merged = true;
		else if (r < 0)
			return r;
	}
	return state_apply_handler(&record, state);
}

static int read_unannounced(struct state *state)
{
	int r = procsys_read_all(state_apply_handler, state);

	return r < 0 ? r : procsys_read_memberships(state_apply_handler, state);
}

/* All that a dump of routes needs to be known before. */
static int read_before_routes(
	struct nl_request *request, const struct state *known, struct state *state)
{
	int r = read_version(state);

	if (r >= 0)
		r = dump(request, NL_DUMP_ALL & ~(unsigned int)NL_DUMP_ROUTES, state);
	return r < 0 ? r : read_merged(state, known);
}

int snapshot_read(
	struct nl_request *request, const struct state *known, struct state *state)
{
	int r = read_before_routes(request, known, state);

	if (r >= 0)
		r = dump(request, NL_DUMP_ROUTES, state);
	return r < 0 ? r : read_unannounced(state);
}

int snapshot_begin(
	struct nl_request *request, const struct state *known, struct state *state)
{
	int r = read_before_routes(request, known, state);

	return r < 0 ? r : nl_request_begin(request, NL_DUMP_ROUTES);
}

int snapshot_step(struct nl_request *request, struct state *state)
{
	return nl_request_step(request, state_apply_handler, state);
}

int snapshot_refresh(struct nl_request *request, struct state *state)
{
	int r = dump(request, NL_DUMP_LINKS, state);

	if (r >= 0)
		r = read_unannounced(state);
	/* they never join again */
	return r < 0 || !state->merged ? r : read_merged(state, NULL);
}

int snapshot_refresh_link(struct nl_request *request, struct state *state, int ifindex)
{
	int r = nl_request_link(request, ifindex, state_apply_handler, state);

	return r < 0 ? r : read_unannounced(state);
}
