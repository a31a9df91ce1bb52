/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "daemon/config/config.h"
#include "net/flow.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT(literal) literal, sizeof(literal) - 1

static char directory[] = "/tmp/test_config.XXXXXX";
static char path[PATH_MAX]; /* of the file under test, in directory */

static void setup(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/test.conf", directory);
}

static const char *beside(const char *name)
{
	static char other[PATH_MAX];

	snprintf(other, sizeof(other), "%s/%s", directory, name);
	return other;
}

static void teardown(void)
{
	static const char *const names[] = { "test.conf", "a.conf", "b.conf", "fifo" };

	for (size_t i = 0; i < ELEMENTS(names); i++)
		unlink(beside(names[i]));
	ck_assert_int_eq(rmdir(directory), 0);
}

static void write_bytes(const char *name, const char *bytes, size_t size)
{
	FILE *out = fopen(beside(name), "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
	ck_assert_int_eq(fclose(out), 0);
}

/* The configuration that text is; it has to be right. */
static struct config *load(const char *text)
{
	_cleanup_(freep) char *error = NULL;
	struct config *config = NULL;
	int r;

	write_bytes("test.conf", text, strlen(text));
	r = config_load(path, true, &config, &error);
	ck_assert_msg(r == 0, "'%s' is refused: %s", text, error);
	ck_assert_ptr_null(error);
	return config;
}

/* Loading bytes fails with r, and with the error that begins with the path of the file. */
static void fails(const char *bytes, size_t size, int expected_r, const char *expected)
{
	_cleanup_(freep) char *error = NULL;
	struct config *config = NULL;
	int r;

	write_bytes("test.conf", bytes, size);
	r = config_load(path, true, &config, &error);
	ck_assert_msg(r == expected_r, "'%s' gives %d, not %d", bytes, r, expected_r);
	ck_assert_ptr_null(config);
	ck_assert_ptr_nonnull(error);
	ck_assert_mem_eq(error, path, strlen(path));
	ck_assert_str_eq(error + strlen(path), expected);
}

static void ck_defaults(const struct config *c)
{
	ck_assert_int_eq(c->mode, CONFIG_MONITOR);
	ck_assert_uint_eq(c->interfaces.count, 0);
	ck_assert_uint_eq(c->flows.count, 0);
	ck_assert(!c->correct.lowest_loose);
	ck_assert(!c->correct.allow_all);
	ck_assert_uint_eq(c->correct.address_wait_usec, 1000000);
	ck_assert_uint_eq(c->correct.settle_usec, 2000000);
	ck_assert_uint_eq(c->correct.fight, 5);
	ck_assert_uint_eq(c->correct.fight_window_usec, 600000000);
	ck_assert_uint_eq(c->correct.pause_usec, 60000000);
	ck_assert_uint_eq(c->correct.per_minute, 30);
	ck_assert_int_eq(c->correct.restore, RESTORE_WHEN_SAFE);
	ck_assert_uint_eq(c->correct.restore_after_usec, 60000000);
	ck_assert_uint_eq(c->correct.route_wait_usec, 30000000);
	ck_assert_uint_eq(c->log.repeat_usec, UINT64_C(3600000000));
	ck_assert_uint_eq(c->log.hold_down_usec, 1000000);
	ck_assert_uint_eq(c->log.drops_usec, 60000000);
	ck_assert_uint_eq(c->selfcheck.per_minute, 10);
	ck_assert_uint_eq(c->selfcheck.period_usec, 55000000);
	ck_assert_int_eq(config_mode_most(c), CONFIG_MONITOR);
}

START_TEST(nothing_said_is_the_defaults)
{
	static const char *const texts[] = { "", "\n", "# a comment without its newline",
		"/* more */ // and more", "correct = { };",
		"interfaces = ( ); flows = ( );" };

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		_cleanup_(config_freep) struct config *c = load(texts[i]);

		ck_defaults(c);
	}
}
END_TEST

START_TEST(no_file)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_(freep) char *error = NULL;
	char expected[PATH_MAX + 64];

	ck_assert_int_eq(config_load(path, false, &c, &error), 0);
	ck_assert_ptr_null(error);
	ck_defaults(c);
	config_free(take_ptr(c));

	ck_assert_int_eq(config_load(path, true, &c, &error), -ENOENT);
	ck_assert_ptr_null(c);
	snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
	ck_assert_str_eq(error, expected);
}
END_TEST

