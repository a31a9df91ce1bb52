/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config/config.h"

#include "base/time.h"
#include "daemon/config/config_text.h"
#include "net/flow.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <libconfig.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The file becomes one text (config_text), libconfig makes a tree of that, and tables of
 * settings make the structure out of the tree: nothing of it counts before all of it is right.
 */

#define ALLOWED_TEXT 80

struct load {
	struct config_text text;
	config_t tree;
};

static void write_path(FILE *out, const config_setting_t *setting)
{
	const config_setting_t *parent = config_setting_parent(setting);

	if (!parent)
		return;
	write_path(out, parent);
	if (!config_setting_is_root(parent))
		fputc('.', out);
	if (config_setting_name(setting))
		fprintf(out, "%.64s", config_setting_name(setting));
	else
		fprintf(out, "[%d]", config_setting_index(setting));
}

/* Like config_text_refuse(), of a setting in the tree. */
static _printf_(3, 4) int wrong(
	struct load *l, const config_setting_t *setting, const char *format, ...)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(freep) char *what = NULL;
	size_t size;
	FILE *out = open_memstream(&path, &size);
	va_list arguments;
	int r;

	if (!out)
		return -ENOMEM;
	write_path(out, setting);
	if (fclose(out) != 0)
		return -ENOMEM;

	va_start(arguments, format);
	r = vasprintf(&what, format, arguments);
	va_end(arguments);
	if (r < 0) {
		what = NULL;
		return -ENOMEM;
	}
	return config_text_refuse(&l->text,
		config_text_locate(&l->text, config_setting_source_line(setting)), path,
		"%s", what);
}

/* Parse */

/* Gives the strings of lists the lines on which they begin. */
static void place_strings(struct load *l, config_setting_t *setting, size_t *index)
{
	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		if (!config_setting_name(setting) && *index < l->text.strings.count)
			setting->line = l->text.strings.items[*index];
		(*index)++;
	}
	if (config_setting_is_aggregate(setting))
		for (int i = 0; i < config_setting_length(setting); i++)
			place_strings(l,
				config_setting_get_elem(setting, (unsigned int)i), index);
}

static int parse(struct load *l)
{
	size_t index = 0;
	unsigned int line;
	const char *text;

	if (config_read_string(&l->tree, l->text.text)) {
		place_strings(l, config_root_setting(&l->tree), &index);
		return 0;
	}
	text = config_error_text(&l->tree);
	line = (unsigned int)config_error_line(&l->tree);
	if (line > l->text.last_line) /* "unexpected end" is where the last word stands */
		line = l->text.last_line;
	return config_text_refuse(&l->text, config_text_locate(&l->text, line), NULL,
		"%s; allowed is %s", text ? text : "syntax error",
		text && strstr(text, "mismatched") ? "one type of value in an array"
						   : "NAME = VALUE; with text in \"\"");
}

/* Apply */

struct row {
	const char *name;
	int (*apply)(
		struct load *, const config_setting_t *, const struct row *, void *base);
	size_t offset, size; /* of the member in base */
	size_t has;	     /* offset of the bool that says it was set; 0: none */
	long long min, max;
	uint64_t scale;
	const char *const *words; /* in the order of the enum */
	const char *allowed;
	const struct row *members;
	bool hidden; /* for tests: nobody is told that it may be set */
};

#define MEMBER(type, member)                                                             \
	.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

static const char *allowed(const struct row *row, char out[static ALLOWED_TEXT])
{
	if (row->allowed)
		return row->allowed;
	snprintf(out, ALLOWED_TEXT, "a whole number from %lld to %lld", row->min,
		row->max);
	return out;
}

static int wrong_type(
	struct load *l, const config_setting_t *setting, const struct row *row)
{
	static const char *const names[] = { "nothing", "a group", "a number", "a number",
		"a fraction", "a string", "true or false", "an array", "a list" };
	char text[ALLOWED_TEXT];
	int type = config_setting_type(setting);

	return wrong(l, setting, "is %s; allowed is %s",
		type >= 0 && (size_t)type < ELEMENTS(names) ? names[type] : "unknown",
		allowed(row, text));
}

static int store(const struct row *row, void *base, uint64_t value)
{
	void *at = (char *)base + row->offset;

	if (row->size == sizeof(uint64_t))
		*(uint64_t *)at = value;
	else if (row->size == sizeof(uint32_t))
		*(uint32_t *)at = (uint32_t)value;
	else if (row->size == sizeof(uint16_t))
		*(uint16_t *)at = (uint16_t)value;
	else
		*(uint8_t *)at = (uint8_t)value;
	return 0;
}

