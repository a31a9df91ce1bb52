/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include "base/cleanup.h"
#include "net/kernel_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verbs[] = {
	[HOST_ADD] = "add",
	[HOST_APPEND] = "append",
	[HOST_PREPEND] = "prepend",
	[HOST_REPLACE] = "replace",
	[HOST_CHANGE] = "change",
	[HOST_SET] = "set",
	[HOST_DEL] = "del",
	[HOST_FLUSH] = "flush",
};

/* What an object can be told, as bits of enum host_verb */
#define BIT(verb) (1u << (verb))
#define LINK_VERBS (BIT(HOST_ADD) | BIT(HOST_SET) | BIT(HOST_DEL))
#define ADDRESS_VERBS (BIT(HOST_ADD) | BIT(HOST_DEL) | BIT(HOST_FLUSH))
#define ROUTE_VERBS                                                                      \
	(BIT(HOST_ADD) | BIT(HOST_APPEND) | BIT(HOST_PREPEND) | BIT(HOST_REPLACE) |      \
		BIT(HOST_CHANGE) | BIT(HOST_DEL) | BIT(HOST_FLUSH))
#define RULE_VERBS (BIT(HOST_ADD) | BIT(HOST_DEL) | BIT(HOST_FLUSH))
#define NEXTHOP_VERBS (BIT(HOST_ADD) | BIT(HOST_REPLACE) | BIT(HOST_DEL))

static enum host_verb verb_of(struct words *words, unsigned int allowed)
{
	const char *word = words_next(words);

	for (unsigned int i = 0; i < ELEMENTS(verbs); i++) {
		if (allowed & BIT(i) && strcmp(verbs[i], word) == 0)
			return (enum host_verb)i;
	}
	words_refuse(words, word, "can't be done to it");
	return HOST_ADD;
}

static bool on_or_off(struct words *words)
{
	if (words_take(words, "on"))
		return true;
	if (!words_take(words, "off"))
		words_refuse(words, words_next(words), "is neither on nor off");
	return false;
}

/* --- links ------------------------------------------------------------------------------------ */

/* The words of a kind that take a value which bears on nothing here */
static bool take_option(struct words *words)
{
	static const char *const options[] = { "id", "dstport", "mode", "if_id", "local",
		"ttl", "key" };

	for (size_t i = 0; i < ELEMENTS(options); i++) {
		if (words_take(words, options[i])) {
			(void)words_next(words);
			return true;
		}
	}
	return false;
}

static void parse_peer(struct words *words, struct host_link *link)
{
	while (words_left(words)) {
		if (words_take(words, "name"))
			words_name(words, link->peer);
		else if (words_take(words, "index"))
			(void)words_number(words);
		else
			words_refuse(words, words_next(words), "is unknown of a peer");
	}
}

static bool parse_kind(struct words *words, struct host_link *link)
{
	if (words_take(words, "type"))
		words_name(words, link->kind);
	else if (words_take(words, "peer"))
		parse_peer(words, link);
	else if (words_take(words, "link"))
		words_name(words, link->lower);
	else if (words_take(words, "remote"))
		link->remote = words_address(words).host != 0;
	else if (words_take(words, "external"))
		link->external = true;
	else if (words_take(words, "table"))
		link->vrf_table = words_table(words);
	else
		return take_option(words);
	return true;
}

/* What `add` and `set` share */
static bool parse_link_word(struct words *words, struct host_link *link)
{
	if (words_take(words, "up"))
		link->up = true;
	else if (words_take(words, "down"))
		link->down = true;
	else if (words_take(words, "master"))
		words_name(words, link->master);
	else if (words_take(words, "mtu"))
		link->mtu = (uint32_t)words_number(words);
	else if (words_take(words, "group"))
		link->group = (uint32_t)words_number(words), link->has_group = true;
	else
		return false;
	return true;
}

/* Words that bear on nothing here */
static bool parse_other(struct words *words)
{
	static const char *const others[] = { "txqueuelen", "alias", "promisc",
		"multicast", "arp", "address" };

	for (size_t i = 0; i < ELEMENTS(others); i++) {
		if (words_take(words, others[i])) {
			(void)words_next(words);
			return true;
		}
	}
	return false;
}