START_TEST(every_setting)
{
	_cleanup_(config_freep) struct config *c = load(
		"mode = \"correct\";\n"
		"correct = { lowest = \"loose\"; allow_all = true; address_wait = 1;\n"
		"  settle = 0x2; fight = 3L; fight_window = 4; pause = 3600000;\n"
		"  per_minute = 6; restore = \"on-stop\"; restore_after = 86400000; route_wait = 5000; };\n"
		"log = { repeat = 2678400; hold_down = 0; drops = 1000; };\n"
		"selfcheck : { per_minute : 9, period : 100 },\n");

	ck_assert_int_eq(c->mode, CONFIG_CORRECT);
	ck_assert(c->correct.lowest_loose);
	ck_assert(c->correct.allow_all);
	ck_assert_uint_eq(c->correct.address_wait_usec, 1000);
	ck_assert_uint_eq(c->correct.settle_usec, 2000);
	ck_assert_uint_eq(c->correct.fight, 3);
	ck_assert_uint_eq(c->correct.fight_window_usec, 4000);
	ck_assert_uint_eq(c->correct.pause_usec, UINT64_C(3600000000));
	ck_assert_uint_eq(c->correct.per_minute, 6);
	ck_assert_int_eq(c->correct.restore, RESTORE_ON_STOP);
	ck_assert_uint_eq(c->correct.restore_after_usec, UINT64_C(86400000000));
	ck_assert_uint_eq(c->correct.route_wait_usec, 5000000);
	ck_assert_uint_eq(c->log.repeat_usec, UINT64_C(2678400000000));
	ck_assert_uint_eq(c->log.hold_down_usec, 0);
	ck_assert_uint_eq(c->log.drops_usec, 1000000);
	ck_assert_uint_eq(c->selfcheck.per_minute, 9);
	ck_assert_uint_eq(c->selfcheck.period_usec, 100000);
	ck_assert_int_eq(config_mode_most(c), CONFIG_CORRECT);
}
END_TEST

START_TEST(interfaces)
{
	_cleanup_(config_freep) struct config *c = load(
		"interfaces = (\n"
		"  { match = \"tunl*\"; kind = \"ipip\"; mode = \"monitor\";\n"
		"    expect = [ \"0.0.0.0/0\", \"192.0.2.1\" ]; },\n"
		"  { kind = \"gre\"; expect = [ ]; },\n"
		"  { match = \"eth1\"; mode = \"dry-run\"; one_way = true; },\n"
		"  { match = \"eth0\"; expect = ( \"10.0.0.0/8\" ); mode = \"correct\"; } );\n");
	const struct config_interface *i = c->interfaces.items;

	ck_assert_uint_eq(c->interfaces.count, 4);
	ck_assert_str_eq(i[0].match, "tunl*");
	ck_assert_str_eq(i[0].kind, "ipip");
	ck_assert(i[0].has_mode && i[0].mode == CONFIG_MONITOR);
	ck_assert(i[0].has_expect && i[0].expect.count == 2);
	ck_assert_uint_eq(i[0].expect.items[0].len, 0);
	ck_assert_uint_eq(i[0].expect.items[1].addr.host, 0xc0000201);
	ck_assert_uint_eq(i[0].expect.items[1].len, 32);
	ck_assert_ptr_null(i[1].match);
	ck_assert(i[1].has_expect && i[1].expect.count == 0);
	ck_assert(!i[1].has_mode);
	ck_assert(i[2].has_mode && i[2].mode == CONFIG_DRY_RUN && i[2].one_way);
	ck_assert(!i[1].one_way);
	ck_assert_ptr_null(i[3].kind);
	ck_assert_uint_eq(i[3].expect.items[0].addr.host, 0x0a000000);
	ck_assert_int_eq(config_mode_most(c), CONFIG_CORRECT);
}
END_TEST

