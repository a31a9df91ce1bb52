/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The differential test: random worlds, random walks through them. After each step the model,
 * which has only been told the events, is held against a fresh reading of the kernel, and its
 * verdicts against the kernel's own (RTM_GETROUTE). A disagreement is shrunk to the fewest
 * steps that show it and printed as commands to paste.
 *
 *	differ [--seed N] [--walks N] [--steps N] [--flows N] [--script FILE]
 *		[--buffer BYTES]
 */
#include "kernel/ask.h"
#include "kernel/flows.h"
#include "kernel/walk.h"

#include "kernel/nl_reader.h"
#include "kernel/nl_request.h"
#include "kernel/probe.h"
#include "kernel/procsys.h"
#include "kernel/snapshot.h"
#include "model/rpf.h"
#include "model/state_equal.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MAX 256

struct outcome { /* shared with the child that walks */
	unsigned long long judged, unjudged_multipath, steps, taken, late, overruns;
	unsigned long long reasons[RPF_REASONS];
	bool failed, refused;
	size_t failed_at;
	char what[600];
};

struct plan {
	uint64_t seed;
	unsigned int flows;
	size_t buffer; /* of the reader, bytes */
	struct step steps[STEPS_MAX];
	bool skip[STEPS_MAX];
	size_t count;
};

struct world {
	struct nl_request *request;
	struct nl_reader *reader;
	struct state *state;
	unsigned long long overruns;
	bool lost; /* events: nothing counts until all is read again */
};

static void die(const char *what, int error)
{
	fprintf(stderr, "differ: %s: %s\n", what, strerror(error < 0 ? -error : error));
	_exit(3);
}

/* --- following ----------------------------------------------------------------------------- */

/* Lost events: all is read anew, and what queued meanwhile is taken in once more. */
static int resync(struct world *world)
{
	struct state *fresh = state_new();
	int r = fresh ? nl_reader_discard(world->reader) : -ENOMEM;

	if (r >= 0)
		r = snapshot_read(world->request, world->state, fresh);
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
 * record asks for one. */
static void follow(struct world *world, bool silent)
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
			die("following", r);
		if (r == 0 && !world->lost)
			break;
		world->lost = r < 0;
	}
	if (silent || world->state->links_stale) {
		r = snapshot_refresh(world->request, world->state);
		if (r < 0)
			die("refreshing", r);
		world->state->links_stale = false;
	}
}

static bool wait_events(struct world *world, int milliseconds)
{
	struct pollfd fd = { .fd = nl_reader_fd(world->reader), .events = POLLIN };

	return poll(&fd, 1, milliseconds) > 0;
}

/* --- comparing ------------------------------------------------------------------------------- */

static bool same_state(struct world *world, char *what)
{
	_cleanup_(state_freep) struct state *fresh = state_new();
	int r = snapshot_read(world->request, world->state, fresh);

	if (r < 0)
		die("reading the kernel", r);
	return state_equal(world->state, fresh, what);
}

static const char *name_of(const struct state *state, int ifindex)
{
	const struct iface *iface = state_iface(state, ifindex);

	return iface ? iface->link.name : "?";
}

static void tell(const struct world *world, const struct flow *flow,
	const struct rpf *rpf, int error, char what[600])
{
	char src[IP4_TEXT], dst[IP4_TEXT], ports[64] = "";

	if (flow->proto != 1)
		snprintf(ports, sizeof(ports), " sport %u dport %u", flow->sport,
			flow->dport);
	snprintf(what, 600,
		"ip route get %s from %s iif %s mark %u tos 0x%x ipproto %u%s\n"
		"  model: %s, %s (errno %d); kernel: errno %d",
		ip4_format(flow->dst, dst), ip4_format(flow->src, src),
		name_of(world->state, flow->iif), flow->mark, flow->tos, flow->proto,
		ports, rpf_verdict_name(rpf->verdict), rpf_reason_name(rpf->reason),
		rpf->error, error);
}

/*
 * Without rules some kernels still ask table default behind an error route of main, if it was
 * ever made (see lookup.c): then they say that there is no route, which there is not.
 */
static bool same_error(const struct world *world, const struct rpf *rpf, int error)
{
	return error == rpf->error ||
	       (world->state->merged && rpf->reason == RPF_NO_ROUTE_TO_DESTINATION &&
		       error == ENETUNREACH);
}

static bool same_verdicts(struct world *world, const struct plan *plan, size_t step,
	struct outcome *outcome, char what[600])
{
	struct rng rng = { plan->seed * 1000003 + step };
	const struct view view = { .state = world->state };
	struct flow_space space;

	/* groups are joined and left unannounced: read when somebody asks about one */
	if (procsys_read_memberships(state_apply_handler, world->state) < 0)
		die("reading memberships", errno);
	flow_space_of(world->state, &space);
	for (unsigned int i = 0; i < plan->flows; i++) {
		struct flow flow;
		struct rpf rpf;
		int r;

		if (!flow_random(&rng, &space, &flow))
			return true;
		rpf = rpf_judge(&view, &flow, NULL);
		if (rpf.error < 0) {
			outcome->unjudged_multipath++;
			continue;
		}
		r = probe_ask(world->request, &flow);
		outcome->judged++;
		outcome->reasons[rpf.reason]++;
		if (!same_error(world, &rpf, -r)) {
			tell(world, &flow, &rpf, -r, what);
			return false;
		}
	}
	return true;
}