static bool parse_set(struct words *words, struct host_link *link)
{
	if (words_take(words, "nomaster"))
		link->nomaster = true;
	else if (words_take(words, "name"))
		words_name(words, link->new_name);
	else if (words_take(words, "netns"))
		words_name(words, link->netns);
	else if (words_take(words, "carrier"))
		*(on_or_off(words) ? &link->carrier_on : &link->carrier_off) = true;
	else
		return parse_other(words);
	return true;
}

/* What only a message can say */
static bool parse_model_link(struct words *words, struct host_link *link)
{
	if (words_take(words, "noinet"))
		link->noinet = true;
	else if (words_take(words, "nocarrier"))
		link->nocarrier = true;
	else if (words_take(words, "loopback"))
		link->loopback = true;
	else
		return false;
	return true;
}

static void parse_link(struct words *words, struct host_line *line)
{
	struct host_link *link = &line->link;
	bool adds;

	words->about = "ip link";
	line->object = HOST_LINK;
	line->verb = verb_of(words, LINK_VERBS);
	adds = line->verb == HOST_ADD;
	(void)words_take(words, "dev");
	words_name(words, link->name);
	while (words_left(words)) {
		if (line->verb != HOST_DEL && parse_link_word(words, link))
			continue;
		if ((adds || line->model) && words_take(words, "index")) {
			link->index = (int)words_number(words);
			continue;
		}
		if (line->verb == HOST_SET ? parse_set(words, link)
					   : adds && parse_kind(words, link))
			continue;
		if (!line->model || !parse_model_link(words, link))
			words_refuse(words, words_next(words), "is unknown");
	}
	if (adds && !link->kind[0] && !line->model)
		words_refuse(words, NULL, "a new link needs its type");
}

/* ip tuntap add dev NAME mode tun */
static void parse_tuntap(struct words *words, struct host_line *line)
{
	words->about = "ip tuntap";
	line->object = HOST_LINK;
	line->verb = verb_of(words, BIT(HOST_ADD));
	if (!words_take(words, "dev") && words_left(words))
		words_refuse(words, words_next(words), "is not dev");
	words_name(words, line->link.name);
	if (!words_take(words, "mode") || !words_take(words, "tun"))
		words_refuse(words, NULL, "the only mode is tun");
	strcpy(line->link.kind, "tun");
}

/* --- addresses -------------------------------------------------------------------------------- */

static uint8_t parse_scope(struct words *words)
{
	static const char *const names[] = {
		[0] = "global", [253] = "link", [254] = "host", [255] = "nowhere"
	};

	return (uint8_t)words_named(words, names, ELEMENTS(names), "is no scope");
}

/* A.B.C.D[/LEN], in which bits behind LEN may be set */
static struct ip4 parse_host(struct words *words, uint8_t *ret_len)
{
	const char *word = words_next(words), *slash = strchr(word, '/');
	size_t length = slash ? (size_t)(slash - word) : strlen(word);
	unsigned long len = 32;
	char text[IP4_TEXT], *end = text;
	struct ip4 addr = ip4(0);

	if (slash)
		len = strtoul(slash + 1, &end, 10);
	if (length < sizeof(text)) {
		memcpy(text, word, length);
		text[length] = '\0';
	}
	if (length >= sizeof(text) || ip4_parse(text, &addr) < 0 || len > 32 ||
		(slash && (end == slash + 1 || *end)))
		words_refuse(words, word, "is no IPv4 address");
	*ret_len = (uint8_t)len;
	return addr;
}

static bool parse_address_word(
	struct words *words, struct host_address *address, bool model)
{
	struct addr_record *addr = &address->addr;

	if (words_take(words, "dev"))
		words_name(words, address->dev);
	else if (words_take(words, "peer"))
		addr->peer = parse_host(words, &addr->len);
	else if (words_take_either(words, "brd", "broadcast"))
		if (words_take(words, "+"))
			address->broadcast_auto = true;
		else
			addr->broadcast = words_address(words);
	else if (words_take(words, "scope"))
		addr->scope = parse_scope(words);
	else if (words_take(words, "noprefixroute"))
		address->noprefixroute = true;
	else if (model && words_take(words, "secondary"))
		addr->secondary = true;
	else if (words_take(words, "autojoin"))
		address->autojoin = true;
	else
		return false;
	return true;
}

static void parse_address(struct words *words, struct host_line *line)
{
	struct host_address *address = &line->address;

	words->about = "ip address";
	line->object = HOST_ADDRESS;
	line->verb = verb_of(words, ADDRESS_VERBS);
	if (line->verb != HOST_FLUSH) {
		address->addr.local = parse_host(words, &address->addr.len);
		address->addr.peer = address->addr.local;
	}
	while (words_left(words)) {
		if (!parse_address_word(words, address, line->model))
			words_refuse(words, words_next(words), "is unknown");
	}
	if (!address->dev[0])
		words_refuse(words, NULL, "the device is missing");
}

