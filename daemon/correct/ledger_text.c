/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strbuf.h"
#include "daemon/correct/ledger.h"
#include "daemon/correct/ledger_fields.h"

#include <errno.h>
#include <inttypes.h>
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
 *	{"pause":"eth2","netns":"...",...,"until":86400000000,"fight":true}
 *
 * One with blanks only is free. The file is ours, but it was on a disk: whatever is not just what
 * we make is refused as a whole. A value that is read wrongly would be written to the kernel.
 */
#define VERSION 2
#define VERSION_OLD 1
#define NUMBER_MOST (INT64_MAX / 2)
#define SLOTS_MOST (4 * LEDGER_ENTRIES) /* of entries, pauses, and those that are free */

/*
 * An interface's name may be any bytes, and what programs that read JSON make of them differs. So
 * the file is ASCII: a text with another byte than the printable ones has ESCAPED behind its key,
 * and in it each such byte, and the backslash, is \xHH. A text without one stands as it is,
 * backslash and all.
 */
#define ESCAPED "_escaped"
#define ESCAPED_TEXT (4 * FINDING_ID) /* room for the longest one */
#define QUOTED_TEXT (2 * ESCAPED_TEXT)
#define ESCAPED_KEY 32

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

static int get_string(
	const struct ledger_fields *fields, const char *key, char *out, size_t size)
{
	const struct ledger_field *field = ledger_fields_find(fields, key);

	return field ? ledger_field_text(field, out, size) : -EBADMSG;
}

static int get_text(
	const struct ledger_fields *fields, const char *key, char *out, size_t size)
{
	char escaped[ESCAPED_KEY], text[ESCAPED_TEXT];

	snprintf(escaped, sizeof(escaped), "%s" ESCAPED, key);
	if (!ledger_fields_find(fields, escaped))
		return get_string(fields, key, out, size);
	if (ledger_fields_find(fields, key) ||
		get_string(fields, escaped, text, sizeof(text)) < 0)
		return -EBADMSG;
	return unescape(text, out, size);
}

static int get_number(const struct ledger_fields *fields, const char *key, int64_t *ret)
{
	const struct ledger_field *field = ledger_fields_find(fields, key);

	if (!field || field->kind != LEDGER_NUMBER)
		return -EBADMSG;
	*ret = field->number;
	return 0;
}

static int get_int(const struct ledger_fields *fields, const char *key, int *ret)
{
	int64_t number;
	int r = get_number(fields, key, &number);

	if (r < 0 || number < INT_MIN || number > INT_MAX)
		return -EBADMSG;
	*ret = (int)number;
	return 0;
}

static int get_bool(const struct ledger_fields *fields, const char *key, bool *ret)
{
	const struct ledger_field *field = ledger_fields_find(fields, key);

	if (!field || field->kind != LEDGER_BOOLEAN)
		return -EBADMSG;
	*ret = field->number;
	return 0;
}

static int get_addr(const struct ledger_fields *fields, const char *key, struct ip4 *ret)
{
	char text[IP4_TEXT];
	int r = get_text(fields, key, text, sizeof(text));

	return r < 0 || ip4_parse(text, ret) < 0 ? -EBADMSG : 0;
}

/* A number of the example's that is left out where it has its usual value. */
static int get_part(
	const struct ledger_fields *fields, const char *key, uint32_t most, uint32_t *ret)
{
	int64_t number;

	if (!ledger_fields_find(fields, key))
		return 0;
	if (get_number(fields, key, &number) < 0 || number < 0 || number > most)
		return -EBADMSG;
	*ret = (uint32_t)number;
	return 0;
}

static int get_example(const struct ledger_fields *fields, struct flow *ret)
{
	uint32_t tos = 0, proto = FLOW_UDP, sport = 0, dport = 0;

	if (get_addr(fields, "src", &ret->src) < 0 ||
		get_addr(fields, "dst", &ret->dst) < 0 ||
		get_part(fields, "mark", UINT32_MAX, &ret->mark) < 0 ||
		get_part(fields, "tos", UINT8_MAX, &tos) < 0 ||
		get_part(fields, "ipproto", UINT8_MAX, &proto) < 0 ||
		get_part(fields, "sport", UINT16_MAX, &sport) < 0 ||
		get_part(fields, "dport", UINT16_MAX, &dport) < 0)
		return -EBADMSG;
	ret->tos = (uint8_t)tos;
	ret->proto = (uint8_t)proto;
	ret->sport = (uint16_t)sport;
	ret->dport = (uint16_t)dport;
	return 0;
}

