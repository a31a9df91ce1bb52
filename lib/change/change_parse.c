/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_parse.h"

#include "base/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(CHANGE_WHY == WORDS_WHY, "what a parser says is what its caller hears");

/* --- verbs ------------------------------------------------------------------------------------ */

/* In the order in which ip(8) takes what is shortened: a is add, ap is append. */
static const char *const verbs[] = {
	[CHANGE_ADD] = "add",
	[CHANGE_APPEND] = "append",
	[CHANGE_PREPEND] = "prepend",
	[CHANGE_REPLACE] = "replace",
	[CHANGE_CHANGE] = "change",
	[CHANGE_SET] = "set",
	[CHANGE_DEL] = "delete",
	[CHANGE_FLUSH] = "flush",
};

/* What an object can be told, as bits of enum change_verb */
#define BIT(verb) (1u << (verb))
#define PUT_VERBS (BIT(CHANGE_ADD) | BIT(CHANGE_REPLACE) | BIT(CHANGE_CHANGE))

static const struct {
	const char *name;
	size_t least; /* letters that it takes, as others begin alike: n is neighbour */
	unsigned int verbs;
	const char *allowed;
} objects[] = {
	[CHANGE_ADDRESS] = { "address", 1,
		PUT_VERBS | BIT(CHANGE_DEL) | BIT(CHANGE_FLUSH),
		"add, replace, change, del, flush" },
	[CHANGE_ROUTE] = { "route", 1,
		PUT_VERBS | BIT(CHANGE_APPEND) | BIT(CHANGE_PREPEND) | BIT(CHANGE_DEL) |
			BIT(CHANGE_FLUSH),
		"add, append, prepend, replace, change, del, flush" },
	[CHANGE_RULE] = { "rule", 2,
		BIT(CHANGE_ADD) | BIT(CHANGE_DEL) | BIT(CHANGE_FLUSH),
		"add, del, flush" },
	[CHANGE_LINK] = { "link", 1, BIT(CHANGE_ADD) | BIT(CHANGE_SET) | BIT(CHANGE_DEL),
		"add, set, del" },
	[CHANGE_NEXTHOP] = { "nexthop", 3,
		BIT(CHANGE_ADD) | BIT(CHANGE_REPLACE) | BIT(CHANGE_DEL),
		"add, replace, del" },
};

static void parse_verb(struct words *words, struct change *change)
{
	unsigned int allowed = objects[change->object].verbs;
	const char *word = words_next(words);
	char what[96];

	for (unsigned int i = 0; *word && i < ELEMENTS(verbs); i++) {
		if (allowed & BIT(i) &&
			(strncmp(verbs[i], word, strlen(word)) == 0 ||
				(i == CHANGE_CHANGE && strcmp(word, "chg") == 0))) {
			change->verb = (enum change_verb)i;
			return;
		}
	}
	snprintf(what, sizeof(what), "can't be done to it; allowed: %s",
		objects[change->object].allowed);
	words_refuse(words, word, what);
}

static bool on_or_off(struct words *words)
{
	if (words_take(words, "on"))
		return true;
	if (!words_take(words, "off"))
		words_refuse(words, words_next(words), "is neither on nor off");
	return false;
}

/* A word of these and its value, which bear on nothing here */
static bool take_idle(struct words *words, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (words_take(words, names[i])) {
			(void)words_next(words);
			return true;
		}
	}
	return false;
}

/* --- links ------------------------------------------------------------------------------------ */

static void parse_peer(struct words *words, struct change_link *link)
{
	while (words_left(words)) {
		if (words_take(words, "index"))
			link->peer_index = (int)words_number(words, INT32_MAX);
		else if (words_take(words, "netns"))
			(void)words_next(words), link->peer_away = true;
		else if (words_take(words, "name") || !link->peer[0])
			words_name(words, link->peer);
		else
			words_refuse(words, words_next(words),
				"is unknown of a peer; allowed: name, index, netns");
	}
}

static bool parse_kind(struct words *words, struct change_link *link)
{
	static const char *const idle[] = { "id", "dstport", "mode", "if_id", "local",
		"ttl", "tos", "key", "ikey", "okey", "protocol", "proto", "vni",
		"numtxqueues", "numrxqueues" };

	if (words_take(words, "type"))
		words_name(words, link->kind);
	else if (words_take(words, "peer"))
		parse_peer(words, link);
	else if (words_take(words, "link") ||
		 /* a tunnel's way out */ (link->kind[0] && words_take(words, "dev")))
		words_name(words, link->lower);
	else if (words_take(words, "remote"))
		link->remote = words_address(words).host != 0;
	else if (words_take(words, "external"))
		link->external = true;
	else if (words_take(words, "table"))
		link->vrf_table = words_table(words);
	else if (words_take(words, "index"))
		link->index = (int)words_number(words, INT32_MAX);
	else
		return take_idle(words, idle, ELEMENTS(idle));
	return true;
}

