/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The differential test: random worlds, random walks through them. After each step the model,
 * which has only been told the events, is held against a fresh reading of the kernel, and its
 * verdicts against the kernel's own (RTM_GETROUTE). A disagreement is shrunk to the fewest
 * steps that show it and printed as commands to paste.
 *
 *	kernel_diff [--seed N] [--walks N] [--steps N] [--each N] [--flows N]
 *		[--script FILE] [--buffer BYTES] [--seconds N] [--megabytes N] [--what-if]
 *
 * With --what-if nothing is followed: each step is a change that is made on a fork of what was read
 * (lib/change) before the kernel makes it. Both must refuse it or neither, with the same errno, and
 * then the fork must be as a fresh reading, with the kernel's verdicts.
 *
 * At least so many walks of so many steps, behind each of which --each flows are judged, and on
 * until --flows have been in all. --seconds and --megabytes bound a single walk.
 */
#include "kernel/ask.h"

#include "host/host_kernel.h"
#include "kernel/flows.h"
#include "kernel/follow.h"
#include "kernel/silent.h"
#include "kernel/through_file.h"
#include "kernel/walk.h"
#include "state/state_apply.h"
#include "state/state_fork.h"

#include "kernel/probe.h"
#include "kernel/procsys.h"
#include "rpf/rpf.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MAX 256
#define WALKS_MAX 10000000

/* Where the kernel's hash secret decides nobody can judge: at most so many of the judged. */
#define LEFT_TO_THE_HASH 1000
#define LEFT_LEAST 100000 /* fewer judged flows say nothing about that */

struct outcome { /* shared with the child that walks */
	unsigned long long judged, multipath, blind, steps, taken, late, overruns,
		misheard, refusals, unjudged, lacking;
	unsigned long long reasons[RPF_REASONS];
	bool failed, refused;
	long kilobytes; /* the most that it had resident */
	size_t failed_at;
	char what[600];
};

struct plan {
	uint64_t seed;
	unsigned int flows;   /* behind each step */
	unsigned int seconds; /* that it may take */
	size_t buffer;	      /* of the reader, bytes */
	bool what_if;
	struct step steps[STEPS_MAX];
	bool skip[STEPS_MAX];
	size_t count;
};

/* --- comparing ------------------------------------------------------------------------------- */

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

/* RTM_GETROUTE doesn't look for a group on the VRF that a packet is moved to: it can't be asked. */
static bool is_joined_by_vrf(const struct state *state, const struct flow *flow)
{
	int vrf = state_l3mdev(state, flow->iif);

	return vrf && ip4_is_multicast(flow->dst) &&
	       state_has_joined(state, vrf, flow->dst) &&
	       !state_has_joined(state, flow->iif, flow->dst);
}

static bool same_verdicts(struct world *world, const struct plan *plan, size_t step,
	struct outcome *outcome, char what[600])
{
	struct rng rng = { plan->seed * 1000003 + step };
	const struct overlay overlay = { .state = world->state };
	struct flow_space space;

