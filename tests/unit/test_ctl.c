/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/answer.h"
#include "daemon/ctl/arguments.h"
#include "daemon/ctl/check.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/lines.h"
#include "daemon/ctl/list.h"
#include "daemon/ctl/question.h"
#include "daemon/ctl/table.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/evaluate.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the command line --------------------------------------------------------------- */

#define MOST_WORDS 16

static int count_words(const char *const *words)
{
	int count = 0;

	while (count < MOST_WORDS && words[count])
		count++;
	return count;
}

static const struct {
	const char *argv[MOST_WORDS];
	int r;
	const char *verb;
	unsigned int given;
	size_t words;
} lines_of_arguments[] = {
	{ { "ctl" }, 0, NULL, 0, 0 },
	{ { "ctl", "list" }, 0, "list", 0, 0 },
	{ { "ctl", "list", "--json" }, 0, "list", OPTION_JSON, 0 },
	{ { "ctl", "--json", "list" }, 0, "list", OPTION_JSON, 0 },
	{ { "ctl", "check", "eth0", "--json", "eth1" }, 0, "check", OPTION_JSON, 2 },
	{ { "ctl", "check", "--", "--json" }, 0, "check", 0, 1 },
	{ { "ctl", "--", "check", "--json" }, 0, "check", 0, 1 },
	{ { "ctl", "-h" }, 0, NULL, OPTION_HELP, 0 },
	{ { "ctl", "explain", "--batch", "-" }, 0, "explain", OPTION_BATCH, 0 },
	{ { "ctl", "explain", "-" }, 0, "explain", 0, 1 },
	{ { "ctl", "explain", "sport", "-1" }, 0, "explain", 0, 2 },
	{ { "ctl", "what-if", "sysctl", "-w", "a=1", "--json" }, 0, "what-if",
		OPTION_JSON, 3 },
	{ { "ctl", "what-if", "-w", "a=1" }, -ENOENT, "what-if", 0, 1 },
	{ { "ctl", "explain", "1.2.3.4", "-x" }, -ENOENT, "explain", 0, 1 },
	{ { "ctl", "list", "eth0", "-h" }, 0, "list", OPTION_HELP, 1 },
	{ { "ctl", "list", "--config=f", "--netns=n" }, 0, "list",
		OPTION_CONFIG | OPTION_NETNS, 0 },
	{ { "ctl", "list", "--jso" }, -ENOENT, "list", 0, 0 },
	{ { "ctl", "--bogus", "plan" }, -ENOENT, "plan", 0, 0 },
	{ { "ctl", "--config", "list" }, 0, NULL, OPTION_CONFIG, 0 },
	{ { "ctl", "list", "--config" }, -EINVAL, "list", OPTION_CONFIG, 0 },
	{ { "ctl", "list", "--config", "--json" }, -EINVAL, "list",
		OPTION_CONFIG | OPTION_JSON, 0 },
	{ { "ctl", "list", "--netns=" }, -EINVAL, "list", OPTION_NETNS, 0 },
	{ { "ctl", "list", "--json=yes" }, -EINVAL, "list", OPTION_JSON, 0 },
};

START_TEST(command_lines)
{
	for (size_t i = 0; i < ELEMENTS(lines_of_arguments); i++) {
		const char *const *argv = lines_of_arguments[i].argv;
		struct arguments arguments = { 0 };
		char error[ERROR_TEXT] = "";
		int r = arguments_parse(
			count_words(argv), (char *const *)argv, &arguments, error);

		ck_assert_msg(r == lines_of_arguments[i].r, "row %zu: %d, not %d", i, r,
			lines_of_arguments[i].r);
		ck_assert_pstr_eq(arguments.verb, lines_of_arguments[i].verb);
		ck_assert_msg(arguments.given == lines_of_arguments[i].given,
			"row %zu: options 0x%x", i, arguments.given);
		ck_assert_msg(arguments.words.count == lines_of_arguments[i].words,
			"row %zu: %zu words", i, arguments.words.count);
		ck_assert_msg((r < 0) == (error[0] != '\0'), "row %zu: %s", i, error);
		arguments_done(&arguments);
	}
}
END_TEST

/*
 * What ends before the kernel is read: exit code, and a part of the one line that it
 * says.
 */