static bool parse_set(struct words *words, struct change_link *link)
{
	if (words_take(words, "nomaster"))
		link->nomaster = true;
	else if (words_take(words, "name"))
		words_name(words, link->new_name);
	else if (words_take(words, "netns"))
		(void)words_next(words), link->netns = true;
	else if (words_take(words, "carrier"))
		*(on_or_off(words) ? &link->carrier_on : &link->carrier_off) = true;
	else
		return false;
	return true;
}

static bool parse_link_word(struct words *words, struct change *change)
{
	static const char *const idle[] = { "txqueuelen", "txqlen", "alias", "promisc",
		"multicast", "allmulticast", "arp", "address", "addrgenmode",
		"trailers" };
	struct change_link *link = &change->link;

	if (change->verb == CHANGE_DEL) /* `link del NAME type KIND` */
		return words_take(words, "type") && *words_next(words);
	if (words_take(words, "up"))
		link->up = true;
	else if (words_take(words, "down"))
		link->down = true;
	else if (words_take_either(words, "master", "vrf"))
		words_name(words, link->master);
	else if (words_take(words, "mtu"))
		link->mtu = (uint32_t)words_number(words, UINT32_MAX);
	else if (words_take(words, "group"))
		link->group = (uint32_t)words_number(words, UINT32_MAX),
		link->has_group = true;
	else if (change->verb == CHANGE_SET ? parse_set(words, link)
					    : parse_kind(words, link))
		return true;
	else
		return take_idle(words, idle, ELEMENTS(idle));
	return true;
}

static void parse_link(struct words *words, struct change *change)
{
	struct change_link *link = &change->link;
	bool adds = change->verb == CHANGE_ADD;

	/* `link add link LOWER name NAME` */
	if (adds && words_take(words, "link"))
		words_name(words, link->lower);
	if (!words_take(words, "dev") && adds)
		(void)words_take(words, "name");
	words_name(words, link->name);
	while (words_left(words)) {
		if (!parse_link_word(words, change))
			words_refuse(words, words_next(words), "is unknown");
	}
	if (adds && !link->kind[0])
		words_refuse(words, NULL, "a new link needs its type");
}

/* --- addresses -------------------------------------------------------------------------------- */

static void parse_broadcast(struct words *words, struct change_address *address)
{
	if (words_take(words, "+"))
		address->broadcast_last = true;
	else if (words_take(words, "-"))
		address->broadcast_first = true;
	else
		address->addr.broadcast = words_address(words);
}

static bool parse_address_word(struct words *words, struct change_address *address)
{
	static const char *const idle[] = { "label", "valid_lft", "preferred_lft",
		"proto" };
	struct addr_record *addr = &address->addr;

	if (words_take(words, "dev"))
		words_name(words, address->dev);
	else if (words_take_either(words, "peer", "remote"))
		addr->peer = words_host(words, &addr->len, &address->has_len),
		address->has_len = true;
	else if (words_take_either(words, "brd", "broadcast"))
		parse_broadcast(words, address);
	else if (words_take(words, "scope"))
		addr->scope = change_parse_scope(words), address->has_scope = true;
	else if (words_take_either(words, "metric", "priority"))
		address->metric = (uint32_t)words_number(words, UINT32_MAX);
	else if (words_take(words, "noprefixroute"))
		address->noprefixroute = true;
	else if (words_take(words, "autojoin"))
		address->autojoin = true;
	else if (!words_take_either(words, "home", "nodad"))
		return take_idle(words, idle, ELEMENTS(idle));
	return true;
}

static void parse_address(struct words *words, struct change *change)
{
	struct change_address *address = &change->address;

	if (change->verb != CHANGE_FLUSH) {
		(void)words_take(words, "local");
		address->addr.local =
			words_host(words, &address->addr.len, &address->has_len);
		address->addr.peer = address->addr.local;
	}
	while (words_left(words)) {
		if (!parse_address_word(words, address))
			words_refuse(words, words_next(words), "is unknown");
	}
	if (!address->dev[0])
		words_refuse(words, NULL, "the device is missing");
	/* as ip(8) has it */
	if (!address->has_scope && ip4_is_loopback(address->addr.local))
		address->addr.scope = SCOPE_HOST;
}

/* --- settings --------------------------------------------------------------------------------- */

static void copy_name(struct words *words, char *to, size_t size, const char *text)
{
	if (strlen(text) >= size)
		words_refuse(words, text, "is too long");
	else
		memcpy(to, text, strlen(text) + 1);
}

