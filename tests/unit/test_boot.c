/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/forecast.h"
#include "boot/interfaces_text.h"
#include "fixture_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- keys and patterns ----------------------------------------------------------------- */

static const struct {
	const char *pattern, *name;
	bool at_boot, for_link, procps;
} matches[] = {
	{ "net/ipv4/conf/*/rp_filter", "eth0", true, true, true },
	{ "net/ipv4/conf/*/rp_filter", ".dot", false, true, false },
	{ "net/ipv4/conf/eth?/rp_filter", "eth0", true, true, true },
	{ "net/ipv4/conf/eth[!1]/rp_filter", "eth0", true, true, true },
	{ "net/ipv4/conf/{eth0,t*}/rp_filter", "eth0", true, false, false },
	{ "net/ipv4/conf/{a,{eth0,b}}/rp_*", "eth0", true, false, false },
	{ "net/ipv4/conf/*/{rp_filter,x}", "eth0", true, false, false },
	{ "net/ipv4/conf/*/rp_*", "eth0", true, true, true },
	{ "net/*/conf/eth0/rp_filter", "eth0", true, true, true },
	{ "net/ipv4/*/rp_filter", "eth0", false, false, false },
	{ "net/ipv4/conf/*", "eth0", false, false, false },
	{ "net/ipv4/conf/*/rp_filter/x", "eth0", false, false, false },
	{ "net/ipv4/conf/e[x]/rp_filter", "e[x]", false, true, false },
	{ "net/ipv4/conf/{eth0/rp_filter", "eth0", false, false, false },
};

START_TEST(patterns)
{
	for (size_t i = 0; i < ELEMENTS(matches); i++) {
		const char *pattern = matches[i].pattern, *name = matches[i].name;

		ck_assert_msg(boot_glob_matches(pattern, name, BOOT_RP_FILTER) ==
				      matches[i].at_boot,
			"row %zu: at boot", i);
		ck_assert_msg(boot_prefix_matches(pattern, name, BOOT_RP_FILTER) ==
				      matches[i].for_link,
			"row %zu: for a link", i);
		ck_assert_msg(boot_path_matches(pattern, name, BOOT_RP_FILTER) ==
				      matches[i].procps,
			"row %zu: procps", i);
	}
}
END_TEST

static const struct {
	const char *text;
	bool taken;
	int value;
} numbers[] = {
	{ "1", true, 1 },
	{ " 2", true, 2 },
	{ "0x2", true, 2 },
	{ "010", true, 8 },
	{ "1 # x", true, 1 },
	{ "1 2", true, 1 },
	{ "-1", true, -1 },
	{ "2147483647", true, 2147483647 },
	{ "-2147483648", true, -2147483647 - 1 },
	{ "2147483648", false, 0 },
	{ "", false, 0 },
	{ "abc", false, 0 },
	{ "1x", false, 0 },
	{ "+1", false, 0 },
	{ "08", false, 0 },
	{ "- 1", false, 0 },
};

START_TEST(values)
{
	for (size_t i = 0; i < ELEMENTS(numbers); i++) {
		int value = 0;

		ck_assert_msg(boot_number(numbers[i].text, &value) == numbers[i].taken,
			"row %zu", i);
		ck_assert_msg(!numbers[i].taken || value == numbers[i].value,
			"row %zu: %d", i, value);
	}
}
END_TEST

static const struct {
	const char *key, *normal;
} keys[] = {
	{ "net.ipv4.conf.eth0.rp_filter", "net/ipv4/conf/eth0/rp_filter" },
	{ "net/ipv4/conf/eth0.1/rp_filter", "net/ipv4/conf/eth0.1/rp_filter" },
	{ "net.ipv4.conf.eth0/1.rp_filter", "net/ipv4/conf/eth0.1/rp_filter" },
	{ "/net//ipv4/./conf/all/rp_filter/", "net/ipv4/conf/all/rp_filter" },
	{ ".net.ipv4", "net/ipv4" },
	{ "/", "" },
	{ "", "" },
};

START_TEST(normalising)
{
	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s", keys[i].key);
		sysctl_normalize(key);
		ck_assert_str_eq(key, keys[i].normal);
	}
}
END_TEST