static int apply_number(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	char text[ALLOWED_TEXT];
	long long value;

	if (config_setting_type(setting) != CONFIG_TYPE_INT &&
		config_setting_type(setting) != CONFIG_TYPE_INT64)
		return wrong_type(l, setting, row);
	/* None that libconfig would have wrapped: config_text let none through. */
	value = config_setting_get_int64(setting);
	if (value < row->min || value > row->max)
		return wrong(l, setting, "%lld is out of range; allowed is %s", value,
			allowed(row, text));
	return store(row, base, (uint64_t)value * (row->scale ? row->scale : 1));
}

static int apply_bool(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return wrong_type(l, setting, row);
	return store(row, base, config_setting_get_bool(setting) != 0);
}

/* libconfig may give NULL for "". */
static const char *string_of(const config_setting_t *setting)
{
	const char *text = config_setting_get_string(setting);

	return text ? text : "";
}

static int apply_word(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	char quoted[CONFIG_QUOTE_TEXT];

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return wrong_type(l, setting, row);
	for (uint64_t i = 0; row->words[i]; i++)
		if (strcmp(row->words[i], string_of(setting)) == 0)
			return store(row, base, i);
	return wrong(l, setting, "%s is unknown; allowed is %s",
		config_text_quote(string_of(setting), quoted), row->allowed);
}

/* max: the longest, 0 for any */
static int apply_text(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	char **at = (char **)((char *)base + row->offset);
	const char *text = string_of(setting);
	char quoted[CONFIG_QUOTE_TEXT];

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return wrong_type(l, setting, row);
	if (!*text || (row->max && strlen(text) > (size_t)row->max))
		return wrong(l, setting, "%s is too %s; allowed is %s",
			config_text_quote(text, quoted), *text ? "long" : "short",
			row->allowed);
	*at = strdup(text);
	return *at ? 0 : -ENOMEM;
}

/* The prefix that text would be without its host bits. */
static bool without_host_bits(const char *text, struct prefix4 *ret)
{
	const char *slash = strchr(text, '/');
	char address[IP4_TEXT], any[PREFIX4_TEXT];
	struct prefix4 length;
	struct ip4 addr;

	if (!slash || (size_t)(slash - text) >= sizeof(address) || strlen(slash) > 3)
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	snprintf(any, sizeof(any), "0.0.0.0%s", slash);
	if (ip4_parse(address, &addr) < 0 || prefix4_parse(any, &length) < 0)
		return false;
	*ret = prefix4(addr, length.len);
	return true;
}

static int read_prefix(struct load *l, const config_setting_t *setting,
	const struct row *row, struct prefix4 *ret)
{
	char quoted[CONFIG_QUOTE_TEXT], text[PREFIX4_TEXT];
	struct prefix4 masked;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return wrong_type(l, setting, row);
	if (prefix4_parse(string_of(setting), ret) == 0)
		return 0;
	config_text_quote(string_of(setting), quoted);
	if (without_host_bits(string_of(setting), &masked))
		return wrong(l, setting, "%s has host bits set; allowed is \"%s\"",
			quoted, prefix4_format(masked, text));
	return wrong(l, setting, "%s is not an IPv4 prefix; allowed is %s", quoted,
		"ADDRESS/LENGTH such as \"192.0.2.0/24\", or \"192.0.2.1\"");
}

static int apply_prefix(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	return read_prefix(
		l, setting, row, (struct prefix4 *)((char *)base + row->offset));
}

static int apply_expect(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	struct config_interface *interface = base;
	struct prefix4 prefix;
	int r = 0;

	if (config_setting_type(setting) != CONFIG_TYPE_ARRAY &&
		config_setting_type(setting) != CONFIG_TYPE_LIST)
		return wrong_type(l, setting, row);
	for (int i = 0; r == 0 && i < config_setting_length(setting); i++) {
		r = read_prefix(l, config_setting_get_elem(setting, (unsigned int)i), row,
			&prefix);
		if (r == 0)
			r = array_push(&interface->expect, &prefix);
	}
	return r;
}

static int apply_address(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	char quoted[CONFIG_QUOTE_TEXT];

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return wrong_type(l, setting, row);
	if (ip4_parse(string_of(setting), (struct ip4 *)((char *)base + row->offset)) ==
		0)
		return 0;
	return wrong(l, setting, "%s is not an IPv4 address; allowed is %s",
		config_text_quote(string_of(setting), quoted), row->allowed);
}

