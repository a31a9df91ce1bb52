/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hosts of the golden files on a real kernel: golden_kernel [--ctl RPFILTERCTL] NAME.in builds
 * each in a network namespace, and beside it in the model, and asks both.
 *
 * The model of what the kernel has (a snapshot) must answer each question as the golden file's
 * model does; the kernel itself must give the verdict of each packet, and drop each finding's
 * example; and rpfilterctl must say the same of each packet, and list the same interfaces and the
 * same findings. Where a tun device stands in for a kind of tunnel that this kernel hasn't, the
 * snapshot is told the kind, and rpfilterctl is asked only of packets.
 *
 * The host must come out of a snapshot's file as it is; out of an anonymous one, each verdict.
 *
 * A host that can't be built here, and what comes behind a line that only the model can do, is
 * left out, with the reason. Exit 77: all of the file.
 *
 * golden_kernel --least N NAME.in... only builds, and fails where less than N of the files can be
 * asked as a whole. Exit 77: this kernel hasn't the devices that most hosts have.
 *
 * golden_kernel --run PROGRAM NAME.in... builds, and runs PROGRAM NAME.in N EXPECT... in the namespace
 * of each host: N is its number in the file, and each EXPECT a line of what is declared, without its
 * first word. It fails where a program does.
 */
#include "golden/answer.h"
#include "golden/golden_ctl.h"
#include "host/host_kernel.h"
#include "host/host_model.h"
#include "kernel/through_file.h"

#include "kernel/nl_request.h"
#include "kernel/probe.h"
#include "kernel/snapshot.h"
#include "rpf/rpf.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLOWS 2000 /* whose verdicts are compared, of each host */

struct stand_in {
	char name[NAME_MAX_];
	struct change_link link;
};

struct hosts {
	struct state *model;
	struct declared_list declared;
	struct nl_request *request; /* in the namespace of the host */
	ARRAY(struct stand_in) stand_ins;
	bool kinds_differ; /* one stands in whose kind bears on what is expected */
	bool left;	   /* until the next host */
	const char *ctl;
	bool only_builds;
	const char *run, *path; /* --run: what, and for the hosts of which file */
	size_t begun, asked, unasked;
	int failed;
};

/* what: NULL where nothing is */
static void wrong(struct hosts *hosts, const char *line, const char *what)
{
	if (!what)
		return;
	printf("%s: %s\n", line, what);
	hosts->failed = 1;
}

static void leave(struct hosts *hosts, const char *line, const char *why)
{
	printf("left out from here: %s: %s\n", line, why);
	hosts->left = true;
}

/* --- the kernel's side ------------------------------------------------------------------------ */

static void put_kind(struct state *state, const struct stand_in *stand_in)
{
	const struct iface *iface = state_iface_by_name(state, stand_in->name);
	struct record record = { .kind = RECORD_LINK };

	if (!iface)
		return;
	record.link = iface->link;
	strcpy(record.link.kind, stand_in->link.kind);
	record.link.tunnel.remote = stand_in->link.remote;
	record.link.tunnel.external = stand_in->link.external;
	record.link.tunnel.known = stand_in->link.remote || stand_in->link.external;
	if (state_apply(state, &record) < 0)
		abort();
}

/* The host as this kernel has it now */
static struct state *read_kernel(struct hosts *hosts)
{
	struct state *state = state_new();

	if (!state || snapshot_read(hosts->request, NULL, state) < 0 ||
		snapshot_read_memberships(state) < 0) {
		perror("golden_kernel: reading the kernel");
		exit(2);
	}
	array_each (&hosts->stand_ins, const struct stand_in, stand_in)
		put_kind(state, stand_in);
	return state;
}

/* What the kernel says of a packet, against the model of the kernel */
static void ask_kernel(struct hosts *hosts, const struct state *state, const char *line)
{
	const struct overlay overlay = model_overlay(state);
	struct flow flow = model_flow(state, answer_packet(line));
	struct rpf rpf = rpf_judge(&overlay, &flow, NULL);
	/* the kernel's hash decides, something is not understood; or of others nobody can ask */
	bool open =
		rpf.error < 0 || (flow.proto != FLOW_UDP && flow.proto != IPPROTO_TCP &&
					 flow.proto != IPPROTO_ICMP);
	char what[120];
	int error;

	if (hosts->ctl)
		wrong(hosts, line,
			golden_ctl_explain(hosts->ctl, answer_packet(line), &rpf, open));
	if (open)
		return;
	error = -probe_ask(hosts->request, &flow);
	if (rpf_agrees(&overlay, &rpf, error))
		return;
	snprintf(what, sizeof(what), "it is %s (errno %d), the kernel says errno %d",
		rpf_reason_name(rpf.reason), rpf.error, error);
	wrong(hosts, line, what);
}