/* --- lines --------------------------------------------------------------------------------- */

/* What text says, line by line: "LINE KEY=VALUE", "-" for a key alone, '!' for one to ignore. */
static char *append_lines(const char *text, size_t size, enum sysctl_dialect dialect)
{
	struct sysctl_lines lines = { 0 };
	struct sysctl_oddities oddities = { 0 };
	char *said;
	size_t said_size;
	FILE *out = open_memstream(&said, &said_size);

	ck_assert_int_eq(sysctl_text_parse(text, size, dialect, 7, &lines, &oddities), 0);
	array_each (&lines.list, const struct sysctl_line, line) {
		ck_assert_uint_eq(line->file, 7);
		fprintf(out, "%u%s %s=%s\n", line->line, line->ignore ? "!" : "",
			line->key, line->value ? line->value : "-");
	}
	if (oddities.not_assigned)
		fprintf(out, "odd %u\n", oddities.not_assigned);
	if (oddities.too_long)
		fprintf(out, "long %u\n", oddities.too_long);
	fclose(out);
	sysctl_lines_done(&lines);
	return said;
}

#define A "net/ipv4/conf/a/rp_filter"

static const struct {
	const char *text, *systemd, *procps;
} texts[] = {
	{ A "=1", "1 " A "=1\n", "1 " A "=1\n" },
	{ "\n# x\n; y\n \t" A " = 1 \n", "4 " A "=1\n", "4 " A "=1\n" },
	{ "-" A "=1", "1! " A "=1\n", "1! " A "=1\n" },
	{ "-" A, "1 " A "=-\n", "1 " A "=-\n" },
	{ "- " A "=1", "1! " A "=1\n", "" },
	{ A "=1=2", "1 " A "=1=2\n", "1 " A "=1=2\n" },
	{ A "=", "1 " A "=\n", "1 " A "=\n" },
	{ A, "odd 1\n", "odd 1\n" },
	{ A "=1\r" A "=2", "1 " A "=1\n1 " A "=2\n", "1 " A "=1\r" A "=2\n" },
	{ A "=1\r\n" A "=2\r\n", "1 " A "=1\n2 " A "=2\n", "1 " A "=1\n2 " A "=2\n" },
	{ "kernel.panic=1\nnet.ipv4.ip_forward=1\n", "", "" },
	{ "net/ipv4/conf/../rp_filter=1\nnet/ipv4/conf/*/../rp_filter=1", "", "" },
	{ "net.ipv4.conf.*.arp_ignore=1", "1 net/ipv4/conf/*/arp_ignore=1\n",
		"1 net/ipv4/conf/*/arp_ignore=1\n" },
};

START_TEST(lines)
{
	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		size_t size = strlen(texts[i].text);
		char *said = append_lines(texts[i].text, size, SYSCTL_SYSTEMD);

		ck_assert_msg(strcmp(said, texts[i].systemd) == 0, "row %zu, systemd: %s",
			i, said);
		free(said);
		said = append_lines(texts[i].text, size, SYSCTL_PROCPS);
		ck_assert_msg(strcmp(said, texts[i].procps) == 0, "row %zu, procps: %s",
			i, said);
		free(said);
	}
}
END_TEST

/* systemd gives a file up at a line of 1 MiB; what stands before it counts. */
START_TEST(long_line)
{
	size_t size = (2u << 20) + 64;
	char *text = malloc(size), *said;

	memset(text, 'x', size);
	memcpy(text, A "=1\n", strlen(A "=1\n"));
	memcpy(text + size - strlen("\n" A "=2"), "\n" A "=2", strlen("\n" A "=2"));
	said = append_lines(text, size, SYSCTL_SYSTEMD);
	ck_assert_str_eq(said, "1 " A "=1\nlong 2\n");
	free(said);
	free(text);
}
END_TEST

/* --- forecasts ------------------------------------------------------------------------- */

struct files {
	const char *path, *text;
};

static struct boot *boot_of(const struct files *files)
{
	struct boot *boot = boot_new();

