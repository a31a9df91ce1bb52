/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_correct.h"

#include "daemon/correct/correct.h"
#include "daemon/correct/correction_text.h"
#include "daemon/correct/log_correction.h"
#include "daemon/evaluate/evaluate.h"
#include "fixture_run.h"
#include "host/host_model.h"
#include "rpf/rpf.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

char world_directory[] = "/tmp/correct-XXXXXX";
const char *const world_strict[MOST_LINES] = { STRICT, NUMBERED };
const char *const world_unnumbered[MOST_LINES] = { STRICT };

int world_run(const char *name, const TTest *const *tests, size_t count)
{
	char command[64];
	int r;

	if (!mkdtemp(world_directory))
		return 1;
	r = fixture_run(name, tests, count);
	snprintf(command, sizeof(command), "rm -rf %s", world_directory);
	return system(command) == 0 ? r : 1;
}

int *world_value(struct world *world, int ifindex)
{
	int key = ifindex == NETCONF_ALL       ? 0
		  : ifindex == NETCONF_DEFAULT ? 1
					       : ifindex + 1;

	ck_assert_int_lt(key, KEYS);
	return &world->kernel->values[key];
}

static const char *name_of(const struct world *world, int ifindex)
{
	const struct iface *iface = state_iface(world->state, ifindex);

	return ifindex == NETCONF_ALL	    ? "all"
	       : ifindex == NETCONF_DEFAULT ? "default"
	       : iface			    ? iface->link.name
					    : NULL;
}

static int do_write(void *data, int ifindex, int value)
{
	struct world *world = data;
	bool alike = world->picky && value > 2;

	if (world->fail_error && ifindex == world->fail_ifindex)
		return world->fail_error;
	if (!name_of(world, ifindex))
		return -ENODEV;
	world->kernel->writes++;
	world->noted_identity = ledger_find(world->ledger, ifindex)
					? ledger_find(world->ledger, ifindex)->identity
					: 0;
	if (world->kernel->writes == world->crash_before)
		(void)raise(SIGKILL); /* valgrind would look for leaks at an exit */
	*world_value(world, ifindex) = alike ? 2 : value;
	if (world->kernel->writes == world->crash_after)
		(void)raise(SIGKILL); /* valgrind would look for leaks at an exit */
	return alike;
}

static int do_read(void *data, int ifindex, int *ret)
{
	struct world *world = data;

	if (!name_of(world, ifindex))
		return -ENODEV;
	*ret = *world_value(world, ifindex);
	return 0;
}

static int do_reread(void *data, int ifindex, int *ret)
{
	struct world *world = data;
	int r;

	if (world->overwrites)
		*world_value(world, ifindex) = world->overwrites;
	world->overwrites = 0;
	r = do_read(data, ifindex, ret);
	if (world->goes) {
		model_line(world->state, "model ip link del tunl0");
		if (world->reused)
			model(world->state, "ip link add tun9 index 5 up type tun");
		world->goes = 0;
	}
	if (r >= 0 && name_of(world, ifindex))
		model_sysctl(world->state, name_of(world, ifindex), "rp_filter", *ret);
	return r;
}

static int do_ask(void *data, const struct flow *flow, enum kernel_answer *ret)
{
	struct world *world = data;
	const struct overlay_value values[] = {
		{ NETCONF_ALL, *world_value(world, NETCONF_ALL) },
		{ flow->iif, world->deaf ? 1 : *world_value(world, flow->iif) },
	};
	const struct overlay overlay = {
		.state = world->state, .values = values, .value_count = ELEMENTS(values)
	};

	*ret = world->otherwise || rpf_judge(&overlay, flow, NULL).verdict == RPF_PASS
		       ? KERNEL_PASS
		       : KERNEL_DROP;
	return 0;
}

static const struct state *the_state(void *data)
{
	const struct world *world = data;

	hash_each (&world->state->ifaces, slot)
		((struct iface *)slot->value)->link.identity =
			world->identity ? world->identity : 7;
	return world->lost ? NULL : world->state;
}

static uint64_t the_time(void *data)
{
	(void)data;
	return 1795000000000000u;
}

static int judge_one(const struct overlay *overlay, const struct iface *iface,
	struct report *report, const void *data)
{
	return evaluate_iface(overlay, data, iface, DETAIL_COUNT, report);
}

struct kernel_port world_port(struct world *world)
{
	return (struct kernel_port){ .data = world,
		.write = do_write,
		.read = do_read,
		.reread = do_reread,
		.ask = do_ask,
		.state = the_state,
		.clock = the_time,
		.now = the_time,
		.judge = { judge_one, world->config } };
}

/* --- what was said -------------------------------------------------------------------------- */

static void hear(void *data, const struct correction *event)
{
	struct world *world = data;
	size_t length = strlen(world->said);
	char *at = world->said + length;
	size_t size = sizeof(world->said) - length;
	const char *gap = length ? ", " : "";
	struct entry entry;

	ck_assert_uint_gt(strlen(correction_sentence(event, world->sentence)), 10);
	log_correction(&entry, event);
	world->priority = entry.priority;
	ck_assert_ptr_nonnull(entry_get(&entry, "RPF_IIF"));
	entry_done(&entry);
	if (world->answers)
		ck_assert_int_eq(request_answer_event(world->answers, event), 0);
	switch (event->kind) {
	case EVENT_CORRECTED:
	case EVENT_WOULD_CORRECT:
	case EVENT_RESTORED:
		snprintf(at, size, "%s%s %s %d>%d", gap, event_info(event->kind)->name,
			event->iif, event->old, event->value);
		break;
	case EVENT_CORRECTION_FAILED:
		snprintf(at, size, "%sfailed %s %d%s", gap, event->iif,
			-event->outcome.error, event->outcome.left ? " left" : "");
		break;
	case EVENT_REFUSED:
		snprintf(at, size, "%srefused %s %s", gap, event->iif,
			refusal_name(event->refusal));
		break;
	case EVENT_PAUSED:
	case EVENT_RESUMED:
		snprintf(at, size, "%s%s %s", gap, event_info(event->kind)->name,
			event->iif);
		break;
	case EVENT_FIGHT:
		snprintf(at, size, "%sfight %s %zu for %u s", gap, event->iif,
			event->backoff->reversals.count,
			(unsigned int)(event->backoff->pause_usec / 1000000));
		break;
	default:
		ck_abort_msg("event %d", event->kind);
	}
}

