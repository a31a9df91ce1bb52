/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/*
 * A line holds all of it, each after that what changed then:
 *
 *	{"version":1,"boot":"...","entries":[...],"pauses":[...]}
 *	{"gone":[{"netns":"...","ifindex":5}],"entries":[...],"pauses":[...]}
 *
 * "gone" goes first; an entry takes the place of the one for the same; "pauses" are all of them,
 * and left out where they are as before.
 *
 * The file is ours, but it was on a disk: whatever is not just what we make is refused as a
 * whole. A value that is read wrongly would be written to the kernel.
 */
#define VERSION 1
#define DEPTH 8

/*
 * An interface's name may be any bytes, and what json-c reads differs: 0.18 being strict refuses
 * all that is not ASCII. So the file is ASCII: a text with another byte than the printable ones
 * has ESCAPED behind its key, and in it each such byte, and the backslash, is \xHH. A text without
 * one stands as it is, backslash and all, as it always did.
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

static int parse_gone(struct ledger *ledger, struct json_object *list)
{
	size_t count = json_object_array_length(list);

	for (size_t i = 0; i < count; i++) {
		struct json_object *object = json_object_array_get_idx(list, i);
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
	}
	return 0;
}

/* first: the line that holds all of it, in which nothing is there twice. */
static int parse_entries(struct ledger *ledger, struct json_object *list, bool first)
{
	size_t count = json_object_array_length(list);

	for (size_t i = 0; i < count; i++) {
		struct ledger_entry entry = { 0 };
		int r = parse_entry(json_object_array_get_idx(list, i), &entry);
		size_t index;

		if (r < 0)
			return r;
		index = index_of(ledger, entry.netns, entry.ifindex);
		if (index < ledger->entries.count && first)
			return -EBADMSG;
		if (index < ledger->entries.count) {
			ledger->entries.items[index] = entry;
			continue;
		}
		if (ledger->entries.count >= LEDGER_ENTRIES)
			return -EBADMSG;
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
	array_clear(&ledger->pauses);
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

/* A list of the object's: 1, 0 where it is left out, -EBADMSG where it is none. */
static int get_list(struct json_object *object, const char *key, struct json_object **ret)
{
	if (!json_object_object_get_ex(object, key, ret))
		return 0;
	return json_object_is_type(*ret, json_type_array) ? 1 : -EBADMSG;
}

static int parse_first(struct ledger *ledger, struct json_object *object)
{
	struct json_object *entries, *pauses;
	char boot[LEDGER_BOOT];
	int version, r;

	if (get_int(object, "version", &version) < 0 || version != VERSION ||
		get_text(object, "boot", boot, sizeof(boot)) < 0 ||
		strcmp(boot, ledger->boot) != 0 ||
		get_list(object, "entries", &entries) <= 0 ||
		get_list(object, "pauses", &pauses) <= 0)
		return -EBADMSG;
	r = parse_entries(ledger, entries, true);
	return r < 0 ? r : parse_pauses(ledger, pauses);
}

static int parse_change(struct ledger *ledger, struct json_object *object)
{
	struct json_object *gone, *entries, *pauses;
	int r, changed = get_list(object, "pauses", &pauses);

	if (changed < 0 || get_list(object, "gone", &gone) <= 0 ||
		get_list(object, "entries", &entries) <= 0)
		return -EBADMSG;
	r = parse_gone(ledger, gone);
	if (r >= 0)
		r = parse_entries(ledger, entries, false);
	return r < 0 || !changed ? r : parse_pauses(ledger, pauses);
}

static bool is_ascii(const char *line, size_t length)
{
	while (length && !(line[length - 1] & 0x80))
		length--;
	return !length;
}

/* Whether the object as json-c writes it is the line. */
static bool is_written_so(struct json_object *object, const char *line, size_t length)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);

	return text && strlen(text) == length && memcmp(text, line, length) == 0;
}

static int parse_line(struct ledger *ledger, const char *line, size_t length, bool first)
{
	/* before there were escapes any byte was written as it is */
	bool is_old = !is_ascii(line, length);
	_cleanup_(tokener_freep) struct json_tokener *tokener =
		json_tokener_new_ex(DEPTH);
	_cleanup_(object_putp) struct json_object *object = NULL;

	if (!tokener)
		return -ENOMEM;
	if (length < 1 || length > INT_MAX || line[length - 1] != '}')
		return -EBADMSG;
	json_tokener_set_flags(tokener, is_old ? 0 : JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, line, (int)length);
	if (!object || json_tokener_get_parse_end(tokener) != length ||
		!json_object_is_type(object, json_type_object) ||
		(is_old && !is_written_so(object, line, length)))
		return -EBADMSG;
	return first ? parse_first(ledger, object) : parse_change(ledger, object);
}

int ledger_parse(struct ledger *ledger, const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	int r = -EBADMSG;

	do {
		const char *line = at, *newline;

		while (at != text && line < end && *line == ' ') /* ledger_save() */
			line++;
		if (at != text && line == end)
			break;
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline) { /* what was cut off lacks the line's end */
			r = -EBADMSG;
			break;
		}
		r = parse_line(ledger, line, (size_t)(newline - line), at == text);
		at = newline + 1;
	} while (r >= 0);
	if (r < 0) {
		array_clear(&ledger->entries);
		array_clear(&ledger->pauses);
	}
	return r;
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