/* Each finding has an example of what is dropped. It is a packet like any other, of whatever kind
 * its device is. */
static void ask_examples(struct hosts *hosts, const struct state *state, const char *line)
{
	_cleanup_(report_freep) struct report *report =
		answer_report(state, &hosts->declared);

	array_each (&report->findings, struct finding *const, finding) {
		struct probe_answer said;
		char what[FINDING_ID + 80];
		int r = probe_flow(hosts->request, &(*finding)->example, &said);

		if (r >= 0 && said.verdict == PROBE_DROP)
			continue;
		snprintf(what, sizeof(what),
			"%s: the kernel does not drop the example (%d, errno %d)",
			(*finding)->id, r, r < 0 ? 0 : said.error);
		wrong(hosts, line, what);
	}
}

static char *text_of(
	const struct state *state, const struct declared_list *declared, const char *line)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	(void)answer(out, state, declared, line);
	fclose(out);
	return text;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void ask(struct hosts *hosts, const char *line)
{
	_cleanup_(state_freep) struct state *state = NULL;
	_cleanup_(freep) char *wanted = NULL, *got = NULL;
	char what[THROUGH_FILE_TEXT];

	if (hosts->left) {
		hosts->unasked++;
		return;
	}
	if (hosts->run)
		return;
	hosts->asked++;
	if (hosts->only_builds)
		return;
	state = read_kernel(hosts);
	wanted = text_of(hosts->model, &hosts->declared, line);
	got = text_of(state, &hosts->declared, line);
	if (strcmp(wanted, got) != 0) {
		printf("--- model\n%s--- as read from this kernel\n%s", wanted, got);
		wrong(hosts, line, "this kernel's host is another one than the model's");
	}
	if (answer_packet(line)) {
		ask_kernel(hosts, state, line);
		return;
	}
	ask_examples(hosts, state, line);
	if (!through_file(hosts->request, hosts->begun, FLOWS, what))
		wrong(hosts, line, what);
	if (!hosts->ctl || hosts->kinds_differ)
		return;
	wrong(hosts, line, golden_ctl_check(hosts->ctl, state, &hosts->declared, got));
	wrong(hosts, line, golden_ctl_list(hosts->ctl, hosts->model, &hosts->declared));
}

/* A host is built: its program is run where it is. */
static void run_program(struct hosts *hosts)
{
	const char *words[16] = { hosts->run, hosts->path };
	char number[24], lines[12][WORDS_TEXT];
	size_t count = 3;
	int status;
	pid_t pid;

	if (!hosts->run || !hosts->begun || hosts->left)
		return;
	snprintf(number, sizeof(number), "%zu", hosts->begun);
	words[2] = number;
	array_each (&hosts->declared.list, const struct declared, declared) {
		char *line = lines[count - 3];
		size_t length = (size_t)snprintf(line, WORDS_TEXT, "%s", declared->name);

		for (size_t i = 0; i < declared->count; i++) {
			char prefix[PREFIX4_TEXT];

			length += (size_t)snprintf(line + length, WORDS_TEXT - length,
				" %s", prefix4_format(declared->prefixes[i], prefix));
		}
		if (count < ELEMENTS(words) - 1)
			words[count++] = line;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execv(hosts->run, (char *const *)words);
		_exit(127);
	}
	hosts->asked++;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		hosts->failed = 1;
}

static void begin(struct hosts *hosts)
{
	run_program(hosts);
	state_free(hosts->model);
	hosts->model = model_new();
	declared_done(&hosts->declared);
	array_clear(&hosts->stand_ins);
	hosts->kinds_differ = hosts->left = false;
	nl_request_free(hosts->request);
	hosts->request = NULL;
	hosts->begun++;
	if (!host_new())
		leave(hosts, "new", "a network namespace is refused here");
	else if (nl_request_new(&hosts->request) < 0)
		abort();
}

/* What a stand-in is expected to bring goes by its kind, but for these. */
static bool kind_matters(const struct change_link *link)
{
	return strcmp(link->kind, "wireguard") != 0 &&
	       !(strcmp(link->kind, "ipip") == 0 && strcmp(link->name, "tunl0") == 0);
}