/* As sysctl(8): the first of both is what separates, and then the other one is a part of a name. */
static void put_dots(char *key)
{
	if (key[strcspn(key, "./")] != '/')
		return;
	for (char *c = key; *c; c++)
		*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
}

/* conf.NAME.SETTING: in NAME a / stands for a dot */
static void split_key(struct words *words, struct change_setting *setting)
{
	char key[sizeof(setting->key)], *last;

	memcpy(key, setting->key, sizeof(key));
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
	copy_name(words, setting->name, sizeof(setting->name), key + 5);
	copy_name(words, setting->which, sizeof(setting->which), last + 1);
}

static int parse_value(struct words *words, const char *text)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 0);
	if (end == text || *end || errno || value < INT32_MIN || value > INT32_MAX)
		words_refuse(words, text, "is no value");
	return (int)value;
}

static void parse_setting(struct words *words, struct change *change)
{
	struct change_setting *setting = &change->setting;
	char text[128] = "", *value;

	words->about = "sysctl";
	change->object = CHANGE_SETTING;
	change->verb = CHANGE_SET;
	copy_name(words, text, sizeof(text), words_next(words));
	value = strchr(text, '=');
	if (value)
		*value = '\0';
	put_dots(text);
	if (!value || strncmp(text, "net.ipv4.", 9) != 0) {
		if (value)
			*value = '=';
		words_refuse(words, text, "is not net.ipv4.KEY=VALUE");
		return;
	}
	setting->value = parse_value(words, value + 1);
	copy_name(words, setting->key, sizeof(setting->key), text + 9);
	if (!words_failed(words))
		split_key(words, setting);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* ip tuntap add dev NAME mode tun */
static void parse_tuntap(struct words *words, struct change *change)
{
	words->about = "ip tuntap";
	change->object = CHANGE_LINK;
	parse_verb(words, change);
	if (change->verb == CHANGE_SET)
		words_refuse(words, "set", "can't be done to it; allowed: add, del");
	(void)words_take(words, "dev");
	words_name(words, change->link.name);
	if (!words_take(words, "mode") || !words_take(words, "tun"))
		words_refuse(words, NULL, "the only mode is tun");
	strcpy(change->link.kind, "tun");
}

static bool is_object(const char *word, enum change_object object)
{
	size_t length = strlen(word);

	return objects[object].name && length >= objects[object].least &&
	       strncmp(objects[object].name, word, length) == 0;
}

static void parse_object(struct words *words, struct change *change)
{
	static const char *const about[] = { [CHANGE_LINK] = "ip link",
		[CHANGE_ADDRESS] = "ip address",
		[CHANGE_ROUTE] = "ip route",
		[CHANGE_RULE] = "ip rule",
		[CHANGE_NEXTHOP] = "ip nexthop" };
	static void (*const parsers[])(
		struct words *, struct change *) = { [CHANGE_LINK] = parse_link,
		[CHANGE_ADDRESS] = parse_address,
		[CHANGE_ROUTE] = change_parse_route,
		[CHANGE_RULE] = change_parse_rule,
		[CHANGE_NEXTHOP] = change_parse_nexthop };
	const char *word;

	words->about = "ip";
	(void)words_take(words, "-4");
	if (words_take(words, "tuntap")) {
		parse_tuntap(words, change);
		return;
	}
	word = words_next(words);
	for (unsigned int i = 0; i < CHANGE_SETTING; i++) {
		if (!is_object(word, (enum change_object)i))
			continue;
		words->about = about[i];
		change->object = (enum change_object)i;
		parse_verb(words, change);
		if (!words_failed(words))
			parsers[i](words, change);
		return;
	}
	words_refuse(words, word,
		"is no object that is known; allowed: route, rule, address, link, nexthop, KEY=VALUE");
}

int change_parse(const char *text, struct change *ret, char why[static CHANGE_WHY])
{
	struct words words;

	memset(ret, 0, offsetof(struct change, members));
	words_cut(&words, text);
	if (words_take(&words, "sysctl")) {
		words.about = "sysctl";
		/* what has a value is set with and without -w (procps: src/sysctl.c) */
		while (words_take(&words, "-w") || words_take(&words, "-q") ||
			words_take(&words, "-qw"))
			;
		parse_setting(&words, ret);
	} else if (words_left(&words) && strchr(words.word[words.at], '=')) {
		parse_setting(&words, ret);
	} else {
		(void)words_take(&words, "ip");
		parse_object(&words, ret);
	}
	if (words_left(&words))
		words_refuse(&words, words_next(&words), "is one word too many");
	memcpy(why, words.why, CHANGE_WHY);
	return words_failed(&words) ? -EINVAL : 0;
}
