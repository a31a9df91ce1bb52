/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/network.h"

#include "base/cleanup.h"
#include "boot/ini.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct taking {
	struct boot_network *network;
	uint32_t file;
};

/* An empty value takes back what was before; others add up. */
static int add_words(char **list, const char *words)
{
	char *joined;

	if (!*words) {
		free(*list);
		*list = NULL;
		return 0;
	}
	if (asprintf(&joined, "%s%s%s", *list ? *list : "", *list ? " " : "", words) < 0)
		return -ENOMEM;
	free(*list);
	*list = joined;
	return 0;
}

static int take_match(struct boot_network *network, const struct ini_line *line)
{
	if (strcmp(line->key, "Name") == 0)
		return add_words(&network->names, line->value);
	if (strcmp(line->key, "Kind") == 0)
		return add_words(&network->kinds, line->value);
	network->conditions = true;
	return 0;
}

/* A boolean as systemd has it; -1 for none. */
static int boolean_of(const char *text)
{
	static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
	static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

	for (size_t i = 0; i < ELEMENTS(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0)
			return 1;
		if (strcasecmp(text, no[i]) == 0)
			return 0;
	}
	return -1;
}

static int rp_filter_of(const char *text)
{
	return strcmp(text, "no") == 0	     ? 0
	       : strcmp(text, "strict") == 0 ? 1
	       : strcmp(text, "loose") == 0  ? 2
					     : -1;
}

/* What networkd does not understand it ignores; an empty value takes back. */
static void take_setting(const struct taking *taking, const struct ini_line *line)
{
	int key = strcmp(line->key, "IPv4ReversePathFilter") == 0 ? BOOT_RP_FILTER
		  : strcmp(line->key, "IPv4AcceptLocal") == 0	  ? BOOT_ACCEPT_LOCAL
		  : strcmp(line->key, "IPv4SrcValidMark") == 0	  ? BOOT_SRC_VALID_MARK
								  : -1;
	struct boot_network_value value = {
		.set = true, .file = taking->file, .line = line->line
	};

	if (key < 0)
		return;
	value.value = key == BOOT_RP_FILTER ? rp_filter_of(line->value)
					    : boolean_of(line->value);
	if (!*line->value)
		value.set = false;
	else if (value.value < 0)
		return;
	taking->network->of[key] = value;
}

static int take_one(const struct ini_line *line, void *data)
{
	const struct taking *taking = data;

	if (strcmp(line->section, "Match") == 0)
		return take_match(taking->network, line);
	if (strcmp(line->section, "Network") == 0)
		take_setting(taking, line);
	return 0;
}

int network_take(
	struct boot_network *network, uint32_t file, const char *text, size_t size)
{
	struct taking taking = { network, file };

	return ini_read(text, size, take_one, &taking);
}

void network_done(struct boot_network *network)
{
	free(network->names);
	free(network->kinds);
}

/* A '!' ahead of the list inverts all of it (systemd: net_match_config, strv_fnmatch). */
static bool list_matches(const char *list, const char *text)
{
	bool inverted = *list == '!';
	char word[256];

	list += inverted;
	while (*list) {
		size_t length = strcspn(list, " \t");

		if (length && length < sizeof(word)) {
			memcpy(word, list, length);
			word[length] = '\0';
			if (fnmatch(word, text, 0) == 0)
				return !inverted;
		}
		list += length;
		list += strspn(list, " \t");
	}
	return inverted;
}

enum network_match network_matches(
	const struct boot_network *network, const char *name, const char *kind)
{
	if (network->names && !list_matches(network->names, name))
		return NETWORK_NO;
	if (network->kinds && !list_matches(network->kinds, kind))
		return NETWORK_NO;
	if (network->conditions)
		return NETWORK_MAYBE;
	return network->names || network->kinds ? NETWORK_YES : NETWORK_NO;
}
