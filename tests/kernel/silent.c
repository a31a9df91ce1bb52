/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/silent.h"

#include "base/cleanup.h"
#include "host/host.h"

#include <string.h>

/* First those that are settings, then those that are something else. */
static const char *const words[] = { "accept_local", "src_valid_mark", "send_redirects",
	"route_localnet", "log_martians", "bc_forwarding", "arp_ignore",
	"promote_secondaries", "IFLA_INET_CONF", "group", "/proc/net/igmp" };

#define SETTINGS 8

const char *const *silent_words(size_t *ret_count)
{
	*ret_count = ELEMENTS(words);
	return words;
}

const char *silent_setting(const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(words[i], name) == 0)
			return words[i];
	}
	return NULL;
}

static const char *word(const char *text)
{
	for (size_t i = SETTINGS; i < ELEMENTS(words); i++) {
		if (strcmp(words[i], text) == 0)
			return words[i];
	}
	return NULL;
}

static bool is_down(const struct state *state, const char *name)
{
	const struct iface *iface = state_iface_by_name(state, name);

	return iface && !iface_is_up(iface);
}

/* From 7.1 on RTM_NEWNETCONF tells of these, whatever the link is. */
static bool is_netconf(const struct state *state, const char *setting)
{
	static const char *const announced[] = { "rp_filter", "forwarding",
		"ignore_routes_with_linkdown" };

	for (size_t i = 0; i < ELEMENTS(announced); i++) {
		if (strcmp(announced[i], setting) == 0)
			return state_kernel_has(state, 7, 1);
	}
	return false;
}

const char *silent_word(const struct state *state, const char *text)
{
	struct host_line line;
	char why[WORDS_WHY];

	if (!host_parse(text, &line, why))
		return NULL;
	if (host_is(&line, CHANGE_SETTING) && line.change.setting.name[0])
		return silent_setting(line.change.setting.which);
	/* of a link that is up a message tells, though not of what */
	if (line.object == HOST_INET_CONF)
		return is_down(state, line.change.setting.name) &&
				       !is_netconf(state, line.change.setting.which)
			       ? word("IFLA_INET_CONF")
			       : NULL;
	if (host_is(&line, CHANGE_LINK) && line.change.verb == CHANGE_SET &&
		line.change.link.has_group)
		return is_down(state, line.change.link.name) ? word("group") : NULL;
	return NULL;
}