/* 32 bits, decimal or 0x; the end in *text. strtoul takes signs and blanks: not here. */
static bool read_u32(const char **text, uint32_t *ret)
{
	const char *p = *text;
	unsigned long long value;
	char *end;
	bool hex;

	if (!isdigit((unsigned char)*p))
		return false;
	errno = 0;
	hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
	      isxdigit((unsigned char)p[2]);
	value = strtoull(p, &end, hex ? 16 : 10);
	if (errno || value > UINT32_MAX)
		return false;
	*text = end;
	*ret = (uint32_t)value;
	return true;
}

static int apply_mark(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	struct config_flow *flow = base;
	const char *text = string_of(setting);
	uint32_t mark, mask = UINT32_MAX;
	char quoted[CONFIG_QUOTE_TEXT];
	bool good;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return wrong_type(l, setting, row);
	good = read_u32(&text, &mark);
	if (good && *text == '/') {
		text++;
		good = read_u32(&text, &mask);
	}
	config_text_quote(string_of(setting), quoted);
	if (!good || *text)
		return wrong(l, setting, "%s is not a mark; allowed is %s", quoted,
			row->allowed);
	if (mark & ~mask)
		return wrong(l, setting,
			"%s has bits outside its mask and matches no packet; allowed is \"0x%x/0x%x\"",
			quoted, mark & mask, mask);
	flow->mark = mark;
	flow->mask = mask;
	return 0;
}

static int unknown(
	struct load *l, const config_setting_t *setting, const struct row *rows)
{
	_cleanup_(freep) char *names = NULL;
	size_t size;
	FILE *out = open_memstream(&names, &size);

	if (!out)
		return -ENOMEM;
	for (const struct row *row = rows; row->name; row++)
		if (!row->hidden)
			fprintf(out, "%s%s", row == rows ? "" : ", ", row->name);
	if (fclose(out) != 0)
		return -ENOMEM;
	return wrong(l, setting, "is not a setting; allowed is %s", names);
}

