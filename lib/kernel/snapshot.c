/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/snapshot.h"

#include "net/kernel_version.h"
#include "state/state_apply.h"

#include "kernel/probe.h"
#include "kernel/procsys.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define TRIES 10 /* of a dump that things change under */
#define WAIT_MSEC 30000

/* The kernel reports when links, addresses or nexthops changed during a dump. Applying what is
 * known already does no harm, so the dump is repeated. */
static int dump_all(struct nl_request *request, unsigned int what, struct state *state)
{
	int r = -EAGAIN;

	for (int tries = 0; tries < TRIES && r == -EAGAIN; tries++)
		r = nl_request_dump(request, what, state_apply_handler, state);
	return r;
}

int snapshot_note_record(const char *key, const char *text, struct record *ret)
{
	*ret = (struct record){ .kind = RECORD_KERNEL, .dump = true };
	if (strcmp(key, SNAPSHOT_NOTE_KERNEL) == 0)
		return kernel_version_parse(text, &ret->kernel) < 0 ? -EBADMSG : 0;
	ret->kind = RECORD_MERGED;
	ret->local_main_merged = strcmp(text, "1") == 0;
	return ret->local_main_merged || strcmp(text, "0") == 0 ? 0 : -EBADMSG;
}

static int read_version(struct state *state)
{
	struct record record;
	struct utsname name;

	if (uname(&name) < 0 ||
		snapshot_note_record(SNAPSHOT_NOTE_KERNEL, name.release, &record) < 0)
		return 0; /* unknown: as the newest */
	return state_apply_handler(&record, state);
}

#define FIRST_RULES 3

/* Whether there are rules besides those that a namespace starts with: one was added. */
static bool has_added_rules(const struct state *state)
{
	static const struct {
		uint32_t priority, table;
	} first[FIRST_RULES] = { { 0, TABLE_LOCAL }, { 32766, TABLE_MAIN },
		{ 32767, TABLE_DEFAULT } };
	size_t at = 0;

	array_each (&state->rules, const struct state_rule, entry) {
		while (at < FIRST_RULES && (entry->rule.priority != first[at].priority ||
						   entry->rule.table != first[at].table))
			at++;
		if (at++ >= FIRST_RULES)
			return true;
	}
	return false;
}

/* What it must be where nothing can be asked: up to 7.0 the deletion of a rule parts them, too. */
static bool assume_merged(const struct state *state)
{
	return state->rules.count == FIRST_RULES || state_kernel_has(state, 7, 1);
}

/* Asks by 127.0.0.1, which hardly anybody routes by hand, else by an address of the host's. */
static int ask_merged(const struct state *state, bool *ret)
{
	int r = probe_merged(ip4(0), ret);

	hash_each (&state->local_addrs.addrs, slot) {
		if (r == -ENOENT)
			r = probe_merged(ip4((uint32_t)slot->key), ret);
	}
	return r;
}

static int read_merged(struct state *state, bool may_be)
{
	struct record record = { .kind = RECORD_MERGED, .dump = true };
	int r;

	/* what was parted stays so, and a rule that was added has parted them */
	if (may_be && !has_added_rules(state)) {
		r = ask_merged(state, &record.local_main_merged);
		/* no local address: nothing to ask about, and nothing that it matters to yet */
		if (r == -ENOENT)
			record.local_main_merged = assume_merged(state);
		else if (r < 0)
			return r;
	}
	return state_apply_handler(&record, state);
}

/* What was parted stays so. */
static bool may_be_merged(const struct state *known)
{
	return !known || known->local_main_merged;
}

int snapshot_read_memberships(struct state *state)
{
	return procsys_read_memberships(NULL, state_apply_handler, state);
}

static int copy_version(const struct snapshot_copy *copy)
{
	struct utsname name;

	if (uname(&name) < 0)
		return 0;
	return copy->note(
		SNAPSHOT_NOTE_KERNEL, name.release, strlen(name.release), copy->userdata);
}

static int copy_file(const char *path, char **ret, size_t *ret_length, void *userdata)
{
	const struct snapshot_copy *copy = userdata;
	_cleanup_(freep) char *text = NULL;
	char key[128];
	size_t length;
	int r = procsys_read_file(path, &text, &length);

	if (r < 0)
		return r;
	(void)snprintf(key, sizeof(key), SNAPSHOT_NOTE_FILE "%s", path);
	r = copy->note(key, text, length, copy->userdata);
	if (r < 0)
		return r;
	*ret = take_ptr(text);
	*ret_length = length;
	return 0;
}

static int copy_all(
	struct nl_request *request, const struct snapshot_copy *copy, struct state *state)
{
	const struct procsys_source source = { copy_file, (void *)copy };
	int r = copy_version(copy);

