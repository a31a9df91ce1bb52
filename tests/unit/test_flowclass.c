/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab_model.h"
#include "lab_run.h"
#include "model/flowclass.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "NAME dst dst; NAME dst": classes with their destinations. */
static const char *written(const struct flowclasses *classes, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	array_each (&classes->list, const struct flowclass, class) {
		length += (size_t)snprintf(out + length, size - length, "%s%s",
			length ? "; " : "", class->name);
		array_each (&class->dsts.list, const struct ip4, dst) {
			char addr[IP4_TEXT];

			length += (size_t)snprintf(out + length, size - length, " %s",
				ip4_format(*dst, addr));
		}
	}
	return out;
}

/* Classes of t0 (5), on a host with eth0 (10.0.0.2/24). */
static const struct {
	const char *what;
	const char *lines[6];
	const char *expected;
} rows[] = {
	{ "its own addresses", { "addr t0 192.0.2.9/24", "addr t0 192.0.2.1/32" },
		"local 192.0.2.1 192.0.2.9" },
	{ "none: the /32 addresses on lo",
		{ "addr lo 192.0.2.1/32", "addr lo 198.51.100.1/24" },
		"local 192.0.2.1" },
	{ "none there either: all own", { "addr lo 198.51.100.1/24" },
		"local 10.0.0.2 198.51.100.1" },
	{ "127/8 is for nobody outside", { "addr t0 127.0.0.42/32 scope host" },
		"local 10.0.0.2" },
	{ "an address once", { "addr t0 192.0.2.1/24", "addr t0 192.0.2.1/32" },
		"local 192.0.2.1" },
	{ "a from that tells none apart", { "rule 100: from 99.0.0.0/8 lookup 77" },
		"local 10.0.0.2" },
	{ "a from that parts them",
		{ "addr t0 192.0.2.1/32", "addr t0 192.0.2.2/32", "addr t0 192.0.2.3/32",
			"rule 100: from 192.0.2.2 lookup 77" },
		"local 192.0.2.1 192.0.2.3; local:192.0.2.2/32 192.0.2.2" },
	{ "two that nest",
		{ "addr t0 192.0.2.1/32", "addr t0 192.0.3.1/32",
			"rule 100: from 192.0.2.0/24 lookup 77",
			"rule 101: from 192.0.2.0/23 lookup 78" },
		"local:192.0.2.0/24+192.0.2.0/23 192.0.2.1; local:192.0.2.0/23 "
		"192.0.3.1" },
	{ "the same from twice is one",
		{ "addr t0 192.0.2.1/32", "addr t0 192.0.3.1/32",
			"rule 100: from 192.0.2.0/24 lookup 77",
			"rule 101: from 192.0.2.0/24 lookup 78" },
		"local:192.0.2.0/24 192.0.2.1; local 192.0.3.1" },
	{ "one class keeps its name when a rule comes",
		{ "addr t0 192.0.2.1/32", "rule 100: from 192.0.2.0/24 lookup 77" },
		"local 192.0.2.1" },
};

START_TEST(destinations_are_parted_by_rules)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		struct flowclasses classes = { 0 };
		char text[512];

		model_link(state, 5, "t0", "");
		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		ck_assert_int_eq(
			flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
		written(&classes, text, sizeof(text));
		ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s: '%s', not '%s'",
			rows[i].what, text, rows[i].expected);
		array_each (&classes.list, const struct flowclass, class) {
			ck_assert_int_eq(class->flow.iif, 5);
			ck_assert_int_eq(class->flow.proto, FLOW_UDP);
			ck_assert_uint_eq(
				class->flow.dst.host, class->dsts.list.items[0].host);
			ck_assert(!class->only_from);
		}
		flowclasses_done(&classes);
	}
}
END_TEST

START_TEST(a_name_of_many_rules_fits_its_room)
{
	_cleanup_(state_freep) struct state *state = model_host();
	struct flowclasses classes = { 0 };

	model_link(state, 5, "t0", "");
	model_addr(state, "t0", "223.255.255.255/32");
	model_addr(state, "t0", "240.0.0.1/32");
	/* told from the first by one rule only, the last one */
	model_addr(state, "t0", "223.255.255.254/32");
	for (unsigned int len = 31; len > 8; len--) {
		struct prefix4 prefix = prefix4(ip4(0xdfffffff), len);
		char text[PREFIX4_TEXT];

		model(state, "rule %u: from %s lookup 77", 200 - len,
			prefix4_format(prefix, text));
	}
	model(state, "rule 300: from 223.255.255.255/32 lookup 77");
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, 3);
	ck_assert_str_eq(classes.list.items[2].name, "local");
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_lt(strlen(classes.list.items[i].name), FLOWCLASS_NAME);
		ck_assert_ptr_nonnull(strstr(classes.list.items[i].name, "+#"));
	}
	ck_assert_str_ne(classes.list.items[0].name, classes.list.items[1].name);
	flowclasses_done(&classes);
}
END_TEST

START_TEST(declared_flows_have_names_of_their_own)
{
	_cleanup_(state_freep) struct state *state = model_host();
	const struct iface *t0;
	const struct prefix4 from = model_prefix("198.51.100.0/24");
	const struct ip4 to = model_ip4("192.0.2.1");
	const struct flow plain = { .proto = FLOW_UDP },
			  marked = { .proto = FLOW_UDP, .mark = 7 };
	const struct flow web = { .proto = 6, .dport = 80, .tos = 8, .mark = 1 };
	struct flowclasses classes = { 0 };
	char text[512];

	model_link(state, 5, "t0", "");
	t0 = model_iface(state, "t0");
	ck_assert_int_eq(flowclass_declare(state, t0, from, &to, &plain, &classes), 0);
	ck_assert_int_eq(flowclass_declare(state, t0, from, NULL, &marked, &classes), 0);
	ck_assert_int_eq(flowclass_declare(state, t0, from, &to, &web, &classes), 0);
	ck_assert_str_eq(written(&classes, text, sizeof(text)),
		"flow:198.51.100.0/24>192.0.2.1 192.0.2.1; "
		"flow:198.51.100.0/24>local:mark=0x7 10.0.0.2; "
		"flow:198.51.100.0/24>192.0.2.1:mark=0x1:8:6:0:80 192.0.2.1");
	ck_assert(classes.list.items[0].only_from);
	ck_assert_int_eq(classes.list.items[1].flow.iif, 5);
	ck_assert_uint_eq(classes.list.items[2].flow.dst.host, to.host);
	flowclasses_done(&classes);
}
END_TEST

START_TEST(a_declared_flow_needs_somebody_to_be_for)
{
	_cleanup_(state_freep) struct state *state = model_new();
	const struct flow plain = { .proto = FLOW_UDP };
	struct flowclasses classes = { 0 };

	model_link(state, 5, "t0", "");
	ck_assert_int_eq(flowclass_declare(state, model_iface(state, "t0"),
				 model_prefix("10.0.0.0/8"), NULL, &plain, &classes),
		-ENOENT);
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, 0);
	flowclasses_done(&classes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		destinations_are_parted_by_rules,
		a_name_of_many_rules_fits_its_room,
		declared_flows_have_names_of_their_own,
		a_declared_flow_needs_somebody_to_be_for,
	};

	return lab_run("flowclass", tests, ELEMENTS(tests));
}
