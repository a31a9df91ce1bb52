/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void wrong(const char *text, const char *word)
{
	fprintf(stderr, "kernel_diff: %s: what is \"%s\"?\n", text,
		word ? word : "missing");
	_exit(3);
}

static enum rpf_reason reason_of(const char *text, const char *word)
{
	for (int reason = 0; reason < RPF_REASONS; reason++) {
		if (word && strcmp(word, rpf_reason_name((enum rpf_reason)reason)) == 0)
			return (enum rpf_reason)reason;
	}
	wrong(text, word);
	return RPF_REASONS;
}

/* Takes one word and its value; returns whether it is known. */
static bool take(
	const struct state *state, const char *word, const char *value, struct flow *flow)
{
	unsigned long number = strtoul(value, NULL, 0);
	const struct iface *iface;

	if (strcmp(word, "from") == 0)
		return ip4_parse(value, &flow->src) == 0;
	if (strcmp(word, "iif") == 0) {
		iface = state_iface_by_name(state, value);
		flow->iif = iface ? iface->link.ifindex : 0;
		return iface != NULL;
	}
	if (strcmp(word, "mark") == 0)
		flow->mark = (uint32_t)number;
	else if (strcmp(word, "tos") == 0)
		flow->tos = (uint8_t)number;
	else if (strcmp(word, "ipproto") == 0)
		flow->proto = (uint8_t)number;
	else if (strcmp(word, "sport") == 0)
		flow->sport = (uint16_t)number;
	else if (strcmp(word, "dport") == 0)
		flow->dport = (uint16_t)number;
	else
		return false;
	return true;
}

bool ask_parse(const struct state *state, const char *text, struct flow *ret_flow,
	enum rpf_reason *ret_expected)
{
	struct flow flow = { .proto = FLOW_UDP };
	char copy[160], *save = NULL, *word, *value;

	if (strncmp(text, "ask ", 4) != 0)
		return false;
	snprintf(copy, sizeof(copy), "%s", text + 4);
	word = strtok_r(copy, " ", &save);
	if (!word || ip4_parse(word, &flow.dst) < 0)
		wrong(text, word);
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		value = strtok_r(NULL, " ", &save);
		if (!value)
			wrong(text, word);
		if (strcmp(word, "expect") == 0)
			*ret_expected = reason_of(text, value);
		else if (!take(state, word, value, &flow))
			wrong(text, word);
	}
	*ret_flow = flow;
	return true;
}