static bool same(struct world *world, const struct plan *plan, size_t step,
	struct outcome *outcome, char what[600])
{
	char difference[STATE_DIFFERENCE];

	if (!same_state(world, difference)) {
		snprintf(what, 600, "the model is not as the kernel: %s", difference);
		return false;
	}
	return same_verdicts(world, plan, step, outcome, what);
}

/* Carrier changes come up to a second late: what differs may wait for them. */
static bool settles(struct world *world, const struct plan *plan, size_t step,
	struct outcome *outcome)
{
	for (int waited = 0; waited < 1500; waited += 50) {
		if (wait_events(world, 50))
			follow(world, false);
		if (same(world, plan, step, outcome, outcome->what)) {
			outcome->late++;
			return true;
		}
	}
	return false;
}

/* A storm: what the daemon would do meanwhile, resyncs in the middle of it included. */
static bool storms(struct world *world, const struct step *step)
{
	int status, pid = walk_storm(step);
	unsigned int turn = 0;

	if (pid <= 0)
		return false;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		world->lost |= turn++ % 4 == 3;
		follow(world, false);
	}
	/* an event that was taken in twice may have left something unclear: the daemon audits */
	follow(world, false);
	world->lost = world->state->audit_due;
	follow(world, false);
	return true;
}

/* A question that a walk asks by name: kernel and model must answer as it expects. */
static bool answers(
	struct world *world, const char *text, struct outcome *outcome, bool *ret)
{
	const struct view view = { .state = world->state };
	enum rpf_reason expected = RPF_REASONS;
	struct flow flow;
	struct rpf rpf;
	int error;

	if (!ask_parse(world->state, text, &flow, &expected))
		return false;
	if (procsys_read_memberships(state_apply_handler, world->state) < 0)
		die("reading memberships", errno);
	rpf = rpf_judge(&view, &flow, NULL);
	error = -probe_ask(world->request, &flow);
	outcome->judged++;
	outcome->reasons[rpf.reason]++;
	*ret = rpf.reason == expected && (rpf.error < 0 || rpf.error == error);
	if (!*ret) {
		tell(world, &flow, &rpf, error, outcome->what);
		strncat(outcome->what, "; expected ", 100);
		strncat(outcome->what, rpf_reason_name(expected), 100);
	}
	return true;
}

/* --- walking ---------------------------------------------------------------------------------- */

static void walk(const struct plan *plan, struct outcome *outcome)
{
	struct world world = { .state = state_new() };
	int r = unshare(CLONE_NEWNET);

	if (r < 0) {
		outcome->refused = true;
		snprintf(outcome->what, sizeof(outcome->what),
			"a network namespace is refused here");
		return;
	}
	if (!walk_begin())
		die("the other namespace", errno);
	(void)walk_do(&(struct step){ "ip link set dev lo up" });
	r = nl_request_new(&world.request);
	if (r >= 0)
		r = nl_reader_new(-1, plan->buffer, &world.reader);
	if (r >= 0)
		r = snapshot_read(world.request, NULL, world.state);
	if (r < 0)
		die("beginning", r);
	for (size_t i = 0; i < plan->count; i++) {
		bool right;

		if (plan->skip[i])
			continue;
		if (answers(&world, plan->steps[i].text, outcome, &right)) {
			if (right)
				continue;
			outcome->failed = true;
			outcome->failed_at = i;
			return;
		}
		if (strncmp(plan->steps[i].text, "need ", 5) == 0) {
			struct step needed;

			snprintf(needed.text, sizeof(needed.text), "%s",
				plan->steps[i].text + 5);
			outcome->refused = !walk_do(&needed);
			if (outcome->refused) {
				snprintf(outcome->what, sizeof(outcome->what),
					"this kernel refuses: %.500s", needed.text);
				return;
			}
		} else if (!storms(&world, &plan->steps[i])) {
			outcome->taken += walk_do(&plan->steps[i]);
		}
		outcome->steps++;
		outcome->overruns = world.overruns;
		follow(&world, walk_is_silent(&plan->steps[i]));
		if (same(&world, plan, i, outcome, outcome->what) ||
			settles(&world, plan, i, outcome))
			continue;
		outcome->failed = true;
		outcome->failed_at = i;
		return;
	}
}

/* Walks in a process of its own, so in a namespace of its own. */
static void walk_apart(const struct plan *plan, struct outcome *shared)
{
	int status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork", errno);
	if (pid == 0) {
		walk(plan, shared);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		WEXITSTATUS(status)) {
		shared->failed = true;
		shared->failed_at = plan->count - 1;
		if (!shared->what[0])
			snprintf(shared->what, sizeof(shared->what),
				"the walker died (status 0x%x)", status);
	}
}