START_TEST(first_entry_that_fits)
{
	static const struct {
		const char *name, *kind;
		int index; /* -1: none */
	} rows[] = {
		{ "tunl0", "ipip", 0 },
		{ "tunl0", "gre", -1 },
		{ "tunl", "ipip", 0 },
		{ "ipip1", "ipip", 2 },
		{ "eth0", "device", 1 },
		{ "eth0", NULL, 1 },
		{ "eth7", "veth", -1 },
		{ "eth1", "veth", 3 },
		{ "wg0", "wireguard", 4 },
		{ "xtunl0", "sit", -1 },
	};
	_cleanup_(config_freep) struct config *c = load(
		"interfaces = ( { match = \"tunl*\"; kind = \"ipip\"; }, { kind = \"device\"; },\n"
		"{ kind = \"ipip\"; }, { match = \"eth[0-3]\"; }, { match = \"wg?\"; },\n"
		"{ match = \"wg0\"; } );");

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		const struct config_interface *fit =
			config_interface_for(c, rows[i].name, rows[i].kind);

		ck_assert_msg((fit ? fit - c->interfaces.items : -1) == rows[i].index,
			"%s of kind %s gets the wrong entry", rows[i].name,
			rows[i].kind ? rows[i].kind : "NULL");
	}
}
END_TEST

START_TEST(flows)
{
	_cleanup_(config_freep) struct config *c = load(
		"flows = ( { iif = \"tunl0\"; from = \"198.51.100.0/24\"; to = \"192.0.2.1\";\n"
		"    mark = \"0x1/0xff\"; tos = 0x10; ipproto = 6; sport = 1; dport = 65535; },\n"
		"  { iif = \"abcdefghijklmno\"; from = \"10.0.0.1\"; mark = \"4294967295\"; },\n"
		"  { iif = \"x\"; from = \"0.0.0.0/0\"; } );");
	const struct config_flow *f = c->flows.items;

	ck_assert_uint_eq(c->flows.count, 3);
	ck_assert_str_eq(f[0].iif, "tunl0");
	ck_assert_uint_eq(f[0].from.addr.host, 0xc6336400);
	ck_assert_uint_eq(f[0].from.len, 24);
	ck_assert(f[0].has_to && f[0].to.host == 0xc0000201);
	ck_assert(f[0].mark == 1 && f[0].mask == 0xff);
	ck_assert(f[0].tos == 16 && f[0].ipproto == 6);
	ck_assert(f[0].sport == 1 && f[0].dport == 65535);
	ck_assert(f[1].mark == UINT32_MAX && f[1].mask == UINT32_MAX);
	ck_assert(!f[2].has_to && f[2].mark == 0 && f[2].mask == 0);
	ck_assert(f[2].tos == 0 && f[2].ipproto == FLOW_UDP);
	ck_assert(f[2].sport == 0 && f[2].dport == 0);
}
END_TEST

#define SYNTAX " syntax error; allowed is NAME = VALUE; with text in \"\""
#define TOP "mode, interfaces, flows, correct, log, selfcheck"
#define FLOW "iif = \"a\"; from = \"10.0.0.0/8\"; "
#define A_MARK "allowed is a string such as \"1\" or \"0x1/0xff\", of 32 bits"
#define A_PREFIX "allowed is ADDRESS/LENGTH such as \"192.0.2.0/24\", or \"192.0.2.1\""