	/* groups are joined and left unannounced: read when somebody asks about one */
	if (procsys_read_memberships(NULL, state_apply_handler, world->state) < 0)
		world_die("reading memberships", errno);
	flow_space_of(world->state, &space);
	for (unsigned int i = 0; i < plan->flows; i++) {
		struct flow flow;
		struct rpf rpf;
		int r;

		if (!flow_random(&rng, &space, &flow))
			return true;
		if (is_joined_by_vrf(world->state, &flow))
			continue;
		rpf = rpf_judge(&overlay, &flow, NULL);
		if (rpf.error < 0) {
			outcome->multipath += rpf.reason != RPF_BLIND;
			outcome->blind += rpf.reason == RPF_BLIND;
			continue;
		}
		r = probe_ask(world->request, &flow);
		outcome->judged++;
		outcome->reasons[rpf.reason]++;
		if (!rpf_agrees(&overlay, &rpf, -r)) {
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

	if (!world_is_true(world, difference)) {
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
		if (world_hears(world, 50))
			world_follow(world, false);
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
	int status, pid = host_storm(step->text);
	unsigned int turn = 0;

	if (pid <= 0)
		return false;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		world->lost |= turn++ % 4 == 3;
		world_follow(world, false);
	}
	/* an event that was taken in twice may have left something unclear: the daemon audits */
	world_follow(world, false);
	world->lost = world->state->audit_due;
	world_follow(world, false);
	return true;
}

/* A question that a walk asks by name: kernel and model must agree, and be as it expects. */
static bool answers(
	struct world *world, const char *text, struct outcome *outcome, bool *ret)
{
	const struct overlay overlay = { .state = world->state };
	enum rpf_reason expected = RPF_REASONS;
	struct flow flow;
	struct rpf rpf;
	int error;

	if (!ask_parse(world->state, text, &flow, &expected))
		return false;
	if (procsys_read_memberships(NULL, state_apply_handler, world->state) < 0)
		world_die("reading memberships", errno);
	rpf = rpf_judge(&overlay, &flow, NULL);
	error = -probe_ask(world->request, &flow);
	outcome->judged++;
	outcome->reasons[rpf.reason]++;
	*ret = (expected == RPF_REASONS || rpf.reason == expected) &&
	       rpf_agrees(&overlay, &rpf, error);
	if (!*ret) {
		tell(world, &flow, &rpf, error, outcome->what);
		strncat(outcome->what, "; expected ", 100);
		strncat(outcome->what,
			expected == RPF_REASONS ? "what the kernel says"
						: rpf_reason_name(expected),
			100);
	}
	return true;
}

/* The same, with the waiting that settles() has: true when there was a question. */
static bool answers_late(
	struct world *world, const char *text, struct outcome *outcome, bool *ret)
{
	if (!answers(world, text, outcome, ret))
		return false;
	for (int waited = 0; !*ret && waited < 1500; waited += 50) {
		if (world_hears(world, 50))
			world_follow(world, false);
		(void)answers(world, text, outcome, ret);
		outcome->late += *ret;
	}
	return true;
}

/* --- walking ---------------------------------------------------------------------------------- */

/* A step that the walk makes no sense without, or one to be tried. False: it was needed. */
static bool takes(struct world *world, const struct step *step, struct outcome *outcome)
{
	struct step needed;

	if (strncmp(step->text, "need ", 5) != 0) {
		if (!storms(world, step))
			outcome->taken += host_do(step->text);
		return true;
	}
	snprintf(needed.text, sizeof(needed.text), "%s", step->text + 5);
	if (host_do(needed.text))
		return true;
	outcome->refused = true;
	snprintf(outcome->what, sizeof(outcome->what), "this kernel refuses: %.500s",
		needed.text);
	return false;
}

/* Whether a step by one writer, all of it heard, left rules that only a reading put right. */
static bool is_misheard(const struct world *world, unsigned long long before, char *what)
{
	if (world->misheard == before)
		return false;
	snprintf(what, 600, "the events of rules said otherwise than the kernel has");
	return true;
}

/* --- what if ---------------------------------------------------------------------------------- */

/* What this kernel has not is no disagreement: a kind of device, VRFs. */
static bool is_lacking(const char *said)
{
	static const char *const words[] = { "Unknown device type",
		"Operation not supported", "l3mdev support is not enabled",
		"FIB table does not exist" };

	for (size_t i = 0; i < ELEMENTS(words); i++) {
		if (strstr(said, words[i]))
			return true;
	}
	return false;
}

/* Whether both refuse it or neither; what ip(8) shows of the errno is held against ours. */
static bool same_refusal(
	int answer, const char *why, bool done, const char *said, char what[600])
{
	static const char answers[] = "RTNETLINK answers: ";
	const char *error = strstr(said, answers);

	if ((answer == 0) == done &&
		(done || !error ||
			strcmp(error + strlen(answers), strerror(-answer)) == 0))
		return true;
	snprintf(what, 600, "model: %s; kernel: %s", answer ? why : "takes it",
		done	  ? "takes it"
		: said[0] ? said
			  : "refuses");
	return false;
}

/* Whether what was guessed is so; carriers come late. */
static bool same_guess(struct world *world, const struct plan *plan, size_t step,
	struct state *guess, struct state **ret_fresh, struct outcome *outcome)
{
	char difference[STATE_DIFFERENCE];
	struct world guessed = *world;

	guessed.state = guess;
	for (int waited = 0; waited < 1500; waited += 50) {
		state_free(*ret_fresh);
		*ret_fresh = world_read(world);
		if (!state_equal(guess, *ret_fresh, difference))
			snprintf(outcome->what, sizeof(outcome->what),
				"the guess is not as the kernel: %s", difference);
		else if (same_verdicts(&guessed, plan, step, outcome, outcome->what))
			return true;
		outcome->late += !waited;
		usleep(50000);
	}
	return false;
}

/* fresh NULL: nothing was read. */
static void renew(struct world *world, struct state *fresh)
{
	if (!fresh)
		return;
	state_free(world->state);
	world->state = fresh;
}

/* What else was done: a carrier comes and goes up to a second later. */
static void settle(struct world *world)
{
	const struct iface *tunnel;

	for (int waited = 0; waited < 1200; waited += 50) {
		usleep(waited ? 50000 : 10000);
		renew(world, world_read(world));
		tunnel = state_iface_by_name(world->state, "tunl0");
		if (!tunnel || !(tunnel->link.flags & LINK_RUNNING))
			break;
	}
}

/* One step, guessed and made. Returns whether it came as guessed. */
static bool comes_true(struct world *world, const struct plan *plan, size_t step,
	struct outcome *outcome)
{
	const char *text = plan->steps[step].text;
	_cleanup_(state_freep) struct state *fresh = NULL;
	char why[CHANGE_WHY], said[HOST_SAID], difference[STATE_DIFFERENCE];
	struct state *guess = state_fork(world->state);
	struct host_line line;
	bool done, right = true;
	int answer;

	if (!guess || !host_parse(text, &line, why))
		world_die(text, ENOMEM);
	answer = change_apply(guess, &line.change, why);
	if (answer && !state_equal(guess, world->state, difference)) {
		snprintf(outcome->what, sizeof(outcome->what),
			"refused, and yet changed: %s", difference);
		right = false;
	}
	done = host_do_said(text, said);
	outcome->taken += done;
	if (answer == CHANGE_UNJUDGED || (!done && is_lacking(said))) {
		outcome->unjudged += answer == CHANGE_UNJUDGED;
		outcome->lacking += answer != CHANGE_UNJUDGED;
		fresh = world_read(world);
	} else {
		outcome->refusals += !done;
		right = right && same_refusal(answer, why, done, said, outcome->what) &&
			same_guess(world, plan, step, guess, &fresh, outcome);
	}
	if (fresh)
		fresh->custom_local |= done && guess->custom_local;
	state_free(guess);
	renew(world, take_ptr(fresh));
	return right;
}

/* Not what only the test's own tools make, a carrier that a program holds, realms, which stand in a
 * hash of the message, and flushing a table, where ip(8) stumbles over what it has removed. */
static bool is_change(const char *text)
{
	static struct host_line line;
	char why[WORDS_WHY];

	return host_parse(text, &line, why) && line.object == HOST_CHANGE &&
	       !line.elsewhere && strncmp(text, "ip tuntap", 9) != 0 &&
	       strcmp(text, "ip link set dev tunl0 up") != 0 &&
	       strcmp(text, "ip link set dev br0 up") != 0 &&
	       !(line.change.object == CHANGE_ROUTE &&
		       (line.change.route.has_realm || line.change.verb == CHANGE_FLUSH));
}

static void guess_walk(
	struct world *world, const struct plan *plan, struct outcome *outcome)
{
	for (size_t i = 0; i < plan->count && !outcome->failed; i++) {
		if (plan->skip[i])
			continue;
		outcome->steps++;
		if (is_change(plan->steps[i].text)) {
			outcome->failed = !comes_true(world, plan, i, outcome);
			outcome->failed_at = i;
			continue;
		}
		if (host_storm(plan->steps[i].text) > 0)
			(void)wait(NULL);
		else
			(void)host_do(plan->steps[i].text);
		settle(world);
	}
}

/* In kB, of this process: not what its ip(8) had. */
static long most_resident(void)
{
	struct rusage used;

	return getrusage(RUSAGE_SELF, &used) == 0 ? used.ru_maxrss : 0;
}

static void walk(const struct plan *plan, struct outcome *outcome)
{
	unsigned long long misheard;
	struct world world;
	bool right, refresh;

	if (unshare(CLONE_NEWNET) < 0) {
		outcome->refused = true;
		snprintf(outcome->what, sizeof(outcome->what),
			"a network namespace is refused here");
		return;
	}
	if (!host_begin())
		world_die("the other namespace", errno);
	(void)host_do("ip link set dev lo up");
	world_begin(&world, plan->buffer);
	if (plan->what_if) {
		guess_walk(&world, plan, outcome);
		return;
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->skip[i])
			continue;
		if (answers_late(&world, plan->steps[i].text, outcome, &right)) {
			if (right)
				continue;
			outcome->failed = true;
			outcome->failed_at = i;
			return;
		}
		refresh = silent_word(world.state, plan->steps[i].text) != NULL;
		if (!takes(&world, &plan->steps[i], outcome))
			return;
		outcome->steps++;
		misheard = world.misheard;
		world_follow(&world, refresh);
		outcome->overruns = world.overruns;
		outcome->misheard = world.misheard;
		if (!is_misheard(&world, misheard, outcome->what) &&
			(same(&world, plan, i, outcome, outcome->what) ||
				settles(&world, plan, i, outcome)))
			continue;
		outcome->failed = true;
		outcome->failed_at = i;
		return;
	}
	/* of following alone: what is behind reads further states */
	outcome->kilobytes = most_resident();
	/* what has come of it, by way of a file */
	if (through_file(world.request, plan->seed, plan->flows, outcome->what))
		return;
	outcome->failed = true;
	outcome->failed_at = plan->count - 1;
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
		world_die("fork", errno);
	if (pid == 0) {
		alarm(plan->seconds);
		walk(plan, shared);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		world_die("waiting", errno);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	shared->failed = true;
	shared->failed_at = plan->count - 1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(shared->what, sizeof(shared->what), "it took longer than %u s",
			plan->seconds);
	else if (!shared->what[0])
		snprintf(shared->what, sizeof(shared->what),
			"the walker died (status 0x%x)", status);
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

/* A new device gets an index that is known beforehand: which one the kernel takes depends on those
 * that there were. */
static void put_index(struct step *step, unsigned int index)
{
	char *at = strstr(step->text, " type ");
	char rest[256];
	size_t length = at ? (size_t)(at - step->text) : 0;

	if (strncmp(step->text, "ip link add ", 12) != 0 || !at)
		return;
	snprintf(rest, sizeof(rest), "%s", at);
	snprintf(at, sizeof(step->text) - length, " index %u%s", index, rest);
	if (strstr(rest, " peer "))
		snprintf(step->text + strlen(step->text), 32, " index %u", index + 1);
}

static void plan_make(struct plan *plan, size_t steps)
{
	struct rng rng = { plan->seed };

	plan->count = steps;
	(void)rng_next(&rng);
	for (size_t i = 0; i < steps; i++)
		walk_build(&rng, (unsigned int)i, &plan->steps[i]);
	for (size_t i = 22; plan->what_if && i < steps; i += 2)
		walk_guess(&rng, &plan->steps[i]);
	for (size_t i = 0; plan->what_if && i < steps; i++)
		put_index(&plan->steps[i], 100 + 2 * (unsigned int)i);
}

/* Ends the program where a line can't be read: it is found out before the walk begins. */
static void check_line(const char *line)
{
	struct host_line read;
	char why[WORDS_WHY];

	if (strncmp(line, "ask ", 4) == 0)
		return;
	if (host_parse(strncmp(line, "need ", 5) == 0 ? line + 5 : line, &read, why))
		return;
	fprintf(stderr, "kernel_diff: %s: %s\n", line, why);
	exit(2);
}

/* A walk out of a file: a step a line, # and empty lines left out. Returns whether it is one. */
static bool plan_read(struct plan *plan, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[WORDS_TEXT];

	if (!file)
		world_die(path, errno);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0] || plan->count == STEPS_MAX)
			continue;
		check_line(line);
		strcpy(plan->steps[plan->count++].text, line);
	}
	fclose(file);
	return plan->count > 0;
}

