/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A slot is a line of JSON, with blanks behind it to its length. The first has how many follow:
 *
 *	{"version":2,"boot":"...","slots":15}
 *	{"number":1,"netns":"...","ifindex":5,"name":"tunl0",...}
 *	{"pause":"eth1","netns":"...","ifindex":2,"identity":"..."}
 *
 * One with blanks only is free. The file is ours, but it was on a disk: whatever is not just what
 * we make is refused as a whole. A value that is read wrongly would be written to the kernel.
 */
#define VERSION 2
#define VERSION_OLD 1
#define DEPTH 8
#define NUMBER_MOST (INT64_MAX / 2)
#define SLOTS_MOST (4 * LEDGER_ENTRIES) /* of entries, pauses, and those that are free */

/*
 * An interface's name may be any bytes, and what json-c reads differs: 0.18 being strict refuses
 * all that is not ASCII. So the file is ASCII: a text with another byte than the printable ones
 * has ESCAPED behind its key, and in it each such byte, and the backslash, is \xHH. A text without
 * one stands as it is, backslash and all.
 */
#define ESCAPED "_escaped"
#define ESCAPED_TEXT (4 * FINDING_ID) /* room for the longest one */
#define ESCAPED_KEY 32

static void object_putp(struct json_object **object)
{
	(void)json_object_put(*object);
}