	for (; files->path; files++) {
		int64_t file = boot_add_file(boot, files->path);
		size_t size = strlen(files->text);
		bool conf = strcmp(files->path, "/etc/sysctl.conf") == 0;

		ck_assert_int_ge(file, 0);
		if (!conf)
			ck_assert_int_eq(boot_add_sysctl(boot, SYSCTL_SYSTEMD,
						 (uint32_t)file, files->text, size),
				0);
		ck_assert_int_eq(boot_add_sysctl(boot, SYSCTL_PROCPS, (uint32_t)file,
					 files->text, size),
			0);
	}
	return boot;
}

#define K(name, value) "net.ipv4.conf." name ".rp_filter=" value "\n"

/* keeps: of a value of 2 in effect */
static const struct {
	const char *why;
	struct files files[4];
	bool set;
	int own, all, reloaded;
	const char *decider, *keeps;
} boots[] = {
	{ "nothing", { { NULL, NULL } }, false, 0, 0, 0, NULL,
		"lasts until the next boot" },
	{ "the last key wins",
		{ { "/etc/sysctl.d/10", K("t", "1") },
			{ "/etc/sysctl.d/20", K("t", "2") } },
		true, 2, 0, 2, "/etc/sysctl.d/20:1",
		"a boot keeps it (/etc/sysctl.d/20:1)" },
	{ "a key beats a later pattern",
		{ { "/etc/sysctl.d/10", K("t", "1") },
			{ "/etc/sysctl.d/20", K("*", "2") } },
		true, 1, 2, 2, "/etc/sysctl.d/20:1",
		"a boot keeps it (/etc/sysctl.d/20:1)" },
	{ "a pattern that says the same again stays where it was",
		{ { "/etc/sysctl.d/10", K("*", "1") },
			{ "/etc/sysctl.d/20", K("t*", "2") },
			{ "/etc/sysctl.d/30", K("*", "1") } },
		true, 2, 1, 1, "/etc/sysctl.d/20:1",
		"a boot keeps it (/etc/sysctl.d/20:1)" },
	{ "a key without a value leaves it out",
		{ { "/etc/sysctl.d/10",
			K("*", "1") "-net.ipv4.conf.t.rp_filter\n-net.ipv4.conf.all.rp_filter\n" } },
		false, 1, 0, 1, "/etc/sysctl.d/10:1",
		"/etc/sysctl.d/10:1 sets it to 1 again at boot" },
	{ "and takes back what was said before",
		{ { "/etc/sysctl.d/10", K("t", "1") },
			{ "/etc/sysctl.d/20", "-net.ipv4.conf.t.rp_filter\n" } },
		false, 0, 0, 1, NULL, "lasts until the next boot" },
	{ "default is inherited", { { "/etc/sysctl.d/10", K("default", "1") } }, false, 1,
		0, 1, "/etc/sysctl.d/10:1",
		"/etc/sysctl.d/10:1 sets it to 1 again at boot" },
	{ "all is greater", { { "/etc/sysctl.d/10", K("t", "0") K("all", "1") } }, true,
		0, 1, 1, "/etc/sysctl.d/10:2",
		"/etc/sysctl.d/10:2 sets it to 1 again at boot" },
	{ "sysctl.conf counts for a reload only",
		{ { "/etc/sysctl.d/10", K("t", "2") },
			{ "/etc/sysctl.conf", K("t", "1") } },
		true, 2, 0, 1, "/etc/sysctl.d/10:1",
		"a boot keeps it (/etc/sysctl.d/10:1)" },
	{ "what the kernel refuses",
		{ { "/etc/sysctl.d/10", K("default", "1") K("t", "abc") } }, false, 1, 0,
		1, "/etc/sysctl.d/10:1",
		"/etc/sysctl.d/10:1 sets it to 1 again at boot" },
};