/* Each line of error there is, to the letter; %F in it is the file. */
static const struct error_row {
	const char *text, *error;
} error_rows[] = {
	/* syntax */
	{ "mode", ":1:" SYNTAX },
	{ "mode =\n\n\n", ":1:" SYNTAX },
	{ "\n\nmode = monitor;\n", ":3:" SYNTAX },
	{ "}", ":1:" SYNTAX },
	{ "log = {\n repeat = 1;\n", ":1: a { is never closed" },
	{ "mode = \"monitor", ":1: a string is never closed" },
	{ "\n/* mode = 1;\n", ":2: a comment is never closed" },
	{ "x = [ \"a\", 1 ];",
		":1: mismatched element type in array; allowed is one type of value in an array" },
	{ "x = (((((((((((((((((", ":1: brackets are nested deeper than 16" },
	{ "\x01\xff\xfe", ":1:" SYNTAX },
	/* names */
	{ "mod = \"monitor\";", ":1: mod: is not a setting; allowed is " TOP },
	{ "Mode = 1;", ":1: Mode: is not a setting; allowed is " TOP },
	{ "log = {\n\trepeats = 1; };",
		":2: log.repeats: is not a setting; allowed is repeat, hold_down, drops" },
	{ "interfaces = ( { name = \"a\"; } );",
		":1: interfaces.[0].name: is not a setting; allowed is match, kind, expect, mode, one_way" },
	{ "flows = ( { src = \"a\"; } );",
		":1: flows.[0].src: is not a setting; allowed is iif, from, to, mark, tos, ipproto, sport, dport" },
	{ "selfcheck = { per_hour = 1; };",
		":1: selfcheck.per_hour: is not a setting; allowed is per_minute" },
	/* twice */
	{ "mode = \"monitor\";\n# mode\nmode = \"correct\";",
		":3: mode: is set twice, first in %F:1; allowed is once" },
	{ "correct = { fight = 1;\n fight = 2; };",
		":2: correct.fight: is set twice, first in %F:1; allowed is once" },
	{ "interfaces = ( { match = \"a\"; },\n{ kind = \"b\";\nkind = \"b\"; } );",
		":3: interfaces.[1].kind: is set twice, first in %F:2; allowed is once" },
	{ "interfaces = ( { match = \"a\"; }, { kind = \"a\"; },\n{ match = \"a\"; } );",
		":2: interfaces.[2]: repeats the match and kind of interfaces.[0], which applies; allowed is one entry" },
	{ "interfaces = ( { match = \"a\"; kind = \"b\"; },\n"
	  "{ kind = \"b\"; match = \"a\"; } );",
		":2: interfaces.[1]: repeats the match and kind of interfaces.[0], which applies; allowed is one entry" },
	/* types */
	{ "mode = 1;",
		":1: mode: is a number; allowed is \"monitor\", \"dry-run\" or \"correct\"" },
	{ "correct = 1;",
		":1: correct: is a number; allowed is a group, { NAME = VALUE; }" },
	{ "log = ( );", ":1: log: is a list; allowed is a group, { NAME = VALUE; }" },
	{ "log = { repeat = 1.5; };",
		":1: log.repeat: is a fraction; allowed is a whole number from 1 to 2678400" },
	{ "log = { repeat = \"1\"; };",
		":1: log.repeat: is a string; allowed is a whole number from 1 to 2678400" },
	{ "correct = { allow_all = 1; };",
		":1: correct.allow_all: is a number; allowed is true or false" },
	{ "interfaces = [ ];",
		":1: interfaces: is an array; allowed is a list of groups, ( { match = GLOB; } )" },
	{ "interfaces = ( true );",
		":1: interfaces.[0]: is true or false; allowed is a list of groups, ( { match = GLOB; } )" },
	{ "flows = { };",
		":1: flows: is a group; allowed is a list of groups, ( { iif = NAME; from = PREFIX; } )" },
	{ "interfaces = ( { match = 1; } );",
		":1: interfaces.[0].match: is a number; allowed is a glob such as \"tunl*\"" },
	{ "interfaces = ( { match = \"a\"; expect = \"10.0.0.0/8\"; } );",
		":1: interfaces.[0].expect: is a string; allowed is prefixes in brackets such as [ \"0.0.0.0/0\" ]" },
	{ "interfaces = ( { match = \"a\"; expect = [\n10 ]; } );",
		":2: interfaces.[0].expect.[0]: is a number; allowed is prefixes in brackets such as [ \"0.0.0.0/0\" ]" },
	{ "flows = ( { " FLOW "mark = 1; } );",
		":1: flows.[0].mark: is a number; " A_MARK },
	{ "flows = ( { " FLOW "to = 1; } );",
		":1: flows.[0].to: is a number; allowed is an address such as \"192.0.2.1\"" },
	{ "flows = ( { from = 1; } );",
		":1: flows.[0].from: is a number; allowed is a prefix such as \"192.0.2.0/24\"" },
	/* words */
	{ "mode = \"fix\";",
		":1: mode: \"fix\" is unknown; allowed is \"monitor\", \"dry-run\" or \"correct\"" },
	{ "mode = \"\";",
		":1: mode: \"\" is unknown; allowed is \"monitor\", \"dry-run\" or \"correct\"" },
	{ "mode = \"a\nb\xc3\";",
		":1: mode: \"a?b?\" is unknown; allowed is \"monitor\", \"dry-run\" or \"correct\"" },
	{ "interfaces = ( { match = \"a\"; mode = \"off\"; } );",
		":1: interfaces.[0].mode: \"off\" is unknown; allowed is \"monitor\", \"dry-run\" or \"correct\"" },
	{ "correct = { lowest = \"strict\"; };",
		":1: correct.lowest: \"strict\" is unknown; allowed is \"off\" or \"loose\"" },
	{ "correct = { restore = \"always\"; };",
		":1: correct.restore: \"always\" is unknown; allowed is \"when-safe\", \"on-stop\" or \"never\"" },
	{ "interfaces = ( { match = \"\"; } );",
		":1: interfaces.[0].match: \"\" is too short; allowed is a glob such as \"tunl*\"" },
	{ "interfaces = ( { kind = \"\"; } );",
		":1: interfaces.[0].kind: \"\" is too short; allowed is a kind of link such as \"ipip\", or \"device\"" },
	{ "flows = ( { iif = \"abcdefghijklmnop\"; } );",
		":1: flows.[0].iif: \"abcdefghijklmnop\" is too long; allowed is the name of an interface, up to 15 bytes" },
	/* numbers */
	{ "correct = { fight = 0; };",
		":1: correct.fight: 0 is out of range; allowed is a whole number from 1 to 1000" },
	{ "correct = { fight = 1001; };",
		":1: correct.fight: 1001 is out of range; allowed is a whole number from 1 to 1000" },
	{ "correct = { settle = -1; };",
		":1: correct.settle: -1 is out of range; allowed is a whole number from 0 to 600000" },
	{ "correct = { pause = 2147483647; };",
		":1: correct.pause: 2147483647 is out of range; allowed is a whole number from 1 to 3600000" },
	{ "correct = { pause = 2147483648; };",
		":1: correct.pause: 2147483648 is too large; allowed is up to 2147483647" },
	{ "correct = {\nfight = 4294967297; };",
		":2: correct.fight: 4294967297 is too large; allowed is up to 2147483647" },
	{ "correct = { fight = -4294967295; };",
		":1: correct.fight: 4294967295 is too large; allowed is up to 2147483647" },
	{ "correct = { fight = 18446744073709551617L; };",
		":1: correct.fight: 18446744073709551617 is too large; allowed is up to 2147483647" },
	{ "correct = { fight = 0x1ffffffff; };",
		":1: correct.fight: 0x1ffffffff is too large; allowed is up to 0x7fffffff" },
	{ "correct = { fight = 0X100000001; };",
		":1: correct.fight: 0X100000001 is too large; allowed is up to 0x7fffffff" },
	{ "x = ( 1, [ 2, 0x80000000 ] );",
		":1: x.[1].[1]: 0x80000000 is too large; allowed is up to 0x7fffffff" },
	{ "flows = ( { " FLOW "ipproto = 0; } );",
		":1: flows.[0].ipproto: 0 is out of range; allowed is a whole number from 1 to 255" },
	{ "flows = ( { " FLOW "tos = 256; } );",
		":1: flows.[0].tos: 256 is out of range; allowed is a whole number from 0 to 255" },
	{ "flows = ( { " FLOW "dport = 65536; } );",
		":1: flows.[0].dport: 65536 is out of range; allowed is a whole number from 0 to 65535" },
	/* prefixes, addresses, marks */
	{ "interfaces = ( { match = \"a\";\nexpect = [ \"10.0.0.0/8\",\n"
	  "\"192.0.2.1/24\"\n\n ]; } );",
		":3: interfaces.[0].expect.[1]: \"192.0.2.1/24\" has host bits set; allowed is \"192.0.2.0/24\"" },
	{ "interfaces = ( { match = \"a\"; expect = [ \"10.0.0.0/33\" ]; } );",
		":1: interfaces.[0].expect.[0]: \"10.0.0.0/33\" is not an IPv4 prefix; " A_PREFIX },
	{ "interfaces = ( { match = \"a\"; expect = [ \"10.0.0.0/8\" \"10.0.0.0/8\" ]; } );",
		":1: interfaces.[0].expect.[0]: \"10.0.0.0/810.0.0.0/8\" is not an IPv4 prefix; " A_PREFIX },
	{ "interfaces = ( { match = \"a\"; expect = [ \"2001:db8::/32\" ]; } );",
		":1: interfaces.[0].expect.[0]: \"2001:db8::/32\" is not an IPv4 prefix; " A_PREFIX },
	{ "flows = ( { iif = \"a\"; from = \"10.0.0.1/8\"; } );",
		":1: flows.[0].from: \"10.0.0.1/8\" has host bits set; allowed is \"10.0.0.0/8\"" },
	{ "flows = ( { " FLOW "to = \"10.0.0.0/8\"; } );",
		":1: flows.[0].to: \"10.0.0.0/8\" is not an IPv4 address; allowed is an address such as \"192.0.2.1\"" },
	{ "flows = ( { " FLOW "mark = \"4294967296\"; } );",
		":1: flows.[0].mark: \"4294967296\" is not a mark; " A_MARK },
	{ "flows = ( { " FLOW "mark = \"0x\"; } );",
		":1: flows.[0].mark: \"0x\" is not a mark; " A_MARK },
	{ "flows = ( { " FLOW "mark = \"-1\"; } );",
		":1: flows.[0].mark: \"-1\" is not a mark; " A_MARK },
	{ "flows = ( { " FLOW "mark = \"1/\"; } );",
		":1: flows.[0].mark: \"1/\" is not a mark; " A_MARK },
	{ "flows = ( { " FLOW "mark = \"0x101/0xff\"; } );",
		":1: flows.[0].mark: \"0x101/0xff\" has bits outside its mask and matches no packet; allowed is \"0x1/0xff\"" },
	/* what has to be there */
	{ "interfaces = ( { expect = [ ]; } );",
		":1: interfaces.[0]: has neither match nor kind; allowed is match, kind or both" },
	{ "flows = ( { from = \"10.0.0.0/8\"; } );",
		":1: flows.[0]: has no iif; allowed is a list of groups, ( { iif = NAME; from = PREFIX; } )" },
	{ "flows = (\n{ iif = \"a\"; } );",
		":2: flows.[0]: has no from; allowed is a list of groups, ( { iif = NAME; from = PREFIX; } )" },
	/* @ */
	{ "mode = \"monitor\"; @include \"a.conf\"",
		":1: @ is not allowed here; allowed is @include \"FILE\" at the start of a line" },
	{ "\n@include a.conf",
		":2: @ is not allowed here; allowed is @include \"FILE\" at the start of a line" },
};

