/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text on its way out, whatever it is: entries, tables, JSON, quotes, commands. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/print.h"
#include "base/utf8.h"
#include "daemon/config/config_text.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/table.h"
#include "daemon/journal/entry.h"
#include "finding/remedy.h"
#include "fuzz/fuzz.h"
#include "net/ifname.h"

#include <stdlib.h>

/* What is made printable is clean, stays so, and has as many characters as before. */
static char *check_printable(const char *text)
{
	char *clean = strdup(text), *again;

	assert(clean);
	utf8_printable(clean);
	assert(text_is_clean(clean));
	assert(!text_is_clean(text) || strcmp(text, clean) == 0);
	assert(utf8_count(clean) == utf8_count(text));
	again = strdup(clean);
	assert(again);
	utf8_printable(again);
	assert(strcmp(again, clean) == 0);
	free(again);
	return clean;
}

static void check_entry(const char *text, const char *clean)
{
	struct entry entry;

	entry_event(&entry, (enum event_kind)(strlen(text) % EVENTS));
	entry_add(&entry, "MESSAGE", "%s", text);
	assert(!entry.failed);
	assert(strcmp(entry_get(&entry, "MESSAGE"), clean) == 0);
	entry_done(&entry);
}

static void check_table(const char *text, const char *clean)
{
	struct table table = { .columns = 2 };
	static struct memory memory;
	size_t width = utf8_count(clean);
	FILE *file = memory_begin(&memory);
	char *out;

	for (int i = 0; i < 4; i++)
		assert(table_add(&table, "%s", i == 2 ? "x" : text) == 0);
	print_line(file, "%s", text);
	table_print(&table, file, NULL);
	table_done(&table);
	out = memory_end(&memory);
	/* it stands there four times, and x where it is padded to the same width */
	assert(memory.size ==
		4 * strlen(clean) + 3 + 2 + (width ? width : 1) + 2 + !width);
	assert(strncmp(out, clean, strlen(clean)) == 0);
	for (char *end; (end = strchr(out, '\n')) != NULL;)
		*end = ' ';
	assert(text_is_clean(out));
}

/* A strict reader takes what is printed, and reads what may be shown as it was. */
static void check_json(const char *text, const char *clean)
{
	static struct json_tokener *tokener;
	static struct memory memory;
	struct json_object *object = json_object_new_object(), *read, *value;
	char *out;

	tokener = tokener ? tokener : json_tokener_new();
	assert(object && tokener);
	assert(json_add_text(object, "text", text) == 0);
	assert(json_add_text(object, "clean", clean) == 0);
	assert(json_print(memory_begin(&memory), object) == 0);
	out = memory_end(&memory);
	/* a line, and no other end of one in it */
	assert(strcspn(out, "\n") == memory.size - 1);
	out[memory.size - 1] = '\0';
	json_tokener_reset(tokener);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	read = json_tokener_parse_ex(tokener, out, (int)memory.size);
	assert(read && json_tokener_get_error(tokener) == json_tokener_success);
	assert(json_object_object_get_ex(read, "text", &value));
	assert(strcmp(json_object_get_string(value), clean) == 0);
	assert(json_object_object_get_ex(read, "clean", &value));
	assert(strcmp(json_object_get_string(value), clean) == 0);
	json_object_put(object);
	json_object_put(read);
}

/* Behind a quoted word nothing of it is left that begins anything in a shell. */
static void check_quoted(const char *text)
{
	char name[NAME_MAX_], word[IFNAME_QUOTED];
	const char *inside = word;
	size_t length;

	(void)snprintf(name, sizeof(name), "%s", text);
	ifname_quote(name, word);
	length = strlen(word);
	assert(text_is_clean(word) && length + 1 < sizeof(word));
	if (ifname_is_plain(name))
		return;
	if (strncmp(word, "\"$(printf %b '", 14) == 0) {
		inside = word + 14;
		assert(strcmp(word + length - 3, "')\"") == 0);
		length -= 17;
	} else {
		inside = word + 1;
		assert(word[0] == '\'' && word[length - 1] == '\'');
		length -= 2;
	}
	assert(!memchr(inside, '\'', length));
}

static void check_words(const char *text)
{
	char key[REMEDY_KEY], command[REMEDY_COMMAND], quoted[CONFIG_QUOTE_TEXT];

	check_quoted(text);
	remedy_key(text, key);
	(void)remedy_command(key, 2, command);
	assert(text_is_clean(command) && strlen(command) + 1 < sizeof(command));
	config_text_quote(text, quoted);
	assert(text_is_clean(quoted) && quoted[strlen(quoted) - 1] == '"');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_(freep) char *text = strndup((const char *)bytes, size);
	_cleanup_(freep) char *clean = NULL;

	assert(text);
	clean = check_printable(text);
	check_entry(text, clean);
	check_table(text, clean);
	check_json(text, clean);
	check_words(text);
	return 0;
}
