/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/ask.h"

#include "host/host_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum rpf_reason reason_of(const char *text, const char *word)
{
	for (int reason = 0; reason < RPF_REASONS; reason++) {
		if (strcmp(word, rpf_reason_name((enum rpf_reason)reason)) == 0)
			return (enum rpf_reason)reason;
	}
	fprintf(stderr, "kernel_diff: %s: there is no reason \"%s\"\n", text, word);
	_exit(3);
}

bool ask_parse(const struct state *state, const char *text, struct flow *ret_flow,
	enum rpf_reason *ret_expected)
{
	char copy[WORDS_TEXT], *expect;

	if (strncmp(text, "ask ", 4) != 0)
		return false;
	snprintf(copy, sizeof(copy), "%s", text + 4);
	expect = strstr(copy, " expect ");
	if (expect) {
		*expect = '\0';
		*ret_expected = reason_of(text, expect + strlen(" expect "));
	}
	*ret_flow = model_flow(state, copy);
	return true;
}