static const struct {
	const char *argv[MOST_WORDS];
	int code;
	const char *out, *err;
} endings[] = {
	{ { "ctl" }, CTL_FAILED, "", "a verb is missing; the verbs are: list, check" },
	{ { "ctl", "lst" }, CTL_FAILED, "", "unknown verb \"lst\"; the verbs are: list" },
	{ { "ctl", "\033[1m" }, CTL_FAILED, "", "unknown verb \"?[1m\"" },
	{ { "ctl", "--help" }, CTL_FINE, "rpfilterctl VERB", "" },
	{ { "ctl", "check", "--help" }, CTL_FINE, "rpfilterctl check", "" },
	{ { "ctl", "--version" }, CTL_FINE, "rpfilterctl ", "" },
	{ { "ctl", "lst" }, CTL_FAILED, "",
		"what-if, suggest, who, snapshot, diff (see" },
	{ { "ctl", "monitor" }, CTL_FAILED, "",
		"rpfilterctl: monitor: not built yet; see journalctl -fu rpfilterd\n" },
	{ { "ctl", "snapshot" }, CTL_FAILED, "", "name one file to write" },
	{ { "ctl", "snapshot", "" }, CTL_FAILED, "", "name one file to write" },
	{ { "ctl", "snapshot", "a", "--config", "/nonexistent" }, CTL_FAILED, "",
		"snapshot: /nonexistent: No such file or directory\n" },
	{ { "ctl", "snapshot", "a", "--config", "/" }, CTL_FAILED, "",
		"snapshot: /: Is a directory\n" },
	{ { "ctl", "snapshot", "a", "b" }, CTL_FAILED, "", "name one file to write" },
	{ { "ctl", "snapshot", "/nonexistent/a" }, CTL_FAILED, "",
		"snapshot: /nonexistent/a: No such file or directory\n" },
	{ { "ctl", "snapshot", "/tmp" }, CTL_FAILED, "",
		"snapshot: /tmp: Is a directory\n" },
	{ { "ctl", "diff", "a" }, CTL_FAILED, "", "name two snapshots" },
	{ { "ctl", "diff", "/nonexistent", "b" }, CTL_FAILED, "",
		"diff: /nonexistent: No such file or directory\n" },
	{ { "ctl", "check", "--snapshot", "/nonexistent" }, CTL_FAILED, "",
		"check: /nonexistent: No such file or directory\n" },
	{ { "ctl", "check", "--snapshot", "/tmp" }, CTL_FAILED, "",
		"check: /tmp: Is a directory\n" },
	{ { "ctl", "check", "--snapshot", "/dev/null" }, CTL_FAILED, "",
		"check: /dev/null: an empty file at byte 0; allowed is what" },
	{ { "ctl", "list", "--snapshot", "/etc/passwd" }, CTL_FAILED, "",
		"list: /etc/passwd: not a snapshot: neither pcapng nor zstd at byte 0; allowed is" },
	{ { "ctl", "list", "--snapshot", "a", "--netns", "b" }, CTL_FAILED, "",
		"exclude each other" },
	{ { "ctl", "apply", "--snapshot", "a" }, CTL_FAILED, "",
		"apply: --snapshot FILE|- is not allowed here" },
	{ { "ctl", "explain", "--batch", "-", "--snapshot", "-" }, CTL_FAILED, "",
		"--batch and --snapshot cannot both be standard input" },
	{ { "ctl", "status", "--bogus", "x" }, CTL_FAILED, "",
		"status: not built yet; see systemctl status rpfilterd\n" },
	{ { "ctl", "plan", "--yes" }, CTL_FAILED, "", "plan: --yes is not allowed here" },
	{ { "ctl", "revert" }, CTL_FAILED, "", "or use --all" },
	{ { "ctl", "revert", "--all", "eth0" }, CTL_FAILED, "",
		"or use --all, not both" },
	{ { "ctl", "revert", "all" }, CTL_FAILED, "",
		"revert: \"all\" is no interface's name; use --all\n" },
	{ { "ctl", "revert", "eth0", "t\n" }, CTL_FAILED, "",
		"revert: \"t?\" is no interface's name; rpfilterctl list shows them\n" },
	{ { "ctl", "pause", "eth0", "" }, CTL_FAILED, "",
		"pause: \"\" is no interface's" },
	{ { "ctl", "pause", "all" }, CTL_FAILED, "", "without names, all are paused" },
	{ { "ctl", "resume", "a/b" }, CTL_FAILED, "",
		"resume: \"a/b\" is no interface's" },
	{ { "ctl", "resume", "all" }, CTL_FAILED, "", "without names, all are resumed" },
	{ { "ctl", "suggest", "--check", "--format", "commands" }, CTL_FAILED, "",
		"suggest: --check and --format exclude each other" },
	{ { "ctl", "suggest", "--root", "/nonexistent" }, CTL_FAILED, "",
		"suggest: --root \"/nonexistent\": No such file or directory\n" },
	{ { "ctl", "suggest", "--root", "/dev/null", "--check" }, CTL_FAILED, "",
		"suggest: --root \"/dev/null\": Not a directory\n" },
	{ { "ctl", "list", "--yes", "--all" }, CTL_FAILED, "",
		"list: --all, --yes are not allowed here" },
	{ { "ctl", "what-if" }, CTL_FAILED, "", "what-if: a change is missing" },
	{ { "ctl", "what-if", "-", "--flows", "-" }, CTL_FAILED, "",
		"what-if: only one of changes, --flows and --snapshot" },
	{ { "ctl", "monitor", "--bogus" }, CTL_FAILED, "", "monitor: not built yet" },
	{ { "ctl", "list", "--all" }, CTL_FAILED, "", "--all is not allowed here" },
	{ { "ctl", "list", "eth0" }, CTL_FAILED, "", "unexpected \"eth0\"" },
	{ { "ctl", "list", "--bogus" }, CTL_FAILED, "",
		"list: unknown option \"--bogus\"; the options are --json" },
	{ { "ctl", "list", "--netns", "/etc/passwd" }, CTL_FAILED, "",
		"network namespace \"/etc/passwd\"" },
	{ { "ctl", "list", "--config", "/nonexistent" }, CTL_FAILED, "", "/nonexistent" },
	{ { "ctl", "explain" }, CTL_FAILED, "", "to DST is missing" },
	{ { "ctl", "explain", "--dot", "--json", "1.2.3.4" }, CTL_FAILED, "",
		"--dot draws one packet; it excludes --json and --batch" },
	{ { "ctl", "explain", "--dot", "--batch", "-" }, CTL_FAILED, "",
		"--dot draws one packet; it excludes --json and --batch" },
	{ { "ctl", "explain", "--batch", "-", "1.2.3.4" }, CTL_FAILED, "",
		"exclude each other" },
	{ { "ctl", "explain", "--batch", "/nonexistent" }, CTL_FAILED, "",
		"No such file" },
};