/* Leaves steps out as long as it still fails. */
static void shrink(struct plan *plan, struct outcome *shared)
{
	bool again = true;

	plan->count = shared->failed_at + 1;
	while (again) {
		again = false;
		for (size_t i = plan->count; i-- > 0;) {
			if (plan->skip[i])
				continue;
			plan->skip[i] = true;
			walk_apart(plan, shared);
			if (shared->failed)
				again = true;
			else
				plan->skip[i] = false;
		}
	}
	walk_apart(plan, shared);
}

static void show(const struct plan *plan, const struct outcome *shared, uint64_t number)
{
	printf("disagreement in walk %llu, shrunk to:\n  ip link set dev lo up\n",
		(unsigned long long)number);
	for (size_t i = 0; i < plan->count; i++) {
		if (!plan->skip[i])
			printf("  %s\n", plan->steps[i].text);
	}
	printf("%s\n", shared->what);
	fflush(stdout);
}

static void plan_make(struct plan *plan, uint64_t seed, size_t steps, unsigned int flows)
{
	struct rng rng = { seed };

	*plan = (struct plan){ .seed = seed, .flows = flows, .count = steps };
	(void)rng_next(&rng);
	for (size_t i = 0; i < steps; i++)
		walk_build(&rng, (unsigned int)i, &plan->steps[i]);
}

/* A walk out of a file: a step a line, # and empty lines left out. Returns whether it is one. */
static bool plan_read(struct plan *plan, const char *path, unsigned int flows)
{
	FILE *file = fopen(path, "re");
	char line[STEP_TEXT];

	if (!file)
		die(path, errno);
	*plan = (struct plan){ .seed = 1, .flows = flows };
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0] || plan->count == STEPS_MAX)
			continue;
		snprintf(plan->steps[plan->count++].text, STEP_TEXT, "%s", line);
	}
	fclose(file);
	return plan->count > 0;
}

struct settings {
	unsigned long long seed, walks, steps, flows, buffer;
	const char *script;
};

static bool settings_parse(int argc, char **argv, struct settings *ret)
{
	static const struct option options[] = { { "seed", 1, NULL, 's' },
		{ "walks", 1, NULL, 'w' }, { "steps", 1, NULL, 'n' },
		{ "flows", 1, NULL, 'f' }, { "script", 1, NULL, 'c' },
		{ "buffer", 1, NULL, 'b' }, { 0 } };
	int option;

	*ret = (struct settings){
		.seed = 1, .walks = 50, .steps = 60, .flows = 200, .buffer = 8 << 20
	};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		unsigned long long value = optarg ? strtoull(optarg, NULL, 0) : 0;

		if (option == 's')
			ret->seed = value;
		else if (option == 'w')
			ret->walks = value;
		else if (option == 'n')
			ret->steps = value < STEPS_MAX ? value : STEPS_MAX;
		else if (option == 'f')
			ret->flows = value;
		else if (option == 'b')
			ret->buffer = value;
		else if (option == 'c')
			ret->script = optarg;
		else
			return false;
	}
	if (ret->script)
		ret->walks = 1;
	return true;
}

static void total_add(struct outcome *total, const struct outcome *walk)
{
	total->judged += walk->judged;
	total->unjudged_multipath += walk->unjudged_multipath;
	total->steps += walk->steps;
	total->taken += walk->taken;
	total->late += walk->late;
	total->overruns += walk->overruns;
	for (size_t k = 0; k < RPF_REASONS; k++)
		total->reasons[k] += walk->reasons[k];
}

static void report(const struct settings *settings, const struct outcome *total,
	unsigned long long failures)
{
	for (size_t k = 0; k < RPF_REASONS; k++)
		printf("%12llu %s\n", total->reasons[k],
			rpf_reason_name((enum rpf_reason)k));
	printf("seed %llu, %llu walks, %llu steps (%llu taken), %llu flows judged, %llu "
	       "left to "
	       "the hash, %llu late, %llu overruns\n%llu passed, %llu failed\n",
		settings->seed, settings->walks, total->steps, total->taken,
		total->judged, total->unjudged_multipath, total->late, total->overruns,
		settings->walks - failures, failures);
}

int main(int argc, char **argv)
{
	struct settings settings;
	unsigned long long failures = 0;
	struct outcome total = { 0 };
	struct plan *plan = calloc(1, sizeof(*plan));
	struct outcome *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!plan || shared == MAP_FAILED || !settings_parse(argc, argv, &settings))
		return 2;
	for (unsigned long long i = 0; i < settings.walks && failures < 10; i++) {
		if (!settings.script)
			plan_make(plan, settings.seed * 1000000 + i, settings.steps,
				(unsigned int)settings.flows);
		else if (!plan_read(plan, settings.script, (unsigned int)settings.flows))
			return 2;
		plan->buffer = settings.buffer;
		walk_apart(plan, shared);
		if (shared->refused) {
			printf("SKIP: %s\n", shared->what);
			free(plan);
			return 77;
		}
		total_add(&total, shared);
		if (!shared->failed)
			continue;
		failures++;
		if (!settings.script)
			shrink(plan, shared);
		show(plan, shared, i);
	}
	report(&settings, &total, failures);
	free(plan);
	return failures != 0;
}
