/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/answer_dot.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The picture of a packet's way, against tests/unit/dot/NAME.dot (WRITE_DOT=1 writes them: read them
 * before they are committed). The host: a router with
 *
 *	eth0 (2)  10.0.0.2/24, default via 10.0.0.1	lo  VIP 192.0.2.1/32
 *	eth1 (3)  10.1.0.2/24, 20.0.0.0/8, strict	forwarding on both
 */
static const struct row {
	const char *name;
	const char *lines[4];
	const char *words[16];
	enum kernel_answer kernel;
} rows[] = {
	{ "drop", { NULL }, { "192.0.2.1", "from", "50.0.0.1", "iif", "eth1" },
		KERNEL_DROP },
	{ "pass", { NULL },
		{ "192.0.2.1", "from", "20.0.0.1", "iif", "eth1", "mark", "0x1" },
		KERNEL_PASS },
	{ "no-route",
		{ "ip route del default via 10.0.0.1 dev eth0",
			"sysctl -w net.ipv4.conf.all.rp_filter=2" },
		{ "192.0.2.1", "from", "50.0.0.1", "iif", "eth1" }, KERNEL_UNASKED },
	{ "forwarded", { "ip rule add priority 100 from 50.0.0.0/8 lookup 77" },
		{ "50.0.0.1", "from", "20.0.0.1", "iif", "eth1" }, KERNEL_PASS },
	{ "unjudged", { "sysctl -w net.ipv4.conf.eth1.forwarding=0" },
		{ "50.0.0.1", "from", "20.0.0.1", "iif", "eth1" }, KERNEL_UNJUDGED },
};

static struct state *router(const char *name)
{
	struct state *state = model_host();

	model_addr(state, "lo", "192.0.2.1/32");
	model(state, "model ip link add %s index 3 up type veth", name);
	model_addr(state, name, "10.1.0.2/24");
	model(state, "ip route add 20.0.0.0/8 dev %s", name);
	model_sysctl(state, "eth0", "forwarding", 1);
	model_sysctl(state, name, "forwarding", 1);
	model_sysctl(state, name, "rp_filter", 1);
	return state;
}

/* What is drawn of a packet; free() it. */
static char *drawn(
	struct state *state, const char *const *words, enum kernel_answer kernel)
{
	struct host host = { .state = state };
	_cleanup_(answer_done) struct answer answer = { 0 };
	struct question question;
	char error[ERROR_TEXT], *text = NULL;
	size_t size, count = 0;
	FILE *out = open_memstream(&text, &size);

	while (words[count])
		count++;
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(question_parse(words, count, &question, error), 0);
	ck_assert_int_eq(answer_of(&host, &question, false, &answer, error), 0);
	answer.kernel = kernel;
	answer.agree = answer_agreement(&answer);
	answer_dot(&answer, out);
	fclose(out);
	return text;
}

static bool has_dot(void)
{
	return system("command -v dot >/dev/null") == 0;
}

/* Whether Graphviz takes it; where it is not installed, nobody refuses it. */
static bool is_taken(const char *text)
{
	FILE *dot = has_dot() ? popen("dot -Tsvg >/dev/null 2>&1", "w") : NULL;

	if (!dot)
		return true;
	fputs(text, dot);
	return pclose(dot) == 0;
}

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "r");

	ck_assert_msg(in != NULL, "there is no %s", path);
	ck_assert(getdelim(&text, &size, '\0', in) > 0);
	fclose(in);
	return text;
}

START_TEST(ways_are_drawn)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = router("eth1");
		_cleanup_(freep) char *text = NULL, *expected = NULL;
		char path[512];

		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			ck_assert_int_ge(model_line(state, rows[i].lines[k]), 0);
		text = drawn(state, rows[i].words, rows[i].kernel);
		snprintf(path, sizeof(path), "%s/tests/unit/dot/%s.dot",
			getenv("SOURCE_DIR") ? getenv("SOURCE_DIR") : ".", rows[i].name);
		if (getenv("WRITE_DOT")) {
			FILE *out = fopen(path, "w");

			ck_assert_ptr_nonnull(out);
			fputs(text, out);
			fclose(out);
		}
		expected = read_file(path);
		ck_assert_msg(
			strcmp(text, expected) == 0, "%s is drawn so:\n%s", path, text);
		ck_assert_msg(is_taken(text), "Graphviz refuses %s", path);
	}
}
END_TEST

/* Nothing in a name ends a label, begins an escape or an entity, or is no UTF-8. */
START_TEST(names_are_hostile)
{
	static const struct {
		const char *name, *drawn;
	} names[] = {
		{ "\"];", "by \\\"];\\l" },
		{ "a\"b\\N", "by a\\\"b\\\\N\\l" },
		{ "\\", "by \\\\\\l" },
		{ "a\\\"", "by a\\\\\\\"\\l" },
		{ "&lt;&#34;", "by &amp;lt;&amp;#34;\\l" },
		{ "<b>x&", "by <b>x&amp;\\l" },
		{ "\xc3\xa9t\xc3\xa9", "by \xc3\xa9t\xc3\xa9\\l" },
		{ "x\xff\xc3", "by x??\\l" },
		{ "x\x1b[31m\x7f", "by x?[31m?\\l" },
		{ "->{}|", "by ->{}|\\l" },
		{ "%s%n", "by %s%n\\l" },
	};

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		const char *const words[] = { "192.0.2.1", "from", "50.0.0.1", "iif",
			names[i].name, NULL };
		_cleanup_(state_freep) struct state *state = router(names[i].name);
		_cleanup_(freep) char *text = drawn(state, words, KERNEL_UNASKED);

		ck_assert_msg(strstr(text, names[i].drawn) != NULL,
			"'%s' is drawn so:\n%s", names[i].name, text);
		ck_assert_msg(is_taken(text), "Graphviz refuses '%s':\n%s", names[i].name,
			text);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		ways_are_drawn,
		names_are_hostile,
	};

	if (!has_dot())
		printf("skipped: Graphviz is not installed, nobody draws what is written\n");
	return fixture_run("answer_dot", tests, ELEMENTS(tests));
}