START_TEST(early_endings)
{
	for (size_t i = 0; i < ELEMENTS(endings); i++) {
		char *out_text = NULL, *err_text = NULL;
		size_t out_size, err_size;
		FILE *out = open_memstream(&out_text, &out_size);
		FILE *err = open_memstream(&err_text, &err_size);
		const char *const *argv = endings[i].argv;
		int code = verbs_main(count_words(argv), (char *const *)argv, out, err);

		(void)fclose(out);
		(void)fclose(err);
		ck_assert_msg(code == endings[i].code, "row %zu: exit %d", i, code);
		ck_assert_msg(strstr(out_text, endings[i].out) != NULL &&
				      !*out_text == !*endings[i].out,
			"row %zu: it prints \"%s\"", i, out_text);
		ck_assert_msg(strstr(err_text, endings[i].err) != NULL &&
				      !*err_text == !*endings[i].err,
			"row %zu: it says \"%s\"", i, err_text);
		ck_assert_msg(!*err_text || strchr(err_text, '\n')[1] == '\0',
			"row %zu: more than a line: %s", i, err_text);
		free(out_text);
		free(err_text);
	}
}
END_TEST

/* --- the words of a flow ------------------------------------------------------------ */

static int ask(const char *text, struct question *ret, char error[static ERROR_TEXT])
{
	static char copy[512]; /* what a question borrows */
	const char *words[40];
	size_t count = 0;
	char *at;

	ck_assert_uint_lt(strlen(text), sizeof(copy));
	strcpy(copy, text);
	for (char *word = strtok_r(copy, " ", &at); word; word = strtok_r(NULL, " ", &at))
		words[count++] = word;
	return question_parse(words, count, ret, error);
}