static void tokener_freep(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* --- escapes ---------------------------------------------------------------------------------- */

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

static bool needs_escapes(const char *text)
{
	while (is_printable(*text))
		text++;
	return *text;
}

/* Of a text that is shorter than FINDING_ID. */
static const char *escape(const char *text, char out[static ESCAPED_TEXT])
{
	char *end = out;

	for (; *text; text++) {
		if (is_printable(*text) && *text != '\\')
			*end++ = *text;
		else
			end += sprintf(end, "\\x%02x", (unsigned char)*text);
	}
	*end = '\0';
	return out;
}

/* Only what escape() makes is taken. */
static int unescape(const char *text, char *out, size_t size)
{
	char again[ESCAPED_TEXT];
	const char *from = text;
	size_t length = 0;

	while (*from && length < size - 1) {
		unsigned int byte = (unsigned char)*from;
		int taken = 1;

		if (*from == '\\' && sscanf(from, "\\x%2x%n", &byte, &taken) != 1)
			return -EBADMSG;
		out[length++] = (char)byte;
		from += taken;
	}
	out[length] = '\0';
	return !*from && needs_escapes(out) && strcmp(escape(out, again), text) == 0
		       ? 0
		       : -EBADMSG;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int get_string(struct json_object *object, const char *key, char *out, size_t size)
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

static int get_text(struct json_object *object, const char *key, char *out, size_t size)
{
	char escaped[ESCAPED_KEY], text[ESCAPED_TEXT];

	snprintf(escaped, sizeof(escaped), "%s" ESCAPED, key);
	if (!json_object_object_get_ex(object, escaped, NULL))
		return get_string(object, key, out, size);
	if (json_object_object_get_ex(object, key, NULL) ||
		get_string(object, escaped, text, sizeof(text)) < 0)
		return -EBADMSG;
	return unescape(text, out, size);
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

/* As netns_id() makes it. */
static bool is_netns(const char *netns)
{
	size_t digits = *netns ? strspn(netns + 1, "0123456789") : 0;

	return (*netns == 'c' || *netns == 'i') && digits && !netns[digits + 1];
}

/* "all", or NAME/CLASS */
static bool is_finding(const char *finding)
{
	char name[NAME_MAX_];
	size_t length = strcspn(finding, "/");

	if (!finding[length])
		return strcmp(finding, "all") == 0;
	if (length >= sizeof(name) || !finding[length + 1])
		return false;
	memcpy(name, finding, length);
	name[length] = '\0';
	return is_name(name);
}

static bool is_key(int ifindex, const char *name)
{
	return ifindex == NETCONF_ALL	    ? strcmp(name, "all") == 0
	       : ifindex == NETCONF_DEFAULT ? strcmp(name, "default") == 0
					    : ifindex > 0 && is_name(name);
}

static bool is_ours(int value)
{
	return value >= 0 && value <= 2;
}

/*
 * The values that a correction goes through. We write 0 to 2, and only the value before us may be
 * another: as old, as was before the first write, as value while it is put back. What is done is
 * not as it was.
 */
static bool are_values(const struct ledger_entry *entry)
{
	if (entry->old < LEDGER_LEAST || entry->old > LEDGER_MOST ||
		(entry->was != entry->old && !is_ours(entry->was)))
		return false;
	if (entry->done)
		return entry->was == entry->value && entry->value != entry->old &&
		       is_ours(entry->value);
	return entry->value == entry->old || is_ours(entry->value);
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
	return when >= 0 && is_netns(ret->netns) && is_key(ret->ifindex, ret->name) &&
			       is_finding(ret->finding) && are_values(ret)
		       ? 0
		       : -EBADMSG;
}

/* Where the entry for an interface is, entries.count where there is none. */
static size_t index_of(const struct ledger *ledger, const char *netns, int ifindex)
{
	size_t i = 0;

	while (i < ledger->entries.count &&
		(ledger->entries.items[i].ifindex != ifindex ||
			strcmp(ledger->entries.items[i].netns, netns) != 0))
		i++;
	return i;
}

/* One that is in no entry yet. */
static int take_entry(struct ledger *ledger, const struct ledger_entry *entry)
{
	if (ledger->entries.count >= LEDGER_ENTRIES ||
		index_of(ledger, entry->netns, entry->ifindex) < ledger->entries.count)
		return -EBADMSG;
	return array_push(&ledger->entries, entry);
}

static int take_pause(struct ledger *ledger, const struct ledger_pause *pause)
{
	if (ledger->pauses.count >= LEDGER_ENTRIES || !is_netns(pause->netns) ||
		(*pause->name && !is_name(pause->name)))
		return -EBADMSG;
	return array_push(&ledger->pauses, pause);
}

/* What is printable ASCII is read alike by each version of json-c. */
static int parse_object(const char *line, size_t length, struct json_object **ret)
{
	_cleanup_(tokener_freep) struct json_tokener *tokener =
		json_tokener_new_ex(DEPTH);

	if (!tokener)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		if (!is_printable(line[i]))
			return -EBADMSG;
	}
	if (length < 1 || length > INT_MAX || line[length - 1] != '}')
		return -EBADMSG;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	*ret = json_tokener_parse_ex(tokener, line, (int)length);
	return *ret && json_tokener_get_parse_end(tokener) == length &&
			       json_object_is_type(*ret, json_type_object)
		       ? 0
		       : -EBADMSG;
}

static int parse_header(
	const struct ledger *ledger, struct json_object *object, size_t slots)
{
	char boot[LEDGER_BOOT];
	int64_t number;
	int version;

	return get_int(object, "version", &version) < 0 || version != VERSION ||
			       get_text(object, "boot", boot, sizeof(boot)) < 0 ||
			       strcmp(boot, ledger->boot) != 0 ||
			       get_number(object, "slots", &number) < 0 ||
			       number != (int64_t)slots
		       ? -EBADMSG
		       : 0;
}

static int parse_pause(struct json_object *object, struct ledger_pause *ret)
{
	if (get_text(object, "pause", ret->name, sizeof(ret->name)) < 0 ||
		get_text(object, "netns", ret->netns, sizeof(ret->netns)) < 0 ||
		get_int(object, "ifindex", &ret->ifindex) < 0 || ret->ifindex < 0 ||
		get_hex(object, "identity", &ret->identity) < 0 ||
		(ret->ifindex ? !*ret->name : ret->identity))
		return -EBADMSG;
	return 0;
}

static int parse_used(struct ledger *ledger, struct json_object *object, size_t slot)
{
	struct ledger_slot *saved = &ledger->saved.items[slot - 1];
	int64_t number;
	int r;

	if (get_number(object, "number", &number) < 0) {
		saved->has_pause = true;
		saved->pause.slot = slot;
		r = parse_pause(object, &saved->pause);
		return r < 0 ? r : take_pause(ledger, &saved->pause);
	}
	if (number < 1 || number > NUMBER_MOST)
		return -EBADMSG;
	saved->has_entry = true;
	saved->entry.number = (uint64_t)number;
	saved->entry.slot = slot;
	r = parse_entry(object, &saved->entry);
	return r < 0 ? r : take_entry(ledger, &saved->entry);
}

/* slot 0 is the header. */
static int parse_slot(struct ledger *ledger, const char *text, size_t slot, size_t slots)
{
	const char *line = text + slot * LEDGER_SLOT;
	_cleanup_(object_putp) struct json_object *object = NULL;
	const struct ledger_slot none = { 0 };
	size_t length = LEDGER_SLOT - 1;
	int r = 0;

	if (line[length] != '\n')
		return -EBADMSG;
	while (length && line[length - 1] == ' ')
		length--;
	if (slot)
		r = array_push(&ledger->saved, &none);
	if (r < 0 || (slot && !length))
		return r;
	r = parse_object(line, length, &object);
	if (r < 0)
		return r;
	return slot ? parse_used(ledger, object, slot)
		    : parse_header(ledger, object, slots);
}

static int by_number(const void *a, const void *b)
{
	const struct ledger_entry *one = a, *other = b;

	return one->number < other->number ? -1 : one->number > other->number;
}

/* In the order of their first writes; no two may have the same number. */
static int sort_entries(struct ledger *ledger)
{
	uint64_t last = 0;

	if (ledger->entries.count)
		qsort(ledger->entries.items, ledger->entries.count,
			sizeof(*ledger->entries.items), by_number);
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		if (entry->number == last)
			return -EBADMSG;
		last = entry->number;
	}
	ledger->number = last;
	return 0;
}

static int parsed(struct ledger *ledger, int r)
{
	if (r < 0) {
		array_clear(&ledger->entries);
		array_clear(&ledger->pauses);
		array_clear(&ledger->saved);
	}
	return r;
}

int ledger_parse(struct ledger *ledger, const char *text, size_t length)
{
	size_t slots = length / LEDGER_SLOT;
	int r = 0;

	if (!slots || length % LEDGER_SLOT || slots - 1 > SLOTS_MOST)
		return -EBADMSG;
	for (size_t i = 0; i < slots && r >= 0; i++)
		r = parse_slot(ledger, text, i, slots - 1);
	return parsed(ledger, r < 0 ? r : sort_entries(ledger));
}

/* --- reading what there was before the slots --------------------------------------------------- */

/*
 * A line with all of it, and one for each change. "gone" goes first; an entry takes the place of
 * the one for the same; "pauses" are all of them, and left out where they are as before:
 *
 *	{"version":1,"boot":"...","entries":[...],"pauses":[...]}
 *	{"gone":[{"netns":"...","ifindex":5}],"entries":[...],"pauses":[...]}
 *
 * It is read once, where a new version is started within the same boot.
 */
static int old_gone(struct ledger *ledger, struct json_object *object)
{
	char netns[NETNS_ID];
	size_t index;
	int ifindex;

	if (!json_object_is_type(object, json_type_object) ||
		get_text(object, "netns", netns, sizeof(netns)) < 0 ||
		get_int(object, "ifindex", &ifindex) < 0)
		return -EBADMSG;
	index = index_of(ledger, netns, ifindex);
	if (index == ledger->entries.count)
		return -EBADMSG;
	array_remove(&ledger->entries, index);
	return 0;
}

static int old_entry(struct ledger *ledger, struct json_object *object)
{
	struct ledger_entry entry = { 0 };
	int r = parse_entry(object, &entry);
	size_t index = index_of(ledger, entry.netns, entry.ifindex);

	if (r < 0 || index == ledger->entries.count)
		return r < 0 ? r : take_entry(ledger, &entry);
	ledger->entries.items[index] = entry;
	return 0;
}

static int old_pause(struct ledger *ledger, struct json_object *object)
{
	struct ledger_pause pause = { 0 };

	if (!json_object_is_type(object, json_type_object) ||
		get_text(object, "netns", pause.netns, sizeof(pause.netns)) < 0 ||
		get_text(object, "name", pause.name, sizeof(pause.name)) < 0)
		return -EBADMSG;
	return take_pause(ledger, &pause);
}

static int old_list(struct ledger *ledger, struct json_object *object, const char *key,
	int (*take)(struct ledger *ledger, struct json_object *item))
{
	struct json_object *list;
	int r = 0;

	if (!json_object_object_get_ex(object, key, &list) ||
		!json_object_is_type(list, json_type_array))
		return -EBADMSG;
	for (size_t i = 0; i < json_object_array_length(list) && r >= 0; i++)
		r = take(ledger, json_object_array_get_idx(list, i));
	return r;
}

static int old_line(struct ledger *ledger, const char *line, size_t length, bool first)
{
	_cleanup_(object_putp) struct json_object *object = NULL;
	char boot[LEDGER_BOOT];
	int version, r = parse_object(line, length, &object);

	if (r >= 0 && first)
		r = get_int(object, "version", &version) < 0 || version != VERSION_OLD ||
				    get_text(object, "boot", boot, sizeof(boot)) < 0 ||
				    strcmp(boot, ledger->boot) != 0
			    ? -EBADMSG
			    : 0;
	else if (r >= 0)
		r = old_list(ledger, object, "gone", old_gone);
	if (r >= 0)
		r = old_list(ledger, object, "entries", old_entry);
	if (r < 0 || (!first && !json_object_object_get_ex(object, "pauses", NULL)))
		return r;
	array_clear(&ledger->pauses);
	return old_list(ledger, object, "pauses", old_pause);
}

int ledger_parse_old(struct ledger *ledger, const char *text, size_t length)
{
	const char *at = text, *end = text + length, *newline;
	int r = length ? 0 : -EBADMSG;

	while (r >= 0 && at < end) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline) /* what was cut off lacks the line's end */
			r = -EBADMSG;
		else
			r = old_line(ledger, at, (size_t)(newline - at), at == text);
		/* a page that had no room for the next line was filled up with blanks */
		for (at = newline ? newline + 1 : end; at < end && *at == ' ';)
			at++;
	}
	return parsed(ledger, r);
}

