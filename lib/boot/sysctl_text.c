/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/sysctl_text.h"

#include "base/cleanup.h"
#include "boot/boot_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LONG_LINE (1u << 20) /* systemd's LONG_LINE_MAX */
#define SYSTEMD_SPACE " \t\n\r"
#define LIBC_SPACE " \t\n\r\v\f"

/*
 * A line's end for systemd is any of \n, \r, \0, or several different ones together, of which \0 is
 * the last. Returns how many bytes it has.
 */
static size_t systemd_end(const char *at, const char *end)
{
	bool newline = false, carriage = false;
	const char *p = at;

	for (; p < end; p++) {
		if (*p == '\0')
			return (size_t)(p - at) + 1;
		if ((*p == '\n' && !newline) || (*p == '\r' && !carriage)) {
			newline |= *p == '\n';
			carriage |= *p == '\r';
			continue;
		}
		break;
	}
	return (size_t)(p - at);
}

static size_t systemd_length(const char *at, const char *end)
{
	const char *p = at;

	while (p < end && *p != '\n' && *p != '\r' && *p != '\0')
		p++;
	return (size_t)(p - at);
}

static size_t procps_length(const char *at, const char *end)
{
	const char *p = memchr(at, '\n', (size_t)(end - at));

	return (size_t)((p ? p : end) - at);
}

static char *strip_both(char *text, const char *space)
{
	size_t length;

	text += strspn(text, space);
	length = strlen(text);
	while (length && strchr(space, text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* "net.ipv4.conf.eth0/1.rp_filter" is "net/ipv4/conf/eth0.1/rp_filter". */
static void exchange_separators(char *key)
{
	char *separator = strpbrk(key, "/.");

	if (!separator || *separator == '/')
		return;
	for (; separator; separator = strpbrk(separator + 1, "/."))
		*separator = *separator == '.' ? '/' : '.';
}

void sysctl_normalize(char *key)
{
	char *out = key;

	exchange_separators(key);
	for (const char *at = key; *at;) {
		size_t length;

		at += strspn(at, "/");
		length = strcspn(at, "/");
		if (length && !(length == 1 && *at == '.')) {
			if (out != key)
				*out++ = '/';
			memmove(out, at, length);
			out += length;
		}
		at += length;
	}
	*out = '\0';
}

/* Whether a component is "..": no program writes there. */
static bool climbs(const char *key)
{
	for (const char *at = key; *at;) {
		size_t length = strcspn(at, "/");

		if (length == 2 && at[0] == '.' && at[1] == '.')
			return true;
		at += length + (at[length] == '/');
	}
	return false;
}

static int add_line(const char *key, const char *value, bool ignore,
	const struct sysctl_line *at, struct sysctl_lines *ret)
{
	struct sysctl_line line = *at;
	size_t key_size = strlen(key) + 1, value_size = value ? strlen(value) + 1 : 0;
	_cleanup_(freep) char *memory = malloc(2 * key_size + value_size);
	size_t length;
	int r;

	if (!memory)
		return -ENOMEM;
	memcpy(memory, key, key_size);
	exchange_separators(memory);
	length = strlen(memory);
	sysctl_normalize(memory);
	line.rough = strlen(memory) != length;
	line.glob = boot_is_glob(memory);
	line.keys = (uint8_t)boot_bears(memory, line.glob);
	if (climbs(memory) || !line.keys)
		return 0;
	if (ret->list.count >= SYSCTL_LINES) {
		ret->full = true;
		return 0;
	}
	line.written = memcpy(memory + key_size, key, key_size);
	if (value)
		line.value = memcpy(memory + 2 * key_size, value, value_size);
	line.key = memory;
	line.ignore = ignore;
	r = array_push(&ret->list, &line);
	if (r >= 0)
		(void)take_ptr(memory);
	return r;
}

/* text is one line, and is taken apart. */
static int take_line(char *text, enum sysctl_dialect dialect,
	const struct sysctl_line *at, struct sysctl_lines *ret,
	struct sysctl_oddities *oddities)
{
	const char *space = dialect == SYSCTL_SYSTEMD ? SYSTEMD_SPACE : LIBC_SPACE;
	bool dash;
	char *value;

	text = strip_both(text, space);
	if (!*text || *text == '#' || *text == ';')
		return 0;
	value = strchr(text, '=');
	dash = *text == '-';
	if (!value && !dash) {
		if (!oddities->not_assigned)
			oddities->not_assigned = at->line;
		return 0;
	}
	text += dash;
	if (value) {
		*value++ = '\0';
		value = strip_both(value, space);
	}
	/* systemd takes blanks between '-' and the key, procps keeps them as part of it */
	if (dialect != SYSCTL_SYSTEMD && (strchr(LIBC_SPACE, *text) || !*text))
		return 0;
	text = strip_both(text, space);
	return add_line(text, value, dash && value, at, ret);
}

int sysctl_text_parse(const char *text, size_t size, enum sysctl_dialect dialect,
	uint32_t file, struct sysctl_lines *ret, struct sysctl_oddities *oddities)
{
	const char *at = text, *end = text + size;
	uint32_t number = 1;

	while (at < end) {
		size_t length = dialect == SYSCTL_SYSTEMD ? systemd_length(at, end)
							  : procps_length(at, end);
		size_t behind = dialect == SYSCTL_SYSTEMD ? systemd_end(at + length, end)
							  : (size_t)(at + length < end);
		const struct sysctl_line where = { .file = file, .line = number };
		_cleanup_(freep) char *line = NULL;
		int r;

		if (dialect == SYSCTL_SYSTEMD && length >= LONG_LINE) {
			oddities->too_long = number;
			return 0;
		}
		line = strndup(at, length);
		if (!line)
			return -ENOMEM;
		r = take_line(line, dialect, &where, ret, oddities);
		if (r < 0)
			return r;
		for (const char *p = at + length; p < at + length + behind; p++)
			number += *p == '\n';
		at += length + behind;
	}
	return 0;
}

void sysctl_lines_done(struct sysctl_lines *lines)
{
	array_each (&lines->list, struct sysctl_line, line)
		free(line->key);
	array_done(&lines->list);
}