struct settings {
	unsigned long long seed, walks, steps, each, flows, buffer, seconds, megabytes;
	const char *script;
	bool what_if;
};

static bool settings_parse(int argc, char **argv, struct settings *ret)
{
	const struct {
		const char *name;
		unsigned long long *value;
	} numbers[] = { { "seed", &ret->seed }, { "walks", &ret->walks },
		{ "steps", &ret->steps }, { "each", &ret->each },
		{ "flows", &ret->flows }, { "buffer", &ret->buffer },
		{ "seconds", &ret->seconds }, { "megabytes", &ret->megabytes } };
	struct option options[ELEMENTS(numbers) + 3] = { 0 };
	int option;

	for (size_t i = 0; i < ELEMENTS(numbers); i++)
		options[i] = (struct option){ numbers[i].name, 1, NULL, (int)i };
	options[ELEMENTS(numbers)] = (struct option){ "script", 1, NULL, 'c' };
	options[ELEMENTS(numbers) + 1] = (struct option){ "what-if", 0, NULL, 'w' };
	*ret = (struct settings){ .seed = 1,
		.walks = 50,
		.steps = 60,
		.each = 200,
		.buffer = 8 << 20,
		.seconds = 300 };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			ret->script = optarg;
		else if (option == 'w')
			ret->what_if = true;
		else if (option < (int)ELEMENTS(numbers))
			*numbers[option].value = strtoull(optarg, NULL, 0);
		else
			return false;
	}
	if (ret->script)
		ret->walks = 1;
	if (ret->steps > STEPS_MAX)
		ret->steps = STEPS_MAX;
	return optind == argc;
}