START_TEST(errors)
{
	const struct error_row *row = &error_rows[_i];
	const char *file = strstr(row->error, "%F");
	char expected[2 * PATH_MAX];

	snprintf(expected, sizeof(expected), "%.*s%s%s",
		(int)(file ? file - row->error : 0), row->error, file ? path : "",
		file ? file + 2 : row->error);
	fails(row->text, strlen(row->text), -EINVAL, expected);
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
	_cleanup_(freep) char *error = NULL;
	_cleanup_(freep) char *large = malloc(1024 * 1024 + 1);
	struct config *c = NULL;

	fails(TEXT("mode = \"monitor\";\n\n# \0"), -EINVAL,
		":3: a NUL byte; allowed is text");

	memset(large, ' ', 1024 * 1024 + 1);
	fails(large, 1024 * 1024 + 1, -EFBIG, ": larger than 1 MiB, includes counted");
	large[1024 * 1024] = '\0';
	c = load(large);
	ck_defaults(c);
	config_free(take_ptr(c));

	ck_assert_int_eq(config_load("/", false, &c, &error), -EISDIR);
	ck_assert_str_eq(error, "/: Is a directory");
	free(take_ptr(error));
	ck_assert_int_eq(config_load("/dev/null", true, &c, &error), 0);
	config_free(take_ptr(c));
	if (geteuid() != 0) {
		ck_assert_int_eq(chmod(path, 0), 0);
		ck_assert_int_eq(config_load(path, false, &c, &error), -EACCES);
		ck_assert_str_eq(error + strlen(path), ": Permission denied");
	}
}
END_TEST