START_TEST(forecasts)
{
	const struct forecast_iface iface = { .name = "t" };

	for (size_t i = 0; i < ELEMENTS(boots); i++) {
		struct boot *boot = boot_of(boots[i].files);
		struct replay_lines order = { 0 };
		struct forecast forecast = { 0 };
		const struct forecast_source *decider;
		char place[BOOT_PLACE], keeps[FORECAST_TEXT];

		ck_assert_int_eq(replay_lines_init(boot, &order), 0);
		ck_assert_int_eq(
			forecast_make(&order, &iface, BOOT_RP_FILTER, &forecast), 0);
		ck_assert_msg(forecast.own.set == boots[i].set, "%s: set", boots[i].why);
		ck_assert_msg(forecast.own.value == boots[i].own, "%s: own %d",
			boots[i].why, forecast.own.value);
		ck_assert_msg(forecast.all.value == boots[i].all, "%s: all %d",
			boots[i].why, forecast.all.value);
		ck_assert_msg(forecast_after_reload(&forecast) == boots[i].reloaded,
			"%s: reloaded %d", boots[i].why,
			forecast_after_reload(&forecast));
		ck_assert(!forecast.unsure);
		decider = forecast_decider(&forecast);
		if (decider)
			boot_place(
				boot, decider->file, decider->line, place, sizeof(place));
		ck_assert_pstr_eq(decider ? place : NULL, boots[i].decider);
		(void)forecast_keeps(boot, &forecast, 2, keeps);
		ck_assert_msg(strcmp(keeps, boots[i].keeps) == 0, "%s: %s", boots[i].why,
			keeps);
		forecast_done(&forecast);
		replay_lines_done(&order);
		boot_free(boot);
	}
}
END_TEST

/* A device that is there at boot has what braces say, one that comes later has not. */
START_TEST(unsure)
{
	const struct files files[] = { { "/etc/sysctl.d/10", K("{t,x*}", "1") },
		{ NULL, NULL } };
	const struct forecast_iface iface = { .name = "t" };
	struct boot *boot = boot_of(files);
	struct replay_lines order = { 0 };
	struct forecast forecast = { 0 };

	ck_assert_int_eq(replay_lines_init(boot, &order), 0);
	ck_assert_int_eq(forecast_make(&order, &iface, BOOT_RP_FILTER, &forecast), 0);
	ck_assert(forecast.unsure);
	forecast_done(&forecast);
	replay_lines_done(&order);
	boot_free(boot);
}
END_TEST

/* --- the other writers' files -------------------------------------------------------------- */

static const struct {
	const char *text, *name, *kind;
	enum network_match match;
	int value; /* of rp_filter; -1: none */
} networks[] = {
	{ "[Match]\nName=t\n[Network]\nIPv4ReversePathFilter=loose\n", "t", "",
		NETWORK_YES, 2 },
	{ "[Match]\nName=a t*\n[Network]\nIPv4ReversePathFilter=no\n", "tun", "",
		NETWORK_YES, 0 },
	{ "[Match]\nName=!a t*\n", "tun", "", NETWORK_NO, -1 },
	{ "[Match]\nName=!a b*\n", "tun", "", NETWORK_YES, -1 },
	{ "[Match]\nKind=veth\n", "t", "veth", NETWORK_YES, -1 },
	{ "[Match]\nKind=veth\n", "t", "", NETWORK_NO, -1 },
	{ "[Match]\nName=t\nType=ether\n", "t", "", NETWORK_MAYBE, -1 },
	{ "[Network]\nIPv4ReversePathFilter=loose\n", "t", "", NETWORK_NO, 2 },
	{ "[Match]\nName=a\nName=\nName=t\n", "a", "", NETWORK_NO, -1 },
	{ "[Match]\nName=t\n[Network]\nIPv4ReversePathFilter=strict\nIPv4ReversePathFilter=\n",
		"t", "", NETWORK_YES, -1 },
	{ "[Match]\nName=t\n[Network]\nIPv4ReversePathFilter=1\n", "t", "", NETWORK_YES,
		-1 },
	{ "[Match]\nName=a \\\n t\n[Network]\nIPv4ReversePathFilter=strict", "t", "",
		NETWORK_YES, 1 },
};

START_TEST(network_files)
{
	for (size_t i = 0; i < ELEMENTS(networks); i++) {
		struct boot_network network = { 0 };
		const struct boot_network_value *value = &network.of[BOOT_RP_FILTER];

		ck_assert_int_eq(network_take(&network, 3, networks[i].text,
					 strlen(networks[i].text)),
			0);
		ck_assert_msg(network_matches(&network, networks[i].name,
				      networks[i].kind) == networks[i].match,
			"row %zu: match", i);
		ck_assert_msg((value->set ? value->value : -1) == networks[i].value,
			"row %zu: value", i);
		ck_assert(!value->set || value->file == 3);
		network_done(&network);
	}
}
END_TEST