/* 64 bits as hexadecimal text: a JSON number may lose some. */
static int get_hex(const struct ledger_fields *fields, const char *key, uint64_t *ret)
{
	char text[17], again[17];
	int r = get_text(fields, key, text, sizeof(text));

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

static int parse_entry(const struct ledger_fields *fields, struct ledger_entry *ret)
{
	int64_t when;

	if (get_text(fields, "netns", ret->netns, sizeof(ret->netns)) < 0 ||
		get_int(fields, "ifindex", &ret->ifindex) < 0 ||
		get_text(fields, "name", ret->name, sizeof(ret->name)) < 0 ||
		get_hex(fields, "identity", &ret->identity) < 0 ||
		get_int(fields, "old", &ret->old) < 0 ||
		get_int(fields, "was", &ret->was) < 0 ||
		get_int(fields, "value", &ret->value) < 0 ||
		get_bool(fields, "done", &ret->done) < 0 ||
		get_bool(fields, "keeps", &ret->keeps) < 0 ||
		get_text(fields, "finding", ret->finding, sizeof(ret->finding)) < 0 ||
		get_example(fields, &ret->example) < 0 ||
		get_number(fields, "when", &when) < 0)
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

/* A line that is one object. */
static int parse_line(const char *line, size_t length, struct ledger_fields *ret)
{
	const char *at = line, *end = line + length;

	return ledger_fields_parse(&at, end, ret) < 0 || at != end ? -EBADMSG : 0;
}

static int parse_header(
	const struct ledger *ledger, const struct ledger_fields *fields, size_t slots)
{
	char boot[LEDGER_BOOT];
	int64_t number;
	int version;

	return get_int(fields, "version", &version) < 0 || version != VERSION ||
			       get_text(fields, "boot", boot, sizeof(boot)) < 0 ||
			       strcmp(boot, ledger->boot) != 0 ||
			       get_number(fields, "slots", &number) < 0 ||
			       number != (int64_t)slots
		       ? -EBADMSG
		       : 0;
}

static int parse_pause(const struct ledger_fields *fields, struct ledger_pause *ret)
{
	int64_t until = 0;

	if (get_text(fields, "pause", ret->name, sizeof(ret->name)) < 0 ||
		get_text(fields, "netns", ret->netns, sizeof(ret->netns)) < 0 ||
		get_int(fields, "ifindex", &ret->ifindex) < 0 || ret->ifindex < 0 ||
		get_hex(fields, "identity", &ret->identity) < 0 ||
		(ret->ifindex ? !*ret->name : ret->identity))
		return -EBADMSG;
	/* versions before these were written have neither */
	if (ledger_fields_find(fields, "until") &&
		(get_number(fields, "until", &until) < 0 || until <= 0))
		return -EBADMSG;
	if (ledger_fields_find(fields, "fight") &&
		(get_bool(fields, "fight", &ret->fight) < 0 || !ret->fight))
		return -EBADMSG;
	ret->until_usec = (uint64_t)until;
	return 0;
}

static int parse_used(
	struct ledger *ledger, const struct ledger_fields *fields, size_t slot)
{
	struct ledger_slot *saved = &ledger->saved.items[slot - 1];
	int64_t number;
	int r;

	if (get_number(fields, "number", &number) < 0) {
		saved->has_pause = true;
		saved->pause.slot = slot;
		r = parse_pause(fields, &saved->pause);
		return r < 0 ? r : take_pause(ledger, &saved->pause);
	}
	if (number < 1 || number > NUMBER_MOST)
		return -EBADMSG;
	saved->has_entry = true;
	saved->entry.number = (uint64_t)number;
	saved->entry.slot = slot;
	r = parse_entry(fields, &saved->entry);
	return r < 0 ? r : take_entry(ledger, &saved->entry);
}

/* slot 0 is the header. */
static int parse_slot(struct ledger *ledger, const char *text, size_t slot, size_t slots)
{
	const char *line = text + slot * LEDGER_SLOT;
	struct ledger_fields fields;
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
	r = parse_line(line, length, &fields);
	if (r < 0)
		return r;
	return slot ? parse_used(ledger, &fields, slot)
		    : parse_header(ledger, &fields, slots);
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
static int old_gone(struct ledger *ledger, const struct ledger_fields *fields)
{
	char netns[NETNS_ID];
	size_t index;
	int ifindex;

	if (get_text(fields, "netns", netns, sizeof(netns)) < 0 ||
		get_int(fields, "ifindex", &ifindex) < 0)
		return -EBADMSG;
	index = index_of(ledger, netns, ifindex);
	if (index == ledger->entries.count)
		return -EBADMSG;
	array_remove(&ledger->entries, index);
	return 0;
}

static int old_entry(struct ledger *ledger, const struct ledger_fields *fields)
{
	struct ledger_entry entry = { 0 };
	int r = parse_entry(fields, &entry);
	size_t index = index_of(ledger, entry.netns, entry.ifindex);

	if (r < 0 || index == ledger->entries.count)
		return r < 0 ? r : take_entry(ledger, &entry);
	ledger->entries.items[index] = entry;
	return 0;
}

static int old_pause(struct ledger *ledger, const struct ledger_fields *fields)
{
	struct ledger_pause pause = { 0 };

	if (get_text(fields, "netns", pause.netns, sizeof(pause.netns)) < 0 ||
		get_text(fields, "name", pause.name, sizeof(pause.name)) < 0)
		return -EBADMSG;
	return take_pause(ledger, &pause);
}

static int old_list(struct ledger *ledger, const struct ledger_fields *fields,
	const char *key,
	int (*take)(struct ledger *ledger, const struct ledger_fields *item))
{
	const struct ledger_field *list = ledger_fields_find(fields, key);
	struct ledger_fields item;
	const char *at, *end;
	int r = 0;

	if (!list || list->kind != LEDGER_LIST)
		return -EBADMSG;
	at = list->value;
	end = at + list->length;
	while (at < end && r >= 0) {
		r = ledger_fields_parse(&at, end, &item);
		if (r >= 0)
			r = take(ledger, &item);
		/* another one follows a comma */
		if (r >= 0 && at < end && (*at++ != ',' || at == end))
			r = -EBADMSG;
	}
	return r;
}

static int old_line(struct ledger *ledger, const char *line, size_t length, bool first)
{
	struct ledger_fields fields;
	char boot[LEDGER_BOOT];
	int version, r = parse_line(line, length, &fields);

	if (r >= 0 && first)
		r = get_int(&fields, "version", &version) < 0 || version != VERSION_OLD ||
				    get_text(&fields, "boot", boot, sizeof(boot)) < 0 ||
				    strcmp(boot, ledger->boot) != 0
			    ? -EBADMSG
			    : 0;
	else if (r >= 0)
		r = old_list(ledger, &fields, "gone", old_gone);
	if (r >= 0)
		r = old_list(ledger, &fields, "entries", old_entry);
	if (r < 0 || (!first && !ledger_fields_find(&fields, "pauses")))
		return r;
	array_clear(&ledger->pauses);
	return old_list(ledger, &fields, "pauses", old_pause);
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

static void add_key(struct strbuf *line, const char *key, const char *suffix)
{
	strbuf_add(line, "%s\"%s%s\":", line->length > 1 ? "," : "", key, suffix);
}

/* What is printable needs a backslash in two cases. */
static const char *quote(const char *text, char out[static QUOTED_TEXT])
{
	char *end = out;

	for (; *text; *end++ = *text++) {
		if (*text == '"' || *text == '\\')
			*end++ = '\\';
	}
	*end = '\0';
	return out;
}

static void add_text(struct strbuf *line, const char *key, const char *text)
{
	char escapes[ESCAPED_TEXT], quoted[QUOTED_TEXT];
	bool escaped = needs_escapes(text);

	add_key(line, key, escaped ? ESCAPED : "");
	strbuf_add(line, "\"%s\"", quote(escaped ? escape(text, escapes) : text, quoted));
}

static void add_number(struct strbuf *line, const char *key, int64_t number)
{
	add_key(line, key, "");
	strbuf_add(line, "%" PRId64, number);
}

static void add_bool(struct strbuf *line, const char *key, bool value)
{
	add_key(line, key, "");
	strbuf_add(line, "%s", value ? "true" : "false");
}

static void add_part(
	struct strbuf *line, const char *key, uint32_t number, uint32_t usual)
{
	if (number != usual)
		add_number(line, key, number);
}

static void add_example(struct strbuf *line, const struct flow *example)
{
	char text[IP4_TEXT];

	add_text(line, "src", ip4_format(example->src, text));
	add_text(line, "dst", ip4_format(example->dst, text));
	add_part(line, "mark", example->mark, 0);
	add_part(line, "tos", example->tos, 0);
	add_part(line, "ipproto", example->proto, FLOW_UDP);
	add_part(line, "sport", example->sport, 0);
	add_part(line, "dport", example->dport, 0);
}

static void add_hex(struct strbuf *line, const char *key, uint64_t number)
{
	char text[17];

	snprintf(text, sizeof(text), "%" PRIx64, number);
	add_text(line, key, text);
}

static void add_entry(struct strbuf *line, const struct ledger_entry *entry)
{
	add_number(line, "number", (int64_t)entry->number);
	add_text(line, "netns", entry->netns);
	add_number(line, "ifindex", entry->ifindex);
	add_text(line, "name", entry->name);
	add_hex(line, "identity", entry->identity);
	add_number(line, "old", entry->old);
	add_number(line, "was", entry->was);
	add_number(line, "value", entry->value);
	add_bool(line, "done", entry->done);
	add_bool(line, "keeps", entry->keeps);
	add_text(line, "finding", entry->finding);
	add_example(line, &entry->example);
	add_number(line, "when", (int64_t)entry->when_usec);
}

static void add_pause(struct strbuf *line, const struct ledger_pause *pause)
{
	add_text(line, "pause", pause->name);
	add_text(line, "netns", pause->netns);
	add_number(line, "ifindex", pause->ifindex);
	add_hex(line, "identity", pause->identity);
	if (pause->until_usec)
		add_number(line, "until", (int64_t)pause->until_usec);
	if (pause->fight)
		add_bool(line, "fight", true);
}

static void fill_up(char out[static LEDGER_SLOT], size_t length)
{
	memset(out + length, ' ', LEDGER_SLOT - 1 - length);
	out[LEDGER_SLOT - 1] = '\n';
}

static int end_line(struct strbuf *line)
{
	strbuf_add(line, "}");
	if (line->length >= LEDGER_SLOT - 1) /* it may have been cut */
		return -EMSGSIZE;
	fill_up(line->text, line->length);
	return 0;
}

static void begin_line(struct strbuf *line, char out[static LEDGER_SLOT])
{
	strbuf_init(line, out, LEDGER_SLOT);
	strbuf_add(line, "{");
}

int ledger_format_header(
	const struct ledger *ledger, size_t slots, char out[static LEDGER_SLOT])
{
	struct strbuf line;

	begin_line(&line, out);
	add_number(&line, "version", VERSION);
	add_text(&line, "boot", ledger->boot);
	add_number(&line, "slots", (int64_t)slots);
	return end_line(&line);
}

int ledger_format_slot(const struct ledger_content *content, char out[static LEDGER_SLOT])
{
	struct strbuf line;

	if (!content->entry && !content->pause) {
		fill_up(out, 0);
		return 0;
	}
	begin_line(&line, out);
	if (content->entry)
		add_entry(&line, content->entry);
	else
		add_pause(&line, content->pause);
	return end_line(&line);
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
	       strcmp(a->name, b->name) == 0 && a->identity == b->identity &&
	       a->until_usec == b->until_usec && a->fight == b->fight;
}

bool ledger_slot_has(const struct ledger_slot *slot, const struct ledger_content *content)
{
	return slot->has_entry == (content->entry != NULL) &&
	       slot->has_pause == (content->pause != NULL) &&
	       (!content->entry || is_same_entry(&slot->entry, content->entry)) &&
	       (!content->pause || is_same_pause(&slot->pause, content->pause));
}
