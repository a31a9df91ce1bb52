/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "net/kernel_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool on_or_off(struct words *words)
{
	if (words_take(words, "on"))
		return true;
	if (!words_take(words, "off"))
		words_refuse(words, words_next(words), "is neither on nor off");
	return false;
}

/* --- neighbours ------------------------------------------------------------------------------- */

static void parse_neighbour(struct words *words, struct host_line *line)
{
	static const char *const parts[] = { "lladdr", "dev", "nud" };

	words->about = "ip neighbour";
	line->object = HOST_NEIGHBOUR;
	if (!words_take(words, "add"))
		words_refuse(words, words_next(words), "can't be done to it");
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

/* --- what lib/change reads -------------------------------------------------------------------- */

/* A word of a message's own, behind `model`; returns whether it is one. */
static bool parse_message_word(
	struct words *words, const char *object, struct host_line *line)
{
	struct host_message *message = &line->message;
	bool link = strcmp(object, "link") == 0, rule = strcmp(object, "rule") == 0;
	bool route = strcmp(object, "route") == 0 || strcmp(object, "nexthop") == 0;

	if (link && words_take(words, "noinet"))
		message->noinet = true;
	else if (link && words_take(words, "nocarrier"))
		message->nocarrier = true;
	else if (link && words_take(words, "loopback"))
		message->loopback = true;
	else if (link && words_take(words, "index"))
		message->index = (int)words_number(words, INT32_MAX);
	else if (strcmp(object, "address") == 0 && words_take(words, "secondary"))
		message->secondary = true;
	else if ((route || rule) && words_take(words, "blind"))
		message->blind = true;
	else if (route && words_take(words, "rest"))
		message->rest = words_number(words, UINT64_MAX);
	else if (rule && words_take(words, "action"))
		message->action = (uint8_t)words_number(words, UINT8_MAX),
		message->has_action = true;
	else
		return false;
	return true;
}

/* The line without the words of a message's own, for lib/change */
static void copy_words(struct words *words, struct host_line *line, struct strbuf *ret)
{
	const char *object =
		words->at + 1 < words->count ? words->word[words->at + 1] : "";
	unsigned int hop = 0;
	bool link = strcmp(object, "link") == 0;

	while (words_left(words)) {
		const char *word;

		if (line->model && parse_message_word(words, object, line))
			continue;
		if (line->model && words_take(words, "dead")) {
			line->message.dead |= UINT64_C(1) << (hop ? hop - 1 : 0) % 64;
			continue;
		}
		word = words_next(words);
		hop += strcmp(word, "nexthop") == 0 && ret->length > 8;
		strbuf_add(ret, " %s", word);
	}
	/* a message may be about a device without a kind */
	if (line->model && link && strstr(ret->text, " add ") &&
		!strstr(ret->text, " type "))
		strbuf_add(ret, " type -");
}

/* What the kernel does besides, in hosts that are described and not built */
static void finish_link(struct host_line *line)
{
	struct change_link *link = &line->change.link;

	if (strcmp(link->kind, "-") == 0)
		link->kind[0] = '\0';
	link->peer_away |= strcmp(link->kind, "veth") == 0 && !link->peer[0];
}

static void parse_change(struct words *words, struct host_line *line)
{
	char text[WORDS_TEXT], why[CHANGE_WHY];
	struct strbuf buf;

	strbuf_init(&buf, text, sizeof(text));
	copy_words(words, line, &buf);
	if (words_failed(words))
		return;
	line->object = HOST_CHANGE;
	if (change_parse(text, &line->change, why) < 0)
		memcpy(words->why, why, WORDS_WHY);
	else if (line->change.object == CHANGE_LINK)
		finish_link(line);
}

/* `ip …`, with what only tests have: -n other, neighbours */
static void parse_ip(struct words *words, struct host_line *line)
{
	char *ip = words->word[words->at];
	size_t begin = words->at;

	(void)words_next(words);
	words->about = "ip";
	if (words_take(words, "-n")) {
		line->elsewhere = true;
		if (!words_take(words, "other"))
			words_refuse(
				words, words_next(words), "is not the other namespace");
		begin = words->at - 1;
		words->word[begin] = ip;
	}
	if (words_take(words, "neighbour")) {
		parse_neighbour(words, line);
		return;
	}
	words->at = begin;
	if (!words_failed(words))
		parse_change(words, line);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void parse_inet_conf(struct words *words, struct host_line *line)
{
	struct change_setting *setting = &line->change.setting;

	line->object = HOST_INET_CONF;
	words_name(words, setting->name);
	snprintf(setting->which, sizeof(setting->which), "%s", words_next(words));
	setting->value = (int)strtol(words_next(words), NULL, 0);
}

static void parse_many(
	struct words *words, struct host_line *line, enum host_object object)
{
	line->object = object;
	if (object == HOST_NEXTHOP_GROUP) {
		line->many.id = words_number(words, UINT32_MAX);
		line->many.count = words_number(words, UINT32_MAX);
		return;
	}
	line->many.count = words_number(words, UINT32_MAX);
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
	words->about = "host";
	line->model = words_take(words, "model");
	if (line->model) {
		words->about = "model";
		if (parse_model_word(words, line))
			return;
		line->dump = words_take(words, "dump");
	}
	if (words_left(words) && strcmp(words->word[words->at], "ip") == 0)
		parse_ip(words, line);
	else if (words_left(words) && strcmp(words->word[words->at], "sysctl") == 0)
		parse_change(words, line);
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

	memset(ret, 0, offsetof(struct host_line, change.members));
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
			flow.mark = (uint32_t)words_number(&words, UINT32_MAX);
		else if (words_take(&words, "tos"))
			flow.tos = (uint8_t)words_number(&words, UINT32_MAX);
		else if (words_take(&words, "ipproto"))
			flow.proto = (uint8_t)words_number(&words, UINT32_MAX);
		else if (words_take(&words, "sport"))
			flow.sport = (uint16_t)words_number(&words, UINT32_MAX);
		else if (words_take(&words, "dport"))
			flow.dport = (uint16_t)words_number(&words, UINT32_MAX);
		else
			words_refuse(&words, words_next(&words), "is unknown");
	}
	*ret = flow;
	return finish(&words, why);
}