static int append_command(const struct script_line *line, void *data)
{
	fprintf(data, "%u %s %s %d\n", line->line, line->name, boot_key_name(line->key),
		line->has_value ? line->value : -1);
	return 0;
}

static const struct {
	const char *text, *said;
} scripts[] = {
	{ "sysctl -w net.ipv4.conf.t.rp_filter=2", "1 t rp_filter 2\n" },
	{ "sysctl -w \"net.ipv4.conf.$IFACE.rp_filter = 0\"", "1 $IFACE rp_filter 0\n" },
	{ "x\necho 1 > /proc/sys/net/ipv4/conf/all/src_valid_mark",
		"2 all src_valid_mark 1\n" },
	{ "echo 0 >/proc/sys/net/ipv4/conf/a/rp_filter; echo 1 >/proc/sys/net/ipv4/conf/b/rp_filter",
		"1 a rp_filter 0\n1 b rp_filter 1\n" },
	{ "# sysctl -w net.ipv4.conf.t.rp_filter=2", "" },
	{ "sysctl -w net.ipv4.conf.t.forwarding=1 net.ipv6.conf.t.rp_filter=1", "" },
	{ "RUN+=\"/sbin/sysctl -q net/ipv4/conf/$name/rp_filter=$x\"",
		"1 $name rp_filter -1\n" },
	{ "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do", "1 * rp_filter -1\n" },
};

START_TEST(script_lines)
{
	for (size_t i = 0; i < ELEMENTS(scripts); i++) {
		char *said;
		size_t size;
		FILE *out = open_memstream(&said, &size);

		ck_assert_int_eq(script_read(scripts[i].text, strlen(scripts[i].text),
					 append_command, out),
			0);
		fclose(out);
		ck_assert_msg(strcmp(said, scripts[i].said) == 0, "row %zu: %s", i, said);
		free(said);
	}
}
END_TEST

START_TEST(interfaces_file)
{
	static const char text[] =
		"# x\nauto lo eth0\nallow-hotplug vip*\nsource interfaces.d/*\n"
		"iface eth0 inet dhcp\n"
		"\tup sysctl -w \\\n\t\tnet.ipv4.conf.$IFACE.rp_filter=2\n"
		"\tdown sysctl -w net.ipv4.conf.$IFACE.rp_filter=1\n"
		"\tmtu 1500\n"
		"iface eth1 inet manual\n  post-up echo 0 > /proc/sys/net/ipv4/conf/eth1/rp_filter\n";
	struct interfaces interfaces = { 0 };
	const struct interfaces_command *commands;

	ck_assert_int_eq(interfaces_take(&interfaces, 5, text, strlen(text)), 0);
	ck_assert_uint_eq(interfaces.commands.count, 3);
	commands = interfaces.commands.items;
	ck_assert_str_eq(commands[0].iface, "eth0");
	ck_assert_uint_eq(commands[0].line.line, 6);
	ck_assert_int_eq(commands[0].line.value, 2);
	ck_assert(commands[0].up && !commands[1].up && commands[2].up);
	ck_assert_uint_eq(commands[1].line.line, 8);
	ck_assert_str_eq(commands[2].iface, "eth1");
	ck_assert_int_eq(commands[2].line.value, 0);
	ck_assert(interfaces_is_automatic(&interfaces, "eth0"));
	ck_assert(interfaces_is_automatic(&interfaces, "vip-1"));
	ck_assert(!interfaces_is_automatic(&interfaces, "eth1"));
	ck_assert_uint_eq(interfaces.sources.count, 1);
	interfaces_done(&interfaces);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		patterns,
		values,
		normalising,
		lines,
		long_line,
		forecasts,
		unsure,
		network_files,
		script_lines,
		interfaces_file,
	};

	return fixture_run("boot", tests, ELEMENTS(tests));
}