static const struct {
	const char *words;
	const char *same; /* as it is printed */
} questions[] = {
	{ "192.0.2.1 from 10.0.0.1 iif eth0", "192.0.2.1 from 10.0.0.1 iif eth0" },
	{ "to 192.0.2.1 from 10.0.0.1 iif eth0", "192.0.2.1 from 10.0.0.1 iif eth0" },
	{ "iif eth0 from 10.0.0.1 192.0.2.1", "192.0.2.1 from 10.0.0.1 iif eth0" },
	{ "1.1.1.1 from 2.2.2.2 iif from mark 0xffffffff tos 16",
		"1.1.1.1 from 2.2.2.2 iif from mark 0xffffffff tos 0x10" },
	{ "1.1.1.1 from 2.2.2.2 iif e mark 010", "1.1.1.1 from 2.2.2.2 iif e mark 0xa" },
	{ "1.1.1.1 from 2.2.2.2 iif e ipproto tcp sport 1 dport 0xffff",
		"1.1.1.1 from 2.2.2.2 iif e ipproto 6 sport 1 dport 65535" },
	{ "1.1.1.1 from 2.2.2.2 iif e ipproto UDP", "1.1.1.1 from 2.2.2.2 iif e" },
	{ "1.1.1.1 from 2.2.2.2 iif e ipproto 47",
		"1.1.1.1 from 2.2.2.2 iif e ipproto 47" },
};

START_TEST(questions_understood)
{
	for (size_t i = 0; i < ELEMENTS(questions); i++) {
		char error[ERROR_TEXT] = "", text[FLOW_TEXT];
		struct question question;
		int r = ask(questions[i].words, &question, error);

		ck_assert_msg(r == 0, "%s: %s", questions[i].words, error);
		ck_assert_str_eq(flow_format(&question.flow, question.iif, text),
			questions[i].same);
	}
}
END_TEST

static const struct {
	const char *words, *error;
} refusals[] = {
	{ "", "to DST is missing" },
	{ "192.0.2.1", "from SRC is missing" },
	{ "192.0.2.1 from 10.0.0.1", "iif IFACE is missing" },
	{ "192.0.2.1 from", "from needs a value" },
	{ "192.0.2 from 10.0.0.1 iif e", "to \"192.0.2\": not an IPv4 address" },
	{ "192.0.2.1 from 10.0.0.0/8 iif e", "a prefix, not one address" },
	{ "2001:db8::1 from 10.0.0.1 iif e", "only IPv4" },
	{ "fe80::1 from 10.0.0.1 iif e", "only IPv4" },
	{ "192.0.2.1 from 10.0.0.1 iif e iif f", "iif is given twice" },
	{ "192.0.2.1 192.0.2.2 from 10.0.0.1 iif e", "to is given twice" },
	{ "192.0.2.1 from 10.0.0.1 iif e oif f", "unknown word \"oif\"; the words are" },
	{ "192.0.2.1 from 10.0.0.1 iif e mark 0x1/0xff", "mark \"0x1/0xff\"" },
	{ "192.0.2.1 from 10.0.0.1 iif e mark 4294967296", "0 to 4294967295" },
	{ "192.0.2.1 from 10.0.0.1 iif e mark 0x", "mark \"0x\"" },
	{ "192.0.2.1 from 10.0.0.1 iif e mark +1", "mark \"+1\"" },
	{ "192.0.2.1 from 10.0.0.1 iif e tos 256", "0 to 255" },
	{ "192.0.2.1 from 10.0.0.1 iif e sport 65536", "0 to 65535" },
	{ "192.0.2.1 from 10.0.0.1 iif e ipproto 256", "ipproto \"256\"" },
	{ "192.0.2.1 from 10.0.0.1 iif e ipproto nosuch", "ipproto \"nosuch\"" },
	{ "192.0.2.1 from 10.0.0.1 iif e ipproto icmp dport 1", "no ports" },
};

START_TEST(questions_refused)
{
	for (size_t i = 0; i < ELEMENTS(refusals); i++) {
		struct question question;
		char error[ERROR_TEXT] = "";
		int r = ask(refusals[i].words, &question, error);

		ck_assert_msg(r == -EINVAL, "\"%s\": %d", refusals[i].words, r);
		ck_assert_msg(strstr(error, refusals[i].error) != NULL, "\"%s\": %s",
			refusals[i].words, error);
	}
}
END_TEST

/* --- lines -------------------------------------------------------------------------- */

