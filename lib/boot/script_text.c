/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/script_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE 2048

/* Behind "net.ipv4.conf." or with slashes, at or behind text; NULL for none. */
static const char *find_folder(const char *text)
{
	for (; (text = strstr(text, "net")); text += 3) {
		if (!strchr("./", text[3]) || !text[3])
			continue;
		if (strncmp(text + 4, "ipv4", 4) == 0 && text[8] &&
			strchr("./", text[8]) && strncmp(text + 9, "conf", 4) == 0 &&
			text[13] && strchr("./", text[13]))
			return text + 14;
	}
	return NULL;
}

/* Where the word ends: at a blank, '=', a shell's operator or quote. */
static size_t word_length(const char *text)
{
	return strcspn(text, " \t\r=;&|<>()`,");
}

/* Takes the word at text apart into name and key, with quotes and braces left out. */
static bool split_word(const char *text, size_t length, struct script_line *ret)
{
	char word[256];
	size_t n = 0, name;
	char *last, *dot;
	int key;

	for (size_t i = 0; i < length && n + 1 < sizeof(word); i++) {
		if (!strchr("\"'{}", text[i]))
			word[n++] = text[i];
	}
	word[n] = '\0';
	/* the last separator; strrchr() twice, as either may be it */
	last = strrchr(word, '/');
	dot = strrchr(word, '.');
	last = !last || (dot && dot > last) ? dot : last;
	if (!last)
		return false;
	key = boot_key_of(last + 1);
	name = (size_t)(last - word);
	if (key < 0)
		return false;
	ret->key = (enum boot_key)key;
	memset(ret->name, 0, sizeof(ret->name));
	if (name < sizeof(ret->name))
		memcpy(ret->name, word, name);
	return true;
}

static bool take_number(const char *text, int *ret)
{
	char *end;
	long number;

	text += strspn(text, " \t\"'");
	if (!isdigit((unsigned char)*text) && *text != '-')
		return false;
	number = strtol(text, &end, 0);
	if (end == text || number < -128 || number > 127 || isalnum((unsigned char)*end))
		return false;
	*ret = (int)number;
	return true;
}

/* KEY=VALUE, or a number behind the last echo or printf before the key. */
static void find_value(
	const char *line, const char *key, const char *behind, struct script_line *ret)
{
	const char *echo = NULL;

	behind += strspn(behind, " \t\"'");
	if (*behind == '=') {
		ret->has_value = take_number(behind + 1, &ret->value);
		return;
	}
	for (const char *at = line; at < key; at++) {
		if (strncmp(at, "echo ", 5) == 0 || strncmp(at, "printf ", 7) == 0)
			echo = at + (*at == 'e' ? 5 : 7);
	}
	if (!echo)
		return;
	echo += strspn(echo, " \t");
	if (strncmp(echo, "-n ", 3) == 0 || strncmp(echo, "-e ", 3) == 0)
		echo += 3;
	ret->has_value = take_number(echo, &ret->value);
}

static int take_line(const char *text, uint32_t number,
	int (*take)(const struct script_line *line, void *data), void *data)
{
	const char *at = text + strspn(text, " \t");
	int r = 0;

	if (*at == '#' || *at == ';')
		return 0;
	while (r >= 0 && (at = find_folder(at))) {
		size_t length = word_length(at);
		struct script_line line = { .line = number };

		if (split_word(at, length, &line)) {
			find_value(text, at, at + length, &line);
			r = take(&line, data);
		}
		at += length;
	}
	return r;
}

int script_read(const char *text, size_t size,
	int (*take)(const struct script_line *line, void *data), void *data)
{
	const char *at = text, *end = text + size;
	uint32_t number = 1;
	int r = 0;

	while (at < end && r >= 0) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);
		char line[LINE];

		/* what is longer is data, not a command */
		if (length < sizeof(line)) {
			memcpy(line, at, length);
			line[length] = '\0';
			r = take_line(line, number, take, data);
		}
		number++;
		at += length + 1;
	}
	return r < 0 ? r : 0;
}