	if (r >= 0)
		r = read_version(state);
	if (r >= 0)
		r = dump_all(request, NL_DUMP_ALL & ~(unsigned int)NL_DUMP_ROUTES, state);
	if (r >= 0)
		r = read_merged(state, true);
	if (r >= 0)
		r = copy->note(SNAPSHOT_NOTE_MERGED, state->local_main_merged ? "1" : "0",
			1, copy->userdata);
	if (r >= 0)
		r = nl_request_dump(request, NL_DUMP_ROUTES, NULL, NULL);
	if (r >= 0)
		r = procsys_read_all(&source, state_apply_handler, state);
	return r < 0 ? r : procsys_read_memberships(&source, state_apply_handler, state);
}

int snapshot_read_out(struct nl_request *request, const struct snapshot_copy *copy)
{
	_cleanup_(state_freep) struct state *state = state_new();
	int r;

	if (!state)
		return -ENOMEM;
	/* whether the tables are merged is asked by what else there is */
	nl_request_tap(request, copy->datagram, copy->userdata);
	r = copy_all(request, copy, state);
	nl_request_tap(request, NULL, NULL);
	return r;
}

int snapshot_begin(struct snapshot *snapshot, struct nl_request *request,
	const struct state *known, struct state *state)
{
	int r = read_version(state);

	*snapshot = (struct snapshot){ .request = request,
		.state = state,
		.may_be_merged = may_be_merged(known),
		.reading = NL_DUMP_LINKS };
	return r < 0 ? r : nl_request_begin(request, snapshot->reading);
}

/* One kind is read: the next. Returns 1, 0 where there is none, or a negative errno. */
static int next_dump(struct snapshot *snapshot)
{
	int r = 0;

	if (snapshot->reading == NL_DUMP_ROUTES)
		return 0;
	snapshot->reading = (enum nl_dump)(snapshot->reading << 1);
	snapshot->tries = 0;
	if (snapshot->reading == NL_DUMP_ROUTES)
		r = read_merged(snapshot->state, snapshot->may_be_merged);
	if (r >= 0)
		r = nl_request_begin(snapshot->request, snapshot->reading);
	return r < 0 ? r : 1;
}

int snapshot_step(struct snapshot *snapshot)
{
	int r = nl_request_step(snapshot->request, state_apply_handler, snapshot->state);

	if (r == -EAGAIN && ++snapshot->tries < TRIES) {
		r = nl_request_begin(snapshot->request, snapshot->reading);
		return r < 0 ? r : 1;
	}
	if (r == 0 || (r == -EOPNOTSUPP && snapshot->reading == NL_DUMP_NEXTHOPS))
		return next_dump(snapshot);
	return r;
}

int snapshot_read(
	struct nl_request *request, const struct state *known, struct state *state)
{
	struct snapshot snapshot;
	int r = snapshot_begin(&snapshot, request, known, state);

	while (r >= 0) {
		struct pollfd more = { .events = POLLIN };

		r = snapshot_step(&snapshot);
		if (r == 0)
			break;
		/* behind the step it may be another one */
		more.fd = nl_request_fd(request);
		if (r == 2 && poll(&more, 1, WAIT_MSEC) == 0)
			r = -ETIMEDOUT;
	}
	return r < 0 ? r : procsys_read_all(NULL, state_apply_handler, state);
}

/* They never join again. */
static int refresh_merged(struct state *state)
{
	return state->local_main_merged ? read_merged(state, true) : 0;
}

struct rules {
	ARRAY(struct rule) list;
};

static int take_rule(const struct record *record, void *userdata)
{
	struct rules *rules = userdata;

	return record->kind == RECORD_RULE ? array_push(&rules->list, &record->rule) : 0;
}

int snapshot_refresh_rules(struct nl_request *request, struct state *state)
{
	struct rules rules = { 0 };
	struct record record = { .kind = RECORD_RULES, .dump = true };
	int r = nl_request_dump(request, NL_DUMP_RULES, take_rule, &rules), changed = 0;

	if (r >= 0) {
		record.rules =
			(struct rules_record){ rules.list.items, rules.list.count };
		r = changed = state_apply(state, &record);
	}
	array_done(&rules.list);
	if (r >= 0)
		r = refresh_merged(state);
	if (r < 0)
		return r;
	state->rules_stale = false;
	return changed;
}

int snapshot_refresh_conf(struct state *state)
{
	int r = procsys_read_all(NULL, state_apply_handler, state);

	return r < 0 ? r : refresh_merged(state);
}

int snapshot_refresh(struct nl_request *request, struct state *state)
{
	/* what can't be read keeps nothing else from being read */
	int links = dump_all(request, NL_DUMP_LINKS, state),
	    rules = snapshot_refresh_rules(request, state),
	    conf = snapshot_refresh_conf(state);

	return links < 0 ? links : rules < 0 ? rules : conf;
}

int snapshot_refresh_link(struct nl_request *request, struct state *state, int ifindex)
{
	int r = nl_request_link(request, ifindex, state_apply_handler, state);

	return r < 0 ? r : procsys_read_all(NULL, state_apply_handler, state);
}
