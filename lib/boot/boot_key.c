/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/boot_key.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPONENT 256
#define PATTERN 1024
#define ALTERNATIVES 4096

static const char *const names[BOOT_KEYS] = { "rp_filter", "src_valid_mark",
	"accept_local", "arp_ignore" };
static const char folder[] = "net/ipv4/conf/";

const char *boot_key_name(enum boot_key key)
{
	return names[key];
}

int boot_key_of(const char *name)
{
	for (int key = 0; key < BOOT_KEYS; key++) {
		if (strcmp(names[key], name) == 0)
			return key;
	}
	return -1;
}

bool boot_is_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* Takes the next component; false at the end, and for one that is too long to be ours. */
static bool next_component(const char **at, char out[static COMPONENT])
{
	size_t length;

	*at += strspn(*at, "/");
	length = strcspn(*at, "/");
	if (!length || length >= COMPONENT)
		return false;
	memcpy(out, *at, length);
	out[length] = '\0';
	*at += length;
	return true;
}

/* flags: as fnmatch(3) takes them. */
static bool component_matches(const char *pattern, const char *text, int flags)
{
	return strpbrk(pattern, "*?[\\") ? fnmatch(pattern, text, flags) == 0
					 : strcmp(pattern, text) == 0;
}

bool boot_path_matches(const char *pattern, const char *name, enum boot_key key)
{
	const char *const path[] = { "net", "ipv4", "conf", name, names[key] };
	char component[COMPONENT];

	for (size_t i = 0; i < 5; i++) {
		if (!next_component(&pattern, component) ||
			!component_matches(component, path[i], FNM_PERIOD))
			return false;
	}
	return pattern[strspn(pattern, "/")] == '\0';
}

/* The next ',' or '}' of the brace that text is in, as glob(3) looks for it; NULL for none. */
static const char *brace_part_end(const char *text)
{
	unsigned int depth = 0;

	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == '{')
			depth++;
		else if ((*text == '}' && depth-- == 0) || (*text == ',' && depth == 0))
			return text;
	}
	return NULL;
}

static const char *find_brace(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == '{')
			return text;
	}
	return NULL;
}

/* The whole brace from its first part: where its '}' is, NULL where it has none. */
static const char *brace_end(const char *part)
{
	const char *end = brace_part_end(part);

	while (end && *end == ',')
		end = brace_part_end(end + 1);
	return end;
}

/* *left: how many alternatives may still be looked at. */
static bool braces_match(
	const char *pattern, const char *name, enum boot_key key, unsigned int *left)
{
	const char *brace = find_brace(pattern), *end, *part, *next;

	if (*left == 0)
		return false;
	--*left;
	end = brace ? brace_end(brace + 1) : NULL;
	if (!end)
		return boot_path_matches(pattern, name, key);
	for (part = brace + 1; part <= end; part = next + 1) {
		char text[PATTERN];
		int length;

		next = brace_part_end(part);
		if (!next)
			return false;
		length =
			snprintf(text, sizeof(text), "%.*s%.*s%s", (int)(brace - pattern),
				pattern, (int)(next - part), part, end + 1);
		if (length >= 0 && (size_t)length < sizeof(text) &&
			braces_match(text, name, key, left))
			return true;
	}
	return false;
}

bool boot_glob_matches(const char *pattern, const char *name, enum boot_key key)
{
	unsigned int left = ALTERNATIVES;

	return strlen(pattern) < PATTERN && braces_match(pattern, name, key, &left);
}

bool boot_prefix_matches(const char *pattern, const char *name, enum boot_key key)
{
	const char *const prefix[] = { "net", "ipv4", "conf", name };
	char component[COMPONENT], path[PATTERN];

	for (size_t i = 0; i < 4; i++) {
		if (!next_component(&pattern, component))
			return false;
		if (strcmp(component, prefix[i]) != 0 &&
			!(boot_is_glob(component) &&
				fnmatch(component, prefix[i], 0) == 0))
			return false;
	}
	pattern += strspn(pattern, "/");
	if (snprintf(path, sizeof(path), "net/ipv4/conf/%s/%s", name, pattern) >=
		(int)sizeof(path))
		return false;
	/* a name may have brackets itself; what matches nothing then stands for itself */
	return (boot_is_glob(path) && boot_glob_matches(path, name, key)) ||
	       strcmp(pattern, names[key]) == 0;
}

unsigned int boot_bears(const char *pattern, bool glob)
{
	char component[COMPONENT];
	const char *rest = pattern, *name;
	const char *const path[] = { "net", "ipv4", "conf" };
	unsigned int keys = 0;
	size_t length;
	int named;

	if (!glob) {
		named = boot_key_split(pattern, &name, &length);
		return named < 0 ? 0 : 1u << named;
	}
	if (strchr(pattern, '{'))
		return (1u << BOOT_KEYS) - 1;
	for (size_t i = 0; i < 4; i++) {
		if (!next_component(&rest, component) ||
			(i < 3 && !component_matches(component, path[i], FNM_PERIOD)))
			return 0;
	}
	if (!next_component(&rest, component) || *rest)
		return 0;
	for (int key = 0; key < BOOT_KEYS; key++) {
		if (component_matches(component, names[key], FNM_PERIOD))
			keys |= 1u << key;
	}
	return keys;
}

bool boot_key_path(const char *name, enum boot_key key, char *out, size_t size)
{
	int length = snprintf(out, size, "%s%s/%s", folder, name, names[key]);

	return length >= 0 && (size_t)length < size;
}

int boot_key_split(const char *path, const char **name, size_t *length)
{
	const char *slash;

	if (strncmp(path, folder, sizeof(folder) - 1) != 0)
		return -1;
	path += sizeof(folder) - 1;
	slash = strchr(path, '/');
	if (!slash || slash == path)
		return -1;
	*name = path;
	*length = (size_t)(slash - path);
	return boot_key_of(slash + 1);
}

bool boot_number(const char *text, int *ret)
{
	unsigned long number;
	bool negative;
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	negative = *text == '-';
	text += negative;
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoul(text, &end, 0);
	if (errno || number > (unsigned long)INT_MAX + negative || end - text > 20 ||
		(*end && !strchr(" \t\n", *end)))
		return false;
	*ret = negative ? (int)-(long)number : (int)number;
	return true;
}