static void build(struct hosts *hosts, const char *text)
{
	struct host_line line;
	struct stand_in stand_in;
	char why[WORDS_WHY];
	bool stands_in;

	if (hosts->left)
		return;
	if (!host_parse(text, &line, why)) {
		wrong(hosts, text, why);
	} else if (line.model) {
		leave(hosts, text, "only the model can do this");
	} else if (!host_build(&line, &stands_in)) {
		if (host_is(&line, CHANGE_LINK))
			leave(hosts, text, "this kernel refuses it");
		else
			wrong(hosts, text, "this kernel refuses it");
	} else if (stands_in) {
		strcpy(stand_in.name, line.change.link.name);
		stand_in.link = line.change.link;
		hosts->kinds_differ |= kind_matters(&line.change.link);
		if (array_push(&hosts->stand_ins, &stand_in) < 0)
			abort();
	}
}

static void take_line(struct hosts *hosts, const char *line)
{
	if (line[0] == '=') {
		return;
	} else if (strcmp(line, "new") == 0) {
		begin(hosts);
	} else if (declare(&hosts->declared, line)) {
		return;
	} else if (answer_packet(line) || strcmp(line, "check") == 0) {
		ask(hosts, line);
	} else {
		(void)model_line(hosts->model, line);
		build(hosts, line);
	}
}

static void take_file(struct hosts *hosts, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[WORDS_TEXT];

	if (!in) {
		perror(path);
		exit(2);
	}
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			take_line(hosts, line);
	}
	fclose(in);
}

static void hosts_done(struct hosts *hosts)
{
	state_free(hosts->model);
	declared_done(&hosts->declared);
	array_done(&hosts->stand_ins);
	nl_request_free(hosts->request);
}

static int compare(const char *ctl, const char *path)
{
	struct hosts hosts = { .ctl = ctl };

	take_file(&hosts, path);
	printf("%zu hosts, %zu questions asked, %zu left out\n", hosts.begun, hosts.asked,
		hosts.unasked);
	hosts_done(&hosts);
	return hosts.failed ? 1 : hosts.asked ? 0 : 77;
}

/* --- how many can be built -------------------------------------------------------------------- */

/* Prints the first of the kinds that this kernel hasn't. */
static bool has_devices(void)
{
	static const struct {
		const char *kind, *command;
	} devices[] = {
		{ "veth", "ip link add d0 type veth peer name d1" },
		{ "bridge", "ip link add d2 type bridge" },
		{ "vxlan", "ip link add d3 type vxlan external dstport 4789" },
		{ "macvlan", "ip link add d4 link d0 type macvlan" },
		{ "tun", "ip tuntap add dev d5 mode tun" },
	};

	if (!host_new()) {
		printf("skipped: a network namespace is refused here\n");
		return false;
	}
	for (size_t i = 0; i < ELEMENTS(devices); i++) {
		if (host_do(devices[i].command))
			continue;
		printf("skipped: this kernel has no %s\n", devices[i].kind);
		return false;
	}
	return true;
}

static int count_built(size_t least, char **paths)
{
	size_t whole = 0, count = 0;

	if (!has_devices())
		return 77;
	for (; paths[count]; count++) {
		struct hosts hosts = { .only_builds = true };

		take_file(&hosts, paths[count]);
		if (hosts.failed || hosts.unasked)
			printf("not as a whole: %s\n", paths[count]);
		else
			whole++;
		hosts_done(&hosts);
	}
	printf("%zu of %zu can be asked as a whole, %zu must be\n", whole, count, least);
	return whole < least;
}

static int run_all(const char *program, char **paths)
{
	size_t played = 0;
	int failed = 0;

	if (!has_devices())
		return 77;
	for (; *paths; paths++) {
		struct hosts hosts = { .run = program, .path = *paths };

		take_file(&hosts, *paths);
		run_program(&hosts);
		played += hosts.asked;
		failed |= hosts.failed;
		hosts_done(&hosts);
	}
	printf("%zu hosts played\n", played);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "--run") == 0)
		return run_all(argv[2], argv + 3);
	if (argc > 3 && strcmp(argv[1], "--least") == 0)
		return count_built(strtoul(argv[2], NULL, 10), argv + 3);
	if (argc == 4 && strcmp(argv[1], "--ctl") == 0)
		return compare(argv[2], argv[3]);
	if (argc == 2)
		return compare(NULL, argv[1]);
	fprintf(stderr, "usage: golden_kernel [--ctl RPFILTERCTL] NAME.in\n"
			"       golden_kernel --least N NAME.in...\n"
			"       golden_kernel --run PROGRAM NAME.in...\n");
	return 2;
}