/* --- the world ------------------------------------------------------------------------------ */

static struct config *configured(const char *text)
{
	struct config *config = NULL;
	char path[64], *error = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s/conf", world_directory);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_msg(config_load(path, true, &config, &error) == 0, "%s", error);
	return config;
}

void world_open_ledger(struct world *world)
{
	char error[LEDGER_ERROR];
	int r = ledger_open(world_directory, &world->ledger, error);

	ck_assert_msg(r == 0, "%s", error);
}

void world_lose_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s && touch %s", world_directory,
		world_directory);
	ck_assert_int_eq(system(command), 0);
}

void world_find_folder(void)
{
	ck_assert_int_eq(unlink(world_directory), 0);
	ck_assert_int_eq(mkdir(world_directory, 0700), 0);
}

/* The kernel has what the model was told at first. */
static void copy_values(struct world *world)
{
	*world_value(world, NETCONF_ALL) = world->state->all.value[DEVCONF_RP_FILTER];
	*world_value(world, NETCONF_DEFAULT) =
		world->state->conf_default.value[DEVCONF_RP_FILTER];
	hash_each (&world->state->ifaces, slot) {
		const struct iface *iface = slot->value;

		*world_value(world, iface->link.ifindex) =
			iface->link.conf.value[DEVCONF_RP_FILTER];
	}
}

void world_init(
	struct world *world, const char *config, const char *const lines[MOST_LINES])
{
	char command[64];

	snprintf(command, sizeof(command), "rm -f %s/ledger*", world_directory);
	ck_assert_int_eq(system(command), 0);
	*world = (struct world){ .config = configured(config) };
	world->state = model_realserver(lines, MOST_LINES);
	world->kernel = mmap(NULL, sizeof(*world->kernel), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(world->kernel != MAP_FAILED);
	copy_values(world);
	world_open_ledger(world);
}

void world_done(struct world *world)
{
	policy_done(&world->correct);
	ledger_free(world->ledger);
	config_free(world->config);
	state_free(world->state);
	munmap(world->kernel, sizeof(*world->kernel));
}

struct policy_input world_input(struct world *world, const struct kernel_port *port,
	struct report *report, int ms)
{
	return (struct policy_input){ .config = world->config,
		.ledger = world->ledger,
		.ledger_error = "no ledger",
		.ledger_fails = world->fails,
		.port = port,
		.findings = (const struct finding *const *)report->findings.items,
		.count = report->findings.count,
		.unsure_ifindex = world->unsure,
		.now_usec = (uint64_t)ms * 1000 + 1,
		.when_usec = 1795000000000000u + (uint64_t)ms * 1000,
		.boot_usec = 5000000 + (uint64_t)ms * 1000,
		.report = hear,
		.report_data = world };
}

/* A turn of the loop at a time; what was said in it. */
const char *world_turn(struct world *world, int ms)
{
	_cleanup_(report_freep) struct report *report = NULL;
	const struct kernel_port port = world_port(world);
	struct policy_input input;
	int r;

	world->said[0] = '\0';
	ck_assert_int_eq(
		evaluate(world->state, world->config, DETAIL_SUMMARY, &report), 0);
	input = world_input(world, &port, report, ms);
	array_each (&world->state->links, const struct link_change, change)
		policy_follow(&world->correct, world->ledger, change, input.now_usec);
	array_clear(&world->state->links);
	r = correct_turn(&world->correct, &input);
	ck_assert_msg(r >= 0 || r == -EIO, "turn at %d: %s", ms, strerror(-r));
	return world->said;
}

void world_unneed(struct world *world, const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "ip route add default dev %s table 77", name);
	model_line(world->state, line);
	model_line(world->state, "ip rule add priority 100 lookup 77");
}

void world_need(struct world *world, const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "ip route del default dev %s table 77", name);
	model_line(world->state, "ip rule del priority 100 lookup 77");
	model_line(world->state, line);
}

/* Somebody else writes. */
void world_other(struct world *world, const char *name, int value)
{
	const struct iface *iface = state_iface_by_name(world->state, name);

	*world_value(world,
		strcmp(name, "all") == 0 ? NETCONF_ALL : iface->link.ifindex) = value;
	model_sysctl(world->state, name, "rp_filter", value);
}

void world_is(struct world *world, int ms, const char *said, int own)
{
	const char *got = world_turn(world, ms);

	ck_assert_msg(strcmp(got, said) == 0, "at %d: '%s', not '%s'", ms, got, said);
	ck_assert_msg(*world_value(world, 5) == own, "at %d: tunl0 is %d, not %d", ms,
		*world_value(world, 5), own);
	/* model and kernel never part */
	ck_assert_int_eq(
		model_iface(world->state, "tunl0")->link.conf.value[DEVCONF_RP_FILTER],
		own);
}
