/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "golden/golden_ctl.h"

#include "base/cleanup.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND 4096

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
	fprintf(out, " );\nflows = (");
	gap = "";
	array_each (&declared->flows, const struct declared_flow, flow) {
		char text[PREFIX4_TEXT];

		fprintf(out, "%s { iif = \"%s\"; from = \"%s\";", gap, flow->iif,
			prefix4_format(flow->from, text));
		gap = ",";
		if (flow->has_to)
			fprintf(out, " to = \"%s\";", ip4_format(flow->to, text));
		if (flow->mark)
			fprintf(out, " mark = \"0x%x\";", flow->mark);
		fprintf(out, " }");
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
		if (begins && line[0] && !strstr(line, ": nothing is expected here")) {
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
	/* a notice is shown, and ends with 0 */
	return WEXITSTATUS(status) == (count > 0 && strstr(answered, " [warning, "));
}

/* A file in /tmp with what the configuration expects; its name into path */
static void make_config(const struct declared_list *declared, char *path)
{
	int fd = mkstemp(path);
	FILE *config = fd < 0 ? NULL : fdopen(fd, "w");

	if (!config)
		abort();
	write_config(config, declared);
	fclose(config);
}

const char *golden_ctl_check(const char *ctl, const struct state *state,
	const struct declared_list *declared, const char *answered)
{
	char path[] = "/tmp/golden.XXXXXX", command[COMMAND];
	_cleanup_(freep) char *here = NULL, *there = NULL;
	size_t size, count;
	FILE *wanted = open_memstream(&here, &size), *got = open_memstream(&there, &size);
	FILE *in;
	int status;

	make_config(declared, path);
	snprintf(command, sizeof(command), "%s check --config %s", ctl, path);
	in = popen(command, "r");
	if (!wanted || !got || !in)
		abort();
	(void)read_sentences(in, got);
	status = pclose(in);
	unlink(path);
	count = answer_sentences(wanted, state, declared);
	fclose(wanted);
	fclose(got);
	if (!is_status(status, count, answered))
		return "rpfilterctl ends with another status";
	if (!count || strcmp(here, there) == 0)
		return NULL;
	printf("--- wanted\n%s--- rpfilterctl\n%s", here, there);
	return "rpfilterctl has other findings";
}

/* --- what it says in JSON --------------------------------------------------------------------- */

/* NULL where it says none */
static struct json_object *run_json(const char *command)
{
	FILE *in = popen(command, "r");
	struct json_object *object;

	if (!in)
		abort();
	object = json_object_from_fd(fileno(in));
	(void)pclose(
		in); /* findings have a status of their own, which `check` looks at */
	return object;
}

static const char *text_in(struct json_object *object, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(object, key));

	return text ? text : "";
}

/* As answer_iface() has it */
static void print_iface(FILE *out, struct json_object *iface)
{
	struct json_object *expect = json_object_object_get(iface, "expect");

	fprintf(out, "%s: %s", text_in(iface, "name"),
		*text_in(iface, "note") &&
				strcmp(text_in(iface, "verdict"), "unjudged") == 0
			? "nothing is expected"
			: text_in(iface, "verdict"));
	for (size_t i = 0; expect && i < json_object_array_length(expect); i++) {
		struct json_object *item = json_object_array_get_idx(expect, i);

		fprintf(out, ", %s (%s%s%s)", text_in(item, "prefix"),
			text_in(item, "why"), *text_in(item, "because") ? ": " : "",
			text_in(item, "because"));
	}
	fprintf(out, "\n");
}

const char *golden_ctl_list(
	const char *ctl, const struct state *model, const struct declared_list *declared)
{
	_cleanup_(report_freep) struct report *report = answer_report(model, declared);
	char path[] = "/tmp/golden.XXXXXX", command[COMMAND];
	_cleanup_(freep) char *here = NULL, *there = NULL;
	size_t size;
	FILE *wanted = open_memstream(&here, &size), *got = open_memstream(&there, &size);
	struct json_object *object, *list;

	if (!wanted || !got)
		abort();
	make_config(declared, path);
	snprintf(command, sizeof(command), "%s list --json --config %s", ctl, path);
	object = run_json(command);
	unlink(path);
	list = json_object_object_get(object, "interfaces");
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		print_iface(got, json_object_array_get_idx(list, i));
	json_object_put(object);
	array_each (&report->ifaces, const struct report_iface, row)
		answer_iface(wanted, row);
	fclose(wanted);
	fclose(got);
	if (strcmp(here, there) == 0)
		return NULL;
	printf("--- model\n%s--- rpfilterctl list\n%s", here, there);
	return "rpfilterctl lists other interfaces";
}

const char *golden_ctl_explain(
	const char *ctl, const char *packet, const struct rpf *rpf, bool open)
{
	char command[COMMAND];
	struct json_object *object, *agree;
	const char *ret = NULL;

	snprintf(command, sizeof(command), "%s explain --json %s", ctl, packet);
	object = run_json(command);
	agree = json_object_object_get(object, "agree");
	if (strcmp(text_in(object, "verdict"), rpf_verdict_name(rpf->verdict)) != 0 ||
		strcmp(text_in(object, "reason"), rpf_reason_name(rpf->reason)) != 0)
		ret = "rpfilterctl explains it otherwise";
	else if (!json_object_get_boolean(agree) && !(open && !agree))
		ret = "rpfilterctl explains it, and the kernel does not agree";
	if (ret)
		printf("--- rpfilterctl explain\n%s\n",
			json_object_to_json_string(object));
	json_object_put(object);
	return ret;
}
