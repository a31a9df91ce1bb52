/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hosts of the golden files on a real kernel: golden_kernel [--ctl RPFILTERCTL] NAME.in builds
 * each in a network namespace, and beside it in the model, and asks both.
 *
 * The model of what the kernel has (a snapshot) must answer each question as the golden file's
 * model does; the kernel itself must give the verdict of each packet and of each finding's
 * example; and rpfilterctl must have the same findings. Where a tun device stands in for a kind of
 * tunnel that this kernel hasn't, the snapshot is told the kind, and rpfilterctl isn't asked.
 *
 * A host that can't be built here, and what comes behind a line that only the model can do, is
 * left out, with the reason. Exit 77: all of the file.
 */
#include "golden/answer.h"
#include "host/host_kernel.h"
#include "host/host_model.h"

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

struct stand_in {
	char name[NAME_MAX_];
	struct host_link link;
};

struct hosts {
	struct state *model;
	struct declared_list declared;
	struct nl_request *request; /* in the namespace of the host */
	ARRAY(struct stand_in) stand_ins;
	bool kinds_differ; /* one stands in whose kind bears on what is expected */
	bool left;	   /* until the next host */
	const char *ctl;
	size_t begun, asked, unasked;
	int failed;
};

static void wrong(struct hosts *hosts, const char *line, const char *what)
{
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
	char what[120];
	int error;

	/* the kernel's hash decides, something is not understood; or of others nobody can ask */
	if (rpf.error < 0 || (flow.proto != FLOW_UDP && flow.proto != IPPROTO_TCP &&
				     flow.proto != IPPROTO_ICMP))
		return;
	error = -probe_ask(hosts->request, &flow);
	if (rpf_agrees(&overlay, &rpf, error))
		return;
	snprintf(what, sizeof(what), "it is %s (errno %d), the kernel says errno %d",
		rpf_reason_name(rpf.reason), rpf.error, error);
	wrong(hosts, line, what);
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

/* --- rpfilterctl ------------------------------------------------------------------------------ */

static void write_config(FILE *out, const struct declared_list *declared)
{
	const char *gap = "";

	fprintf(out, "interfaces = (");
	array_each (&declared->list, const struct declared, one) {
		fprintf(out, "%s { match = \"%s\"; expect = [", gap, one->name);
		gap = ",";
		for (size_t i = 0; i < one->count; i++) {
			char text[PREFIX4_TEXT];

			fprintf(out, "%s \"%s\"", i ? "," : "",
				prefix4_format(one->prefixes[i], text));
		}
		fprintf(out, " ]; }");
	}
	fprintf(out, " );\n");
}

/* The first line of each paragraph */
static size_t read_sentences(FILE *in, FILE *out)
{
	char line[2048];
	bool begins = true;
	size_t count = 0;

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (begins && line[0]) {
			fprintf(out, "%s\n", line);
			count++;
		}
		begins = !line[0];
	}
	return count;
}

/* It ends with 1 where it finds something, with 2 also where something can't be told. */
static bool is_status(int status, size_t count, const char *answered)
{
	if (!WIFEXITED(status))
		return false;
	if (strstr(answered, "unjudged") || strstr(answered, ": not evaluated: "))
		return WEXITSTATUS(status) == 2;
	return WEXITSTATUS(status) == (count > 0);
}

static void ask_rpfilterctl(struct hosts *hosts, const struct state *state,
	const char *line, const char *answered)
{
	char path[] = "/tmp/golden.XXXXXX", command[4096], *here = NULL, *there = NULL;
	size_t size, count;
	int fd = mkstemp(path), status;
	FILE *config = fd < 0 ? NULL : fdopen(fd, "w");
	FILE *wanted = open_memstream(&here, &size), *got = open_memstream(&there, &size);
	FILE *ctl;

	if (!config || !wanted || !got)
		abort();
	write_config(config, &hosts->declared);
	fclose(config);
	snprintf(command, sizeof(command), "%s check --config %s", hosts->ctl, path);
	ctl = popen(command, "r");
	if (!ctl)
		abort();
	(void)read_sentences(ctl, got);
	status = pclose(ctl);
	count = answer_sentences(wanted, state, &hosts->declared);
	fclose(wanted);
	fclose(got);
	unlink(path);
	if (!is_status(status, count, answered))
		wrong(hosts, line, "rpfilterctl ends with another status");
	else if (count && strcmp(here, there) != 0)
		printf("--- wanted\n%s--- rpfilterctl\n%s", here, there),
			wrong(hosts, line, "rpfilterctl has other findings");
	free(here);
	free(there);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void ask(struct hosts *hosts, const char *line)
{
	_cleanup_(state_freep) struct state *state = NULL;
	_cleanup_(freep) char *wanted = NULL, *got = NULL;

	if (hosts->left) {
		hosts->unasked++;
		return;
	}
	hosts->asked++;
	state = read_kernel(hosts);
	wanted = text_of(hosts->model, &hosts->declared, line);
	got = text_of(state, &hosts->declared, line);
	if (strcmp(wanted, got) != 0) {
		printf("--- model\n%s--- as read from this kernel\n%s", wanted, got);
		wrong(hosts, line, "this kernel's host is another one than the model's");
	}
	if (answer_packet(line))
		ask_kernel(hosts, state, line);
	else if (hosts->ctl && !hosts->kinds_differ)
		ask_rpfilterctl(hosts, state, line, got);
}

static void begin(struct hosts *hosts)
{
	state_free(hosts->model);
	hosts->model = model_new();
	array_done(&hosts->declared.list);
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
static bool kind_matters(const struct host_link *link)
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
		if (line.object == HOST_LINK)
			leave(hosts, text, "this kernel refuses it");
		else
			wrong(hosts, text, "this kernel refuses it");
	} else if (stands_in) {
		strcpy(stand_in.name, line.link.name);
		stand_in.link = line.link;
		hosts->kinds_differ |= kind_matters(&line.link);
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
	} else if (strncmp(line, "expect ", 7) == 0) {
		declare(&hosts->declared, line + 7);
	} else if (answer_packet(line) || strcmp(line, "check") == 0) {
		ask(hosts, line);
	} else {
		(void)model_line(hosts->model, line);
		build(hosts, line);
	}
}

int main(int argc, char **argv)
{
	struct hosts hosts = { 0 };
	char line[WORDS_TEXT];
	FILE *in;

	if (argc == 4 && strcmp(argv[1], "--ctl") == 0)
		hosts.ctl = argv[2];
	if (argc != 2 + 2 * (hosts.ctl != NULL)) {
		fprintf(stderr, "usage: golden_kernel [--ctl RPFILTERCTL] NAME.in\n");
		return 2;
	}
	in = fopen(argv[argc - 1], "re");
	if (!in) {
		perror(argv[argc - 1]);
		return 2;
	}
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			take_line(&hosts, line);
	}
	fclose(in);
	printf("%zu hosts, %zu questions asked, %zu left out\n", hosts.begun, hosts.asked,
		hosts.unasked);
	state_free(hosts.model);
	array_done(&hosts.declared.list);
	array_done(&hosts.stand_ins);
	nl_request_free(hosts.request);
	return hosts.failed ? 1 : hosts.asked ? 0 : 77;
}
