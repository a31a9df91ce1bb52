/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/*
 * The file is ours, but it was on a disk: whatever is not just what ledger_format() makes is
 * refused as a whole. A value that is read wrongly would be written to the kernel.
 */
#define VERSION 1
#define DEPTH 8

static void json_putp(struct json_object **object)
{
	(void)json_object_put(*object);
}

static void tokener_freep(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int get_text(struct json_object *object, const char *key, char *out, size_t size)
{
	struct json_object *member;
	int length;

	if (!json_object_object_get_ex(object, key, &member) ||
		!json_object_is_type(member, json_type_string))
		return -EBADMSG;
	length = json_object_get_string_len(member);
	if (length < 0 || (size_t)length >= size ||
		strlen(json_object_get_string(member)) != (size_t)length)
		return -EBADMSG;
	memcpy(out, json_object_get_string(member), (size_t)length + 1);
	return 0;
}

static int get_number(struct json_object *object, const char *key, int64_t *ret)
{
	struct json_object *member;

	if (!json_object_object_get_ex(object, key, &member) ||
		!json_object_is_type(member, json_type_int))
		return -EBADMSG;
	*ret = json_object_get_int64(member);
	return 0;
}

static int get_int(struct json_object *object, const char *key, int *ret)
{
	int64_t number;
	int r = get_number(object, key, &number);

	if (r < 0 || number < INT_MIN || number > INT_MAX)
		return -EBADMSG;
	*ret = (int)number;
	return 0;
}

static int get_bool(struct json_object *object, const char *key, bool *ret)
{
	struct json_object *member;

	if (!json_object_object_get_ex(object, key, &member) ||
		!json_object_is_type(member, json_type_boolean))
		return -EBADMSG;
	*ret = json_object_get_boolean(member);
	return 0;
}

static int get_addr(struct json_object *object, const char *key, struct ip4 *ret)
{
	char text[IP4_TEXT];
	int r = get_text(object, key, text, sizeof(text));

	return r < 0 || ip4_parse(text, ret) < 0 ? -EBADMSG : 0;
}

/* A number of the example's that is left out where it has its usual value. */
static int get_part(
	struct json_object *object, const char *key, uint32_t most, uint32_t *ret)
{
	int64_t number;

	if (!json_object_object_get_ex(object, key, NULL))
		return 0;
	if (get_number(object, key, &number) < 0 || number < 0 || number > most)
		return -EBADMSG;
	*ret = (uint32_t)number;
	return 0;
}

static int get_example(struct json_object *object, struct flow *ret)
{
	uint32_t tos = 0, proto = FLOW_UDP, sport = 0, dport = 0;

	if (get_addr(object, "src", &ret->src) < 0 ||
		get_addr(object, "dst", &ret->dst) < 0 ||
		get_part(object, "mark", UINT32_MAX, &ret->mark) < 0 ||
		get_part(object, "tos", UINT8_MAX, &tos) < 0 ||
		get_part(object, "ipproto", UINT8_MAX, &proto) < 0 ||
		get_part(object, "sport", UINT16_MAX, &sport) < 0 ||
		get_part(object, "dport", UINT16_MAX, &dport) < 0)
		return -EBADMSG;
	ret->tos = (uint8_t)tos;
	ret->proto = (uint8_t)proto;
	ret->sport = (uint16_t)sport;
	ret->dport = (uint16_t)dport;
	return 0;
}

/* 64 bits as hexadecimal text: a JSON number may lose some. */
static int get_hex(struct json_object *object, const char *key, uint64_t *ret)
{
	char text[17], again[17];
	int r = get_text(object, key, text, sizeof(text));

	if (r < 0 || sscanf(text, "%" SCNx64, ret) != 1)
		return -EBADMSG;
	snprintf(again, sizeof(again), "%" PRIx64, *ret);
	return strcmp(text, again) == 0 ? 0 : -EBADMSG;
}

static bool is_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static int parse_entry(struct json_object *object, struct ledger_entry *ret)
{
	int64_t when;

	if (!json_object_is_type(object, json_type_object) ||
		get_text(object, "netns", ret->netns, sizeof(ret->netns)) < 0 ||
		get_int(object, "ifindex", &ret->ifindex) < 0 ||
		get_text(object, "name", ret->name, sizeof(ret->name)) < 0 ||
		get_hex(object, "identity", &ret->identity) < 0 ||
		get_int(object, "old", &ret->old) < 0 ||
		get_int(object, "was", &ret->was) < 0 ||
		get_int(object, "value", &ret->value) < 0 ||
		get_bool(object, "done", &ret->done) < 0 ||
		get_bool(object, "keeps", &ret->keeps) < 0 ||
		get_text(object, "finding", ret->finding, sizeof(ret->finding)) < 0 ||
		get_example(object, &ret->example) < 0 ||
		get_number(object, "when", &when) < 0)
		return -EBADMSG;
	ret->when_usec = (uint64_t)when;
	ret->example.iif = ret->ifindex;
	if (when < 0 || !is_name(ret->name) || !*ret->netns ||
		(ret->done && ret->was != ret->value))
		return -EBADMSG;
	if (ret->ifindex == NETCONF_ALL || ret->ifindex == NETCONF_DEFAULT)
		return 0;
	return ret->ifindex > 0 ? 0 : -EBADMSG;
}

static int parse_entries(struct ledger *ledger, struct json_object *list)
{
	size_t count = json_object_array_length(list);

	if (count > LEDGER_ENTRIES)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		struct ledger_entry entry = { 0 };
		int r = parse_entry(json_object_array_get_idx(list, i), &entry);

		if (r < 0)
			return r;
		array_each (&ledger->entries, const struct ledger_entry, other) {
			if (other->ifindex == entry.ifindex &&
				strcmp(other->netns, entry.netns) == 0)
				return -EBADMSG;
		}
		r = array_push(&ledger->entries, &entry);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_pauses(struct ledger *ledger, struct json_object *list)
{
	size_t count = json_object_array_length(list);

	if (count > LEDGER_ENTRIES)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		struct json_object *object = json_object_array_get_idx(list, i);
		struct ledger_pause pause = { 0 };
		int r;

		if (!json_object_is_type(object, json_type_object) ||
			get_text(object, "netns", pause.netns, sizeof(pause.netns)) < 0 ||
			get_text(object, "name", pause.name, sizeof(pause.name)) < 0)
			return -EBADMSG;
		r = array_push(&ledger->pauses, &pause);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse(struct ledger *ledger, struct json_object *object)
{
	struct json_object *entries, *pauses;
	char boot[LEDGER_BOOT];
	int version, r;

	if (!json_object_is_type(object, json_type_object) ||
		get_int(object, "version", &version) < 0 || version != VERSION ||
		get_text(object, "boot", boot, sizeof(boot)) < 0 ||
		strcmp(boot, ledger->boot) != 0 ||
		!json_object_object_get_ex(object, "entries", &entries) ||
		!json_object_is_type(entries, json_type_array) ||
		!json_object_object_get_ex(object, "pauses", &pauses) ||
		!json_object_is_type(pauses, json_type_array))
		return -EBADMSG;
	r = parse_entries(ledger, entries);
	return r < 0 ? r : parse_pauses(ledger, pauses);
}

int ledger_parse(struct ledger *ledger, const char *text, size_t length)
{
	_cleanup_(tokener_freep) struct json_tokener *tokener =
		json_tokener_new_ex(DEPTH);
	_cleanup_(json_putp) struct json_object *object = NULL;
	int r;

	if (!tokener)
		return -ENOMEM;
	/* what was cut off lacks the line's end */
	if (length < 2 || length > INT_MAX || text[length - 1] != '\n' ||
		text[length - 2] != '}')
		return -EBADMSG;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)length - 1);
	if (!object || json_tokener_get_parse_end(tokener) != length - 1)
		return -EBADMSG;
	r = parse(ledger, object);
	if (r < 0) {
		array_clear(&ledger->entries);
		array_clear(&ledger->pauses);
	}
	return r;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int add(struct json_object *object, const char *key, struct json_object *member)
{
	if (member && object && json_object_object_add(object, key, member) == 0)
		return 0;
	(void)json_object_put(member);
	return -ENOMEM;
}

static int push(struct json_object *array, struct json_object *item)
{
	if (item && array && json_object_array_add(array, item) == 0)
		return 0;
	(void)json_object_put(item);
	return -ENOMEM;
}

static int add_text(struct json_object *object, const char *key, const char *text)
{
	return add(object, key, json_object_new_string(text));
}

static int add_number(struct json_object *object, const char *key, int64_t number)
{
	return add(object, key, json_object_new_int64(number));
}

static int add_part(
	struct json_object *object, const char *key, uint32_t number, uint32_t usual)
{
	return number == usual ? 0 : add_number(object, key, number);
}

static int add_example(struct json_object *object, const struct flow *example)
{
	char text[IP4_TEXT];
	int r = add_text(object, "src", ip4_format(example->src, text));

	r |= add_text(object, "dst", ip4_format(example->dst, text));
	r |= add_part(object, "mark", example->mark, 0);
	r |= add_part(object, "tos", example->tos, 0);
	r |= add_part(object, "ipproto", example->proto, FLOW_UDP);
	r |= add_part(object, "sport", example->sport, 0);
	return r | add_part(object, "dport", example->dport, 0);
}

static int add_entry(struct json_object *list, const struct ledger_entry *entry)
{
	struct json_object *object = json_object_new_object();
	char text[32];
	int r;

	r = add_text(object, "netns", entry->netns);
	r |= add_number(object, "ifindex", entry->ifindex);
	r |= add_text(object, "name", entry->name);
	snprintf(text, sizeof(text), "%" PRIx64, entry->identity);
	r |= add_text(object, "identity", text);
	r |= add_number(object, "old", entry->old);
	r |= add_number(object, "was", entry->was);
	r |= add_number(object, "value", entry->value);
	r |= add(object, "done", json_object_new_boolean(entry->done));
	r |= add(object, "keeps", json_object_new_boolean(entry->keeps));
	r |= add_text(object, "finding", entry->finding);
	r |= add_example(object, &entry->example);
	r |= add_number(object, "when", (int64_t)entry->when_usec);
	return r | push(list, object);
}

static int add_pause(struct json_object *list, const struct ledger_pause *pause)
{
	struct json_object *object = json_object_new_object();
	int r = add_text(object, "netns", pause->netns);

	r |= add_text(object, "name", pause->name);
	return r | push(list, object);
}

int ledger_format(const struct ledger *ledger, char **ret)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *entries = json_object_new_array(),
			   *pauses = json_object_new_array();
	int r = add_number(object, "version", VERSION);

	r |= add_text(object, "boot", ledger->boot);
	r |= add(object, "entries", entries);
	r |= add(object, "pauses", pauses);
	array_each (&ledger->entries, const struct ledger_entry, entry)
		r |= r < 0 ? r : add_entry(entries, entry);
	array_each (&ledger->pauses, const struct ledger_pause, pause)
		r |= r < 0 ? r : add_pause(pauses, pause);
	if (r < 0)
		return -ENOMEM;
	return asprintf(ret, "%s\n",
		       json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)) < 0
		       ? -ENOMEM
		       : 0;
}