/* All lines of some bytes as "length,length,long,nul,". */
static void read_lines(const char *bytes, size_t size, char *out, size_t out_size)
{
	FILE *file = tmpfile();
	struct lines lines;
	size_t length = 0;
	char *line;
	int r;

	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	rewind(file);
	ck_assert_int_eq(lines_init(&lines, fileno(file), NULL), 0);
	out[0] = '\0';
	while ((r = lines_next(&lines, &line)) != 0 && length < out_size) {
		if (r == 1)
			length += (size_t)snprintf(
				out + length, out_size - length, "%zu,", strlen(line));
		else
			length += (size_t)snprintf(out + length, out_size - length,
				r == -EMSGSIZE ? "long,"
				: r == -EILSEQ ? "nul,"
					       : "?,");
	}
	lines_done(&lines);
	(void)fclose(file);
}

START_TEST(lines_of_any_length)
{
	static const struct {
		const char *before;
		size_t fill; /* so many x */
		const char *after;
		const char *lengths;
	} rows[] = {
		{ "", 0, "", "" },
		{ "\n", 0, "", "0," },
		{ "a\nbc", 0, "", "1,2," },
		{ "a\n\n", 0, "bcd\n", "1,0,3," },
		{ "a\n", LINE_LIMIT, "\nb\n", "1,65536,1," },
		{ "a\n", LINE_LIMIT + 1, "\nb\n", "1,long,1," },
		{ "a\n", LINE_LIMIT + 1, "", "1,long," },
		{ "", LINE_LIMIT, "", "65536," },
		{ "", 4 * LINE_LIMIT - 1, "\nb\n", "long,1," },
		{ "", 4 * LINE_LIMIT, "\nb\n", "long,1," },
		{ "", 9 * LINE_LIMIT, "\nb", "long,1," },
		{ "", 9 * LINE_LIMIT, "", "long," },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		size_t before = strlen(rows[i].before), after = strlen(rows[i].after);
		char *bytes = malloc(before + rows[i].fill + after + 1), lengths[64];

		memcpy(bytes, rows[i].before, before);
		memset(bytes + before, 'x', rows[i].fill);
		memcpy(bytes + before + rows[i].fill, rows[i].after, after);
		read_lines(
			bytes, before + rows[i].fill + after, lengths, sizeof(lengths));
		ck_assert_msg(
			strcmp(lengths, rows[i].lengths) == 0, "row %zu: %s", i, lengths);
		free(bytes);
	}
}
END_TEST

START_TEST(lines_with_nul)
{
	char lengths[64];

	read_lines("a\n\0\nbc\0d\nef", 11, lengths, sizeof(lengths));
	ck_assert_str_eq(lengths, "1,nul,nul,2,");
}
END_TEST

/* --- what is said of a host --------------------------------------------------------- */

/* The host of the story: a way out by eth0, and tunl0, which decapsulates, strict. */
static struct host story(void)
{
	struct host host = { .state = model_host(),
		.config = calloc(1, sizeof(*host.config)) };

	ck_assert_ptr_nonnull(host.config);
	model(host.state, "ip link add tunl0 index 3 up type ipip");
	model(host.state, "ip address add 192.0.2.1/32 dev tunl0");
	model(host.state, "sysctl -w net.ipv4.conf.tunl0.rp_filter=1");
	return host;
}

static struct json_object *parse(FILE *out, char **text)
{
	struct json_object *object;

	(void)fclose(out);
	object = json_tokener_parse(*text);
	ck_assert_msg(object != NULL, "no JSON: %s", *text);
	ck_assert_msg(strchr(*text, '\n')[1] == '\0', "more than a line: %s", *text);
	free(*text);
	*text = NULL;
	return object;
}

/* The value at a path such as "/findings/0/reverse/dev", printed. */
static const char *at(struct json_object *object, const char *path)
{
	struct json_object *value = NULL;

	if (json_pointer_get(object, path, &value) < 0)
		return "(not there)";
	return value ? json_object_to_json_string_ext(value,
			       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
		     : "null";
}

struct expectation {
	const char *path, *value;
};

static void must_have(
	struct json_object *object, const struct expectation *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = at(object, rows[i].path);

		ck_assert_msg(strcmp(value, rows[i].value) == 0, "%s is %s, not %s",
			rows[i].path, value, rows[i].value);
	}
}