/* --- neighbours ------------------------------------------------------------------------------- */

static void parse_neighbour(struct words *words, struct host_line *line)
{
	static const char *const parts[] = { "lladdr", "dev", "nud" };

	words->about = "ip neighbour";
	line->object = HOST_NEIGHBOUR;
	line->verb = verb_of(words, BIT(HOST_ADD));
	(void)words_address(words);
	while (words_left(words)) {
		bool known = false;

		for (size_t i = 0; !known && i < ELEMENTS(parts); i++)
			known = words_take(words, parts[i]);
		if (known)
			(void)words_next(words);
		else
			words_refuse(words, words_next(words), "is unknown");
	}
}

/* --- settings --------------------------------------------------------------------------------- */

static void name_copy(struct words *words, char *to, size_t size, const char *text)
{
	if (strlen(text) >= size)
		words_refuse(words, text, "is too long");
	else
		strcpy(to, text);
}

/* conf.NAME.SETTING: in NAME a / stands for a dot */
static void split_key(struct words *words, struct host_setting *setting)
{
	char key[sizeof(setting->key)], *last;

	strcpy(key, setting->key);
	if (strncmp(key, "conf.", 5) != 0)
		return;
	last = strrchr(key, '.');
	if (last < key + 5) {
		words_refuse(words, setting->key, "names no setting of an interface");
		return;
	}
	*last = '\0';
	for (char *c = key + 5; *c; c++) {
		if (*c == '.')
			words_refuse(words, setting->key,
				"has too many dots: in an interface's name write /");
		*c = *c == '/' ? '.' : *c;
	}
	name_copy(words, setting->name, sizeof(setting->name), key + 5);
	name_copy(words, setting->which, sizeof(setting->which), last + 1);
}

static int parse_value(struct words *words, const char *text)
{
	char *end;
	long value = strtol(text, &end, 0);

	if (end == text || *end)
		words_refuse(words, text, "is no value");
	return (int)value;
}

static void parse_sysctl(struct words *words, struct host_line *line)
{
	struct host_setting *setting = &line->setting;
	char text[128] = "", *value;

	words->about = "sysctl";
	line->object = HOST_SYSCTL;
	if (!words_take(words, "-w"))
		words_refuse(words, NULL, "without -w nothing is set");
	name_copy(words, text, sizeof(text), words_next(words));
	value = strchr(text, '=');
	if (strncmp(text, "net.ipv4.", 9) != 0 || !value) {
		words_refuse(words, text, "is not net.ipv4.KEY=VALUE");
		return;
	}
	*value = '\0';
	setting->value = parse_value(words, value + 1);
	name_copy(words, setting->key, sizeof(setting->key), text + 9);
	split_key(words, setting);
}

static void parse_inet_conf(struct words *words, struct host_line *line)
{
	line->object = HOST_INET_CONF;
	words_name(words, line->setting.name);
	name_copy(words, line->setting.which, sizeof(line->setting.which),
		words_next(words));
	line->setting.value = parse_value(words, words_next(words));
}

/* --- lines ------------------------------------------------------------------------------------ */

static void parse_ip(struct words *words, struct host_line *line)
{
	words->about = "ip";
	if (words_take(words, "-n")) {
		line->elsewhere = true;
		if (!words_take(words, "other"))
			words_refuse(
				words, words_next(words), "is not the other namespace");
	}
	if (words_take(words, "link")) {
		parse_link(words, line);
	} else if (words_take(words, "tuntap")) {
		parse_tuntap(words, line);
	} else if (words_take_either(words, "address", "addr")) {
		parse_address(words, line);
	} else if (words_take(words, "route")) {
		line->verb = verb_of(words, ROUTE_VERBS);
		host_parse_route(words, line);
	} else if (words_take(words, "rule")) {
		line->verb = verb_of(words, RULE_VERBS);
		host_parse_rule(words, line);
	} else if (words_take(words, "nexthop")) {
		line->verb = verb_of(words, NEXTHOP_VERBS);
		host_parse_nexthop(words, line);
	} else if (words_take(words, "neighbour")) {
		parse_neighbour(words, line);
	} else {
		words_refuse(words, words_next(words), "is no object that is known");
	}
}