static int push_member(struct json_object *array, struct json_object *item)
{
	if (item && array && json_object_array_add(array, item) == 0)
		return 0;
	(void)json_object_put(item);
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
	r |= add_member(object, "done", json_object_new_boolean(entry->done));
	r |= add_member(object, "keeps", json_object_new_boolean(entry->keeps));
	r |= add_text(object, "finding", entry->finding);
	r |= add_example(object, &entry->example);
	r |= add_number(object, "when", (int64_t)entry->when_usec);
	return r | push_member(list, object);
}

static int add_pause(struct json_object *list, const struct ledger_pause *pause)
{
	struct json_object *object = json_object_new_object();
	int r = add_text(object, "netns", pause->netns);

	r |= add_text(object, "name", pause->name);
	return r | push_member(list, object);
}

static int add_pauses(struct json_object *object, const struct ledger *ledger)
{
	struct json_object *list = json_object_new_array();
	int r = add_member(object, "pauses", list);

	array_each (&ledger->pauses, const struct ledger_pause, pause)
		r |= r < 0 ? r : add_pause(list, pause);
	return r;
}

static int to_line(struct json_object *object, char **ret)
{
	return asprintf(ret, "%s\n",
		       json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)) < 0
		       ? -ENOMEM
		       : 0;
}

int ledger_format(const struct ledger *ledger, char **ret)
{
	_cleanup_(object_putp) struct json_object *object = json_object_new_object();
	struct json_object *entries = json_object_new_array();
	int r = add_number(object, "version", VERSION);

	r |= add_text(object, "boot", ledger->boot);
	r |= add_member(object, "entries", entries);
	array_each (&ledger->entries, const struct ledger_entry, entry)
		r |= r < 0 ? r : add_entry(entries, entry);
	r |= r < 0 ? r : add_pauses(object, ledger);
	return r < 0 ? -ENOMEM : to_line(object, ret);
}

static bool is_for_same(const struct ledger_entry *a, const struct ledger_entry *b)
{
	return a->ifindex == b->ifindex && strcmp(a->netns, b->netns) == 0;
}

static bool is_same_flow(const struct flow *a, const struct flow *b)
{
	return a->src.host == b->src.host && a->dst.host == b->dst.host &&
	       a->mark == b->mark && a->tos == b->tos && a->proto == b->proto &&
	       a->sport == b->sport && a->dport == b->dport;
}

/* Whether nothing changed in an entry for the same: each thing that add_entry() writes. */
static bool is_unchanged(const struct ledger_entry *a, const struct ledger_entry *b)
{
	return strcmp(a->name, b->name) == 0 && a->identity == b->identity &&
	       a->old == b->old && a->was == b->was && a->value == b->value &&
	       a->done == b->done && a->keeps == b->keeps &&
	       strcmp(a->finding, b->finding) == 0 && a->when_usec == b->when_usec &&
	       is_same_flow(&a->example, &b->example);
}

static int add_gone(struct json_object *list, const struct ledger_entry *entry)
{
	struct json_object *object = json_object_new_object();
	int r = add_text(object, "netns", entry->netns);

	r |= add_number(object, "ifindex", entry->ifindex);
	return r | push_member(list, object);
}

/*
 * Entries keep their order, and new ones come behind: those saved that are passed over on the
 * way are gone.
 */
static int add_changes(const struct ledger *ledger, struct json_object *gone,
	struct json_object *entries)
{
	const struct ledger_entry *saved = ledger->saved.items, *end = saved;
	int r = 0;

	if (end) /* clang minds that 0 is added to NULL */
		end += ledger->saved.count;
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		const struct ledger_entry *same = saved;

		while (same < end && !is_for_same(same, entry))
			same++;
		if (same < end) {
			for (; saved < same; saved++)
				r |= add_gone(gone, saved);
			saved = same + 1;
		}
		if (same == end || !is_unchanged(same, entry))
			r |= add_entry(entries, entry);
	}
	for (; saved < end; saved++)
		r |= add_gone(gone, saved);
	return r;
}

static bool same_pauses(const struct ledger *ledger)
{
	bool same = ledger->pauses.count == ledger->saved_pauses.count;

	for (size_t i = 0; same && i < ledger->pauses.count; i++) {
		const struct ledger_pause *now = &ledger->pauses.items[i],
					  *saved = &ledger->saved_pauses.items[i];

		same = strcmp(now->netns, saved->netns) == 0 &&
		       strcmp(now->name, saved->name) == 0;
	}
	return same;
}

int ledger_format_change(const struct ledger *ledger, bool always, char **ret)
{
	_cleanup_(object_putp) struct json_object *object = json_object_new_object();
	struct json_object *gone = json_object_new_array(),
			   *entries = json_object_new_array();
	int r = add_member(object, "gone", gone);

	r |= add_member(object, "entries", entries);
	r |= r < 0 ? r : add_changes(ledger, gone, entries);
	if (r >= 0 && !same_pauses(ledger))
		r = add_pauses(object, ledger);
	else if (r >= 0 && !always && !json_object_array_length(gone) &&
		 !json_object_array_length(entries))
		return 0;
	return r < 0 ? -ENOMEM : to_line(object, ret);
}
