/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration for an anonymous snapshot says of each interface what the real one does. */
#include "daemon/ctl/config_notes.h"
#include "fixture_run.h"
#include "net/flow.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct config *config_of(const char *text)
{
	char path[] = "/tmp/config-notes.XXXXXX";
	int fd = mkstemp(path);
	_cleanup_(freep) char *error = NULL;
	struct config *config = NULL;

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_msg(config_load(path, true, &config, &error) == 0, "%s", error);
	close(fd);
	unlink(path);
	return config;
}

static const struct {
	const char *name, *kind;
} links[] = { { "lo", "" }, { "office", "veth" }, { "office.7", "vlan" },
	{ "wg0", "wireguard" }, { "tunl0", "ipip" } };

static void learn_links(struct anonymizer *anonymizer)
{
	for (size_t i = 0; i < ELEMENTS(links); i++) {
		char name[NAME_MAX_];

		ck_assert_int_eq(anonymizer_name(anonymizer, links[i].name, name), 0);
		strcpy(anonymizer->links.items[i].kind, links[i].kind);
	}
}

static bool same_expect(const struct config_interface *a,
	const struct config_interface *b, struct ip4map *addrs)
{
	if (!a || !a->has_expect)
		return !b;
	if (!b || !b->has_expect || a->expect.count != b->expect.count)
		return false;
	for (size_t i = 0; i < a->expect.count; i++) {
		struct prefix4 prefix = ip4map_prefix(addrs, a->expect.items[i]);

		if (prefix.addr.host != b->expect.items[i].addr.host ||
			prefix.len != b->expect.items[i].len)
			return false;
	}
	return true;
}

static const char text[] =
	"mode = \"correct\";\n"
	"interfaces = ( { match = \"office\"; expect = []; },\n"
	"  { match = \"office.*\"; expect = [ \"10.1.0.0/16\", \"192.168.3.0/24\" ]; },\n"
	"  { match = \"lo\"; mode = \"monitor\"; },\n"
	"  { kind = \"wireguard\"; expect = [ \"172.16.0.0/12\" ]; } );\n"
	"flows = ( { iif = \"office*\"; from = \"10.1.2.0/24\"; to = \"192.168.3.4\";\n"
	"    mark = \"0x1/0xff\"; tos = 8; ipproto = 6; sport = 7; dport = 22; },\n"
	"  { iif = \"tunl0\"; from = \"0.0.0.0/0\"; } );\n"
	"correct = { lowest = \"loose\"; allow_all = true; fight = 9; };\n";

START_TEST(each_interface_has_what_it_had)
{
	_cleanup_(config_freep) struct config *config = config_of(text);
	_cleanup_(config_freep) struct config *other = NULL;
	_cleanup_(freep) char *anonymous = NULL;
	struct anonymizer anonymizer;

	ck_assert_int_eq(anonymizer_init(&anonymizer), 0);
	learn_links(&anonymizer);
	ck_assert_int_eq(config_notes_anonymous(config, &anonymizer, &anonymous), 0);
	ck_assert_msg(!strstr(anonymous, "office") && !strstr(anonymous, "wg0") &&
			      !strchr(anonymous, '?') && !strchr(anonymous, '*'),
		"%s", anonymous);
	other = config_of(anonymous);
	array_each (&anonymizer.links, const struct anonymous_link, link)
		ck_assert_msg(same_expect(config_interface_for(config, link->name,
						  link->kind[0] ? link->kind : NULL),
				      config_interface_for(other, link->alias, NULL),
				      &anonymizer.addrs),
			"%s: %s", link->name, anonymous);
	ck_assert(other->correct.lowest_loose && other->correct.allow_all);
	anonymizer_done(&anonymizer);
}
END_TEST

START_TEST(a_flow_for_each_interface_that_it_fits)
{
	_cleanup_(config_freep) struct config *config = config_of(text);
	_cleanup_(config_freep) struct config *other = NULL;
	_cleanup_(freep) char *anonymous = NULL;
	struct anonymizer anonymizer;
	const struct config_flow *flow;

	ck_assert_int_eq(anonymizer_init(&anonymizer), 0);
	learn_links(&anonymizer);
	ck_assert_int_eq(config_notes_anonymous(config, &anonymizer, &anonymous), 0);
	other = config_of(anonymous);
	ck_assert_uint_eq(other->flows.count, 3);
	flow = &other->flows.items[1];
	ck_assert_str_eq(flow->iif, "if2");
	ck_assert_uint_eq(flow->from.len, 24);
	ck_assert_uint_eq(flow->from.addr.host,
		ip4map_addr(&anonymizer.addrs, ip4(0x0a010200)).host & 0xffffff00);
	ck_assert(flow->has_to);
	ck_assert_uint_eq(
		flow->to.host, ip4map_addr(&anonymizer.addrs, ip4(0xc0a80304)).host);
	ck_assert_uint_eq(flow->mark, 1);
	ck_assert_uint_eq(flow->mask, 0xff);
	ck_assert_uint_eq(flow->tos, 8);
	ck_assert_uint_eq(flow->ipproto, 6);
	ck_assert_uint_eq(flow->sport, 7);
	ck_assert_uint_eq(flow->dport, 22);
	flow = &other->flows.items[2];
	ck_assert_str_eq(flow->iif, "tunl0");
	ck_assert_uint_eq(flow->from.len, 0);
	ck_assert(!flow->has_to && !flow->mask);
	ck_assert_uint_eq(flow->ipproto, FLOW_UDP);
	anonymizer_done(&anonymizer);
}
END_TEST

START_TEST(of_nothing_comes_nothing)
{
	_cleanup_(config_freep) struct config *config = config_of("");
	_cleanup_(config_freep) struct config *other = NULL;
	_cleanup_(freep) char *anonymous = NULL;
	struct anonymizer anonymizer;

	ck_assert_int_eq(anonymizer_init(&anonymizer), 0);
	ck_assert_int_eq(config_notes_anonymous(config, &anonymizer, &anonymous), 0);
	other = config_of(anonymous);
	ck_assert_uint_eq(other->interfaces.count, 0);
	ck_assert_uint_eq(other->flows.count, 0);
	ck_assert(!other->correct.lowest_loose && !other->correct.allow_all);
	anonymizer_done(&anonymizer);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { each_interface_has_what_it_had,
		a_flow_for_each_interface_that_it_fits, of_nothing_comes_nothing };

	return fixture_run("config_notes", tests, ELEMENTS(tests));
}