static void parse_many(
	struct words *words, struct host_line *line, enum host_object object)
{
	line->object = object;
	if (object == HOST_NEXTHOP_GROUP) {
		line->many.id = words_number(words);
		line->many.count = words_number(words);
		return;
	}
	line->many.count = words_number(words);
	if (words_left(words))
		line->many.command = line->text + (words_next(words) - words->text);
	else
		words_refuse(words, NULL, "the command is missing");
	words->at = words->count;
}

static bool parse_own_word(struct words *words, struct host_line *line)
{
	if (words_take(words, "join")) {
		line->object = HOST_JOIN;
		words_name(words, line->device.name);
		line->device.group = words_address(words);
	} else if (words_take(words, "inet-conf")) {
		parse_inet_conf(words, line);
	} else if (words_take(words, "carrier")) {
		line->object = HOST_CARRIER;
		words_name(words, line->device.name);
		line->device.on = on_or_off(words);
	} else if (words_take(words, "nexthop-group")) {
		parse_many(words, line, HOST_NEXTHOP_GROUP);
	} else if (words_take(words, "batch")) {
		parse_many(words, line, HOST_BATCH);
	} else if (words_take(words, "storm")) {
		parse_many(words, line, HOST_STORM);
	} else {
		return false;
	}
	return true;
}

static bool parse_model_word(struct words *words, struct host_line *line)
{
	if (words_take(words, "kernel")) {
		line->object = HOST_KERNEL;
		if (kernel_version_parse(words_next(words), &line->kernel) < 0)
			words_refuse(words, NULL, "a version is as 2.6.26 or 6.1");
	} else if (words_take(words, "merged")) {
		line->object = HOST_MERGED;
		line->merged = true;
	} else if (words_take(words, "split")) {
		line->object = HOST_MERGED;
	} else if (words_take(words, "blind")) {
		line->object = HOST_BLIND;
	} else if (words_take(words, "inet")) {
		line->object = HOST_INET;
		words_name(words, line->device.name);
		line->device.on = on_or_off(words);
	} else {
		return false;
	}
	return true;
}

static void parse_line(struct words *words, struct host_line *line)
{
	line->model = words_take(words, "model");
	if (line->model) {
		words->about = "model";
		if (parse_model_word(words, line))
			return;
		line->dump = words_take(words, "dump");
	}
	if (words_take(words, "ip"))
		parse_ip(words, line);
	else if (words_take(words, "sysctl"))
		parse_sysctl(words, line);
	else if (line->model || !parse_own_word(words, line))
		words_refuse(words, words_next(words), "begins no line that is known");
}

/* What is to be said of a line, and whether it is one. */
static bool finish(struct words *words, char why[static WORDS_WHY])
{
	if (words_left(words))
		words_refuse(words, words_next(words), "is one word too many");
	memcpy(why, words->why, WORDS_WHY);
	return !words_failed(words);
}

bool host_parse(const char *text, struct host_line *ret, char why[static WORDS_WHY])
{
	struct words words;

	memset(ret, 0, offsetof(struct host_line, members));
	ret->text = text;
	words_cut(&words, text);
	if (words_left(&words))
		parse_line(&words, ret);
	return finish(&words, why);
}

bool host_parse_flow(const char *text, struct flow *ret, char iif[static NAME_MAX_],
	char why[static WORDS_WHY])
{
	struct flow flow = { .proto = FLOW_UDP };
	struct words words;

	words_cut(&words, text);
	words.about = "packet";
	iif[0] = '\0';
	flow.dst = words_address(&words);
	while (words_left(&words)) {
		if (words_take(&words, "from"))
			flow.src = words_address(&words);
		else if (words_take(&words, "iif"))
			words_name(&words, iif);
		else if (words_take(&words, "mark"))
			flow.mark = (uint32_t)words_number(&words);
		else if (words_take(&words, "tos"))
			flow.tos = (uint8_t)words_number(&words);
		else if (words_take(&words, "ipproto"))
			flow.proto = (uint8_t)words_number(&words);
		else if (words_take(&words, "sport"))
			flow.sport = (uint16_t)words_number(&words);
		else if (words_take(&words, "dport"))
			flow.dport = (uint16_t)words_number(&words);
		else
			words_refuse(&words, words_next(&words), "is unknown");
	}
	*ret = flow;
	return finish(&words, why);
}