START_TEST(list_as_json)
{
	static const struct expectation rows[] = {
		{ "/interfaces/2/ifindex", "3" },
		{ "/interfaces/2/name", "\"tunl0\"" },
		{ "/interfaces/2/kind", "\"ipip\"" },
		{ "/interfaces/2/up", "true" },
		{ "/interfaces/2/own", "1" },
		{ "/interfaces/2/all", "0" },
		{ "/interfaces/2/effective", "1" },
		{ "/interfaces/2/numbered", "true" },
		{ "/interfaces/2/expect/0",
			"{\"prefix\":\"0.0.0.0/0\",\"why\":\"tunnel\"}" },
		{ "/interfaces/2/verdict", "\"drops\"" },
		{ "/interfaces/1/verdict", "\"off\"" },
		{ "/interfaces/3", "(not there)" },
	};
	struct host host = story();
	struct report *report;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(evaluate(host.state, host.config, DETAIL_SUMMARY, &report), 0);
	ck_assert_int_eq(list_json(report, out), 0);
	ck_assert_int_eq(list_code(report, false), CTL_FOUND);
	struct json_object *object = parse(out, &text);
	must_have(object, rows, ELEMENTS(rows));
	json_object_put(object);
	report_free(report);
	host_done(&host);
}
END_TEST

START_TEST(finding_as_json)
{
	static const struct expectation rows[] = {
		{ "/iif", "\"tunl0\"" },
		{ "/kind", "\"ipip\"" },
		{ "/severity", "\"warning\"" },
		{ "/reason", "\"strict_asymmetric\"" },
		{ "/effective", "1" },
		{ "/own", "1" },
		{ "/all", "0" },
		{ "/expect", "\"tunnel\"" },
		{ "/sources", "[\"0.0.0.0/0\"]" },
		{ "/sources_more", "0" },
		{ "/share", "1" },
		{ "/blind", "0" },
		{ "/size", "4009754618" },
		{ "/reasons",
			"[{\"reason\":\"strict_asymmetric\",\"count\":4009754618}]" },
		{ "/to", "[\"192.0.2.1\"]" },
		{ "/example/dst", "\"192.0.2.1\"" },
		{ "/reverse",
			"{\"type\":\"unicast\",\"prefix\":\"0.0.0.0/0\",\"table\":254,\"rule\":32766,\"dev\":[\"eth0\"],\"via\":\"10.0.0.1\"}" },
		{ "/kernel", "\"unasked\"" },
		{ "/remedy/steps",
			"[{\"key\":\"net.ipv4.conf.tunl0.rp_filter\",\"value\":2}]" },
	};
	struct host host = story();
	struct json_object *object = json_object_new_object();
	struct report *report;

	ck_assert_int_eq(evaluate(host.state, host.config, DETAIL_SUMMARY, &report), 0);
	ck_assert_uint_eq(report->findings.count, 1);
	ck_assert_int_eq(check_json(report->findings.items[0], object), 0);
	must_have(object, rows, ELEMENTS(rows));
	json_object_put(object);
	report_free(report);
	host_done(&host);
}
END_TEST

START_TEST(answer_as_json)
{
	static const struct expectation rows[] = {
		{ "/iif", "\"tunl0\"" },
		{ "/src", "\"198.51.100.7\"" },
		{ "/dst", "\"192.0.2.1\"" },
		{ "/verdict", "\"drop\"" },
		{ "/reason", "\"strict_asymmetric\"" },
		{ "/rp_filter", "{\"effective\":1,\"own\":1,\"all\":0}" },
		{ "/reverse/dev", "[\"eth0\"]" },
		{ "/kernel", "\"unasked\"" },
		{ "/agree", "null" },
		{ "/steps/0/n", "8" },
	};
	struct host host = story();
	struct answer answer = { 0 };
	struct json_object *object = json_object_new_object();
	char error[ERROR_TEXT];
	struct question question;

	ck_assert_int_eq(
		ask("192.0.2.1 from 198.51.100.7 iif tunl0", &question, error), 0);
	ck_assert_int_eq(answer_of(&host, &question, true, &answer, error), 0);
	ck_assert_int_eq(answer_code(&answer), CTL_FOUND);
	ck_assert_int_eq(answer_json(&answer, object), 0);
	must_have(object, rows, ELEMENTS(rows));
	json_object_put(object);

	/* the same from the other side */
	ck_assert_int_eq(ask("192.0.2.1 from 127.0.0.1 iif eth0", &question, error), 0);
	ck_assert_int_eq(answer_of(&host, &question, true, &answer, error), 0);
	object = json_object_new_object();
	ck_assert_int_eq(answer_json(&answer, object), 0);
	ck_assert_str_eq(at(object, "/reverse"), "null");
	ck_assert_str_eq(at(object, "/reason"), "\"martian_source\"");
	json_object_put(object);

	ck_assert_int_eq(ask("192.0.2.1 from 10.0.0.1 iif eth9", &question, error), 0);
	ck_assert_int_eq(answer_of(&host, &question, true, &answer, error), -EINVAL);
	ck_assert_str_eq(
		error, "unknown interface \"eth9\"; the interfaces are: lo, eth0, tunl0");
	answer_done(&answer);
	host_done(&host);
}
END_TEST