START_TEST(includes)
{
	_cleanup_(config_freep) struct config *c = NULL;

	write_bytes("a.conf",
		TEXT("fight = 7;\n  @include \"b.conf\" pause = 9; # no newline"));
	write_bytes("b.conf", TEXT("settle = 8;"));
	c = load("correct = {\n@include \"a.conf\"\n};\nlog = { repeat = 3; };");
	ck_assert_uint_eq(c->correct.fight, 7);
	ck_assert_uint_eq(c->correct.settle_usec, 8000);
	ck_assert_uint_eq(c->correct.pause_usec, 9000);
	ck_assert_uint_eq(c->log.repeat_usec, 3000000);
}
END_TEST

/* Loads text and compares the error, in which %D is the directory. */
static void include_fails(const char *text, int r, const char *expected)
{
	_cleanup_(freep) char *error = NULL;
	_cleanup_(freep) char *whole = NULL;
	const char *d = strstr(expected, "%D");
	struct config *c = NULL;
	size_t size;
	FILE *out = open_memstream(&whole, &size);

	for (; d; expected = d + 2, d = strstr(expected, "%D"))
		fprintf(out, "%.*s%s", (int)(d - expected), expected, directory);
	fprintf(out, "%s", expected);
	fclose(out);
	write_bytes("test.conf", text, strlen(text));
	ck_assert_int_eq(config_load(path, false, &c, &error), r);
	ck_assert_ptr_null(c);
	ck_assert_str_eq(error, whole);
}