static void total_add(struct outcome *total, const struct outcome *walk)
{
	total->judged += walk->judged;
	total->multipath += walk->multipath;
	total->blind += walk->blind;
	total->steps += walk->steps;
	total->taken += walk->taken;
	total->late += walk->late;
	total->overruns += walk->overruns;
	total->misheard += walk->misheard;
	total->refusals += walk->refusals;
	total->unjudged += walk->unjudged;
	total->lacking += walk->lacking;
	for (size_t k = 0; k < RPF_REASONS; k++)
		total->reasons[k] += walk->reasons[k];
	if (total->kilobytes < walk->kilobytes)
		total->kilobytes = walk->kilobytes;
}

/* What all walks together must be. Returns how much of it isn't. */
static unsigned int total_lacks(
	const struct settings *settings, const struct outcome *total)
{
	unsigned int lacks = 0;

	if (total->judged < settings->flows) {
		printf("only %llu flows were judged, not %llu\n", total->judged,
			settings->flows);
		lacks++;
	}
	if (total->judged >= LEFT_LEAST &&
		total->multipath > total->judged / LEFT_TO_THE_HASH) {
		printf("%llu flows were left to the hash, more than one in %d\n",
			total->multipath, LEFT_TO_THE_HASH);
		lacks++;
	}
	if (settings->megabytes &&
		(unsigned long long)total->kilobytes > settings->megabytes << 10) {
		printf("it had %ld kB resident, more than %llu MB\n", total->kilobytes,
			settings->megabytes);
		lacks++;
	}
	return lacks;
}