static const struct row *row_find(const struct row *rows, const char *name)
{
	for (const struct row *row = rows; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static int apply_members(
	struct load *l, const config_setting_t *group, const struct row *rows, void *base)
{
	int r = 0;

	for (int i = 0; r == 0 && i < config_setting_length(group); i++) {
		const config_setting_t *setting =
			config_setting_get_elem(group, (unsigned int)i);
		const struct row *row = row_find(rows, config_setting_name(setting));

		if (!row)
			return unknown(l, setting, rows);
		r = row->apply(l, setting, row, base);
		if (r == 0 && row->has)
			*(bool *)((char *)base + row->has) = true;
	}
	return r;
}

static int apply_group(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
		return wrong_type(l, setting, row);
	return apply_members(l, setting, row->members, base);
}

/* Calls add for each item of a list, which has to be a group. */
static int apply_list(struct load *l, const config_setting_t *setting,
	const struct row *row, struct config *config,
	int (*add)(struct load *, const config_setting_t *, const struct row *,
		struct config *))
{
	int r = 0;

	if (config_setting_type(setting) != CONFIG_TYPE_LIST)
		return wrong_type(l, setting, row);
	for (int i = 0; r == 0 && i < config_setting_length(setting); i++) {
		const config_setting_t *item =
			config_setting_get_elem(setting, (unsigned int)i);

		if (config_setting_type(item) != CONFIG_TYPE_GROUP)
			return wrong_type(l, item, row);
		r = add(l, item, row, config);
	}
	return r;
}

static void interface_done(struct config_interface *interface)
{
	free(interface->match);
	free(interface->kind);
	array_done(&interface->expect);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int check_interface(struct load *l, const config_setting_t *item,
	const struct config_interface *interface, const struct config *config)
{
	if (!interface->match && !interface->kind)
		return wrong(l, item,
			"has neither match nor kind; allowed is match, kind or both");
	array_each (&config->interfaces, const struct config_interface, other)
		if (same_text(other->match, interface->match) &&
			same_text(other->kind, interface->kind))
			return wrong(l, item,
				"repeats the match and kind of interfaces.[%td], which applies; allowed is one entry",
				other - config->interfaces.items);
	return 0;
}

static int add_interface(struct load *l, const config_setting_t *item,
	const struct row *row, struct config *config)
{
	struct config_interface interface = { 0 };
	int r;

	r = apply_members(l, item, row->members, &interface);
	if (r == 0)
		r = check_interface(l, item, &interface, config);
	if (r == 0)
		r = array_push(&config->interfaces, &interface);
	if (r < 0)
		interface_done(&interface);
	return r;
}

static int apply_interfaces(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	return apply_list(l, setting, row, base, add_interface);
}

static int add_flow(struct load *l, const config_setting_t *item, const struct row *row,
	struct config *config)
{
	struct config_flow flow = { .ipproto = FLOW_UDP };
	int r;

	r = apply_members(l, item, row->members, &flow);
	if (r == 0 && !flow.iif)
		r = wrong(l, item, "has no iif; allowed is %s", row->allowed);
	if (r == 0 && !config_setting_get_member(item, "from"))
		r = wrong(l, item, "has no from; allowed is %s", row->allowed);
	if (r == 0)
		r = array_push(&config->flows, &flow);
	if (r < 0)
		free(flow.iif);
	return r;
}

static int apply_flows(struct load *l, const config_setting_t *setting,
	const struct row *row, void *base)
{
	return apply_list(l, setting, row, base, add_flow);
}

/* The settings */

#define DAY_MSEC 86400000

static const char *const mode_words[] = { "monitor", "dry-run", "correct", NULL };
static const char *const lowest_words[] = { "off", "loose", NULL };
static const char *const restore_words[] = { "when-safe", "on-stop", "never", NULL };

#define NUMBER(type, member, least, most)                                                \
	.apply = apply_number, MEMBER(type, member), .min = (least), .max = (most)
#define MSEC(type, member, least, most)                                                  \
	NUMBER(type, member, least, most), .scale = USEC_PER_MSEC
#define MODE                                                                             \
	.apply = apply_word, .words = mode_words,                                        \
	.allowed = "\"monitor\", \"dry-run\" or \"correct\""

static const struct row interface_rows[] = {
	{ "match", .apply = apply_text, MEMBER(struct config_interface, match),
		.allowed = "a glob such as \"tunl*\"" },
	{ "kind", .apply = apply_text, MEMBER(struct config_interface, kind),
		.allowed = "a kind of link such as \"ipip\", or \"device\"" },
	{ "expect", .apply = apply_expect,
		.has = offsetof(struct config_interface, has_expect),
		.allowed = "prefixes in brackets such as [ \"0.0.0.0/0\" ]" },
	{ "mode", MODE, MEMBER(struct config_interface, mode),
		.has = offsetof(struct config_interface, has_mode) },
	{ "one_way", .apply = apply_bool, MEMBER(struct config_interface, one_way),
		.allowed = "true or false" },
	{ .name = NULL },
};

static const struct row flow_rows[] = {
	{ "iif", .apply = apply_text, MEMBER(struct config_flow, iif),
		.max = IF_NAMESIZE - 1,
		.allowed = "the name of an interface, up to 15 bytes" },
	{ "from", .apply = apply_prefix, MEMBER(struct config_flow, from),
		.allowed = "a prefix such as \"192.0.2.0/24\"" },
	{ "to", .apply = apply_address, MEMBER(struct config_flow, to),
		.has = offsetof(struct config_flow, has_to),
		.allowed = "an address such as \"192.0.2.1\"" },
	{ "mark", .apply = apply_mark,
		.allowed = "a string such as \"1\" or \"0x1/0xff\", of 32 bits" },
	{ "tos", NUMBER(struct config_flow, tos, 0, 255) },
	{ "ipproto", NUMBER(struct config_flow, ipproto, 1, 255) },
	{ "sport", NUMBER(struct config_flow, sport, 0, 65535) },
	{ "dport", NUMBER(struct config_flow, dport, 0, 65535) },
	{ .name = NULL },
};

static const struct row correct_rows[] = {
	{ "lowest", .apply = apply_word, MEMBER(struct config, correct.lowest_loose),
		.words = lowest_words, .allowed = "\"off\" or \"loose\"" },
	{ "allow_all", .apply = apply_bool, MEMBER(struct config, correct.allow_all),
		.allowed = "true or false" },
	{ "address_wait", MSEC(struct config, correct.address_wait_usec, 0, 600000) },
	{ "settle", MSEC(struct config, correct.settle_usec, 0, 600000) },
	{ "fight", NUMBER(struct config, correct.fight, 1, 1000) },
	{ "fight_window", MSEC(struct config, correct.fight_window_usec, 1, DAY_MSEC) },
	{ "pause", MSEC(struct config, correct.pause_usec, 1, 3600000) },
	{ "per_minute", NUMBER(struct config, correct.per_minute, 1, 6000) },
	{ "restore", .apply = apply_word, MEMBER(struct config, correct.restore),
		.words = restore_words,
		.allowed = "\"when-safe\", \"on-stop\" or \"never\"" },
	{ "route_wait", MSEC(struct config, correct.route_wait_usec, 0, 3600000) },
	{ "restore_after", MSEC(struct config, correct.restore_after_usec, 0, DAY_MSEC) },
	{ .name = NULL },
};

static const struct row log_rows[] = {
	{ "repeat", NUMBER(struct config, log.repeat_usec, 1, 31 * 86400),
		.scale = USEC_PER_SEC },
	{ "hold_down", MSEC(struct config, log.hold_down_usec, 0, 600000) },
	{ "drops", MSEC(struct config, log.drops_usec, 1000, 86400000) },
	{ .name = NULL },
};

static const struct row selfcheck_rows[] = {
	{ "per_minute", NUMBER(struct config, selfcheck.per_minute, 1, 6000) },
	{ "period", MSEC(struct config, selfcheck.period_usec, 100, 55000),
		.hidden = true },
	{ .name = NULL },
};

#define GROUP(rows)                                                                      \
	.apply = apply_group, .members = (rows), .allowed = "a group, { NAME = VALUE; }"

static const struct row config_rows[] = {
	{ "mode", MODE, MEMBER(struct config, mode) },
	{ "interfaces", .apply = apply_interfaces, .members = interface_rows,
		.allowed = "a list of groups, ( { match = GLOB; } )" },
	{ "flows", .apply = apply_flows, .members = flow_rows,
		.allowed = "a list of groups, ( { iif = NAME; from = PREFIX; } )" },
	{ "correct", GROUP(correct_rows) },
	{ "log", GROUP(log_rows) },
	{ "selfcheck", GROUP(selfcheck_rows) },
	{ .name = NULL },
};

static const struct config defaults = {
	.mode = CONFIG_MONITOR,
	.correct = {
		.address_wait_usec = 1000 * USEC_PER_MSEC,
		.settle_usec = 2000 * USEC_PER_MSEC,
		.fight = 5,
		.fight_window_usec = 600000 * USEC_PER_MSEC,
		.pause_usec = 60000 * USEC_PER_MSEC,
		.per_minute = 30,
		.restore = RESTORE_WHEN_SAFE,
		.restore_after_usec = 60000 * USEC_PER_MSEC,
		.route_wait_usec = 30000 * USEC_PER_MSEC,
	},
	.log = {
		.repeat_usec = USEC_PER_HOUR,
		.hold_down_usec = 1000 * USEC_PER_MSEC,
		.drops_usec = 60000 * USEC_PER_MSEC,
	},
	.selfcheck = { .per_minute = 10, .period_usec = 55000 * USEC_PER_MSEC },
};

/* The whole */

static int load_file(
	struct load *l, const char *path, bool must_exist, struct config *config)
{
	int r;

	r = config_text_read(&l->text, path);
	if (r == -ENOENT && !must_exist && l->text.files.count == 1)
		return 0;
	if (r == 0)
		r = parse(l);
	if (r == 0)
		r = apply_members(l, config_root_setting(&l->tree), config_rows, config);
	return r;
}

int config_parse(const char *path, bool must_exist, struct config **ret, char **ret_error)
{
	_cleanup_(config_freep) struct config *config = malloc(sizeof(*config));
	struct load l = { 0 };
	int r;

	*ret_error = NULL;
	if (!config)
		return -ENOMEM;
	*config = defaults;
	config_init(&l.tree);
	r = load_file(&l, path, must_exist, config);
	if (r < 0)
		*ret_error = take_ptr(l.text.error);
	else
		*ret = take_ptr(config);
	config_destroy(&l.tree);
	config_text_done(&l.text);
	return r;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	array_each (&config->interfaces, struct config_interface, interface)
		interface_done(interface);
	array_each (&config->flows, struct config_flow, flow)
		free(flow->iif);
	array_done(&config->interfaces);
	array_done(&config->flows);
	free(config);
}

const struct config_interface *config_interface_for(
	const struct config *config, const char *name, const char *kind)
{
	array_each (&config->interfaces, const struct config_interface, interface) {
		if (interface->match && fnmatch(interface->match, name, 0) != 0)
			continue;
		if (interface->kind &&
			strcmp(interface->kind, kind ? kind : "device") != 0)
			continue;
		return interface;
	}
	return NULL;
}

enum config_mode config_mode_most(const struct config *config)
{
	enum config_mode most = config->mode;

	array_each (&config->interfaces, const struct config_interface, interface)
		if (interface->has_mode && interface->mode > most)
			most = interface->mode;
	return most;
}

/*
 * libconfig 1.5 leaks the string at which it finds a syntax error (grammar.y has no
 * %destructor): some bytes for each bad reload. Leak checkers needn't stop at that.
 */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WITH_LEAK_CHECK
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(WITH_LEAK_CHECK)
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}
#endif