START_TEST(includes_that_fail)
{
	include_fails("\n@include \"a.conf\"", -ENOENT,
		"%D/test.conf:2: @include \"%D/a.conf\": No such file or directory");
	include_fails("@include \"/\"", -EISDIR,
		"%D/test.conf:1: @include \"/\": Is a directory");
	ck_assert_int_eq(mkfifo(beside("fifo"), 0600), 0);
	include_fails("@include \"fifo\"", -EINVAL,
		"%D/test.conf:1: @include \"%D/fifo\": not a regular file");
	include_fails("@include \"test.conf\"", -EINVAL,
		"%D/test.conf:1: @include is nested deeper than 10 files");

	write_bytes("a.conf", TEXT("# a\nmod = 1;"));
	include_fails("\n@include \"a.conf\"", -EINVAL,
		"%D/a.conf:2: mod: is not a setting; allowed is " TOP);
	write_bytes("a.conf", TEXT("mode = \"monitor\";\n"));
	include_fails("@include \"a.conf\"\n\nmode = \"correct\";", -EINVAL,
		"%D/test.conf:3: mode: is set twice, first in %D/a.conf:1; allowed is once");
	include_fails("@include \"a.conf\"\n\nmod;\n", -EINVAL, "%D/test.conf:3:" SYNTAX);
	write_bytes("a.conf", TEXT("/* open"));
	include_fails("@include \"a.conf\" */", -EINVAL,
		"%D/a.conf:1: a comment is never closed");
}
END_TEST

static char *shipped(void)
{
	const char *source = getenv("SOURCE_DIR");
	char name[PATH_MAX];
	char *text = calloc(1, 65536);
	FILE *in;

	snprintf(name, sizeof(name), "%s/conf/rpfilterd.conf", source ? source : ".");
	in = fopen(name, "r");
	ck_assert_msg(in != NULL, "%s: %s", name, strerror(errno));
	ck_assert_uint_lt(fread(text, 1, 65535, in), 65535);
	fclose(in);
	return text;
}

START_TEST(shipped_file_is_the_defaults)
{
	_cleanup_(freep) char *text = shipped();
	_cleanup_(config_freep) struct config *c = load(text);

	ck_defaults(c);
}
END_TEST

/* With each line that begins with "#" and no blank (a tab is none) taken in. */
START_TEST(shipped_file_uncommented_is_the_defaults)
{
	_cleanup_(freep) char *text = shipped();
	_cleanup_(config_freep) struct config *c = NULL;
	size_t settings = 0;

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] != ' ' && line[1] != '\n') {
			line[0] = ' ';
			settings++;
		}
	}
	c = load(text);
	ck_defaults(c);
	ck_assert_uint_eq(settings, 3 + 11 + 3 + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, nothing_said_is_the_defaults);
	tcase_add_test(tests, no_file);
	tcase_add_test(tests, every_setting);
	tcase_add_test(tests, interfaces);
	tcase_add_test(tests, first_entry_that_fits);
	tcase_add_test(tests, flows);
	tcase_add_loop_test(tests, errors, 0, (int)ELEMENTS(error_rows));
	tcase_add_test(tests, files_that_cannot_be_read);
	tcase_add_test(tests, includes);
	tcase_add_test(tests, includes_that_fail);
	tcase_add_test(tests, shipped_file_is_the_defaults);
	tcase_add_test(tests, shipped_file_uncommented_is_the_defaults);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
