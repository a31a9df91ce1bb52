/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/words.h"

#include "base/cleanup.h"
#include "fib/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *without_quotes(char *word)
{
	size_t length = strlen(word);

	if (length < 2 || (word[0] != '"' && word[0] != '\'') ||
		word[length - 1] != word[0])
		return word;
	word[length - 1] = '\0';
	return word + 1;
}

void words_cut(struct words *words, const char *line)
{
	char *save = NULL;

	words->count = words->at = 0;
	words->about = "change";
	words->why[0] = '\0';
	if (strlen(line) >= sizeof(words->text)) {
		words_refuse(words, NULL, "the line is too long");
		return;
	}
	memcpy(words->text, line, strlen(line) + 1);
	for (char *word = strtok_r(words->text, " \t\n", &save); word && word[0] != '#';
		word = strtok_r(NULL, " \t\n", &save)) {
		if (words->count == WORDS_MOST) {
			words_refuse(words, NULL, "the line has too many words");
			return;
		}
		words->word[words->count++] = without_quotes(word);
	}
}

bool words_failed(const struct words *words)
{
	return words->why[0];
}

void words_refuse(struct words *words, const char *word, const char *what)
{
	if (words_failed(words))
		return;
	if (word)
		snprintf(words->why, sizeof(words->why), "%s: \"%.60s\" %s", words->about,
			word, what);
	else
		snprintf(words->why, sizeof(words->why), "%s: %s", words->about, what);
}

bool words_left(const struct words *words)
{
	return !words_failed(words) && words->at < words->count;
}

const char *words_next(struct words *words)
{
	if (words_left(words))
		return words->word[words->at++];
	words_refuse(words, NULL, "a word is missing at the end");
	return "";
}

bool words_take(struct words *words, const char *word)
{
	if (!words_left(words) || strcmp(words->word[words->at], word) != 0)
		return false;
	words->at++;
	return true;
}

bool words_take_either(struct words *words, const char *a, const char *b)
{
	return words_take(words, a) || words_take(words, b);
}

/* strtoul() without its signs and blanks; nothing here has more than 64 bits. */
static unsigned long word_number(const char *text, char **ret_end)
{
	if (*text >= '0' && *text <= '9')
		return strtoul(text, ret_end, 0);
	*ret_end = (char *)text;
	return 0;
}

char words_pair(struct words *words, const char *between, unsigned long ret[static 2])
{
	const char *word = words_next(words);
	char *end, found = 0;

	ret[0] = ret[1] = word_number(word, &end);
	if (end != word && *end && strchr(between, *end)) {
		const char *second = end + 1;

		found = *end;
		ret[1] = word_number(second, &end);
		if (end == second)
			end = (char *)word;
	}
	if (end != word && *end == '\0')
		return found;
	words_refuse(words, word, "is no number");
	ret[0] = ret[1] = 0;
	return 0;
}

unsigned long words_number(struct words *words, unsigned long most)
{
	const char *word = words_left(words) ? words->word[words->at] : NULL;
	unsigned long numbers[2];

	(void)words_pair(words, "", numbers);
	if (numbers[0] > most)
		words_refuse(words, word, "is too large a number");
	return numbers[0];
}

struct ip4 words_address(struct words *words)
{
	const char *word = words_next(words);
	struct ip4 addr = ip4(0);

	if (ip4_parse(word, &addr) < 0)
		words_refuse(words, word, "is no IPv4 address");
	return addr;
}

/* 10/8 is 10.0.0.0/8. */
static void complete_dots(char text[static IP4_TEXT])
{
	size_t dots = 0, length = strlen(text);

	for (const char *c = text; *c; c++)
		dots += *c == '.';
	for (; dots < 3 && length + 3 <= IP4_TEXT; dots++, length += 2)
		memcpy(text + length, ".0", 3);
}

struct ip4 words_host(struct words *words, uint8_t *ret_len, bool *ret_has_len)
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
		if (slash && length)
			complete_dots(text);
	}
	if (length >= sizeof(text) || ip4_parse(text, &addr) < 0 || len > 32 ||
		(slash && (end == slash + 1 || *end)))
		words_refuse(words, word, "is no IPv4 address");
	*ret_len = (uint8_t)len;
	*ret_has_len |= slash != NULL;
	return addr;
}

struct prefix4 words_prefix(struct words *words, uint32_t *ret_rest)
{
	const char *word = words_left(words) ? words->word[words->at] : NULL;
	bool has_len = false;
	struct prefix4 prefix;
	struct ip4 addr;
	uint32_t rest;
	uint8_t len;

	if (ret_rest)
		*ret_rest = 0;
	if (words_take(words, "default") || words_take_either(words, "all", "any"))
		return prefix4(ip4(0), 0);
	addr = words_host(words, &len, &has_len);
	prefix = prefix4(addr, len <= 32 ? len : 32);
	rest = addr.host ^ prefix.addr.host;
	if (ret_rest)
		*ret_rest = prefix.len ? rest : 0;
	else if (rest)
		words_refuse(words, word, "has bits set behind its length");
	return prefix;
}

uint32_t words_table(struct words *words)
{
	if (words_take(words, "local"))
		return TABLE_LOCAL;
	if (words_take(words, "main"))
		return TABLE_MAIN;
	if (words_take(words, "default"))
		return TABLE_DEFAULT;
	return (uint32_t)words_number(words, UINT32_MAX);
}

void words_name(struct words *words, char name[static NAME_MAX_])
{
	const char *word = words_next(words);

	name[0] = '\0';
	if (strlen(word) >= NAME_MAX_)
		words_refuse(words, word, "is too long for a name");
	else
		memcpy(name, word, strlen(word) + 1);
}

unsigned long words_named(
	struct words *words, const char *const *names, size_t count, const char *what)
{
	const char *word;
	char *end;
	unsigned long number;

	for (size_t i = 0; i < count; i++) {
		if (names[i] && words_take(words, names[i]))
			return i;
	}
	word = words_next(words);
	number = strtoul(word, &end, 0);
	if (end == word || *end)
		words_refuse(words, word, what);
	return number;
}

uint8_t words_dsfield(struct words *words)
{
	/* Debian's /etc/iproute2/rt_dsfield */
	static const struct {
		const char *name;
		uint8_t value;
	} named[] = { { "default", 0x00 }, { "AF11", 0x28 }, { "AF12", 0x30 },
		{ "AF13", 0x38 }, { "AF21", 0x48 }, { "AF22", 0x50 }, { "AF23", 0x58 },
		{ "AF31", 0x68 }, { "AF32", 0x70 }, { "AF33", 0x78 }, { "AF41", 0x88 },
		{ "AF42", 0x90 }, { "AF43", 0x98 }, { "CS1", 0x20 }, { "CS2", 0x40 },
		{ "CS3", 0x60 }, { "CS4", 0x80 }, { "CS5", 0xa0 }, { "CS6", 0xc0 },
		{ "CS7", 0xe0 }, { "EF", 0xb8 } };
	const char *word;
	char *end;
	unsigned long number;

	for (size_t i = 0; i < ELEMENTS(named); i++) {
		if (words_take(words, named[i].name))
			return named[i].value;
	}
	word = words_next(words);
	number = strtoul(word, &end, 16);
	if (end == word || *end || number > UINT8_MAX)
		words_refuse(words, word, "is no tos: 0 to ff, hexadecimal as in ip(8)");
	return (uint8_t)number;
}