/* Returns how many failures there were in all. */
static unsigned long long report(const struct settings *settings,
	const struct outcome *total, unsigned long long walks,
	unsigned long long disagreements)
{
	unsigned long long failed = disagreements + total_lacks(settings, total);
	struct utsname host;

	for (size_t k = 0; k < RPF_REASONS; k++)
		printf("%12llu %s\n", total->reasons[k],
			rpf_reason_name((enum rpf_reason)k));
	printf("%llu steps (%llu taken), %llu flows left to the hash, %llu as blind, %llu steps late, %llu overruns, rules misheard %llu times, %ld kB\n",
		total->steps, total->taken, total->multipath, total->blind, total->late,
		total->overruns, total->misheard, total->kilobytes);
	if (settings->what_if)
		printf("%llu changes: %llu refused by both, %llu not judged, %llu of what this kernel has not\n",
			total->steps, total->refusals, total->unjudged, total->lacking);
	printf("Linux %s, seed %llu, %llu flows judged, %llu disagreements: %llu passed, %llu failed\n",
		uname(&host) == 0 ? host.release : "?", settings->seed, total->judged,
		disagreements, walks - disagreements, failed);
	return failed;
}

/* One walk, by its number; a disagreement is shrunk and shown. False: it is refused here. */
static bool walk_numbered(const struct settings *settings, unsigned long long number,
	struct plan *plan, struct outcome *shared)
{
	*plan = (struct plan){ .seed = settings->seed * 1000000 + number,
		.flows = (unsigned int)settings->each,
		.seconds = (unsigned int)settings->seconds,
		.buffer = settings->buffer,
		.what_if = settings->what_if };
	if (!settings->script)
		plan_make(plan, settings->steps);
	else if (!plan_read(plan, settings->script))
		exit(2);
	walk_apart(plan, shared);
	if (shared->refused) {
		printf("SKIP: %s\n", shared->what);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct settings settings;
	unsigned long long failures = 0, i;
	struct outcome total = { 0 };
	struct plan *plan = calloc(1, sizeof(*plan));
	struct outcome *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!plan || shared == MAP_FAILED || !settings_parse(argc, argv, &settings))
		return 2;
	for (i = 0; failures < 10 && i < WALKS_MAX &&
		    (i < settings.walks || total.judged < settings.flows);
		i++) {
		if (!walk_numbered(&settings, i, plan, shared)) {
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
	failures = report(&settings, &total, i, failures);
	free(plan);
	return failures != 0;
}