/* --- writing ---------------------------------------------------------------------------------- */

static int add_member(
	struct json_object *object, const char *key, struct json_object *member)
{
	if (member && object && json_object_object_add(object, key, member) == 0)
		return 0;
	(void)json_object_put(member);
	return -ENOMEM;
}

static int add_text(struct json_object *object, const char *key, const char *text)
{
	char escaped[ESCAPED_KEY], escapes[ESCAPED_TEXT];

	if (!needs_escapes(text))
		return add_member(object, key, json_object_new_string(text));
	snprintf(escaped, sizeof(escaped), "%s" ESCAPED, key);
	return add_member(object, escaped, json_object_new_string(escape(text, escapes)));
}

static int add_number(struct json_object *object, const char *key, int64_t number)
{
	return add_member(object, key, json_object_new_int64(number));
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

static int add_hex(struct json_object *object, const char *key, uint64_t number)
{
	char text[17];

	snprintf(text, sizeof(text), "%" PRIx64, number);
	return add_text(object, key, text);
}

static int add_entry(struct json_object *object, const struct ledger_entry *entry)
{
	int r = add_number(object, "number", (int64_t)entry->number);

	r |= add_text(object, "netns", entry->netns);
	r |= add_number(object, "ifindex", entry->ifindex);
	r |= add_text(object, "name", entry->name);
	r |= add_hex(object, "identity", entry->identity);
	r |= add_number(object, "old", entry->old);
	r |= add_number(object, "was", entry->was);
	r |= add_number(object, "value", entry->value);
	r |= add_member(object, "done", json_object_new_boolean(entry->done));
	r |= add_member(object, "keeps", json_object_new_boolean(entry->keeps));
	r |= add_text(object, "finding", entry->finding);
	r |= add_example(object, &entry->example);
	return r | add_number(object, "when", (int64_t)entry->when_usec);
}

static int add_pause(struct json_object *object, const struct ledger_pause *pause)
{
	int r = add_text(object, "pause", pause->name);

	r |= add_text(object, "netns", pause->netns);
	r |= add_number(object, "ifindex", pause->ifindex);
	return r | add_hex(object, "identity", pause->identity);
}

static int to_slot(struct json_object *object, char out[static LEDGER_SLOT])
{
	size_t length;
	const char *text = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN, &length);

	if (!text)
		return -ENOMEM;
	if (length > LEDGER_SLOT - 1)
		return -EMSGSIZE;
	memcpy(out, text, length);
	memset(out + length, ' ', LEDGER_SLOT - 1 - length);
	out[LEDGER_SLOT - 1] = '\n';
	return 0;
}

