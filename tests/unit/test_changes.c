/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/changes.h"
#include "daemon/evaluate/evaluate.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdlib.h>
#include <string.h>

/* The story's host, with further lines: what is said of it. */
static struct report *report_of(const char *const *lines, size_t count)
{
	static const struct config config;
	_cleanup_(state_freep) struct state *state = model_host();
	struct report *report;

	model(state, "ip link add tunl0 index 5 up type ipip");
	model_addr(state, "lo", "192.0.2.1/32");
	for (size_t i = 0; i < count && lines[i]; i++)
		model_line(state, lines[i]);
	ck_assert_int_eq(evaluate(state, &config, DETAIL_SUMMARY, &report), 0);
	array_each (&report->findings, struct finding *const, finding)
		(*finding)->kernel = KERNEL_ABSENT;
	return report;
}

#define STRICT "sysctl -w net.ipv4.conf.tunl0.rp_filter=1"
#define LOOSE "sysctl -w net.ipv4.conf.tunl0.rp_filter=2"
#define HALF "ip route add 0.0.0.0/1 dev tunl0"
#define LINES 4

static const struct {
	const char *what;
	const char *before[LINES], *after[LINES];
	const char *found; /* "KIND WHAT ID", a line each */
	const char *headline;
} rows[] = {
	{ "nothing, twice", { NULL }, { NULL }, "", "No finding changes.\n" },
	{ "a finding, twice", { STRICT }, { STRICT }, "", "No finding changes.\n" },
	{ "one comes", { NULL }, { STRICT }, "worse new tunl0/local\n",
		"1 worse, 0 better, 0 different.\n" },
	{ "one goes", { STRICT }, { NULL }, "better gone tunl0/local\n",
		"0 worse, 1 better, 0 different.\n" },
	{ "less is dropped", { STRICT }, { STRICT, HALF }, "better changed tunl0/local\n",
		"0 worse, 1 better, 0 different.\n" },
	{ "more is dropped", { STRICT, HALF }, { STRICT }, "worse changed tunl0/local\n",
		"1 worse, 0 better, 0 different.\n" },
	{ "another reason", { STRICT }, { LOOSE }, "other changed tunl0/local\n",
		"0 worse, 0 better, 1 different.\n" },
	{ "another gateway", { STRICT },
		{ STRICT, "ip route replace default via 10.0.0.3 dev eth0" },
		"other changed tunl0/local\n", "0 worse, 0 better, 1 different.\n" },
	{ "one comes, one goes: the worse is first",
		{ "ip link add gre1 index 6 up type gre",
			"sysctl -w net.ipv4.conf.gre1.rp_filter=1" },
		{ "ip link add gre1 index 6 up type gre", STRICT },
		"worse new tunl0/local\nbetter gone gre1/local\n",
		"1 worse, 1 better, 0 different.\n" },
	{ "nobody can tell any more", { STRICT }, { STRICT, "model blind" },
		"unknown tunl0/local\n", "No finding changes.\n" },
	{ "nobody could tell before", { STRICT, "model blind" }, { STRICT },
		"unknown tunl0/local\n", "No finding changes.\n" },
};

static void list_changes(const struct changes *changes, char *out, size_t size)
{
	static const char *const kinds[] = { "worse", "better", "other" };
	size_t length = 0;

	out[0] = '\0';
	array_each (&changes->list, const struct changes_item, change)
		length += (size_t)snprintf(out + length, size - length, "%s %s %s\n",
			kinds[change->kind],
			!change->before	 ? "new"
			: !change->after ? "gone"
					 : "changed",
			(change->after ?: change->before)->id);
	array_each (&changes->unknown, const struct finding *const, finding)
		length += (size_t)snprintf(
			out + length, size - length, "unknown %s\n", (*finding)->id);
}

static char *text_of(const struct changes *changes)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	changes_print(changes, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

START_TEST(what_is_worse_better_or_different)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(report_freep) struct report *before =
			report_of(rows[i].before, LINES);
		_cleanup_(report_freep) struct report *after =
			report_of(rows[i].after, LINES);
		_cleanup_(changes_done) struct changes changes = { 0 };
		_cleanup_(freep) char *text = NULL;
		char found[256];

		ck_assert_int_eq(changes_find(before, after, &changes), 0);
		list_changes(&changes, found, sizeof(found));
		ck_assert_msg(strcmp(found, rows[i].found) == 0, "%s: '%s', not '%s'",
			rows[i].what, found, rows[i].found);
		ck_assert_int_eq(
			changes_are_worse(&changes), strstr(found, "worse") != NULL);
		text = text_of(&changes);
		ck_assert_msg(
			strncmp(text, rows[i].headline, strlen(rows[i].headline)) == 0,
			"%s: '%s'", rows[i].what, text);
	}
}
END_TEST

START_TEST(each_has_its_sentence_and_an_example)
{
	static const char *const before[] = { STRICT }, *const after[] = { LOOSE };
	_cleanup_(report_freep) struct report *was = report_of(before, 1);
	_cleanup_(report_freep) struct report *is = report_of(after, 1);
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_(freep) char *text = NULL;

	ck_assert_int_eq(changes_find(was, is, &changes), 0);
	text = text_of(&changes);
	ck_assert_msg(strstr(text, "\n\ndifferent: changed tunl0/local (warning)\n"
				   "  before    tunl0: drops 0.0.0.0/0 ") != NULL,
		"%s", text);
	ck_assert_msg(strstr(text, "\n  after     tunl0: drops 0.0.0.0/0 ") != NULL, "%s",
		text);
	ck_assert_msg(
		strstr(text, "\n  example   rpfilterctl explain 192.0.2.1 from ") != NULL,
		"%s", text);
	/* nobody asked the kernel, and nobody could */
	ck_assert_msg(strstr(text, "confirmed") == NULL, "%s", text);
}
END_TEST

START_TEST(as_json)
{
	static const char *const none[] = { "" }, *const some[] = { STRICT },
				 *const other[] = { LOOSE };
	_cleanup_(report_freep) struct report *nothing = report_of(none, 0);
	_cleanup_(report_freep) struct report *strict = report_of(some, 1);
	_cleanup_(report_freep) struct report *loose = report_of(other, 1);
	const struct {
		const struct report *before, *after;
		const char *text;
	} pairs[] = {
		{ nothing, nothing,
			"{\"findings\":{\"new\":[],\"gone\":[],\"changed\":[]},\"worse\":0,\"better\":0,\"unknown\":[]}" },
		{ nothing, strict, "{\"findings\":{\"new\":[{\"id\":\"tunl0/local\"," },
		{ strict, nothing,
			"{\"findings\":{\"new\":[],\"gone\":[{\"id\":\"tunl0/local\"," },
		{ strict, loose,
			"{\"findings\":{\"new\":[],\"gone\":[],\"changed\":[{\"before\":{\"id\":\"tunl0/local\"," },
	};

	for (size_t i = 0; i < ELEMENTS(pairs); i++) {
		_cleanup_(json_putp) struct json_object *object =
			json_object_new_object();
		_cleanup_(changes_done) struct changes changes = { 0 };
		const char *text;

		ck_assert_int_eq(
			changes_find(pairs[i].before, pairs[i].after, &changes), 0);
		ck_assert_int_eq(changes_json(&changes, object), 0);
		text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		ck_assert_msg(strncmp(text, pairs[i].text, strlen(pairs[i].text)) == 0,
			"%s", text);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_is_worse_better_or_different,
		each_has_its_sentence_and_an_example, as_json };

	return fixture_run("changes", tests, ELEMENTS(tests));
}