START_TEST(agreement_with_the_kernel)
{
	static const struct {
		enum rpf_verdict verdict;
		enum rpf_reason reason;
		enum kernel_answer kernel;
		const char *agree;
	} rows[] = {
		{ RPF_DROP, RPF_STRICT_ASYMMETRIC, KERNEL_DROP, "true" },
		{ RPF_DROP, RPF_STRICT_ASYMMETRIC, KERNEL_PASS, "false" },
		{ RPF_DROP, RPF_STRICT_ASYMMETRIC, KERNEL_UNJUDGED, "false" },
		{ RPF_DROP, RPF_STRICT_ASYMMETRIC, KERNEL_UNASKED, "null" },
		{ RPF_UNJUDGED, RPF_BLIND, KERNEL_DROP, "null" },
		{ RPF_UNJUDGED, RPF_MULTIPATH, KERNEL_PASS, "null" },
		{ RPF_UNJUDGED, RPF_NOT_FORWARDING, KERNEL_UNJUDGED, "true" },
		{ RPF_UNJUDGED, RPF_NOT_FORWARDING, KERNEL_PASS, "false" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct answer answer = { .rpf = { .verdict = rows[i].verdict,
						 .reason = rows[i].reason },
			.kernel = rows[i].kernel };
		struct json_object *object = json_object_new_object();

		answer.agree = answer_agreement(&answer);
		ck_assert_int_eq(answer_json(&answer, object), 0);
		ck_assert_msg(strcmp(at(object, "/agree"), rows[i].agree) == 0,
			"row %zu: %s", i, at(object, "/agree"));
		json_object_put(object);
	}
}
END_TEST

/* --- for people --------------------------------------------------------------------- */

START_TEST(table_aligned)
{
	struct table table = { .columns = 3 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	table_add(&table, "A");
	table_add(&table, "BB");
	table_add(&table, "C");
	table_add(&table, "\xc3\xa9t\xc3\xa9"); /* three characters of five bytes */
	table_add(&table, "\033");
	table_add(&table, "%d", 7);
	table_print(&table, out, NULL);
	(void)fclose(out);
	ck_assert_str_eq(text, "A    BB  C\n\xc3\xa9t\xc3\xa9  ?   7\n");
	free(text);
	table_done(&table);
}
END_TEST

START_TEST(json_of_any_name)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{ "eth0", "\"eth0\"" },
		{ "\xff\xfe", "\"??\"" },
		{ "\xc3\xa9", "\"\xc3\xa9\"" },
		{ "\xc3", "\"?\"" },
		{ "\xed\xa0\x80", "\"???\"" }, /* half of a pair of UTF-16 */
		{ "\xf0\x9f\x90\xa7", "\"\xf0\x9f\x90\xa7\"" },
		{ "a\"b\n", "\"a\\\"b?\"" },
		{ "\xc2\x9b", "\"?\"" }, /* U+009B, which a terminal obeys */
		{ "\xe2\x80\xae", "\"?\"" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct json_object *object = json_object_new_object();

		ck_assert_int_eq(json_add_text(object, "x", rows[i].bytes), 0);
		ck_assert_str_eq(at(object, "/x"), rows[i].text);
		json_object_put(object);
	}
	ck_assert_int_eq(json_add_text(NULL, "x", "y"), -ENOMEM);
	ck_assert_int_eq(json_push_text(NULL, "y"), -ENOMEM);
	ck_assert_ptr_null(json_add_object(NULL, "x"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { command_lines, early_endings, questions_understood,
		questions_refused, lines_of_any_length, lines_with_nul, list_as_json,
		finding_as_json, answer_as_json, agreement_with_the_kernel, table_aligned,
		json_of_any_name };

	return fixture_run("ctl", tests, ELEMENTS(tests));
}