int ledger_format_header(
	const struct ledger *ledger, size_t slots, char out[static LEDGER_SLOT])
{
	_cleanup_(object_putp) struct json_object *object = json_object_new_object();
	int r = add_number(object, "version", VERSION);

	r |= add_text(object, "boot", ledger->boot);
	r |= add_number(object, "slots", (int64_t)slots);
	return r < 0 ? -ENOMEM : to_slot(object, out);
}

int ledger_format_slot(const struct ledger_content *content, char out[static LEDGER_SLOT])
{
	_cleanup_(object_putp) struct json_object *object = NULL;
	int r;

	if (!content->entry && !content->pause) {
		memset(out, ' ', LEDGER_SLOT - 1);
		out[LEDGER_SLOT - 1] = '\n';
		return 0;
	}
	object = json_object_new_object();
	r = content->entry ? add_entry(object, content->entry)
			   : add_pause(object, content->pause);
	return r < 0 ? -ENOMEM : to_slot(object, out);
}

static bool is_same_flow(const struct flow *a, const struct flow *b)
{
	return a->src.host == b->src.host && a->dst.host == b->dst.host &&
	       a->mark == b->mark && a->tos == b->tos && a->proto == b->proto &&
	       a->sport == b->sport && a->dport == b->dport;
}

/* Each thing that add_entry() writes. */
static bool is_same_entry(const struct ledger_entry *a, const struct ledger_entry *b)
{
	return a->number == b->number && strcmp(a->netns, b->netns) == 0 &&
	       a->ifindex == b->ifindex && strcmp(a->name, b->name) == 0 &&
	       a->identity == b->identity && a->old == b->old && a->was == b->was &&
	       a->value == b->value && a->done == b->done && a->keeps == b->keeps &&
	       strcmp(a->finding, b->finding) == 0 && a->when_usec == b->when_usec &&
	       is_same_flow(&a->example, &b->example);
}

static bool is_same_pause(const struct ledger_pause *a, const struct ledger_pause *b)
{
	return strcmp(a->netns, b->netns) == 0 && a->ifindex == b->ifindex &&
	       strcmp(a->name, b->name) == 0 && a->identity == b->identity;
}

bool ledger_slot_has(const struct ledger_slot *slot, const struct ledger_content *content)
{
	return slot->has_entry == (content->entry != NULL) &&
	       slot->has_pause == (content->pause != NULL) &&
	       (!content->entry || is_same_entry(&slot->entry, content->entry)) &&
	       (!content->pause || is_same_pause(&slot->pause, content->pause));
}
